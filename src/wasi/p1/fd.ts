/** Preview 1: the `fd_…` functions that move data, and those that look after descriptors. */
import { HostError, type HostFile, type MaybePromise, type Sink, type Source, then } from '../../host/host.ts';
import { until } from '../../host/streams.ts';
import { answering, type Context, type Functions, u64 } from './context.ts';
import { BADF, fail, INVAL, ISDIR, NAMETOOLONG, NOTCAPABLE, NOTDIR, SPIPE } from './errno.ts';
import { APPEND, type Entry, type FileEntry, fileTypeNumber, NONBLOCK } from './fd-table.ts';
import { readNewTimes, writeFilestat } from './filestat.ts';
import type { GuestMemory } from './memory.ts';
import * as R from './rights.ts';

type Vectors = readonly { readonly pointer: number; readonly length: number }[];

/** The entry to read or write; a directory is told apart from a descriptor without the right. */
function dataEntry({ table }: Context, fd: number, right: bigint): Exclude<Entry, { kind: 'directory' }> {
  const entry = table.get(fd >>> 0);
  if (entry.kind === 'directory') return fail(ISDIR);
  if ((entry.rights & right) === 0n) return fail(entry.kind === 'stream' ? BADF : NOTCAPABLE);
  return entry;
}

/** A file with positions. */
function seekable(context: Context, fd: number, right: bigint): FileEntry {
  const entry = context.table.get(fd >>> 0);
  if (entry.kind === 'directory') return fail(ISDIR);
  if (entry.kind === 'stream' || !entry.file.seekable) return fail(SPIPE);
  return (entry.rights & right) === right ? entry : fail(NOTCAPABLE);
}

/** Fills buffers one after the other; a short read ends it. */
function readVectors(file: HostFile, memory: GuestMemory, list: Vectors, offset: bigint): MaybePromise<number> {
  let total = 0;
  const step = (index: number): MaybePromise<number> => {
    const next = list[index];
    if (next === undefined) return total;
    const target = memory.view(next.pointer, next.length);
    return then(file.readInto(target, offset + BigInt(total)), (count) => {
      total += count;
      return count < next.length ? total : step(index + 1);
    });
  };
  return step(0);
}

/** Reads what a stream has; waits until it has something, or ends. */
function readStream(source: Source, memory: GuestMemory, list: Vectors, nonblock: boolean): MaybePromise<number> {
  const wanted = Math.min(
    list.reduce((sum, each) => sum + each.length, 0),
    65_536,
  );
  if (wanted === 0) return 0;
  const bytes = source.read(wanted);
  if (bytes === undefined) return 0;
  if (bytes.length > 0) return scatter(memory, list, bytes);
  if (nonblock) throw new HostError('would-block');
  return then(until(source) ?? Promise.resolve(), () => readStream(source, memory, list, nonblock));
}

function scatter(memory: GuestMemory, list: Vectors, bytes: Uint8Array): number {
  let at = 0;
  for (const { pointer, length } of list) {
    const piece = bytes.subarray(at, at + length);
    memory.put(pointer, piece);
    at += piece.length;
  }
  return at;
}

/** Writes to a stream when it has room, and waits until the bytes are gone. */
function writeStream(sink: Sink, bytes: Uint8Array, nonblock: boolean): MaybePromise<number> {
  sink.check();
  if (nonblock && !sink.ready()) throw new HostError('would-block');
  return then(until(sink), () => {
    sink.check();
    sink.write(bytes);
    return then(nonblock ? undefined : until(sink), () => {
      sink.check();
      return bytes.length;
    });
  });
}

function read(context: Context, fd: number, pointer: number, count: number): MaybePromise<number> {
  const { memory } = context;
  const entry = dataEntry(context, fd, R.FD_READ);
  const list = memory.iovecs(pointer >>> 0, count >>> 0);
  if (entry.kind === 'file' && entry.file.seekable) {
    return then(readVectors(entry.file, memory, list, entry.position), (total) => {
      entry.position += BigInt(total);
      return total;
    });
  }
  if (entry.kind === 'file') entry.source ??= entry.file.source(0n);
  return readStream(entry.source ?? fail(BADF), memory, list, (entry.flags & NONBLOCK) !== 0);
}

function write(context: Context, fd: number, pointer: number, count: number): MaybePromise<number> {
  const entry = dataEntry(context, fd, R.FD_WRITE);
  const bytes = context.memory.gather(pointer >>> 0, count >>> 0);
  if (entry.kind === 'file' && entry.file.seekable) return writeFile(entry, bytes);
  if (entry.kind === 'file') entry.sink ??= entry.file.sink(0n);
  return writeStream(entry.sink ?? fail(BADF), bytes, (entry.flags & NONBLOCK) !== 0);
}

