/** The host reads what guests write. */
import { type NumberArray, numberKind, TYPED_ARRAYS } from '../abi/js/typed-array.ts';
import { load } from '../abi/load.ts';
import { makeTrap, type Trap } from '../error/trap.ts';
import { invariant } from '../util/invariant.ts';
import type { GuestBuffer, HostSink, HostSource } from './buffer.ts';
import { type HandleConversion, valueToHost } from './host-values.ts';
import type { Payload } from './payload.ts';
import { COPY, type Copier, type CopyResult, type SharedFuture, type SharedStream } from './shared.ts';

/** Bytes that one chunk takes at most. */
const CHUNK_BYTES = 1 << 20;
/** Values that one chunk takes at most where they are not plain numbers. */
const CHUNK_VALUES = 4_096;

/** Takes what a guest offers, in the form that the host sees. */
class Sink implements HostSink {
  readonly kind = 'sink';
  readonly length: number;
  progress = 0;
  value: unknown;
  readonly #payload: Payload;
  readonly #conversion: HandleConversion;

  constructor(payload: Payload, length: number, conversion: HandleConversion) {
    this.length = length;
    this.#payload = payload;
    this.#conversion = conversion;
  }

  get remain(): number {
    return this.length - this.progress;
  }

  accept(count: number, from: GuestBuffer | HostSource): void {
    this.progress += count;
    this.value = from.kind === 'source' ? from.take(count) : this.#load(count, from);
  }

  /** A typed array, an array of values, or (of a stream without elements) how many. */
  #load(count: number, from: GuestBuffer): unknown {
    const { type } = this.#payload;
    if (type === undefined) {
      from.bytes(count);
      return count;
    }
    const kind = numberKind(type);
    if (kind !== undefined) {
      const bytes = from.bytes(count).slice();
      return new TYPED_ARRAYS[kind](bytes.buffer) as NumberArray;
    }
    const values: unknown[] = [];
    from.walk(count, (pointer) =>
      values.push(valueToHost(this.#payload, load(from.context, type, pointer), this.#conversion)),
    );
    return values;
  }
}

function chunkLength(payload: Payload): number {
  if (payload.type === undefined) return 2 ** 28 - 1;
  return numberKind(payload.type) === undefined ? CHUNK_VALUES : Math.floor(CHUNK_BYTES / payload.layout(4).size);
}

/** Streams that the host has forgotten: nobody will read them. */
const forgotten = /* @__PURE__ */ new FinalizationRegistry<SharedStream>((shared) => shared.drop());

/** A guest's stream as a `ReadableStream` of chunks. */
export class HostReader {
  readonly stream: ReadableStream;
  readonly #shared: SharedStream;
  /** While it is open the host may read, and guests go on. */
  #open = true;
  #touched = false;
  #moved: ReadableStreamDefaultReader | undefined;

  constructor(shared: SharedStream, conversion: HandleConversion) {
    this.#shared = shared;
    const length = chunkLength(shared.payload);
    const stream = new ReadableStream(
      {
        pull: (controller) => {
          if (this.#moved !== undefined) return undefined;
          this.#touched = true;
          return this.#pull(controller, new Sink(shared.payload, length, conversion));
        },
        cancel: () => {
          this.#close();
          if (this.#moved === undefined) shared.drop();
        },
      },
      { highWaterMark: 0 },
    );
    forgotten.register(stream, shared);
    shared.payload.scope.store.hostBegins();
    this.stream = stream;
  }

  #close(): void {
    if (this.#open) this.#shared.payload.scope.store.hostEnds();
    this.#open = false;
  }

  #pull(controller: ReadableStreamDefaultController, sink: Sink): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const shared = this.#shared;
    const { store } = shared.payload.scope;
    // A stream that a trap has cut off is not one that has ended.
    const failed = (failure: Trap): void => {
      shared.reclaim(copier);
      controller.error(failure);
      this.#close();
      resolve();
    };
    const deliver = (): void => {
      store.watchers.delete(failed);
      if (sink.progress > 0) controller.enqueue(sink.value);
      resolve();
    };
    const copier: Copier<Sink> = {
      slot: undefined,
      buffer: sink,
      copied() {
        shared.reclaim(copier);
        deliver();
      },
      done: (result: CopyResult) => {
        deliver();
        if (result !== COPY.dropped) return;
        const { store } = shared.payload.scope;
        // A writer that trapped has not come to the stream's end.
        if (store.alive) controller.close();
        else controller.error(store.deadTrap(undefined));
        this.#close();
      },
    };
    if (!store.alive) {
      failed(store.deadTrap(undefined));
      return promise;
    }
    store.watchers.add(failed);
    try {
      shared.read(copier);
    } catch (error) {
      // What the guest wrote is none of its type's values.
      shared.payload.scope.fail(error);
      if (store.watchers.delete(failed)) failed(error as Trap);
    }
    return promise;
  }

  /** Gives the stream to another guest without the host in between, if the host has not read of it. */
  passOn(payload: Payload): SharedStream | undefined {
    if (this.#touched || this.stream.locked || !this.#shared.payload.equals(payload)) return undefined;
    this.#moved = this.stream.getReader();
    this.#close();
    return this.#shared;
  }
}

/** A guest's future as a promise. */
export function readFuture(shared: SharedFuture, conversion: HandleConversion): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  // Whether anybody looks at it is the host's affair.
  promise.catch(() => {});
  const sink = new Sink(shared.payload, 1, conversion);
  const { store } = shared.payload.scope;
  if (!store.alive) {
    reject(store.deadTrap(undefined));
    return promise;
  }
  store.watchers.add(reject);
  const settle = (result: CopyResult): void => {
    store.watchers.delete(reject);
    if (result === COPY.completed) {
      // Boxed, so that no promise is resolved with a value whose keys a guest chose.
      resolve(shared.payload.type === undefined ? undefined : only(sink.value));
    } else reject(makeTrap('store-dead', { reason: 'the component that had to write the future has ended without' }));
  };
  shared.read({ slot: undefined, buffer: sink, copied() {}, done: settle });
  return promise;
}

function only(chunk: unknown): unknown {
  invariant(typeof chunk === 'object' && chunk !== null, 'a chunk of one value');
  return (chunk as ArrayLike<unknown>)[0];
}
