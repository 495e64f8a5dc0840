/**
 * Open directories in memory: the authority over what is below them. Paths are walked as everywhere (`../walk.ts`), every change is
 * refused where the directory was granted read-only, and operations end as Linux ends them.
 */
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
import { type Place as AnyPlace, type Steps, Walk } from '../walk.ts';
import { MemoryFile } from './file.ts';
import { DirectoryNode, FileNode, LinkNode, type MemoryNode } from './volume.ts';

type Place = AnyPlace<DirectoryNode>;

const STEPS: Steps<DirectoryNode> = {
  openChild(parent, name) {
    const node = parent.get(name);
    return node.kind === 'directory' ? node : undefined;
  },
  readLink(parent, name) {
    const node = parent.get(name);
    return node.kind === 'link' ? node.content : undefined;
  },
};

/** What a place leads to, links not followed. */
function at({ anchor, name }: Place): MemoryNode {
  return name === '' ? anchor : anchor.get(name);
}

/** With a trailing slash a path means a directory, and is not followed. */
function mustBeDirectory(walk: Walk<DirectoryNode>, place: Place): void {
  if (walk.slash && at(place).kind !== 'directory')
    throw new HostError('not-directory', 'a path that ends in a slash does not lead to a directory');
}

/** A path that ends in a slash names no file that could be made: nothing is there, or a directory, or what is none. */
function mayBeNew(walk: Walk<DirectoryNode>, place: Place): void {
  if (!walk.slash) return;
  mustBeDirectory(walk, place);
  throw new HostError('exist', 'there is a directory');
}

function refuseAsFile({ create, exclusive, truncate, write }: OpenOptions): void {
  if (create && exclusive) throw new HostError('exist', 'there is a directory');
  if (create || truncate || write) throw new HostError('is-directory', 'there is a directory');
}

/** Throws unless what has a name now may give way to `node`. */
function mayReplace(node: MemoryNode, old: MemoryNode): void {
  if (node.kind !== 'directory') {
    if (old.kind === 'directory') throw new HostError('is-directory', 'there is a directory');
    return;
  }
  if (old.kind !== 'directory') throw new HostError('not-directory', 'a directory cannot replace a file');
  if (!old.empty) throw new HostError('not-empty', 'the directory is not empty');
}

export class MemoryDirectory implements HostDirectory {
  readonly kind = 'directory';
  readonly type = 'directory';
  readonly mutable: boolean;
  readonly #node: DirectoryNode;
  readonly #watch: DirectoryWatch | undefined;
  #owners = 1;

  constructor(node: DirectoryNode, mutable: boolean, watch: DirectoryWatch | undefined) {
    this.#node = node;
    this.mutable = mutable;
    this.#watch = watch;
  }

  #base(): DirectoryNode {
    if (this.#owners === 0) throw new HostError('bad-descriptor', 'the directory is closed');
    return this.#node;
  }

