/**
 * What a runtime must know of a core module: types, imports, exports, memories, tables, globals, tags, custom sections. Sections
 * are skipped whole where nothing is asked of them; code and data are never walked. Specification: core 3.0, "Binary format, modules".
 */

import { MalformedError } from '../error/error.ts';
import type { CoreExternType, GlobalType, MemoryType, RefType, SubType, TableType } from '../types/core-type.ts';
import { Reader } from './reader.ts';
import { coreExternType, coreValType, limits, recType } from './types.ts';

export interface CoreImportDef {
  readonly module: string;
  readonly name: string;
  readonly type: CoreExternType;
  readonly offset: number;
}

export type CoreExportKind = 'func' | 'table' | 'memory' | 'global' | 'tag';

export interface CoreExportDef {
  readonly name: string;
  readonly kind: CoreExportKind;
  readonly index: number;
  readonly offset: number;
}

/** A section by its range: `start` and `end` are its contents. */
export interface CoreSection {
  readonly id: number;
  readonly offset: number;
  readonly start: number;
  readonly end: number;
  /** Of a custom section. */
  readonly name: string | undefined;
}

export interface CoreModule {
  readonly kind: 'core module';
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly start: number;
  readonly end: number;
  readonly sections: readonly CoreSection[];
  /** Recursion groups flattened: the type index space. */
  readonly types: readonly SubType[];
  readonly imports: readonly CoreImportDef[];
  readonly exports: readonly CoreExportDef[];
  /** Index spaces, imports first: type indices of functions, and the types of the others. */
  readonly funcs: readonly number[];
  readonly tables: readonly TableType[];
  readonly memories: readonly MemoryType[];
  readonly globals: readonly GlobalType[];
  readonly tags: readonly number[];
  readonly startFunc: number | undefined;
}

const EXPORT_KINDS: readonly CoreExportKind[] = ['func', 'table', 'memory', 'global', 'tag'];

type Building = {
  -readonly [K in keyof Omit<
    CoreModule,
    'kind' | 'bytes' | 'start' | 'end' | 'startFunc'
  >]: CoreModule[K] extends readonly (infer T)[] ? T[] : never;
} & { startFunc: number | undefined };

function addImport(m: Building, def: CoreImportDef): void {
  m.imports.push(def);
  switch (def.type.kind) {
    case 'func':
      m.funcs.push(def.type.typeIndex);
      return;
    case 'tag':
      m.tags.push(def.type.typeIndex);
      return;
    case 'table':
      m.tables.push(def.type);
      return;
    case 'memory':
      m.memories.push(def.type);
      return;
    case 'global':
      m.globals.push(def.type);
  }
}

function table(r: Reader): TableType {
  const initialised = r.peek() === 0x40;
  if (initialised) {
    r.byte();
    const zero = r.byte();
    if (zero !== 0) r.unknown(zero, 'table', r.at - 1);
  }
  const at = r.at;
  const element = coreValType(r);
  if (typeof element === 'string') r.fail('invalid-table', 'a table holds references', at);
  const type: TableType = { kind: 'table', element: element as RefType, limits: limits(r, 'table').limits };
  if (initialised) skipExpression(r);
  return type;
}

/** Instructions that a constant expression may hold, and how many LEB128 immediates each has. */
const CONSTANT: Readonly<Record<number, number>> = {
  65: 1,
  66: 1,
  35: 1,
  208: 1,
  210: 1,
  106: 0,
  107: 0,
  108: 0,
  124: 0,
  125: 0,
  126: 0,
};

/** Immediates of the 0xfb (GC) instructions that may stand in constant expressions. */
const CONSTANT_GC: Readonly<Record<number, number>> = { 0: 1, 1: 1, 6: 1, 7: 1, 8: 2, 26: 0, 27: 0, 28: 0 };

function skipLeb(r: Reader): void {
  for (let i = 0; i < 10; i++) if (r.byte() < 0x80) return;
  r.fail('leb-too-long', 'integer representation too long');
}

function skipBytes(r: Reader, count: number): void {
  r.sub(count);
}

