/**
 * Walks a guest's path one component at a time, from the directory that it was given. Links are read and followed here, `..` goes
 * back along the directories that were met on the way and never above the first: nothing is left for the platform to resolve but
 * one name in one directory. Specification: WASI filesystem, "path-resolution".
 */
import { HostError } from './host.ts';

/** Links followed in one walk, as Linux has it. */
const MAX_LINKS = 40;
/** Length of a path in UTF-16 units, as PATH_MAX. */
const MAX_PATH = 4096;

/** A name in a directory; the name is empty where the path leads to the directory itself. */
export interface Place<A> {
  readonly anchor: A;
  readonly name: string;
}

/** The steps that a platform takes for a walk: `A` stands for a directory. */
export interface Steps<A> {
  /** Undefined where `name` is no directory: a link, a file. Throws where there is nothing. */
  openChild(parent: A, name: string): A | undefined;
  /** The content of the link `name`; undefined if it is no link. */
  readLink(parent: A, name: string): string | undefined;
}

/** Backslashes, drives, streams, devices, and ends that Windows drops: names that it takes for something else. */
const FOREIGN = /[\\:]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

function checkText(path: string): void {
  if (path.includes('\0')) throw new HostError('invalid', 'a path holds a NUL');
  if (path.length > MAX_PATH) throw new HostError('name-too-long', 'a path is too long');
}

export class Walk<A extends { close(): void }> {
  readonly #steps: Steps<A>;
  /** Directories from the base, which is not ours to close, to where the walk stands. */
  readonly #stack: A[];
  /** Components to go, the next one last. */
  readonly #rest: string[] = [];
  readonly #windows: boolean;
  #links = 0;
  /** Whether the path says by a trailing slash that it means a directory. */
  #slash = false;

  /** `windows`: names are looked up by a system that reads them as Windows does. */
  constructor(steps: Steps<A>, base: A, path: string, windows = false) {
    this.#steps = steps;
    this.#stack = [base];
    this.#windows = windows;
    checkText(path);
    if (path === '') throw new HostError('no-entry', 'a path is empty');
    this.#push(path, true);
  }

  get slash(): boolean {
    return this.#slash;
  }

  /** Puts the components of a path, or of a link's content, before those to go. */
  #push(path: string, last: boolean): void {
    const text = this.#windows ? path.replaceAll('\\', '/') : path;
    if (text.startsWith('/') || (this.#windows && /^[A-Za-z]:/.test(text))) {
      throw new HostError('not-permitted', 'an absolute path leads out of the directory');
    }
    const parts = text.split('/');
    const end = parts.at(-1);
    if (last && (end === '' || end === '.')) this.#slash = true;
    for (const part of parts.reverse()) {
      // A dot at the end stands in the directory before it, which has to be there.
      const isEnd = last && this.#rest.length === 0;
      if (part !== '' && (part !== '.' || isEnd)) this.#rest.push(part);
    }
  }

  get #top(): A {
    return this.#stack.at(-1)!;
  }

  /** Goes to the last component. */
  place(): Place<A> {
    for (;;) {
      const name = this.#rest.pop();
      if (name === undefined) return { anchor: this.#top, name: '' };
      if (name === '.') continue;
      if (name === '..') this.#up();
      else {
        if (this.#windows && FOREIGN.test(name))
          throw new HostError('invalid', 'a name means something else on this system');
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
    const child = this.#steps.openChild(this.#top, name);
    if (child !== undefined) this.#stack.push(child);
    else if (!this.follow({ anchor: this.#top, name })) {
      throw new HostError('not-directory', 'a component of the path is no directory');
    }
  }

  /** If `place` is a link, continues with its content and answers true. */
  follow(place: Place<A>): boolean {
    const content = this.#steps.readLink(place.anchor, place.name);
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
