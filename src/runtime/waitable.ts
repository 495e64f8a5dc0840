/**
 * Waitables, their events, and sets of them. Specification: CanonicalABI.md, "Waitable State".
 * An event is composed when it is delivered: what has happened since counts.
 */
import { makeTrap, type Trap } from '../error/trap.ts';
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

export const NO_EVENT: Event = [EVENT.none, 0, 0];
export const CANCELLED_EVENT: Event = [EVENT.taskCancelled, 0, 0];

export abstract class Waitable implements HandleObject {
  abstract readonly tableType: number;
  #pending: (() => Event) | undefined;
  #set: WaitableSet | undefined;
  /** The thread that waits for it without a set. */
  #waiter: Activity | undefined;

  get hasPendingEvent(): boolean {
    return this.#pending !== undefined;
  }

  /** What its next event stands for, in words for messages about deadlocks. */
  abstract get awaited(): string;

  get inWaitableSet(): boolean {
    return this.#set !== undefined;
  }

  get hasSyncWaiter(): boolean {
    return this.#waiter !== undefined;
  }

  /** Something has happened; of what has not been delivered, only the last counts. */
  setPendingEvent(event: () => Event): void {
    this.#pending = event;
    if (this.#waiter !== undefined) scheduler.enqueue(this.#waiter);
    this.#set?.eventOf(this);
  }

  /** Delivers the event. */
  getPendingEvent(): Event {
    const event = this.#pending;
    invariant(event !== undefined, 'an event is pending');
    this.#pending = undefined;
    this.#set?.deliveredOf(this);
    return event();
  }

  /** A thread waits for the next event of this alone, or does so no more. */
  waitedBy(waiter: Activity | undefined): void {
    this.#waiter = waiter;
  }

  /** Moves it into a set, or out of any. */
  join(set: WaitableSet | undefined): void {
    if (this.#waiter !== undefined)
      throw makeTrap('waitable-in-use', {
        reason: 'waitable cannot be used synchronously while added to a waitable set: a thread waits for it',
      });
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
    this.#pending = undefined;
  }

  abandon(_failure: Trap): void {
    this.leave();
  }
}

export class WaitableSet implements HandleObject {
  readonly tableType = WAITABLE_SET;
  readonly #elements = new Set<Waitable>();
  /** Those with an event, in the order in which it came; made for the first. */
  #pending: Set<Waitable> | undefined;
  #waiters: readonly Activity[] = [];

  get hasPendingEvent(): boolean {
    return this.#pending !== undefined && this.#pending.size > 0;
  }

  /** What a thread waits for that waits for this set, in words for messages about deadlocks. */
  get awaited(): string {
    const [first, second, third, ...more] = this.#elements;
    if (first === undefined) return 'an event of an empty waitable set';
    const named = [first, second, third].flatMap((waitable) => waitable?.awaited ?? []).join(' or ');
    return more.length === 0 ? named : `${named} or ${more.length} more`;
  }

  add(waitable: Waitable): void {
    this.#elements.add(waitable);
    if (waitable.hasPendingEvent) this.eventOf(waitable);
  }

  remove(waitable: Waitable): void {
    this.#elements.delete(waitable);
    this.#pending?.delete(waitable);
  }

  eventOf(waitable: Waitable): void {
    this.#pending ??= new Set();
    this.#pending.add(waitable);
    for (const waiter of this.#waiters) scheduler.enqueue(waiter);
  }

  deliveredOf(waitable: Waitable): void {
    this.#pending?.delete(waitable);
  }

  getPendingEvent(): Event {
    const [first] = this.#pending ?? [];
    invariant(first !== undefined, 'an event is pending');
    return first.getPendingEvent();
  }

  waitedBy(waiter: Activity): void {
    if (!this.#waiters.includes(waiter)) this.#waiters = [...this.#waiters, waiter];
  }

  leftBy(waiter: Activity): void {
    this.#waiters = this.#waiters.filter((other) => other !== waiter);
  }

  /** `canon waitable-set.drop`, with its handle gone. */
  drop(): void {
    if (this.#elements.size > 0)
      throw makeTrap('waitable-in-use', { reason: 'cannot drop waitable set that still has waitables in it' });
    if (this.#waiters.length > 0)
      throw makeTrap('waitable-in-use', { reason: 'cannot drop waitable set with waiters' });
  }
}
