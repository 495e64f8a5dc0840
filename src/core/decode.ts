/**
 * What a runtime must know of a core module: types, imports, exports, memories, tables, globals, tags, custom sections. Sections
 * are skipped whole where nothing is asked of them; code and data are never walked. Specification: core 3.0, "Binary format, modules".
 */

import { malformed } from '../error/malformed-reason.ts';
import type {
  CoreExternType,
  GlobalType,
  MemoryType,
  RecType,
  RefType,
  SubType,
  TableType,
} from '../types/core-type.ts';
import { skipExpression } from './constant-expression.ts';
import { coreModuleProblem, readPreamble } from './preamble.ts';
import { type Path, Reader } from './reader.ts';
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
  /** Recursion groups in order. */
  readonly recs: readonly RecType[];
  /** The same flattened: the type index space. */
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
    r.zero('table');
  }
  const at = r.at;
  const element = coreValType(r);
  if (typeof element === 'string') r.fail(malformed.tableElement(), at);
  const type: TableType = { kind: 'table', element: element as RefType, limits: limits(r, 'table').limits };
  if (initialised) skipExpression(r);
  return type;
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
  for (let count = r.count(); count > 0; count--) read(r);
}

/** Reads the sections whose contents count; the others are skipped. Answers false for those. */
function readSection(id: number, r: Reader, m: Building): boolean {
  switch (id) {
    case 1:
      each(r, (x) => {
        const rec = recType(x);
        m.recs.push(rec);
        for (const type of rec.types) m.types.push(type);
      });
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
        x.zero('tag attribute');
        m.tags.push(x.u32());
      });
      return true;
    default:
      return false;
  }
}

/** Where sections stand: the order of ids that a module must keep. */
export const SECTION_ORDER: readonly number[] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
const PREAMBLE = 8;
const LAST_SECTION = 13;
const DATA_COUNT_SECTION = 12;
const CODE_SECTION = 10;
const DATA_SECTION = 11;

function checkPreamble(r: Reader): void {
  const found = readPreamble(r.bytes, r.at, r.end);
  if (found !== 'core module') r.fail(coreModuleProblem(found, r.bytes, r.at));
  r.at += PREAMBLE;
}

/** Keeps track of what several sections must agree on. */
class Consistency {
  #place = -1;
  #dataCount: number | undefined;
  #code = { count: 0, at: 0 };
  #data = { count: 0, at: 0 };

  section(id: number, r: Reader, offset: number): void {
    if (id === 0) return;
    const place = SECTION_ORDER.indexOf(id);
    if (place <= this.#place) r.fail(malformed.sectionOrder(), offset);
    this.#place = place;
    if (id !== CODE_SECTION && id !== DATA_SECTION && id !== DATA_COUNT_SECTION) return;
    const count = new Reader(r.bytes, r.at, r.end, r.path).u32();
    if (id === CODE_SECTION) this.#code = { count, at: offset };
    else if (id === DATA_SECTION) this.#data = { count, at: offset };
    else this.#dataCount = count;
  }

  finish(r: Reader, definedFunctions: number): void {
    const { count: bodies, at } = this.#code;
    if (bodies !== definedFunctions) r.fail(malformed.codeCount(definedFunctions, bodies), at === 0 ? r.at : at);
    const { count: segments, at: dataAt } = this.#data;
    if (this.#dataCount !== undefined && this.#dataCount !== segments)
      r.fail(malformed.dataCount(this.#dataCount, segments), dataAt === 0 ? r.at : dataAt);
  }
}

function importedFunctions(imports: readonly CoreImportDef[]): number {
  return imports.filter((i) => i.type.kind === 'func').length;
}

/**
 * Decodes the core module at `start`..`end` of `bytes`; `path` says where in a component it stands.
 * @throws MalformedError with the byte offset and the path
 */
export function decodeModule(
  bytes: Uint8Array<ArrayBuffer>,
  start = 0,
  end: number = bytes.length,
  path?: Path,
): CoreModule {
  const r = new Reader(bytes, start, end, path);
  checkPreamble(r);
  const m: Building = {
    sections: [],
    recs: [],
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
  const consistency = new Consistency();
  while (!r.done) {
    const offset = r.at;
    const id = r.byte();
    if (id > LAST_SECTION) r.fail(malformed.sectionId(id), offset);
    const body = r.sub(r.u32());
    consistency.section(id, body, offset);
    const name = id === 0 ? body.name() : undefined;
    const section: CoreSection = { id, offset, start: body.at, end: body.end, name };
    if (readSection(id, body, m) && !body.done) body.fail(malformed.sectionSize());
    m.sections.push(section);
  }
  consistency.finish(r, m.funcs.length - importedFunctions(m.imports));
  return { kind: 'core module', bytes, start, end, ...m };
}
