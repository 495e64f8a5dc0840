/** The ends of streams and futures as guests hold them. Specification: CanonicalABI.md, `CopyEnd` and what derives from it. */
import { makeTrap, type Trap } from '../error/trap.ts';
import { invariant, unreachable } from '../util/invariant.ts';
import type { GuestBuffer } from './buffer.ts';
import { READABLE_FUTURE, READABLE_STREAM, WRITABLE_FUTURE, WRITABLE_STREAM } from './object-handles.ts';
import type { Payload } from './payload.ts';
import { COPY, type Copier, type CopyResult, type Shared } from './shared.ts';
import { storeOf } from './store.ts';
import { EVENT, type Event, Waitable } from './waitable.ts';

/** Specification: `CopyState`. */
type CopyState = 'idle' | 'copying' | 'cancelling' | 'done';

export type EndType = typeof READABLE_STREAM | typeof WRITABLE_STREAM | typeof READABLE_FUTURE | typeof WRITABLE_FUTURE;

function eventOf(type: EndType): number {
  switch (type) {
    case READABLE_STREAM:
      return EVENT.streamRead;
    case WRITABLE_STREAM:
      return EVENT.streamWrite;
    case READABLE_FUTURE:
      return EVENT.futureRead;
    case WRITABLE_FUTURE:
      return EVENT.futureWrite;
    default:
      return unreachable(type);
  }
}

/** Why an end that is done cannot do any more. */
const DONE: Readonly<Record<EndType, string>> = /* @__PURE__ */ (() => ({
  [READABLE_STREAM]: 'read from stream after being notified that the writable end dropped',
  [WRITABLE_STREAM]: 'write to stream after being notified that the readable end dropped',
  [READABLE_FUTURE]: 'read from future after previous read succeeded',
  [WRITABLE_FUTURE]: 'write to future after previous write succeeded or readable end dropped',
}))();

export class CopyEnd extends Waitable implements Copier<GuestBuffer> {
  readonly tableType: EndType;
  readonly shared: Shared;
  #state: CopyState = 'idle';
  /** The copy under way: whose it is, by which handle, between what, and how it ended. */
  #slot = 0;
  #index = 0;
  #buffer: GuestBuffer | undefined;
  #result: CopyResult = COPY.completed;

  constructor(tableType: EndType, shared: Shared) {
    super();
    this.tableType = tableType;
    this.shared = shared;
  }

  get what(): string {
    const { payload, what, readerSlot, writerSlot } = this.shared;
    const slot = this.#readable ? writerSlot : readerSlot;
    const who = slot === 0 ? 'the host' : (storeOf(slot)?.labelOf(slot) ?? 'a component that has ended');
    const type = `${what}${payload.type === undefined ? '' : `<${payload.name}>`}`;
    return `${who} to ${this.#readable ? 'write to' : 'read from'} a ${type}`;
  }

  get #readable(): boolean {
    return this.tableType === READABLE_STREAM || this.tableType === READABLE_FUTURE;
  }

  /** The built-in must be of the element type of the end. */
  mustCarry(payload: Payload): void {
    if (!this.shared.payload.equals(payload))
      throw makeTrap('element-type', {
        reason: `the ${this.shared.what} carries ${this.shared.payload.name}, expected ${payload.name}`,
      });
  }

  /** Traps unless it can begin to copy. */
  mustBeIdle(): void {
    if (this.#state === 'done') throw makeTrap('end-done', { reason: `cannot ${DONE[this.tableType]}` });
    if (this.#state !== 'idle')
      throw makeTrap('end-busy', { reason: 'cannot have concurrent operations active on a future/stream' });
  }

  /** Begins to copy; what comes of it is an event of the handle `index`. Specification: `stream_copy`, `future_copy`. */
  copy(slot: number, index: number, buffer: GuestBuffer): void {
    this.#state = 'copying';
    this.#slot = slot;
    this.#index = index;
    this.#buffer = buffer;
    if (this.#readable) this.shared.read(this);
    else this.shared.write(this);
  }

  get slot(): number {
    return this.#slot;
  }

  get buffer(): GuestBuffer {
    invariant(this.#buffer !== undefined, 'an end that copies');
    return this.#buffer;
  }

  copied(): void {
    this.done(COPY.completed);
  }

  done(result: CopyResult): void {
    this.#result = result;
    this.setPendingEvent();
  }

  protected deliver(): Event {
    const how = this.#result;
    const isFuture = this.shared.what === 'future';
    this.shared.reclaim(this);
    // Who has cancelled a stream's copy is told so, with what was copied before: the reference suite decides over the specification's text.
    const cancelled = this.#state === 'cancelling' && how === COPY.completed && !isFuture;
    const result = cancelled ? COPY.cancelled : how;
    const over = result === COPY.dropped || (isFuture && result === COPY.completed);
    this.#state = over ? 'done' : 'idle';
    const progress = isFuture ? 0 : this.buffer.progress;
    return [eventOf(this.tableType), this.#index, result | (progress << 4)];
  }

  /** Specification: `cancel_copy`, up to the wait for its event. */
  cancel(isAsync: boolean): void {
    if (this.#state !== 'copying' || this.hasSyncWaiter)
      throw makeTrap('end-done', {
        reason: `there is no ${this.#readable ? 'read' : 'write'} to cancel on the ${this.shared.what}`,
      });
    if (!isAsync) this.mustNotBeInSet();
    this.#state = 'cancelling';
    if (!this.hasPendingEvent) this.shared.cancel();
  }

  get #busy(): boolean {
    return this.#state === 'copying' || this.#state === 'cancelling';
  }

  /** Takes what it shares with the other end, for another component, with its handle gone. Specification: `lift_async_value`. */
  lift(): Shared {
    const { what } = this.shared;
    if (this.#busy) throw makeTrap('end-busy', { reason: `cannot remove busy ${what}` });
    if (this.#state === 'done') {
      const why = DONE[this.tableType].slice('read from '.length);
      throw makeTrap('end-done', { reason: `cannot lift ${why}` });
    }
    if (this.inWaitableSet)
      throw makeTrap('waitable-in-use', { reason: `cannot lift ${what} while it's in a waitable set` });
    this.leave();
    return this.shared;
  }

  /** Its handle is gone. Specification: `CopyEnd.drop`, `WritableFutureEnd.drop`. */
  drop(): void {
    if (this.tableType === WRITABLE_FUTURE && this.#state !== 'done' && !this.#busy) throw makeTrap('end-unwritten');
    // The reference implementation's words differ between the ends.
    if (this.#busy)
      throw makeTrap('end-busy', { reason: `cannot ${this.#readable ? 'remove' : 'drop'} busy ${this.shared.what}` });
    this.shared.drop();
    this.leave();
  }

  override abandon(failure: Trap): void {
    this.#state = 'done';
    super.abandon(failure);
    this.shared.drop(failure);
  }
}
