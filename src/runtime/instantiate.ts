/**
 * Runs a prepared plan: core modules are instantiated, core functions made, in the plan's order; nothing is compiled.
 * Specification: Explainer, "Instance definitions"; CanonicalABI.md, `canon_*`. What only some components need comes by the kit.
 */
import type { HandleHooks } from '../abi/context.ts';
import type { BorderEnv, BorderResource } from '../abi/js/border.ts';
import type { CoreInstanceValue, CoreRef, ModuleRef, PlanOptions, PlanResource } from '../link/plan.ts';
import type { ResourceType, ValueType } from '../types/value-type.ts';
import { invariant } from '../util/invariant.ts';
import { abandonAbove } from './borrow-log.ts';
import { control, SUSPENDABLE } from './control.ts';
import { asTrap } from './failure.ts';
import { popTo, pushFrame } from './frames.ts';
import type { LinearMemory } from './memory.ts';
import type { Payload, TypeScope } from './payload.ts';
import type { CoreFunction, PlannedBorder, Prepared } from './prepared.ts';
import type { RuntimeResource } from './resource.ts';
import type { Side } from './side.ts';
import type { Store } from './store.ts';
import { endStoresAbove } from './store.ts';

type CoreItem = WebAssembly.ExportValue;

/** For borders whose values have no handles that the interpreter would have to ask for. */
const NO_HOOKS = {} as HandleHooks;

export class Instantiation implements TypeScope {
  readonly prepared: Prepared;
  readonly store: Store;
  readonly slots: readonly number[];
  /** Table slots of the edges to live instances. */
  readonly edges: { readonly canon: number; readonly table: WebAssembly.Table }[] = [];
  readonly #cores: WebAssembly.Exports[] = [];
  /** Core functions of canons, by their place in the plan. */
  readonly canons: CoreFunction[] = [];
  readonly #resources = new Map<PlanResource, RuntimeResource>();
  readonly #payloads = new Map<ValueType | undefined, Payload>();
  readonly #memories = new Map<WebAssembly.Memory, LinearMemory>();

  constructor(prepared: Prepared, store: Store) {
    this.prepared = prepared;
    this.store = store;
    const { plan, kit } = prepared;
    this.slots = plan.instances.map(({ label }) => store.newSlot(label));
    for (const [i, slot] of this.slots.entries())
      if (plan.isConcurrent[i] === true)
        kit.concurrency?.begin(slot, store, plan.instances[i]!.label, plan.usesContext[i] === true);
    for (const [plan, resource] of prepared.bindings.resources) this.#resources.set(plan, resource);
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
          this.#cores[step.core] = this.#instantiate(step.module, step.args, this.slots[step.instance]!).exports;
          break;
      }
    }
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
        for (const [key, item] of value.exports) exports[key] = this.item(item);
        imports[name] = exports;
      }
    }
    const { kit, modules } = this.prepared;
    const top = pushFrame(slot);
    const suspendable = control.i32[SUSPENDABLE >> 2] ?? 0;
    control.i32[SUSPENDABLE >> 2] = 0;
    try {
      const instance = new WebAssembly.Instance(modules(ref), imports);
      kit.concurrency?.leaveFrame();
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
      core,
      postReturn: side.postReturn as BorderEnv['postReturn'],
      host,
      zero,
      owner: this,
    };
    for (const type of resources) {
      const border = kit.border!(this.resource(type), env, promised);
      borders.push(border);
      byType.set(type, border);
    }
    return env;
  }
}
