/**
 * Reads a text into the tree of `node.ts`: tokens, strings with escapes as bytes, comments, annotations. Specification: core 3.0,
 * "Text format, lexical format". Numbers stay words (`number.ts`).
 */
import type { Annotation, List, Node } from './node.ts';
import { Source, type SourceOptions } from './source.ts';

/** Deeper trees are refused, so that no walk over one runs out of stack. */
const MAX_DEPTH = 1500;

const SPACE = /[ \t\n\r]+/y;
const ID_CHARS = /[0-9A-Za-z!#$%&'*+\-./:<=>?@\\^_`|~]+/y;
/** What must not follow a token directly: the two would be one reserved token. */
const GLUE = /[0-9A-Za-z!#$%&'*+\-./:<=>?@\\^_`|~",;[\]{}]/y;
/** In strings: what stands for itself; no quote, backslash or control character. */
const PLAIN = /[ !#-[\]-~\u0080-\uffff]+/y;
/** Beside characters of identifiers, what reserved tokens are made of. */
const RESERVED = /[,;[\]{}]+/y;
const SIMPLE_ESCAPES: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, '"': 34, "'": 39, '\\': 92 };

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A list or annotation whose end has not been met. */
interface Open {
  readonly offset: number;
  readonly annotation: string | undefined;
  readonly items: Node[];
}

class Lexer {
  readonly #source: Source;
  readonly #text: string;
  #at = 0;
  /** How many annotations are open: in one, tokens may be anything. */
  #annotations = 0;

  constructor(source: Source) {
    this.#source = source;
    this.#text = source.text;
  }

  #fail(code: string, message: string, from: number, to = from + 1): never {
    throw this.#source.error(code, message, from, to);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #blockComment(): void {
    const from = this.#at;
    let depth = 0;
    do {
      const open = this.#text.indexOf('(;', this.#at);
      const close = this.#text.indexOf(';)', this.#at);
      if (close < 0) this.#fail('unterminated-comment', 'unterminated block comment', from, from + 2);
      const opens = open >= 0 && open < close;
      depth += opens ? 1 : -1;
      this.#at = (opens ? open : close) + 2;
    } while (depth > 0);
  }

  #skipSpace(): void {
    for (;;) {
      this.#match(SPACE);
      if (this.#text.startsWith(';;', this.#at)) {
        while (this.#at < this.#text.length && !'\n\r'.includes(this.#text[this.#at]!)) this.#at++;
      } else if (this.#text.startsWith('(;', this.#at)) this.#blockComment();
      else return;
    }
  }

  #unicodeEscape(from: number): Uint8Array {
    const end = this.#text.indexOf('}', this.#at);
    const digits = this.#text.slice(this.#at + 1, end);
    if (this.#text[this.#at] !== '{' || end < 0 || !/^[0-9a-fA-F](?:_?[0-9a-fA-F])*$/.test(digits))
      this.#fail('invalid-string', 'invalid string escape: `\\u` is followed by hex digits in braces', from, from + 2);
    const point = Number.parseInt(digits.replaceAll('_', ''), 16);
    if (!(point < 0xd800 || (point >= 0xe000 && point < 0x110000)))
      this.#fail('invalid-string', `invalid string escape: 0x${digits} is no Unicode scalar value`, from, end + 1);
    this.#at = end + 1;
    return encoder.encode(String.fromCodePoint(point));
  }

  #escape(): Uint8Array | readonly number[] {
    const from = this.#at++;
    const pair = this.#text.slice(this.#at, this.#at + 2);
    if (/^[0-9a-fA-F]{2}$/.test(pair)) {
      this.#at += 2;
      return [Number.parseInt(pair, 16)];
    }
    const simple = SIMPLE_ESCAPES[pair[0] ?? ''];
    this.#at++;
    if (simple !== undefined) return [simple];
    if (pair[0] === 'u') return this.#unicodeEscape(from);
    return this.#fail('invalid-string', 'invalid string escape', from, from + 2);
  }

  /** A string literal as bytes; the opening quote is next. */
  #string(): Uint8Array<ArrayBuffer> {
    const from = this.#at++;
    const parts: (Uint8Array | readonly number[])[] = [];
    for (;;) {
      const plain = this.#match(PLAIN);
      if (plain !== '') {
        if (!plain.isWellFormed()) this.#fail('malformed-utf8', 'malformed UTF-8 encoding: lone surrogate', from);
        parts.push(encoder.encode(plain));
      }
      const next = this.#text[this.#at];
      if (next === '"') break;
      if (next === undefined) this.#fail('unterminated-string', 'unexpected end of the text: unclosed string', from);
      if (next !== '\\') this.#fail('invalid-string', 'invalid character in a string', this.#at);
      parts.push(this.#escape());
    }
    this.#at++;
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  #quotedName(from: number): string {
    const bytes = this.#string();
    try {
      return decoder.decode(bytes);
    } catch {
      return this.#fail('malformed-utf8', 'malformed UTF-8 encoding', from, this.#at);
    }
  }

  /** The name behind `$` or `@`: characters of identifiers, or a quoted name. */
  #name(from: number, what: string): string {
    const name = this.#text[this.#at] === '"' ? this.#quotedName(from) : this.#match(ID_CHARS);
    if (name === '') this.#fail('empty-name', `empty ${what}`, from, this.#at);
    this.#endToken(from);
    return name;
  }

  #endToken(from: number): void {
    if (this.#annotations > 0) return;
    GLUE.lastIndex = this.#at;
    // A comment may follow a token.
    if (GLUE.test(this.#text) && !this.#text.startsWith(';;', this.#at))
      this.#fail(
        'unknown-token',
        'unknown operator or unexpected token: tokens need space between them',
        from,
        this.#at + 1,
      );
  }

  #atom(): Node {
    const source = this.#source;
    const offset = this.#at;
    const first = this.#text[offset]!;
    if (first === '"') {
      const bytes = this.#string();
      this.#endToken(offset);
      return { kind: 'string', source, offset, end: this.#at, bytes };
    }
    if (first === '$') {
      this.#at++;
      const name = this.#name(offset, 'identifier');
      return { kind: 'id', source, offset, end: this.#at, name };
    }
    const text = this.#match(ID_CHARS) || (this.#annotations > 0 ? this.#match(RESERVED) : '');
    if (text === '')
      this.#fail('unexpected-character', `illegal character: unexpected character ${JSON.stringify(first)}`, offset);
    this.#endToken(offset);
    return { kind: 'word', source, offset, end: this.#at, text };
  }

  #close({ offset, annotation, items }: Open): List | Annotation {
    const range = { source: this.#source, offset, end: this.#at, items };
    return annotation === undefined ? { kind: 'list', ...range } : { kind: 'annotation', name: annotation, ...range };
  }

  #open(): Open {
    const offset = this.#at++;
    const nested = this.#annotations > 0 && /^[\s()]/.test(this.#text.slice(this.#at + 1, this.#at + 2));
    if (this.#text[this.#at] !== '@' || nested) return { offset, annotation: undefined, items: [] };
    this.#at++;
    return { offset, annotation: this.#name(offset, 'annotation id'), items: [] };
  }

  read(): Node[] {
    const stack: Open[] = [{ offset: 0, annotation: undefined, items: [] }];
    for (;;) {
      this.#skipSpace();
      const top = stack.at(-1)!;
      const next = this.#text[this.#at];
      if (next === undefined) {
        if (stack.length > 1)
          this.#fail(
            'unclosed-parenthesis',
            `unexpected end of the text: unclosed ${top.annotation === undefined ? 'parenthesis' : 'annotation'}`,
            top.offset,
          );
        return top.items;
      }
      if (next === '(') {
        if (stack.length > MAX_DEPTH)
          this.#fail('nested-too-deep', `parentheses are nested more than ${MAX_DEPTH} levels deep`, this.#at);
        const open = this.#open();
        if (open.annotation !== undefined) this.#annotations++;
        stack.push(open);
      } else if (next === ')') {
        if (stack.length === 1) this.#fail('unexpected-token', 'unexpected token: this `)` closes nothing', this.#at);
        this.#at++;
        stack.pop();
        if (top.annotation !== undefined) this.#annotations--;
        stack.at(-1)!.items.push(this.#close(top));
      } else top.items.push(this.#atom());
    }
  }
}

/**
 * Reads a text into its tree.
 * @throws TextError
 */
export function readNodes(
  text: string,
  options: SourceOptions = {},
): { readonly source: Source; readonly nodes: Node[] } {
  const source = new Source(text, options);
  return { source, nodes: new Lexer(source).read() };
}
