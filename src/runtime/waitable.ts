/**
 * Waitables, their events, and sets of them. Specification: CanonicalABI.md, "Waitable State".
 * An event is composed when it is delivered: what has happened since counts.
 */
import { makeTrap, type Trap } from '../error/trap.ts';
import { Few } from '../util/few.ts';
import { invariant } from '../util/invariant.ts';
import { type HandleObject, WAITABLE_SET } from './object-handles.ts';
import { type Activity, scheduler } from './scheduler.ts';

/** Specification: `EventCode`. */
export const EVENT = {
  none: 0,
  subtask: 1,
  streamRead: 2,
  streamWrite: 3,
  futureRead: 4,
  futureWrite: 5,
  taskCancelled: 6,
} as const;

/** Code and two payloads. */
export type Event = readonly [code: number, p1: number, p2: number];

export const NO_EVENT: Event = /* @__PURE__ */ eventOf('none');
export const CANCELLED_EVENT: Event = /* @__PURE__ */ eventOf('taskCancelled');

function eventOf(name: 'none' | 'taskCancelled'): Event {
  return [EVENT[name], 0, 0];
}

/** Waitables that a message lists at most. */
const MAX_LISTED = 4;

export abstract class Waitable implements HandleObject {
  abstract readonly tableType: number;
  /** What it is that may come, in words for messages about deadlocks. */
  abstract readonly what: string;
  #pending = false;
  #set: WaitableSet | undefined;
  /** The thread that waits for it without a set. */
  #waiter: Activity | undefined;

  get hasPendingEvent(): boolean {
    return this.#pending;
  }

  get inWaitableSet(): boolean {
    return this.#set !== undefined;
  }

  get hasSyncWaiter(): boolean {
    return this.#waiter !== undefined;
  }

  /** The event as it is now that it is delivered. */
  protected abstract deliver(): Event;

  /** Something has happened; of what has not been delivered, only the last counts. */
  setPendingEvent(): void {
    this.#pending = true;
    if (this.#waiter !== undefined) scheduler.enqueue(this.#waiter);
    this.#set?.eventOf(this);
  }

  /** Delivers the event. */
  getPendingEvent(): Event {
    invariant(this.#pending, 'an event is pending');
    this.#pending = false;
    this.#set?.deliveredOf(this);
    return this.deliver();
  }

  /** A thread waits for the next event of this alone, or does so no more. */
  waitedBy(waiter: Activity | undefined): void {
    this.#waiter = waiter;
  }

  /** Traps while a thread waits for it without a set. */
  mustNotBeWaitedFor(): void {
    if (this.#waiter !== undefined)
      throw makeTrap('waitable-in-use', {
        reason: 'waitable cannot be used synchronously while added to a waitable set: a thread waits for it',
      });
  }

  /** Moves it into a set, or out of any. */
  join(set: WaitableSet | undefined): void {
    this.#set?.remove(this);
    this.#set = set;
    set?.add(this);
  }

  /** Traps where a synchronous wait would take events away from a set. */
  mustNotBeInSet(): void {
    if (this.#set !== undefined)
      throw makeTrap('waitable-in-use', {
        reason: 'waitable cannot be used synchronously while added to a waitable set',
      });
  }

  /** The handle is gone. */
  leave(): void {
    this.#set?.remove(this);
    this.#set = undefined;
    this.#pending = false;
  }

  abandon(_failure: Trap): void {
    this.leave();
  }
}

function wake(waiter: Activity): boolean {
  scheduler.enqueue(waiter);
  return false;
}

export class WaitableSet implements HandleObject {
  readonly tableType = WAITABLE_SET;
  readonly #elements = new Set<Waitable>();
  /** Those with an event, in the order in which it came. */
  readonly #pending = new Few<Waitable>();
  readonly #waiters = new Few<Activity>();

  get hasPendingEvent(): boolean {
    return !this.#pending.isEmpty;
  }

  /** What whoever waits for it waits for. */
  get what(): string {
    const names = Array.from(this.#elements, ({ what }) => what);
    const listed = names.slice(0, MAX_LISTED).join(', ');
    const more = names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : '';
    return `an event of its waitable set (${listed === '' ? 'which is empty' : listed}${more})`;
  }

  add(waitable: Waitable): void {
    this.#elements.add(waitable);
    if (waitable.hasPendingEvent) this.eventOf(waitable);
  }

  remove(waitable: Waitable): void {
    this.#elements.delete(waitable);
    this.#pending.delete(waitable);
  }

  eventOf(waitable: Waitable): void {
    this.#pending.add(waitable);
    this.#waiters.some(wake);
  }

  deliveredOf(waitable: Waitable): void {
    this.#pending.delete(waitable);
  }

  getPendingEvent(): Event {
    const { first } = this.#pending;
    invariant(first !== undefined, 'an event is pending');
    return first.getPendingEvent();
  }

  waitedBy(waiter: Activity): void {
    this.#waiters.add(waiter);
  }

  leftBy(waiter: Activity): void {
    this.#waiters.delete(waiter);
  }

  /** `canon waitable-set.drop`, with its handle gone. */
  drop(): void {
    if (this.#elements.size > 0)
      throw makeTrap('waitable-in-use', { reason: 'cannot drop waitable set that still has waitables in it' });
    if (!this.#waiters.isEmpty) throw makeTrap('waitable-in-use', { reason: 'cannot drop waitable set with waiters' });
  }
}
