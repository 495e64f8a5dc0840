/**
 * Runs a prepared plan: core modules are instantiated, core functions made, in the plan's order; nothing is compiled.
 * Specification: Explainer, "Instance definitions"; CanonicalABI.md, `canon_*`.
 */
import type { HandleHooks } from '../abi/context.ts';
import { flattenFuncType } from '../abi/flatten.ts';
import { returnShim } from '../abi/fused/return-shim.ts';
import type { BorderEnv, BorderResource, Flat } from '../abi/js/border.ts';
import type { WasmSignature } from '../core/builder.ts';
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
import type { StringEncoding } from '../types/definition.ts';
import { signatureEnds, signatureResources } from '../types/resources-of.ts';
import type { ResourceType, ValueType } from '../types/value-type.ts';
import { invariant, unreachable } from '../util/invariant.ts';
import { showPath } from './bind.ts';
import { borderRuntime } from './border-runtime.ts';
import { abandonAbove } from './borrow-log.ts';
import { makeBuiltin, type PlanBuiltin, returnedBy } from './canon/builtins.ts';
import type { BuiltinEnv } from './canon/environment.ts';
import { contextGet, contextSet, makeDrop, resourceNew, resourceRep } from './canon/resources.ts';
import { threadNew } from './canon/threads.ts';
import { ComponentState, componentState } from './component-state.ts';
import { connect } from './connect.ts';
import { control, SUSPENDABLE } from './control.ts';
import { runDtor } from './entrance.ts';
import type { ErrorContext } from './error-context.ts';
import { asTrap } from './failure.ts';
import { popTo, pushFrame } from './frames.ts';
import { endFromHost, endToHost, errorContextFromHost } from './host-ends.ts';
import { canSuspend } from './jspi.ts';
import type { Callee } from './lift.ts';
import { zeroOf } from './lower.ts';
import { LinearMemory } from './memory.ts';
import { cachedModule } from './module-cache.ts';
import { addObject, ERROR_CONTEXT, getObject } from './object-handles.ts';
import { Payload, type TypeScope } from './payload.ts';
import type { Prepared, PreparedGroup, PreparedHost } from './prepare.ts';
import { promisedEntryOf } from './promised-entry.ts';
import { borderOf, GuestResource, type RuntimeResource } from './resource.ts';
import { abiContext, type Side } from './side.ts';
import { resumed, waitImport } from './stack.ts';
import type { Store } from './store.ts';
import { endStoresAbove } from './store.ts';
import { leaveFrame } from './task.ts';
import { liftEnd, lowerEnd } from './transfer.ts';

type CoreFunction = (...args: Flat[]) => Flat | undefined;
type CoreItem = WebAssembly.ExportValue;

/** Finds the compiled module of a plan's module reference. */
export type ModuleSource = (ref: ModuleRef) => WebAssembly.Module;

function global(value: number): WebAssembly.Global {
  return new WebAssembly.Global({ value: 'i32' }, value);
}

export class Instantiation implements TypeScope {
  readonly prepared: Prepared;
  readonly store: Store;
  readonly slots: readonly number[];
  /** Table slots of the edges to live instances. */
  readonly edges: { readonly canon: number; readonly table: WebAssembly.Table }[] = [];
  readonly #cores: WebAssembly.Exports[] = [];
  readonly #canons: CoreFunction[] = [];
  readonly #resources = new Map<PlanResource, RuntimeResource>();
  readonly #payloads = new Map<ValueType | undefined, Payload>();
  readonly #memories = new Map<WebAssembly.Memory, LinearMemory>();
  readonly #modules: ModuleSource;

