/** A tree of files in memory, as whoever runs a program fills it before and reads it afterwards. */
import { UsageError } from '../../error/error.ts';
import { type DirectoryOptions, HostError } from '../host.ts';
import { MemoryDirectory } from './directory.ts';
import { DirectoryNode, FileNode, LinkNode, Volume, type VolumeLimits } from './volume.ts';

/** What lies under a path: a file's content (text is UTF-8), the content of a symbolic link, or an empty directory. */
export type FileContent = string | Uint8Array | { readonly link: string } | { readonly directory: true };

/** A tree of files by their paths, `/` before each name; directories on the way need not be named. */
export type FileTree = Readonly<Record<string, FileContent>> | ReadonlyMap<string, FileContent>;

export type MemoryFilesLimits = VolumeLimits;

const utf8 = new TextEncoder();

/** The names of a path of the owner's: absolute, or from the root. */
function names(path: string): readonly string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (!parts.includes('..') && !path.includes('\0')) return parts;
  throw new UsageError('bad-path', 'a path of files in memory cannot be used', {
    expected: 'names separated by /, without .. and NUL',
    found: JSON.stringify(path),
  });
}

/** Throws HostErrors as UsageErrors: what a program is told by its error code, the owner is told in words. */
function explained<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    throw new UsageError('cannot-write', `${path} cannot be written: ${error.message}`, { cause: error });
  }
}

/**
 * Files in memory. A program reaches those directories of it that its grant names by `dirs`, as it would reach directories of a
 * machine; several programs may share one. Access times are those of the last change or `set-times`: reading leaves no trace.
 * @example
 * ```ts
 * import { MemoryFiles } from 'tenon/wasi';
 *
 * const files = new MemoryFiles({ '/data/in.txt': 'hello' });
 * files.write('/data/out.txt', new Uint8Array([104, 105]));
 * console.log(files.readText('/data/out.txt')); // prints hi
 * console.log([...files.snapshot().keys()].join(' ')); // prints /data/in.txt /data/out.txt
 * ```
 */
export class MemoryFiles {
  readonly #volume: Volume;

  /**
   * Copies `tree`, which counts against the limits.
   * @throws UsageError `bad-path`, `cannot-write`
   */
  constructor(tree: FileTree = {}, limits: MemoryFilesLimits = {}) {
    this.#volume = new Volume(limits);
    for (const [path, content] of tree instanceof Map ? tree : Object.entries(tree)) this.write(path, content);
  }

  /** The directory `path`, as a host's `openDirectory`. Links on the way are not followed. Throws UsageError (`no-directory`, `bad-grant`). */
  openDirectory(path: string, { mutable, quota, watch }: DirectoryOptions): MemoryDirectory {
    if (quota !== undefined) {
      throw new UsageError(
        'bad-grant',
        `the directory ${JSON.stringify(path)} lies in memory, where no quota is kept`,
        {
          hint: 'give the files a limit that all programs share: new MemoryFiles(tree, { bytes, files })',
        },
      );
    }
    const node = this.#find(path);
    if (node?.kind === 'directory') return new MemoryDirectory(node, mutable, watch);
    throw new UsageError('no-directory', `the directory ${JSON.stringify(path)} cannot be opened`, {
      expected: 'a directory of the files in memory',
      found: node === undefined ? 'nothing under this path' : `a ${node.kind}`,
      hint: 'give the program files: new MemoryFiles({ "/data": { directory: true } })',
    });
  }

