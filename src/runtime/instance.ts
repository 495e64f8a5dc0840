/** A running component: what `InstancePre.instantiate` gives. */
import { LinkError, UsageError } from '../error/error.ts';
import { exportedFunction } from './export-functions.ts';
import { buildExports, type ExportObjects } from './exports.ts';
import { type Extras, Instantiation, type Metered, type ModuleSource } from './instantiate.ts';
import type { Kit } from './kit.ts';
import type { Pool } from './pool.ts';
import type { Prepared } from './prepared.ts';
import { Store, type StoreStats } from './store.ts';
import type { AnyWorld, WorldTypes } from './world.ts';

/** Gives a store's memory back once nothing that could call it is reachable: every border function holds its instantiation. */
const released = /* @__PURE__ */ new FinalizationRegistry<Store>((store) => store.release());

/**
 * What an instance was made of, for the rooms beside this one.
 * @throws Trap `store-dead` if it was disposed of
 */
export let runOf: (instance: Instance) => Instantiation;

/** Where an instance goes when it was disposed of. */
export interface Origin {
  /** Whether it lives, and nothing of it is under way. */
  isIdle(): boolean;
  /** It has ended, and was idle. */
  giveBack(): void;
}

/**
 * A running component instance. `exports` has its functions, synchronous; `promised` the same as promises, whose calls may wait.
 * Dispose of it to end its store.
 */
export class Instance<W extends WorldTypes = AnyWorld> implements Disposable {
  static {
    runOf = (instance) => instance.#alive();
  }
  readonly #store: Store;
  #run: Instantiation | undefined;
  #objects: ExportObjects | undefined;
  #origin: Origin | undefined;

  /** Instances are made by `InstancePre.instantiate`. */
  constructor(run: Instantiation, origin?: Origin) {
    const { store, prepared } = run;
    this.#store = store;
    this.#run = run;
    this.#origin = origin;
    disposeAtEnd(store, prepared.kit);
    released.register(run.lease, store);
  }

  /**
   * Functions and interfaces by name: interfaces by full name, without version, and in camel case.
   * @throws Trap `store-dead` if it was disposed of before anybody asked for them
   */
  get exports(): W['exports'] {
    this.#objects ??= this.#make();
    return this.#objects.exports;
  }

  /**
   * The same as promises: a call may wait in a host function.
   * @throws Trap `store-dead` if it was disposed of before anybody asked for them
   */
  get promised(): W['promised'] {
    this.#objects ??= this.#make();
    return this.#objects.promised;
  }

  #make(): ExportObjects {
    const run = this.#alive();
    const { shape, kit } = run.prepared;
    const classes = kit.classes?.((resource) => run.resource(resource));
    return buildExports(shape, (func, path) => exportedFunction(run, func, path), classes);
  }

  #alive(): Instantiation {
    // What it was made of may be another tenant's by now.
    if (this.#run === undefined) throw this.#store.deadTrap(undefined);
    return this.#run;
  }

  /** Counters of this instance's store. */
  get stats(): Readonly<StoreStats> {
    return this.#store.stats;
  }

  /**
   * What is left of its fuel (`limits.fuel`), at least 0; undefined without that limit. May be set, so that it can go on or must end sooner.
   */
  get fuel(): bigint | undefined {
    const left = this.#store.meter?.fuel;
    return left === undefined || left >= 0n ? left : 0n;
  }

  set fuel(units: bigint) {
    const { meter } = this.#store;
    if (meter?.fuel === undefined) throw new UsageError('no-fuel', 'the instance was linked without limits.fuel');
    meter.fuel = units;
  }

  /** False after a trap or after disposal: calls are refused with the trap `store-dead`. */
  get alive(): boolean {
    return this.#store.alive;
  }

  /**
   * Ends the store: handles into it trap, the host's objects that it owned are disposed. What it is made of goes back to the pool, where
   * there is one.
   */
  [Symbol.dispose](): void {
    const origin = this.#origin;
    this.#origin = undefined;
    this.#run = undefined;
    const isIdle = origin?.isIdle() === true;
    this.#store.end(undefined);
    if (isIdle) origin?.giveBack();
  }
}

