/** Subtasks: calls under way as the caller sees them. Specification: CanonicalABI.md, "Subtask State". */
import type { Flat } from '../abi/js/border.ts';
import { makeTrap } from '../error/trap.ts';
import { invariant } from '../util/invariant.ts';
import { SUBTASK } from './object-handles.ts';
import { EVENT, type Event, Waitable } from './waitable.ts';

/** Specification: `Subtask.State`. */
export const SUBTASK_STATE = {
  starting: 0,
  started: 1,
  returned: 2,
  cancelledBeforeStarted: 3,
  cancelledBeforeReturned: 4,
} as const;

// Shared: of many calls that wait, none needs arrays of its own.
const NOBODY: readonly (() => void)[] = [];
const NOTHING: readonly Flat[] = [];

export class Subtask extends Waitable {
  readonly tableType = SUBTASK;
  /** For messages. */
  readonly path: string;
  state: number = SUBTASK_STATE.starting;
  cancellationRequested = false;
  /** What {@link requestEnd} does. */
  onCancel: (() => void) | undefined;
  #resolved: readonly (() => void)[] = NOBODY;
  /** Core results of a synchronous lower. */
  flat: readonly Flat[] = NOTHING;
  #index = 0;
  #lends: readonly (() => void)[] = NOBODY;
  #delivered = false;

  constructor(path: string) {
    super();
    this.path = path;
  }

  get what(): string {
    return `the result of ${this.path}`;
  }

  get resolved(): boolean {
    return this.state >= SUBTASK_STATE.returned;
  }

  /** It has a handle from now on, whose waiters are told of progress. */
  handle(index: number): void {
    this.#index = index;
  }

  /** Remembers what the call lends until its end is delivered. */
  lends(giveBack: () => void): void {
    invariant(!this.#delivered, 'lends end when the resolution is delivered');
    this.#lends = [...this.#lends, giveBack];
  }

  started(): void {
    this.state = SUBTASK_STATE.started;
    this.#progress();
  }

  /** The callee has returned, or was cancelled where `flat` is undefined. */
  resolve(flat: readonly Flat[] | undefined): void {
    if (flat !== undefined) this.state = SUBTASK_STATE.returned;
    else if (this.state === SUBTASK_STATE.starting) this.state = SUBTASK_STATE.cancelledBeforeStarted;
    else this.state = SUBTASK_STATE.cancelledBeforeReturned;
    this.flat = flat ?? NOTHING;
    this.#progress();
    for (const listener of this.#resolved) listener();
  }

  /** Calls `listener` when it is resolved, for who is not told by its event. */
  whenResolved(listener: () => void): void {
    this.#resolved = [...this.#resolved, listener];
  }

  /** Asks the callee to end early; what must go on before the caller does is on the scheduler then. */
  requestEnd(): void {
    this.onCancel?.();
  }

  #progress(): void {
    if (this.#index !== 0) this.setPendingEvent();
  }

  protected deliver(): Event {
    if (this.resolved) this.deliverResolve();
    return [EVENT.subtask, this.#index, this.state];
  }

  get resolveDelivered(): boolean {
    return this.#delivered;
  }

  /** Specification: `Subtask.deliver_resolve`. */
  deliverResolve(): void {
    const lends = this.#lends;
    this.#lends = NOBODY;
    this.#delivered = true;
    for (const giveBack of lends) giveBack();
  }

  /** `canon subtask.drop`, with its handle gone. */
  drop(): void {
    if (!this.resolveDelivered)
      throw makeTrap('subtask-unresolved', { reason: 'cannot drop a subtask which has not yet resolved' });
    this.leave();
  }
}
