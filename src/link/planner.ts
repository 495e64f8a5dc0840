/**
 * Makes a Plan by walking a valid component the way instantiation would, with symbols in place of values: nested components are
 * instantiated in place, each with its own index spaces and fresh resource types. Assumes validation; what it still checks is
 * what hostile size could exhaust. Specification: Explainer, "Instance definitions" and "Type checking".
 */
import { LinkError } from '../error/error.ts';
import type {
  Canon,
  Component,
  CoreTypeDef,
  Declaration,
  Definition,
  ExternTypeDef,
  TypeDef,
} from '../types/definition.ts';
import { invariant, unreachable } from '../util/invariant.ts';
import { callsOut, usesContext, whoIsConcurrent, whoMaySuspend } from './analyse.ts';
import type {
  CoreInstanceValue,
  CoreRef,
  ImportPath,
  ModuleRef,
  Plan,
  PlanCanon,
  PlanFunc,
  PlanInstance,
  PlanItem,
  PlanOptions,
  PlanResource,
  PlanStep,
  TypeValue,
} from './plan.ts';
import { planBuiltin, planOptions } from './plan-canon.ts';
import { resolveDefValType, resolveFuncType } from './resolve-type.ts';
import { at, Scope } from './scope.ts';

/** Instantiations of components and core modules in one plan, beyond which it is refused: nesting can double at each level. */
const MAX_STEPS = 100_000;

/** Component values can be validated, where their gate is opened, but not run. */
function noValues(): LinkError {
  return new LinkError('feature-unsupported', 'component values (🪙) cannot be run by this version of Tenon');
}

class Planner {
  readonly instances: PlanInstance[] = [];
  readonly resources: PlanResource[] = [];
  readonly canons: PlanCanon[] = [];
  readonly steps: PlanStep[] = [];
  readonly coreModules: ModuleRef[] = [];
  readonly imports = new Map<string, PlanItem>();
  readonly #made = new Set<number>();
  /** Instances that lift functions of an async type. */
  readonly #asyncLifts = new Set<number>();
  #open: number[] = [];
  readonly #root: Component;
  readonly #given: ReadonlyMap<string, Component>;
  readonly #width: MemoryWidth;

  constructor(root: Component, given: ReadonlyMap<string, Component>, width: MemoryWidth) {
    this.#root = root;
    this.#given = given;
    this.#width = width;
  }

  run(): Plan {
    const exports = this.#instantiate(this.#root, undefined, undefined, 'root');
    invariant(exports.kind === 'instance', 'a component gives an instance');
    this.#needItem(exports);
    this.#flush();
    return {
      instances: this.instances,
      resources: this.resources,
      canons: this.canons,
      steps: this.steps,
      coreInstances: this.coreModules.length,
      imports: this.imports,
      exports: exports.exports,
      maySuspend: whoMaySuspend(this.instances.length, this.canons),
      isConcurrent: whoIsConcurrent(this.instances.length, this.canons, this.#asyncLifts),
      usesContext: usesContext(this.instances.length, this.canons),
      callsOut: callsOut(this.instances.length, this.canons),
    };
  }

  /** Walks `component`; `args` is undefined for the root, whose imports stand for themselves. */
  #instantiate(
    component: Component,
    parent: Scope | undefined,
    args: ReadonlyMap<string, PlanItem> | undefined,
    label: string,
  ): PlanItem {
    this.#bound();
    const index = this.instances.length;
    this.instances.push({ parent: parent === undefined || parent.instance < 0 ? undefined : parent.instance, label });
    const scope = new Scope(parent, index);
    const exports = new Map<string, PlanItem>();
    for (const definition of component.definitions) this.#define(definition, component, scope, args, exports);
    return { kind: 'instance', exports };
  }

