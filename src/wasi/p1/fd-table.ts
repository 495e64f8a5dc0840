/** Descriptors of preview 1: small numbers, the lowest free one first. 0 to 2 are standard streams, then come the preopens. */
import type { DirectoryEntry, FileType, HostDirectory, HostFile, Sink, Source } from '../../host/host.ts';
import type { Opened } from '../open-grant.ts';
import { BADF, fail, MFILE, NOTCAPABLE, NOTDIR } from './errno.ts';
import { DIRECTORY_RIGHTS, FD_READ, FD_WRITE, FILE_RIGHTS, STREAM_RIGHTS } from './rights.ts';

/** `fdflags`. */
export const APPEND = 1;
export const DSYNC = 2;
export const NONBLOCK = 4;
export const RSYNC = 8;
export const SYNC = 16;

/** `filetype`. */
const FILE_TYPES: Readonly<Record<FileType, number>> = {
  unknown: 0,
  'block-device': 1,
  'character-device': 2,
  directory: 3,
  'regular-file': 4,
  socket: 6,
  'symbolic-link': 7,
  // Preview 1 has no word for a pipe.
  fifo: 0,
};

/** The number of a file type. */
export function fileTypeNumber(type: FileType): number {
  return FILE_TYPES[type];
}

interface Common {
  rights: bigint;
  inheriting: bigint;
  flags: number;
}

export interface StreamEntry extends Common {
  readonly kind: 'stream';
  readonly source: Source | undefined;
  readonly sink: Sink | undefined;
}

export interface FileEntry extends Common {
  readonly kind: 'file';
  readonly file: HostFile;
  position: bigint;
  /** Made at the first use, where the file has no positions. */
  source: Source | undefined;
  sink: Sink | undefined;
}

export interface DirectoryFd extends Common {
  readonly kind: 'directory';
  readonly directory: HostDirectory;
  /** Set for a preopen: its name, as UTF-8. */
  readonly preopen: Uint8Array | undefined;
  /** What the last `fd_readdir` from the start saw. */
  listing: readonly DirectoryEntry[] | undefined;
}

export type Entry = StreamEntry | FileEntry | DirectoryFd;

/** Descriptors that may be open at once. */
const MAX_OPEN = 65_536;

function release(entry: Entry): void {
  switch (entry.kind) {
    case 'stream':
      return;
    case 'file':
      entry.source?.close();
      entry.sink?.close();
      entry.file.close();
      return;
    case 'directory':
      entry.directory.close();
  }
}

function stream(source: Source | undefined, sink: Sink | undefined): StreamEntry {
  const unfit = source === undefined ? FD_READ : FD_WRITE;
  return { kind: 'stream', source, sink, rights: STREAM_RIGHTS & ~unfit, inheriting: 0n, flags: 0 };
}

export class FdTable {
  readonly #entries: (Entry | undefined)[];

  constructor({ stdio, preopens }: Opened) {
    this.#entries = [stream(stdio.stdin, undefined), stream(undefined, stdio.stdout), stream(undefined, stdio.stderr)];
    for (const { directory, guest } of preopens) {
      directory.retain();
      this.#entries.push({
        kind: 'directory',
        directory,
        preopen: new TextEncoder().encode(guest),
        listing: undefined,
        rights: DIRECTORY_RIGHTS,
        inheriting: DIRECTORY_RIGHTS | FILE_RIGHTS,
        flags: 0,
      });
    }
  }

  /** The entry of `fd`, if it has all of `rights`. */
  get(fd: number, rights = 0n): Entry {
    const entry = this.#entries[fd] ?? fail(BADF);
    return (entry.rights & rights) === rights ? entry : fail(NOTCAPABLE);
  }

  /** The directory of `fd`, if it has all of `rights`. */
  directory(fd: number, rights: bigint): DirectoryFd {
    const entry = this.#entries[fd] ?? fail(BADF);
    if (entry.kind !== 'directory') return fail(NOTDIR);
    return (entry.rights & rights) === rights ? entry : fail(NOTCAPABLE);
  }

  add(entry: Entry): number {
    const free = this.#entries.indexOf(undefined);
    const fd = free < 0 ? this.#entries.length : free;
    if (fd >= MAX_OPEN) {
      release(entry);
      return fail(MFILE);
    }
    this.#entries[fd] = entry;
    return fd;
  }

  close(fd: number): void {
    const entry = this.get(fd);
    this.#entries[fd] = undefined;
    release(entry);
  }

  /** Moves `from` to the number of `to`, which must be open and is closed. */
  renumber(from: number, to: number): void {
    const entry = this.get(from);
    const target = this.get(to);
    if (from === to) return;
    this.#entries[to] = entry;
    this.#entries[from] = undefined;
    release(target);
  }

  closeAll(): void {
    for (const entry of this.#entries.splice(0)) if (entry !== undefined) release(entry);
  }
}
