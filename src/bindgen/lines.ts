/** Lines of declarations with an indentation, and documentation comments. */

const UNIT = '  ';

export class Lines {
  readonly #lines: string[] = [];
  #depth = 0;

  add(text: string): void {
    this.#lines.push(text === '' ? '' : `${UNIT.repeat(this.#depth)}${text}`);
  }

  /** An empty line, unless a block begins here. */
  gap(): void {
    const last = this.#lines.at(-1) ?? '{';
    if (last !== '' && !last.endsWith('{')) this.#lines.push('');
  }

  /** `head {`, the body, and `tail`; a body without lines stands in one line with them, or is dropped. */
  block(head: string, body: () => void, tail = '}', empty: 'keep' | 'drop' = 'keep'): void {
    this.add(`${head} {`);
    const before = this.#lines.length;
    this.#depth++;
    body();
    this.#depth--;
    if (this.#lines.length > before) this.add(tail);
    else if (empty === 'drop') this.#lines.length--;
    else this.#lines[before - 1] += tail;
  }

  /** Lines one step further in. */
  nested(body: () => void): void {
    this.#depth++;
    body();
    this.#depth--;
  }

  /** A documentation comment of paragraphs; nothing where there are none. */
  comment(...paragraphs: readonly (string | undefined)[]): void {
    const lines = paragraphs
      .filter((p) => p !== undefined && p.trim() !== '')
      .flatMap((p, i) => [...(i > 0 ? [''] : []), ...commentLines(p!)]);
    if (lines.length === 0) return;
    if (lines.length === 1) {
      this.add(`/** ${lines[0]} */`);
      return;
    }
    this.add('/**');
    for (const line of lines) this.add(` * ${line}`.trimEnd());
    this.add(' */');
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}

/** Text of a component as it may stand in a comment: nothing ends the comment or directs `tsc`, and control characters are shown. */
function commentLines(text: string): string[] {
  return text
    .replaceAll('*/', '*\\/')
    .trimEnd()
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map((line) =>
      line
        .replace(/^([\s/*]*)@ts-/, '$1\\@ts-')
        .replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, (c) =>
          c === '\t' ? '  ' : `\\u{${c.codePointAt(0)!.toString(16)}}`,
        ),
    );
}
