/**
 * How a name in an open directory is reached without naming the directory again. On Linux an anchor is a descriptor, and
 * `/proc/self/fd/N/name` starts at the directory that the descriptor holds, wherever its path leads by now: no race can lead
 * out. Elsewhere an anchor is a checked path, and what was opened is checked again: a program that swaps directories for
 * links at the right moment may win (docs/security.md). macOS narrows that window with O_NOFOLLOW_ANY.
 */
import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { sep } from 'node:path';
import { UsageError } from '../../error/error.ts';
import { HostError } from '../host.ts';
import { systemCode } from './errors.ts';

/** `constants` of Node knows neither; both have one value on every architecture that Node supports on that system. */
const O_PATH = 0o10000000;
const O_NOFOLLOW_ANY = 0x2000_0000;
const { O_DIRECTORY = 0, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_NOCTTY = 0, O_CREAT, O_EXCL, O_TRUNC } = constants;

/** A directory, and where its names are. */
export interface Anchor {
  /** A path that leads to the directory itself. */
  readonly self: string;
  /** A path that leads to `name`: one component, neither `.` nor `..`. */
  at(name: string): string;
  close(): void;
}

/** What one kind of anchor can do. The caller closes what it is given. */
export interface Anchors {
  openRoot(path: string): Anchor;
  /** Another anchor of the same directory. */
  again(anchor: Anchor): Anchor;
  /** Undefined where `name` is no directory: a link, a file. Throws the system's error where it cannot be looked at. */
  openChild(parent: Anchor, name: string): Anchor | undefined;
  /** Opens what `name` is, unless a directory or a link, with the flags that fit its type. */
  openFile(parent: Anchor, name: string, flags: number): OpenedFile;
  /** Makes a new regular file. Fails with EEXIST where there is anything, links included. */
  createFile(parent: Anchor, name: string, flags: number): OpenedFile;
  /** The content of the link `name`; undefined if it is no link. */
  readLink(parent: Anchor, name: string): string | undefined;
  lstat(parent: Anchor, name: string): BigIntStats;
}

/** An open file, or the news that there is a directory or a link. */
export type OpenedFile =
  | { readonly kind: 'file'; readonly fd: number; readonly stat: BigIntStats }
  | { readonly kind: 'directory' }
  | { readonly kind: 'link' };

const utf8 = new TextDecoder('utf-8', { fatal: true });

function readLink(parent: Anchor, name: string): string | undefined {
  let content: Buffer;
  try {
    content = readlinkSync(parent.at(name), { encoding: 'buffer' });
  } catch (error) {
    if (systemCode(error) === 'EINVAL') return undefined;
    throw error;
  }
  try {
    return utf8.decode(content);
  } catch {
    throw new HostError('illegal-byte-sequence', 'the content of a link is not Unicode');
  }
}

const lstat = (parent: Anchor, name: string): BigIntStats => lstatSync(parent.at(name), { bigint: true });

/** Flags that keep an open from waiting for the other end of a pipe, or from making a terminal ours. */
const PATIENT = O_NONBLOCK | O_NOCTTY;

