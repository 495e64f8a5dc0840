/** Guests read what the host writes. */

import { errorOf } from '../abi/js/shape.ts';
import { type NumberArray, numberKind, TYPED_ARRAYS } from '../abi/js/typed-array.ts';
import { store } from '../abi/store.ts';
import type { AbiValue } from '../abi/values.ts';
import { ValueError } from '../error/error.ts';
import { makeTrap } from '../error/trap.ts';
import { invariant } from '../util/invariant.ts';
import type { GuestBuffer, HostSource } from './buffer.ts';
import { messageOf } from './failure.ts';
import { type HandleConversion, valueFromHost, valueToHost } from './host-values.ts';
import type { Payload } from './payload.ts';
import { scheduler } from './scheduler.ts';
import { COPY, type Copier, type CopyResult, type SharedFuture, type SharedStream } from './shared.ts';

/** One chunk of the host's. */
class Source implements HostSource {
  readonly kind = 'source';
  readonly length: number;
  progress = 0;
  readonly #payload: Payload;
  readonly #conversion: HandleConversion;
  readonly #numbers: NumberArray | undefined;
  readonly #values: readonly AbiValue[] | undefined;

  constructor(payload: Payload, chunk: unknown, path: string, conversion: HandleConversion) {
    this.#payload = payload;
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
    this.#values = Array.from(items, (item, i) => valueFromHost(payload, item, `${path}[${i}]`, conversion));
    this.length = items.length;
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
    const size = numbers.BYTES_PER_ELEMENT;
    return new Uint8Array(numbers.buffer, numbers.byteOffset + this.#advance(count) * size, count * size);
  }

  give(count: number, to: GuestBuffer): void {
    const { type } = to.payload;
    invariant(type !== undefined && this.#values !== undefined, 'values that have a type');
    let next = this.#advance(count);
    to.walk(count, (pointer) => store(to.context, type, this.#values![next++]!, pointer));
  }

  take(count: number): unknown {
    const from = this.#advance(count);
    if (this.#payload.type === undefined) return count;
    if (this.#numbers !== undefined) return this.#numbers.slice(from, from + count);
    const values = this.#values!.slice(from, from + count);
    const converted = values.map((v) => valueToHost(this.#payload, v, this.#conversion));
    const kind = numberKind(this.#payload.type);
    return kind === undefined ? converted : (TYPED_ARRAYS[kind] as { from(v: unknown): unknown }).from(converted);
  }
}

/** How many elements a chunk of a stream without element type stands for. */
function countOf(chunk: unknown, path: string): number {
  if (typeof chunk === 'number' && Number.isInteger(chunk) && chunk >= 0 && chunk < 2 ** 28) return chunk;
  if (chunk === undefined) return 1;
  if (Array.isArray(chunk)) return chunk.length;
  throw new ValueError('wrong-value', `${path} does not fit its type`, { expected: 'how many elements: a number' });
}

/** Where chunks come from. */
interface Chunks {
  next(): Promise<{ done?: boolean; value?: unknown }> | { done?: boolean; value?: unknown };
  /** Nobody wants more. */
  stop(): unknown;
}

function chunksOf(value: unknown): Chunks | undefined {
  if (value instanceof ReadableStream) {
    if (value.locked) return undefined;
    const reader = value.getReader();
    return { next: () => reader.read() as Promise<{ done?: boolean; value?: unknown }>, stop: () => reader.cancel() };
  }
  // Numbers in one go.
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    let given = false;
    const next = (): { done: boolean; value?: unknown } => {
      if (given) return { done: true };
      given = true;
      return { done: false, value };
    };
    return { next, stop() {} };
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const made =
    (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator]?.() ??
    (value as Partial<Iterable<unknown>>)[Symbol.iterator]?.();
  if (made === undefined) return undefined;
  return { next: () => made.next() as Promise<IteratorResult<unknown>>, stop: () => made.return?.() };
}

/** Writes the chunks of a host's stream, one after the other. */
export class HostWriter {
  readonly #shared: SharedStream;
  readonly #chunks: Chunks;
  readonly #path: string;
  readonly #conversion: HandleConversion;
  #exhausted = false;

  private constructor(shared: SharedStream, chunks: Chunks, path: string, conversion: HandleConversion) {
    this.#shared = shared;
    this.#chunks = chunks;
    this.#path = path;
    this.#conversion = conversion;
  }

  /** The writer of anything that gives chunks, or undefined. */
  static of(shared: SharedStream, value: unknown, path: string, conversion: HandleConversion): HostWriter | undefined {
    const chunks = chunksOf(value);
    return chunks === undefined ? undefined : new HostWriter(shared, chunks, path, conversion);
  }

  /** Reads on until the source or the guest ends. A source that fails is one that ends; what does not fit ends the guest's store. */
  async run(): Promise<void> {
    const shared = this.#shared;
    // All of it is the host's to do, but for the time that a guest lets it wait: `writeOnce`.
    shared.payload.scope.store.hostBegins();
    shared.onDrop = () => this.#end();
    while (!shared.dropped) {
      let chunk: { done?: boolean; value?: unknown };
      try {
        chunk = await this.#chunks.next();
      } catch {
        this.#exhausted = true;
        break;
      }
      this.#exhausted = chunk.done === true;
      if (this.#exhausted || shared.dropped || !(await this.#write(chunk.value))) break;
    }
    shared.drop();
  }

  /** Nobody reads any more, or there is no more to read: the source is told, even while it has to give its next chunk. */
  #end(): void {
    this.#shared.payload.scope.store.hostEnds();
    if (this.#exhausted) return;
    try {
      const stopped = this.#chunks.stop();
      if (stopped instanceof Promise) stopped.catch(() => {});
    } catch {
      // The source's own clean-up has nobody to report to.
    }
  }

  /** Answers false once nobody reads any more. */
  async #write(chunk: unknown): Promise<boolean> {
    let source: Source;
    try {
      source = new Source(this.#shared.payload, chunk, `a chunk of ${this.#path}`, this.#conversion);
    } catch (error) {
      failEnd('stream', this.#shared.payload, this.#path, error);
      return false;
    }
    while (source.remain > 0) {
      if ((await writeOnce(this.#shared, source)) === COPY.dropped) return false;
    }
    return true;
  }
}

/** One write, until all is taken or nobody reads. */
function writeOnce(shared: SharedStream, source: Source): Promise<CopyResult> {
  const { store } = shared.payload.scope;
  const { promise, resolve } = Promise.withResolvers<CopyResult>();
  let state: 'begun' | 'waits' | 'over' = 'begun';
  const done = (result: CopyResult): void => {
    // The host goes on, and is at work again.
    if (state === 'waits') store.hostBegins();
    state = 'over';
    resolve(result);
  };
  const copier: Copier<Source> = {
    slot: undefined,
    buffer: source,
    copied() {
      if (source.remain > 0) return;
      shared.reclaim(copier);
      done(COPY.completed);
    },
    done,
  };
  inGuest(
    shared.payload,
    () => {
      shared.write(copier);
      if (state !== 'begun') return;
      state = 'waits';
      store.hostEnds();
    },
    () => done(COPY.dropped),
  );
  return promise;
}

/** Does what may run a guest's code (`realloc`) when no other guest runs; a trap there ends its store. */
function inGuest(payload: Payload, body: () => void, failed = (): void => {}): void {
  scheduler.enqueueNow({
    ready: () => true,
    resume() {
      try {
        body();
      } catch (error) {
        payload.scope.fail(error);
        failed();
      }
      return false;
    },
  });
}

/** What the host gave does not fit: the store of the guest that reads ends. */
function failEnd(what: 'stream' | 'future', payload: Payload, path: string, error: unknown): void {
  payload.scope.fail(
    makeTrap('host-value', {
      reason: `the ${what} ${path} gave a wrong value: ${messageOf(error)}`,
      path,
      cause: error,
    }),
  );
}

/** Writes a future of the host's: a promise, or the value itself. Throws a ValueError where that does not fit. */
export function writeFuture(shared: SharedFuture, value: unknown, path: string, conversion: HandleConversion): void {
  const { payload } = shared;
  const write = (result: unknown): void => {
    const chunk = payload.type === undefined ? 1 : [result];
    const buffer = new Source(payload, chunk, path, conversion);
    inGuest(payload, () => shared.write({ slot: undefined, buffer, copied() {}, done() {} }));
  };
  const writeLater = (result: unknown): void => {
    try {
      write(result);
    } catch (error) {
      failEnd('future', payload, path, error);
    }
  };
  const fail = (error: unknown): void => {
    const end = payload.type?.kind === 'result' ? errorOf(payload.type, error) : undefined;
    if (end !== undefined) writeLater({ tag: 'err', val: end.payload });
    else
      payload.scope.fail(
        makeTrap('host-error', { reason: `the future ${path} failed: ${messageOf(error)}`, path, cause: error }),
      );
  };
  if (!(value instanceof Promise)) {
    write(value);
    return;
  }
  const settled = (then: (result: unknown) => void) => (result: unknown) => {
    payload.scope.store.hostEnds();
    then(result);
  };
  payload.scope.store.hostBegins();
  value.then(settled(writeLater), settled(fail));
}
