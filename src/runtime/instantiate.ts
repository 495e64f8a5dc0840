/**
 * Runs a prepared plan: core modules are instantiated, core functions made, in the plan's order; nothing is compiled.
 * Specification: Explainer, "Instance definitions"; CanonicalABI.md, `canon_*`. What only some components need comes by the kit.
 */
import type { HandleHooks } from '../abi/context.ts';
import type { BorderEnv, BorderResource } from '../abi/js/border.ts';
import type { CoreRef, ModuleRef, PlanOptions, PlanResource, PlanStep } from '../link/plan.ts';
import type { ResourceType, ValueType } from '../types/value-type.ts';
import { invariant } from '../util/invariant.ts';
import type { Body } from './body.ts';
import { abandonAbove } from './borrow-log.ts';
import { control, SUSPENDABLE } from './control.ts';
import { asTrap } from './failure.ts';
import { popTo, pushFrame } from './frames.ts';
import type { Concurrent } from './kit.ts';
import type { LinearMemory } from './memory.ts';
import type { Payload, TypeScope } from './payload.ts';
import type { CoreFunction, PlannedBorder, Prepared } from './prepared.ts';
import type { RuntimeResource } from './resource.ts';
import type { Side } from './side.ts';
import type { Store } from './store.ts';
import { endStoresAbove } from './store.ts';
import { metered } from './store-meter.ts';

type Instantiate = Extract<PlanStep, { kind: 'instantiate' }>;
type CoreItem = WebAssembly.ExportValue;

/** Finds the compiled module of a plan's module reference. */
export type ModuleSource = (ref: ModuleRef) => WebAssembly.Module;

/** What limits of computation give an instance, from tenant to tenant (`metering.ts`). */
export interface Metered {
  /** What its metered modules import. */
  readonly imports: Readonly<Record<string, WebAssembly.ImportValue>>;
  /** It becomes the store's. */
  attach(store: Store): void;
}

/** What an instantiation is made with besides its plan. */
export interface Extras {
  /** What it keeps from tenant to tenant, where it is made for a pool. */
  readonly body?: Body | undefined;
  readonly metered?: Metered | undefined;
  /** Adds what the module of a reference imports besides, where it was rewritten. */
  readonly addImports?: ((ref: ModuleRef, imports: CoreImports, metered: Metered | undefined) => void) | undefined;
}

export type CoreImports = Record<string, Record<string, WebAssembly.ImportValue>>;

