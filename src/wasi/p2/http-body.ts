/** Bodies of `wasi:http/types`: `incoming-body`, `future-trailers`, `outgoing-body`. */
import { ComponentError } from '../../error/error.ts';
import { HostError, type Sink } from '../../host/host.ts';
import {
  type HttpErrorCode,
  HttpFailure,
  type HttpFields,
  type HttpIncomingBody,
  type HttpOutgoingBody,
} from '../../host/http.ts';
import { Waiters } from '../../host/streams.ts';
import { violated } from './guard.ts';
import { Fields } from './http-fields.ts';
import { Parent, type Pollable } from './poll.ts';
import { InputStream, OutputStream } from './streams.ts';

type Result<T, E> = { readonly tag: 'ok'; readonly val: T } | { readonly tag: 'err'; readonly val: E };

/** What a resource that can be had once answers the second time. */
export function hadBefore(): never {
  throw new ComponentError(undefined);
}

/** The code of a failure of the host's. */
export function codeOf(error: unknown): HttpErrorCode {
  if (error instanceof HttpFailure) return error.code;
  if (error instanceof HostError && error.cause instanceof HttpFailure) return error.cause.code;
  return { tag: 'internal-error', val: error instanceof Error ? error.message : undefined };
}

export class IncomingBody {
  readonly #body: HttpIncomingBody;
  #hasStream = false;
  #isStreamOpen = false;
  #isFinished = false;

  constructor(body: HttpIncomingBody) {
    this.#body = body;
  }

  stream(): InputStream {
    if (this.#hasStream) hadBefore();
    this.#hasStream = true;
    this.#isStreamOpen = true;
    return new InputStream(this.#body.source, () => {
      this.#isStreamOpen = false;
    });
  }

