/**
 * Buffers, streams, futures and their ends. Specification: CanonicalABI.md, "Buffer State", "Stream State", "Future State".
 */
import type { ComponentInstance } from './state.ts';
import { specifies, type TrapName, trapIf } from './trap.ts';
import { alignment, alignTo, isNumber, size, type ValType } from './types.ts';
import { type Context, load, store, type Value } from './values.ts';
import { Waitable } from './waitable.ts';

const MAX_LENGTH = 2 ** 28 - 1;

/** A part of a guest's memory that elements are read from or written to, as many as fit. */
export class Buffer {
  readonly type: ValType | undefined;
  readonly length: number;
  progress = 0;
  readonly #cx: Context;
  #pointer: number;

  constructor(type: ValType | undefined, cx: Context, pointer: number, length: number) {
    trapIf(length > MAX_LENGTH, 'buffer-too-long');
    if (type !== undefined && length > 0) {
      trapIf(pointer !== alignTo(pointer, alignment(type)), 'buffer-unaligned');
      trapIf(pointer + length * size(type) > cx.inst.memory.byteLength, 'buffer-out-of-bounds');
    }
    this.type = type;
    this.length = length;
    this.#cx = cx;
    this.#pointer = pointer;
  }

  get remain(): number {
    return this.length - this.progress;
  }

  get isZeroLength(): boolean {
    return this.length === 0;
  }

