/**
 * Sources over file descriptors. A read never waits: regular files answer at once; pipes and terminals are read through a
 * descriptor of our own that does not block (its mode is not shared with other programs), and are listened to only while
 * somebody waits, so that nothing keeps the process alive once the guest has ended.
 */
import { closeSync, readSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { ReadStream } from 'node:tty';
import type { Source } from '../host.ts';
import { READY, Waiters } from '../streams.ts';
import { hostError, systemCode } from './errors.ts';
import { nodeNet, nodeTty } from './terminal.ts';

const NOTHING = new Uint8Array(0);
const CHUNK = 65_536;

/** Reads up to `max` bytes; undefined where a non-blocking descriptor has none now. */
function readSome(fd: number, max: number): Uint8Array | undefined {
  const target = Buffer.allocUnsafeSlow(max);
  for (;;) {
    try {
      return target.subarray(0, readSync(fd, target, 0, max, null));
    } catch (error) {
      switch (systemCode(error)) {
        case 'EAGAIN':
          return undefined;
        case 'EINTR':
          continue;
        case 'EOF':
          return NOTHING;
        default:
          throw error;
      }
    }
  }
}

/** A source whose reads are always promptly answered: a regular file or a device like `/dev/null`, read where `fd` stands. */
export function promptSource(fd: number): Source {
  let ended = false;
  return {
    ...READY,
    terminal: false,
    read(max) {
      if (ended) return undefined;
      if (max === 0) return NOTHING;
      try {
        const bytes = readSome(fd, max);
        if (bytes === undefined) return NOTHING;
        ended = bytes.length === 0;
        return ended ? undefined : bytes;
      } catch (error) {
        throw hostError(error);
      }
    },
    close() {
      ended = true;
    },
  };
}

/** What wakes a {@link PipeSource}: `start` begins to listen, `stop` ends it. `chunk` receives what listening has read already. */
export interface Listener {
  start(): void;
  stop(): void;
  close(): void;
}

/** What a listener reports. */
export interface Heard {
  /** Bytes that listening took from the descriptor. */
  chunk(bytes: Uint8Array): void;
  end(): void;
  fail(error: unknown): void;
  /** Look again. */
  wake(): void;
}

export interface PipeOptions {
  readonly terminal: boolean;
  /** A descriptor that does not block, to try before listening. Not closed by the source: its listener owns it. */
  readonly fd: number | undefined;
  /** A read of nothing before the first byte means that nobody has opened the other end yet. */
  readonly patient?: boolean;
  readonly listen: (heard: Heard) => Listener;
}

/** A pipe, terminal or socket. */
export class PipeSource implements Source {
  readonly terminal: boolean;
  readonly #options: PipeOptions;
  readonly #chunks: Uint8Array[] = [];
  readonly #waiters = new Waiters();
  #listener: Listener | undefined;
  #state: 'open' | 'ended' = 'open';
  #error: unknown;
  #begun = false;

  constructor(options: PipeOptions) {
    this.terminal = options.terminal;
    this.#options = options;
  }

  #push(bytes: Uint8Array): void {
    this.#begun = true;
    this.#chunks.push(bytes);
  }

  /** Takes up to `max` bytes from the descriptor, if it has any. */
  #fill(max: number): void {
    const { fd, patient } = this.#options;
    if (fd === undefined || this.#state === 'ended' || this.#error !== undefined || this.#chunks.length > 0) return;
    try {
      const bytes = readSome(fd, max);
      if (bytes === undefined) return;
      if (bytes.length > 0) this.#push(bytes);
      else if (patient !== true || this.#begun) this.#state = 'ended';
    } catch (error) {
      this.#error = error;
    }
  }

  ready(): boolean {
    this.#fill(CHUNK);
    return this.#chunks.length > 0 || this.#state === 'ended' || this.#error !== undefined;
  }

  read(max: number): Uint8Array | undefined {
    if (max === 0) return this.#state === 'ended' && this.#chunks.length === 0 ? undefined : NOTHING;
    this.#fill(max);
    const [first] = this.#chunks;
    if (first === undefined) {
      if (this.#error !== undefined) {
        const error = this.#error;
        this.#error = undefined;
        this.#state = 'ended';
        throw hostError(error);
      }
      return this.#state === 'ended' ? undefined : NOTHING;
    }
    if (first.length <= max) {
      this.#chunks.shift();
      return first;
    }
    this.#chunks[0] = first.subarray(max);
    return first.subarray(0, max);
  }

  subscribe(done: () => void): () => void {
    const cancel = this.#waiters.add(done);
    this.#listener ??= this.#options.listen({
      chunk: (bytes) => {
        this.#push(bytes);
        this.#settle();
      },
      end: () => {
        this.#state = 'ended';
        this.#settle();
      },
      fail: (error) => {
        this.#error = error;
        this.#settle();
      },
      wake: () => {
        if (this.ready()) this.#settle();
      },
    });
    this.#listener.start();
    return () => {
      cancel();
      if (!this.#waiters.some) this.#listener?.stop();
    };
  }

  #settle(): void {
    this.#listener?.stop();
    this.#waiters.wake();
  }

  close(): void {
    if (this.#listener !== undefined) this.#listener.close();
    else if (this.#options.fd !== undefined) closeSync(this.#options.fd);
    this.#listener = undefined;
    this.#state = 'ended';
    this.#chunks.length = 0;
    this.#waiters.wake();
  }
}

/** Listens with the event loop. Takes over `fd`. Bytes are handed over as they are read, none stay inside the stream. */
export function socketListener(fd: number, terminal: boolean): (heard: Heard) => Listener {
  return (heard) => {
    const onread = {
      buffer: new Uint8Array(CHUNK),
      callback(length: number, buffer: Uint8Array): boolean {
        heard.chunk(new Uint8Array(buffer.subarray(0, length)));
        return false;
      },
    };
    // A terminal's stream takes the same options; its declaration does not say so.
    const stream: Socket = terminal
      ? new (nodeTty().ReadStream as unknown as new (fd: number, options: object) => ReadStream)(fd, { onread })
      : new (nodeNet().Socket)({ fd, readable: true, writable: false, onread });
    stream.on('end', () => heard.end());
    stream.on('error', (error) => heard.fail(error));
    return {
      start() {
        stream.ref();
        stream.resume();
      },
      stop() {
        stream.pause();
        stream.unref();
      },
      close() {
        stream.destroy();
      },
    };
  };
}

/** Looks again every few milliseconds: for descriptors that the event loop cannot watch. Takes over `fd`. */
export function pollingListener(fd: number): (heard: Heard) => Listener {
  return (heard) => {
    let handle: ReturnType<typeof setTimeout> | undefined;
    let delay = 1;
    const tick = (): void => {
      delay = Math.min(delay * 2, 50);
      handle = setTimeout(tick, delay);
      heard.wake();
    };
    const stop = (): void => {
      clearTimeout(handle);
      handle = undefined;
    };
    return {
      start() {
        if (handle !== undefined) return;
        delay = 1;
        handle = setTimeout(tick, delay);
      },
      stop,
      close() {
        stop();
        closeSync(fd);
      },
    };
  };
}

/**
 * Listens through a stream that the process shares, such as `process.stdin` where it is a socket. Only what a waiting guest
 * needs is taken out; the rest stays for whoever reads next.
 */
export function sharedListener(shared: () => NodeJS.ReadStream): (heard: Heard) => Listener {
  return (heard) => {
    const stream = shared();
    let listening = false;
    const readable = (): void => {
      const chunk: Uint8Array | null = stream.read();
      if (chunk !== null) heard.chunk(chunk);
    };
    const end = (): void => heard.end();
    const fail = (error: unknown): void => heard.fail(error);
    const stop = (): void => {
      if (!listening) return;
      listening = false;
      stream.off('readable', readable).off('end', end).off('error', fail);
      stream.pause();
      stream.unref?.();
    };
    return {
      start() {
        if (stream.readableEnded || stream.destroyed) queueMicrotask(end);
        else if (!listening) {
          listening = true;
          stream.ref?.();
          stream.on('readable', readable).on('end', end).on('error', fail);
        }
      },
      stop,
      close: stop,
    };
  };
}
