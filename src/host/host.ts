/**
 * What a platform gives to WASI, typed by resource and not by WASI version: preview 1, 0.2 and 0.3 stand on the same layer.
 * A value may come at once or, where the platform must wait, as a Promise. Failures are `HostError`s. Platform-neutral: the
 * implementations are in `node/` and its siblings; what is common to streams is in `streams.ts`.
 */

import type { Quota } from '../grants/grant.ts';

/** Why an operation failed, in WASI's words (`wasi:filesystem/types.error-code`); each version maps it to its own. */
export type HostErrorCode =
  | 'access'
  | 'would-block'
  | 'already'
  | 'bad-descriptor'
  | 'busy'
  | 'deadlock'
  | 'quota'
  | 'exist'
  | 'file-too-large'
  | 'illegal-byte-sequence'
  | 'in-progress'
  | 'interrupted'
  | 'invalid'
  | 'io'
  | 'is-directory'
  | 'loop'
  | 'too-many-links'
  | 'message-size'
  | 'name-too-long'
  | 'no-device'
  | 'no-entry'
  | 'no-lock'
  | 'insufficient-memory'
  | 'insufficient-space'
  | 'not-directory'
  | 'not-empty'
  | 'not-recoverable'
  | 'unsupported'
  | 'no-tty'
  | 'no-such-device'
  | 'overflow'
  | 'not-permitted'
  | 'pipe'
  | 'read-only'
  | 'invalid-seek'
  | 'text-file-busy'
  | 'cross-device';

/** An operation of the host failed in a way that the guest is told about. */
export class HostError extends Error {
  override readonly name = 'HostError';
  readonly code: HostErrorCode;
  constructor(code: HostErrorCode, message: string = code, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
  }
}

export type MaybePromise<T> = T | Promise<T>;

/** Goes on with `value`, now or when it has come. Only a Promise is waited for. */
export function then<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Something that a guest may wait for. */
export interface Waitable {
  /** Whether waiting is over. Never waits. */
  ready(): boolean;
  /** Calls `done` once, at once or later, when ready; the function that it gives takes the wish back. */
  subscribe(done: () => void): () => void;
}

/** Bytes to read, as they come. */
export interface Source extends Waitable {
  readonly terminal: boolean;
  /** Up to `max` bytes that are there now: empty if there are none yet, undefined at the end. Throws HostError. */
  read(max: number): Uint8Array | undefined;
  close(): void;
}

/** Where bytes go. Ready while nothing that was written is still on its way. */
export interface Sink extends Waitable {
  readonly terminal: boolean;
  /** Throws the HostError that ended the sink, or that an earlier write met (`pipe` where nobody reads). */
  check(): void;
  /** Takes all bytes; those that cannot go at once are on their way until ready. Throws HostError. */
  write(bytes: Uint8Array): void;
  close(): void;
}

export type FileType =
  | 'unknown'
  | 'block-device'
  | 'character-device'
  | 'directory'
  | 'fifo'
  | 'symbolic-link'
  | 'regular-file'
  | 'socket';

/** Attributes of a file; times in nanoseconds since 1970. */
export interface FileStat {
  readonly type: FileType;
  readonly device: bigint;
  readonly inode: bigint;
  readonly links: bigint;
  readonly size: bigint;
  readonly accessed: bigint;
  readonly modified: bigint;
  readonly changed: bigint;
}

/** What a timestamp becomes. */
export type NewTime =
  | { readonly kind: 'keep' }
  | { readonly kind: 'now' }
  | { readonly kind: 'at'; readonly nanoseconds: bigint };

export interface OpenOptions {
  /** Follow a symbolic link that the path ends in. */
  readonly follow: boolean;
  readonly create: boolean;
  readonly directory: boolean;
  readonly exclusive: boolean;
  readonly truncate: boolean;
  readonly read: boolean;
  readonly write: boolean;
  readonly sync: 'none' | 'data' | 'all';
}