  read(count: number): readonly Value[] {
    specifies(count <= this.remain, 'a buffer is read within its length');
    const values: Value[] = [];
    for (let i = 0; i < count; i++) values.push(this.type === undefined ? 0 : load(this.#cx, this.#next(), this.type));
    this.progress += count;
    return values;
  }

  write(values: readonly Value[]): void {
    specifies(values.length <= this.remain, 'a buffer is written within its length');
    if (this.type !== undefined) for (const value of values) store(this.#cx, value, this.type, this.#next());
    this.progress += values.length;
  }

  #next(): number {
    const at = this.#pointer;
    this.#pointer += this.type === undefined ? 0 : size(this.type);
    return at;
  }
}

export const COPY = { completed: 0, dropped: 1, cancelled: 2 } as const;

/** Called after elements have been copied, with what takes the buffer back. */
export type OnCopy = (reclaimBuffer: () => void) => void;
export type OnCopyDone = (result: number) => void;

interface Pending {
  readonly inst: ComponentInstance;
  readonly buffer: Buffer;
  readonly onCopy: OnCopy;
  readonly onCopyDone: OnCopyDone;
}

/** Where two ends meet: at most one of them waits, with its buffer. */
export abstract class Shared {
  readonly type: ValType | undefined;
  protected dropped = false;
  protected pending: Pending | undefined;

  constructor(type: ValType | undefined) {
    this.type = type;
  }

  abstract read(inst: ComponentInstance, buffer: Buffer, onCopy: OnCopy, onCopyDone: OnCopyDone): void;
  abstract write(inst: ComponentInstance, buffer: Buffer, onCopy: OnCopy, onCopyDone: OnCopyDone): void;

  /** Whether an end waits for the other. */
  get hasPending(): boolean {
    return this.pending !== undefined;
  }

  protected notifyPending(result: number): void {
    const { pending } = this;
    specifies(pending !== undefined, 'an end that is notified waits');
    this.pending = undefined;
    pending.onCopyDone(result);
  }

  cancel(): void {
    this.notifyPending(COPY.cancelled);
  }

  drop(): void {
    if (this.dropped) return;
    this.dropped = true;
    if (this.pending !== undefined) this.notifyPending(COPY.dropped);
  }

  protected mayMeet(inst: ComponentInstance, other: Pending): void {
    trapIf(inst === other.inst && this.type !== undefined && !isNumber(this.type), 'same-instance');
  }

  protected see(situation: string, inst: ComponentInstance): void {
    inst.store.saw(situation);
  }
}

export class SharedStream extends Shared {
  read(inst: ComponentInstance, buffer: Buffer, onCopy: OnCopy, onCopyDone: OnCopyDone): void {
    const { pending } = this;
    if (this.dropped) onCopyDone(COPY.dropped);
    else if (pending === undefined) this.pending = { inst, buffer, onCopy, onCopyDone };
    else {
      this.mayMeet(inst, pending);
      if (pending.buffer.remain > 0) {
        if (buffer.remain > 0) {
          this.see('stream: a read meets a write', inst);
          const count = Math.min(buffer.remain, pending.buffer.remain);
          buffer.write(pending.buffer.read(count));
          pending.onCopy(() => {
            this.pending = undefined;
          });
        } else this.see('stream: a read of nothing meets a write', inst);
        onCopyDone(COPY.completed);
      } else {
        this.see(
          `stream: a read meets ${pending.buffer.isZeroLength ? 'a write of nothing' : 'a written-out write'}`,
          inst,
        );
        this.notifyPending(COPY.completed);
        this.pending = { inst, buffer, onCopy, onCopyDone };
      }
    }
  }

  write(inst: ComponentInstance, buffer: Buffer, onCopy: OnCopy, onCopyDone: OnCopyDone): void {
    const { pending } = this;
    if (this.dropped) onCopyDone(COPY.dropped);
    else if (pending === undefined) this.pending = { inst, buffer, onCopy, onCopyDone };
    else {
      this.mayMeet(inst, pending);
      if (pending.buffer.remain > 0) {
        if (buffer.remain > 0) {
          this.see('stream: a write meets a read', inst);
          const count = Math.min(buffer.remain, pending.buffer.remain);
          pending.buffer.write(buffer.read(count));
          pending.onCopy(() => {
            this.pending = undefined;
          });
        } else this.see('stream: a write of nothing meets a read', inst);
        onCopyDone(COPY.completed);
      } else if (buffer.isZeroLength && pending.buffer.isZeroLength) {
        this.see('stream: a write of nothing meets a read of nothing', inst);
        onCopyDone(COPY.completed);
      } else {
        this.see(`stream: a write meets ${pending.buffer.isZeroLength ? 'a read of nothing' : 'a filled read'}`, inst);
        this.notifyPending(COPY.completed);
        this.pending = { inst, buffer, onCopy, onCopyDone };
      }
    }
  }
}

export class SharedFuture extends Shared {
  read(inst: ComponentInstance, buffer: Buffer, onCopy: OnCopy, onCopyDone: OnCopyDone): void {
    const { pending } = this;
    specifies(!this.dropped, 'a future that is read has been written or will be');
    if (pending === undefined) this.pending = { inst, buffer, onCopy, onCopyDone };
    else {
      this.mayMeet(inst, pending);
      this.see('future: a read meets a write', inst);
      buffer.write(pending.buffer.read(1));
      this.notifyPending(COPY.completed);
      onCopyDone(COPY.completed);
    }
  }

  write(inst: ComponentInstance, buffer: Buffer, onCopy: OnCopy, onCopyDone: OnCopyDone): void {
    const { pending } = this;
    if (this.dropped) onCopyDone(COPY.dropped);
    else if (pending === undefined) this.pending = { inst, buffer, onCopy, onCopyDone };
    else {
      this.mayMeet(inst, pending);
      this.see('future: a write meets a read', inst);
      pending.buffer.write(buffer.read(1));
      this.notifyPending(COPY.completed);
      onCopyDone(COPY.completed);
    }
  }
}

export type CopyState = 'idle' | 'copying' | 'cancelling' | 'done';
export type EndKind = 'stream-read' | 'stream-write' | 'future-read' | 'future-write';

/** One end of a stream or future, as the handle that a guest has. */
export class CopyEnd extends Waitable {
  readonly kind: EndKind;
  readonly shared: Shared;
  state: CopyState = 'idle';

  constructor(kind: EndKind, shared: Shared) {
    super();
    this.kind = kind;
    this.shared = shared;
  }

  get copying(): boolean {
    return this.state === 'copying' || this.state === 'cancelling';
  }

  get readable(): boolean {
    return this.kind === 'stream-read' || this.kind === 'future-read';
  }

  copy(inst: ComponentInstance, buffer: Buffer, onCopy: OnCopy, onCopyDone: OnCopyDone): void {
    if (this.readable) this.shared.read(inst, buffer, onCopy, onCopyDone);
    else this.shared.write(inst, buffer, onCopy, onCopyDone);
  }

  /** What the trap is called where the end is no longer idle. */
  get busyTrap(): TrapName {
    return this.state === 'done' ? `${this.kind}-done` : 'end-busy';
  }

  override drop(): void {
    trapIf(this.kind === 'future-write' && this.state !== 'done', 'future-unwritten');
    trapIf(this.copying, 'drop-busy');
    this.shared.drop();
    super.drop();
  }
}
