/**
 * A store: the unit of failure and of ownership. One per root instantiation; a trap ends it. Holds the slots of its component
 * instances in the control memory. Specification: Explainer, "Component Invariants" (lockdown is ours: the whole store).
 */
import { makeCoreTrap, readyTraps, type Trap } from '../error/trap.ts';
import {
  control,
  ENTRY_SIZE,
  MAY_LEAVE,
  SLOT_SIZE,
  STORE,
  STORE_SIZE,
  STORE_STATE,
  TABLE,
  TABLE_CAPACITY,
} from './control.ts';
import type { Counters } from './counters.ts';
import { slotsAbove } from './frames.ts';

/** Counters that tell how a store's calls were carried. */
export interface StoreStats {
  /** Calls between components, or over the host's border, that the interpreter carried. */
  readonly interpreted: number;
  /** With the flavour `counted`: calls between components, by path. */
  readonly calls: Readonly<Record<string, number>>;
}

const storesByRecord = new Map<number, Store>();

/** Who is told of stores that end, in this order. */
export const TOLD = { states: 0, objects: 1, stacks: 2 } as const;

const endListeners: (((store: Store) => void) | undefined)[] = [undefined, undefined, undefined];

/**
 * Sets what is told of every store that ends, once nothing enters it any more. Said again by everybody who has begun to hold something of
 * a store, and not when a module is loaded: so what a program does not use is left out of its bundle.
 */
export function onStoreEnd(place: (typeof TOLD)[keyof typeof TOLD], listener: (store: Store) => void): void {
  endListeners[place] = listener;
}

/** The store whose record is at `address`. */
export function storeAt(address: number): Store | undefined {
  return storesByRecord.get(address);
}

/** The store of a component instance. */
export function storeOf(slot: number): Store | undefined {
  return storesByRecord.get(control.i32[(slot + STORE) >> 2] ?? 0);
}

let hostIsIdle: (() => void) | undefined;

/** Says what is called when the host has answered everything that some stores asked of it. */
export function onHostIdle(listener: () => void): void {
  hostIsIdle = listener;
}

/** Until its stack is read, an error holds the objects of all frames, and so what its store must not reach. */
function forgetFrames(failure: Trap | undefined): void {
  try {
    void failure?.stack;
    void (failure?.cause as { readonly stack?: unknown } | undefined)?.stack;
  } catch {
    // A cause may be anything that a host has thrown.
  }
}

/** Stores that call each other: what one waits for may be another's to do. */
class StoreGroup {
  readonly stores = new Set<Store>();
  /** How much the host has still to answer. */
  hostWork = 0;
}

export class Store {
  #group = new StoreGroup();
  /** Of the flavour `counted`. */
  counters: Counters | undefined;
  /** Byte address of the record in the control memory. */
  readonly record: number;
  /** Calls that the interpreter carried. */
  interpreted = 0;
  /** What ended it. */
  failure: Trap | undefined;
  /** What waits for something of this store, and is told when it ends. */
  readonly watchers = new Set<(failure: Trap) => void>();
  /** Called once when the store dies or is disposed. */
  readonly onEnd: (() => void)[] = [];
  readonly #slots: number[] = [];
  readonly #labels = new Map<number, string>();
  #condemned = false;
  #ended = false;
  #released = false;
  readonly #onRelease: (() => void)[] = [];

  constructor() {
    readyTraps();
    this.record = control.allocate(STORE_SIZE);
    storesByRecord.set(this.record, this);
    this.#group.stores.add(this);
  }

  /** Whether what the other does may let guests of this one go on. */
  isLinkedTo(other: Store): boolean {
    return this.#group === other.#group;
  }

