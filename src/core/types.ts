/** Types of core modules. Specification: core 3.0, "Binary format, types". */
import { malformed } from '../error/malformed-reason.ts';
import type {
  AbstractHeapType,
  CompositeType,
  CoreExternType,
  CoreValType,
  FieldType,
  GlobalType,
  HeapType,
  Limits,
  RecType,
  RefType,
  SubType,
  TableType,
  TagType,
} from '../types/core-type.ts';
import type { Reader } from './reader.ts';

/** Codes of abstract heap types. */
export const HEAP: Readonly<Record<number, AbstractHeapType>> = {
  116: 'noexn',
  115: 'nofunc',
  114: 'noextern',
  113: 'none',
  112: 'func',
  111: 'extern',
  110: 'any',
  109: 'eq',
  108: 'i31',
  107: 'struct',
  106: 'array',
  105: 'exn',
  104: 'cont',
  117: 'nocont',
};

/** `heaptype` */
export function coreHeapType(r: Reader): HeapType {
  const from = r.at;
  if (r.peek() === 0x65) {
    r.byte();
    const name = HEAP[r.byte()];
    if (name === undefined) r.fail(malformed.heapType(), from);
    return { kind: 'abstract', shared: true, name };
  }
  if (r.peek() === 0x62) {
    r.byte();
    return { kind: 'index', index: r.u32(), exact: true };
  }
  const value = r.s33();
  if (value >= 0) return { kind: 'index', index: value };
  const name = HEAP[value + 0x80];
  if (name === undefined) r.fail(malformed.heapType(), from);
  return { kind: 'abstract', shared: false, name };
}

/** A reference type, or undefined if the next byte begins none. */
export function coreRefType(r: Reader): RefType | undefined {
  const b = r.peek();
  if (b === 0x63 || b === 0x64) {
    r.byte();
    return { kind: 'ref', nullable: b === 0x63, heap: coreHeapType(r) };
  }
  if (b === 0x65) {
    r.byte();
    const name = HEAP[r.peek()];
    if (name === undefined) r.fail(malformed.heapType());
    r.byte();
    return { kind: 'ref', nullable: true, heap: { kind: 'abstract', shared: true, name } };
  }
  const name = HEAP[b];
  if (name === undefined) return undefined;
  r.byte();
  return { kind: 'ref', nullable: true, heap: { kind: 'abstract', shared: false, name } };
}

/** `valtype` of core WebAssembly. */
export function coreValType(r: Reader): CoreValType {
  const from = r.at;
  const b = r.peek();
  const number =
    b === 0x7f ? 'i32' : b === 0x7e ? 'i64' : b === 0x7d ? 'f32' : b === 0x7c ? 'f64' : b === 0x7b ? 'v128' : undefined;
  if (number !== undefined) {
    r.byte();
    return number;
  }
  return coreRefType(r) ?? r.unknown(r.byte(), 'core value type', from);
}

function fieldType(r: Reader): FieldType {
  const b = r.peek();
  const packed = b === 0x78 ? 'i8' : b === 0x77 ? 'i16' : undefined;
  if (packed !== undefined) r.byte();
  const storage = packed ?? coreValType(r);
  return { storage, mutable: mutability(r) };
}

function mutability(r: Reader): boolean {
  const from = r.at;
  const b = r.byte();
  if (b > 1) r.unknown(b, 'mutability', from);
  return b === 1;
}

function compositeType(r: Reader): CompositeType {
  const from = r.at;
  const b = r.byte();
  switch (b) {
    case 0x60:
      return { kind: 'func', params: r.vec(coreValType), results: r.vec(coreValType) };
    case 0x5f:
      return { kind: 'struct', fields: r.vec(fieldType) };
    case 0x5e:
      return { kind: 'array', field: fieldType(r) };
    case 0x5d:
      return { kind: 'cont', type: coreHeapType(r) };
    default:
      return r.unknown(b, 'core type', from);
  }
}

/** `subtype`; 0x50 is the non-final form where it cannot be a module type. */
function subType(r: Reader): SubType {
  const lead = r.peek();
  let final = true;
  let supertypes: number[] = [];
  if (lead === 0x50 || lead === 0x4f) {
    r.byte();
    final = lead === 0x4f;
    supertypes = r.vec((x) => x.u32());
  }
  const shared = r.peek() === 0x65;
  if (shared) r.byte();
  return { final, supertypes, shared, composite: compositeType(r) };
}

/** `rectype`. */
export function recType(r: Reader): RecType {
  if (r.peek() === 0x4e) {
    r.byte();
    return { explicit: true, types: r.vec(subType) };
  }
  return { explicit: false, types: [subType(r)] };
}

/** `globaltype` */
export function globalType(r: Reader): GlobalType {
  const type = coreValType(r);
  const at = r.at;
  const flags = r.byte();
  if (flags > 3) r.unknown(flags, 'mutability', at);
  return { kind: 'global', type, mutable: (flags & 1) !== 0, shared: (flags & 2) !== 0 };
}

/** `tabletype` */
export function tableType(r: Reader): TableType {
  const element = coreRefType(r) ?? r.unknown(r.byte(), 'table element type', r.at - 1);
  return { kind: 'table', element, limits: limits(r, 'table').limits };
}

/** `tagtype` */
export function tagType(r: Reader): TagType {
  const at = r.at;
  const attribute = r.byte();
  if (attribute !== 0) r.unknown(attribute, 'tag attribute', at);
  return { kind: 'tag', typeIndex: r.u32() };
}

/** `limits` with its flags byte: 1 has a maximum, 2 shared, 4 64 bit, 8 custom page size. */
export function limits(r: Reader, what: 'memory' | 'table'): { limits: Limits; pageSizeLog2: number | undefined } {
  const from = r.at;
  const flags = r.byte();
  if (flags > (what === 'memory' ? 15 : 7)) r.fail(malformed.limitsFlags(what), from);
  const is64 = (flags & 4) !== 0;
  const min = is64 ? r.u64() : BigInt(r.u32());
  const max = (flags & 1) === 0 ? undefined : is64 ? r.u64() : BigInt(r.u32());
  const at = r.at;
  const pageSizeLog2 = (flags & 8) === 0 ? undefined : r.u32();
  if (pageSizeLog2 !== undefined && pageSizeLog2 > 63) r.fail(malformed.pageSize(pageSizeLog2), at);
  return { limits: { min, max, is64, shared: (flags & 2) !== 0 }, pageSizeLog2 };
}

/** `core:externtype`. */
export function coreExternType(r: Reader): CoreExternType {
  const from = r.at;
  const b = r.byte();
  switch (b) {
    case 0x00:
      return { kind: 'func', typeIndex: r.u32() };
    case 0x20:
      return { kind: 'func', typeIndex: r.u32(), exact: true };
    case 0x01:
      return tableType(r);
    case 0x02:
      return { kind: 'memory', ...limits(r, 'memory') };
    case 0x03:
      return globalType(r);
    case 0x04:
      return tagType(r);
    default:
      return r.unknown(b, 'core external kind', from);
  }
}
