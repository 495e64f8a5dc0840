/**
 * Rewrites core modules section by section: what a section holds changes, code bodies are copied as they are. Every rewrite gives a
 * map from the new offsets back to the old, so that stacks and debug data keep their meaning. Rewrites of instructions are not here.
 */

import { LinkError } from '../error/error.ts';
import type { MemoryType } from '../types/core-type.ts';
import { CodeWriter } from '../util/code-writer.ts';
import { invariant } from '../util/invariant.ts';
import { type CoreModule, type CoreSection, decodeModule } from './decode.ts';
import { encodeCoreExternType, encodeLimits } from './encode-types.ts';
import { type CopiedRun, OffsetMap } from './offset-map.ts';
import { Reader } from './reader.ts';

export interface Rewritten {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Offsets count from the first byte of the module. */
  readonly map: OffsetMap;
}

/** Bytes that a rewrite wrote, or a range of the original that it copies. */
type Piece = Uint8Array | { readonly start: number; readonly end: number };

/** New contents of a section; `keep` copies it with its header, `undefined` leaves it out. */
type Edit = (section: CoreSection) => readonly Piece[] | undefined | 'keep';

interface Insertion {
  readonly id: number;
  readonly contents: readonly Piece[];
  /** It goes before the first section with one of these ids. */
  readonly before: readonly number[];
}

function pieceLength(piece: Piece): number {
  return piece instanceof Uint8Array ? piece.length : piece.end - piece.start;
}

/** Writes a rewritten module and notes what it copies. */
class Rebuilding {
  readonly #module: CoreModule;
  readonly #out = new CodeWriter();
  readonly #runs: CopiedRun[] = [];

  constructor(module: CoreModule) {
    this.#module = module;
  }

  copy(start: number, end: number): void {
    this.#runs.push({ from: start - this.#module.start, to: this.#out.length, length: end - start });
    this.#out.raw(this.#module.bytes.subarray(start, end));
  }

  section(id: number, pieces: readonly Piece[]): void {
    this.#out.byte(id).u(pieces.reduce((sum, piece) => sum + pieceLength(piece), 0));
    for (const piece of pieces) {
      if (piece instanceof Uint8Array) this.#out.raw(piece);
      else this.copy(piece.start, piece.end);
    }
  }

  finish(): Rewritten {
    return { bytes: this.#out.finish(), map: new OffsetMap(this.#runs) };
  }
}

/** Rebuilds a module section by section. */
function rebuild(module: CoreModule, edit: Edit, insertion?: Insertion): Rewritten {
  const out = new Rebuilding(module);
  out.copy(module.start, module.start + 8);
  let pending = insertion;
  for (const section of module.sections) {
    if (pending?.before.includes(section.id) === true) {
      out.section(pending.id, pending.contents);
      pending = undefined;
    }
    const change = edit(section);
    if (change === 'keep') out.copy(section.offset, section.end);
    else if (change !== undefined) out.section(section.id, change);
  }
  if (pending !== undefined) out.section(pending.id, pending.contents);
  return out.finish();
}

const IMPORT_SECTION = 2;
const MEMORY_SECTION = 5;
/** Every section that must stand behind the imports. */
const AFTER_IMPORTS = [3, 4, MEMORY_SECTION, 13, 6, 7, 8, 9, 12, 10, 11];

/** The memories that a module defines, in order. */
export function definedMemories(module: CoreModule): readonly MemoryType[] {
  const imported = module.imports.filter((i) => i.type.kind === 'memory').length;
  return module.memories.slice(imported);
}

function memorySection(memories: readonly MemoryType[]): readonly Piece[] | undefined {
  if (memories.length === 0) return undefined;
  return [new CodeWriter().vec(memories, (m, w) => encodeLimits(w, m.limits, m.pageSizeLog2)).finish()];
}

/**
 * Turns the first memory that a module defines into an import. Its index stays, and so do all others: imported memories come first
 * in the index space, and it becomes the last of them. Who instantiates the module passes a memory of the same type.
 * @throws LinkError `no-memory` if the module defines none
 * @throws MalformedError if the bytes are no core module
 */
export function importMemory(
  bytes: Uint8Array<ArrayBuffer>,
  name: { readonly module: string; readonly name: string },
): Rewritten {
  const module = decodeModule(bytes);
  const [first, ...rest] = definedMemories(module);
  if (first === undefined)
    throw new LinkError('no-memory', 'the core module defines no memory that could be imported instead');
  const entry = new CodeWriter().name(name.module).name(name.name);
  encodeCoreExternType(entry, first);
  const imports = module.sections.find((s) => s.id === IMPORT_SECTION);
  const edit: Edit = (section) => {
    if (section.id === MEMORY_SECTION) return memorySection(rest);
    if (section.id !== IMPORT_SECTION) return 'keep';
    const r = new Reader(bytes, section.start, section.end);
    const count = new CodeWriter().u(r.u32() + 1).finish();
    return [count, { start: r.at, end: section.end }, entry.view()];
  };
  if (imports !== undefined) return rebuild(module, edit);
  const contents = [new CodeWriter().u(1).finish(), entry.view()];
  return rebuild(module, edit, { id: IMPORT_SECTION, contents, before: AFTER_IMPORTS });
}

/**
 * Lowers the maximum of each memory that a module defines to what `maximum` answers, in pages; a memory that has a lower one keeps it.
 */
export function limitMemories(
  bytes: Uint8Array<ArrayBuffer>,
  maximum: (memory: MemoryType, position: number) => bigint,
): Rewritten {
  const module = decodeModule(bytes);
  const limited = definedMemories(module).map((memory, i): MemoryType => {
    const most = maximum(memory, i);
    invariant(most >= memory.limits.min, 'a maximum is not below the minimum');
    const { max } = memory.limits;
    return { ...memory, limits: { ...memory.limits, max: max === undefined || max > most ? most : max } };
  });
  return rebuild(module, (section) => (section.id === MEMORY_SECTION ? memorySection(limited) : 'keep'));
}