function writeFile(entry: FileEntry, bytes: Uint8Array): MaybePromise<number> {
  if ((entry.flags & APPEND) === 0) {
    return then(entry.file.write(bytes, entry.position), (written) => {
      entry.position += BigInt(written);
      return written;
    });
  }
  return then(entry.file.append(bytes), (written) =>
    then(entry.file.stat(), ({ size }) => {
      entry.position = size;
      return written;
    }),
  );
}

function seek(context: Context, fd: number, offset: bigint, whence: number): MaybePromise<bigint> {
  const entry = seekable(context, fd, offset === 0n && whence === 1 ? R.FD_TELL : R.FD_SEEK);
  const go = (base: bigint): bigint => {
    const target = base + offset;
    if (target < 0n || target >= 1n << 63n) return fail(INVAL);
    entry.position = target;
    return target;
  };
  switch (whence) {
    case 0:
      return go(0n);
    case 1:
      return go(entry.position);
    case 2:
      return then(entry.file.stat(), ({ size }) => go(size));
    default:
      return fail(INVAL);
  }
}

/** `fd_read`, `fd_write`, `fd_pread`, `fd_pwrite`, `fd_seek`, `fd_tell`. */
export function transferFunctions(context: Context): Functions {
  const { memory } = context;
  const put = (result: number) => (count: number) => memory.setU32(result >>> 0, count);
  return {
    fd_read: (fd: number, iovs: number, count: number, result: number) =>
      answering(() => {
        memory.check(result >>> 0, 4);
        return then(read(context, fd, iovs, count), put(result));
      }),
    fd_write: (fd: number, iovs: number, count: number, result: number) =>
      answering(() => {
        memory.check(result >>> 0, 4);
        return then(write(context, fd, iovs, count), put(result));
      }),
    fd_pread: (fd: number, iovs: number, count: number, offset: bigint, result: number) =>
      answering(() => {
        memory.check(result >>> 0, 4);
        const { file } = seekable(context, fd, R.FD_READ | R.FD_SEEK);
        const list = memory.iovecs(iovs >>> 0, count >>> 0);
        return then(readVectors(file, memory, list, u64(offset)), put(result));
      }),
    fd_pwrite: (fd: number, iovs: number, count: number, offset: bigint, result: number) =>
      answering(() => {
        memory.check(result >>> 0, 4);
        const { file } = seekable(context, fd, R.FD_WRITE | R.FD_SEEK);
        return then(file.write(memory.gather(iovs >>> 0, count >>> 0), u64(offset)), put(result));
      }),
    fd_seek: (fd: number, offset: bigint, whence: number, result: number) =>
      answering(() => {
        memory.check(result >>> 0, 8);
        return then(seek(context, fd, offset, whence), (position) => memory.setU64(result >>> 0, position));
      }),
    fd_tell: (fd: number, result: number) =>
      answering(() => memory.setU64(result >>> 0, seekable(context, fd, R.FD_TELL).position)),
  };
}

function writeFdstat(memory: GuestMemory, pointer: number, entry: Entry): void {
  memory.check(pointer, 24);
  memory.view(pointer, 24).fill(0);
  memory.setU8(pointer, entryType(entry));
  memory.setU16(pointer + 2, entry.flags);
  memory.setU64(pointer + 8, entry.rights);
  memory.setU64(pointer + 16, entry.inheriting);
}

/** The `filetype` of a descriptor. */
function entryType(entry: Entry): number {
  switch (entry.kind) {
    case 'directory':
      return fileTypeNumber('directory');
    case 'file':
      return fileTypeNumber(entry.file.type);
    case 'stream':
      return fileTypeNumber((entry.source ?? entry.sink)?.terminal === true ? 'character-device' : 'unknown');
  }
}

function setFlags({ table }: Context, fd: number, flags: number): void {
  const entry = table.get(fd >>> 0, R.FD_FDSTAT_SET_FLAGS);
  const changeable = APPEND | NONBLOCK;
  // How writes are made durable is decided when a file is opened.
  if (((flags ^ entry.flags) & ~changeable) !== 0) fail(INVAL);
  entry.flags = flags;
}

