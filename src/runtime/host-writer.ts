/** Guests read what the host writes. */

import { errorOf } from '../abi/js/shape.ts';
import { makeTrap } from '../error/trap.ts';
import { messageOf } from './failure.ts';
import { Source, wrongValue } from './host-source.ts';
import type { HandleConversion } from './host-values.ts';
import type { Payload } from './payload.ts';
import { scheduler } from './scheduler.ts';
import { COPY, type Copier, type CopyResult, type SharedFuture, type SharedStream } from './shared.ts';
import type { Store } from './store.ts';

type Step = { readonly done?: boolean; readonly value?: unknown };

/** Where chunks come from. */
interface Chunks {
  next(): Promise<Step> | Step;
  /** Nobody wants more. */
  stop(): unknown;
}

/** Numbers, or elements, all in one go. */
function once(value: unknown): Chunks {
  let given = false;
  const next = (): Step => {
    if (given) return { done: true };
    given = true;
    return { done: false, value };
  };
  return { next, stop() {} };
}

/** Whether something can be the source of a stream. */
export function isStream(value: unknown): boolean {
  try {
    if (value instanceof ReadableStream) return !value.locked;
    if (typeof value !== 'object' || value === null) return false;
    const iterable = value as Partial<AsyncIterable<unknown> & Iterable<unknown>>;
    return (
      ArrayBuffer.isView(value) ||
      typeof iterable[Symbol.asyncIterator] === 'function' ||
      typeof iterable[Symbol.iterator] === 'function'
    );
  } catch {
    return false;
  }
}

function chunksOf(value: unknown, ofNumbers: boolean): Chunks | undefined {
  if (value instanceof ReadableStream) {
    if (value.locked) return undefined;
    const reader = value.getReader();
    return { next: () => reader.read(), stop: () => reader.cancel() };
  }
  // An array is one of elements; but typed arrays in it are chunks of numbers.
  const isOne = Array.isArray(value) && !(ofNumbers && ArrayBuffer.isView(value[0]));
  if (isOne || ArrayBuffer.isView(value)) return once(value);
  if (typeof value !== 'object' || value === null) return undefined;
  const iterable = value as Partial<AsyncIterable<unknown> & Iterable<unknown>>;
  const made = iterable[Symbol.asyncIterator]?.() ?? iterable[Symbol.iterator]?.();
  if (made === undefined) return undefined;
  return { next: () => made.next(), stop: () => made.return?.() };
}

/** The source of a stream that the host wrote has failed. */
function streamFailed({ options }: Store, error: unknown, path: string): void {
  const { onStreamError } = options;
  // What the listener throws is nobody's here.
  if (onStreamError !== undefined) queueMicrotask(() => onStreamError(error, path));
}

/** Writes the chunks of a host's stream, one after the other, until the source ends or nobody reads any more. */
export class HostWriter {
  /** Undefined once nobody reads: a source that never gives its next chunk then holds nothing of the guest. */
  #shared: SharedStream | undefined;
  readonly #chunks: Chunks;
  readonly #path: string;
  readonly #conversion: HandleConversion;
  #unlisten: (() => void) | undefined;

  private constructor(shared: SharedStream, chunks: Chunks, path: string, conversion: HandleConversion) {
    this.#shared = shared;
    this.#chunks = chunks;
    this.#path = path;
    this.#conversion = conversion;
    this.#unlisten = shared.whenDropped(() => this.#stop());
  }

  /** The writer of anything that gives chunks, or undefined. Throws what a value throws that refuses to be asked. */
  static of(shared: SharedStream, value: unknown, path: string, conversion: HandleConversion): HostWriter | undefined {
    const chunks = chunksOf(value, shared.payload.isNumber);
    return chunks === undefined ? undefined : new HostWriter(shared, chunks, path, conversion);
  }

