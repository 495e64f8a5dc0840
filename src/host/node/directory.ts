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
  type FileStat,
  type HostDirectory,
  HostError,
  type HostErrorCode,
  type NewTime,
  type OpenOptions,
} from '../host.ts';
import type { Anchor, Anchors, OpenedFile } from './anchor.ts';
import { hostCall, systemCode } from './errors.ts';
import { NodeFile } from './file.ts';
import { fileStat, fileType, SetTimes } from './stat.ts';
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

export class NodeDirectory implements HostDirectory {
  readonly kind = 'directory';
  readonly type = 'directory';
  readonly mutable: boolean;
  readonly #anchors: Anchors;
  readonly #anchor: Anchor;
  readonly #times: SetTimes;
  #owners = 1;

  /** Takes over `anchor`. */
  constructor(anchors: Anchors, anchor: Anchor, mutable: boolean, times: SetTimes = new SetTimes()) {
    this.#times = times;
    this.#anchors = anchors;
    this.#anchor = anchor;
    this.mutable = mutable;
  }

  #base(): Anchor {
    if (this.#owners === 0) throw new HostError('bad-descriptor', 'the directory is closed');
    return this.#anchor;
  }

  #change(): void {
    this.#base();
    if (!this.mutable) throw new HostError('not-permitted', 'the directory was granted read-only');
  }

  #walk<T>(path: string, use: (walk: Walk) => T): T {
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
    if (creating && options.exclusive) return this.#anchors.createFile(place.anchor, place.name, flags);
    try {
      return this.#anchors.openFile(place.anchor, place.name, flags);
    } catch (error) {
      if (!options.create || systemCode(error) !== 'ENOENT') throw error;
      if (!creating) throw new HostError('is-directory', 'a path that ends in a slash cannot be created as a file');
    }
    try {
      return this.#anchors.createFile(place.anchor, place.name, flags);
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      return undefined;
    }
  }

  #openedFile(opened: OpenedFile & { kind: 'file' }, walk: Walk, options: OpenOptions): NodeFile {
    if (options.directory || walk.slash) {
      closeSync(opened.fd);
      throw new HostError('not-directory', 'the path does not lead to a directory');
    }
    const readable = options.read || !options.write;
    return new NodeFile(opened.fd, fileType(opened.stat), {
      readable,
      writable: options.write,
      mutable: this.mutable,
      times: this.#times,
    });
  }

  #refuseAsFile(options: OpenOptions): void {
    if (options.create && options.exclusive) throw new HostError('exist', 'there is a directory');
    if (options.create || options.truncate || options.write)
      throw new HostError('is-directory', 'there is a directory');
  }

  #openSelf(place: Place, options: OpenOptions): NodeDirectory {
    this.#refuseAsFile(options);
    return new NodeDirectory(this.#anchors, this.#anchors.again(place.anchor), this.mutable, this.#times);
  }

  #openChild(place: Place, options: OpenOptions): NodeDirectory {
    this.#refuseAsFile(options);
    const child = this.#anchors.openChild(place.anchor, place.name);
    if (child === undefined) throw new HostError('not-directory', 'the directory was replaced');
    return new NodeDirectory(this.#anchors, child, this.mutable, this.#times);
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
      const { anchor, name } = named(walk, 'exist');
      mkdirSync(anchor.at(name));
    });
  }

  removeDirectoryAt(path: string): void {
    this.#change();
    this.#walk(path, (walk) => {
      const { anchor, name } = named(walk, 'invalid');
      rmdirSync(anchor.at(name));
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
      try {
        unlinkSync(anchor.at(name));
      } catch (error) {
        // Systems other than Linux say "not permitted" of a directory.
        const directory = systemCode(error) === 'EPERM' && this.#anchors.lstat(anchor, name).isDirectory();
        throw directory ? new HostError('is-directory', 'there is a directory', error) : error;
      }
    });
  }

  /** The other directory of a rename or link; both must be open for changes, else a link would be a way to write. */
  #other(target: HostDirectory): NodeDirectory {
    if (!(target instanceof NodeDirectory)) throw new HostError('cross-device', 'the directory is of another host');
    this.#change();
    target.#change();
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
        renameSync(old.anchor.at(old.name), place.anchor.at(place.name));
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
        linkSync(old.anchor.at(old.name), place.anchor.at(place.name));
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
      symlinkSync(content, place.anchor.at(place.name));
    });
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
