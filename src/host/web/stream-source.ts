/** A `ReadableStream` as a source: the next piece is asked for when somebody waits for it, and the last is used up. */
import { HostError, type Source } from '../host.ts';
import { Waiters } from '../streams.ts';

const NOTHING = new Uint8Array(0);

export interface StreamEnds {
  /** What became of a stream that failed. */
  readonly failed: (error: unknown) => HostError;
  /** Milliseconds that a piece may take; then the source fails with `silent`. For ever where not given. */
  readonly silence?: number;
  readonly silent?: () => HostError;
  /** Called once when nothing is read any more. */
  readonly over?: () => void;
}

const INPUT: StreamEnds = { failed: (error) => new HostError('io', 'the stream of input failed', error) };

export class StreamSource implements Source {
  readonly terminal = false;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #ends: StreamEnds;
  readonly #waiters = new Waiters();
  /** What has come and was not read; undefined at the end. */
  #piece: Uint8Array | undefined = NOTHING;
  #failure: HostError | undefined;
  #asked = false;
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(stream: ReadableStream<Uint8Array>, ends: StreamEnds = INPUT) {
    this.#reader = stream.getReader();
    this.#ends = ends;
  }

  /** Why it ended, where it was not whole. */
  get failure(): HostError | undefined {
    return this.#failure;
  }

  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    const { silence, silent, failed } = this.#ends;
    if (silence !== undefined && silent !== undefined) this.#timer = setTimeout(() => this.#fail(silent()), silence);
    this.#reader.read().then(
      ({ value, done }) => this.#arrived(done ? undefined : value),
      (error: unknown) => this.#fail(failed(error)),
    );
  }

  #arrived(piece: Uint8Array | undefined): void {
    if (this.#failure !== undefined || this.#closed) return;
    clearTimeout(this.#timer);
    this.#asked = false;
    this.#piece = piece;
    if (piece === undefined) this.#ends.over?.();
    this.#waiters.wake();
  }

  #fail(failure: HostError): void {
    if (this.#failure !== undefined || this.#closed) return;
    clearTimeout(this.#timer);
    this.#failure = failure;
    this.#piece = undefined;
    this.#leave();
    this.#waiters.wake();
  }

  #leave(): void {
    // What the stream says to that is nobody's any more.
    this.#reader.cancel().catch(() => {});
    this.#ends.over?.();
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
    const isOpen = this.#piece !== undefined;
    this.#closed = true;
    clearTimeout(this.#timer);
    if (isOpen) this.#leave();
    this.#waiters.wake();
  }
}
