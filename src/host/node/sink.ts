/**
 * Sinks over file descriptors. Files and terminals are written at once and completely; pipes take what fits through a descriptor
 * of our own that does not block, and the rest follows when the reader has made room: the guest is told to wait meanwhile.
 */
import { closeSync, writeSync } from 'node:fs';
import { HostError, type Sink } from '../host.ts';
import { READY, Waiters } from '../streams.ts';
import { hostError, systemCode } from './errors.ts';
import { nodeNet } from './terminal.ts';

/** Writes what goes now: fewer bytes than given where a non-blocking descriptor is full. */
function writeSome(fd: number, bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(fd, bytes, at, bytes.length - at, null);
    } catch (error) {
      const code = systemCode(error);
      if (code === 'EAGAIN') return at;
      if (code !== 'EINTR') throw error;
    }
  }
  return at;
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Tells the owner that nobody reads any more; called at most once. */
export type BrokenPipe = () => void;

/** Common to all sinks here: how they end. */
abstract class FdSink {
  readonly terminal: boolean;
  readonly #broken: BrokenPipe;
  #ended: HostError | undefined;
  /** The failure of a write under way, to be told once. */
  #failure: unknown;

  constructor(terminal: boolean, broken: BrokenPipe) {
    this.terminal = terminal;
    this.#broken = broken;
  }

  get ended(): boolean {
    return this.#ended !== undefined || this.#failure !== undefined;
  }

  check(): void {
    if (this.#failure !== undefined) {
      const failure = this.#failure;
      this.#failure = undefined;
      throw failure;
    }
    if (this.#ended !== undefined) throw this.#ended;
  }

  end(): void {
    this.#ended ??= new HostError('pipe', 'the stream is closed');
  }

  /** Notes a failure: the sink takes nothing more. Gives the error to throw. */
  fail(error: unknown): unknown {
    const told = hostError(error);
    if (this.#ended === undefined && told instanceof HostError && told.code === 'pipe') {
      this.#ended = told;
      this.#broken();
    }
    this.end();
    return told;
  }

  failLater(error: unknown): void {
    const told = this.fail(error);
    if (!(told instanceof HostError) || told.code !== 'pipe') this.#failure = told;
  }
}

/** A file, a terminal or a device: written completely before `write` returns. */
export class PromptSink extends FdSink implements Sink {
  readonly #fd: number;
  readonly ready = READY.ready;
  readonly subscribe = READY.subscribe;

  constructor(fd: number, terminal: boolean, broken: BrokenPipe = () => {}) {
    super(terminal, broken);
    this.#fd = fd;
  }

  write(bytes: Uint8Array): void {
    this.check();
    try {
      let at = writeSome(this.#fd, bytes);
      // Somebody else made the terminal non-blocking: let it drain.
      while (at < bytes.length) {
        Atomics.wait(pause, 0, 0, 1);
        at += writeSome(this.#fd, bytes.subarray(at));
      }
    } catch (error) {
      throw this.fail(error);
    }
  }

  close(): void {
    this.end();
  }
}

/** Sends what did not fit, and reports. */
export interface Drain {
  send(bytes: Uint8Array, done: (error?: unknown) => void): void;
  /** Ends after what is under way. */
  close(): void;
}

export interface PipeSinkOptions {
  readonly terminal: boolean;
  /** A descriptor that does not block, to try first. Owned by the drain once there is one. */
  readonly fd: number | undefined;
  readonly drain: () => Drain;
  readonly broken?: BrokenPipe;
}

/** A pipe, or a stream that the process shares. */
export class PipeSink extends FdSink implements Sink {
  readonly #options: PipeSinkOptions;
  readonly #waiters = new Waiters();
  #drain: Drain | undefined;
  #pending = false;
  #closing = false;

  constructor(options: PipeSinkOptions) {
    super(options.terminal, options.broken ?? ((): void => {}));
    this.#options = options;
  }

  ready(): boolean {
    return this.ended || !this.#pending;
  }

  subscribe(done: () => void): () => void {
    if (this.ready()) done();
    return this.ready() ? (): void => {} : this.#waiters.add(done);
  }

  write(bytes: Uint8Array): void {
    this.check();
    const { fd } = this.#options;
    let rest = bytes;
    if (fd !== undefined && !this.#pending) {
      try {
        rest = bytes.subarray(writeSome(fd, bytes));
      } catch (error) {
        throw this.fail(error);
      }
    }
    if (rest.length === 0) return;
    this.#drain ??= this.#options.drain();
    this.#pending = true;
    // A copy: the guest's memory, or its caller's buffer, changes before the bytes are gone.
    this.#drain.send(new Uint8Array(rest), (error) => {
      this.#pending = false;
      if (error !== undefined) this.failLater(error);
      this.#waiters.wake();
      if (this.#closing) this.#release();
    });
  }

  #release(): void {
    if (this.#drain !== undefined) this.#drain.close();
    else if (this.#options.fd !== undefined) closeSync(this.#options.fd);
    this.#drain = undefined;
  }

  /** Ends the sink; bytes that are under way still go. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.end();
    if (!this.#pending) this.#release();
  }
}

/** Drains through the event loop. Takes over `fd`. */
export function socketDrain(fd: number): () => Drain {
  return () => {
    const socket = new (nodeNet().Socket)({ fd, readable: false, writable: true });
    // Every write reports its own failure.
    socket.on('error', () => {});
    return {
      send(bytes, done) {
        socket.write(bytes, (error) => done(error ?? undefined));
      },
      close() {
        socket.destroy();
      },
    };
  };
}

/** Drains by trying again every few milliseconds. Takes over `fd`. */
export function pollingDrain(fd: number): () => Drain {
  return () => ({
    send(bytes, done) {
      let at = 0;
      let delay = 1;
      const tick = (): void => {
        try {
          const sent = writeSome(fd, bytes.subarray(at));
          at += sent;
          delay = sent > 0 ? 1 : Math.min(delay * 2, 50);
        } catch (error) {
          done(error);
          return;
        }
        if (at === bytes.length) done();
        else setTimeout(tick, delay);
      };
      setTimeout(tick, delay);
    },
    close() {
      closeSync(fd);
    },
  });
}

/** Drains through a stream that the process shares, such as `process.stdout` where it is a socket; leaves it open. */
export function sharedDrain(shared: () => NodeJS.WriteStream): () => Drain {
  return () => {
    const stream = shared();
    // Every write reports its own failure; without a listener a broken pipe would end the process.
    const ignore = (): void => {};
    stream.on('error', ignore);
    return {
      send(bytes, done) {
        let called = false;
        const once = (error?: unknown): void => {
          if (called) return;
          called = true;
          done(error);
        };
        stream.write(bytes, (error) => once(error ?? undefined));
        // Nothing is left in the stream: the system has taken all of it.
        if (stream.writableLength === 0 && !stream.destroyed && stream.errored === null) once();
      },
      close() {
        // The failure of the last write arrives an event later than its callback.
        setImmediate(() => stream.off('error', ignore)).unref();
      },
    };
  };
}
