/** An answer on its way: its head waits for the first piece of its body, so that a short one goes out in one packet, with its length. */
import { HostError, type Sink } from '../host.ts';
import type { HttpFields, HttpOutgoingBody } from '../http.ts';
import { latin1 } from './http-streams.ts';

/** What speaks the protocol. */
export interface AnswerWriter {
  readonly isGone: boolean;
  /** Where pieces go once the head has gone. */
  readonly sink: Sink;
  /** Sends the head at once, and that a body follows. */
  head(status: number, fields: HttpFields): void;
  /** Sends the head and the whole body, as text of one byte a character, or as bytes. */
  whole(status: number, fields: HttpFields, body: string | Uint8Array): void;
  /** The body that followed the head is whole. */
  end(trailers: HttpFields | undefined): void;
  abort(): void;
}

/** Pieces that are kept as text: one that Node joins with the head into one string, which one system call sends. */
const MOST_TEXT = 16_384;

/** Answers whose head has not gone at the end of this turn of the event loop. */
const waiting: Answer[] = [];

/** What cannot be sent after all ends its own connection: nobody is there to be told of an error. */
function flushWaiting(): void {
  for (const answer of waiting.splice(0)) {
    try {
      answer.flush();
    } catch {
      answer.abort();
    }
  }
}

/** Ready as the connection is; the first piece is kept until the end of the turn or the next piece. */
class Answer implements HttpOutgoingBody, Sink {
  readonly terminal = false;
  readonly #writer: AnswerWriter;
  readonly #status: number;
  readonly #fields: HttpFields;
  #isHeadSent = false;
  #first: string | Uint8Array | undefined;

  constructor(writer: AnswerWriter, status: number, fields: HttpFields) {
    this.#writer = writer;
    this.#status = status;
    this.#fields = fields;
    if (waiting.push(this) === 1) setImmediate(flushWaiting);
  }

  get sink(): Sink {
    return this;
  }

  ready(): boolean {
    return this.#isHeadSent ? this.#writer.sink.ready() : true;
  }

  subscribe(done: () => void): () => void {
    return this.#writer.sink.subscribe(done);
  }

  check(): void {
    if (this.#writer.isGone) throw new HostError('pipe', 'the other side has gone');
  }

  /** Sends what has been kept. */
  flush(): void {
    if (this.#isHeadSent || this.#writer.isGone) return;
    this.#isHeadSent = true;
    this.#writer.head(this.#status, this.#fields);
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined) this.#writer.sink.write(typeof first === 'string' ? Buffer.from(first, 'latin1') : first);
  }

  write(bytes: Uint8Array): void {
    this.check();
    if (bytes.length === 0) return;
    if (!this.#isHeadSent && this.#first === undefined) {
      this.#first = bytes.length <= MOST_TEXT ? latin1(bytes) : new Uint8Array(bytes);
      return;
    }
    this.flush();
    this.#writer.sink.write(bytes);
  }

  close(): void {}

  finish(trailers: HttpFields | undefined): void {
    const hasTrailers = trailers !== undefined && trailers.length > 0;
    if (hasTrailers) this.flush();
    if (this.#writer.isGone) return;
    if (this.#isHeadSent) {
      this.#writer.end(hasTrailers ? trailers : undefined);
      return;
    }
    this.#isHeadSent = true;
    this.#writer.whole(this.#status, this.#fields, this.#first ?? '');
  }

  abort(): void {
    this.#isHeadSent = true;
    this.#writer.abort();
  }
}

/** Begins an answer. */
export function beginAnswer(writer: AnswerWriter, status: number, fields: HttpFields): HttpOutgoingBody {
  return new Answer(writer, status, fields);
}
