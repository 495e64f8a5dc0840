/** Streams and waits that need no platform: timers, sources and sinks in memory, and waiting for one or several things. */
import { HostError, type Sink, type Source, type Waitable } from './host.ts';

const NOTHING = new Uint8Array(0);
const never = (): void => {};

/** A waitable whose time has come. */
export const READY: Waitable = {
  ready: () => true,
  subscribe(done) {
    done();
    return never;
  },
};

/** A wait that may be given up. */
export interface Wait {
  readonly promise: Promise<void>;
  /** Takes everything back that was asked for: the promise will not settle any more. */
  readonly cancel: () => void;
}

/** Begins to wait until one of them is ready. Everything asked for is taken back then. */
export function waitForAny(waitables: readonly Waitable[]): Wait {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isOver = false;
  const cancels: (() => void)[] = [];
  const cancel = (): void => {
    isOver = true;
    for (const each of cancels.splice(0)) each();
  };
  const done = (): void => {
    if (isOver) return;
    cancel();
    resolve();
  };
  for (const waitable of waitables) {
    const each = waitable.subscribe(done);
    if (isOver) {
      each();
      break;
    }
    cancels.push(each);
  }
  return { promise, cancel };
}

/** Waits until one of them is ready: undefined if one is now. */
export function untilAny(waitables: readonly Waitable[]): Promise<void> | undefined {
  return waitables.some((w) => w.ready()) ? undefined : waitForAny(waitables).promise;
}

/** Waits until it is ready: undefined if it is now. */
export function until(waitable: Waitable): Promise<void> | undefined {
  return waitable.ready() ? undefined : untilAny([waitable]);
}

/** The longest time that a timer of the platform takes, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** Ready when `now()` has reached `deadline` (nanoseconds of that clock). Holds a timer only while somebody waits. */
export function timer(now: () => bigint, deadline: bigint): Waitable {
  const ready = (): boolean => now() >= deadline;
  return {
    ready,
    subscribe(done) {
      let handle: ReturnType<typeof setTimeout> | undefined;
      const arm = (): void => {
        const left = deadline - now();
        if (left <= 0n) done();
        // Rounded up: a timer that fires early would only be armed again.
        else handle = setTimeout(arm, Math.min(Number((left + 999_999n) / 1_000_000n), LONGEST));
      };
      arm();
      return () => clearTimeout(handle);
    },
  };
}

/** Who waits for an event that comes again and again. */
export class Waiters {
  readonly #waiting = new Set<() => void>();

  get some(): boolean {
    return this.#waiting.size > 0;
  }

  /** Adds `done`, for one time. Gives what takes it back. */
  add(done: () => void): () => void {
    // A function of its own, since the same `done` may wait twice.
    const entry = (): void => done();
    this.#waiting.add(entry);
    return () => {
      this.#waiting.delete(entry);
    };
  }

  /** Calls everybody who waits. */
  wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const done of waiting) done();
  }
}

/** A source that gives `bytes` and ends; without any it has ended from the start. */
export function bytesSource(bytes: Uint8Array = NOTHING): Source {
  let position = 0;
  return {
    ...READY,
    terminal: false,
    read(max) {
      if (position >= bytes.length) return undefined;
      const chunk = new Uint8Array(bytes.subarray(position, position + max));
      position += chunk.length;
      return chunk;
    },
    close() {
      position = bytes.length;
    },
  };
}

/** A sink that hands a copy of every piece to `take`. */
export function callbackSink(take: (bytes: Uint8Array) => void): Sink {
  let closed = false;
  const check = (): void => {
    if (closed) throw new HostError('pipe', 'the sink is closed');
  };
  return {
    ...READY,
    terminal: false,
    check,
    write(bytes) {
      check();
      // Not `slice`: of a Buffer that is no copy.
      take(new Uint8Array(bytes));
    },
    close() {
      closed = true;
    },
  };
}

/** A sink that forgets. */
export function nullSink(): Sink {
  return callbackSink(() => {});
}

/** A sink in memory. `bytes()` gives everything written so far, `text()` the same as UTF-8. */
export interface MemorySink extends Sink {
  bytes(): Uint8Array;
  text(): string;
}

/** Makes a sink that keeps what is written. */
export function memorySink(): MemorySink {
  const pieces: Uint8Array[] = [];
  const bytes = (): Uint8Array => {
    const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  };
  return { ...callbackSink((piece) => pieces.push(piece)), bytes, text: () => new TextDecoder().decode(bytes()) };
}