  constructor(prepared: Prepared, store: Store, modules: ModuleSource) {
    this.prepared = prepared;
    this.store = store;
    this.#modules = modules;
    const { plan } = prepared;
    this.slots = plan.instances.map(({ label }) => store.newSlot(label));
    for (const [i, slot] of this.slots.entries())
      if (plan.isConcurrent[i] === true)
        new ComponentState(slot, store, plan.instances[i]!.label, plan.usesContext[i] === true);
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
      new GuestResource(plan.name ?? 'resource', this.store, this.slots[plan.origin.instance]!, dtor, runDtor),
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
    const top = pushFrame(slot);
    const suspendable = control.i32[SUSPENDABLE >> 2] ?? 0;
    control.i32[SUSPENDABLE >> 2] = 0;
    try {
      const instance = new WebAssembly.Instance(this.#modules(ref), imports);
      leaveFrame();
      return instance;
    } catch (error) {
      if (error instanceof WebAssembly.LinkError || error instanceof TypeError) throw error;
      const trap = asTrap(error, 'the start function of a core module');
      endStoresAbove(top, trap);
      abandonAbove(top);
      throw trap;
    } finally {
      popTo(top);
      control.i32[SUSPENDABLE >> 2] = suspendable;
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

  fail(error: unknown): void {
    if (this.store.alive) this.store.end(asTrap(error, undefined));
  }

  payload(type: ValueType | undefined): Payload {
    let payload = this.#payloads.get(type);
    if (payload === undefined) {
      payload = new Payload(type, this);
      this.#payloads.set(type, payload);
    }
    return payload;
  }

  readonly #returnKeys: { readonly result: Payload; readonly options: readonly unknown[] }[] = [];
  #returns: WebAssembly.Table | undefined;

  /** A number for what a `task.return` with these options returns, or for one that names no memory; the same for equal ones. */
  returnKey(result: Payload, memory?: WebAssembly.Memory, encoding?: StringEncoding): number {
    const options = memory === undefined ? [] : [memory, encoding];
    const at = this.#returnKeys.findIndex(
      (k) =>
        k.options.length === options.length && k.options.every((o, i) => o === options[i]) && k.result.equals(result),
    );
    return (at < 0 ? this.#returnKeys.push({ result, options }) - 1 : at) + 1;
  }

  /** The table of what delivers results of `task.return`. */
  get returns(): WebAssembly.Table {
    this.#returns ??= new WebAssembly.Table({ element: 'anyfunc', initial: 0 });
    return this.#returns;
  }

  /** Puts what delivers results into the table of {@link returns}; answers where, counted from one. */
  deliveredBy(deliver: CoreFunction): number {
    const at = this.returns.grow(1);
    this.returns.set(at, deliver);
    return at + 1;
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
    for (const host of group.hosts) this.#canons[host.canon] = this.#host(host);
    connect(this, group, (canon, fn) => {
      this.#canons[canon] = fn;
    });
    this.#wrapBlocking(group);
  }

  /** Puts what may have to wait behind the shims that do. */
  #wrapBlocking({ blocking, shims }: PreparedGroup): void {
    if (shims === undefined) return;
    const host: Record<string, WebAssembly.ImportValue> = {};
    for (const [i, canon] of blocking.entries()) host[`e${i}`] = this.#canons[canon] as WebAssembly.ImportValue;
    const tenon: Record<string, WebAssembly.ImportValue> = {
      control: control.memory,
      wait: waitImport as WebAssembly.ImportValue,
    };
    for (const { name } of WebAssembly.Module.imports(shims))
      if (name.startsWith('go-on:')) tenon[name] = resumed as WebAssembly.ImportValue;
    const { exports } = new WebAssembly.Instance(shims, { tenon, host });
    for (const [i, canon] of blocking.entries()) this.#canons[canon] = exports[`s${i}`] as CoreFunction;
  }

  #builtin(canon: Exclude<PlanCanon, { kind: 'lower' }>): CoreFunction {
    const slot = this.slots[canon.instance]!;
    switch (canon.kind) {
      case 'resource.drop':
        return this.#drop(slot, this.resource(canon.resource));
      case 'resource.new':
        return resourceNew(slot, this.resource(canon.resource));
      case 'resource.rep':
        return resourceRep(slot, this.resource(canon.resource));
      case 'context.get':
        return contextGet(slot, canon);
      case 'context.set':
        return contextSet(slot, canon);
      case 'builtin': {
        const component = this.component(canon.instance);
        const side = canon.options === undefined ? undefined : this.side(canon.options, canon.instance);
        const env = { component, types: this, side };
        if (canon.canon.kind === 'task.return' && this.prepared.options.mode === 'generated')
          return this.#taskReturn(canon, env);
        if (canon.canon.kind !== 'thread.new-indirect') return makeBuiltin(canon, env);
        const table = this.#item(canon.table!) as WebAssembly.Table;
        const apart = this.prepared.plan.maySuspend[canon.instance] === true && canSuspend;
        return threadNew(env, table, canon.start!, apart);
      }
      default:
        return unreachable(canon);
    }
  }

  /** `task.return`, in core wasm where it can be. */
  #taskReturn(canon: PlanBuiltin, env: BuiltinEnv): CoreFunction {
    const { side } = env;
    const tenon = {
      control: control.memory,
      returns: this.returns,
      slot: global(env.component.slot),
      key: global(this.returnKey(this.payload(canon.type), side?.memory?.memory, side?.shape.encoding)),
      slow: makeBuiltin(canon, env),
    };
    const shim = cachedModule(returnShim(returnedBy(canon)));
    return new WebAssembly.Instance(shim, { tenon }).exports['return'] as CoreFunction;
  }

