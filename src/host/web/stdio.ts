/** Standard streams of a page or worker: what is given as bytes, text or a stream comes in; what goes out is called back. */
import { HostError, type Sink, type Source } from '../host.ts';
import { bytesSource, callbackSink, Waiters } from '../streams.ts';

/** What a program reads. */
export type Input = string | Uint8Array | ReadableStream<Uint8Array>;
/** Called with each piece that a program writes; the bytes are the callee's own. */
export type Output = (bytes: Uint8Array) => void;

const NOTHING = new Uint8Array(0);

/** Reads a stream piece by piece: the next one is asked for when the last is used up. */
class StreamSource implements Source {
  readonly terminal = false;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #waiters = new Waiters();
  /** What has come and was not read; undefined at the end. */
  #piece: Uint8Array | undefined = NOTHING;
  #failure: HostError | undefined;
  #asked = false;
  #closed = false;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    const arrived = (piece: Uint8Array | undefined): void => {
      this.#asked = false;
      this.#piece = piece;
      this.#waiters.wake();
    };
    this.#reader.read().then(
      ({ value, done }) => arrived(done ? undefined : value),
      (error: unknown) => {
        this.#failure = new HostError('io', 'the stream of standard input failed', error);
        arrived(undefined);
      },
    );
  }

  ready(): boolean {
    if (this.#closed || this.#piece?.length !== 0) return true;
    this.#ask();
    return false;
  }

  subscribe(done: () => void): () => void {
    if (this.ready()) {
      done();
      return () => {};
    }
    let cancel = (): void => {};
    // An empty piece wakes who waits without anything to read.
    const woken = (): void => {
      cancel = this.subscribe(done);
    };
    cancel = this.#waiters.add(woken);
    return () => cancel();
  }

  read(max: number): Uint8Array | undefined {
    if (this.#closed) return undefined;
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.ready()) return NOTHING;
    const piece = this.#piece?.slice(0, max);
    this.#piece = this.#piece?.subarray(max);
    return piece;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // What the stream says to that is nobody's any more.
    this.#reader.cancel().catch(() => {});
  }
}

/** Makes what a program reads a source. */
export function inputSource(input: Input): Source {
  if (typeof input === 'string') return bytesSource(new TextEncoder().encode(input));
  return input instanceof Uint8Array ? bytesSource(input) : new StreamSource(input);
}

/** Writes lines to the console; the last one without an end when the sink is closed. */
export function consoleSink(print: (line: string) => void): Sink {
  const decoder = new TextDecoder();
  let rest = '';
  const sink = callbackSink((bytes) => {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) print(line);
  });
  return {
    ...sink,
    close() {
      sink.close();
      if (rest !== '') print(rest);
      rest = '';
    },
  };
}
