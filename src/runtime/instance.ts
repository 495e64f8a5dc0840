/** A running component: what `InstancePre.instantiate` gives. */
import type { Plan } from '../link/plan.ts';
import { disposeHostHandles } from './dispose.ts';
import { ExportMaker } from './export-functions.ts';
import { buildExports, type ExportObjects, type Namespace } from './exports.ts';
import type { Instantiation } from './instantiate.ts';
import type { Store, StoreStats } from './store.ts';

/** Gives a store's memory back once nothing that could call it is reachable: every border function holds its instantiation. */
const released = /* @__PURE__ */ new FinalizationRegistry<Store>((store) => store.release());

/**
 * A running component instance. `exports` has its functions, synchronous; `promised` the same as promises, whose calls may wait.
 * Dispose of it to end its store.
 */
export class Instance implements Disposable {
  /** Functions and interfaces by name: interfaces by full name, without version, and in camel case. */
  readonly exports: Namespace;
  /** The same as promises: a call may wait in a host function. */
  readonly promised: Namespace;
  readonly #store: Store;

  /** Instances are made by `InstancePre.instantiate`. */
  constructor(run: Instantiation, plan: Plan) {
    this.#store = run.store;
    const objects: ExportObjects = buildExports(plan.exports, new ExportMaker(run));
    this.exports = objects.exports;
    this.promised = objects.promised;
    const { store } = run;
    store.onEnd.push(() => disposeHostHandles(store));
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
