/**
 * What the host offers in one write: a chunk of a stream, or the value of a future. Its form is checked when it is offered; resources and
 * streams in it stay the host's until a guest takes them.
 */
import { type NumberArray, numberKind, TYPED_ARRAYS } from '../abi/js/typed-array.ts';
import { store } from '../abi/store.ts';
import type { AbiValue } from '../abi/values.ts';
import { ValueError } from '../error/error.ts';
import { isTrap, makeTrap, type Trap } from '../error/trap.ts';
import { invariant } from '../util/invariant.ts';
import type { GuestBuffer, HostSource } from './buffer.ts';
import { isGuestFailure, messageOf } from './failure.ts';
import { type HandleConversion, handlesFromHost, valueFromHost, valueToHost } from './host-values.ts';
import type { Payload } from './payload.ts';

/** The trap of a wrong value at `path`. */
export function wrongValue(what: string, path: string, error: unknown): Trap {
  if (isTrap(error)) return error;
  return makeTrap('host-value', { reason: `${what} gave a wrong value: ${messageOf(error)}`, path, cause: error });
}

/** Throws a ValueError unless the value of a future fits. */
export function checkValue(payload: Payload, value: unknown, path: string, conversion: HandleConversion): void {
  if (payload.type !== undefined) valueFromHost(payload, value, path, conversion);
}

export class Source implements HostSource {
  readonly kind = 'source';
  readonly length: number;
  progress = 0;
  readonly #payload: Payload;
  readonly #path: string;
  readonly #conversion: HandleConversion;
  readonly #numbers: NumberArray | undefined;
  /** With the host's own objects where handles stand. */
  readonly #values: readonly AbiValue[] | undefined;

  /** Throws a ValueError where the chunk does not fit. */
  constructor(payload: Payload, chunk: unknown, path: string, conversion: HandleConversion) {
    this.#payload = payload;
    this.#path = path;
    this.#conversion = conversion;
    const { type } = payload;
    if (type === undefined) {
      this.length = countOf(chunk, path);
      return;
    }
    const kind = numberKind(type);
    if (kind !== undefined && chunk instanceof TYPED_ARRAYS[kind]) {
      this.#numbers = chunk;
      this.length = chunk.length;
      return;
    }
    const items: readonly unknown[] = Array.isArray(chunk) ? chunk : [chunk];
    this.#values = Array.from(items, (item, i) => valueFromHost(payload, item, `element ${i} of ${path}`, conversion));
    this.length = this.#values.length;
  }

  get remain(): number {
    return this.length - this.progress;
  }

  #advance(count: number): number {
    const from = this.progress;
    this.progress += count;
    return from;
  }

  bytes(count: number): Uint8Array | undefined {
    const numbers = this.#numbers;
    if (numbers === undefined) {
      if (this.#payload.type !== undefined) return undefined;
      this.#advance(count);
      return new Uint8Array(0);
    }
    this.#mustBeWhole(numbers);
    const size = numbers.BYTES_PER_ELEMENT;
    return new Uint8Array(numbers.buffer, numbers.byteOffset + this.#advance(count) * size, count * size);
  }

  /** A buffer that was given away meanwhile has nothing in it. */
  #mustBeWhole(numbers: NumberArray): void {
    if (numbers.length === this.length) return;
    throw makeTrap('host-value', {
      reason: `the buffer of ${this.#path} was detached or resized before it was taken`,
      path: this.#path,
    });
  }

  give(count: number, to: GuestBuffer): void {
    const { type } = to.payload;
    const values = this.#values;
    invariant(type !== undefined && values !== undefined, 'values that have a type');
    let next = this.#advance(count);
    to.walk(count, (pointer) => store(to.context, type, this.#convert(values[next++]!), pointer));
  }

  #convert(value: AbiValue): AbiValue {
    try {
      return handlesFromHost(this.#payload, value, this.#path, this.#conversion);
    } catch (error) {
      if (isGuestFailure(error)) throw error;
      throw wrongValue(this.#path, this.#path, error);
    }
  }

  take(count: number): unknown {
    const from = this.#advance(count);
    const { type } = this.#payload;
    if (type === undefined) return count;
    if (this.#numbers !== undefined) {
      this.#mustBeWhole(this.#numbers);
      return this.#numbers.slice(from, from + count);
    }
    // As from a guest: in the forms, and of the classes, that the host is given.
    const taken = this.#values!.slice(from, from + count);
    const values = taken.map((value) => valueToHost(this.#payload, this.#convert(value), this.#conversion));
    const kind = numberKind(type);
    return kind === undefined ? values : (TYPED_ARRAYS[kind] as { from(v: unknown): unknown }).from(values);
  }
}

/** How many elements a chunk of a stream without element type stands for. */
function countOf(chunk: unknown, path: string): number {
  if (typeof chunk === 'number' && Number.isInteger(chunk) && chunk >= 0 && chunk < 2 ** 28) return chunk;
  if (chunk === undefined) return 1;
  if (Array.isArray(chunk)) return chunk.length;
  throw new ValueError('wrong-value', `${path} does not fit its type`, { expected: 'how many elements: a number' });
}
