/**
 * `wasi:filesystem`: `types` and `preopens`. Paths, links and rights are the host layer's work (`HostDirectory`); here are the
 * forms of WIT. A directory opened below another has its right to change things, whether or not `mutate-directory` was asked
 * for: adapters of preview 1 never ask.
 */
import {
  type FileStat,
  type FileType,
  type Host,
  type HostDirectory,
  HostError,
  type HostErrorCode,
  type HostFile,
  type MaybePromise,
  type NewTime,
  then,
} from '../../host/host.ts';
import type { Preopen } from '../open-grant.ts';
import { type Datetime, datetime } from './clocks.ts';
import { IoError } from './error.ts';
import { answering } from './guard.ts';
import { InputStream, OutputStream } from './streams.ts';

/** Bytes of one `read`: 1 MiB. */
const MAX_READ = 1n << 20n;

export interface DescriptorStat {
  readonly type: FileType;
  readonly linkCount: bigint;
  readonly size: bigint;
  readonly dataAccessTimestamp: Datetime | undefined;
  readonly dataModificationTimestamp: Datetime | undefined;
  readonly statusChangeTimestamp: Datetime | undefined;
}

export interface DescriptorFlags {
  readonly read?: boolean;
  readonly write?: boolean;
  readonly fileIntegritySync?: boolean;
  readonly dataIntegritySync?: boolean;
  readonly requestedWriteSync?: boolean;
  readonly mutateDirectory?: boolean;
}

export interface PathFlags {
  readonly symlinkFollow?: boolean;
}

export interface OpenFlags {
  readonly create?: boolean;
  readonly directory?: boolean;
  readonly exclusive?: boolean;
  readonly truncate?: boolean;
}

export type NewTimestamp =
  | { readonly tag: 'no-change' | 'now' }
  | { readonly tag: 'timestamp'; readonly val: Datetime };

export interface MetadataHashValue {
  readonly lower: bigint;
  readonly upper: bigint;
}

function descriptorStat(stat: FileStat): DescriptorStat {
  return {
    type: stat.type,
    linkCount: stat.links,
    size: stat.size,
    dataAccessTimestamp: datetime(stat.accessed),
    dataModificationTimestamp: datetime(stat.modified),
    statusChangeTimestamp: datetime(stat.changed),
  };
}

function newTime(timestamp: NewTimestamp): NewTime {
  switch (timestamp.tag) {
    case 'no-change':
      return { kind: 'keep' };
    case 'now':
      return { kind: 'now' };
    case 'timestamp': {
      const { seconds, nanoseconds } = timestamp.val;
      if (nanoseconds >= 1_000_000_000) throw new HostError('invalid', 'nanoseconds of a timestamp reach a second');
      return { kind: 'at', nanoseconds: seconds * 1_000_000_000n + BigInt(nanoseconds) };
    }
  }
}

const nothing = (): void => {};

/** What all descriptors of one `createWasi` share: the host's digest, and what is open. */
export class Descriptors {
  readonly digest: Host['digest'];
  readonly #open = new Set<Descriptor>();
  readonly #streams = new Set<{ close(): void }>();

  constructor(digest: Host['digest']) {
    this.digest = digest;
  }

  /** Takes over one owner of `node`. */
  add(node: HostFile | HostDirectory, flags: DescriptorFlags): Descriptor {
    const descriptor = new Descriptor(node, flags, this);
    this.#open.add(descriptor);
    return descriptor;
  }

  remove(descriptor: Descriptor): boolean {
    return this.#open.delete(descriptor);
  }

  /** Notes a stream that is open. Gives what closes it. */
  own(stream: { close(): void }): () => void {
    this.#streams.add(stream);
    return () => {
      this.#streams.delete(stream);
      stream.close();
    };
  }

