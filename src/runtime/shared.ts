/**
 * What both ends of a stream or future share: at most one side waits with its buffer, and the other copies when it comes. Specification:
 * CanonicalABI.md, `SharedStreamImpl`, `SharedFutureImpl`.
 */
import { makeTrap, type Trap } from '../error/trap.ts';
import { type Buffer, copy, type GuestBuffer, type HostSink, type HostSource } from './buffer.ts';
import type { Payload } from './payload.ts';

/** Specification: `CopyResult`. */
export const COPY = { completed: 0, dropped: 1, cancelled: 2 } as const;
export type CopyResult = (typeof COPY)[keyof typeof COPY];

/** One side that copies. */
export interface Copier<B extends Buffer = Buffer> {
  /** The instance, or undefined for the host. */
  readonly slot: number | undefined;
  readonly buffer: B;
  /** Elements were copied while it waited; it goes on waiting until {@link Shared.reclaim}. */
  copied(): void;
  /** The copy is over. */
  done(result: CopyResult): void;
}

type Source = GuestBuffer | HostSource;
type Sink = GuestBuffer | HostSink;

export abstract class Shared {
  readonly payload: Payload;
  abstract readonly what: 'stream' | 'future';
  /** Slots of the instances that hold the ends, for messages; 0: the host. */
  readerSlot = 0;
  writerSlot = 0;
  /** Why one end is gone, where its holder's store has ended. */
  failure: Trap | undefined;
  #dropped = false;
  #listeners: (() => void)[] = [];
  protected pending: Copier | undefined;

  constructor(payload: Payload) {
    this.payload = payload;
  }

  get dropped(): boolean {
    return this.#dropped;
  }

  /** Takes the buffer of the side that waits back. */
  reclaim(copier: Copier): void {
    if (this.pending === copier) this.pending = undefined;
  }

  protected notifyPending(result: CopyResult): void {
    const { pending } = this;
    this.pending = undefined;
    pending?.done(result);
  }

  /** The side that waits does not want to any more. */
  cancel(): void {
    this.notifyPending(COPY.cancelled);
  }

  /** One end is gone; with why, where its holder's store has ended. */
  drop(failure?: Trap): void {
    if (this.#dropped) return;
    this.#dropped = true;
    this.failure = failure;
    if (this.pending !== undefined) this.notifyPending(COPY.dropped);
    for (const listener of this.#listeners.splice(0)) listener();
  }

  /** Calls `listener` once an end is gone. For the host, which holds no handle that could be told; answers what takes it back. */
  whenDropped(listener: () => void): () => void {
    this.#listeners.push(listener);
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  /** Within one instance only numbers are copied, for now. */
  protected mustBeApart(copier: Copier): void {
    if (copier.slot !== undefined && copier.slot === this.pending?.slot && !this.payload.isNumber)
      throw makeTrap('same-instance-copy', { reason: `cannot read from and write to intra-component ${this.what}` });
  }

  abstract read(reader: Copier<Sink>): void;
  abstract write(writer: Copier<Source>): void;
}

export class SharedStream extends Shared {
  readonly what = 'stream';

  read(reader: Copier<Sink>): void {
    const { pending } = this;
    if (this.dropped) reader.done(COPY.dropped);
    else if (pending === undefined) this.pending = reader;
    else {
      this.mustBeApart(reader);
      if (pending.buffer.remain > 0) this.#copy(pending.buffer as Source, reader.buffer, reader);
      else this.#takeOver(reader);
    }
  }

  write(writer: Copier<Source>): void {
    const { pending } = this;
    if (this.dropped) writer.done(COPY.dropped);
    else if (pending === undefined) this.pending = writer;
    else {
      this.mustBeApart(writer);
      if (pending.buffer.remain > 0) this.#copy(writer.buffer, pending.buffer as Sink, writer);
      // A writer of nothing learns that a reader is there; the reader goes on waiting.
      else if (writer.buffer.length === 0 && pending.buffer.length === 0) writer.done(COPY.completed);
      else this.#takeOver(writer);
    }
  }

  #copy(from: Source, to: Sink, newcomer: Copier): void {
    const count = Math.min(from.remain, to.remain);
    if (count > 0) {
      copy(from, to, count);
      this.pending?.copied();
    }
    newcomer.done(COPY.completed);
  }

  /** The side that waits has nothing left; the newcomer waits in its place. */
  #takeOver(newcomer: Copier): void {
    this.notifyPending(COPY.completed);
    this.pending = newcomer;
  }
}

export class SharedFuture extends Shared {
  readonly what = 'future';

  read(reader: Copier<Sink>): void {
    const { pending } = this;
    if (pending !== undefined) this.#meet(pending.buffer as Source, reader.buffer, reader);
    // Only where the writer's store has ended: a future is not dropped before it is written.
    else if (this.dropped) reader.done(COPY.dropped);
    else this.pending = reader;
  }

  write(writer: Copier<Source>): void {
    const { pending } = this;
    if (this.dropped) writer.done(COPY.dropped);
    else if (pending === undefined) this.pending = writer;
    else this.#meet(writer.buffer, pending.buffer as Sink, writer);
  }

  #meet(from: Source, to: Sink, newcomer: Copier): void {
    this.mustBeApart(newcomer);
    copy(from, to, 1);
    this.notifyPending(COPY.completed);
    newcomer.done(COPY.completed);
  }
}
