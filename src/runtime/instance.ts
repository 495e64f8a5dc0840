/** A running component: what `InstancePre.instantiate` gives. */
import { LinkError } from '../error/error.ts';
import { exportedFunction } from './export-functions.ts';
import { buildExports, type ExportObjects } from './exports.ts';
import { Instantiation } from './instantiate.ts';
import type { Prepared } from './prepared.ts';
import { Store, type StoreStats } from './store.ts';
import type { AnyWorld, WorldTypes } from './world.ts';

/** Gives a store's memory back once nothing that could call it is reachable: every border function holds its instantiation. */
const released = /* @__PURE__ */ new FinalizationRegistry<Store>((store) => store.release());

/**
 * A running component instance. `exports` has its functions, synchronous; `promised` the same as promises, whose calls may wait.
 * Dispose of it to end its store.
 */
export class Instance<W extends WorldTypes = AnyWorld> implements Disposable {
  /** Functions and interfaces by name: interfaces by full name, without version, and in camel case. */
  readonly exports: W['exports'];
  /** The same as promises: a call may wait in a host function. */
  readonly promised: W['promised'];
  readonly #store: Store;

  /** Instances are made by `InstancePre.instantiate`. */
  constructor(run: Instantiation) {
    const { store, prepared } = run;
    const { shape, kit } = prepared;
    this.#store = store;
    const classes = kit.classes?.((resource) => run.resource(resource));
    const objects: ExportObjects = buildExports(shape, (func, path) => exportedFunction(run, func, path), classes);
    this.exports = objects.exports;
    this.promised = objects.promised;
    store.onEnd.push(() => kit.disposeHostHandles?.(store));
    released.register(run, store);
  }

  /** Counters of this instance's store. */
  get stats(): Readonly<StoreStats> {
    return this.#store.stats;
  }

  /** False after a trap or after disposal: calls are refused with the trap `store-dead`. */
  get alive(): boolean {
    return this.#store.alive;
  }

  /** Ends the store: handles into it trap, the host's objects that it owned are disposed. */
  [Symbol.dispose](): void {
    this.#store.end(undefined);
  }
}

/** What one instance may be asked to do besides running. */
export interface InstanceOptions {
  /**
   * Whether calls that nothing can ever end trap (`deadlock`): when no guest can go on and the host has nothing to answer. Default false:
   * another call of the host's may still let them go on.
   */
  readonly trapOnDeadlock?: boolean;
}

/** Makes a fresh instance in a store of its own. */
function makeInstance<W extends WorldTypes>(prepared: Prepared, options: InstanceOptions): Instance<W> {
  const store = new Store();
  if (options.trapOnDeadlock === true) prepared.kit.trapOnDeadlock?.(store);
  const run = new Instantiation(prepared, store);
  try {
    run.run();
  } catch (error) {
    store.release();
    throw error instanceof WebAssembly.LinkError && !(error instanceof LinkError)
      ? new LinkError('core-import', error.message, { cause: error })
      : error;
  }
  return new Instance<W>(run);
}

/** A component whose imports are resolved, checked and compiled: instantiates cheaply and synchronously, as often as wanted. */
export class InstancePre<W extends WorldTypes = AnyWorld> {
  readonly #prepared: Prepared;
  readonly #options: InstanceOptions;

  /** Made by `Linker.link`. */
  constructor(prepared: Prepared, options: InstanceOptions) {
    this.#prepared = prepared;
    this.#options = options;
  }

  /**
   * Makes a fresh instance in a store of its own.
   * @throws Trap if a start function of the component traps.
   * @throws LinkError if a core module does not fit what it imports.
   */
  instantiate(): Instance<W> {
    return makeInstance(this.#prepared, this.#options);
  }
}
