/**
 * A store: the unit of failure and of ownership. One per root instantiation; a trap ends it. Holds the slots of its component
 * instances in the control memory. Specification: Explainer, "Component Invariants" (lockdown is ours: the whole store).
 */
import { UsageError } from '../error/error.ts';
import { makeTrap, type Trap } from '../error/trap.ts';
import { invariant } from '../util/invariant.ts';
import { control, MAY_LEAVE, SLOT_SIZE, STORE, STORE_SIZE, STORE_STATE } from './control.ts';
import { slotsAbove } from './frames.ts';
import { scheduler } from './scheduler.ts';
import { clearSlot, releaseTable } from './slot.ts';

/** Counters that tell how a store's calls were carried. */
export interface StoreStats {
  /** Calls between components, or over the host's border, that the interpreter carried. */
  readonly interpreted: number;
  /** With the flavour `counted`: calls between components, by path. */
  readonly calls: Readonly<Record<string, number>>;
}

const storesByRecord = new Map<number, Store>();

const endListeners: ((store: Store) => void)[] = [];

/** Adds what is told of every store that ends, once nothing enters it any more. */
export function onStoreEnd(listener: (store: Store) => void): void {
  endListeners.push(listener);
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

/** The error of a call that would be one too many. */
export function tooManySuspended(path: string, most: number): UsageError {
  return new UsageError('too-many-suspended', `${path} cannot be called now: as many calls wait as may`, {
    expected: `at most ${most} at once`,
    hint: 'await some of the calls under way first, or allow more with `limits.suspended`',
  });
}

/** Counters of the `counted` flavour, in the control memory so that adapters can reach them. */
class Counters {
  readonly #between = new Map<string, number>();

  /** Address of the counter of calls along one path between components. */
  between(path: string): number {
    let address = this.#between.get(path);
    if (address === undefined) {
      address = control.allocate(16);
      this.#between.set(path, address);
    }
    return address;
  }

  /** How many calls each path had. */
  read(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      [...this.#between].map(([path, address]) => [path, (control.i32[address >> 2] ?? 0) >>> 0]),
    );
  }
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

/** Slots of component instances, with what belongs to them. */
export interface Slots {
  readonly labels: ReadonlyMap<number, string>;
  /** Called when they are given back. */
  readonly onRelease: readonly (() => void)[];
}

let deadRecord: number | undefined;

/** The record of a store that is always dead: of slots that belong to none. */
function nowhere(): number {
  if (deadRecord === undefined) {
    deadRecord = control.allocate(STORE_SIZE);
    control.i32[(deadRecord + STORE_STATE) >> 2] = 1;
  }
  return deadRecord;
}

/** Gives slots back that belong to no store, when nothing can use them any more. */
export function releaseSlots({ labels, onRelease }: Slots): void {
  for (const callback of onRelease) callback();
  for (const slot of labels.keys()) {
    releaseTable(slot);
    control.release(slot, SLOT_SIZE);
  }
}

/** Is told, once, when a store ends. */
export interface StoreWatcher {
  ended(failure: Trap): void;
}

/** What a store's owner wants. */
export interface StoreOptions {
  /** Calls that may be under way at once. */
  readonly suspended?: number | undefined;
  /** Is told of a stream of the host's that failed: its guest sees the end, since streams have no errors. */
  readonly onStreamError?: ((error: unknown, path: string) => void) | undefined;
}

export class Store {
  #group = new StoreGroup();
  readonly counters = new Counters();
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
  readonly #slots: number[] = [];
  readonly #labels = new Map<number, string>();
  #condemned = false;
  #ended = false;
  #shared = false;
  #released = false;
  readonly #onRelease: (() => void)[] = [];
  readonly #onSlotsRelease: (() => void)[] = [];

  readonly #options: StoreOptions;
  #calls = 0;
  /** Its stacks that are suspended. */
  suspended = 0;

  constructor(options: StoreOptions = {}) {
    this.#options = options;
    this.record = control.allocate(STORE_SIZE);
    storesByRecord.set(this.record, this);
    this.#group.stores.add(this);
  }

  /** Whether what the other does may let guests of this one go on. */
  isLinkedTo(other: Store): boolean {
    return this.#group === other.#group;
  }

  /** Whether other stores know what is in it: its functions, memories or resource types. */
  get shared(): boolean {
    return this.#shared;
  }

  /** Another store knows what is in it. */
  share(): void {
    this.#shared = true;
  }

  /** This store, and those that it calls or that call it. */
  get linked(): readonly Store[] {
    return [this, ...[...this.#group.stores].filter((store) => store !== this)];
  }

  /** Guests of this store call those of the other. */
  linkTo(other: Store): void {
    this.#shared = true;
    other.#shared = true;
    const from = other.#group;
    if (from === this.#group) return;
    this.#group.hostWork += from.hostWork;
    for (const store of from.stores) {
      store.#group = this.#group;
      this.#group.stores.add(store);
    }
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
    if (this.#group.hostWork === 0) scheduler.schedule();
  }

  /** How many calls may wait at once. */
  get maxSuspended(): number {
    return this.#options.suspended ?? Number.POSITIVE_INFINITY;
  }

  /** A call of the host's that may have to wait begins, and ends with {@link callEnds}. Throws a UsageError where too many are under way. */
  callBegins(path: string): void {
    if (this.#calls >= this.maxSuspended && this.alive) throw tooManySuspended(path, this.maxSuspended);
    this.#calls++;
  }

  callEnds(): void {
    this.#calls--;
  }

  /** Whether nothing is under way that belongs to it, or waits for it. */
  get isQuiet(): boolean {
    const nobodyWaits = this.watchers.size === 0 && this.dependents.size === 0 && this.#group.hostWork === 0;
    return nobodyWaits && this.#calls === 0 && this.suspended === 0;
  }

  /** A stream of the host's has failed. */
  streamFailed(error: unknown, path: string): void {
    const { onStreamError } = this.#options;
    // What the listener throws is nobody's here.
    if (onStreamError !== undefined) queueMicrotask(() => onStreamError(error, path));
  }

  get stats(): StoreStats {
    return { interpreted: this.interpreted, calls: this.counters.read() };
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

  /** Gives its slots away, cleared: they are of no store, and nothing enters them, until one {@link adopt}s them. Only once it has ended. */
  surrender(): Slots {
    invariant(this.#ended, 'a store gives its slots away when it has ended');
    const slots = { labels: new Map(this.#labels), onRelease: this.#onSlotsRelease.splice(0) };
    for (const slot of this.#slots) {
      clearSlot(slot);
      control.i32[(slot + STORE) >> 2] = nowhere();
    }
    this.#slots.length = 0;
    this.#labels.clear();
    return slots;
  }

  /** Takes slots that another store gave away. */
  adopt({ labels, onRelease }: Slots): void {
    this.#onSlotsRelease.push(...onRelease);
    for (const [slot, label] of labels) {
      control.i32[(slot + STORE) >> 2] = this.record;
      this.#slots.push(slot);
      this.#labels.set(slot, label);
    }
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
    if (this.failure === undefined) this.failure = failure;
    if (this.#ended) return;
    this.#ended = true;
    forgetFrames(this.failure);
    this.condemn();
    for (const callback of this.onEnd.splice(0)) callback();
    for (const watchers of [this.watchers, this.dependents]) {
      if (watchers.size === 0) continue;
      const trap = this.failure ?? this.deadTrap(undefined);
      for (const watcher of watchers) watcher.ended(trap);
      watchers.clear();
    }
    for (const listener of endListeners) listener(this);
  }

  /**
   * Calls `callback` when its place in the control memory is given back, since nothing that could call it is reachable any more: the
   * callback must not itself reach what is to become unreachable.
   */
  whenReleased(callback: () => void): void {
    this.#onRelease.push(callback);
  }

  /** The same for what belongs to its slots: it goes with them where they are given to another store. */
  whenSlotsReleased(callback: () => void): void {
    this.#onSlotsRelease.push(callback);
  }

  /** Gives its place in the control memory back; only when no call of it is on any stack. */
  release(): void {
    this.end(undefined);
    if (this.#released) return;
    this.#released = true;
    for (const slot of this.#slots) releaseTable(slot);
    for (const callback of [...this.#onSlotsRelease.splice(0), ...this.#onRelease.splice(0)]) callback();
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
    return makeTrap('store-dead', {
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
