/**
 * What one side of a copy offers: a range of a guest's memory, or values of the host. Specification: CanonicalABI.md, "Buffer State".
 * Values that are the same bytes on both sides are copied in one go; others are loaded and stored one by one.
 */
import type { AbiContext } from '../abi/context.ts';
import { pointerSize } from '../abi/flatten.ts';
import { load } from '../abi/load.ts';
import { checkRange, memoryOf } from '../abi/memory.ts';
import { store } from '../abi/store.ts';
import type { AbiValue } from '../abi/values.ts';
import { makeTrap, trapIf } from '../error/trap.ts';
import { invariant } from '../util/invariant.ts';
import { control, MAY_LEAVE } from './control.ts';
import type { Payload } from './payload.ts';

/** Specification: `Buffer.MAX_LENGTH`. */
const MAX_LENGTH = 0xfff_ffff;

const NO_BYTES = /* @__PURE__ */ new Uint8Array(0);

export type Buffer = GuestBuffer | HostSource | HostSink;

/** A range of elements in a guest's memory. */
export class GuestBuffer {
  readonly kind = 'guest';
  readonly payload: Payload;
  readonly context: AbiContext;
  /** Of the instance whose memory it is. */
  readonly slot: number;
  readonly length: number;
  progress = 0;
  #pointer: number;
  readonly #size: number;

  constructor(payload: Payload, context: AbiContext, slot: number, pointer: number, length: number) {
    if (length > MAX_LENGTH) throw makeTrap('buffer-too-long');
    this.payload = payload;
    this.context = context;
    this.slot = slot;
    this.length = length;
    this.#pointer = pointer;
    this.#size = 0;
    if (payload.type === undefined || length === 0) return;
    const { align, size } = payload.layout(pointerSize(context.options));
    trapIf(pointer % align !== 0, 'unaligned-pointer');
    checkRange(memoryOf(context), pointer, length * size, 'memory-out-of-bounds');
    this.#size = size;
  }

  get remain(): number {
    return this.length - this.progress;
  }

  /** The next `count` elements as bytes, for reading, and goes on behind them. */
  bytes(count: number): Uint8Array<ArrayBuffer> {
    const from = this.#pointer;
    if (this.#size === 0) {
      this.#advance(count);
      return NO_BYTES;
    }
    this.#advance(count);
    return memoryOf(this.context).u8.subarray(from, this.#pointer);
  }

  /** Writes the bytes of the next `count` elements, and goes on behind them. */
  take(bytes: Uint8Array, count: number): void {
    if (this.#size > 0) memoryOf(this.context).u8.set(bytes, this.#pointer);
    this.#advance(count);
  }

  #advance(count: number): void {
    this.#pointer += count * this.#size;
    this.progress += count;
  }

  /** Hands each of the next `count` elements' addresses to `each`, and goes on behind them. */
  walk(count: number, each: (pointer: number) => void): void {
    for (let i = 0; i < count; i++) each(this.#pointer + i * this.#size);
    this.#advance(count);
  }

  /** Does `body` while the instance may not leave: what stores may call `realloc`. */
  storing(body: () => void): void {
    const leave = (this.slot + MAY_LEAVE) >> 2;
    control.i32[leave] = 0;
    body();
    control.i32[leave] = 1;
  }
}

/** Values that the host gives. */
export interface HostSource {
  readonly kind: 'source';
  readonly length: number;
  progress: number;
  readonly remain: number;
  /** The next elements as bytes of plain values, if it has them so. */
  bytes(count: number): Uint8Array | undefined;
  /** Stores the next elements into a guest's buffer, one by one. */
  give(count: number, to: GuestBuffer): void;
  /** The next elements as JavaScript values, for another host. */
  take(count: number): unknown;
}

/** Where the host takes values. */
export interface HostSink {
  readonly kind: 'sink';
  readonly length: number;
  progress: number;
  readonly remain: number;
  /** Takes the next elements of a guest's buffer, or of the host's own. */
  accept(count: number, from: GuestBuffer | HostSource): void;
}

/** Copies the next `count` elements. */
export function copy(from: GuestBuffer | HostSource, to: GuestBuffer | HostSink, count: number): void {
  if (to.kind === 'sink') {
    to.accept(count, from);
    return;
  }
  if (from.kind === 'source') {
    const bytes = to.payload.isPlain ? from.bytes(count) : undefined;
    if (bytes !== undefined) to.take(bytes, count);
    else to.storing(() => from.give(count, to));
    return;
  }
  if (from.payload.isPlain) {
    to.take(from.bytes(count), count);
    return;
  }
  const { type } = from.payload;
  const target = to.payload.type;
  invariant(type !== undefined && target !== undefined, 'what is not plain has a type');
  const values: AbiValue[] = [];
  from.walk(count, (pointer) => values.push(load(from.context, type, pointer)));
  let next = 0;
  to.storing(() => to.walk(count, (pointer) => store(to.context, target, values[next++]!, pointer)));
}