  /** Until it ends all is the host's to do, but for the time that a guest lets it wait: {@link writeOnce}. */
  async run(): Promise<void> {
    this.#shared?.payload.scope.store.hostBegins();
    while (this.#shared !== undefined) {
      const chunk = await this.#next();
      if (chunk === undefined || !(await this.#write(chunk.value))) break;
    }
    const shared = this.#forget();
    shared?.drop();
    shared?.payload.scope.store.hostEnds();
  }

  #forget(): SharedStream | undefined {
    const shared = this.#shared;
    this.#unlisten?.();
    this.#unlisten = undefined;
    this.#shared = undefined;
    return shared;
  }

  /** The next chunk, or undefined at the end. A stream has no error that a guest could learn of: a source that fails is one that ends. */
  async #next(): Promise<Step | undefined> {
    try {
      const step = await this.#chunks.next();
      return step.done === true ? undefined : step;
    } catch (error) {
      if (this.#shared !== undefined) streamFailed(this.#shared.payload.scope.store, error, this.#path);
      return undefined;
    }
  }

  /** Nobody reads any more: the source is told, even while it has to give its next chunk. */
  #stop(): void {
    this.#forget()?.payload.scope.store.hostEnds();
    try {
      const stopped = this.#chunks.stop();
      if (stopped instanceof Promise) stopped.catch(() => {});
    } catch {
      // The source's own clean-up has nobody to report to.
    }
  }

  /** Answers false where the chunk does not fit, which ends the store of the guest that was given the stream. */
  async #write(chunk: unknown): Promise<boolean> {
    const shared = this.#shared;
    if (shared === undefined) return false;
    const { payload } = shared;
    let source: Source;
    try {
      source = new Source(payload, chunk, `a chunk of the stream of ${this.#path}`, this.#conversion);
    } catch (error) {
      const trap = wrongValue(`the stream of ${this.#path}`, this.#path, error);
      payload.scope.fail(trap);
      // Whoever reads by now may be another, or the host.
      shared.drop(trap);
      return false;
    }
    while (source.remain > 0 && this.#shared !== undefined) await writeOnce(shared, source);
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
function inGuest(payload: Payload, body: () => void, failed?: () => void): void {
  scheduler.enqueueNow({
    ready: () => true,
    resume() {
      try {
        body();
      } catch (error) {
        payload.scope.fail(error);
        failed?.();
      }
      return false;
    },
  });
}

/** Writes a future of the host's: a promise, or the value itself. Throws a ValueError where such a value does not fit. */
export function writeFuture(shared: SharedFuture, value: unknown, path: string, conversion: HandleConversion): void {
  const { payload } = shared;
  const { store } = payload.scope;
  const what = `the future of ${path}`;
  const writer = (result: unknown): Copier<Source> => {
    const buffer = new Source(payload, payload.type === undefined ? 1 : [result], what, conversion);
    return { slot: undefined, buffer, copied() {}, done() {} };
  };
  if (!isThenable(value)) {
    // Nobody reads it yet.
    shared.write(writer(value));
    return;
  }
  const later = (result: unknown): void => {
    try {
      const copier = writer(result);
      inGuest(payload, () => shared.write(copier));
    } catch (error) {
      payload.scope.fail(wrongValue(what, path, error));
    }
  };
  const fail = (error: unknown): void => {
    const end = payload.type?.kind === 'result' ? errorOf(payload.type, error) : undefined;
    if (end !== undefined) later({ tag: 'err', val: end.payload });
    else
      payload.scope.fail(makeTrap('host-error', { reason: `${what} failed: ${messageOf(error)}`, path, cause: error }));
  };
  store.hostBegins();
  const wait = new FutureWait(later, fail, () => store.hostEnds());
  wait.unlisten = shared.whenDropped(() => wait.end());
  followed(value, wait);
}

/** Who waits for a promise that the host gave as a future; forgotten once nobody reads it: the promise may never settle. */
class FutureWait {
  #later: ((value: unknown) => void) | undefined;
  #fail: ((error: unknown) => void) | undefined;
  #over: (() => void) | undefined;
  unlisten: (() => void) | undefined;

  constructor(later: (value: unknown) => void, fail: (error: unknown) => void, over: () => void) {
    this.#later = later;
    this.#fail = fail;
    this.#over = over;
  }

  end(): void {
    const over = this.#over;
    this.#later = undefined;
    this.#fail = undefined;
    this.#over = undefined;
    this.unlisten?.();
    this.unlisten = undefined;
    over?.();
  }

  settled(ok: boolean, value: unknown): void {
    const then = ok ? this.#later : this.#fail;
    this.end();
    then?.(value);
  }
}

/** Apart, so that what the promise holds is `wait`, and nothing else. */
function followed(value: unknown, wait: FutureWait): void {
  Promise.resolve(value).then(
    (result) => wait.settled(true, result),
    (error) => wait.settled(false, error),
  );
}

/** A promise of any make. What refuses to be asked is none, and fails as a value. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  try {
    return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function';
  } catch {
    return false;
  }
}
