/** Rebuilds modules under a tagged name, by which offsets in stacks can be mapped back to the original. */
import { MalformedError } from '../error/error.ts';
import { CodeWriter } from '../util/code-writer.ts';
import type { CoreModule, CoreSection } from './decode.ts';
import { Reader } from './reader.ts';
import { type Edits, type Piece, type Rewritten, rebuild } from './rewrite.ts';

/** A name that none of `taken` is. */
export function freshName(name: string, taken: readonly string[]): string {
  return taken.includes(name) ? freshName(`${name}'`, taken) : name;
}

function writePieces(w: CodeWriter, pieces: readonly Piece[]): void {
  for (const piece of pieces) if (piece instanceof Uint8Array) w.raw(piece);
}

/** The name section with `tag` behind the module's name, and the section that it replaces; one that cannot be read is left alone. */
function moduleName(
  module: CoreModule,
  tag: string,
): { readonly section: CoreSection | undefined; readonly pieces: readonly Piece[] } {
  const section = module.sections.find((s) => s.name === 'name');
  const named = (name: string): Uint8Array => {
    const w = new CodeWriter().name('name').byte(0);
    return w.sized((n) => n.name(name + tag)).finish();
  };
  if (section === undefined) return { section, pieces: [named('')] };
  const all = { start: section.start, end: section.end };
  try {
    const r = new Reader(module.bytes, section.start, section.end);
    if (r.peek() !== 0) return { section, pieces: [named(''), all] };
    r.byte();
    const inner = r.sub(r.u32());
    return { section, pieces: [named(inner.name()), { start: r.at, end: section.end }] };
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return { section, pieces: [new CodeWriter().name('name').finish(), all] };
  }
}

/** Rebuilds a module whose name has `tag` behind it. */
export function rebuildTagged(module: CoreModule, edits: Edits, tag: string): Rewritten {
  const name = moduleName(module, tag);
  const section = (): Uint8Array =>
    new CodeWriter()
      .byte(0)
      .sized((w) => writePieces(w, name.pieces))
      .finish();
  return rebuild(
    module,
    edits,
    (custom) => (custom === name.section ? name.pieces : undefined),
    name.section === undefined ? [section()] : [],
  );
}