/** Apart, so that what its store holds shares nothing with closures that hold the instantiation. */
function disposeAtEnd(store: Store, { disposeHostHandles }: Kit): void {
  if (disposeHostHandles !== undefined) store.onEnd.push(() => disposeHostHandles(store));
}

/** What one instance may use while it runs. */
export interface InstanceLimits {
  /**
   * Handles that each component instance may hold at once; one more ends its store with a `LimitError` (`handle-limit`). Without it
   * 1,000,000 (`table-full`).
   */
  readonly handles?: number;
  /**
   * Calls into one store that may be under way at once: of functions of an async type, and of `promised` ones. One more is refused with a
   * `UsageError` (`too-many-suspended`), and the others go on. Guests that block more stacks of their own trap. Without it only the
   * thread's limit holds: 12,000 stacks.
   */
  readonly suspended?: number;
}

/** What one instance may be asked to do besides running. */
export interface InstanceOptions {
  readonly limits?: InstanceLimits;
  /**
   * Whether calls that nothing can ever end trap (`deadlock`): when no guest can go on and the host has nothing to answer. Default false:
   * another call of the host's may still let them go on.
   */
  readonly trapOnDeadlock?: boolean;
  /**
   * Is told of every stream of the host's that fails: a `ReadableStream` that errors, a generator that throws. To the guest it has ended,
   * since streams carry no errors; `path` is the function that it was given to, or that answered it.
   */
  readonly onStreamError?: (error: unknown, path: string) => void;
}

/** What a component is given whose modules were rewritten for its limits. */
export interface LimitedParts extends Pick<Extras, 'addImports'> {
  /** Throws where no other instance may be made; what it gives is told the store of the one that is. */
  readonly admit?: (() => (store: Store) => void) | undefined;
  readonly metered?: (() => Metered) | undefined;
}

/** A component whose imports are resolved, checked and compiled: instantiates cheaply and synchronously, as often as wanted. */
export class InstancePre<W extends WorldTypes = AnyWorld> {
  readonly #prepared: Prepared;
  readonly #modules: ModuleSource;
  readonly #options: InstanceOptions;
  readonly #limited: LimitedParts;
  /** Instances that wait for their next tenant; undefined without the option `pool`. */
  readonly pool: Pool | undefined;

  /** Made by `Linker.link`. */
  constructor(
    prepared: Prepared,
    modules: ModuleSource,
    options: InstanceOptions,
    pool?: Pool,
    limited: LimitedParts = {},
  ) {
    this.#prepared = prepared;
    this.#modules = modules;
    this.#options = options;
    this.pool = pool;
    this.#limited = limited;
  }

  /**
   * Makes a fresh instance in a store of its own.
   * @throws Trap if a start function of the component traps.
   * @throws LinkError if a core module does not fit what it imports.
   * @throws UsageError `too-many-instances`
   */
  instantiate(): Instance<W> {
    const { pool } = this;
    const count = this.#limited.admit?.();
    const { limits, onStreamError, trapOnDeadlock } = this.#options;
    const store = new Store({ suspended: limits?.suspended, handles: limits?.handles, onStreamError });
    if (trapOnDeadlock === true) this.#prepared.kit.trapOnDeadlock?.(store);
    count?.(store);
    const idle = pool?.take(store);
    const run = idle ?? new Instantiation(this.#prepared, store, this.#modules, this.#extras());
    try {
      if (idle === undefined) run.run();
      else run.renew(store);
    } catch (error) {
      store.release();
      throw error instanceof WebAssembly.LinkError && !(error instanceof LinkError)
        ? new LinkError('core-import', error.message, { cause: error })
        : error;
    }
    return new Instance<W>(run, pool?.originOf(run, store));
  }

  #extras(): Extras {
    const { metered, addImports } = this.#limited;
    return { body: this.pool?.body(), metered: metered?.(), addImports };
  }
}
