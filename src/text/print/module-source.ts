/**
 * A core module as its printer needs it: sections, types, imports, the types of functions, where their bodies are. What the other
 * sections hold is read while it is printed. Specification: core 3.0, "Binary format, modules".
 */
import type { NamedSort } from '../../core/name-section.ts';
import { coreModuleProblem, readPreamble } from '../../core/preamble.ts';
import { Reader } from '../../core/reader.ts';
import { coreExternType, recType } from '../../core/types.ts';
import { MalformedError } from '../../error/error.ts';
import { malformed } from '../../error/malformed-reason.ts';
import type { CoreExternType, CoreFuncType, RecType, SubType } from '../../types/core-type.ts';
import { type SectionName, sectionOfId } from '../core/sections.ts';

/** A section; `start` and `end` are its contents, of a custom section those behind its name. */
export type SourceSection = { readonly start: number; readonly end: number } & (
  | { readonly kind: 'custom'; readonly name: string }
  | {
      readonly kind: 'section';
      readonly name: SectionName;
      /** How many entries it has; 1 for a section that is no vector. */
      readonly count: number;
    }
);

export interface SourceImport {
  readonly module: string;
  readonly name: string;
  readonly type: CoreExternType;
}

export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface ModuleSource {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sections: readonly SourceSection[];
  readonly recTypes: readonly RecType[];
  /** The type index space. */
  readonly types: readonly SubType[];
  readonly imports: readonly SourceImport[];
  /** The type indices of functions, imported ones first. */
  readonly funcs: readonly number[];
  readonly importedFuncs: number;
  /** Of the functions that are no imports. */
  readonly bodies: readonly ByteRange[];
  /** How large the index spaces are. */
  readonly counts: Readonly<Record<NamedSort, number>>;
}

/** Sections that say something; a parser leaves the others out. It writes the data count itself. */
export function isWritten(section: SourceSection): boolean {
  return section.kind === 'custom' || (section.count > 0 && section.name !== 'datacount');
}

/** The function type of an index; undefined if there is none. */
export function funcTypeAt(source: ModuleSource, typeIndex: number): CoreFuncType | undefined {
  const composite = source.types[typeIndex]?.composite;
  return composite?.kind === 'func' ? composite : undefined;
}

class SourceReader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly sections: SourceSection[] = [];
  readonly recTypes: RecType[] = [];
  readonly imports: SourceImport[] = [];
  readonly funcs: number[] = [];
  readonly bodies: ByteRange[] = [];
  readonly counts = { func: 0, type: 0, table: 0, memory: 0, global: 0, elem: 0, data: 0, tag: 0 };
  #dataCount: number | undefined;
  #place = -1;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  read(start: number, end: number): ModuleSource {
    const r = new Reader(this.#bytes, start, end);
    while (!r.done) this.#section(r);
    const importedFuncs = this.imports.filter((i) => i.type.kind === 'func').length;
    const defined = this.funcs.length - importedFuncs;
    if (defined !== this.bodies.length) r.fail(malformed.codeCount(defined, this.bodies.length));
    const { counts } = this;
    if (this.#dataCount !== undefined && this.#dataCount !== counts.data)
      r.fail(malformed.dataCount(this.#dataCount, counts.data));
    const { sections, recTypes, imports, funcs, bodies } = this;
    const types = recTypes.flatMap((rec) => rec.types);
    counts.type = types.length;
    counts.func = funcs.length;
    return { bytes: this.#bytes, sections, recTypes, types, imports, funcs, importedFuncs, bodies, counts };
  }

  #section(r: Reader): void {
    const offset = r.at;
    const id = r.byte();
    const body = r.sub(r.u32());
    if (id === 0) {
      const name = body.name();
      this.sections.push({ kind: 'custom', name, start: body.at, end: body.end });
      return;
    }
    const section = sectionOfId(id) ?? r.fail(malformed.sectionId(id), offset);
    if (section.place <= this.#place) r.fail(malformed.sectionOrder(), offset);
    this.#place = section.place;
    const { name } = section;
    const start = body.at;
    const count = this.#contents(name, body);
    this.sections.push({ kind: 'section', name, start, end: body.end, count });
  }

  /** Reads what is needed of a section, all of it or its count, and answers that. */
  #contents(name: SectionName, r: Reader): number {
    let count = 1;
    switch (name) {
      case 'type':
        count = r.vec((x) => this.recTypes.push(recType(x))).length;
        break;
      case 'import':
        count = r.vec((x) => this.#import(x)).length;
        break;
      case 'func':
        count = r.vec((x) => this.funcs.push(x.u32())).length;
        break;
      case 'code':
        count = r.vec((x) => {
          const { at, end } = x.sub(x.u32());
          this.bodies.push({ start: at, end });
        }).length;
        break;
      case 'datacount':
        this.#dataCount = r.u32();
        break;
      case 'start':
        r.u32();
        break;
      case 'export':
        return r.u32();
      default:
        count = r.u32();
        this.counts[name] += count;
        return count;
    }
    if (!r.done) r.fail(malformed.sectionSize());
    return count;
  }

  #import(r: Reader): void {
    const found = { module: r.name(), name: r.name(), type: coreExternType(r) };
    this.imports.push(found);
    if (found.type.kind === 'func') this.funcs.push(found.type.typeIndex);
    else this.counts[found.type.kind]++;
  }
}

/**
 * Reads the module at `start`..`end`.
 * @throws MalformedError with the byte offset
 */
export function readSource(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): ModuleSource {
  const preamble = readPreamble(bytes, start, end);
  if (preamble !== 'core module') {
    const { code, message } = coreModuleProblem(preamble, bytes, start);
    throw new MalformedError(code, message, { offset: start });
  }
  return new SourceReader(bytes).read(start + 8, end);
}