/** For borders whose values have no handles that the interpreter would have to ask for. */
const NO_HOOKS = {} as HandleHooks;

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
  /** Core functions of canons, by their place in the plan. */
  readonly canons: CoreFunction[] = [];
  readonly #concurrent: Concurrent[] = [];
  readonly #resources = new Map<PlanResource, RuntimeResource>();
  readonly #payloads = new Map<ValueType | undefined, Payload>();
  readonly #memories = new Map<WebAssembly.Memory, LinearMemory>();
  readonly #modules: ModuleSource;
  /** What only this holds (`object-handles.ts`). */
  readonly objects: unknown;
  /** What it keeps from tenant to tenant, where it is made for a pool. */
  readonly body: Body | undefined;
  readonly #extras: Extras;
  #store: Store;
  #lease = new Lease(this);

  constructor(prepared: Prepared, store: Store, modules: ModuleSource, extras: Extras = {}) {
    this.prepared = prepared;
    this.#store = store;
    this.#modules = modules;
    this.body = extras.body;
    this.#extras = extras;
    extras.metered?.attach(store);
    const { plan, kit } = prepared;
    this.slots = plan.instances.map(({ label }) => store.newSlot(label));
    this.objects = kit.objects?.(this.slots);
    for (const [i, slot] of this.slots.entries())
      if (plan.isConcurrent[i] === true) this.#begin(slot, plan.instances[i]!.label, plan.usesContext[i] === true);
    for (const [plan, resource] of prepared.bindings.resources) {
      this.#resources.set(plan, resource);
      if (resource.kind === 'guest') resource.store.shared = true;
    }
    // Whoever calls a store that has limits without JavaScript in between computes on its time.
    for (const binding of prepared.bindings.functions.values())
      if (binding.kind === 'live') store.meter ??= binding.live.store.meter;
  }

  #begin(slot: number, label: string, usesContext: boolean): void {
    const concurrent = this.prepared.kit.concurrency?.begin(slot, this.#store, label, usesContext);
    if (concurrent !== undefined) this.#concurrent.push(concurrent);
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
    this.#extras.metered?.attach(store);
    for (const each of this.#concurrent) each.renew(store);
    for (const resource of this.#resources.values()) if (resource.kind === 'guest') resource.renew(store);
    for (const { run, slot } of this.body?.starts ?? []) this.#enter(slot, run);
  }

  /** Runs every step. A trap in a start function ends the store and is thrown. */
  run(): void {
    const { plan, groups, kit } = this.prepared;
    let group = 0;
    for (const step of plan.steps) {
      switch (step.kind) {
        case 'resource': {
          const resource = plan.resources[step.resource]!;
          this.#resources.set(resource, kit.defineResource!(this, resource));
          break;
        }
        case 'canons':
          kit.makeGroup!(this, step.canons, groups[group++]!);
          break;
        case 'instantiate':
          this.#cores[step.core] = this.#instantiate(step);
          break;
      }
    }
    this.body?.complete();
  }

  #instantiate({ core, module: ref, args, instance }: Instantiate): WebAssembly.Exports {
    const slot = this.slots[instance]!;
    const imports: CoreImports = Object.create(null);
    for (const { name, value } of args) {
      if (value.kind === 'real') imports[name] = this.#cores[value.instance]!;
      else {
        const exports: Record<string, WebAssembly.ImportValue> = Object.create(null);
        for (const [key, item] of value.exports) exports[key] = this.item(item);
        imports[name] = exports;
      }
    }
    const module = this.body?.moduleOf(core) ?? this.#modules(ref);
    return this.#enter(slot, () => {
      this.#addImports(core, ref, imports);
      const { exports } = new WebAssembly.Instance(module, imports);
      this.body?.made(core, exports, slot);
      return exports;
    });
  }

  /** What its rewritten module imports besides. */
  #addImports(core: number, ref: ModuleRef, imports: CoreImports): void {
    const { addImports, metered: own } = this.#extras;
    if (this.body === undefined) addImports?.(ref, imports, own);
    else this.body.addImports(core, imports, own?.imports);
  }

  /** Runs a start function, or what may run one, in an instance. */
  #enter<T>(slot: number, body: () => T): T {
    const top = pushFrame(slot);
    const suspendable = control.i32[SUSPENDABLE >> 2] ?? 0;
    control.i32[SUSPENDABLE >> 2] = 0;
    try {
      const made = metered(this.#store.meter, body);
      this.prepared.kit.concurrency?.leaveFrame();
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

  /** What a reference of the plan stands for. */
  item(ref: CoreRef): CoreItem {
    if (ref.kind === 'canon') {
      const made = this.canons[ref.canon];
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
      payload = this.prepared.kit.payload!(type, this);
      this.#payloads.set(type, payload);
    }
    return payload;
  }

  core(ref: CoreRef): CoreFunction {
    return this.item(ref) as CoreFunction;
  }

  memory(ref: CoreRef | undefined): LinearMemory | undefined {
    if (ref === undefined) return undefined;
    const memory = this.item(ref) as WebAssembly.Memory;
    let view = this.#memories.get(memory);
    if (view === undefined) {
      view = this.prepared.kit.memory!(memory);
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

  /** The environment of one border function. */
  env(
    { resources, ends }: PlannedBorder,
    path: string,
    side: Side,
    {
      host,
      zero,
      core,
      promised = false,
    }: {
      readonly host?: BorderEnv['host'];
      readonly zero?: BorderEnv['zero'];
      readonly core?: CoreFunction;
      readonly promised?: boolean;
    },
  ): BorderEnv {
    const { kit } = this.prepared;
    const byType = new Map<ResourceType, BorderResource>();
    const borders: BorderResource[] = [];
    const hooks = kit.hooks?.(byType, side, this, path) ?? NO_HOOKS;
    const env: BorderEnv = {
      path,
      slot: side.slot,
      store: side.store.record,
      context: {
        options: side.shape,
        memory: side.memory,
        realloc: side.realloc && kit.realloc!(side),
        handles: hooks,
      },
      resources: borders,
      ends,
      checkEnd: (type, value, at) => kit.checkEnd?.(type, value, this, at),
      core,
      postReturn: side.postReturn as BorderEnv['postReturn'],
      host,
      zero,
      owner: host === undefined ? this.#lease : this,
    };
    for (const type of resources) {
      const border = kit.border!(this.resource(type), env, promised);
      borders.push(border);
      byType.set(type, border);
    }
    return env;
  }
}
