/** Collects printed text: lines, their indentation, nothing else. What the printers write with. */

/** Deeper lines are not indented further, so that a text stays linear in what it prints. */
const MAX_INDENT = 40;

const LINE_STARTS = Array.from({ length: MAX_INDENT + 1 }, (_, depth) => `\n${'  '.repeat(depth)}`);

/** Text is collected in pieces of about this many characters. */
const PIECE = 1 << 15;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export class TextWriter {
  readonly #pieces: string[] = [];
  readonly #scratch = new Uint8Array(PIECE * 4);
  #pending = '';
  #depth = 0;

  /** Adds to the current line. */
  write(text: string): this {
    this.#pending += text;
    if (this.#pending.length > PIECE) this.#flush();
    return this;
  }

  /**
   * A string that is built by adding is a tree of its parts; a way through bytes makes one piece of it, in a tenth of the memory.
   */
  #flush(): void {
    const { written, read } = encoder.encodeInto(this.#pending, this.#scratch);
    if (read === this.#pending.length) this.#pieces.push(decoder.decode(this.#scratch.subarray(0, written)));
    else this.#pieces.push(this.#pending);
    this.#pending = '';
  }

  /** Ends the current line and begins the next. */
  newline(): this {
    this.#pending += LINE_STARTS[Math.min(this.#depth, MAX_INDENT)]!;
    return this;
  }

  /** A line of its own. */
  line(text: string): this {
    return this.newline().write(text);
  }

  /** Opens a list on the current line; what {@link newline} begins from now on stands one level deeper. */
  open(text: string): this {
    this.#depth++;
    return this.write(`(${text}`);
  }

  /** Closes a list that was opened and continues the current line. */
  close(): this {
    this.#depth--;
    return this.write(')');
  }

  /** Closes a list on a line of its own. */
  closeOnNewLine(): this {
    this.#depth--;
    return this.newline().write(')');
  }

  /** Moves the indentation of the lines to come, as the blocks of instructions do. */
  indent(by: 1 | -1): this {
    this.#depth += by;
    return this;
  }

  /** The whole text, with a line end behind the last line. */
  finish(): string {
    this.write('\n');
    this.#pieces.push(this.#pending);
    this.#pending = '';
    return this.#pieces.join('');
  }
}
