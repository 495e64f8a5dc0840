/**
 * Walks a guest's path one component at a time, from the anchor of the directory that it was given. Links are read and followed
 * here, `..` goes back along the directories that were opened on the way and never above the first: nothing is left for the
 * system to resolve but one name in one open directory.
 * Specification: WASI filesystem, "path-resolution".
 */
import { HostError } from '../host.ts';
import type { Anchor, Anchors } from './anchor.ts';
import { hostError } from './errors.ts';

/** Links followed in one walk, as Linux has it. */
const MAX_LINKS = 40;
/** Length of a path in UTF-16 units, as PATH_MAX. */
const MAX_PATH = 4096;

/** A name in an open directory; the name is empty where the path leads to the directory itself. */
export interface Place {
  readonly anchor: Anchor;
  readonly name: string;
}

/** Backslashes, drives, streams, devices, and ends that Windows drops: names that it takes for something else. */
const FOREIGN = /[\\:]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;
const windows = process.platform === 'win32';

function checkText(path: string): void {
  if (path.includes('\0')) throw new HostError('invalid', 'a path holds a NUL');
  if (path.length > MAX_PATH) throw new HostError('name-too-long', 'a path is too long');
}

export class Walk {
  readonly #anchors: Anchors;
  /** Directories from the base, which is not ours to close, to where the walk stands. */
  readonly #stack: Anchor[];
  /** Components to go, the next one last. */
  readonly #rest: string[] = [];
  #links = 0;
  /** Whether the path says by a trailing slash that it means a directory. */
  #slash = false;

  constructor(anchors: Anchors, base: Anchor, path: string) {
    this.#anchors = anchors;
    this.#stack = [base];
    checkText(path);
    if (path === '') throw new HostError('no-entry', 'a path is empty');
    this.#push(path, true);
  }

  get slash(): boolean {
    return this.#slash;
  }

  /** Puts the components of a path, or of a link's content, before those to go. */
  #push(path: string, last: boolean): void {
    const text = windows ? path.replaceAll('\\', '/') : path;
    if (text.startsWith('/') || (windows && /^[A-Za-z]:/.test(text))) {
      throw new HostError('not-permitted', 'an absolute path leads out of the directory');
    }
    const parts = text.split('/');
    const end = parts.at(-1);
    if (last && (end === '' || end === '.')) this.#slash = true;
    for (const part of parts.reverse()) {
      if (part !== '' && part !== '.') this.#rest.push(part);
    }
  }

  get #top(): Anchor {
    return this.#stack.at(-1)!;
  }

  /** Goes to the last component. */
  place(): Place {
    for (;;) {
      const name = this.#rest.pop();
      if (name === undefined) return { anchor: this.#top, name: '' };
      if (name === '..') this.#up();
      else {
        if (windows && FOREIGN.test(name)) throw new HostError('invalid', 'a name means something else on this system');
        if (this.#rest.length === 0) return { anchor: this.#top, name };
        this.#down(name);
      }
    }
  }

  #up(): void {
    if (this.#stack.length === 1) throw new HostError('not-permitted', '`..` leads out of the directory');
    this.#stack.pop()!.close();
  }

  #down(name: string): void {
    const child = this.#anchors.openChild(this.#top, name);
    if (child !== undefined) this.#stack.push(child);
    else if (!this.follow({ anchor: this.#top, name })) {
      throw new HostError('not-directory', 'a component of the path is no directory');
    }
  }

  /** If `place` is a link, continues with its content and answers true. */
  follow(place: Place): boolean {
    const content = this.#anchors.readLink(place.anchor, place.name);
    if (content === undefined) return false;
    if (++this.#links > MAX_LINKS) throw new HostError('loop', 'too many symbolic links');
    checkText(content);
    this.#push(content, this.#rest.length === 0);
    return true;
  }

  close(): void {
    for (const anchor of this.#stack.slice(1)) anchor.close();
    this.#stack.length = 1;
  }
}

/** Walks `path` and gives `use` the walk; the directories of the way are closed afterwards. System errors become HostErrors. */
export function walking<T>(anchors: Anchors, base: Anchor, path: string, use: (walk: Walk) => T): T {
  let walk: Walk | undefined;
  try {
    walk = new Walk(anchors, base, path);
    return use(walk);
  } catch (error) {
    throw hostError(error);
  } finally {
    walk?.close();
  }
}
