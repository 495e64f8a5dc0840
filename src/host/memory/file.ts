/** Open files in memory. They answer at once; a file lives as long as something leads to it, a name or who has it open. */
import { type FileStat, HostError, type HostFile, type NewTime, type Sink, type Source } from '../host.ts';
import { READY } from '../streams.ts';
import type { FileNode } from './volume.ts';

/** What a file was opened as. */
export interface FileAccess {
  readonly readable: boolean;
  readonly writable: boolean;
  /** Whether its attributes may be changed: false below a read-only directory. */
  readonly mutable: boolean;
}

const MAX_OFFSET = BigInt(Number.MAX_SAFE_INTEGER);
const NOTHING = new Uint8Array(0);

function position(offset: bigint): number {
  if (offset > MAX_OFFSET) throw new HostError('file-too-large', 'the offset is too large');
  return Number(offset);
}

export class MemoryFile implements HostFile {
  readonly kind = 'file';
  readonly type = 'regular-file';
  readonly seekable = true;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly #node: FileNode;
  readonly #mutable: boolean;
  #owners = 1;

  constructor(node: FileNode, { readable, writable, mutable }: FileAccess) {
    this.#node = node;
    this.readable = readable;
    this.writable = writable;
    this.#mutable = mutable;
    node.opened();
  }

  #open(allowed = true): FileNode {
    if (this.#owners === 0) throw new HostError('bad-descriptor', 'the file is closed');
    if (!allowed) throw new HostError('bad-descriptor', 'the file is not open for this');
    return this.#node;
  }

  retain(): void {
    this.#open();
    this.#owners++;
  }

  close(): void {
    if (this.#owners > 0 && --this.#owners === 0) this.#node.closed();
  }

  stat(): FileStat {
    return this.#open().stat();
  }

  setTimes(accessed: NewTime, modified: NewTime): void {
    if (!this.#mutable) throw new HostError('not-permitted', 'the directory was granted read-only');
    this.#open().setTimes(accessed, modified);
  }

  sync(): void {
    this.#open();
  }

  readInto(target: Uint8Array, offset: bigint): number {
    const node = this.#open(this.readable);
    return offset > MAX_OFFSET ? 0 : node.readInto(target, Number(offset));
  }

  write(bytes: Uint8Array, offset: bigint): number {
    this.#open(this.writable).write(bytes, position(offset));
    return bytes.length;
  }

  append(bytes: Uint8Array): number {
    const node = this.#open(this.writable);
    node.write(bytes, node.size);
    return bytes.length;
  }

  setSize(size: bigint): void {
    this.#open(this.writable).setSize(position(size));
  }

  source(offset: bigint): Source {
    this.#open(this.readable);
    this.retain();
    return new FileSource(this, offset);
  }

  sink(offset: bigint | 'end'): Sink {
    this.#open(this.writable);
    this.retain();
    return new FileSink(this, offset);
  }

  /** How many bytes there are from `offset` on. */
  left(offset: bigint): number {
    return Math.max(0, this.#node.size - Number(offset));
  }
}

/** Reads a file from a position on. */
class FileSource implements Source {
  readonly terminal = false;
  readonly ready = READY.ready;
  readonly subscribe = READY.subscribe;
  readonly #file: MemoryFile;
  #offset: bigint;
  #closed = false;

  constructor(file: MemoryFile, offset: bigint) {
    this.#file = file;
    this.#offset = offset;
  }

  read(max: number): Uint8Array | undefined {
    if (this.#closed) return undefined;
    if (max === 0) return NOTHING;
    const target = new Uint8Array(Math.min(max, this.#file.left(this.#offset)));
    const length = this.#file.readInto(target, this.#offset);
    this.#offset += BigInt(length);
    return length === 0 ? undefined : target;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
  }
}

/** Writes a file from a position on, or always at its end. */
class FileSink implements Sink {
  readonly terminal = false;
  readonly ready = READY.ready;
  readonly subscribe = READY.subscribe;
  readonly #file: MemoryFile;
  #offset: bigint | 'end';
  #closed = false;

  constructor(file: MemoryFile, offset: bigint | 'end') {
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
