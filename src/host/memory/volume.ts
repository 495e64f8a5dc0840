/**
 * What lies in memory: files, directories and symbolic links, and the account of what they take. A volume counts names and the bytes
 * of files and links; what is unlinked and still open counts until it is closed. Paths are not known here.
 */
import { type FileStat, HostError, type NewTime } from '../host.ts';

/** How much a volume may hold. */
export interface VolumeLimits {
  /** Bytes of all files together. 256 MiB where not given. */
  readonly bytes?: number;
  /** Names of files, directories and links together. 65,536 where not given. */
  readonly files?: number;
}

const DEFAULT_BYTES = 256 * 1024 * 1024;
const DEFAULT_FILES = 65_536;
/** Bytes of a name in UTF-8, as NAME_MAX. */
const MAX_NAME = 255;
/** The smallest buffer of a file that grows. */
const LEAST = 64;

/** Nanoseconds since 1970. */
export function now(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;
}

const utf8 = new TextEncoder();

function checkName(name: string): void {
  // A UTF-16 unit takes three bytes at the most.
  if (name.length * 3 <= MAX_NAME || utf8.encode(name).length <= MAX_NAME) return;
  throw new HostError('name-too-long', 'a name is longer than 255 bytes');
}

/** What nodes have in common. */
abstract class Node {
  readonly volume: Volume;
  readonly inode: bigint;
  /** How many names it has. */
  links = 0;
  accessed = now();
  modified = this.accessed;
  changed = this.accessed;

  constructor(volume: Volume) {
    this.volume = volume;
    this.inode = volume.nextInode();
  }

  abstract readonly kind: 'file' | 'directory' | 'link';
  abstract get size(): number;
  /** Gives back what it holds, if nothing leads to it any more. */
  abstract release(): void;

  stat(): FileStat {
    const type = this.kind === 'file' ? 'regular-file' : this.kind === 'link' ? 'symbolic-link' : 'directory';
    const { inode, accessed, modified, changed } = this;
    const size = BigInt(this.size);
    return { type, device: this.volume.device, inode, links: BigInt(this.links), size, accessed, modified, changed };
  }

  /** Something was written. */
  touch(): void {
    this.modified = now();
    this.changed = this.modified;
  }

  setTimes(accessed: NewTime, modified: NewTime): void {
    this.changed = now();
    this.accessed = newTime(accessed, this.accessed, this.changed);
    this.modified = newTime(modified, this.modified, this.changed);
  }
}

function newTime(time: NewTime, before: bigint, present: bigint): bigint {
  switch (time.kind) {
    case 'keep':
      return before;
    case 'now':
      return present;
    case 'at':
      return time.nanoseconds;
  }
}

/** A regular file. */
export class FileNode extends Node {
  readonly kind = 'file';
  /** Its content, and zeroes behind that. */
  #buffer = new Uint8Array(0);
  #size = 0;
  /** How many open files lead to it. */
  #open = 0;