  #drop(slot: number, resource: RuntimeResource): CoreFunction {
    const drop = makeDrop(slot, resource);
    if (resource.kind === 'host' || resource.dtor === undefined) return drop as CoreFunction;
    const core = { dtor: resource.dtor, slot: global(resource.slot) };
    const tenon = { control: control.memory, drop, dropped: leaveFrame };
    return new WebAssembly.Instance(cachedModule(dropShim()), { tenon, core }).exports['drop'] as CoreFunction;
  }

  #host({ canon, factory, binding }: PreparedHost): CoreFunction {
    const definition = this.prepared.plan.canons[canon]!;
    invariant(definition.kind === 'lower' && definition.func.kind === 'import', 'a lowered import');
    const { func, options, instance } = definition;
    const side = this.side(options, instance);
    const env = this.env(func, showPath(func.path), side, { host: binding.fn, core: undefined, promised: false });
    return factory(borderRuntime, env).enter;
  }

  /** The concurrency of a component instance. */
  component(instance: number): ComponentState {
    const component = componentState(this.slots[instance]!);
    invariant(component !== undefined, 'an instance that has to do with concurrency');
    return component;
  }

  /** A lifted function of an async type; its post-return is left out where the host's border runs it. */
  callee(func: Extract<PlanFunc, { kind: 'lift' }>, path: string, postReturn: boolean): Callee {
    const { plan } = this.prepared;
    const side = this.side(func.options, func.instance);
    const callback = func.options.callback === undefined ? undefined : this.core(func.options.callback);
    const core = this.core(func.core);
    const apart = plan.maySuspend[func.instance] === true && canSuspend;
    return {
      component: this.component(func.instance),
      path,
      type: func.type,
      shape: side.shape,
      memory: side.memory?.memory,
      result: this.payload(func.type.result),
      core,
      callback,
      postReturn: postReturn ? side.postReturn : undefined,
      entries: apart
        ? {
            core: promisedEntryOf(flattenFuncType(func.type, 'lift', side.shape), core),
            callback: callback === undefined ? undefined : promisedEntryOf(CALLBACK, callback),
          }
        : undefined,
    };
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
      context: abiContext(side, hooksOf(byType, side.slot, this, path)),
      resources,
      ends: signatureEnds(func.type),
      core: parts.core,
      postReturn: side.postReturn as BorderEnv['postReturn'],
      host: parts.host,
      zero: parts.host === undefined ? undefined : zeroOf(flattenFuncType(func.type, 'lower', side.shape).results[0]),
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

/** Handle hooks that convert between a guest's table and the host's objects. */
function hooksOf(
  borders: ReadonlyMap<ResourceType, BorderResource>,
  slot: number,
  types: TypeScope,
  path: string,
): HandleHooks {
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
    liftEnd: (type, index) => endToHost(liftEnd(slot, index, type, types)),
    lowerEnd: (type, value) => lowerEnd(slot, endFromHost(type, value, types, path)),
    liftErrorContext: (index) => getObject<ErrorContext>(slot, index, ERROR_CONTEXT),
    lowerErrorContext: (value) => addObject(slot, errorContextFromHost(value, path)),
  };
}

const CALLBACK: WasmSignature = { params: ['i32', 'i32', 'i32'], results: ['i32'] };