  /** Guests of this store call those of the other. */
  linkTo(other: Store): void {
    const from = other.#group;
    if (from === this.#group) return;
    this.#group.hostWork += from.hostWork;
    for (const store of from.stores) {
      store.#group = this.#group;
      this.#group.stores.add(store);
    }
  }

  /** This store, and all that it is linked to. */
  get linked(): readonly Store[] {
    return [this, ...[...this.#group.stores].filter((store) => store !== this)];
  }

  /** How much the host has still to answer, to this store or one that it is linked to. */
  get hostWork(): number {
    return this.#group.hostWork;
  }

  /** Something is the host's to do; what it answers may let guests go on. */
  hostBegins(): void {
    this.#group.hostWork++;
  }

  /** The same as {@link hostEnds} where the scheduler is about to be told of what goes on now. */
  hostAnswers(): void {
    this.#group.hostWork--;
  }

  hostEnds(): void {
    this.#group.hostWork--;
    // Only when the host has nothing more to do, and nothing came of it, is it known that nothing ever will.
    if (this.#group.hostWork === 0) hostIsIdle?.();
  }

  get stats(): StoreStats {
    return { interpreted: this.interpreted, calls: this.counters?.read() ?? {} };
  }

  /** True while calls may enter. */
  get alive(): boolean {
    return control.i32[(this.record + STORE_STATE) >> 2] === 0;
  }

  /** A slot for one component instance of this store. */
  newSlot(label: string): number {
    const slot = control.allocate(SLOT_SIZE);
    control.i32[(slot + MAY_LEAVE) >> 2] = 1;
    control.i32[(slot + STORE) >> 2] = this.record;
    this.#slots.push(slot);
    this.#labels.set(slot, label);
    return slot;
  }

  /** The name of the component instance with this slot. */
  labelOf(slot: number): string {
    return this.#labels.get(slot) ?? 'component';
  }

  get slots(): readonly number[] {
    return this.#slots;
  }

  /** It has trapped and nothing enters it any more, but why is not known yet: {@link end} follows. */
  condemn(): void {
    this.#condemned = true;
    control.i32[(this.record + STORE_STATE) >> 2] = 1;
  }

  /** A border function marks it dead before it looks into a failure, since that may fail too; the failure was none of the guest's. */
  revive(): void {
    if (!this.#condemned) control.i32[(this.record + STORE_STATE) >> 2] = 0;
  }

  /** Calls `watcher` when it ends, or now if it has. */
  watch(watcher: (failure: Trap) => void): void {
    if (this.#ended) watcher(this.failure ?? this.deadTrap(undefined));
    else this.watchers.add(watcher);
  }

  /** Ends the store: nothing enters it any more. The first reason stays. */
  end(failure: Trap | undefined): void {
    if (this.failure === undefined) {
      this.failure = failure;
      forgetFrames(failure);
    }
    if (this.#ended) return;
    this.#ended = true;
    this.condemn();
    for (const callback of this.onEnd.splice(0)) callback();
    if (this.watchers.size > 0) {
      const trap = this.failure ?? this.deadTrap(undefined);
      for (const watcher of this.watchers) watcher(trap);
      this.watchers.clear();
    }
    for (const listener of endListeners) listener?.(this);
  }

  /**
   * Calls `callback` when its place in the control memory is given back, since nothing that could call it is reachable any more: the
   * callback must not itself reach what is to become unreachable.
   */
  whenReleased(callback: () => void): void {
    this.#onRelease.push(callback);
  }

  /** Gives its place in the control memory back; only when no call of it is on any stack. */
  release(): void {
    this.end(undefined);
    if (this.#released) return;
    this.#released = true;
    for (const slot of this.#slots) {
      const table = control.i32[(slot + TABLE) >> 2] ?? 0;
      const capacity = control.i32[(slot + TABLE_CAPACITY) >> 2] ?? 0;
      if (table !== 0) control.release(table, capacity * ENTRY_SIZE);
    }
    for (const callback of this.#onRelease.splice(0)) callback();
    for (const slot of this.#slots) control.release(slot, SLOT_SIZE);
    this.#slots.length = 0;
    this.#group.stores.delete(this);
    storesByRecord.delete(this.record);
    control.release(this.record, STORE_SIZE);
  }

  /** The trap that a call into an ended store gets. */
  deadTrap(path: string | undefined): Trap {
    const why = this.#condemned ? 'it was disposed' : 'it trapped before: call stack exhausted';
    const because = this.failure === undefined ? why : `it trapped before: ${this.failure.reason}`;
    return makeCoreTrap('store-dead', {
      reason: `cannot enter component instance: its store has ended; ${because}`,
      path,
      hint: 'instantiate the component again',
      ...(this.failure === undefined ? {} : { cause: this.failure }),
    });
  }
}

/** Names of the component instances on the call stack at or above `base`, innermost last. */
export function labelsAbove(base: number): readonly string[] {
  return slotsAbove(base)
    .slice(0, 50)
    .map((slot) => storeOf(slot)?.labelOf(slot) ?? 'component');
}

/** Ends every store that has a frame on the current call stack at or above `base`. */
export function endStoresAbove(base: number, failure: Trap | undefined): void {
  for (const slot of slotsAbove(base)) storeOf(slot)?.end(failure);
}

/** Condemns every store that has a frame on the current call stack at or above `base`, and answers them. */
export function condemnAbove(base: number): readonly Store[] {
  const stores = new Set(slotsAbove(base).map(storeOf));
  stores.delete(undefined);
  for (const store of stores) store?.condemn();
  return [...stores] as Store[];
}
