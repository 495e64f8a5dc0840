/** Open files: regular ones are read and written at once, others (pipes, terminals, devices) through streams that do not block. */
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import {
  type FileStat,
  type FileType,
  HostError,
  type HostFile,
  type NewTime,
  type Sink,
  type Source,
} from '../host.ts';
import type { Ledger } from '../quota.ts';
import { READY } from '../streams.ts';
import { hostCall } from './errors.ts';
import { PipeSink, pollingDrain } from './sink.ts';
import { PipeSource, pollingListener } from './source.ts';
import { fileStat, type SetTimes } from './stat.ts';
import { isTerminal } from './terminal.ts';

/** What a file was opened as. */
export interface FileAccess {
  readonly readable: boolean;
  readonly writable: boolean;
  /** Whether its attributes may be changed: false below a read-only directory. */
  readonly mutable: boolean;
  readonly times: SetTimes;
  /** Where what the program adds is counted; `id` is the file's identity there. */
  readonly account?: FileAccount | undefined;
}

/** A regular file below a directory with a quota. */
export interface FileAccount {
  readonly ledger: Ledger;
  readonly id: string;
}

/** Positions that Node can write at; reads go further, but there is nothing to read. */
const MAX_OFFSET = BigInt(Number.MAX_SAFE_INTEGER);

function position(offset: bigint): number {
  if (offset > MAX_OFFSET) throw new HostError('file-too-large', 'the offset is too large');
  return Number(offset);
}

const NOTHING = new Uint8Array(0);

export class NodeFile implements HostFile {
  readonly kind = 'file';
  readonly type: FileType;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly seekable: boolean;
  readonly #mutable: boolean;
  readonly #times: SetTimes;
  readonly #account: FileAccount | undefined;
  #fd: number;
  #appendFd = -1;
  #owners = 1;

  constructor(fd: number, type: FileType, access: FileAccess) {
    this.#fd = fd;
    this.type = type;
    this.readable = access.readable;
    this.writable = access.writable;
    this.seekable = type === 'regular-file' || type === 'block-device';
    this.#mutable = access.mutable;
    this.#times = access.times;
    this.#account = access.account;
    this.#account?.ledger.opened(this.#account.id);
  }

  #open(): number {
    if (this.#fd < 0) throw new HostError('bad-descriptor', 'the file is closed');
    return this.#fd;
  }

