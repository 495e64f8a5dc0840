/** Preview 1: the `path_…` functions and `fd_readdir`. Paths are walked by the host layer. */
import { type DirectoryEntry, type HostDirectory, type HostFile, type MaybePromise, then } from '../../host/host.ts';
import { answering, type Context, type Functions, u64 } from './context.ts';
import { fail, INVAL } from './errno.ts';
import { APPEND, type DirectoryFd, DSYNC, type Entry, fileTypeNumber, NONBLOCK, RSYNC, SYNC } from './fd-table.ts';
import { readNewTimes, writeFilestat } from './filestat.ts';
import type { GuestMemory } from './memory.ts';
import * as R from './rights.ts';

/** `lookupflags` and `oflags`. */
const FOLLOW = 1;
const CREAT = 1;
const DIRECTORY = 2;
const EXCL = 4;
const TRUNC = 8;

const follows = (flags: number): boolean => (flags & FOLLOW) !== 0;

interface OpenArguments {
  readonly follow: boolean;
  readonly path: string;
  readonly oflags: number;
  readonly base: bigint;
  readonly inheriting: bigint;
  readonly fdflags: number;
}

function open(context: Context, fd: number, args: OpenArguments): MaybePromise<number> {
  const { oflags, fdflags } = args;
  const create = (oflags & CREAT) !== 0;
  const truncate = (oflags & TRUNC) !== 0;
  const directory = (oflags & DIRECTORY) !== 0;
  const needed = R.PATH_OPEN | (create ? R.PATH_CREATE_FILE : 0n) | (truncate ? R.PATH_FILESTAT_SET_SIZE : 0n);
  const parent = context.table.directory(fd >>> 0, needed);
  // More rights than the directory hands on are left out: many programs ask for all that there are.
  const rights = args.base & parent.inheriting;
  const opened = parent.directory.openAt(args.path, {
    follow: args.follow,
    create,
    directory,
    exclusive: (oflags & EXCL) !== 0,
    truncate,
    read: (rights & (R.FD_READ | R.FD_READDIR)) !== 0n,
    write: (rights & R.FD_WRITE) !== 0n,
    sync: (fdflags & (SYNC | RSYNC)) !== 0 ? 'all' : (fdflags & DSYNC) !== 0 ? 'data' : 'none',
  });
  return then(opened, (node) =>
    context.table.add(newEntry(node, rights, args.inheriting & parent.inheriting, fdflags)),
  );
}

function newEntry(node: HostFile | HostDirectory, rights: bigint, inheriting: bigint, flags: number): Entry {
  if (node.kind === 'directory') {
    return {
      kind: 'directory',
      directory: node,
      preopen: undefined,
      listing: undefined,
      rights: rights & R.DIRECTORY_RIGHTS,
      inheriting,
      flags,
    };
  }
  return {
    kind: 'file',
    file: node,
    position: 0n,
    source: undefined,
    sink: undefined,
    rights: rights & (node.seekable ? R.FILE_RIGHTS : R.STREAM_RIGHTS),
    inheriting: 0n,
    flags,
  };
}

const HEADER = 24;

/** Writes entries from `cookie` on; the last one is cut where the buffer ends, which tells that there are more. */
function fillDirents(
  memory: GuestMemory,
  listing: readonly DirectoryEntry[],
  inodes: readonly bigint[],
  from: number,
  buffer: number,
  length: number,
): number {
  const encoder = new TextEncoder();
  let used = 0;
  for (const [index, inode] of inodes.entries()) {
    const { name, type } = listing[from + index] ?? fail(INVAL);
    const text = encoder.encode(name);
    const record = new Uint8Array(HEADER + text.length);
    const view = new DataView(record.buffer);
    view.setBigUint64(0, BigInt(from + index + 1), true);
    view.setBigUint64(8, inode, true);
    view.setUint32(16, text.length, true);
    view.setUint8(20, fileTypeNumber(type));
    record.set(text, HEADER);
    const piece = record.subarray(0, length - used);
    memory.put(buffer + used, piece);
    used += piece.length;
  }
  return used;
}

/** Inodes of the entries that may fit into the buffer; 0 for one that has gone meanwhile. */
function inodesOf(
  entry: DirectoryFd,
  listing: readonly DirectoryEntry[],
  from: number,
  length: number,
): MaybePromise<readonly bigint[]> {
  const inodes: bigint[] = [];
  let room = length;
  const step = (index: number): MaybePromise<readonly bigint[]> => {
    for (let at = index; ; at++) {
      const next = listing[at];
      if (next === undefined || room <= 0) return inodes;
      room -= HEADER + next.name.length;
      const inode = inodeOf(entry, next.name);
      if (inode instanceof Promise) {
        return inode.then((value) => {
          inodes.push(value);
          return step(at + 1);
        });
      }
      inodes.push(inode);
    }
  };
  return step(from);
}

function inodeOf({ directory }: DirectoryFd, name: string): MaybePromise<bigint> {
  try {
    // What is above the directory is not the program's to know.
    const stat = name === '.' || name === '..' ? directory.stat() : directory.statAt(name, false);
    return stat instanceof Promise
      ? stat.then(
          ({ inode }) => inode,
          () => 0n,
        )
      : stat.inode;
  } catch {
    return 0n;
  }
}

