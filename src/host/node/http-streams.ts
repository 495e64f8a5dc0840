/**
 * Node's streams of HTTP messages as sources and sinks: nothing is read before somebody wants it, nothing written past back-pressure.
 * Most messages are short or have no body at all: what they do not need, listeners above all, is not made.
 */
import type { IncomingMessage, OutgoingMessage } from 'node:http';
import { HostError, type Sink, type Source } from '../host.ts';
import { HttpFailure, type HttpField, type HttpFields, type HttpIncomingBody } from '../http.ts';
import { Waiters } from '../streams.ts';

/** Fields of one section. Their bytes are bounded too, but a field of four bytes takes a hundred in memory. */
const MOST_FIELDS = 3000;
/** Fields that Node keeps of a message of version 1, so that too many are seen: it drops others and says nothing. */
export const KEPT_FIELDS: number = MOST_FIELDS + 1;

/** Whether a raw list of names and values has more fields than a section may have. */
export function hasTooMany(raw: readonly string[]): boolean {
  return raw.length > 2 * MOST_FIELDS;
}

const NOTHING = new Uint8Array(0);
const never = (): void => {};

/** The fields of a raw list of names and values, without those that `isLeftOut` names. */
export function fieldsOf(raw: readonly string[], isLeftOut?: (name: string) => boolean): HttpFields {
  const fields: HttpField[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    if (isLeftOut === undefined || !isLeftOut(name)) fields.push([name, raw[i + 1]!]);
  }
  return fields;
}

/**
 * The fields of a head as Node takes them. Trailers have a place only behind a body in chunks: elsewhere their announcement is left out, which
 * Node would take for a mistake.
 */
export function headFields(fields: HttpFields, isChunked: boolean): string[] {
  const raw: string[] = [];
  for (const [name, value] of fields) if (isChunked || name !== 'trailer') raw.push(name, value);
  return raw;
}

/** The fields of trailers as Node takes them. */
export function trailerFields(fields: HttpFields): [string, string][] {
  return fields.map(([name, value]) => [name, value]);
}

export function hasField(fields: HttpFields, wanted: string): boolean {
  for (const [name] of fields) if (name === wanted) return true;
  return false;
}

/** The part of a message that comes which its body needs: a message of HTTP/1.1, or a stream of HTTP/2. */
export type IncomingStream = Pick<
  IncomingMessage,
  'on' | 'once' | 'off' | 'read' | 'resume' | 'readableLength' | 'readableEnded' | 'destroyed'
>;

/** How a message has ended: whole, and what came behind its body. */
export interface IncomingEnd {
  readonly isWhole: () => boolean;
  readonly trailers: () => HttpFields | undefined;
  /** The code of a body that was cut short, if it is another one than that of a connection that ended. */
  readonly cutShort?: string;
  /** Milliseconds that a reader waits for more. */
  readonly silence?: number;
  /** What is done about a body that nobody reads on; it is read and forgotten otherwise. */
  readonly abandon?: () => void;
}

class Incoming implements HttpIncomingBody {
  readonly #stream: IncomingStream;
  readonly #end: IncomingEnd;
  readonly #waiters = new Waiters();
  readonly #wake = (): void => this.#waiters.wake();
  #failure: HttpFailure | undefined;
  #isListening = false;
  #isOver = false;
  readonly source: Source = {
    terminal: false,
    ready: () => this.#ready(),
    subscribe: (done) => this.#subscribe(done),
    read: (max) => this.#read(max),
    close: () => this.#close(),
  };
  readonly trailers: HttpIncomingBody['trailers'] = {
    ready: () => this.#listen() || this.#isOver,
    subscribe: (done) => {
      if (!this.trailers.ready()) return this.#waiters.add(done);
      done();
      return never;
    },
    result: () => {
      if (this.#failure !== undefined) throw this.#failure;
      return this.#end.trailers();
    },
  };

  constructor(stream: IncomingStream, end: IncomingEnd) {
    this.#stream = stream;
    this.#end = end;
  }

  #over(): void {
    this.#isOver = true;
    this.#wake();
  }

  #closed(): void {
    if (!this.#end.isWhole()) this.#fail();
    this.#over();
  }

