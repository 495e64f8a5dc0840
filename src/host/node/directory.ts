/**
 * Open directories: the authority over what is below them. Every path is walked (walk.ts), every change is refused where the
 * directory was granted read-only, and what is left for the system is one name in one open directory.
 */
import {
  type BigIntStats,
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from 'node:fs';
import {
  type DirectoryEntry,
  type DirectoryWatch,
  type FileStat,
  type HostDirectory,
  HostError,
  type HostErrorCode,
  type NewTime,
  type OpenOptions,
} from '../host.ts';
import type { Ledger } from '../quota.ts';
import type { Anchor, Anchors, OpenedFile } from './anchor.ts';
import { hostCall, systemCode } from './errors.ts';
import { NodeFile } from './file.ts';
import { fileStat, fileType, type SetTimes } from './stat.ts';
import { type Place, type Walk, walking } from './walk.ts';

const { O_RDONLY, O_WRONLY, O_RDWR, O_TRUNC, O_DSYNC = 0, O_SYNC = 0 } = constants;

/** How often an open tries again when files come and go under it. */
const ATTEMPTS = 16;

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeName(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** What a file is known by, whatever its names are. */
function identity({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

function systemFlags(options: OpenOptions): number {
  const write = options.write || options.truncate;
  // What is not opened for writing is opened for reading; what the guest may do with it is decided by its own flags.
  const access = write ? (options.read || !options.write ? O_RDWR : O_WRONLY) : O_RDONLY;
  const sync = options.sync === 'all' ? O_SYNC : options.sync === 'data' ? O_DSYNC : 0;
  return access | sync | (options.truncate ? O_TRUNC : 0);
}

/** The name to act upon. `self` is the error where the path means the directory that it starts from, or one on the way. */
function named(walk: Walk, self: HostErrorCode): Place {
  const place = walk.place();
  if (place.name === '') throw new HostError(self, 'the path leads to the directory itself');
  return place;
}

/** What a directory hands on to what is below it. */
export interface DirectoryAccess {
  readonly mutable: boolean;
  readonly times: SetTimes;
  /** Undefined: no quota. */
  readonly ledger: Ledger | undefined;
  readonly watch?: DirectoryWatch | undefined;
}

export class NodeDirectory implements HostDirectory {
  readonly kind = 'directory';
  readonly type = 'directory';
  readonly mutable: boolean;
  readonly #how: DirectoryAccess;
  readonly #anchors: Anchors;
  readonly #anchor: Anchor;
  readonly #times: SetTimes;
  #owners = 1;

  /** Takes over `anchor`. */
  constructor(anchors: Anchors, anchor: Anchor, how: DirectoryAccess) {
    this.#how = how;
    this.#times = how.times;
    this.#anchors = anchors;
    this.#anchor = anchor;
    this.mutable = how.mutable;
  }

  #base(): Anchor {
    if (this.#owners === 0) throw new HostError('bad-descriptor', 'the directory is closed');
    return this.#anchor;
  }

  #change(): void {
    this.#base();
    this.#how.watch?.(true, this.mutable);
    if (!this.mutable) throw new HostError('not-permitted', 'the directory was granted read-only');
  }

  #walk<T>(path: string, use: (walk: Walk) => T): T {
    this.#how.watch?.(false, true);
    return walking(this.#anchors, this.#base(), path, use);
  }

  retain(): void {
    this.#base();
    this.#owners++;
  }

  close(): void {
    if (this.#owners > 0 && --this.#owners === 0) this.#anchor.close();
  }

  #stat(): FileStat {
    return fileStat(statSync(this.#base().self, { bigint: true }));
  }

  stat(): FileStat {
    return hostCall(() => this.#times.seen(this.#stat()));
  }

  setTimes(accessed: NewTime, modified: NewTime): void {
    this.#change();
    const { self } = this.#anchor;
    hostCall(() =>
      this.#times.change(
        accessed,
        modified,
        () => this.#stat(),
        (a, m) => utimesSync(self, a, m),
      ),
    );
  }

  sync(): void {
    const { self } = this.#base();
    if (!this.mutable || process.platform === 'win32') return;
    hostCall(() => {
      const fd = openSync(self, O_RDONLY);
      try {
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
    });
  }

  entries(): readonly DirectoryEntry[] {
    this.#how.watch?.(false, true);
    return hostCall(() => {
      const found: DirectoryEntry[] = [];
      for (const entry of readdirSync(this.#base().self, { withFileTypes: true, encoding: 'buffer' })) {
        const name = decodeName(entry.name);
        if (name !== undefined) found.push({ name, type: fileType(entry) });
      }
      return found;
    });
  }

  openAt(path: string, options: OpenOptions): NodeFile | NodeDirectory {
    const { create, directory, truncate } = options;
    if (directory && (create || truncate))
      throw new HostError('invalid', 'a directory cannot be created or emptied by opening it');
    if (create || truncate || options.write) this.#change();
    return this.#walk(path, (walk) => {
      let place = walk.place();
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (place.name === '') return this.#openSelf(place, options);
        const opened = this.#tryOpen(walk, place, options);
        switch (opened?.kind) {
          case undefined:
            continue;
          case 'directory':
            return this.#openChild(place, options);
          case 'link':
            if (!options.follow && !walk.slash) throw new HostError('loop', 'the path ends in a symbolic link');
            // Replaced by now, if it is no link any more: look again.
            if (walk.follow(place)) {
              place = walk.place();
              attempt = 0;
            }
            continue;
          case 'file':
            return this.#openedFile(opened, walk, options);
        }
      }
      throw new HostError('busy', 'the file is being replaced all the time');
    });
  }

  /** Undefined: try again, it came or went meanwhile. */
  #tryOpen(walk: Walk, place: Place, options: OpenOptions): OpenedFile | undefined {
    const flags = systemFlags(options);
    const creating = options.create && !walk.slash;
    if (creating && options.exclusive) return this.#createFile(place, flags);
    try {
      return this.#anchors.openFile(place.anchor, place.name, flags);
    } catch (error) {
      if (!options.create || systemCode(error) !== 'ENOENT') throw error;
      if (!creating) throw new HostError('is-directory', 'a path that ends in a slash cannot be created as a file');
    }
    try {
      return this.#createFile(place, flags);
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      return undefined;
    }
  }

  #createFile(place: Place, flags: number): OpenedFile {
    this.#checkName(place);
    const opened = this.#anchors.createFile(place.anchor, place.name, flags);
    if (opened.kind === 'file') this.#how.ledger?.named(identity(opened.stat), true);
    return opened;
  }

  /** Throws where no name may be made any more; that there is one already is said first. */
  #checkName({ anchor, name }: Place): void {
    if (this.#how.ledger?.full !== true) return;
    try {
      this.#anchors.lstat(anchor, name);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      throw new HostError('quota', 'the quota of files is used up');
    }
    throw new HostError('exist', 'there is something of this name');
  }

  /** Notes a name that was made, and gives what it stands for. */
  #named(place: Place, fresh: boolean): BigIntStats | undefined {
    const stat = this.#counted(place);
    if (stat !== undefined) this.#how.ledger?.named(identity(stat), fresh);
    return stat;
  }

  /** What a name stands for, where that is counted; undefined if there is nothing. */
  #counted({ anchor, name }: Place): BigIntStats | undefined {
    if (this.#how.ledger === undefined) return undefined;
    try {
      return this.#anchors.lstat(anchor, name);
    } catch {
      return undefined;
    }
  }

  /** Notes that a name of what `stat` tells about is gone. */
  #unnamed(stat: BigIntStats | undefined): void {
    if (stat !== undefined) this.#how.ledger?.unnamed(identity(stat), stat.isDirectory() || stat.nlink <= 1n);
  }

  #openedFile(opened: OpenedFile & { kind: 'file' }, walk: Walk, options: OpenOptions): NodeFile {
    if (options.directory || walk.slash) {
      closeSync(opened.fd);
      throw new HostError('not-directory', 'the path does not lead to a directory');
    }
    const readable = options.read || !options.write;
    const { ledger } = this.#how;
    const account = ledger === undefined || !opened.stat.isFile() ? undefined : { ledger, id: identity(opened.stat) };
    const file = new NodeFile(opened.fd, fileType(opened.stat), {
      readable,
      writable: options.write,
      mutable: this.mutable,
      times: this.#times,
      account,
    });
    // Opening has emptied it, and what it was is known from before.
    if (options.truncate) account?.ledger.shrink(account.id, opened.stat.size);
    return file;
  }

  #refuseAsFile(options: OpenOptions): void {
    if (options.create && options.exclusive) throw new HostError('exist', 'there is a directory');
    if (options.create || options.truncate || options.write)
      throw new HostError('is-directory', 'there is a directory');
  }

  #openSelf(place: Place, options: OpenOptions): NodeDirectory {
    this.#refuseAsFile(options);
    return new NodeDirectory(this.#anchors, this.#anchors.again(place.anchor), this.#how);
  }

  #openChild(place: Place, options: OpenOptions): NodeDirectory {
    this.#refuseAsFile(options);
    const child = this.#anchors.openChild(place.anchor, place.name);
    if (child === undefined) throw new HostError('not-directory', 'the directory was replaced');
    return new NodeDirectory(this.#anchors, child, this.#how);
  }

  /** Walks to the end, and through the links there if `follow`, and gives `use` the last name with its attributes. */
  #reach<T>(path: string, follow: boolean, use: (place: Place, stat: BigIntStats) => T): T {
    return this.#walk(path, (walk) => {
      let place = walk.place();
      for (;;) {
        if (place.name === '') return use(place, statSync(place.anchor.self, { bigint: true }));
        const stat = this.#anchors.lstat(place.anchor, place.name);
        if (stat.isSymbolicLink() && (follow || walk.slash)) {
          if (walk.follow(place)) place = walk.place();
          continue;
        }
        if (walk.slash && !stat.isDirectory()) {
          throw new HostError('not-directory', 'the path does not lead to a directory');
        }
        return use(place, stat);
      }
    });
  }

  statAt(path: string, follow: boolean): FileStat {
    return this.#reach(path, follow, (_place, stat) => this.#times.seen(fileStat(stat)));
  }

  setTimesAt(path: string, follow: boolean, accessed: NewTime, modified: NewTime): void {
    this.#change();
    this.#reach(path, follow, ({ anchor, name }) => {
      const read = (): BigIntStats =>
        name === '' ? statSync(anchor.self, { bigint: true }) : this.#anchors.lstat(anchor, name);
      this.#times.change(
        accessed,
        modified,
        () => fileStat(read()),
        (a, m) => (name === '' ? utimesSync(anchor.self, a, m) : lutimesSync(anchor.at(name), a, m)),
      );
    });
  }

  createDirectoryAt(path: string): void {
    this.#change();
    this.#walk(path, (walk) => {
      const place = named(walk, 'exist');
      this.#checkName(place);
      mkdirSync(place.anchor.at(place.name));
      this.#named(place, true);
    });
  }

  removeDirectoryAt(path: string): void {
    this.#change();
    this.#walk(path, (walk) => {
      const place = named(walk, 'invalid');
      const stat = this.#counted(place);
      rmdirSync(place.anchor.at(place.name));
      this.#unnamed(stat);
    });
  }

  /** With a trailing slash a path means a directory, and is not followed. */
  #mustBeDirectory(walk: Walk, { anchor, name }: Place): void {
    if (walk.slash && !this.#anchors.lstat(anchor, name).isDirectory()) {
      throw new HostError('not-directory', 'a path that ends in a slash does not lead to a directory');
    }
  }

  /** A path that ends in a slash names no file that could be made: nothing is there, or a directory, or what is none. */
  #mayBeNew(walk: Walk, place: Place): void {
    if (!walk.slash) return;
    this.#mustBeDirectory(walk, place);
    throw new HostError('exist', 'there is a directory');
  }

  unlinkFileAt(path: string): void {
    this.#change();
    this.#walk(path, (walk) => {
      const place = named(walk, 'is-directory');
      this.#mustBeDirectory(walk, place);
      const { anchor, name } = place;
      const stat = this.#counted(place);
      try {
        unlinkSync(anchor.at(name));
      } catch (error) {
        // Systems other than Linux say "not permitted" of a directory.
        const directory = systemCode(error) === 'EPERM' && this.#anchors.lstat(anchor, name).isDirectory();
        throw directory ? new HostError('is-directory', 'there is a directory', error) : error;
      }
      this.#unnamed(stat);
    });
  }

  /** The other directory of a rename or link; both must be open for changes, else a link would be a way to write. */
  #other(target: HostDirectory): NodeDirectory {
    if (!(target instanceof NodeDirectory)) throw new HostError('cross-device', 'the directory is of another host');
    this.#change();
    target.#change();
    // As file systems with quotas of projects have it: programs copy then, and what they copy is counted.
    if (this.#how.ledger !== target.#how.ledger) throw new HostError('cross-device', 'the directory has another quota');
    return target;
  }

  renameAt(from: string, target: HostDirectory, to: string): void {
    const other = this.#other(target);
    this.#walk(from, (walk) => {
      const old = named(walk, 'busy');
      this.#mustBeDirectory(walk, old);
      other.#walk(to, (otherWalk) => {
        const place = named(otherWalk, 'busy');
        if (otherWalk.slash && !this.#anchors.lstat(old.anchor, old.name).isDirectory()) {
          throw new HostError('not-directory', 'a path that ends in a slash names a directory');
        }
        const over = this.#counted(place);
        const moved = this.#counted(old);
        renameSync(old.anchor.at(old.name), place.anchor.at(place.name));
        // Two names of one file: nothing happens.
        if (over !== undefined && moved !== undefined && identity(over) !== identity(moved)) this.#unnamed(over);
      });
    });
  }

  linkAt(from: string, follow: boolean, target: HostDirectory, to: string): void {
    const other = this.#other(target);
    this.#reach(from, follow, (old, stat) => {
      if (stat.isDirectory()) throw new HostError('not-permitted', 'a directory cannot have a second name');
      other.#walk(to, (walk) => {
        const place = named(walk, 'exist');
        other.#mayBeNew(walk, place);
        this.#checkName(place);
        linkSync(old.anchor.at(old.name), place.anchor.at(place.name));
        this.#named(place, false);
      });
    });
  }

  symlinkAt(content: string, path: string): void {
    this.#change();
    if (content.startsWith('/') || (process.platform === 'win32' && /^(?:[A-Za-z]:|\\)/.test(content))) {
      throw new HostError('not-permitted', 'a link to an absolute path leads out of the directory');
    }
    if (content.includes('\0')) throw new HostError('invalid', 'a path holds a NUL');
    this.#walk(path, (walk) => {
      const place = named(walk, 'exist');
      this.#mayBeNew(walk, place);
      this.#checkName(place);
      this.#symlink(content, place);
    });
  }

  /** The content of a link is counted as bytes. */
  #symlink(content: string, place: Place): void {
    const bytes = BigInt(Buffer.byteLength(content));
    this.#how.ledger?.check(bytes);
    symlinkSync(content, place.anchor.at(place.name));
    const stat = this.#named(place, true);
    if (stat !== undefined) this.#how.ledger?.grow(identity(stat), bytes);
  }

  readlinkAt(path: string): string {
    return this.#walk(path, (walk) => {
      const place = named(walk, 'invalid');
      this.#mustBeDirectory(walk, place);
      const content = this.#anchors.readLink(place.anchor, place.name);
      if (content === undefined) throw new HostError('invalid', 'the path does not lead to a symbolic link');
      if (content.startsWith('/')) throw new HostError('not-permitted', 'the link leads to an absolute path');
      return content;
    });
  }
}