function readdir(context: Context, fd: number, buffer: number, length: number, cookie: bigint): MaybePromise<number> {
  const { memory } = context;
  const entry = context.table.directory(fd >>> 0, R.FD_READDIR);
  memory.check(buffer, length);
  const fresh = cookie === 0n || entry.listing === undefined;
  return then(fresh ? list(entry) : (entry.listing ?? []), (listing) => {
    entry.listing = listing;
    const from = cookie > BigInt(listing.length) ? listing.length : Number(cookie);
    return then(inodesOf(entry, listing, from, length), (inodes) =>
      fillDirents(memory, listing, inodes, from, buffer, length),
    );
  });
}

function list({ directory }: DirectoryFd): MaybePromise<readonly DirectoryEntry[]> {
  const dots: DirectoryEntry[] = [
    { name: '.', type: 'directory' },
    { name: '..', type: 'directory' },
  ];
  return then(directory.entries(), (entries) => [...dots, ...entries]);
}

/** `path_open`, `path_readlink`, `path_filestat_…` and `fd_readdir`. */
export function lookupFunctions(context: Context): Functions {
  const { memory, table } = context;
  const path = (pointer: number, length: number): string => memory.path(pointer >>> 0, length >>> 0);
  return {
    path_open: (
      fd: number,
      dirflags: number,
      pointer: number,
      length: number,
      oflags: number,
      base: bigint,
      inheriting: bigint,
      fdflags: number,
      result: number,
    ) =>
      answering(() => {
        memory.check(result >>> 0, 4);
        if ((fdflags & ~(APPEND | DSYNC | NONBLOCK | RSYNC | SYNC)) !== 0) fail(INVAL);
        const args = {
          follow: follows(dirflags),
          path: path(pointer, length),
          oflags,
          base: u64(base),
          inheriting: u64(inheriting),
          fdflags,
        };
        return then(open(context, fd, args), (opened) => memory.setU32(result >>> 0, opened));
      }),
    path_readlink: (fd: number, pointer: number, length: number, buffer: number, size: number, result: number) =>
      answering(() => {
        const { directory } = table.directory(fd >>> 0, R.PATH_READLINK);
        memory.check(buffer >>> 0, size >>> 0);
        memory.check(result >>> 0, 4);
        return then(directory.readlinkAt(path(pointer, length)), (content) => {
          const bytes = new TextEncoder().encode(content).subarray(0, size >>> 0);
          memory.put(buffer >>> 0, bytes);
          memory.setU32(result >>> 0, bytes.length);
        });
      }),
    path_filestat_get: (fd: number, flags: number, pointer: number, length: number, result: number) =>
      answering(() => {
        const { directory } = table.directory(fd >>> 0, R.PATH_FILESTAT_GET);
        memory.check(result >>> 0, 64);
        return then(directory.statAt(path(pointer, length), follows(flags)), (stat) =>
          writeFilestat(memory, result >>> 0, stat),
        );
      }),
    path_filestat_set_times: (
      fd: number,
      flags: number,
      pointer: number,
      length: number,
      accessed: bigint,
      modified: bigint,
      fstflags: number,
    ) =>
      answering(() => {
        const { directory } = table.directory(fd >>> 0, R.PATH_FILESTAT_SET_TIMES);
        const times = readNewTimes(accessed, modified, fstflags);
        return directory.setTimesAt(path(pointer, length), follows(flags), ...times);
      }),
    fd_readdir: (fd: number, buffer: number, length: number, cookie: bigint, result: number) =>
      answering(() => {
        memory.check(result >>> 0, 4);
        return then(readdir(context, fd, buffer >>> 0, length >>> 0, u64(cookie)), (used) =>
          memory.setU32(result >>> 0, used),
        );
      }),
  };
}

/** The `path_…` functions that change directories. */
export function changeFunctions(context: Context): Functions {
  const { memory, table } = context;
  const path = (pointer: number, length: number): string => memory.path(pointer >>> 0, length >>> 0);
  return {
    path_create_directory: (fd: number, pointer: number, length: number) =>
      answering(() =>
        table.directory(fd >>> 0, R.PATH_CREATE_DIRECTORY).directory.createDirectoryAt(path(pointer, length)),
      ),
    path_remove_directory: (fd: number, pointer: number, length: number) =>
      answering(() =>
        table.directory(fd >>> 0, R.PATH_REMOVE_DIRECTORY).directory.removeDirectoryAt(path(pointer, length)),
      ),
    path_unlink_file: (fd: number, pointer: number, length: number) =>
      answering(() => table.directory(fd >>> 0, R.PATH_UNLINK_FILE).directory.unlinkFileAt(path(pointer, length))),
    path_link: (
      fd: number,
      flags: number,
      old: number,
      oldLength: number,
      newFd: number,
      to: number,
      toLength: number,
    ) =>
      answering(() => {
        const { directory } = table.directory(fd >>> 0, R.PATH_LINK_SOURCE);
        const target = table.directory(newFd >>> 0, R.PATH_LINK_TARGET).directory;
        return directory.linkAt(path(old, oldLength), follows(flags), target, path(to, toLength));
      }),
    path_rename: (fd: number, old: number, oldLength: number, newFd: number, to: number, toLength: number) =>
      answering(() => {
        const { directory } = table.directory(fd >>> 0, R.PATH_RENAME_SOURCE);
        const target = table.directory(newFd >>> 0, R.PATH_RENAME_TARGET).directory;
        return directory.renameAt(path(old, oldLength), target, path(to, toLength));
      }),
    path_symlink: (content: number, contentLength: number, fd: number, pointer: number, length: number) =>
      answering(() => {
        const { directory } = table.directory(fd >>> 0, R.PATH_SYMLINK);
        return directory.symlinkAt(path(content, contentLength), path(pointer, length));
      }),
  };
}