  #find(path: string): FileNode | LinkNode | DirectoryNode | undefined {
    let node: FileNode | LinkNode | DirectoryNode | undefined = this.#volume.root;
    for (const name of names(path)) {
      if (node?.kind !== 'directory') return undefined;
      node = explained(path, () => (node as DirectoryNode).find(name));
    }
    return node;
  }

  /** A copy of a file's content; undefined where no file is. Links are not followed. */
  read(path: string): Uint8Array | undefined {
    const node = this.#find(path);
    return node?.kind === 'file' ? node.bytes.slice() : undefined;
  }

  /** A file's content as UTF-8; undefined where no file is. Links are not followed. */
  readText(path: string): string | undefined {
    const node = this.#find(path);
    return node?.kind === 'file' ? new TextDecoder().decode(node.bytes) : undefined;
  }

  /**
   * Puts a file, link or directory in place of what is there, and makes the directories on the way. Programs that have the file open
   * see the new content.
   * @throws UsageError `bad-path`; `cannot-write` where a limit is reached, or a file stands where a directory should
   */
  write(path: string, content: FileContent): void {
    const parts = names(path);
    const last = parts.at(-1);
    explained(path, () => {
      let parent = this.#volume.root;
      for (const name of parts.slice(0, -1)) parent = directoryIn(parent, name);
      if (last !== undefined) put(parent, last, content);
      else if (!isDirectory(content)) throw new HostError('is-directory', 'it is the root');
    });
  }

  /** Removes a file, link, or directory with all that is in it. False where nothing was. */
  remove(path: string): boolean {
    const parts = names(path);
    const last = parts.at(-1);
    const parent = this.#find(parts.slice(0, -1).join('/'));
    if (last === undefined || parent?.kind !== 'directory' || parent.find(last) === undefined) return false;
    clear(parent, last);
    return true;
  }

  /** Everything at and below `path`, by absolute path, in a form that a new `MemoryFiles` takes; of directories the empty ones. Times are not kept. */
  snapshot(path = '/'): Map<string, Uint8Array | { readonly link: string } | { readonly directory: true }> {
    const found = new Map<string, Uint8Array | { readonly link: string } | { readonly directory: true }>();
    const visit = (at: string, node: FileNode | LinkNode | DirectoryNode): void => {
      if (node.kind === 'file') found.set(at, node.bytes.slice());
      else if (node.kind === 'link') found.set(at, { link: node.content });
      else if (node.empty && at !== '') found.set(at, { directory: true });
      else for (const [name, child] of node.entries()) visit(`${at}/${name}`, child);
    };
    const start = this.#find(path);
    const from = names(path).map((name) => `/${name}`);
    if (start !== undefined) visit(from.join(''), start);
    return found;
  }
}

function isDirectory(content: FileContent): content is { readonly directory: true } {
  return typeof content === 'object' && 'directory' in content;
}

function directoryIn(parent: DirectoryNode, name: string): DirectoryNode {
  const node = parent.find(name) ?? parent.add(name, () => new DirectoryNode(parent.volume));
  if (node.kind !== 'directory') throw new HostError('not-directory', `${JSON.stringify(name)} is a ${node.kind}`);
  return node;
}

function put(parent: DirectoryNode, name: string, content: FileContent): void {
  if (isDirectory(content)) {
    directoryIn(parent, name);
    return;
  }
  const old = parent.find(name);
  if (old?.kind === 'directory') throw new HostError('is-directory', 'there is a directory');
  if (typeof content === 'object' && 'link' in content) {
    const { link } = content;
    if (old !== undefined) parent.remove(name);
    parent.add(name, () => new LinkNode(parent.volume, link));
    return;
  }
  if (old?.kind === 'link') parent.remove(name);
  const bytes = typeof content === 'string' ? utf8.encode(content) : content;
  if (old?.kind === 'file') {
    old.setSize(bytes.length);
    old.write(bytes, 0);
    return;
  }
  const file = new FileNode(parent.volume);
  file.write(bytes, 0);
  try {
    parent.add(name, () => file);
  } catch (error) {
    // Nothing leads to it: its bytes are given back.
    file.release();
    throw error;
  }
}

function clear(parent: DirectoryNode, name: string): void {
  const node = parent.get(name);
  if (node.kind === 'directory') for (const [child] of [...node.entries()]) clear(node, child);
  parent.remove(name);
}
