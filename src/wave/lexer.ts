/** The smallest pieces of WAVE text: space, comments, labels, numbers, characters and strings. Format: WAVE, "Encoding". */
import { codeFrame, positionAt } from '../error/code-frame.ts';
import { TextError } from '../error/error.ts';

const KEYWORDS: ReadonlySet<string> = new Set(['true', 'false', 'some', 'none', 'ok', 'err', 'inf', 'nan']);

/** Labels that mean something by themselves: as a case they are written with `%`. */
export function isKeyword(label: string): boolean {
  return KEYWORDS.has(label);
}

const TRIVIA = /(?:[ \t\r\n]|\/\/[^\n]*)*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w-])/y;
const FLOAT_WORD = /-?inf(?![\w-])|nan(?![\w-])/y;
const LABEL = /%?[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*/y;
const ESCAPE = /\\(?:[\\'"tnr]|u\{([0-9A-Fa-f]{1,6})\})/y;
const SIMPLE: Readonly<Record<string, string>> = { '\\': '\\', "'": "'", '"': '"', t: '\t', n: '\n', r: '\r' };

/** Longer words are cut in messages. */
const LONGEST_FOUND = 30;

export interface Label {
  /** Without the `%`. */
  readonly text: string;
  readonly escaped: boolean;
  readonly at: number;
}

/** A place in a text, with what may stand there. */
export class Scanner {
  readonly text: string;
  at: number;

  constructor(text: string, at = 0) {
    this.text = text;
    this.at = at;
  }

  fail(code: string, message: string, at: number = this.at): never {
    const position = positionAt(this.text, at);
    throw new TextError(code, message, { file: '<wave>', ...position, frame: codeFrame(this.text, position) });
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.at = pattern.lastIndex;
    return match;
  }

  /** The next character after space and comments, empty at the end. */
  peek(): string {
    this.#match(TRIVIA);
    return this.text.charAt(this.at);
  }

  /** What stands at a place, for messages: a word or number as a whole, else one character. */
  found(at?: number): string {
    if (at === undefined) this.peek();
    const rest = this.text.slice(at ?? this.at);
    if (rest === '') return 'the end of the text';
    const word = /^[\w%.+-]+/.exec(rest)?.[0] ?? String.fromCodePoint(rest.codePointAt(0) ?? 0);
    return `\`${word.length > LONGEST_FOUND ? `${word.slice(0, LONGEST_FOUND)}…` : word}\``;
  }

  tryTake(character: string): boolean {
    if (this.peek() !== character) return false;
    this.at++;
    return true;
  }

  take(character: string): void {
    if (!this.tryTake(character)) this.fail('unexpected-token', `expected \`${character}\`, found ${this.found()}`);
  }

  end(): void {
    if (this.peek() !== '') this.fail('unexpected-token', `expected the end of the text, found ${this.found()}`);
  }

  /** The text of a number, `inf` and `nan` not among them. */
  number(): string | undefined {
    this.peek();
    return this.#match(NUMBER)?.[0];
  }

  /** The text of `inf`, `-inf` or `nan`, which are single words. */
  floatWord(): string | undefined {
    this.peek();
    return this.#match(FLOAT_WORD)?.[0];
  }

  tryLabel(): Label | undefined {
    this.peek();
    const { at } = this;
    const match = this.#match(LABEL)?.[0];
    if (match === undefined) return undefined;
    const escaped = match.startsWith('%');
    return { text: escaped ? match.slice(1) : match, escaped, at };
  }

  /** Tells whether a keyword stands here, and passes it. */
  tryKeyword(word: string): boolean {
    const { at } = this;
    const label = this.tryLabel();
    if (label !== undefined && !label.escaped && label.text === word) return true;
    this.at = at;
    return false;
  }

  /** One character of a string or char, escapes resolved. */
  #character(): string {
    if (this.text[this.at] !== '\\') {
      const c = String.fromCodePoint(this.text.codePointAt(this.at) ?? 0);
      if (/[\ud800-\udfff]/.test(c) && c.length === 1) this.fail('invalid-character', 'unpaired surrogate');
      this.at += c.length;
      return c;
    }
    const { at } = this;
    const match = this.#match(ESCAPE);
    if (match === undefined) return this.fail('invalid-escape', 'invalid character escape');
    if (match[1] === undefined) return SIMPLE[match[0].slice(1)] ?? '';
    const code = Number.parseInt(match[1], 16);
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      this.fail('invalid-escape', `invalid character escape: U+${match[1].toUpperCase()} is no character`, at);
    }
    return String.fromCodePoint(code);
  }

  char(): string {
    this.take("'");
    const next = this.text.charAt(this.at);
    if (next === "'" || next === '' || next === '\n' || next === '\r') {
      this.fail('invalid-char', 'a char holds exactly one character');
    }
    const value = this.#character();
    if (this.text.charAt(this.at) !== "'") this.fail('invalid-char', 'a char holds exactly one character');
    this.at++;
    return value;
  }

  string(): string {
    const { at } = this;
    if (this.text.startsWith('"""', this.at)) return this.#multiline();
    this.take('"');
    let value = '';
    for (;;) {
      const next = this.text.charAt(this.at);
      if (next === '"') break;
      if (next === '' || next === '\n') this.fail('unterminated-string', 'the string has no end on its line', at);
      value += this.#character();
    }
    this.at++;
    return value;
  }

  /** Lines between `"""` and `"""`; the indentation of the last one is taken from all. */
  #multiline(): string {
    const start = this.at;
    this.at += 3;
    if (this.text.startsWith('\r\n', this.at)) this.at += 2;
    else if (this.text[this.at] === '\n') this.at++;
    else this.fail('invalid-multiline', 'the opening """ must be followed by the end of the line');
    const lines: string[] = [];
    for (;;) {
      const closing = /^( *)"""/.exec(this.text.slice(this.at));
      if (closing !== null) {
        this.at += closing[0].length;
        return this.#dedent(lines, closing[1] ?? '', start);
      }
      let end = this.text.indexOf('\n', this.at);
      if (end < 0) end = this.text.length;
      const line = this.text.slice(this.at, end).replace(/\r$/, '');
      const quotes = /(?<!\\)"""/.exec(line);
      if (quotes !== null) {
        this.fail('invalid-multiline', 'the closing """ must stand on a line of its own', this.at + quotes.index);
      }
      if (end === this.text.length) this.fail('unterminated-string', 'the string has no end', start);
      lines.push(line);
      this.at = end + 1;
    }
  }

  #dedent(lines: readonly string[], indent: string, start: number): string {
    const contents = lines.map((line) => {
      if (line.trim() === '' && line.length < indent.length) return '';
      if (!line.startsWith(indent)) {
        this.fail('invalid-multiline', 'a line is indented less than the closing """', start);
      }
      return line.slice(indent.length);
    });
    const inner = new Scanner(contents.join('\n'));
    let value = '';
    while (inner.at < inner.text.length) value += inner.#innerCharacter(this, start);
    return value;
  }

  /** Errors in the contents are shown at the string: the contents have no places of their own. */
  #innerCharacter(outer: Scanner, start: number): string {
    try {
      return this.#character();
    } catch (error) {
      if (!(error instanceof TextError)) throw error;
      return outer.fail(error.code, 'invalid character escape in the string', start);
    }
  }
}
