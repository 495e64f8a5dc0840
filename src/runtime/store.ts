/**
 * A store: the unit of failure and of ownership. One per root instantiation; a trap ends it. Holds the slots of its component
 * instances in the control memory. Specification: Explainer, "Component Invariants" (lockdown is ours: the whole store).
 */
import { makeTrap, type Trap } from '../error/trap.ts';
import {
  CALL_LIMIT,
  CALL_STACK,
  CALL_TOP,
  control,
  ENTRY_SIZE,
  MAY_LEAVE,
  SLOT_SIZE,
  STORE,
  STORE_SIZE,
  TABLE,
  TABLE_CAPACITY,
} from './control.ts';

/** Counters that tell how a store's calls were carried. */
export interface StoreStats {
  /** Calls between components, or over the host's border, that the interpreter carried. */
  readonly interpreted: number;
  /** With the flavour `counted`: calls between components, by path. */
  readonly calls: Readonly<Record<string, number>>;
}

const storesByRecord = new Map<number, Store>();

let storeEnded: () => void = () => {};

/** Installs what is told of every store that ends. */
export function onStoreEnd(listener: () => void): void {
  storeEnded = listener;
}

/** The store whose record is at `address`. */
export function storeAt(address: number): Store | undefined {
  return storesByRecord.get(address);
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

export class Store {
  readonly counters = new Counters();
  /** Byte address of the record in the control memory. */
  readonly record: number;
  /** Calls that the interpreter carried. */
  interpreted = 0;
  /** What ended it. */
  failure: Trap | undefined;
  /** Called once when the store dies or is disposed. */
  readonly onEnd: (() => void)[] = [];
  readonly #slots: number[] = [];
  readonly #labels = new Map<number, string>();
  #ended = false;
  #released = false;

  constructor() {
    this.record = control.allocate(STORE_SIZE);
    storesByRecord.set(this.record, this);
  }

  get stats(): StoreStats {
    return { interpreted: this.interpreted, calls: this.counters.read() };
  }

  /** True while calls may enter. */
  get alive(): boolean {
    return !this.#ended;
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

  /** Ends the store: nothing enters it any more. The first reason stays. */
  end(failure: Trap | undefined): void {
    if (this.failure === undefined) this.failure = failure;
    if (this.#ended) return;
    this.#ended = true;
    control.i32[this.record >> 2] = 1;
    for (const callback of this.onEnd.splice(0)) callback();
    storeEnded();
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
    for (const slot of this.#slots) control.release(slot, SLOT_SIZE);
    this.#slots.length = 0;
    storesByRecord.delete(this.record);
    control.release(this.record, STORE_SIZE);
  }

  /** The trap that a call into an ended store gets. */
  deadTrap(path: string | undefined): Trap {
    const because = this.failure === undefined ? 'it was disposed' : `it trapped before: ${this.failure.reason}`;
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
  const s = control.i32;
  const top = Math.min(s[CALL_TOP >> 2] ?? CALL_STACK, CALL_LIMIT);
  const labels: string[] = [];
  for (let frame = base; frame < top && labels.length < 50; frame += 4) {
    const slot = s[frame >> 2] ?? 0;
    labels.push(storesByRecord.get(s[(slot + STORE) >> 2] ?? 0)?.labelOf(slot) ?? 'component');
  }
  return labels;
}

/** Ends every store that has a frame on the current call stack at or above `base`. */
export function endStoresAbove(base: number, failure: Trap | undefined): void {
  const s = control.i32;
  const top = Math.min(s[CALL_TOP >> 2] ?? CALL_STACK, CALL_LIMIT);
  for (let frame = base; frame < top; frame += 4) {
    const slot = s[frame >> 2] ?? 0;
    storesByRecord.get(s[(slot + STORE) >> 2] ?? 0)?.end(failure);
  }
}
