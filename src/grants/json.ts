/** Reads JSON (RFC 8259) and keeps where each key stands; a key that stands twice in an object is an error. */
import { type Entry, MAX_DEPTH, type Node, textError } from './written.ts';

const STRING = /"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const SPACE = /[ \t\r\n]*/y;

class JsonReader {
  readonly #text: string;
  readonly #file: string;
  #at = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  #fail(expected: string, at = this.#at): never {
    const found = at >= this.#text.length ? 'the file ends' : 'this is no JSON';
    throw textError({ text: this.#text, file: this.#file }, at, 'bad-json', found, { expected });
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #next(): string {
    this.#match(SPACE);
    return this.#text[this.#at] ?? '';
  }

  /** The character that is next, if it is `wanted`. */
  #take(wanted: string): boolean {
    if (this.#next() !== wanted) return false;
    this.#at++;
    return true;
  }

  read(): Node {
    const node = this.#value(0);
    if (this.#next() !== '') this.#fail('the end of the file');
    return node;
  }

  #value(depth: number): Node {
    if (depth > MAX_DEPTH) this.#fail(`at most ${MAX_DEPTH} lists and objects in one another`);
    const next = this.#next();
    const at = this.#at;
    if (next === '{') return { at, kind: 'table', entries: this.#object(depth) };
    if (next === '[') return { at, kind: 'list', items: this.#list(depth) };
    const text = this.#match(STRING) ?? this.#match(NUMBER) ?? this.#match(WORD);
    if (text === undefined) return this.#fail('a value');
    return { at, kind: 'value', value: JSON.parse(text) as string | number | boolean | null };
  }

  #list(depth: number): Node[] {
    const items: Node[] = [];
    this.#at++;
    if (this.#take(']')) return items;
    do items.push(this.#value(depth + 1));
    while (this.#take(','));
    if (!this.#take(']')) this.#fail(', or ]');
    return items;
  }

  #object(depth: number): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    this.#at++;
    if (this.#take('}')) return entries;
    do {
      this.#next();
      const keyAt = this.#at;
      const text = this.#match(STRING) ?? this.#fail('a key in double quotes');
      const key = JSON.parse(text) as string;
      if (entries.has(key)) this.#fail(`each key once; ${text} stands above`, keyAt);
      if (!this.#take(':')) this.#fail('a colon');
      entries.set(key, { keyAt, node: this.#value(depth + 1) });
    } while (this.#take(','));
    if (!this.#take('}')) this.#fail(', or }');
    return entries;
  }
}

/** Throws TextError (`bad-json`). */
export function readJson(text: string, file: string): Node {
  return new JsonReader(text, file).read();
}
