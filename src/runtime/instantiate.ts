/**
 * Runs a prepared plan: core modules are instantiated, core functions made, in the plan's order; nothing is compiled.
 * Specification: Explainer, "Instance definitions"; CanonicalABI.md, `canon_*`.
 */
import type { HandleHooks } from '../abi/context.ts';
import { flattenFuncType } from '../abi/flatten.ts';
import { returnShim } from '../abi/fused/return-shim.ts';
import type { BorderEnv, BorderResource, Flat } from '../abi/js/border.ts';
import type { WasmSignature } from '../core/builder.ts';
import type { CoreRef, ModuleRef, PlanCanon, PlanFunc, PlanOptions, PlanResource, PlanStep } from '../link/plan.ts';
import { dropShim } from '../link/shim.ts';
import type { StringEncoding } from '../types/definition.ts';
import { signatureEnds, signatureResources } from '../types/resources-of.ts';
import type { ResourceType, ValueType } from '../types/value-type.ts';
import { invariant, unreachable } from '../util/invariant.ts';
import { showPath } from './bind.ts';
import type { Body } from './body.ts';
import { borderRuntime } from './border-runtime.ts';
import { abandonAbove } from './borrow-log.ts';
import { makeBuiltin, type PlanBuiltin, returnedBy } from './canon/builtins.ts';
import type { BuiltinEnv } from './canon/environment.ts';
import { contextGet, contextSet, makeDrop, resourceNew, resourceRep } from './canon/resources.ts';
import { threadNew } from './canon/threads.ts';
import { ComponentState, componentState } from './component-state.ts';
import { connect } from './connect.ts';
import { control, SUSPENDABLE } from './control.ts';
import type { ErrorContext } from './error-context.ts';
import { asTrap } from './failure.ts';
import { popTo, pushFrame } from './frames.ts';
import { checkEnd, endFromHost, endToHost, errorContextFromHost } from './host-ends.ts';
import type { Callee } from './lift.ts';
import { zeroOf } from './lower.ts';
import { LinearMemory } from './memory.ts';
import { cachedModule, importsOf } from './module-cache.ts';
import { addObject, ERROR_CONTEXT, getObject, makeObjectTable, type ObjectTable } from './object-handles.ts';
import { Payload, type TypeScope } from './payload.ts';
import type { Prepared, PreparedGroup, PreparedHost } from './prepare.ts';
import { promisedEntryOf } from './promised-entry.ts';
import { borderOf, GuestResource, type RuntimeResource } from './resource.ts';
import { abiContext, type Side } from './side.ts';
import { canSuspend, resumed, waitImport } from './stack.ts';
import type { Store } from './store.ts';
import { endStoresAbove } from './store.ts';
import { syncEnds } from './sync-end.ts';
import { leaveFrame } from './task.ts';
import { liftEnd, lowerEnd } from './transfer.ts';

type Instantiate = Extract<PlanStep, { kind: 'instantiate' }>;
type CoreFunction = (...args: Flat[]) => Flat | undefined;
type CoreItem = WebAssembly.ExportValue;

/** Finds the compiled module of a plan's module reference. */
export type ModuleSource = (ref: ModuleRef) => WebAssembly.Module;

function global(value: number): WebAssembly.Global {
  return new WebAssembly.Global({ value: 'i32' }, value);
}

/** What one tenant of an instantiation has: its exports hold it, so that its store is given back when nothing can call it any more. */
export class Lease {
  readonly run: Instantiation;

  constructor(run: Instantiation) {
    this.run = run;
  }
}

export class Instantiation implements TypeScope {
  readonly prepared: Prepared;
  readonly slots: readonly number[];
  /** Table slots of the edges to live instances. */
  readonly edges: { readonly canon: number; readonly table: WebAssembly.Table }[] = [];
  readonly #cores: WebAssembly.Exports[] = [];
  readonly #canons: CoreFunction[] = [];
  readonly #components: ComponentState[] = [];
  readonly #resources = new Map<PlanResource, RuntimeResource>();
  readonly #payloads = new Map<ValueType | undefined, Payload>();
  readonly #memories = new Map<WebAssembly.Memory, LinearMemory>();
  readonly #modules: ModuleSource;
  /** What only this holds. */
  readonly objects: ObjectTable;
  /** What it keeps from tenant to tenant, where it is made for a pool. */
  readonly body: Body | undefined;
  #store: Store;
  #lease = new Lease(this);

