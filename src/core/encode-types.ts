/** Writes types of core modules; the inverse of `types.ts`. Specification: core 3.0, "Binary format, types". */
import type {
  AbstractHeapType,
  CompositeType,
  CoreExternType,
  CoreNumberType,
  CoreValType,
  FieldType,
  HeapType,
  Limits,
  RecType,
  RefType,
  SubType,
} from '../types/core-type.ts';
import type { CodeWriter } from '../util/code-writer.ts';
import { unreachable } from '../util/invariant.ts';
import { HEAP } from './types.ts';

const HEAP_BYTE = Object.fromEntries(Object.entries(HEAP).map(([byte, name]) => [name, Number(byte)])) as Readonly<
  Record<AbstractHeapType, number>
>;

const NUMBER_BYTE: Readonly<Record<CoreNumberType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};

/** `heaptype` */
export function encodeHeapType(w: CodeWriter, heap: HeapType): void {
  if (heap.kind === 'index') {
    if (heap.exact === true) w.byte(0x62).u(heap.index);
    else w.s(heap.index);
    return;
  }
  if (heap.shared) w.byte(0x65);
  w.byte(HEAP_BYTE[heap.name]);
}

/** `reftype`; a nullable abstract one in its short form. */
export function encodeRefType(w: CodeWriter, { nullable, heap }: RefType): void {
  if (!nullable || heap.kind === 'index') w.byte(nullable ? 0x63 : 0x64);
  encodeHeapType(w, heap);
}

/** `valtype` of core WebAssembly. */
export function encodeCoreValType(w: CodeWriter, type: CoreValType): void {
  if (typeof type === 'string') w.byte(NUMBER_BYTE[type]);
  else encodeRefType(w, type);
}

function encodeFieldType(w: CodeWriter, { storage, mutable }: FieldType): void {
  if (storage === 'i8') w.byte(0x78);
  else if (storage === 'i16') w.byte(0x77);
  else encodeCoreValType(w, storage);
  w.byte(mutable ? 1 : 0);
}

function encodeCompositeType(w: CodeWriter, type: CompositeType): void {
  switch (type.kind) {
    case 'func':
      w.byte(0x60)
        .vec(type.params, (t) => encodeCoreValType(w, t))
        .vec(type.results, (t) => encodeCoreValType(w, t));
      return;
    case 'struct':
      w.byte(0x5f).vec(type.fields, (f) => encodeFieldType(w, f));
      return;
    case 'array':
      w.byte(0x5e);
      encodeFieldType(w, type.field);
      return;
    case 'cont':
      w.byte(0x5d);
      encodeHeapType(w, type.type);
      return;
    default:
      unreachable(type);
  }
}

function encodeSubType(w: CodeWriter, { final, supertypes, shared, composite }: SubType): void {
  if (!final || supertypes.length > 0) w.byte(final ? 0x4f : 0x50).vec(supertypes, (index) => w.u(index));
  if (shared) w.byte(0x65);
  encodeCompositeType(w, composite);
}

/** `rectype`. */
export function encodeRecType(w: CodeWriter, { explicit, types }: RecType): void {
  if (explicit || types.length !== 1) w.byte(0x4e).u(types.length);
  for (const type of types) encodeSubType(w, type);
}

/** `limits`: flags as in `types.ts`. */
export function encodeLimits(
  w: CodeWriter,
  { min, max, is64, shared }: Limits,
  pageSizeLog2: number | undefined = undefined,
): void {
  const flags = (max === undefined ? 0 : 1) | (shared ? 2 : 0) | (is64 ? 4 : 0) | (pageSizeLog2 === undefined ? 0 : 8);
  w.byte(flags).u(min);
  if (max !== undefined) w.u(max);
  if (pageSizeLog2 !== undefined) w.u(pageSizeLog2);
}

/** `core:externtype`. */
export function encodeCoreExternType(w: CodeWriter, type: CoreExternType): void {
  switch (type.kind) {
    case 'func':
      w.byte(type.exact === true ? 0x20 : 0x00).u(type.typeIndex);
      return;
    case 'table':
      w.byte(0x01);
      encodeRefType(w, type.element);
      encodeLimits(w, type.limits);
      return;
    case 'memory':
      w.byte(0x02);
      encodeLimits(w, type.limits, type.pageSizeLog2);
      return;
    case 'global':
      w.byte(0x03);
      encodeCoreValType(w, type.type);
      w.byte((type.mutable ? 1 : 0) | (type.shared ? 2 : 0));
      return;
    case 'tag':
      w.byte(0x04, 0x00).u(type.typeIndex);
      return;
    default:
      unreachable(type);
  }
}
