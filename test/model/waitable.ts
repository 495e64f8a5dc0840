/** Waitables, sets of them, subtasks. Specification: CanonicalABI.md, "Waitable State", "Subtask State". */
import type { ResourceHandle } from './resource.ts';
import type { Store } from './state.ts';
import type { Blocking, OnCancel } from './thread.ts';
import { specifies, trapIf } from './trap.ts';
import type { CoreValue } from './types.ts';

export const EVENT = {
  none: 0,
  subtask: 1,
  streamRead: 2,
  streamWrite: 3,
  futureRead: 4,
  futureWrite: 5,
  taskCancelled: 6,
} as const;

export type EventTuple = readonly [code: number, p1: number, p2: number];

export const NO_EVENT: EventTuple = [EVENT.none, 0, 0];
export const CANCELLED_EVENT: EventTuple = [EVENT.taskCancelled, 0, 0];

/** One event at most is pending; what it says is found when it is delivered. */
export class Waitable {
  pendingEvent: (() => EventTuple) | undefined;
  wset: WaitableSet | undefined;
  hasSyncWaiter = false;

  setPendingEvent(event: () => EventTuple): void {
    this.pendingEvent = event;
  }

  get hasPendingEvent(): boolean {
    return this.pendingEvent !== undefined;
  }

  get inWaitableSet(): boolean {
    return this.wset !== undefined;
  }

  *waitForPendingEvent(store: Store, until = (): boolean => this.hasPendingEvent): Blocking<void> {
    specifies(!this.inWaitableSet && !this.hasSyncWaiter, 'one waits for a waitable in one way only');
    this.hasSyncWaiter = true;
    yield* store.currentThread.waitUntil(until);
    this.hasSyncWaiter = false;
  }

  getPendingEvent(): EventTuple {
    const event = this.pendingEvent;
    specifies(event !== undefined, 'an event that is delivered is pending');
    this.pendingEvent = undefined;
    return event();
  }

  join(wset: WaitableSet | undefined): void {
    specifies(!this.hasSyncWaiter, 'a waitable that joins has no synchronous waiter');
    if (this.wset !== undefined) this.wset.elems.splice(this.wset.elems.indexOf(this), 1);
    this.wset = wset;
    wset?.elems.push(this);
  }

  drop(): void {
    specifies(!this.hasPendingEvent && !this.hasSyncWaiter, 'nobody waits for a waitable that is dropped');
    this.join(undefined);
  }
}

export class WaitableSet {
  readonly elems: Waitable[] = [];
  numWaiting = 0;

  get hasPendingEvent(): boolean {
    return this.elems.some((waitable) => waitable.hasPendingEvent);
  }

  getPendingEvent(store: Store): EventTuple {
    const candidates = this.elems.filter((waitable) => waitable.hasPendingEvent);
    specifies(candidates.length > 0, 'a set that delivers an event has one');
    const { handles } = store.currentInstance;
    const chosen = store.choices.event(candidates.map((waitable) => handles.indexOf(waitable)));
    return candidates.find((waitable) => handles.indexOf(waitable) === chosen)?.getPendingEvent() ?? NO_EVENT;
  }

  *waitForEventAnd(store: Store, readyFunc: () => boolean, cancellable: boolean): Blocking<EventTuple> {
    this.numWaiting++;
    const cancelled = yield* store.currentThread.waitUntil(() => readyFunc() && this.hasPendingEvent, cancellable);
    const event = cancelled ? CANCELLED_EVENT : this.getPendingEvent(store);
    this.numWaiting--;
    return event;
  }

  poll(store: Store, cancellable: boolean): EventTuple {
    if (store.currentThread.task.deliverPendingCancel(cancellable)) return CANCELLED_EVENT;
    return this.hasPendingEvent ? this.getPendingEvent(store) : NO_EVENT;
  }

  drop(): void {
    trapIf(this.elems.length > 0, 'set-not-empty');
    trapIf(this.numWaiting > 0, 'set-has-waiters');
  }
}

export const SUBTASK = {
  starting: 0,
  started: 1,
  returned: 2,
  cancelledBeforeStarted: 3,
  cancelledBeforeReturned: 4,
} as const;

export class Subtask extends Waitable {
  state: number = SUBTASK.starting;
  onCancel: OnCancel | undefined;
  cancellationRequested = false;
  flatResults: readonly CoreValue[] = [];
  #lenders: ResourceHandle[] | undefined = [];

  get resolved(): boolean {
    return this.state >= SUBTASK.returned;
  }

  addLender(handle: ResourceHandle): void {
    specifies(this.#lenders !== undefined && !this.resolved, 'a subtask that borrows is under way');
    handle.numLends++;
    this.#lenders.push(handle);
  }

  resolve(state: number, flatResults: readonly CoreValue[]): void {
    specifies(!this.resolved, 'a subtask resolves once');
    this.state = state;
    this.flatResults = flatResults;
  }

  deliverResolve(): void {
    specifies(this.#lenders !== undefined && this.resolved, 'a resolution is delivered once');
    for (const handle of this.#lenders) handle.numLends--;
    this.#lenders = undefined;
  }

  get resolveDelivered(): boolean {
    return this.#lenders === undefined;
  }

  override drop(): void {
    trapIf(!this.resolveDelivered, 'subtask-unresolved');
    super.drop();
  }
}
