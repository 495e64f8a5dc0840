/**
 * Rewrites core modules section by section: what a section holds changes, code bodies are copied as they are. Every rewrite gives a
 * map from the new offsets back to the old, so that stacks and debug data keep their meaning. Rewrites of instructions are not here.
 */

import { LinkError } from '../error/error.ts';
import type { MemoryType } from '../types/core-type.ts';
import { CodeWriter } from '../util/code-writer.ts';
import { invariant } from '../util/invariant.ts';
import { type CoreModule, type CoreSection, decodeModule, SECTION_ORDER } from './decode.ts';
import { encodeCoreExternType, encodeLimits } from './encode-types.ts';
import { type CopiedRun, OffsetMap } from './offset-map.ts';
import { Reader } from './reader.ts';

export interface Rewritten {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Offsets count from the first byte of the module. */
  readonly map: OffsetMap;
}

/** Bytes that a rewrite wrote, or a range of the original that it copies. */
export type Piece = Uint8Array | { readonly start: number; readonly end: number };

/** New contents of sections by their ids; `undefined` leaves one out. Those that the module does not have are put where they belong. */
export type Edits = ReadonlyMap<number, readonly Piece[] | undefined>;

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

  raw(bytes: Uint8Array): void {
    this.#out.raw(bytes);
  }

  finish(): Rewritten {
    return { bytes: this.#out.finish(), map: new OffsetMap(this.#runs) };
  }
}

/**
 * Rebuilds a module section by section. `custom` gives new contents for a custom section, its name included, or undefined to copy it;
 * `after` are whole sections for the end.
 */
export function rebuild(
  module: CoreModule,
  edits: Edits,
  custom: (section: CoreSection) => readonly Piece[] | undefined = () => undefined,
  after: readonly Uint8Array[] = [],
): Rewritten {
  const out = new Rebuilding(module);
  out.copy(module.start, module.start + 8);
  let place = 0;
  const missing = (until: number): void => {
    for (; place < until; place++) {
      const id = SECTION_ORDER[place]!;
      const pieces = edits.get(id);
      if (pieces !== undefined) out.section(id, pieces);
    }
  };
  for (const section of module.sections) {
    if (section.id === 0) {
      const pieces = custom(section);
      if (pieces === undefined) out.copy(section.offset, section.end);
      else out.section(0, pieces);
      continue;
    }
    missing(SECTION_ORDER.indexOf(section.id));
    place++;
    const pieces = edits.get(section.id);
    if (pieces !== undefined) out.section(section.id, pieces);
    else if (!edits.has(section.id)) out.copy(section.offset, section.end);
  }
  missing(SECTION_ORDER.length);
  for (const bytes of after) out.raw(bytes);
  return out.finish();
}

const IMPORT_SECTION = 2;
const MEMORY_SECTION = 5;
/** The memories that a module defines, in order. */
export function definedMemories(module: CoreModule): readonly MemoryType[] {
  const imported = module.imports.filter((i) => i.type.kind === 'memory').length;
  return module.memories.slice(imported);
}

function memorySection(memories: readonly MemoryType[]): readonly Piece[] | undefined {
  if (memories.length === 0) return undefined;
  return [new CodeWriter().vec(memories, (m, w) => encodeLimits(w, m.limits, m.pageSizeLog2)).finish()];
}

/** The contents of a section that is a vector, with more entries at its end; of a new section where the module has none. */
export function addToSection(module: CoreModule, id: number, entries: readonly Uint8Array[]): readonly Piece[] {
  const section = module.sections.find((s) => s.id === id);
  if (section === undefined) return [new CodeWriter().u(entries.length).finish(), ...entries];
  const r = new Reader(module.bytes, section.start, section.end);
  const count = new CodeWriter().u(r.u32() + entries.length).finish();
  return [count, { start: r.at, end: section.end }, ...entries];
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
  return rebuild(
    module,
    new Map([
      [IMPORT_SECTION, addToSection(module, IMPORT_SECTION, [entry.finish()])],
      [MEMORY_SECTION, memorySection(rest)],
    ]),
  );
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
  return rebuild(module, new Map([[MEMORY_SECTION, memorySection(limited)]]));
}