function setRights({ table }: Context, fd: number, base: bigint, inheriting: bigint): void {
  const entry = table.get(fd >>> 0);
  if ((base & ~entry.rights) !== 0n || (inheriting & ~entry.inheriting) !== 0n) fail(NOTCAPABLE);
  entry.rights = base;
  entry.inheriting = inheriting;
}

function filestat(context: Context, fd: number, pointer: number): MaybePromise<void> {
  const { memory } = context;
  const entry = context.table.get(fd >>> 0, R.FD_FILESTAT_GET);
  memory.check(pointer, 64);
  if (entry.kind !== 'stream') {
    return then(entry.kind === 'file' ? entry.file.stat() : entry.directory.stat(), (stat) =>
      writeFilestat(memory, pointer, stat),
    );
  }
  memory.view(pointer, 64).fill(0);
  memory.setU8(pointer + 16, entryType(entry));
}

function allocate(context: Context, fd: number, offset: bigint, length: bigint): MaybePromise<void> {
  const { file } = seekable(context, fd, R.FD_ALLOCATE);
  const end = offset + length;
  if (length === 0n || end >= 1n << 63n) fail(INVAL);
  return then(file.stat(), ({ size }) => (size < end ? file.setSize(end) : undefined));
}

function syncEntry(context: Context, fd: number, dataOnly: boolean): MaybePromise<void> {
  const entry = context.table.get(fd >>> 0, dataOnly ? R.FD_DATASYNC : R.FD_SYNC);
  if (entry.kind === 'file') return entry.file.sync(dataOnly);
  if (entry.kind === 'directory') return entry.directory.sync(dataOnly);
}

/** The `fd_…` functions that look at descriptors or change them. */
export function descriptorFunctions(context: Context): Functions {
  const { memory, table } = context;
  return {
    fd_advise: (fd: number, _offset: bigint, _length: bigint, advice: number) =>
      answering(() => {
        seekable(context, fd, R.FD_ADVISE);
        if (advice >>> 0 > 5) fail(INVAL);
      }),
    fd_allocate: (fd: number, offset: bigint, length: bigint) =>
      answering(() => allocate(context, fd, u64(offset), u64(length))),
    fd_close: (fd: number) => answering(() => table.close(fd >>> 0)),
    fd_datasync: (fd: number) => answering(() => syncEntry(context, fd, true)),
    fd_sync: (fd: number) => answering(() => syncEntry(context, fd, false)),
    fd_fdstat_get: (fd: number, result: number) =>
      answering(() => writeFdstat(memory, result >>> 0, table.get(fd >>> 0))),
    fd_fdstat_set_flags: (fd: number, flags: number) => answering(() => setFlags(context, fd, flags & 0xffff)),
    fd_fdstat_set_rights: (fd: number, base: bigint, inheriting: bigint) =>
      answering(() => setRights(context, fd, u64(base), u64(inheriting))),
    fd_filestat_get: (fd: number, result: number) => answering(() => filestat(context, fd, result >>> 0)),
    fd_filestat_set_size: (fd: number, size: bigint) =>
      answering(() => seekable(context, fd, R.FD_FILESTAT_SET_SIZE).file.setSize(u64(size))),
    fd_filestat_set_times: (fd: number, accessed: bigint, modified: bigint, flags: number) =>
      answering(() => {
        const entry = table.get(fd >>> 0, R.FD_FILESTAT_SET_TIMES);
        if (entry.kind === 'stream') return fail(INVAL);
        const times = readNewTimes(accessed, modified, flags);
        return entry.kind === 'file' ? entry.file.setTimes(...times) : entry.directory.setTimes(...times);
      }),
    fd_prestat_get: (fd: number, result: number) =>
      answering(() => {
        const { length } = preopenName(context, fd);
        memory.check(result >>> 0, 8);
        memory.setU32(result >>> 0, 0);
        memory.setU32((result >>> 0) + 4, length);
      }),
    fd_prestat_dir_name: (fd: number, pointer: number, length: number) =>
      answering(() => {
        const name = preopenName(context, fd);
        if (length >>> 0 < name.length) fail(NAMETOOLONG);
        memory.put(pointer >>> 0, name);
      }),
    fd_renumber: (from: number, to: number) => answering(() => table.renumber(from >>> 0, to >>> 0)),
  };
}

/** C libraries ask for names until `badf` says that there are no more preopens. */
function preopenName({ table }: Context, fd: number): Uint8Array {
  const entry = table.get(fd >>> 0);
  if (entry.kind !== 'directory') return fail(NOTDIR);
  return entry.preopen ?? fail(BADF);
}