  static finish(body: IncomingBody): FutureTrailers {
    if (body.#isStreamOpen) violated('the incoming-body was finished before its stream was dropped');
    body.#isFinished = true;
    return new FutureTrailers(body.#body);
  }

  [Symbol.dispose](): void {
    if (!this.#isFinished) this.#body.source.close();
    if (this.#isStreamOpen) violated('the incoming-body was dropped before its stream');
  }
}

export class FutureTrailers {
  readonly #body: HttpIncomingBody;
  readonly #parent = new Parent();
  #isTaken = false;

  constructor(body: HttpIncomingBody) {
    this.#body = body;
    discardRest(body);
  }

  subscribe(): Pollable {
    return this.#parent.pollable(this.#body.trailers);
  }

  get(): Result<Result<Fields | undefined, HttpErrorCode>, undefined> | undefined {
    const { trailers } = this.#body;
    if (!trailers.ready()) return undefined;
    if (this.#isTaken) return { tag: 'err', val: undefined };
    this.#isTaken = true;
    try {
      const fields = trailers.result();
      return { tag: 'ok', val: { tag: 'ok', val: fields === undefined ? undefined : Fields.of(fields) } };
    } catch (error) {
      return { tag: 'ok', val: { tag: 'err', val: codeOf(error) } };
    }
  }

  [Symbol.dispose](): void {
    this.#body.source.close();
    this.#parent.dropped('future-trailers');
  }
}

/** Trailers come behind the body: what nobody has read of it is read and forgotten. */
function discardRest({ source }: HttpIncomingBody): void {
  const step = (): void => {
    try {
      for (let bytes = source.read(CHUNK); bytes !== undefined; bytes = source.read(CHUNK)) {
        if (bytes.length > 0) continue;
        source.subscribe(step);
        return;
      }
    } catch {
      // The trailers say why.
    }
  };
  step();
}

const CHUNK = 65_536;

/** Takes what is written until it is known where to: then all of it goes there. Ready while nothing is kept. */
class LateSink implements Sink {
  readonly terminal = false;
  readonly #waiters = new Waiters();
  #kept: Uint8Array[] = [];
  #target: Sink | undefined;
  #failure: HostError | undefined;

  get hasKept(): boolean {
    return this.#kept.length > 0;
  }

  connect(target: Sink): void {
    this.#target = target;
    const kept = this.#kept;
    this.#kept = [];
    try {
      for (const bytes of kept) target.write(bytes);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      this.#failure = error;
    }
    this.#waiters.wake();
  }

  fail(): void {
    this.#failure ??= new HostError('pipe', 'nobody takes the body');
    this.#kept = [];
    this.#waiters.wake();
  }

  ready(): boolean {
    if (this.#failure !== undefined) return true;
    return this.#target === undefined ? this.#kept.length === 0 : this.#target.ready();
  }

  subscribe(done: () => void): () => void {
    if (this.#failure !== undefined) {
      done();
      return () => {};
    }
    if (this.#target !== undefined) return this.#target.subscribe(done);
    return this.#waiters.add(done);
  }

  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#target?.check();
  }

  write(bytes: Uint8Array): void {
    this.check();
    if (bytes.length === 0) return;
    if (this.#target === undefined) this.#kept.push(new Uint8Array(bytes));
    else this.#target.write(bytes);
  }

  close(): void {
    this.fail();
  }
}

/** Counts what goes through it, and takes no more than was announced. */
class CountingSink implements Sink {
  readonly terminal = false;
  readonly #sink: Sink;
  readonly #most: number;
  /** Exact: nobody writes 2^53 bytes. */
  written = 0;

  constructor(sink: Sink, most: bigint | undefined) {
    this.#sink = sink;
    this.#most = most === undefined ? Infinity : Number(most);
  }

  ready(): boolean {
    return this.#sink.ready();
  }

  subscribe(done: () => void): () => void {
    return this.#sink.subscribe(done);
  }

  check(): void {
    this.#sink.check();
  }

  write(bytes: Uint8Array): void {
    const written = this.written + bytes.length;
    if (written > this.#most)
      throw new HostError('io', `the body is longer than the ${this.#most} bytes of its content-length`);
    this.#sink.write(bytes);
    this.written = written;
  }

  close(): void {
    this.#sink.close();
  }
}

/** The end of an outgoing body: when it has one, and has been told where it goes, it ends. */
type End = { readonly kind: 'whole'; readonly trailers: HttpFields | undefined } | { readonly kind: 'aborted' };

/** What stands behind an `outgoing-body`, which may be written before its message is sent. */
export class Outgoing {
  readonly #late = new LateSink();
  readonly sink: CountingSink;
  readonly announced: bigint | undefined;
  readonly #tooMuch: string;
  #target: HttpOutgoingBody | undefined;
  #end: End | undefined;

  /** `announced`: its content-length; `tooMuch`: the code of a body of another length. */
  constructor(announced: bigint | undefined, tooMuch: string) {
    this.announced = announced;
    this.#tooMuch = tooMuch;
    this.sink = new CountingSink(this.#late, announced);
  }

  /** The message is sent: the body goes to `target`. */
  connect(target: HttpOutgoingBody): void {
    this.#target = target;
    this.#late.connect(target.sink);
    if (this.#end !== undefined) this.#finishWith(target, this.#end);
  }

  /** The message will never be sent. */
  forget(): void {
    this.#late.fail();
  }

  finish(trailers: HttpFields | undefined): void {
    if (this.announced !== undefined && BigInt(this.sink.written) !== this.announced) {
      this.abort();
      throw new ComponentError({ tag: this.#tooMuch, val: BigInt(this.sink.written) });
    }
    this.#ends({ kind: 'whole', trailers });
  }

  abort(): void {
    this.#ends({ kind: 'aborted' });
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  #ends(end: End): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    if (this.#target !== undefined) this.#finishWith(this.#target, end);
  }

  #finishWith(target: HttpOutgoingBody, end: End): void {
    if (end.kind === 'aborted') target.abort();
    else target.finish(end.trailers);
  }
}

export class OutgoingBody {
  readonly #outgoing: Outgoing;
  #hasStream = false;
  #isStreamOpen = false;

  constructor(outgoing: Outgoing) {
    this.#outgoing = outgoing;
  }

  write(): OutputStream {
    if (this.#hasStream) hadBefore();
    this.#hasStream = true;
    this.#isStreamOpen = true;
    return new OutputStream(this.#outgoing.sink, () => {
      this.#isStreamOpen = false;
    });
  }

  static finish(body: OutgoingBody, trailers: Fields | undefined): void {
    if (body.#isStreamOpen) violated('the outgoing-body was finished before its stream was dropped');
    try {
      body.#outgoing.finish(trailers === undefined ? undefined : Fields.list(trailers));
    } catch (error) {
      if (error instanceof HttpFailure) throw new ComponentError(error.code);
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#outgoing.abort();
    if (this.#isStreamOpen) violated('the outgoing-body was dropped before its stream');
  }
}