/** Gives `fd` away with its attributes, or closes it. */
function opened(fd: number): OpenedFile {
  try {
    return { kind: 'file', fd, stat: fstatSync(fd, { bigint: true }) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

class FdAnchor implements Anchor {
  readonly fd: number;
  readonly self: string;
  constructor(fd: number) {
    this.fd = fd;
    this.self = `/proc/self/fd/${fd}`;
  }
  at(name: string): string {
    return `${this.self}/${name}`;
  }
  close(): void {
    closeSync(this.fd);
  }
}

/** Linux: every step starts from a descriptor. */
export const descriptorAnchors: Anchors = {
  openRoot(path) {
    return new FdAnchor(openSync(path, O_PATH | O_DIRECTORY));
  },
  again(anchor) {
    return new FdAnchor(openSync(anchor.self, O_PATH | O_DIRECTORY));
  },
  openChild(parent, name) {
    try {
      return new FdAnchor(openSync(parent.at(name), O_PATH | O_DIRECTORY | O_NOFOLLOW));
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOTDIR' || code === 'ELOOP') return undefined;
      throw error;
    }
  },
  openFile(parent, name, flags) {
    // Pinned first, so that a device is not opened for what a moment ago was a file.
    const pin = openSync(parent.at(name), O_PATH | O_NOFOLLOW);
    try {
      const stat = fstatSync(pin, { bigint: true });
      if (stat.isDirectory()) return { kind: 'directory' };
      if (stat.isSymbolicLink()) return { kind: 'link' };
      // The pin leads to the one object that it holds: there is nothing left to follow.
      return { kind: 'file', fd: openSync(`/proc/self/fd/${pin}`, flags | PATIENT), stat };
    } finally {
      closeSync(pin);
    }
  },
  createFile(parent, name, flags) {
    return opened(openSync(parent.at(name), flags | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666));
  },
  readLink,
  lstat,
};

class PathAnchor implements Anchor {
  readonly self: string;
  constructor(path: string) {
    this.self = path;
  }
  at(name: string): string {
    return this.self.endsWith(sep) ? this.self + name : this.self + sep + name;
  }
  close(): void {}
}

const ANY = process.platform === 'darwin' ? O_NOFOLLOW_ANY : 0;

/** Throws unless the anchor's path is still free of links. */
function recheck(anchor: Anchor, fd: number): void {
  if (realpathSync.native(anchor.self) === anchor.self) return;
  closeSync(fd);
  throw new HostError('not-permitted', 'a directory on the way was replaced');
}

/** Other systems: every step is checked, and so is the result. */
export const pathAnchors: Anchors = {
  openRoot(path) {
    const real = realpathSync.native(path);
    if (!statSync(real).isDirectory()) throw Object.assign(new Error('ENOTDIR'), { code: 'ENOTDIR' });
    return new PathAnchor(real);
  },
  again: (anchor) => new PathAnchor(anchor.self),
  openChild(parent, name) {
    return lstat(parent, name).isDirectory() ? new PathAnchor(parent.at(name)) : undefined;
  },
  openFile(parent, name, flags) {
    const before = lstat(parent, name);
    if (before.isDirectory()) return { kind: 'directory' };
    if (before.isSymbolicLink()) return { kind: 'link' };
    // Emptied only after the check below.
    const fd = openSync(parent.at(name), (flags & ~O_TRUNC) | PATIENT | O_NOFOLLOW | ANY);
    const after = opened(fd);
    if (after.kind === 'file' && (after.stat.ino !== before.ino || after.stat.dev !== before.dev)) {
      closeSync(fd);
      throw new HostError('not-permitted', 'the file was replaced while it was opened');
    }
    recheck(parent, fd);
    if ((flags & O_TRUNC) !== 0) {
      closeSync(openSync(parent.at(name), constants.O_WRONLY | O_TRUNC | O_NOFOLLOW | ANY));
    }
    return after;
  },
  createFile(parent, name, flags) {
    const fd = openSync(parent.at(name), flags | O_CREAT | O_EXCL | O_NOFOLLOW | ANY, 0o666);
    recheck(parent, fd);
    return opened(fd);
  },
  readLink,
  lstat,
};

/** The anchors of this platform. Throws a UsageError (`no-proc`) on a Linux without `/proc`, where nothing is safe. */
export function platformAnchors(): Anchors {
  if (process.platform !== 'linux') return pathAnchors;
  try {
    closeSync(openSync('/proc/self/fd', O_PATH | O_DIRECTORY));
  } catch (error) {
    throw new UsageError('no-proc', 'directories cannot be granted: /proc is not mounted', {
      hint: 'mount /proc; paths are walked through /proc/self/fd so that links cannot lead out of a directory',
      cause: error,
    });
  }
  return descriptorAnchors;
}
