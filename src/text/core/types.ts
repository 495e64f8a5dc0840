/**
 * Parses core types. Specification: core 3.0, "Text format, types". What an identifier of a type means is asked of the caller, since
 * numbering types needs them parsed (`type-table.ts`).
 */
import type {
  AbstractHeapType,
  CompositeType,
  CoreNumberType,
  CoreValType,
  FieldType,
  GlobalType,
  HeapType,
  Limits,
  MemoryType,
  RefType,
  SubType,
  TableType,
} from '../../types/core-type.ts';
import { type Cursor, nodeError, type Ref } from '../cursor.ts';
import { nameAnnotation } from '../name-annotation.ts';
import type { Id } from '../node.ts';

/** Answers the index of a type. */
export type ResolveType = (ref: Ref) => number;

const NUMBERS: readonly string[] = ['i32', 'i64', 'f32', 'f64', 'v128'];

const HEAPS: readonly string[] = [
  'func',
  'nofunc',
  'extern',
  'noextern',
  'any',
  'eq',
  'i31',
  'struct',
  'array',
  'none',
  'exn',
  'noexn',
  'cont',
  'nocont',
];

/** The short forms of nullable references by their heap types. */
export const SHORT_REFS: Readonly<Record<string, AbstractHeapType>> = {
  funcref: 'func',
  externref: 'extern',
  anyref: 'any',
  eqref: 'eq',
  i31ref: 'i31',
  structref: 'struct',
  arrayref: 'array',
  exnref: 'exn',
  contref: 'cont',
  nullref: 'none',
  nullfuncref: 'nofunc',
  nullexternref: 'noextern',
  nullexnref: 'noexn',
  nullcontref: 'nocont',
};

function abstractHeap(c: Cursor, shared: boolean): HeapType {
  const node = c.peek();
  if (node?.kind !== 'word' || !HEAPS.includes(node.text)) throw c.unexpected('a heap type');
  c.skip();
  return { kind: 'abstract', shared, name: node.text as AbstractHeapType };
}

/** `heaptype` */
export function heapType(c: Cursor, resolve: ResolveType): HeapType {
  if (c.isRef()) return { kind: 'index', index: resolve(c.ref('a type')) };
  const shared = c.takeList('shared');
  if (shared !== undefined) {
    const heap = abstractHeap(shared, true);
    shared.finish();
    return heap;
  }
  const exact = c.takeList('exact');
  if (exact === undefined) return abstractHeap(c, false);
  const index = resolve(exact.ref('a type'));
  exact.finish();
  return { kind: 'index', index, exact: true };
}

function isShortRef(c: Cursor): boolean {
  const node = c.peek();
  return node?.kind === 'word' && Object.hasOwn(SHORT_REFS, node.text);
}

/** True if a reference type comes next. */
export function isRefType(c: Cursor): boolean {
  if (isShortRef(c) || c.isList('ref')) return true;
  const second = c.isList('shared') ? c.peek() : undefined;
  return (
    second?.kind === 'list' && second.items.some((item) => item.kind === 'word' && Object.hasOwn(SHORT_REFS, item.text))
  );
}

/** `reftype` */
export function refType(c: Cursor, resolve: ResolveType): RefType {
  if (isShortRef(c)) {
    const name = SHORT_REFS[c.word('a reference type').text]!;
    return { kind: 'ref', nullable: true, heap: { kind: 'abstract', shared: false, name } };
  }
  const shared = c.takeList('shared');
  if (shared !== undefined) {
    if (!isShortRef(shared)) throw shared.unexpected('a reference type');
    const name = SHORT_REFS[shared.word('a reference type').text]!;
    shared.finish();
    return { kind: 'ref', nullable: true, heap: { kind: 'abstract', shared: true, name } };
  }
  if (!c.isList('ref')) throw c.unexpected('a reference type');
  const inner = c.list('ref');
  const nullable = inner.takeWord('null');
  const heap = heapType(inner, resolve);
  inner.finish();
  return { kind: 'ref', nullable, heap };
}

/** `valtype` */
export function valType(c: Cursor, resolve: ResolveType): CoreValType {
  const node = c.peek();
  if (node?.kind === 'word' && NUMBERS.includes(node.text)) {
    c.skip();
    return node.text as CoreNumberType;
  }
  if (!isRefType(c)) throw c.unexpected('a value type');
  return refType(c, resolve);
}

/** An identifier, and what the name section says instead of it. */
export interface Named {
  readonly id: Id | undefined;
  readonly name?: string | undefined;
}

/** Parameters or results: `(param $x i32)`, `(param i32 i64)`. */
export interface NamedValType extends Named {
  readonly type: CoreValType;
}

/** All lists of this keyword that follow. */
export function valTypes(c: Cursor, keyword: 'param' | 'result' | 'local', resolve: ResolveType): NamedValType[] {
  const found: NamedValType[] = [];
  for (let inner = c.takeList(keyword); inner !== undefined; inner = c.takeList(keyword)) {
    const id = keyword === 'result' ? undefined : inner.takeId();
    if (id !== undefined) {
      const name = nameAnnotation(inner);
      found.push({ id, name, type: valType(inner, resolve) });
      inner.finish();
    }
    while (!inner.done) found.push({ id: undefined, type: valType(inner, resolve) });
  }
  return found;
}