  get size(): number {
    return this.#size;
  }

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#size);
  }

  opened(): void {
    this.#open++;
  }

  closed(): void {
    this.#open--;
    this.release();
  }

  release(): void {
    if (this.links > 0 || this.#open > 0) return;
    this.volume.take(-this.#size);
    this.#buffer = new Uint8Array(0);
    this.#size = 0;
  }

  readInto(target: Uint8Array, offset: number): number {
    const piece = this.#buffer.subarray(offset, Math.min(this.#size, offset + target.length));
    target.set(piece);
    return piece.length;
  }

  write(bytes: Uint8Array, offset: number): void {
    if (bytes.length === 0) return;
    if (offset + bytes.length > this.#size) this.#resize(offset + bytes.length);
    this.#buffer.set(bytes, offset);
    this.touch();
  }

  setSize(size: number): void {
    this.#resize(size);
    this.touch();
  }

  #resize(size: number): void {
    const more = size - this.#size;
    this.volume.take(more);
    const room = this.#buffer.length;
    if (more < 0) {
      if (size < room >> 2) this.#buffer = this.#buffer.slice(0, size);
      else this.#buffer.fill(0, size, this.#size);
    } else if (size > room) {
      try {
        const buffer = new Uint8Array(this.volume.room(size, Math.max(size, room * 2, LEAST)));
        buffer.set(this.bytes);
        this.#buffer = buffer;
      } catch (error) {
        this.volume.take(-more);
        throw new HostError('insufficient-memory', 'the engine has no room for the file', error);
      }
    }
    this.#size = size;
  }
}

/** A symbolic link. */
export class LinkNode extends Node {
  readonly kind = 'link';
  readonly content: string;
  readonly size: number;

  constructor(volume: Volume, content: string) {
    super(volume);
    this.content = content;
    this.size = utf8.encode(content).length;
    volume.take(this.size);
  }

  release(): void {
    if (this.links === 0) this.volume.take(-this.size);
  }
}

/** A directory: names, and what they lead to. */
export class DirectoryNode extends Node {
  readonly kind = 'directory';
  readonly size = 0;
  readonly #entries = new Map<string, MemoryNode>();
  /** Undefined for the root, and once it is removed. */
  parent: DirectoryNode | undefined;

  /** A step of a walk holds nothing. */
  close(): void {}

  release(): void {}

  get empty(): boolean {
    return this.#entries.size === 0;
  }

  entries(): IterableIterator<[string, MemoryNode]> {
    return this.#entries.entries();
  }

  /** What `name` leads to. Throws `name-too-long`. */
  find(name: string): MemoryNode | undefined {
    checkName(name);
    return this.#entries.get(name);
  }

  /** What `name` leads to. Throws `no-entry`, `name-too-long`. */
  get(name: string): MemoryNode {
    const node = this.find(name);
    if (node === undefined) throw new HostError('no-entry', 'there is nothing under this name');
    return node;
  }

  /** Whether `other` is this directory or lies below it. */
  holds(other: DirectoryNode): boolean {
    for (let node: DirectoryNode | undefined = other; node !== undefined; node = node.parent) {
      if (node === this) return true;
    }
    return false;
  }

  /** Gives a name to what `make` makes, which must not be there. Throws `exist`, `insufficient-space`; `no-entry` where it was itself removed. */
  add<T extends MemoryNode>(name: string, make: () => T): T {
    if (this.find(name) !== undefined) throw new HostError('exist', 'the name is taken');
    if (this.links === 0) throw new HostError('no-entry', 'the directory was removed');
    this.volume.name(1);
    let node: T;
    try {
      node = make();
    } catch (error) {
      this.volume.name(-1);
      throw error;
    }
    this.#put(name, node);
    return node;
  }

  #put(name: string, node: MemoryNode): void {
    this.#entries.set(name, node);
    node.links++;
    node.changed = now();
    if (node instanceof DirectoryNode) node.parent = this;
    this.touch();
  }

  /** Takes a name away. */
  remove(name: string): void {
    const node = this.get(name);
    this.#entries.delete(name);
    this.volume.name(-1);
    node.links--;
    node.changed = now();
    if (node instanceof DirectoryNode) node.parent = undefined;
    node.release();
    this.touch();
  }

  /** Gives what `name` leads to another name in `target`, in place of what has it. */
  move(name: string, target: DirectoryNode, to: string): void {
    const node = this.get(name);
    if (target.links === 0) throw new HostError('no-entry', 'the directory was removed');
    if (target.find(to) !== undefined) target.remove(to);
    this.#entries.delete(name);
    node.links--;
    this.touch();
    target.#put(to, node);
  }
}

export type MemoryNode = FileNode | LinkNode | DirectoryNode;

/** How many volumes there were: each has a device number of its own. */
let volumes = 0n;

/** One tree of files, and how much it may hold. */
export class Volume {
  readonly device = ++volumes;
  readonly root: DirectoryNode;
  readonly #maxBytes: number;
  readonly #maxFiles: number;
  #bytes = 0;
  #names = 0;
  #inodes = 0n;

  constructor(limits: VolumeLimits = {}) {
    this.#maxBytes = limits.bytes ?? DEFAULT_BYTES;
    this.#maxFiles = limits.files ?? DEFAULT_FILES;
    this.root = new DirectoryNode(this);
    this.root.links = 1;
  }

  nextInode(): bigint {
    return ++this.#inodes;
  }

  /** Accounts for `more` bytes; fewer where negative. Throws `insufficient-space`. */
  take(more: number): void {
    if (more > 0 && this.#bytes + more > this.#maxBytes)
      throw new HostError('insufficient-space', 'the files in memory have reached their limit of bytes');
    this.#bytes += more;
  }

  /** The buffer that a file of `size` bytes gets, where `wanted` would be convenient: never more than the volume may hold. */
  room(size: number, wanted: number): number {
    return Math.max(size, Math.min(wanted, this.#maxBytes));
  }

  /** Accounts for `more` names. Throws `insufficient-space`. */
  name(more: number): void {
    if (more > 0 && this.#names + more > this.#maxFiles)
      throw new HostError('insufficient-space', 'the files in memory have reached their limit of names');
    this.#names += more;
  }
}