  #bound(): void {
    if (this.steps.length + this.instances.length <= MAX_STEPS) return;
    throw new LinkError('too-many-instances', `the component instantiates more than ${MAX_STEPS} parts`, {
      hint: 'nested instantiations multiply: reduce them',
    });
  }

  #define(
    d: Definition,
    c: Component,
    scope: Scope,
    args: ReadonlyMap<string, PlanItem> | undefined,
    exports: Map<string, PlanItem>,
  ): void {
    switch (d.kind) {
      case 'core module':
        scope.modules.push({ kind: 'static', bytes: c.bytes, start: d.start, end: d.end });
        return;
      case 'core instance':
        scope.coreInstances.push(this.#coreInstance(d, scope));
        return;
      case 'core type':
        addCoreType(d.type, scope);
        return;
      case 'component':
        scope.components.push(this.#closure(d.component, scope));
        return;
      case 'instance':
        scope.instances.push(this.#instance(d, scope));
        return;
      case 'alias':
        this.#alias(d, scope);
        return;
      case 'type':
        scope.types.push(this.#type(d.type, scope));
        return;
      case 'canon':
        this.#canon(d.canon, scope);
        return;
      case 'import':
        scope.push(
          args === undefined ? this.#rootImport(d.name.name, d.type, scope) : this.#argument(args, d.name.name),
        );
        return;
      case 'export': {
        const item = narrow(scope.get(d.sort, d.index), d.type, scope);
        exports.set(d.name.name, item);
        scope.push(item);
        return;
      }
      case 'start':
        throw noValues();
      default:
        unreachable(d);
    }
  }

  #argument(args: ReadonlyMap<string, PlanItem>, name: string): PlanItem {
    const item = args.get(name);
    invariant(item !== undefined, `an argument for import "${name}"`);
    return item;
  }

  #closure(component: Component, scope: Scope | undefined): Extract<PlanItem, { kind: 'component' }> {
    return {
      kind: 'component',
      component,
      instantiate: (args) =>
        this.#instantiate(component, scope, args, `component at 0x${component.start.toString(16)}`),
    };
  }

  #coreInstance(d: Extract<Definition, { kind: 'core instance' }>, scope: Scope): CoreInstanceValue {
    if (d.expr.kind === 'exports') {
      const exports = new Map<string, CoreRef>();
      for (const e of d.expr.exports) {
        invariant(e.sort !== 'type' && e.sort !== 'module' && e.sort !== 'instance', 'a core export is an item');
        exports.set(e.name, at(scope.core[e.sort], e.index));
      }
      return { kind: 'virtual', exports };
    }
    const args = d.expr.args.map((a) => ({ name: a.name, value: at(scope.coreInstances, a.instance) }));
    for (const { value } of args) {
      if (value.kind === 'virtual') for (const ref of value.exports.values()) this.#need(ref);
    }
    this.#flush();
    this.#bound();
    const module = at(scope.modules, d.expr.module);
    const core = this.coreModules.push(module) - 1;
    this.steps.push({ kind: 'instantiate', core, module, args, instance: scope.instance });
    return { kind: 'real', instance: core };
  }

  #instance(d: Extract<Definition, { kind: 'instance' }>, scope: Scope): Extract<PlanItem, { kind: 'instance' }> {
    if (d.expr.kind === 'exports') {
      const exports = new Map<string, PlanItem>();
      for (const e of d.expr.exports) exports.set(e.name.name, scope.get(e.sort, e.index));
      return { kind: 'instance', exports };
    }
    const args = new Map<string, PlanItem>();
    for (const a of d.expr.args) args.set(a.name, scope.get(a.sort, a.index));
    const instance = at(scope.components, d.expr.component).instantiate(args);
    invariant(instance.kind === 'instance', 'a component gives an instance');
    return instance;
  }

  #alias(d: Extract<Definition, { kind: 'alias' }>, scope: Scope): void {
    switch (d.target.kind) {
      case 'export': {
        const item = at(scope.instances, d.target.instance).exports.get(d.target.name);
        invariant(item !== undefined, `export "${d.target.name}"`);
        scope.push(item);
        return;
      }
      case 'core export': {
        const sort = d.sort.slice('core '.length);
        invariant(
          sort === 'func' || sort === 'table' || sort === 'memory' || sort === 'global' || sort === 'tag',
          'a core sort',
        );
        const value = at(scope.coreInstances, d.target.instance);
        const ref: CoreRef | undefined =
          value.kind === 'virtual'
            ? value.exports.get(d.target.name)
            : { kind: 'export', sort, instance: value.instance, name: d.target.name };
        invariant(ref !== undefined, `core export "${d.target.name}"`);
        scope.core[sort].push(ref);
        return;
      }
      case 'outer': {
        let from: Scope | undefined = scope;
        for (let i = 0; i < d.target.count; i++) from = from?.parent;
        invariant(from !== undefined, 'an enclosing scope');
        if (d.sort === 'core type') {
          scope.coreTypes.push(from.coreTypes[d.target.index]);
          return;
        }
        scope.push(from.get(d.sort, d.target.index));
        return;
      }
      default:
        unreachable(d.target);
    }
  }

  #type(def: TypeDef, scope: Scope): TypeValue {
    switch (def.kind) {
      case 'func':
        return { kind: 'func', type: resolveFuncType(def, scope.types) };
      case 'resource': {
        const dtor = def.dtor === undefined ? undefined : at(scope.core.func, def.dtor);
        if (dtor !== undefined) this.#need(dtor);
        this.#flush();
        const resource = this.#resource(undefined, { kind: 'defined', instance: scope.instance, dtor });
        this.steps.push({ kind: 'resource', resource: resource.index });
        return { kind: 'resource', resource };
      }
      case 'component':
        return { kind: 'shape', evaluate: (path) => this.#importedComponent(path), names: undefined };
      case 'instance':
        return {
          kind: 'shape',
          evaluate: (path) => this.#importedInstance(def.declarations, path, scope),
          names: new Set(def.declarations.flatMap((d) => (d.kind === 'export' ? [d.name.name] : []))),
        };
      default:
        return { kind: 'value', type: resolveDefValType(def, scope.types) };
    }
  }

  #resource(name: string | undefined, origin: PlanResource['origin']): PlanResource {
    const resource: PlanResource = { kind: 'resource', name, index: this.resources.length, origin };
    this.resources.push(resource);
    return resource;
  }

  // ---- imports of the root

  #rootImport(name: string, type: ExternTypeDef, scope: Scope): PlanItem {
    const item = this.#imported([name], type, scope);
    this.imports.set(name, item);
    return item;
  }

  #imported(path: ImportPath, type: ExternTypeDef, scope: Scope): PlanItem {
    switch (type.kind) {
      case 'core module':
        return { kind: 'module', module: { kind: 'import', path } };
      case 'func': {
        const func = at(scope.types, type.index);
        invariant(func.kind === 'func', `type ${type.index} is a function type`);
        return { kind: 'func', func: { kind: 'import', type: func.type, path } };
      }
      case 'type':
        if (type.bound === 'eq') return { kind: 'type', type: at(scope.types, type.index) };
        return {
          kind: 'type',
          type: { kind: 'resource', resource: this.#resource(path.at(-1), { kind: 'imported', path }) },
        };
      case 'component':
      case 'instance': {
        const shape = at(scope.types, type.index);
        invariant(shape.kind === 'shape', `type ${type.index} is a component or instance type`);
        return shape.evaluate(path);
      }
      case 'value':
        throw noValues();
      default:
        return unreachable(type);
    }
  }

  #importedComponent(path: ImportPath): PlanItem {
    const key = path.join('\0');
    const given = this.#given.get(key);
    if (given === undefined) {
      throw new LinkError('missing-import', `nothing was given for the component import "${path.join('#')}"`, {
        expected: 'a component',
        hint: 'give a loaded Component under that name',
      });
    }
    return this.#closure(given, undefined);
  }

  #importedInstance(declarations: readonly Declaration[], path: ImportPath, parent: Scope): PlanItem {
    const scope = new Scope(parent, -1);
    const exports = new Map<string, PlanItem>();
    for (const d of declarations) {
      switch (d.kind) {
        case 'core type':
          addCoreType(d.type, scope);
          break;
        case 'type':
          scope.types.push(this.#type(d.type, scope));
          break;
        case 'alias':
          this.#alias(d, scope);
          break;
        case 'export': {
          const item = this.#imported([...path, d.name.name], d.type, scope);
          exports.set(d.name.name, item);
          scope.push(item);
          break;
        }
        case 'import':
          invariant(false, 'an instance type has no imports');
          break;
        default:
          unreachable(d);
      }
    }
    return { kind: 'instance', exports };
  }

  // ---- canon

  #canon(canon: Canon, scope: Scope): void {
    const instance = scope.instance;
    const add = (entry: PlanCanon): void => {
      scope.core.func.push({ kind: 'canon', canon: this.canons.push(entry) - 1 });
    };
    switch (canon.kind) {
      case 'lift': {
        const type = at(scope.types, canon.type);
        invariant(type.kind === 'func', `type ${canon.type} is a function type`);
        const options = planOptions(canon.options, scope, this.#widthOf);
        if (type.type.async) this.#asyncLifts.add(instance);
        scope.funcs.push({ kind: 'lift', type: type.type, core: at(scope.core.func, canon.func), options, instance });
        return;
      }
      case 'lower':
        add({
          kind: 'lower',
          func: at(scope.funcs, canon.func),
          options: planOptions(canon.options, scope, this.#widthOf),
          instance,
        });
        return;
      case 'resource.new':
      case 'resource.drop':
      case 'resource.rep': {
        const type = at(scope.types, canon.type);
        invariant(type.kind === 'resource', `type ${canon.type} is a resource`);
        add(
          canon.kind === 'resource.drop'
            ? { kind: canon.kind, resource: type.resource, instance }
            : { kind: canon.kind, resource: type.resource, instance },
        );
        return;
      }
      case 'context.get':
      case 'context.set':
        add({ kind: canon.kind, type: canon.type, slot: canon.slot, instance });
        return;
      default:
        add(planBuiltin(canon, scope, this.#widthOf));
    }
  }

  readonly #widthOf = (memory: CoreRef): '32' | '64' => this.#width(memory, this.coreModules);

  // ---- what must exist before what

  #needItem(item: PlanItem): void {
    if (item.kind === 'func') this.#needFunc(item.func);
    else if (item.kind === 'instance') for (const inner of item.exports.values()) this.#needItem(inner);
  }

  #needFunc(func: PlanFunc): void {
    if (func.kind === 'import') return;
    this.#need(func.core);
    this.#needOptions(func.options);
  }

  #needOptions(options: PlanOptions): void {
    for (const ref of [options.memory, options.realloc, options.postReturn, options.callback]) {
      if (ref !== undefined) this.#need(ref);
    }
  }

  /** Puts a canon function into the open group, after the ones that it refers to. */
  #need(ref: CoreRef): void {
    if (ref.kind !== 'canon' || this.#made.has(ref.canon)) return;
    this.#made.add(ref.canon);
    const canon = at(this.canons, ref.canon);
    const before = this.#open.length;
    const open = this.#open;
    if (canon.kind === 'lower') {
      this.#needFunc(canon.func);
      this.#needOptions(canon.options);
    } else if (canon.kind === 'builtin') {
      if (canon.options !== undefined) this.#needOptions(canon.options);
      if (canon.table !== undefined) this.#need(canon.table);
    }
    // What was added for it must be made first, in a group of its own.
    if (this.#open !== open || this.#open.length > before || this.#refersToOpen(canon)) this.#flush();
    this.#open.push(ref.canon);
  }

  #refersToOpen(canon: PlanCanon): boolean {
    if (canon.kind !== 'lower' && canon.kind !== 'builtin') return false;
    const refs = [canon.options?.realloc];
    if (canon.kind === 'builtin') return refs.some((r) => r?.kind === 'canon' && this.#open.includes(r.canon));
    if (canon.func.kind === 'lift') {
      const { core, options } = canon.func;
      refs.push(core, options.realloc, options.postReturn);
    }
    return refs.some((r) => r?.kind === 'canon' && this.#open.includes(r.canon));
  }

  #flush(): void {
    if (this.#open.length === 0) return;
    this.steps.push({ kind: 'canons', canons: this.#open });
    this.#open = [];
  }
}

function addCoreType(type: CoreTypeDef, scope: Scope): void {
  if (type.kind === 'module') scope.coreTypes.push(undefined);
  else
    for (const { composite } of type.rec.types) scope.coreTypes.push(composite.kind === 'func' ? composite : undefined);
}

/** An export that is ascribed an instance type shows only what that type names. */
function narrow(item: PlanItem, type: ExternTypeDef | undefined, scope: Scope): PlanItem {
  if (item.kind !== 'instance' || type?.kind !== 'instance') return item;
  const shape = at(scope.types, type.index);
  if (shape.kind !== 'shape' || shape.names === undefined) return item;
  const { names } = shape;
  return { kind: 'instance', exports: new Map([...item.exports].filter(([name]) => names.has(name))) };
}

/** Whether a memory is 64 bit, asked for `memory` options; answered from the core module or its declared type. */
export type MemoryWidth = (ref: CoreRef, modules: readonly ModuleRef[]) => '32' | '64';

/** Makes the plan of a valid component. `given` holds the components given for imports of components, by path joined with NUL. */
export function makePlan(root: Component, given: ReadonlyMap<string, Component>, width: MemoryWidth): Plan {
  return new Planner(root, given, width).run();
}