/** A field of a structure with its identifier. */
interface NamedField extends Named {
  readonly type: FieldType;
}

function fieldType(c: Cursor, resolve: ResolveType): FieldType {
  const mutable = c.takeList('mut');
  const inner = mutable ?? c;
  const packed = inner.takeWord('i8') ? 'i8' : inner.takeWord('i16') ? 'i16' : undefined;
  const storage = packed ?? valType(inner, resolve);
  mutable?.finish();
  return { storage, mutable: mutable !== undefined };
}

function structFields(c: Cursor, resolve: ResolveType): NamedField[] {
  const fields: NamedField[] = [];
  while (!c.done) {
    const inner = c.list('field');
    const id = inner.takeId();
    if (id !== undefined) {
      const name = nameAnnotation(inner);
      fields.push({ id, name, type: fieldType(inner, resolve) });
      inner.finish();
    }
    while (!inner.done) fields.push({ id: undefined, type: fieldType(inner, resolve) });
  }
  return fields;
}

/** A type as defined, with the identifiers of its fields or parameters. */
export interface ParsedSubType {
  readonly type: SubType;
  readonly fields: readonly Named[];
  readonly params: readonly Named[];
}

type Composite = Omit<ParsedSubType, 'type'> & { readonly composite: CompositeType };

function compositeType(c: Cursor, resolve: ResolveType): Composite {
  const none = { fields: [], params: [] };
  const keyword = c.word('`func`, `struct`, `array` or `cont`').text;
  switch (keyword) {
    case 'func': {
      const params = valTypes(c, 'param', resolve);
      const results = valTypes(c, 'result', resolve).map((r) => r.type);
      return { ...none, composite: { kind: 'func', params: params.map((p) => p.type), results }, params };
    }
    case 'struct': {
      const fields = structFields(c, resolve);
      return { ...none, composite: { kind: 'struct', fields: fields.map((f) => f.type) }, fields };
    }
    case 'array':
      return { ...none, composite: { kind: 'array', field: fieldType(c, resolve) } };
    case 'cont':
      return { ...none, composite: { kind: 'cont', type: heapType(c, resolve) } };
    default:
      throw nodeError('unexpected-token', `unexpected token \`${keyword}\`; expected a type definition`, c.owner);
  }
}

/** `subtype`, the next list: `(func …)`, `(sub final? $super* (struct …))`, `(shared (array …))`. */
export function subType(c: Cursor, resolve: ResolveType): ParsedSubType {
  const sub = c.takeList('sub');
  const inner = sub ?? c;
  const final = sub === undefined || sub.takeWord('final');
  const supertypes: number[] = [];
  while (sub?.isRef() === true) supertypes.push(resolve(sub.ref()));
  const shared = inner.takeList('shared');
  const body = (shared ?? inner).list();
  const { composite, fields, params } = compositeType(body, resolve);
  body.finish();
  shared?.finish();
  sub?.finish();
  return { type: { final, supertypes, shared: shared !== undefined, composite }, fields, params };
}

/** `addrtype?` */
export function addressType(c: Cursor): boolean {
  const is64 = c.takeWord('i64');
  if (!is64) c.takeWord('i32');
  return is64;
}

/** `limits`, behind the address type. What is too much for a memory of 32 bits is left to validation. */
export function limits(c: Cursor, is64: boolean): Limits {
  const min = c.u64('a limit');
  const max = c.isRef() ? c.u64('a limit') : undefined;
  return { min, max, is64, shared: c.takeWord('shared') };
}

/** `(pagesize n)`; answers the logarithm. */
export function pageSize(c: Cursor): number | undefined {
  const inner = c.takeList('pagesize');
  if (inner === undefined) return undefined;
  const node = inner.peek();
  const size = inner.u64('a page size');
  inner.finish();
  const log = size.toString(2).length - 1;
  if (size !== 1n << BigInt(log))
    throw nodeError('invalid-page-size', 'invalid custom page size: it must be a power of two', node!);
  return log;
}

/** `memtype` */
export function memoryType(c: Cursor): MemoryType {
  const memory = limits(c, addressType(c));
  return { kind: 'memory', limits: memory, pageSizeLog2: pageSize(c) };
}

/** `tabletype` */
export function tableType(c: Cursor, resolve: ResolveType): TableType {
  const table = limits(c, addressType(c));
  return { kind: 'table', limits: table, element: refType(c, resolve) };
}

/** `globaltype`; `(shared anyref)` is a shared global here, not a shared type. */
export function globalType(c: Cursor, resolve: ResolveType): GlobalType {
  const shared = c.takeList('shared');
  if (shared !== undefined) {
    const mutable = shared.takeWord('mut');
    const type = valType(shared, resolve);
    shared.finish();
    return { kind: 'global', type, mutable, shared: true };
  }
  const mutable = c.takeList('mut');
  const type = valType(mutable ?? c, resolve);
  mutable?.finish();
  return { kind: 'global', type, mutable: mutable !== undefined, shared: false };
}