/** Skips a constant expression, `end` included. */
function skipExpression(r: Reader): void {
  for (;;) {
    const from = r.at;
    const opcode = r.byte();
    if (opcode === 0x0b) return;
    let immediates: number | undefined;
    if (opcode === 0x43 || opcode === 0x44) {
      skipBytes(r, opcode === 0x43 ? 4 : 8);
      continue;
    }
    if (opcode === 0xfd) {
      if (r.u32() !== 12) r.fail('constant-expression', 'constant expression required', from);
      skipBytes(r, 16);
      continue;
    }
    if (opcode === 0xfb) immediates = CONSTANT_GC[r.u32()];
    else immediates = CONSTANT[opcode];
    if (immediates === undefined)
      r.fail('constant-expression', `constant expression required, found opcode 0x${opcode.toString(16)}`, from);
    for (let i = 0; i < immediates; i++) skipLeb(r);
  }
}

function exportDef(r: Reader): CoreExportDef {
  const offset = r.at;
  const name = r.name();
  const at = r.at;
  const b = r.byte();
  const kind = EXPORT_KINDS[b] ?? r.unknown(b, 'export kind', at);
  return { name, kind, index: r.u32(), offset };
}

function importDef(r: Reader): CoreImportDef {
  return { offset: r.at, module: r.name(), name: r.name(), type: coreExternType(r) };
}

function each(r: Reader, read: (r: Reader) => void): void {
  r.vec(read);
}

/** Reads the sections whose contents count; the others are skipped. Answers false for those. */
function readSection(id: number, r: Reader, m: Building): boolean {
  switch (id) {
    case 1:
      each(r, (x) => m.types.push(...recType(x).types));
      return true;
    case 2:
      each(r, (x) => addImport(m, importDef(x)));
      return true;
    case 3:
      each(r, (x) => m.funcs.push(x.u32()));
      return true;
    case 4:
      each(r, (x) => m.tables.push(table(x)));
      return true;
    case 5:
      each(r, (x) => m.memories.push({ kind: 'memory', ...limits(x, 'memory') }));
      return true;
    case 6:
      each(r, (x) => {
        const type = coreValType(x);
        const at = x.at;
        const flags = x.byte();
        if (flags > 3) x.unknown(flags, 'mutability', at);
        m.globals.push({ kind: 'global', type, mutable: (flags & 1) !== 0, shared: (flags & 2) !== 0 });
        skipExpression(x);
      });
      return true;
    case 7:
      each(r, (x) => m.exports.push(exportDef(x)));
      return true;
    case 8:
      m.startFunc = r.u32();
      return true;
    case 13:
      each(r, (x) => {
        const zero = x.byte();
        if (zero !== 0) x.unknown(zero, 'tag attribute', x.at - 1);
        m.tags.push(x.u32());
      });
      return true;
    default:
      return false;
  }
}

/**
 * Decodes the core module at `start`..`end` of `bytes`.
 * @throws MalformedError with the byte offset
 */
export function decodeModule(bytes: Uint8Array<ArrayBuffer>, start = 0, end: number = bytes.length): CoreModule {
  const preamble = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  if (end - start < 8) throw new MalformedError('truncated', 'unexpected end-of-file in the preamble', { offset: end });
  if (preamble.some((b, i) => bytes[start + i] !== b)) {
    throw new MalformedError('not-core-module', 'bad magic number or version of a core module', { offset: start });
  }
  const m: Building = {
    sections: [],
    types: [],
    imports: [],
    exports: [],
    funcs: [],
    tables: [],
    memories: [],
    globals: [],
    tags: [],
    startFunc: undefined,
  };
  const r = new Reader(bytes, start + 8, end);
  while (!r.done) {
    const offset = r.at;
    const id = r.byte();
    const body = r.sub(r.u32());
    if (id > 13) r.fail('unknown-section', `malformed section id: ${id}`, offset);
    const name = id === 0 ? body.name() : undefined;
    const section: CoreSection = { id, offset, start: body.at, end: body.end, name };
    if (readSection(id, body, m) && !body.done)
      body.fail('section-size', 'section size mismatch: unexpected data at the end of the section');
    m.sections.push(section);
  }
  return { kind: 'core module', bytes, start, end, ...m };
}
