/** An answer on its way: its head waits for the first piece of its body, so that a short one goes out in one packet, with its length. */
import { HostError, type Sink } from '../host.ts';
import type { HttpFields, HttpOutgoingBody } from '../http.ts';

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
/** Where such a piece is copied to be read: of a short array the engine would first make a buffer, which costs more. */
let scratch: Buffer | undefined;

function latin1(bytes: Uint8Array): string {
  scratch ??= Buffer.alloc(MOST_TEXT);
  scratch.set(bytes);
  return scratch.toString('latin1', 0, bytes.length);
}

/** Answers of this turn of the event loop whose head has not gone: at its end they go. */
const waiting: Answer[] = [];
/**
 * Whole answers that come close together go together: each time that a client which sleeps is woken costs as much as a short answer does.
 * One that comes alone goes at once. In milliseconds, how long one is kept at most, unless a program computes for longer.
 */
const LONGEST_KEPT = 1;
/** When whole answers were last sent; undefined where the last was alone. */
let lastSent: number | undefined;

function endTurn(): void {
  const isBusy = waiting.length > 1;
  for (const answer of waiting.splice(0)) send(answer);
  lastSent = isBusy ? performance.now() : undefined;
}

/** What cannot be sent after all ends its own connection: nobody is there to be told of an error. */
function send(answer: Answer): void {
  try {
    answer.flush();
  } catch {
    answer.abort();
  }
}

/** Ready as the connection is; the first piece is kept until the end of the turn or the next piece. */
class Answer implements HttpOutgoingBody, Sink {
  readonly terminal = false;
  readonly #writer: AnswerWriter;
  readonly #status: number;
  readonly #fields: HttpFields;
  #isHeadSent = false;
  #isWhole = false;
  #first: string | Uint8Array | undefined;

  constructor(writer: AnswerWriter, status: number, fields: HttpFields) {
    this.#writer = writer;
    this.#status = status;
    this.#fields = fields;
    if (waiting.push(this) === 1) setImmediate(endTurn);
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
    if (this.#isWhole) {
      this.#writer.whole(this.#status, this.#fields, this.#first ?? '');
      return;
    }
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
    this.#isWhole = true;
    const now = performance.now();
    if (lastSent !== undefined && now - lastSent < LONGEST_KEPT) return;
    lastSent = now;
    for (const answer of waiting) if (answer.#isWhole) send(answer);
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
