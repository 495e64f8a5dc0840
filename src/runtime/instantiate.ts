/**
 * Runs a prepared plan: core modules are instantiated, core functions made, in the plan's order; nothing is compiled.
 * Specification: Explainer, "Instance definitions"; CanonicalABI.md, `canon_*`.
 */
import type { HandleHooks } from '../abi/context.ts';
import type { BorderEnv, BorderResource, Flat } from '../abi/js/border.ts';
import { makeTrap } from '../error/trap.ts';
import type {
  CoreInstanceValue,
  CoreRef,
  ModuleRef,
  PlanCanon,
  PlanFunc,
  PlanOptions,
  PlanResource,
} from '../link/plan.ts';
import { dropShim } from '../link/shim.ts';
import { signatureResources } from '../types/resources-of.ts';
import type { ResourceType } from '../types/value-type.ts';
import { invariant } from '../util/invariant.ts';
import { showPath } from './bind.ts';
import { borderRuntime } from './border-runtime.ts';
import { abandonAbove } from './borrow-log.ts';
import { makeBuiltin, makeDrop } from './canon/builtins.ts';
import { connect } from './connect.ts';
import { CALL_STACK, CALL_TOP, control } from './control.ts';
import { asTrap } from './failure.ts';
import { LinearMemory } from './memory.ts';
import { cachedModule } from './module-cache.ts';
import type { Prepared, PreparedGroup } from './prepare.ts';
import { borderOf, GuestResource, type RuntimeResource } from './resource.ts';
import { abiContext, type Side } from './side.ts';
import { waitImport } from './stack.ts';
import type { Store } from './store.ts';
import { endStoresAbove } from './store.ts';

type CoreFunction = (...args: Flat[]) => Flat | undefined;
type CoreItem = WebAssembly.ExportValue;

/** Finds the compiled module of a plan's module reference. */
export type ModuleSource = (ref: ModuleRef) => WebAssembly.Module;

export class Instantiation {
  readonly prepared: Prepared;
  readonly store: Store;
  readonly slots: readonly number[];
  /** Table slots of the edges to live instances. */
  readonly edges: { readonly canon: number; readonly table: WebAssembly.Table }[] = [];
  readonly #cores: WebAssembly.Exports[] = [];
  readonly #canons: CoreFunction[] = [];
  readonly #resources = new Map<PlanResource, RuntimeResource>();
  readonly #memories = new Map<WebAssembly.Memory, LinearMemory>();
  readonly #modules: ModuleSource;

  constructor(prepared: Prepared, store: Store, modules: ModuleSource) {
    this.prepared = prepared;
    this.store = store;
    this.#modules = modules;
    this.slots = prepared.plan.instances.map(({ label }) => store.newSlot(label));
    for (const [plan, resource] of prepared.bindings.resources) this.#resources.set(plan, resource);
  }

  /** Runs every step. A trap in a start function ends the store and is thrown. */
  run(): void {
    let group = 0;
    for (const step of this.prepared.plan.steps) {
      switch (step.kind) {
        case 'resource':
          this.#defineResource(this.prepared.plan.resources[step.resource]!);
          break;
        case 'canons':
          this.#makeCanons(step.canons, this.prepared.groups[group++]!);
          break;
        case 'instantiate':
          this.#cores[step.core] = this.#instantiate(step.module, step.args, this.slots[step.instance]!).exports;
          break;
      }
    }
  }

