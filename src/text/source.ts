/** A text to parse and the errors about it. */
import { codeFrame, positionAt } from '../error/code-frame.ts';
import { type Details, TextError } from '../error/error.ts';

export interface SourceOptions {
  /** The name of the file in messages. */
  readonly file?: string | undefined;
}

export class Source {
  readonly text: string;
  readonly file: string | undefined;
  #lineStarts: number[] | undefined;

  constructor(text: string, options: SourceOptions = {}) {
    this.text = text;
    this.file = options.file;
  }

  /** The line of an offset, 1-based. */
  line(offset: number): number {
    this.#lineStarts ??= lineStarts(this.text);
    let low = 0;
    let high = this.#lineStarts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#lineStarts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  /** An error at a range of the text. */
  error(code: string, message: string, offset: number, end: number, details: Details = {}): TextError {
    const position = positionAt(this.text, offset);
    const frame = codeFrame(this.text, position, end - offset);
    const file = this.file === undefined ? {} : { file: this.file };
    return new TextError(code, message, { ...file, ...position, frame }, details);
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
