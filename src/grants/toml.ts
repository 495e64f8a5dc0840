/**
 * Reads the part of TOML 1.0 that grants need, and keeps where each key stands: comments; bare, quoted and dotted keys; tables and
 * arrays of tables; strings on one line (basic and literal), whole numbers in decimal, booleans, arrays and inline tables. Not read:
 * strings of several lines, dates, fractions, other bases; each is an error that says so.
 */
import { type Entry, MAX_DEPTH, type Node, textError } from './written.ts';

type Table = Extract<Node, { readonly kind: 'table' }>;

const BARE = /[A-Za-z0-9_-]+/y;
const BASIC = /"(?:[^"\\\p{Cc}]|\t|\\(?:[btnfr"\\]|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}))*"/uy;
const LITERAL = /'(?:[^'\p{Cc}]|\t)*'/uy;
const INTEGER = /[+-]?(?:0|[1-9](?:_?\d)*)(?![\w.:+-])/y;
const BOOLEAN = /(?:true|false)(?![\w-])/y;
const SPACE = /[ \t]*/y;
/** White space, line ends and comments. */
const BLANK = /(?:[ \t]|\r?\n|#[^\r\n]*)*/y;
const LINE_END = /[ \t]*(?:#[^\r\n]*)?(?:\r?\n|$)/y;

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', '"': '"', '\\': '\\' };

class TomlReader {
  readonly #text: string;
  readonly #file: string;
  readonly #root: Table = { at: 0, kind: 'table', entries: new Map() };
  /** Tables that a header has opened, or that a dotted key has made: they are opened once. */
  readonly #closed = new Set<Node>();
  #at = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  #fail(message: string, expected: string, at = this.#at): never {
    throw textError({ text: this.#text, file: this.#file }, at, 'bad-toml', message, { expected });
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #take(wanted: string): boolean {
    if (!this.#text.startsWith(wanted, this.#at)) return false;
    this.#at += wanted.length;
    return true;
  }

  read(): Node {
    let table = this.#root;
    for (;;) {
      this.#match(BLANK);
      if (this.#at >= this.#text.length) return this.#root;
      if (this.#take('[')) table = this.#header();
      else this.#pair(table, 0);
      if (this.#match(LINE_END) === undefined) this.#fail('something stands behind this', 'the end of the line');
    }
  }

  /** `[a.b]` or `[[a.b]]`, behind the first bracket. */
  #header(): Table {
    const several = this.#take('[');
    const start = this.#at;
    const path = this.#key();
    const last = path.pop()!;
    if (!this.#take(several ? ']]' : ']')) this.#fail('the header does not end', several ? ']]' : ']');
    let table = this.#root;
    for (const { name, at } of path) table = this.#inner(table, name, at);
    const found = table.entries.get(last.name);
    if (several) {
      const list: Node = found?.node ?? { at: start, kind: 'list', items: [] };
      if (list.kind !== 'list' || this.#closed.has(list))
        this.#fail(`${last.name} is no list of tables`, 'another key', start);
      if (found === undefined) table.entries.set(last.name, { keyAt: last.at, node: list });
      const item: Table = { at: start, kind: 'table', entries: new Map() };
      list.items.push(item);
      return item;
    }
    const inner = this.#inner(table, last.name, last.at);
    if (this.#closed.has(inner) || found?.node.kind === 'list')
      this.#fail(`${last.name} is defined above`, 'each table once', start);
    this.#closed.add(inner);
    return inner;
  }

  /** The table of a name in a table; of a list of tables the last one. */
  #inner(table: Table, name: string, at: number): Table {
    const found = table.entries.get(name);
    if (found === undefined) {
      const fresh: Table = { at, kind: 'table', entries: new Map() };
      table.entries.set(name, { keyAt: at, node: fresh });
      return fresh;
    }
    const { node } = found;
    const inner = node.kind === 'list' && !this.#closed.has(node) ? node.items.at(-1) : node;
    if (inner?.kind !== 'table') return this.#fail(`${name} is no table`, 'another key', at);
    return inner;
  }

  #key(): { readonly name: string; readonly at: number }[] {
    const parts: { name: string; at: number }[] = [];
    do {
      this.#match(SPACE);
      const at = this.#at;
      const name = this.#match(BARE) ?? this.#string();
      if (name === undefined) this.#fail('this is no key', 'a key', at);
      parts.push({ name, at });
      this.#match(SPACE);
    } while (this.#take('.'));
    if (parts.length > MAX_DEPTH) this.#fail('the key is too long', `at most ${MAX_DEPTH} parts`);
    return parts;
  }

  /** `key = value` */
  #pair(table: Table, depth: number): void {
    const path = this.#key();
    const last = path.pop()!;
    let inner = table;
    for (const { name, at } of path) {
      const fresh = !inner.entries.has(name);
      inner = this.#inner(inner, name, at);
      if (!fresh && this.#closed.has(inner)) this.#fail(`${name} is defined above`, 'each table once', at);
    }
    if (!this.#take('=')) this.#fail('a key has no value', '=');
    this.#match(SPACE);
    if (inner.entries.has(last.name)) this.#fail(`${last.name} is defined above`, 'each key once', last.at);
    const node = this.#value(depth);
    const entry: Entry = { keyAt: last.at, node };
    inner.entries.set(last.name, entry);
  }

  #value(depth: number): Node {
    if (depth > MAX_DEPTH) this.#fail('too deep', `at most ${MAX_DEPTH} lists and tables in one another`);
    const at = this.#at;
    if (this.#take('[')) return this.#list(at, depth);
    if (this.#take('{')) return this.#inline(at, depth);
    if (this.#text.startsWith('"""', at) || this.#text.startsWith("'''", at))
      this.#fail('a string of several lines', 'a string on one line');
    const text = this.#string();
    if (text !== undefined) return { at, kind: 'value', value: text };
    const word = this.#match(BOOLEAN);
    if (word !== undefined) return { at, kind: 'value', value: word === 'true' };
    const digits = this.#match(INTEGER);
    if (digits === undefined)
      return this.#fail('this is no value', 'a string in quotes, a whole number, true, false, a list or a table');
    const number = Number(digits.replaceAll('_', ''));
    if (!Number.isSafeInteger(number)) this.#fail('the number is too large', 'at most 2^53 - 1', at);
    return { at, kind: 'value', value: number };
  }

  #list(at: number, depth: number): Node {
    const items: Node[] = [];
    for (;;) {
      this.#match(BLANK);
      if (this.#take(']')) break;
      items.push(this.#value(depth + 1));
      this.#match(BLANK);
      if (this.#take(']')) break;
      if (!this.#take(',')) this.#fail('the list does not go on', ', or ]');
    }
    const node: Node = { at, kind: 'list', items };
    this.#closed.add(node);
    return node;
  }

  #inline(at: number, depth: number): Node {
    const table: Table = { at, kind: 'table', entries: new Map() };
    this.#match(SPACE);
    if (!this.#take('}')) {
      do {
        this.#pair(table, depth + 1);
        this.#match(SPACE);
      } while (this.#take(','));
      if (!this.#take('}')) this.#fail('the table does not go on', ', or } on the same line');
    }
    this.#closed.add(table);
    return table;
  }

  #string(): string | undefined {
    const literal = this.#match(LITERAL);
    if (literal !== undefined) return literal.slice(1, -1);
    const at = this.#at;
    const basic = this.#match(BASIC);
    if (basic === undefined) return undefined;
    return basic.slice(1, -1).replace(/\\(?:u(.{4})|U(.{8})|(.))/g, (_, short, long, one: string) => {
      if (one !== undefined) return ESCAPES[one] ?? one;
      const code = Number.parseInt(short ?? long, 16);
      if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        this.#fail('an escape that is no character', 'a Unicode scalar value', at);
      return String.fromCodePoint(code);
    });
  }
}

/** Throws TextError (`bad-toml`). */
export function readToml(text: string, file: string): Node {
  return new TomlReader(text.replace(/^\ufeff/, ''), file).read();
}
