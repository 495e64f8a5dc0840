/** Changes amid the code of functions: bytes that stand for others, or come between. Sizes of bodies and of the section follow. */
import { CodeWriter } from '../util/code-writer.ts';
import type { CoreModule } from './decode.ts';
import { type CodeEntry, codeEntries } from './instructions.ts';
import type { Piece } from './rewrite.ts';

/** `bytes` in place of what stands from `start` to `end`; where both are the same, between. */
export interface CodeEdit {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

function editBody(entry: CodeEntry, edits: readonly CodeEdit[]): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = entry.body;
  let size = entry.end - entry.body;
  for (const { start, end, bytes } of edits) {
    size += bytes.length - (end - start);
    if (at < start) pieces.push({ start: at, end: start });
    pieces.push(bytes);
    at = end;
  }
  return [new CodeWriter().u(size).finish(), ...pieces, { start: at, end: entry.end }];
}

/**
 * The contents of the code section with `edits`, which are in order, and with more functions at its end (locals and instructions, without
 * their size).
 */
export function editCode(
  module: CoreModule,
  edits: readonly CodeEdit[],
  added: readonly Uint8Array[] = [],
): readonly Piece[] {
  const entries = codeEntries(module);
  const pieces: Piece[] = [];
  let from = entries[0]?.start ?? 0;
  let next = 0;
  for (const entry of entries) {
    const first = next;
    while (next < edits.length && edits[next]!.start < entry.end) next++;
    if (next === first) continue;
    if (from < entry.start) pieces.push({ start: from, end: entry.start });
    for (const piece of editBody(entry, edits.slice(first, next))) pieces.push(piece);
    from = entry.end;
  }
  const end = entries.at(-1)?.end ?? 0;
  if (from < end) pieces.push({ start: from, end });
  const count = new CodeWriter().u(entries.length + added.length).finish();
  return [count, ...pieces, ...added.map((body) => new CodeWriter().u(body.length).raw(body).finish())];
}

/** Two lists of edits as one, in order; where both change the same place, those of `first` come first. */
export function mergeEdits(first: readonly CodeEdit[], second: readonly CodeEdit[]): readonly CodeEdit[] {
  return [...first, ...second].sort((a, b) => a.start - b.start);
}