/** What files and directories have in common. Starts with one owner; the last `close` gives it back to the platform. */
export interface HostNode {
  readonly type: FileType;
  stat(): MaybePromise<FileStat>;
  setTimes(accessed: NewTime, modified: NewTime): MaybePromise<void>;
  sync(dataOnly: boolean): MaybePromise<void>;
  /** Adds an owner. */
  retain(): void;
  /** Ends one owner. */
  close(): void;
}

/** An open file, device or pipe. Offsets of those that have no positions are ignored by streams and refused elsewhere. */
export interface HostFile extends HostNode {
  readonly kind: 'file';
  readonly readable: boolean;
  readonly writable: boolean;
  /** Whether it has positions (a regular file or a disk). */
  readonly seekable: boolean;
  /** Reads into `target`, gives the number of bytes; 0 is the end. */
  readInto(target: Uint8Array, offset: bigint): MaybePromise<number>;
  write(bytes: Uint8Array, offset: bigint): MaybePromise<number>;
  append(bytes: Uint8Array): MaybePromise<number>;
  setSize(size: bigint): MaybePromise<void>;
  source(offset: bigint): Source;
  sink(offset: bigint | 'end'): Sink;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly type: FileType;
}

/**
 * An open directory: the authority over what is below it, and nothing else. Paths are relative and separated by `/`; one that
 * leads out of the directory, by `..`, a symbolic link or an absolute path, fails with `not-permitted`.
 */
export interface HostDirectory extends HostNode {
  readonly kind: 'directory';
  /** False: everything that changes something below fails with `read-only`. */
  readonly mutable: boolean;
  /** Entries except `.` and `..`; those whose names are not Unicode are left out, since no path can name them. */
  entries(): MaybePromise<readonly DirectoryEntry[]>;
  openAt(path: string, options: OpenOptions): MaybePromise<HostFile | HostDirectory>;
  statAt(path: string, follow: boolean): MaybePromise<FileStat>;
  setTimesAt(path: string, follow: boolean, accessed: NewTime, modified: NewTime): MaybePromise<void>;
  createDirectoryAt(path: string): MaybePromise<void>;
  removeDirectoryAt(path: string): MaybePromise<void>;
  unlinkFileAt(path: string): MaybePromise<void>;
  renameAt(from: string, target: HostDirectory, to: string): MaybePromise<void>;
  linkAt(from: string, follow: boolean, target: HostDirectory, to: string): MaybePromise<void>;
  symlinkAt(content: string, path: string): MaybePromise<void>;
  /** Fails with `not-permitted` where the content is an absolute path. */
  readlinkAt(path: string): MaybePromise<string>;
}

/** Clocks, in nanoseconds. */
export interface HostClocks {
  /** From an unspecified start, never decreasing. */
  monotonic(): bigint;
  readonly monotonicResolution: bigint;
  /** Since 1970. */
  wall(): bigint;
  readonly wallResolution: bigint;
  /** Processor time of the program, where the platform knows it. */
  cpu(): bigint | undefined;
}

export interface HostRandom {
  /** Fills `target` with bytes that nobody can foretell. */
  fill(target: Uint8Array): void;
}

/** Is told of each operation in a directory: whether it changes something, and whether it is allowed to. */
export type DirectoryWatch = (write: boolean, allowed: boolean) => void;

/** How a directory is given to a program. */
export interface DirectoryOptions {
  readonly mutable: boolean;
  /** The most that may be added below it. */
  readonly quota?: Quota | undefined;
  /** Is told of what is done in it, and of changes that were refused. */
  readonly watch?: DirectoryWatch | undefined;
}

/** One platform. Nothing here is shared with another call's result. */
export interface Host {
  readonly clocks: HostClocks;
  readonly random: HostRandom;
  /** Opens a directory by the platform's own path: the start of an authority. Throws UsageError (`no-directory`). */
  openDirectory(path: string, options: DirectoryOptions): HostDirectory;
  stdin(): Source;
  stdout(): Sink;
  stderr(): Sink;
  /** A 128-bit digest of what identifies a version of a file, from which the file's attributes cannot be computed. */
  digest(stat: FileStat): readonly [bigint, bigint];
}
