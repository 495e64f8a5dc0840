/**
 * A store: the unit of failure and of ownership. One per root instantiation; a trap ends it. Holds the slots of its component
 * instances in the control memory. Specification: Explainer, "Component Invariants" (lockdown is ours: the whole store).
 */
import { CORE_REASONS, makeCoreTrap, readyTraps, type Trap } from '../error/trap.ts';
import type { Few } from '../util/few.ts';
import { control, MAY_LEAVE, SLOT_SIZE, STORE, STORE_SIZE, STORE_STATE } from './control.ts';
import type { Counters } from './counters.ts';
import { slotsAbove } from './frames.ts';
import { releaseTable } from './slot.ts';
import type { Stack } from './stack.ts';
import type { StoreMeter } from './store-meter.ts';

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

/** Every store whose place has not been given back. */
export function allStores(): Iterable<Store> {
  return storesByRecord.values();
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
function forgetFrames(failure: Trap): void {
  try {
    void failure.stack;
    void (failure.cause as { readonly stack?: unknown } | undefined)?.stack;
  } catch {
    // A cause may be anything that a host has thrown.
  }
}

/** Stores that call each other: what one waits for may be another's to do (`store-links.ts`). */
export class StoreGroup {
  readonly stores = new Set<Store>();
  /** How much the host has still to answer. */
  hostWork = 0;
}

/** Is told, once, when a store ends. */
export interface StoreWatcher {
  ended(failure: Trap): void;
}

/** What a store's owner wants. */
export interface StoreOptions {
  /** Calls that may be under way at once. */
  readonly suspended?: number | undefined;
  /** Handles that each component instance may hold at once. */
  readonly handles?: number | undefined;
  /** Is told of a stream of the host's that failed: its guest sees the end, since streams have no errors. */
  readonly onStreamError?: ((error: unknown, path: string) => void) | undefined;
}

export class Store {
  group: StoreGroup = new StoreGroup();
  /** Of the flavour `counted`. */
  counters: Counters | undefined;
  /** Byte address of the record in the control memory. */
  readonly record: number;
  /** Calls that the interpreter carried. */
  interpreted = 0;
  /** What ended it. */
  failure: Trap | undefined;
  /** What waits for something of this store. */
  readonly watchers = new Set<StoreWatcher>();
  /** What else ends with it: calls of the host's functions that are under way, streams and futures that the host holds. */
  readonly dependents = new Set<StoreWatcher>();
  /** Called once when the store dies or is disposed. */
  readonly onEnd: (() => void)[] = [];
  /** The slots of its component instances, and their names. */
  readonly labels = new Map<number, string>();
  #condemned = false;
  #ended = false;
  #released = false;
  readonly #onRelease: (() => void)[] = [];
  /** The same for what belongs to its slots: it goes with them where they are given to another store. */
  readonly onSlotsRelease: (() => void)[] = [];
  readonly options: StoreOptions;
  /** Whether other stores know what is in it: its functions, memories or resource types. */
  shared = false;
  /** Calls of the host's that may have to wait and are under way (`call-limit.ts`). */
  calls = 0;
  /** How many of its stacks are suspended: those that it was the first on. */
  suspended = 0;
  /** Suspended stacks that no other store is on; made when there is one first, so that bundles without stacks are without it. */
  stacks: Few<Stack> | undefined;
  /** Where it has limits of time or fuel. */
  meter: StoreMeter | undefined;

  constructor(options: StoreOptions = {}) {
    readyTraps();
    this.options = options;
    this.record = control.allocate(STORE_SIZE);
    storesByRecord.set(this.record, this);
    this.group.stores.add(this);
  }

  /** How much the host has still to answer, to this store or one that it is linked to. */
  get hostWork(): number {
    return this.group.hostWork;
  }

  /** Something is the host's to do; what it answers may let guests go on. */
  hostBegins(): void {
    this.group.hostWork++;
  }

  /** The same as {@link hostEnds} where the scheduler is about to be told of what goes on now. */
  hostAnswers(): void {
    this.group.hostWork--;
  }

  hostEnds(): void {
    this.group.hostWork--;
    // Only when the host has nothing more to do, and nothing came of it, is it known that nothing ever will.
    if (this.group.hostWork === 0) hostIsIdle?.();
  }

  /** Whether nothing is under way that belongs to it, or waits for it. */
  get isQuiet(): boolean {
    const nobodyWaits = this.watchers.size === 0 && this.dependents.size === 0 && this.group.hostWork === 0;
    return nobodyWaits && this.calls === 0 && this.suspended === 0;
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
    this.labels.set(slot, label);
    return slot;
  }

  /** The name of the component instance with this slot. */
  labelOf(slot: number): string {
    return this.labels.get(slot) ?? 'component';
  }

  get slots(): readonly number[] {
    return [...this.labels.keys()];
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

  /** Whether it has ended, and why is known. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Tells `watcher` when it ends, or now if it has. */
  watch(watcher: StoreWatcher): void {
    if (this.#ended) watcher.ended(this.failure ?? this.deadTrap(undefined));
    else this.watchers.add(watcher);
  }

  /** Ends the store: nothing enters it any more. The first reason stays. */
  end(failure: Trap | undefined): void {
    if (this.failure === undefined && failure !== undefined) {
      this.failure = failure;
      forgetFrames(failure);
    }
    if (this.#ended) return;
    this.#ended = true;
    this.condemn();
    for (const callback of this.onEnd.splice(0)) callback();
    for (const watchers of [this.watchers, this.dependents]) {
      if (watchers.size === 0) continue;
      const trap = this.failure ?? this.deadTrap(undefined);
      for (const watcher of watchers) watcher.ended(trap);
      watchers.clear();
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
    for (const slot of this.labels.keys()) releaseTable(slot);
    for (const callback of [...this.onSlotsRelease.splice(0), ...this.#onRelease.splice(0)]) callback();
    for (const slot of this.labels.keys()) control.release(slot, SLOT_SIZE);
    this.labels.clear();
    this.group.stores.delete(this);
    storesByRecord.delete(this.record);
    control.release(this.record, STORE_SIZE);
  }

  /** The trap that a call into an ended store gets. */
  deadTrap(path: string | undefined): Trap {
    const disposed = this.#condemned && this.failure === undefined;
    // A stack that was exhausted in core wasm leaves no trap.
    const failed = this.failure?.reason ?? CORE_REASONS['stack-exhausted'];
    const because = disposed ? 'it was disposed' : `it trapped before: ${failed}`;
    const trap = makeCoreTrap('store-dead', {
      reason: `cannot enter component instance: its store has ended; ${because}`,
      path,
      hint: 'instantiate the component again',
      ...(this.failure === undefined ? {} : { cause: this.failure }),
    });
    // Streams and futures that the host holds may keep it.
    forgetFrames(trap);
    return trap;
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
