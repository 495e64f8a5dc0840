/** Shows a place in a text as the line itself with a caret below, for the messages of `TextError`. */

/** Longer lines are cut around the place. */
const WIDTH = 100;

/** A place in a text, both 1-based; columns count UTF-16 code units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The position of an offset; an offset behind the end is the end. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let at = before.indexOf('\n'); at >= 0; at = before.indexOf('\n', at + 1)) line++;
  return { line, column: before.length - lineStart + 1 };
}

function lineAt(text: string, line: number): string {
  let start = 0;
  for (let left = line; left > 1; left--) start = text.indexOf('\n', start) + 1;
  const end = text.indexOf('\n', start);
  return text.slice(start, end < 0 ? text.length : end).replace(/\r$/, '');
}

/** The line of `position` with its number, and a line with carets under `length` code units. */
export function codeFrame(text: string, position: Position, length = 1): string {
  const source = lineAt(text, position.line);
  const column = position.column - 1;
  const from = column <= WIDTH - 20 ? 0 : column - (WIDTH - 40);
  const shown = source.slice(from, from + WIDTH);
  const gutter = `${position.line} | `;
  // Tabs stay tabs, so that the caret stands below its character however wide a tab is.
  const indent = source.slice(from, column).replaceAll(/[^\t]/g, ' ');
  const carets = '^'.repeat(Math.max(1, Math.min(length, from + shown.length - column)));
  return `${gutter}${shown}\n${' '.repeat(gutter.length - 2)}| ${indent}${carets}`;
}