  constructor(prepared: Prepared, store: Store, modules: ModuleSource, body?: Body) {
    this.prepared = prepared;
    this.#store = store;
    this.#modules = modules;
    this.body = body;
    const { plan } = prepared;
    this.slots = plan.instances.map(({ label }) => store.newSlot(label));
    this.objects = makeObjectTable(this.slots);
    for (const [i, slot] of this.slots.entries())
      if (plan.isConcurrent[i] === true)
        this.#components.push(new ComponentState(slot, store, plan.instances[i]!.label, plan.usesContext[i] === true));
    for (const [plan, resource] of prepared.bindings.resources) {
      this.#resources.set(plan, resource);
      if (resource.kind === 'guest') resource.store.share();
    }
  }

  get store(): Store {
    return this.#store;
  }

  get lease(): Lease {
    return this.#lease;
  }

  /**
   * Makes it fresh for another tenant, whose `store` has its slots; all that was changed has been set back. A trap in a start function
   * ends the store and is thrown.
   */
  renew(store: Store): void {
    this.#store = store;
    this.#lease = new Lease(this);
    for (const component of this.#components) component.renew(store);
    for (const resource of this.#resources.values()) if (resource.kind === 'guest') resource.renew(store);
    for (const { run, slot } of this.body?.starts ?? []) this.#enter(slot, run);
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
          this.#cores[step.core] = this.#instantiate(step);
          break;
      }
    }
    this.body?.complete();
  }

  #defineResource(plan: PlanResource): void {
    invariant(plan.origin.kind === 'defined', 'a defined resource');
    const dtor = plan.origin.dtor === undefined ? undefined : (this.#item(plan.origin.dtor) as (rep: number) => void);
    this.#resources.set(
      plan,
      new GuestResource(plan.name ?? 'resource', this.store, this.slots[plan.origin.instance]!, dtor),
    );
  }

  #instantiate({ core, module: ref, args, instance }: Instantiate): WebAssembly.Exports {
    const slot = this.slots[instance]!;
    const imports: Record<string, Record<string, WebAssembly.ImportValue>> = Object.create(null);
    for (const { name, value } of args) {
      if (value.kind === 'real') imports[name] = this.#cores[value.instance]!;
      else {
        const exports: Record<string, WebAssembly.ImportValue> = Object.create(null);
        for (const [key, item] of value.exports) exports[key] = this.#item(item);
        imports[name] = exports;
      }
    }
    this.body?.addImports(core, imports);
    const module = this.body?.moduleOf(core) ?? this.#modules(ref);
    return this.#enter(slot, () => {
      const { exports } = new WebAssembly.Instance(module, imports);
      this.body?.made(core, exports, slot);
      return exports;
    });
  }

  /** Runs a start function, or what may run one, in an instance. */
  #enter<T>(slot: number, body: () => T): T {
    const top = pushFrame(slot);
    const suspendable = control.i32[SUSPENDABLE >> 2] ?? 0;
    control.i32[SUSPENDABLE >> 2] = 0;
    try {
      const made = body();
      leaveFrame();
      return made;
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

  /** Puts what delivers results into the table of {@link returns}; answers where. */
  deliveredBy(deliver: CoreFunction): number {
    const at = this.returns.grow(1);
    this.returns.set(at, deliver);
    return at;
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
      usesContext: this.prepared.plan.usesContext[instance] === true,
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
    for (const { name } of importsOf(shims))
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
    const tenon = { control: control.memory, drop, dropped: syncEnds().frame };
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
    // Functions of a synchronous type know their zero themselves.
    const isAwaited = parts.host !== undefined && func.type.async;
    const resources: BorderResource[] = [];
    const byType = new Map<ResourceType, BorderResource>();
    const env: BorderEnv = {
      path,
      slot: side.slot,
      store: side.store.record,
      context: abiContext(side, hooksOf(byType, side.slot, this, path)),
      resources,
      ends: signatureEnds(func.type),
      checkEnd: (type, value, path) => checkEnd(type, value, this, path),
      core: parts.core,
      postReturn: side.postReturn as BorderEnv['postReturn'],
      host: parts.host,
      zero: isAwaited ? zeroOf(flattenFuncType(func.type, 'lower', side.shape).results[0]) : undefined,
      owner: parts.host === undefined ? this.#lease : this,
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