  #fail(cause?: unknown): void {
    const tag = this.#end.cutShort ?? 'connection-terminated';
    this.#failure ??= new HttpFailure(tag, { message: 'the body was cut short', cause });
  }

  /** Hears of the stream from now on. Answers false. */
  #listen(): boolean {
    if (this.#isListening) return false;
    this.#isListening = true;
    const stream = this.#stream;
    if (stream.readableEnded) this.#over();
    else if (stream.destroyed) this.#closed();
    if (this.#isOver) return false;
    stream.on('readable', this.#wake);
    stream.once('end', () => this.#over());
    stream.once('error', (error) => {
      this.#fail(error);
      this.#over();
    });
    stream.once('close', () => this.#closed());
    return false;
  }

  #ready(): boolean {
    this.#listen();
    return this.#isOver || this.#stream.readableLength > 0;
  }

  #subscribe(done: () => void): () => void {
    if (this.#ready()) {
      done();
      return never;
    }
    // Has the stream fetch more; an empty one ends without anybody reading.
    this.#stream.read(0);
    const { silence } = this.#end;
    return silence === undefined ? this.#waiters.add(done) : this.#addFor(silence, done);
  }

  #addFor(silence: number, done: () => void): () => void {
    const timer = setTimeout(() => {
      this.#failure ??= new HttpFailure('connection-read-timeout');
      this.#over();
      this.#end.abandon?.();
    }, silence);
    const forget = this.#waiters.add(() => {
      clearTimeout(timer);
      done();
    });
    return () => {
      clearTimeout(timer);
      forget();
    };
  }

  #read(max: number): Uint8Array | undefined {
    this.#listen();
    const stream = this.#stream;
    const length = Math.min(max, stream.readableLength);
    if (max === 0) return this.#isOver && stream.readableLength === 0 ? this.#ended() : NOTHING;
    const chunk = stream.read(length) as Buffer | null;
    if (chunk !== null) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    return this.#isOver ? this.#ended() : NOTHING;
  }

  #ended(): undefined {
    if (this.#failure !== undefined) throw new HostError('io', this.#failure.message, this.#failure);
    return undefined;
  }

  #close(): void {
    if (this.#isOver) return;
    // What is left of the body goes nowhere, so that what comes behind it on the connection is reached.
    this.#stream.off('readable', this.#wake);
    if (this.#end.abandon !== undefined) this.#end.abandon();
    else this.#stream.resume();
  }
}

/** The body of a message that comes. */
export function incomingStreamBody(stream: IncomingStream, end: IncomingEnd): HttpIncomingBody {
  return new Incoming(stream, end);
}

/** The body of a message of HTTP/1.1 that comes; which kind of message is part of what its errors are called. */
export function incomingBody(
  message: IncomingMessage,
  kind: 'request' | 'response',
  more: Pick<IncomingEnd, 'cutShort' | 'silence' | 'abandon'> = {},
): HttpIncomingBody {
  const trailers = (): HttpFields | undefined => {
    const { rawTrailers: raw } = message;
    if (hasTooMany(raw)) throw new HttpFailure(`HTTP-${kind}-trailer-section-size`, { val: undefined });
    return raw.length === 0 ? undefined : fieldsOf(raw);
  };
  return new Incoming(message, { isWhole: () => message.complete, trailers, ...more });
}

/** A body that has ended before anybody asked. */
export const NO_BODY: HttpIncomingBody = {
  source: {
    terminal: false,
    ready: () => true,
    subscribe(done) {
      done();
      return never;
    },
    read: () => undefined,
    close: never,
  },
  trailers: {
    ready: () => true,
    subscribe(done) {
      done();
      return never;
    },
    result: () => undefined,
  },
};

/** The part of a message that goes which its body needs: a message of HTTP/1.1, or a stream of HTTP/2. */
export interface OutgoingStream extends Pick<OutgoingMessage, 'destroyed' | 'writableEnded' | 'writableNeedDrain'> {
  on(event: 'drain', done: () => void): unknown;
  once(event: 'close' | 'error', done: () => void): unknown;
  write(bytes: Uint8Array): unknown;
}

class Outgoing implements Sink {
  readonly terminal = false;
  readonly #stream: OutgoingStream;
  #waiters: Waiters | undefined;

  constructor(stream: OutgoingStream) {
    this.#stream = stream;
  }

  get #isGone(): boolean {
    return this.#stream.destroyed || this.#stream.writableEnded;
  }

  ready(): boolean {
    return this.#isGone || !this.#stream.writableNeedDrain;
  }

  subscribe(done: () => void): () => void {
    if (!this.ready()) {
      this.#waiters ??= this.#listen();
      return this.#waiters.add(done);
    }
    done();
    return never;
  }

  #listen(): Waiters {
    const waiters = new Waiters();
    const wake = (): void => waiters.wake();
    this.#stream.on('drain', wake);
    this.#stream.once('close', wake);
    this.#stream.once('error', wake);
    return waiters;
  }

  check(): void {
    if (this.#isGone) throw new HostError('pipe', 'the other side has gone');
  }

  write(bytes: Uint8Array): void {
    this.check();
    // Kept by Node until it is sent; what came may be a view of the guest's memory.
    if (bytes.length > 0) this.#stream.write(new Uint8Array(bytes));
  }

  close(): void {}
}

/** Where the body of a message goes. */
export function outgoingSink(message: OutgoingStream): Sink {
  return new Outgoing(message);
}