  #defineResource(plan: PlanResource): void {
    invariant(plan.origin.kind === 'defined', 'a defined resource');
    const dtor = plan.origin.dtor === undefined ? undefined : (this.#item(plan.origin.dtor) as (rep: number) => void);
    this.#resources.set(
      plan,
      new GuestResource(plan.name ?? 'resource', this.store, this.slots[plan.origin.instance]!, dtor),
    );
  }

  #instantiate(
    ref: ModuleRef,
    args: readonly { name: string; value: CoreInstanceValue }[],
    slot: number,
  ): WebAssembly.Instance {
    const imports: Record<string, Record<string, WebAssembly.ImportValue>> = Object.create(null);
    for (const { name, value } of args) {
      if (value.kind === 'real') imports[name] = this.#cores[value.instance]!;
      else {
        const exports: Record<string, WebAssembly.ImportValue> = Object.create(null);
        for (const [key, item] of value.exports) exports[key] = this.#item(item);
        imports[name] = exports;
      }
    }
    const s = control.i32;
    const top = s[CALL_TOP >> 2] ?? CALL_STACK;
    s[top >> 2] = slot;
    s[CALL_TOP >> 2] = top + 4;
    try {
      return new WebAssembly.Instance(this.#modules(ref), imports);
    } catch (error) {
      if (error instanceof WebAssembly.LinkError || error instanceof TypeError) throw error;
      const trap = asTrap(error, 'the start function of a core module');
      endStoresAbove(top, trap);
      abandonAbove(top);
      throw trap;
    } finally {
      control.i32[CALL_TOP >> 2] = top;
    }
  }

  #item(ref: CoreRef): CoreItem {
    if (ref.kind === 'canon') {
      const made = this.#canons[ref.canon];
      invariant(made !== undefined, `canon ${ref.canon} was made`);
      return made as unknown as CoreItem;
    }
    const item = this.#cores[ref.instance]?.[ref.name];
    invariant(item !== undefined, `core export "${ref.name}"`);
    return item;
  }

  /** The runtime identity of a resource type of the plan. */
  resource(type: ResourceType): RuntimeResource {
    const resource = this.#resources.get(type as PlanResource);
    invariant(resource !== undefined, `resource ${type.name ?? ''} is known`);
    return resource;
  }

  core(ref: CoreRef): CoreFunction {
    return this.#item(ref) as CoreFunction;
  }

  memory(ref: CoreRef | undefined): LinearMemory | undefined {
    if (ref === undefined) return undefined;
    const memory = this.#item(ref) as WebAssembly.Memory;
    let view = this.#memories.get(memory);
    if (view === undefined) {
      view = new LinearMemory(memory);
      this.#memories.set(memory, view);
    }
    return view;
  }

  side(options: PlanOptions, instance: number): Side {
    return {
      shape: options.shape,
      memory: this.memory(options.memory),
      realloc: options.realloc === undefined ? undefined : this.core(options.realloc),
      postReturn: options.postReturn === undefined ? undefined : this.core(options.postReturn),
      slot: this.slots[instance]!,
      store: this.store,
    };
  }

  #makeCanons(canons: readonly number[], group: PreparedGroup): void {
    for (const index of canons) {
      const canon = this.prepared.plan.canons[index]!;
      if (canon.kind !== 'lower') this.#canons[index] = this.#builtin(canon);
    }
    this.#makeHosts(group);
    connect(this, group, (canon, fn) => {
      this.#canons[canon] = fn;
    });
  }

  #builtin(canon: Exclude<PlanCanon, { kind: 'lower' }>): CoreFunction {
    const slot = this.slots[canon.instance]!;
    if (canon.kind === 'resource.drop') {
      const resource = this.resource(canon.resource);
      const drop = makeDrop(slot, resource);
      if (resource.kind === 'host' || resource.dtor === undefined) return drop as CoreFunction;
      const imports = { tenon: { control: control.memory, drop }, core: { dtor: resource.dtor } };
      return new WebAssembly.Instance(cachedModule(dropShim()), imports).exports['drop'] as CoreFunction;
    }
    return makeBuiltin(
      canon,
      slot,
      canon.kind === 'resource.new' || canon.kind === 'resource.rep' ? this.resource(canon.resource) : undefined,
    );
  }

  #makeHosts(group: PreparedGroup): void {
    if (group.hostModule === undefined) return;
    const host: Record<string, WebAssembly.ImportValue> = {};
    for (const [i, { canon, factory, binding }] of group.hosts.entries()) {
      const definition = this.prepared.plan.canons[canon]!;
      invariant(definition.kind === 'lower' && definition.func.kind === 'import', 'a lowered import');
      const env = this.env(
        definition.func,
        showPath(definition.func.path),
        this.side(definition.options, definition.instance),
        {
          host: binding.fn,
          core: undefined,
          promised: false,
        },
      );
      const border = factory(borderRuntime, env);
      host[`e${i}`] = border.enter as WebAssembly.ImportValue;
      host[`f${i}`] = border.finish as WebAssembly.ImportValue;
    }
    const imports = { tenon: { control: control.memory, wait: waitImport as WebAssembly.ImportValue }, host };
    const { exports } = new WebAssembly.Instance(group.hostModule, imports);
    for (const [i, { canon }] of group.hosts.entries()) this.#canons[canon] = exports[`s${i}`] as CoreFunction;
  }

  /** The environment of one border function. */
  env(
    func: PlanFunc,
    path: string,
    side: Side,
    parts: { host: BorderEnv['host']; core: CoreFunction | undefined; promised: boolean },
  ): BorderEnv {
    const resources: BorderResource[] = [];
    const byType = new Map<ResourceType, BorderResource>();
    const env: BorderEnv = {
      path,
      slot: side.slot,
      store: side.store.record,
      context: abiContext(side, hooksOf(byType)),
      resources,
      core: parts.core,
      postReturn: side.postReturn as BorderEnv['postReturn'],
      host: parts.host,
      owner: this,
    };
    for (const type of signatureResources(func.type)) {
      const border = borderOf(this.resource(type), env, parts.promised);
      resources.push(border);
      byType.set(type, border);
    }
    return env;
  }
}

function noAsync(): never {
  throw makeTrap('unsupported-async');
}

/** Handle hooks that convert between a guest's table and the host's objects. */
function hooksOf(borders: ReadonlyMap<ResourceType, BorderResource>): HandleHooks {
  const border = (type: ResourceType): BorderResource => {
    const found = borders.get(type);
    invariant(found !== undefined, 'a resource of the signature');
    return found;
  };
  return {
    liftOwn: (type, index) => border(type).liftOwn(index),
    liftBorrow: (type, index) => border(type).liftBorrow(index),
    lowerOwn: (type, value) => border(type).lowerOwn(value, `the ${type.name ?? 'resource'}`),
    lowerBorrow: (type, value) => border(type).lowerBorrow(value, `the ${type.name ?? 'resource'}`),
    liftEnd: noAsync,
    lowerEnd: noAsync,
    liftErrorContext: noAsync,
    lowerErrorContext: noAsync,
  };
}
