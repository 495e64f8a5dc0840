/** Walks the items of one list of the tree: what the parsers are written with. Annotations are passed over unless asked for. */
import type { TextError } from '../error/error.ts';
import { type Annotation, describeNode, head, type Id, type List, type Node, type Str, type Word } from './node.ts';
import { parseInteger } from './number.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A reference: an identifier or a number. */
export interface Ref {
  readonly node: Node;
  readonly id: string | undefined;
  readonly index: number;
}

/** An error about a node. */
export function nodeError(code: string, message: string, node: Node): TextError {
  return node.source.error(code, message, node.offset, node.end);
}

/** The bytes of a string as a name. */
export function nameOf(node: Str): string {
  try {
    return decoder.decode(node.bytes);
  } catch {
    throw nodeError('malformed-utf8', 'malformed UTF-8 encoding', node);
  }
}

const MAX_U32 = 0xffff_ffffn;

export class Cursor {
  /** The list that is walked. */
  readonly owner: List | Annotation;
  readonly #items: readonly Node[];
  #at: number;

  constructor(owner: List | Annotation, skip = 0, items: readonly Node[] = owner.items) {
    this.owner = owner;
    this.#items = items;
    this.#at = skip;
  }

  /** Where the next item is that is no annotation; what is passed over is still there for {@link annotation}. */
  #next(from = this.#at): number {
    let at = from;
    while (this.#items[at]?.kind === 'annotation') at++;
    return at;
  }

  /** The next item, or the one behind it; undefined at the end. */
  peek(ahead: 0 | 1 = 0): Node | undefined {
    const at = this.#next();
    return this.#items[ahead === 0 ? at : this.#next(at + 1)];
  }

  get done(): boolean {
    return this.peek() === undefined;
  }

  /** The next item of any kind; there must be one. */
  take(expected = 'more'): Node {
    const node = this.peek();
    if (node === undefined) throw this.unexpected(expected);
    this.skip();
    return node;
  }

  /** Passes over the next item. */
  skip(): void {
    this.#at = this.#next() + 1;
  }

  /** An error about the next item. */
  unexpected(expected: string): TextError {
    const node = this.peek();
    const at = node ?? this.owner;
    const from = node === undefined ? at.end - 1 : at.offset;
    const to = node?.kind === 'list' ? from + 1 : at.end;
    return at.source.error('unexpected-token', 'unexpected token', from, to, { expected, found: describeNode(node) });
  }

  /** Throws unless everything was read. */
  finish(): void {
    if (!this.done) throw this.unexpected('`)`');
  }

  /** A cursor over the next item alone. */
  one(): Cursor {
    return new Cursor(this.owner, 0, [this.take()]);
  }

  /** A cursor over the items before the next list of this keyword. */
  until(keyword: string): Cursor {
    const items: Node[] = [];
    while (!this.done && !this.isList(keyword)) items.push(this.take());
    return new Cursor(this.owner, 0, items);
  }

  /** All that is left, annotations too. */
  rest(): readonly Node[] {
    const items = this.#items.slice(this.#at);
    this.#at = this.#items.length;
    return items;
  }

  /** An annotation of this name if it is the next thing. */
  annotation(name: string): Annotation | undefined {
    for (let at = this.#at; ; at++) {
      const node = this.#items[at];
      if (node?.kind !== 'annotation') return undefined;
      if (node.name !== name) continue;
      this.#at = at + 1;
      return node;
    }
  }

  isWord(text?: string): boolean {
    const node = this.peek();
    return node?.kind === 'word' && (text === undefined || node.text === text);
  }

  takeWord(text: string): boolean {
    if (!this.isWord(text)) return false;
    this.skip();
    return true;
  }

  word(expected: string): Word {
    const node = this.peek();
    if (node?.kind !== 'word') throw this.unexpected(expected);
    this.skip();
    return node;
  }

  keyword(text: string): void {
    if (!this.takeWord(text)) throw this.unexpected(`\`${text}\``);
  }

  takeId(): Id | undefined {
    const node = this.peek();
    if (node?.kind !== 'id') return undefined;
    this.skip();
    return node;
  }

  isString(): boolean {
    return this.peek()?.kind === 'string';
  }

  string(expected = 'a string'): Str {
    const node = this.peek();
    if (node?.kind !== 'string') throw this.unexpected(expected);
    this.skip();
    return node;
  }

  name(expected = 'a name'): string {
    return nameOf(this.string(expected));
  }

  /** The bytes of all strings that follow. */
  data(): Uint8Array<ArrayBuffer> {
    const parts: number[][] = [];
    while (this.isString()) parts.push([...this.string().bytes]);
    return new Uint8Array(parts.flat());
  }

  /** True if the next item is a list that begins with these keywords. */
  isList(first?: string, second?: string): boolean {
    const node = this.peek();
    if (node?.kind !== 'list') return false;
    if (first !== undefined && head(node) !== first) return false;
    if (second === undefined) return true;
    const inner = new Cursor(node, 0).peek(1);
    return inner?.kind === 'word' && inner.text === second;
  }

  /** The inside of the next list behind its keyword, if it begins with that keyword. */
  takeList(keyword: string): Cursor | undefined {
    if (!this.isList(keyword)) return undefined;
    return this.list(keyword);
  }

  /** The inside of the next list; behind its keyword if one is asked for. */
  list(keyword?: string): Cursor {
    const node = this.peek();
    if (node?.kind !== 'list' || (keyword !== undefined && head(node) !== keyword))
      throw this.unexpected(keyword === undefined ? '`(`' : `\`(${keyword}\``);
    this.skip();
    const inner = new Cursor(node);
    if (keyword !== undefined) inner.skip();
    return inner;
  }

  isRef(): boolean {
    const node = this.peek();
    return node?.kind === 'id' || (node?.kind === 'word' && /^[0-9]/.test(node.text));
  }

  /** `idx ::= <u32> | <id>` */
  ref(expected = 'an index'): Ref {
    const node = this.peek();
    if (node?.kind === 'id') {
      this.skip();
      return { node, id: node.name, index: -1 };
    }
    if (node === undefined || !this.isRef()) throw this.unexpected(expected);
    return { node, id: undefined, index: this.u32(expected) };
  }

  #unsigned(expected: string, max: bigint): bigint {
    const node = this.peek();
    const value = node?.kind === 'word' && /^[0-9]/.test(node.text) ? parseInteger(node.text) : undefined;
    if (node === undefined || value === undefined) throw this.unexpected(expected);
    if (value > max) throw nodeError('number-range', `constant out of range: at most ${max}`, node);
    this.skip();
    return value;
  }

  u32(expected = 'a number'): number {
    return Number(this.#unsigned(expected, MAX_U32));
  }

  u64(expected = 'a number'): bigint {
    return this.#unsigned(expected, 0xffff_ffff_ffff_ffffn);
  }
}

/** The nodes of a whole text as one list. */
export function topLevel(nodes: readonly Node[], source: Node['source']): Cursor {
  const end = source.text.length;
  return new Cursor({ kind: 'list', source, offset: 0, end: end + 1, items: nodes });
}
