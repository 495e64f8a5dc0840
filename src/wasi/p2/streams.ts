/**
 * `wasi:io/streams`, over the host's sources and sinks. Reads give at most 64 KiB at a time; a write is permitted while nothing
 * that was written before is still on its way.
 */
import { passesOn } from '../../abi/lifted.ts';
import { ComponentError } from '../../error/error.ts';
import { HostError, type MaybePromise, type Sink, type Source, then } from '../../host/host.ts';
import { until } from '../../host/streams.ts';
import { IoError } from './error.ts';
import { violated } from './guard.ts';
import { Parent, type Pollable } from './poll.ts';

/** Bytes of one read, and the permit of `check-write`. */
const CHUNK = 65_536;
/** What the `blocking-write-…-and-flush` functions take, by their specification. */
const MAX_BLOCKING_WRITE = 4096;

const NOTHING = new Uint8Array(0);

function closed(): ComponentError {
  return new ComponentError({ tag: 'closed' });
}

function bounded(length: bigint): number {
  return length > CHUNK ? CHUNK : Number(length);
}

/** The resource `input-stream`. */
export class InputStream {
  readonly #source: Source;
  #dropped: (() => void) | undefined;
  readonly #parent = new Parent();
  #open = true;

  /** `dropped` is called when the guest drops the stream, to close the source where it is the stream's own. */
  constructor(source: Source, dropped?: () => void) {
    this.#source = source;
    this.#dropped = dropped;
  }

  #fail(error: unknown): unknown {
    if (!(error instanceof HostError)) return error;
    this.#open = false;
    return new ComponentError({ tag: 'last-operation-failed', val: new IoError(error) });
  }

  #read(max: number): Uint8Array {
    if (!this.#open) throw closed();
    let bytes: Uint8Array | undefined;
    try {
      bytes = this.#source.read(max);
    } catch (error) {
      throw this.#fail(error);
    }
    if (bytes !== undefined) return bytes;
    this.#open = false;
    throw closed();
  }

  async #readLater(max: number): Promise<Uint8Array> {
    for (;;) {
      await until(this.#source);
      const bytes = this.#read(max);
      if (bytes.length > 0) return bytes;
    }
  }

  read(len: bigint): Uint8Array {
    return len === 0n ? this.#read(0) : this.#read(bounded(len));
  }

  blockingRead(len: bigint): MaybePromise<Uint8Array> {
    const bytes = this.read(len);
    return bytes.length > 0 || len === 0n ? bytes : this.#readLater(bounded(len));
  }

  skip(len: bigint): bigint {
    return BigInt(this.read(len).length);
  }

  blockingSkip(len: bigint): MaybePromise<bigint> {
    return then(this.blockingRead(len), (bytes) => BigInt(bytes.length));
  }

  /** Waits until a read would give something; undefined if it would now. */
  static until(stream: InputStream): Promise<void> | undefined {
    return stream.#open ? until(stream.#source) : undefined;
  }

  subscribe(): Pollable {
    const source = this.#source;
    return this.#parent.pollable({
      ready: () => !this.#open || source.ready(),
      subscribe: (done) => source.subscribe(done),
    });
  }

  [Symbol.dispose](): void {
    this.#open = false;
    this.#dropped?.();
    this.#dropped = undefined;
    this.#parent.dropped('input-stream');
  }
}

/** The resource `output-stream`. */
export class OutputStream {
  readonly #sink: Sink;
  #dropped: (() => void) | undefined;
  readonly #parent = new Parent();
  #open = true;
  #permit = 0;

  /** `dropped` is called when the guest drops the stream, to close the sink where it is the stream's own. */
  constructor(sink: Sink, dropped?: () => void) {
    this.#sink = sink;
    this.#dropped = dropped;
  }

  #fail(error: unknown): unknown {
    if (!(error instanceof HostError)) return error;
    this.#open = false;
    return error.code === 'pipe'
      ? closed()
      : new ComponentError({ tag: 'last-operation-failed', val: new IoError(error) });
  }

  #check(): void {
    if (!this.#open) throw closed();
    try {
      this.#sink.check();
    } catch (error) {
      throw this.#fail(error);
    }
  }

  #send(bytes: Uint8Array): void {
    try {
      this.#sink.write(bytes);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  #available(): number {
    this.#check();
    this.#permit = this.#sink.ready() ? CHUNK : 0;
    return this.#permit;
  }

  checkWrite(): bigint {
    return BigInt(this.#available());
  }

  #spend(length: number): void {
    if (length > this.#permit) violated(`a write of ${length} bytes, where check-write permitted ${this.#permit}`);
    this.#permit -= length;
  }

  /** What is written was lifted, and counted: only so much of it is kept at a time, so it counts no longer. */
  write(contents: Uint8Array): void {
    this.#check();
    this.#spend(contents.length);
    passesOn(contents.length);
    this.#send(contents);
  }

  #writeOwn(bytes: Uint8Array): void {
    this.#check();
    this.#spend(bytes.length);
    this.#send(bytes);
  }

  writeZeroes(len: bigint): void {
    if (len > CHUNK) violated(`a write of ${len} bytes, where check-write permitted ${this.#permit}`);
    this.#writeOwn(new Uint8Array(Number(len)));
  }

  flush(): void {
    this.#check();
  }

  blockingFlush(): MaybePromise<void> {
    this.#check();
    return then(until(this.#sink), () => this.#check());
  }

  blockingWriteAndFlush(contents: Uint8Array): MaybePromise<void> {
    if (contents.length > MAX_BLOCKING_WRITE) {
      violated(`a blocking write of ${contents.length} bytes, where ${MAX_BLOCKING_WRITE} are the most`);
    }
    passesOn(contents.length);
    return this.#writeAndFlush(contents);
  }

  #writeAndFlush(bytes: Uint8Array): MaybePromise<void> {
    this.#check();
    const room = until(this.#sink);
    return then(room, () => {
      this.#check();
      this.#send(bytes);
      return then(until(this.#sink), () => this.#check());
    });
  }

  blockingWriteZeroesAndFlush(len: bigint): MaybePromise<void> {
    if (len > MAX_BLOCKING_WRITE)
      violated(`a blocking write of ${len} bytes, where ${MAX_BLOCKING_WRITE} are the most`);
    return this.#writeAndFlush(new Uint8Array(Number(len)));
  }

  splice(src: InputStream, len: bigint): bigint {
    const room = this.#available();
    const bytes = room === 0 ? NOTHING : src.read(len < BigInt(room) ? len : BigInt(room));
    if (bytes.length > 0) this.#writeOwn(bytes);
    return BigInt(bytes.length);
  }

  blockingSplice(src: InputStream, len: bigint): MaybePromise<bigint> {
    this.#check();
    return then(until(this.#sink), () => then(InputStream.until(src), () => this.splice(src, len)));
  }

  subscribe(): Pollable {
    const sink = this.#sink;
    return this.#parent.pollable({
      ready: () => !this.#open || sink.ready(),
      subscribe: (done) => sink.subscribe(done),
    });
  }

  [Symbol.dispose](): void {
    this.#open = false;
    this.#dropped?.();
    this.#dropped = undefined;
    this.#parent.dropped('output-stream');
  }
}

/** The interface `wasi:io/streams`. */
export const ioStreams = { InputStream, OutputStream };