  #change(): DirectoryNode {
    const node = this.#base();
    this.#watch?.(true, this.mutable);
    if (!this.mutable) throw new HostError('not-permitted', 'the directory was granted read-only');
    return node;
  }

  #walk(path: string): Walk<DirectoryNode> {
    this.#watch?.(false, true);
    return new Walk(STEPS, this.#base(), path);
  }

  /** The name to act upon. `self` is the error where the path means the directory that it starts from, or one on the way. */
  #named(path: string, self: HostErrorCode): Place & { readonly walk: Walk<DirectoryNode> } {
    const walk = this.#walk(path);
    const place = walk.place();
    if (place.name === '') throw new HostError(self, 'the path leads to the directory itself');
    return { ...place, walk };
  }

  retain(): void {
    this.#base();
    this.#owners++;
  }

  close(): void {
    if (this.#owners > 0) this.#owners--;
  }

  stat(): FileStat {
    return this.#base().stat();
  }

  setTimes(accessed: NewTime, modified: NewTime): void {
    this.#change().setTimes(accessed, modified);
  }

  sync(): void {
    this.#base();
  }

  entries(): readonly DirectoryEntry[] {
    this.#watch?.(false, true);
    return [...this.#base().entries()].map(([name, node]) => ({ name, type: node.stat().type }));
  }

  openAt(path: string, options: OpenOptions): MemoryFile | MemoryDirectory {
    const { create, directory, exclusive, truncate } = options;
    if (directory && (create || truncate))
      throw new HostError('invalid', 'a directory cannot be created or emptied by opening it');
    if (create || truncate || options.write) this.#change();
    const walk = this.#walk(path);
    for (;;) {
      const place = walk.place();
      const node = place.name === '' ? place.anchor : place.anchor.find(place.name);
      if (node === undefined) return this.#create(walk, place, options);
      if (create && exclusive && !walk.slash) throw new HostError('exist', 'the name is taken');
      switch (node.kind) {
        case 'directory':
          refuseAsFile(options);
          return new MemoryDirectory(node, this.mutable, this.#watch);
        case 'file':
          if (directory || walk.slash) throw new HostError('not-directory', 'the path does not lead to a directory');
          if (truncate) node.setSize(0);
          return this.#file(node, options);
        case 'link':
          if (!options.follow && !walk.slash) throw new HostError('loop', 'the path ends in a symbolic link');
          walk.follow(place);
      }
    }
  }

  #create(walk: Walk<DirectoryNode>, { anchor, name }: Place, options: OpenOptions): MemoryFile {
    if (!options.create) throw new HostError('no-entry', 'there is nothing under this name');
    if (walk.slash) throw new HostError('is-directory', 'a path that ends in a slash cannot be created as a file');
    return this.#file(
      anchor.add(name, () => new FileNode(anchor.volume)),
      options,
    );
  }

  #file(node: FileNode, { read, write }: OpenOptions): MemoryFile {
    return new MemoryFile(node, { readable: read || !write, writable: write, mutable: this.mutable });
  }

  /** Walks to the end, and through the links there if `follow`. */
  #reach(path: string, follow: boolean): MemoryNode {
    const walk = this.#walk(path);
    for (;;) {
      const place = walk.place();
      const node = at(place);
      if (node.kind === 'link' && (follow || walk.slash)) {
        walk.follow(place);
        continue;
      }
      if (walk.slash && node.kind !== 'directory')
        throw new HostError('not-directory', 'the path does not lead to a directory');
      return node;
    }
  }

  statAt(path: string, follow: boolean): FileStat {
    return this.#reach(path, follow).stat();
  }

  setTimesAt(path: string, follow: boolean, accessed: NewTime, modified: NewTime): void {
    this.#change();
    this.#reach(path, follow).setTimes(accessed, modified);
  }

  createDirectoryAt(path: string): void {
    this.#change();
    const { anchor, name } = this.#named(path, 'exist');
    anchor.add(name, () => new DirectoryNode(anchor.volume));
  }

  removeDirectoryAt(path: string): void {
    this.#change();
    const { anchor, name } = this.#named(path, 'invalid');
    const node = anchor.get(name);
    if (node.kind !== 'directory') throw new HostError('not-directory', 'there is no directory');
    if (!node.empty) throw new HostError('not-empty', 'the directory is not empty');
    anchor.remove(name);
  }

  unlinkFileAt(path: string): void {
    this.#change();
    const place = this.#named(path, 'is-directory');
    mustBeDirectory(place.walk, place);
    if (at(place).kind === 'directory') throw new HostError('is-directory', 'there is a directory');
    place.anchor.remove(place.name);
  }

  /** The other directory of a rename or link; both must be open for changes, else a link would be a way to write. */
  #other(target: HostDirectory): MemoryDirectory {
    const here = this.#node.volume;
    if (!(target instanceof MemoryDirectory && target.#node.volume === here))
      throw new HostError('cross-device', 'the directory is of another host');
    this.#change();
    target.#change();
    return target;
  }

  renameAt(from: string, target: HostDirectory, to: string): void {
    const other = this.#other(target);
    const old = this.#named(from, 'busy');
    mustBeDirectory(old.walk, old);
    const place = other.#named(to, 'busy');
    const node = at(old);
    if (place.walk.slash && node.kind !== 'directory')
      throw new HostError('not-directory', 'a path that ends in a slash names a directory');
    const there = place.anchor.find(place.name);
    if (there === node) return;
    if (node.kind === 'directory' && node.holds(place.anchor))
      throw new HostError('invalid', 'a directory cannot be moved below itself');
    if (there?.kind === 'directory' && there.holds(old.anchor))
      throw new HostError('not-empty', 'the directory is not empty');
    if (there !== undefined) mayReplace(node, there);
    old.anchor.move(old.name, place.anchor, place.name);
  }

  linkAt(from: string, follow: boolean, target: HostDirectory, to: string): void {
    const other = this.#other(target);
    const node = this.#reach(from, follow);
    if (node.kind === 'directory') throw new HostError('not-permitted', 'a directory cannot have a second name');
    const place = other.#named(to, 'exist');
    mayBeNew(place.walk, place);
    place.anchor.add(place.name, () => node);
  }

  symlinkAt(content: string, path: string): void {
    this.#change();
    if (content.startsWith('/'))
      throw new HostError('not-permitted', 'a link to an absolute path leads out of the directory');
    if (content.includes('\0')) throw new HostError('invalid', 'a path holds a NUL');
    if (content === '') throw new HostError('no-entry', 'a link leads to nothing');
    const place = this.#named(path, 'exist');
    mayBeNew(place.walk, place);
    const { anchor, name } = place;
    anchor.add(name, () => new LinkNode(anchor.volume, content));
  }

  readlinkAt(path: string): string {
    const place = this.#named(path, 'invalid');
    mustBeDirectory(place.walk, place);
    const node = at(place);
    if (node.kind !== 'link') throw new HostError('invalid', 'the path does not lead to a symbolic link');
    if (node.content.startsWith('/')) throw new HostError('not-permitted', 'the link leads to an absolute path');
    return node.content;
  }
}
