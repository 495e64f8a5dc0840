/** A running component: what `InstancePre.instantiate` gives. */
import type { Plan } from '../link/plan.ts';
import { disposeHostHandles } from './dispose.ts';
import { ExportMaker } from './export-functions.ts';
import { buildExports, type ExportObjects } from './exports.ts';
import type { Instantiation } from './instantiate.ts';
import type { Store, StoreStats } from './store.ts';
import type { AnyWorld, WorldTypes } from './world.ts';

/** Gives a store's memory back once nothing that could call it is reachable: every border function holds its instantiation. */
const released = new FinalizationRegistry<Store>((store) => store.release());

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
  /** Functions and interfaces by name: interfaces by full name, without version, and in camel case. */
  readonly exports: W['exports'];
  /** The same as promises: a call may wait in a host function. */
  readonly promised: W['promised'];
  readonly #store: Store;
  #origin: Origin | undefined;

  /** Instances are made by `InstancePre.instantiate`. */
  constructor(run: Instantiation, plan: Plan, origin?: Origin) {
    this.#store = run.store;
    this.#origin = origin;
    const objects: ExportObjects = buildExports(plan.exports, new ExportMaker(run));
    this.exports = objects.exports;
    this.promised = objects.promised;
    const { store } = run;
    store.onEnd.push(() => disposeHostHandles(store));
    released.register(run.lease, store);
  }

  /** Counters of this instance's store. */
  get stats(): Readonly<StoreStats> {
    return this.#store.stats;
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
    const isIdle = origin?.isIdle() === true;
    this.#store.end(undefined);
    if (isIdle) origin?.giveBack();
  }
}
