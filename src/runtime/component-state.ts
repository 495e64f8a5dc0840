/**
 * What a component instance knows of its concurrency: threads, who waits to enter, who holds the exclusive lock. The counters stand in
 * the slot, where adapters read them. Specification: CanonicalABI.md, "Component Instance State".
 */
import { makeTrap } from '../error/trap.ts';
import { Few } from '../util/few.ts';
import { BACKPRESSURE, CLOSED, CONTEXT_0, control, ENTERING, EXCLUSIVE, HELD, MAY_LEAVE } from './control.ts';
import { type Activity, scheduler } from './scheduler.ts';
import type { Store } from './store.ts';
import { onStoreEnd, TOLD } from './store.ts';
import type { Thread } from './task.ts';

const MAX_BACKPRESSURE = 65_536;

/** Threads that an instance may have at once. */
const MAX_THREADS = 1_000_000;

/** The threads of an instance by index; index 0 is never used, freed ones come back last in, first out. */
class ThreadTable {
  readonly #threads: (Thread | undefined)[] = [undefined];
  readonly #free: number[] = [];

  add(thread: Thread): number {
    const index = this.#free.pop() ?? this.#threads.length;
    if (index > MAX_THREADS)
      throw makeTrap('table-full', { hint: `a component instance has at most ${MAX_THREADS} threads` });
    this.#threads[index] = thread;
    return index;
  }

  get(index: number): Thread {
    const thread = this.#threads[index >>> 0];
    if (thread === undefined) throw makeTrap('unknown-thread', { reason: `unknown thread index ${index >>> 0}` });
    return thread;
  }

  remove(index: number): void {
    this.#threads[index] = undefined;
    this.#free.push(index);
  }

  *[Symbol.iterator](): Generator<Thread> {
    for (const thread of this.#threads) if (thread !== undefined) yield thread;
  }
}

/** What is not ready yet will come by itself when it is. */
function lookAgain(activity: Activity): boolean {
  if (activity.ready()) scheduler.enqueue(activity);
  return false;
}

export class ComponentState {
  readonly slot: number;
  #store: Store;
  readonly label: string;
  /** Whether its code uses context slots. */
  readonly usesContext: boolean;
  #threads = new ThreadTable();
  /** Threads that may go on only once the lock is free or there is no back-pressure, in the order of coming. */
  readonly #held = new Few<Activity>();

  constructor(slot: number, store: Store, label: string, usesContext: boolean) {
    this.slot = slot;
    this.#store = store;
    this.label = label;
    this.usesContext = usesContext;
    states.set(slot, this);
    onStoreEnd(TOLD.states, forget);
  }

  get store(): Store {
    return this.#store;
  }

  get threads(): ThreadTable {
    return this.#threads;
  }

  /** Whether nothing of it is under way, or waits. */
  get isIdle(): boolean {
    const isFree = this.exclusive === 0 && this.entering === 0 && this.#held.isEmpty;
    return isFree && this.#threads[Symbol.iterator]().next().done === true;
  }

  /** Makes it that of a fresh instance in another store; only where it {@link isIdle}. */
  renew(store: Store): void {
    this.#store = store;
    this.#threads = new ThreadTable();
    states.set(this.slot, this);
  }

  /** Threads that have not ended, those that wait to enter among them. */
  get waiting(): readonly Thread[] {
    const entering = [...this.#held].filter((activity): activity is Thread => 'task' in activity);
    return [...new Set([...this.threads, ...entering])];
  }

  #word(offset: number): number {
    return control.i32[(this.slot + offset) >> 2] ?? 0;
  }

  #setWord(offset: number, value: number): void {
    control.i32[(this.slot + offset) >> 2] = value;
  }

  get mayLeave(): boolean {
    return this.#word(MAY_LEAVE) !== 0;
  }

  /** Traps while `realloc` or `post-return` runs. */
  mustLeave(path?: string): void {
    if (this.#word(MAY_LEAVE) === 0) throw makeTrap('cannot-leave', { path });
  }

  /** True while the host keeps it waiting in a function that is synchronous to it. */
  get closed(): boolean {
    return this.#word(CLOSED) !== 0;
  }

  get backpressure(): number {
    return this.#word(BACKPRESSURE);
  }

  /** Specification: `canon_backpressure_inc`, `canon_backpressure_dec`. */
  addBackpressure(by: 1 | -1): void {
    const next = this.backpressure + by;
    if (next < 0 || next >= MAX_BACKPRESSURE)
      throw makeTrap('backpressure', {
        reason: next < 0 ? 'backpressure was taken back more often than asked for' : 'backpressure counter overflow',
      });
    this.#setWord(BACKPRESSURE, next);
    if (next === 0) this.release();
  }

  /** How many calls wait to enter. */
  get entering(): number {
    return this.#word(ENTERING);
  }

  set entering(count: number) {
    this.#setWord(ENTERING, count);
  }

  /** Number of the thread that alone may run callbacks, 0 or `CURRENT`. */
  get exclusive(): number {
    return this.#word(EXCLUSIVE);
  }

  set exclusive(thread: number) {
    this.#setWord(EXCLUSIVE, thread);
    if (thread === 0) this.release();
  }

  /** Looks at `activity` again whenever the lock is given back or back-pressure ends, until {@link unhold}. */
  hold(activity: Activity): void {
    this.#held.add(activity);
    this.#setWord(HELD, this.#held.size);
  }

  unhold(activity: Activity): void {
    this.#held.delete(activity);
    this.#setWord(HELD, this.#held.size);
  }

  /** Looks at all that is held again: the lock is free, or there is no back-pressure any more. */
  release(): void {
    this.#held.some(lookAgain);
  }

  /** Runs guest code with context slots of its own; answers what they hold in the end. */
  inContext(words: ArrayLike<number>, body: () => void): readonly number[] {
    const from = (this.slot + CONTEXT_0) >> 2;
    const saved = this.context;
    control.i32.set(words, from);
    try {
      body();
      return this.context;
    } finally {
      control.i32.set(saved, from);
    }
  }

  /** What the context slots hold now, as words. */
  get context(): readonly number[] {
    const from = (this.slot + CONTEXT_0) >> 2;
    const s = control.i32;
    return [s[from] ?? 0, s[from + 1] ?? 0, s[from + 2] ?? 0, s[from + 3] ?? 0];
  }
}

const states = new Map<number, ComponentState>();

/** The state of the instance with this slot, where it has any. */
export function componentState(slot: number): ComponentState | undefined {
  return states.get(slot);
}

function forget(store: Store): void {
  for (const slot of store.slots) {
    for (const thread of states.get(slot)?.waiting ?? []) thread.abandon();
    states.delete(slot);
  }
  // Others may wait in vain from now on.
  scheduler.schedule();
}
