/** The host reads what guests write. */
import { type NumberArray, numberKind, TYPED_ARRAYS } from '../abi/js/typed-array.ts';
import { load } from '../abi/load.ts';
import type { Trap } from '../error/trap.ts';
import { invariant } from '../util/invariant.ts';
import type { GuestBuffer, HostSink, HostSource } from './buffer.ts';
import { type HandleConversion, valueToHost } from './host-values.ts';
import type { Payload } from './payload.ts';
import { COPY, type Copier, type CopyResult, type SharedFuture, type SharedStream } from './shared.ts';
import type { Store, StoreWatcher } from './store.ts';

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
    this.value = from.kind === 'source' ? from.take(count) : this.#load(count, from);
    this.progress += count;
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
const forgotten = /* @__PURE__ */ new FinalizationRegistry<SharedStream>((shared) => {
  shared.payload.scope.store.hostEnds();
  shared.drop();
});

/**
 * Tells the reader what becomes of its stream; answers what takes that back. What guests and stores hold must not hold the stream, so that
 * one that the host has forgotten is collected: these closures share nothing with those that do.
 */
function listen(shared: SharedStream, store: Store, reader: HostReader): () => void {
  const weak = new WeakRef(reader);
  const unlisten = shared.whenDropped(() => weak.deref()?.ended());
  const watcher: StoreWatcher = { ended: (failure) => weak.deref()?.failed(failure) };
  store.dependents.add(watcher);
  return () => {
    unlisten();
    store.dependents.delete(watcher);
  };
}

/** A guest's stream as a `ReadableStream` of chunks. */
export class HostReader {
  readonly stream: ReadableStream;
  readonly #shared: SharedStream;
  /** While it is open the host may read, and guests go on. */
  #open = true;
  #touched = false;
  #controller: ReadableStreamDefaultController | undefined;
  readonly #unlisten: () => void;

  constructor(shared: SharedStream, conversion: HandleConversion) {
    this.#shared = shared;
    const length = chunkLength(shared.payload);
    this.stream = new ReadableStream(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => {
          this.#touched = true;
          return this.#pull(new Sink(shared.payload, length, conversion));
        },
        cancel: () => {
          this.#leave();
          shared.drop();
        },
      },
      { highWaterMark: 0 },
    );
    shared.payload.scope.store.hostBegins();
    forgotten.register(this.stream, shared, this);
    const { store } = shared.payload.scope;
    this.#unlisten = listen(shared, store, this);
    if (shared.dropped) this.ended();
    else if (store.ended) this.failed(store.failure ?? store.deadTrap(undefined));
  }

  /** The host reads no more. */
  #leave(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#unlisten();
    forgotten.unregister(this);
    this.#shared.payload.scope.store.hostEnds();
  }

  /** The guest writes no more: the end, or (its store has ended) an error, since there might have been more. */
  ended(): void {
    const { failure } = this.#shared;
    if (failure !== undefined) this.failed(failure);
    else if (this.#open) {
      this.#leave();
      this.#controller?.close();
    }
  }

  /** It was cut off. */
  failed(failure: Trap): void {
    if (!this.#open) return;
    this.#leave();
    this.#controller?.error(failure);
    this.#shared.drop();
  }

  #pull(sink: Sink): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const shared = this.#shared;
    const deliver = (): void => {
      if (this.#open && sink.progress > 0) this.#controller?.enqueue(sink.value);
      resolve();
    };
    const copier: Copier<Sink> = {
      slot: undefined,
      buffer: sink,
      copied() {
        shared.reclaim(copier);
        deliver();
      },
      done: deliver,
    };
    // Its store has trapped, and will say why.
    if (!shared.payload.scope.store.alive) return promise;
    try {
      shared.read(copier);
    } catch (error) {
      // What the guest wrote is none of its type's values.
      shared.payload.scope.fail(error);
      resolve();
    }
    return promise;
  }

  /** Gives the stream to another guest without the host in between, if the host has not read of it. */
  passOn(payload: Payload): SharedStream | undefined {
    if (this.#touched || this.stream.locked || !this.#shared.payload.equals(payload)) return undefined;
    this.stream.getReader();
    this.#leave();
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
  const watcher: StoreWatcher = { ended: reject };
  const settle = (result: CopyResult): void => {
    store.dependents.delete(watcher);
    if (result === COPY.completed) resolve(shared.payload.type === undefined ? undefined : only(sink.value));
    else reject(shared.failure ?? store.failure ?? store.deadTrap(undefined));
  };
  if (store.ended) {
    settle(COPY.dropped);
    return promise;
  }
  store.dependents.add(watcher);
  // It has trapped, and will say why.
  if (!store.alive) return promise;
  shared.read({ slot: undefined, buffer: sink, copied() {}, done: settle });
  return promise;
}

function only(chunk: unknown): unknown {
  invariant(typeof chunk === 'object' && chunk !== null, 'a chunk of one value');
  return (chunk as ArrayLike<unknown>)[0];
}
