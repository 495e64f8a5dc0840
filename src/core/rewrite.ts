/**
 * Rewrites core modules section by section: what a section holds changes, code bodies are copied as they are. Every rewrite gives a
 * map from the new offsets back to the old, so that stacks and debug data keep their meaning. Rewrites of instructions are not here.
 */

import { LinkError } from '../error/error.ts';
import type { Limits, MemoryType } from '../types/core-type.ts';
import { CodeWriter } from '../util/code-writer.ts';
import { invariant } from '../util/invariant.ts';
import { type CoreModule, type CoreSection, decodeModule } from './decode.ts';
import { Reader } from './reader.ts';

/** A run of bytes that was copied: `length` bytes from `from` (old) to `to` (new). */
interface Copied {
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

/** Where bytes of a rewritten module came from. */
export class OffsetMap {
  readonly #runs: readonly Copied[];

  constructor(runs: readonly Copied[]) {
    this.#runs = runs;
  }

  /** The offset in the original module, or undefined for bytes that the rewrite wrote itself. */
  original(offset: number): number | undefined {
    const run = this.#runs.find((r) => offset >= r.to && offset < r.to + r.length);
    return run === undefined ? undefined : run.from + (offset - run.to);
  }

  /** The offset in the rewritten module, or undefined for bytes that were left out. */
  rewritten(offset: number): number | undefined {
    const run = this.#runs.find((r) => offset >= r.from && offset < r.from + r.length);
    return run === undefined ? undefined : run.to + (offset - run.from);
  }
}

export interface Rewritten {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Offsets count from the first byte of the module. */
  readonly map: OffsetMap;
}

/** New contents of a section; `undefined` leaves it out. */
type Edit = (section: CoreSection) => Uint8Array | undefined | 'keep';

interface Insertion {
  readonly id: number;
  readonly contents: Uint8Array;
  /** It goes before the first section with one of these ids. */
  readonly before: readonly number[];
}

/** Rebuilds a module; sections whose edit is `keep` are copied with their headers. */
function rebuild(module: CoreModule, edit: Edit, insertion?: Insertion): Rewritten {
  const out = new CodeWriter();
  const runs: Copied[] = [];
  const copy = (start: number, end: number): void => {
    runs.push({ from: start - module.start, to: out.length, length: end - start });
    out.raw(module.bytes.subarray(start, end));
  };
  const write = (id: number, contents: Uint8Array): void => {
    out.byte(id).u(contents.length).raw(contents);
  };
  copy(module.start, module.start + 8);
  let pending = insertion;
  for (const section of module.sections) {
    if (pending?.before.includes(section.id) === true) {
      write(pending.id, pending.contents);
      pending = undefined;
    }
    const change = edit(section);
    if (change === 'keep') copy(section.offset, section.end);
    else if (change !== undefined) write(section.id, change);
  }
  if (pending !== undefined) write(pending.id, pending.contents);
  return { bytes: out.finish(), map: new OffsetMap(runs) };
}

const IMPORT_SECTION = 2;
const MEMORY_SECTION = 5;
/** Every section that must stand behind the imports. */
const AFTER_IMPORTS = [3, 4, MEMORY_SECTION, 13, 6, 7, 8, 9, 12, 10, 11];

function writeLimits(w: CodeWriter, { min, max, is64, shared }: Limits, pageSizeLog2: number | undefined): void {
  const flags = (max === undefined ? 0 : 1) | (shared ? 2 : 0) | (is64 ? 4 : 0) | (pageSizeLog2 === undefined ? 0 : 8);
  w.byte(flags).u(min);
  if (max !== undefined) w.u(max);
  if (pageSizeLog2 !== undefined) w.u(pageSizeLog2);
}

/** The memories that a module defines, in order. */
export function definedMemories(module: CoreModule): readonly MemoryType[] {
  const imported = module.imports.filter((i) => i.type.kind === 'memory').length;
  return module.memories.slice(imported);
}

function memorySection(memories: readonly MemoryType[]): Uint8Array | undefined {
  if (memories.length === 0) return undefined;
  return new CodeWriter().vec(memories, (m, w) => writeLimits(w, m.limits, m.pageSizeLog2)).finish();
}

/**
 * Turns the first memory that a module defines into an import. Its index stays: imported memories come first, and it becomes the
 * last of them. Who instantiates the module passes a memory of the same type.
 * @throws LinkError `no-memory` if the module defines none
 */
export function importMemory(
  bytes: Uint8Array<ArrayBuffer>,
  name: { readonly module: string; readonly name: string },
): Rewritten {
  const module = decodeModule(bytes);
  const [first, ...rest] = definedMemories(module);
  if (first === undefined)
    throw new LinkError('no-memory', 'the core module defines no memory that could be imported instead');
  const entry = new CodeWriter().name(name.module).name(name.name).byte(0x02);
  writeLimits(entry, first.limits, first.pageSizeLog2);
  const imports = module.sections.find((s) => s.id === IMPORT_SECTION);
  const edit: Edit = (section) => {
    if (section.id === MEMORY_SECTION) return memorySection(rest);
    if (section.id !== IMPORT_SECTION) return 'keep';
    const r = new Reader(bytes, section.start, section.end);
    const count = r.u32();
    return new CodeWriter()
      .u(count + 1)
      .raw(bytes.subarray(r.at, section.end))
      .raw(entry.view())
      .finish();
  };
  if (imports !== undefined) return rebuild(module, edit);
  const contents = new CodeWriter().u(1).raw(entry.view()).finish();
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