  #positioned(allowed: boolean): number {
    if (!allowed) throw new HostError('bad-descriptor', 'the file is not open for this');
    if (!this.seekable) throw new HostError('invalid-seek', 'the file has no positions');
    return this.#open();
  }

  retain(): void {
    this.#open();
    this.#owners++;
  }

  close(): void {
    if (this.#fd < 0 || --this.#owners > 0) return;
    if (this.#account !== undefined) this.#account.ledger.closed(this.#account.id, this.#isNameless());
    closeSync(this.#fd);
    if (this.#appendFd >= 0) closeSync(this.#appendFd);
    this.#fd = -1;
    this.#appendFd = -1;
  }

  #isNameless(): boolean {
    try {
      return fstatSync(this.#fd).nlink === 0;
    } catch {
      return false;
    }
  }

  /** Does what makes the file end at `end`, if it ended before, where the quota has room for that. */
  #growing<T>(end: (size: bigint) => bigint, body: () => T): T {
    if (this.#account === undefined) return hostCall(body);
    const { ledger, id } = this.#account;
    const { size } = this.#stat();
    const growth = end(size) - size;
    ledger.grow(id, growth);
    try {
      return hostCall(body);
    } catch (error) {
      if (growth > 0n) ledger.shrink(id, size + growth - this.#stat().size);
      throw error;
    }
  }

  #stat(): FileStat {
    return fileStat(fstatSync(this.#open(), { bigint: true }));
  }

  stat(): FileStat {
    return hostCall(() => this.#times.seen(this.#stat()));
  }

  setTimes(accessed: NewTime, modified: NewTime): void {
    if (!this.#mutable) throw new HostError('not-permitted', 'the directory was granted read-only');
    const fd = this.#open();
    hostCall(() =>
      this.#times.change(
        accessed,
        modified,
        () => this.#stat(),
        (a, m) => futimesSync(fd, a, m),
      ),
    );
  }

  sync(dataOnly: boolean): void {
    const fd = this.#open();
    if (this.writable) hostCall(() => (dataOnly ? fdatasyncSync(fd) : fsyncSync(fd)));
  }

  readInto(target: Uint8Array, offset: bigint): number {
    const fd = this.#positioned(this.readable);
    if (target.length === 0 || offset > MAX_OFFSET) return 0;
    return hostCall(() => readSync(fd, target, 0, target.length, Number(offset)));
  }

  write(bytes: Uint8Array, offset: bigint): number {
    const fd = this.#positioned(this.writable);
    const start = position(offset);
    let at = 0;
    if (bytes.length === 0) return 0;
    const last = BigInt(start + bytes.length);
    const end = (size: bigint): bigint => (last > size ? last : size);
    return this.#growing(end, () => {
      while (at < bytes.length) at += writeSync(fd, bytes, at, bytes.length - at, start + at);
      return at;
    });
  }

  append(bytes: Uint8Array): number {
    this.#positioned(this.writable);
    if (process.platform !== 'linux') return this.write(bytes, this.stat().size);
    const end = (size: bigint): bigint => size + BigInt(bytes.length);
    return this.#growing(end, () => {
      const fd = this.#appender();
      let at = 0;
      while (at < bytes.length) at += writeSync(fd, bytes, at, bytes.length - at, null);
      return at;
    });
  }

  /** A second descriptor that always writes at the end, so that appends of several programs do not overwrite one another. */
  #appender(): number {
    if (this.#appendFd < 0) this.#appendFd = this.#again(constants.O_WRONLY | constants.O_APPEND);
    return this.#appendFd;
  }

  #again(flags: number): number {
    if (process.platform !== 'linux') throw new HostError('unsupported', 'this platform cannot open a file again');
    return openSync(`/proc/self/fd/${this.#open()}`, flags);
  }

  setSize(size: bigint): void {
    const fd = this.#positioned(this.writable);
    const before = this.#account === undefined ? 0n : this.#stat().size;
    this.#growing(
      () => size,
      () => ftruncateSync(fd, position(size)),
    );
    this.#account?.ledger.shrink(this.#account.id, before - size);
  }

  source(offset: bigint): Source {
    if (!this.readable) throw new HostError('bad-descriptor', 'the file is not open for reading');
    if (this.seekable) {
      this.retain();
      return new FileSource(this, offset);
    }
    return hostCall(() => {
      const fd = this.#again(constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
      const patient = this.type === 'fifo';
      return new PipeSource({ terminal: isTerminal(fd), fd, patient, listen: pollingListener(fd) });
    });
  }

  sink(offset: bigint | 'end'): Sink {
    if (!this.writable) throw new HostError('bad-descriptor', 'the file is not open for writing');
    if (this.seekable) {
      this.retain();
      return new FileSink(this, offset);
    }
    return hostCall(() => {
      const fd = this.#again(constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
      return new PipeSink({ terminal: isTerminal(fd), fd, drain: pollingDrain(fd) });
    });
  }
}

/** Reads a regular file from a position on. */
class FileSource implements Source {
  readonly terminal = false;
  readonly ready = READY.ready;
  readonly subscribe = READY.subscribe;
  readonly #file: NodeFile;
  #offset: bigint;
  #closed = false;

  constructor(file: NodeFile, offset: bigint) {
    this.#file = file;
    this.#offset = offset;
  }

  read(max: number): Uint8Array | undefined {
    if (this.#closed) return undefined;
    if (max === 0) return NOTHING;
    const target = Buffer.allocUnsafeSlow(max);
    const length = this.#file.readInto(target, this.#offset);
    this.#offset += BigInt(length);
    return length === 0 ? undefined : target.subarray(0, length);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
  }
}

/** Writes a regular file from a position on, or always at its end. */
class FileSink implements Sink {
  readonly terminal = false;
  readonly ready = READY.ready;
  readonly subscribe = READY.subscribe;
  readonly #file: NodeFile;
  #offset: bigint | 'end';
  #closed = false;

  constructor(file: NodeFile, offset: bigint | 'end') {
    this.#file = file;
    this.#offset = offset;
  }

  check(): void {
    if (this.#closed) throw new HostError('pipe', 'the stream is closed');
  }

  write(bytes: Uint8Array): void {
    this.check();
    if (this.#offset === 'end') this.#file.append(bytes);
    else this.#offset += BigInt(this.#file.write(bytes, this.#offset));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
  }
}