  /** Closes what the guest left open. */
  closeAll(): void {
    for (const descriptor of [...this.#open]) descriptor[Symbol.dispose]();
    for (const stream of this.#streams) stream.close();
    this.#streams.clear();
  }
}

/** The resource `directory-entry-stream`. */
export class DirectoryEntryStream {
  readonly #entries: Iterator<{ readonly type: FileType; readonly name: string }>;

  constructor(entries: Iterable<{ readonly type: FileType; readonly name: string }>) {
    this.#entries = entries[Symbol.iterator]();
  }

  readDirectoryEntry(): { type: FileType; name: string } | undefined {
    const next = this.#entries.next();
    return next.done === true ? undefined : { type: next.value.type, name: next.value.name };
  }
}

/** The resource `descriptor`. */
export class Descriptor {
  readonly #node: HostFile | HostDirectory;
  readonly #flags: DescriptorFlags;
  readonly #owner: Descriptors;

  constructor(node: HostFile | HostDirectory, flags: DescriptorFlags, owner: Descriptors) {
    this.#node = node;
    this.#flags = flags;
    this.#owner = owner;
  }

  /** The directory that an operation needs. */
  #directory(): HostDirectory {
    if (this.#node.kind !== 'directory') throw new HostError('not-directory', 'the descriptor is no directory');
    return this.#node;
  }

  /** The file that an operation needs; for a directory `code` is the answer. */
  #file(code: HostErrorCode): HostFile {
    if (this.#node.kind !== 'file') throw new HostError(code, 'the descriptor is a directory');
    return this.#node;
  }

  readViaStream(offset: bigint): MaybePromise<InputStream> {
    return answering(
      () => this.#file('is-directory').source(offset),
      (source) => new InputStream(source, this.#owner.own(source)),
    );
  }

  writeViaStream(offset: bigint): MaybePromise<OutputStream> {
    return answering(
      () => this.#file('bad-descriptor').sink(offset),
      (sink) => new OutputStream(sink, this.#owner.own(sink)),
    );
  }

  appendViaStream(): MaybePromise<OutputStream> {
    return answering(
      () => this.#file('bad-descriptor').sink('end'),
      (sink) => new OutputStream(sink, this.#owner.own(sink)),
    );
  }

  /** Advice is checked and not needed. */
  advise(offset: bigint, length: bigint, _advice: string): MaybePromise<void> {
    return answering(() => {
      const file = this.#file('bad-descriptor');
      if (!file.seekable) throw new HostError('invalid-seek', 'the file has no positions');
      if (offset + length >= 1n << 64n) throw new HostError('invalid', 'the region ends beyond 2^64');
    }, nothing);
  }

  syncData(): MaybePromise<void> {
    return answering(() => this.#node.sync(true), nothing);
  }

  sync(): MaybePromise<void> {
    return answering(() => this.#node.sync(false), nothing);
  }

  getFlags(): DescriptorFlags {
    return this.#flags;
  }

  getType(): FileType {
    return this.#node.type;
  }

  setSize(size: bigint): MaybePromise<void> {
    return answering(() => this.#file('bad-descriptor').setSize(size), nothing);
  }

  setTimes(accessed: NewTimestamp, modified: NewTimestamp): MaybePromise<void> {
    return answering(() => this.#node.setTimes(newTime(accessed), newTime(modified)), nothing);
  }

  read(length: bigint, offset: bigint): MaybePromise<[Uint8Array, boolean]> {
    return answering(
      () => {
        const target = new Uint8Array(Number(length < MAX_READ ? length : MAX_READ));
        return then(this.#file('is-directory').readInto(target, offset), (count) => ({ target, count }));
      },
      ({ target, count }): [Uint8Array, boolean] => [target.subarray(0, count), count === 0 && target.length > 0],
    );
  }

  write(buffer: Uint8Array, offset: bigint): MaybePromise<bigint> {
    return answering(() => this.#file('bad-descriptor').write(buffer, offset), BigInt);
  }

  readDirectory(): MaybePromise<DirectoryEntryStream> {
    return answering(
      () => this.#directory().entries(),
      (entries) => new DirectoryEntryStream(entries),
    );
  }

  createDirectoryAt(path: string): MaybePromise<void> {
    return answering(() => this.#directory().createDirectoryAt(path), nothing);
  }

  stat(): MaybePromise<DescriptorStat> {
    return answering(() => this.#node.stat(), descriptorStat);
  }

  statAt(flags: PathFlags, path: string): MaybePromise<DescriptorStat> {
    return answering(() => this.#directory().statAt(path, flags.symlinkFollow === true), descriptorStat);
  }

  setTimesAt(flags: PathFlags, path: string, accessed: NewTimestamp, modified: NewTimestamp): MaybePromise<void> {
    return answering(
      () => this.#directory().setTimesAt(path, flags.symlinkFollow === true, newTime(accessed), newTime(modified)),
      nothing,
    );
  }

  linkAt(oldFlags: PathFlags, oldPath: string, newDescriptor: Descriptor, newPath: string): MaybePromise<void> {
    return answering(
      () => this.#directory().linkAt(oldPath, oldFlags.symlinkFollow === true, newDescriptor.#directory(), newPath),
      nothing,
    );
  }

  openAt(pathFlags: PathFlags, path: string, openFlags: OpenFlags, flags: DescriptorFlags): MaybePromise<Descriptor> {
    return answering(
      () => {
        const directory = this.#directory();
        if (flags.mutateDirectory === true && !directory.mutable) {
          throw new HostError('not-permitted', 'the directory was granted read-only');
        }
        return directory.openAt(path, {
          follow: pathFlags.symlinkFollow === true,
          create: openFlags.create === true,
          directory: openFlags.directory === true,
          exclusive: openFlags.exclusive === true,
          truncate: openFlags.truncate === true,
          read: flags.read === true,
          write: flags.write === true,
          sync: flags.fileIntegritySync === true ? 'all' : flags.dataIntegritySync === true ? 'data' : 'none',
        });
      },
      (node) => this.#owner.add(node, node.kind === 'directory' ? directoryFlags(node) : fileFlags(node, flags)),
    );
  }

  readlinkAt(path: string): MaybePromise<string> {
    return answering(
      () => this.#directory().readlinkAt(path),
      (content) => content,
    );
  }

  removeDirectoryAt(path: string): MaybePromise<void> {
    return answering(() => this.#directory().removeDirectoryAt(path), nothing);
  }

  renameAt(oldPath: string, newDescriptor: Descriptor, newPath: string): MaybePromise<void> {
    return answering(() => this.#directory().renameAt(oldPath, newDescriptor.#directory(), newPath), nothing);
  }

  symlinkAt(oldPath: string, newPath: string): MaybePromise<void> {
    return answering(() => this.#directory().symlinkAt(oldPath, newPath), nothing);
  }

  unlinkFileAt(path: string): MaybePromise<void> {
    return answering(() => this.#directory().unlinkFileAt(path), nothing);
  }

  isSameObject(other: Descriptor): MaybePromise<boolean> {
    return then(this.#node.stat(), (a) =>
      then(other.#node.stat(), (b) => a.device === b.device && a.inode === b.inode),
    );
  }

  #hash(stat: FileStat): MetadataHashValue {
    const [lower, upper] = this.#owner.digest(stat);
    return { lower, upper };
  }

  metadataHash(): MaybePromise<MetadataHashValue> {
    return answering(
      () => this.#node.stat(),
      (stat) => this.#hash(stat),
    );
  }

  metadataHashAt(flags: PathFlags, path: string): MaybePromise<MetadataHashValue> {
    return answering(
      () => this.#directory().statAt(path, flags.symlinkFollow === true),
      (stat) => this.#hash(stat),
    );
  }

  [Symbol.dispose](): void {
    if (this.#owner.remove(this)) this.#node.close();
  }
}

function directoryFlags(directory: HostDirectory): DescriptorFlags {
  return { read: true, mutateDirectory: directory.mutable };
}

function fileFlags(file: HostFile, asked: DescriptorFlags): DescriptorFlags {
  const { fileIntegritySync = false, dataIntegritySync = false, requestedWriteSync = false } = asked;
  return { read: file.readable, write: file.writable, fileIntegritySync, dataIntegritySync, requestedWriteSync };
}

/** The interfaces `wasi:filesystem/types` and `preopens`. */
export function makeFilesystem(preopens: readonly Preopen[], descriptors: Descriptors) {
  return {
    'wasi:filesystem/types': {
      Descriptor,
      DirectoryEntryStream,
      filesystemErrorCode: (error: IoError): HostErrorCode | undefined => IoError.codeOf(error),
    },
    'wasi:filesystem/preopens': {
      getDirectories: (): [Descriptor, string][] =>
        preopens.map(({ directory, guest }) => {
          directory.retain();
          return [descriptors.add(directory, directoryFlags(directory)), guest];
        }),
    },
  };
}
