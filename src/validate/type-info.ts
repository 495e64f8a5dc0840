/**
 * What validation asks of a type as a whole: its size as a tree, its depth, its size in memory, whether it holds borrows or
 * pointers. Remembered by identity, so that types which share parts cost what they take in the binary.
 * Specification: Canonical ABI, "Alignment" and "Element Size" (for 64-bit pointers).
 */
import type { ExternType, TypeEntity } from '../types/extern-type.ts';
import type { FuncType, ValueType } from '../types/value-type.ts';
import { unreachable } from '../util/invariant.ts';

export interface TypeInfo {
  /** Nodes of the type as a tree. */
  readonly size: number;
  readonly depth: number;
  /** Bytes of a value with 64-bit pointers. Exact below 2^53. */
  readonly bytes: number;
  readonly alignment: number;
  readonly hasBorrow: boolean;
  /** True if it mentions any resource. */
  readonly hasResource: boolean;
  /** True if lifting or lowering it reaches through a pointer: it holds a list or string. */
  readonly hasPointer: boolean;
}

const known = new WeakMap<object, TypeInfo>();

function leaf(bytes: number, more: Partial<TypeInfo> = {}): TypeInfo {
  return {
    size: 1,
    depth: 1,
    bytes,
    alignment: Math.min(bytes, 8),
    hasBorrow: false,
    hasResource: false,
    hasPointer: false,
    ...more,
  };
}

const LEAF = {
  bytes1: leaf(1),
  bytes2: leaf(2),
  bytes4: leaf(4),
  bytes8: leaf(8),
  string: leaf(16, { hasPointer: true }),
  own: leaf(4, { hasResource: true }),
  borrow: leaf(4, { hasResource: true, hasBorrow: true }),
} as const;

function alignTo(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}

function around(parts: readonly TypeInfo[], bytes: number, alignment: number): TypeInfo {
  let size = 1;
  let depth = 0;
  let hasBorrow = false;
  let hasResource = false;
  let hasPointer = false;
  for (const part of parts) {
    size += part.size;
    depth = Math.max(depth, part.depth);
    hasBorrow ||= part.hasBorrow;
    hasResource ||= part.hasResource;
    hasPointer ||= part.hasPointer;
  }
  return { size, depth: depth + 1, bytes, alignment, hasBorrow, hasResource, hasPointer };
}

function aroundRecord(parts: readonly TypeInfo[]): TypeInfo {
  let bytes = 0;
  let alignment = 1;
  for (const part of parts) {
    bytes = alignTo(bytes, part.alignment) + part.bytes;
    alignment = Math.max(alignment, part.alignment);
  }
  return around(parts, alignTo(bytes, alignment), alignment);
}

function discriminantBytes(cases: number): number {
  return cases <= 2 ** 8 ? 1 : cases <= 2 ** 16 ? 2 : 4;
}

function aroundVariant(cases: number, payloads: readonly TypeInfo[]): TypeInfo {
  const tag = discriminantBytes(cases);
  let bytes = 0;
  let alignment = 1;
  for (const payload of payloads) {
    bytes = Math.max(bytes, payload.bytes);
    alignment = Math.max(alignment, payload.alignment);
  }
  const whole = Math.max(alignment, tag);
  return around(payloads, alignTo(alignTo(tag, alignment) + bytes, whole), whole);
}

function infos(types: readonly (ValueType | undefined)[]): TypeInfo[] {
  return types.filter((type) => type !== undefined).map(typeInfo);
}

function handleAround(element: ValueType | undefined): TypeInfo {
  return { ...around(infos([element]), 4, 4), hasPointer: false };
}

function compute(type: ValueType): TypeInfo {
  switch (type.kind) {
    case 'bool':
    case 's8':
    case 'u8':
      return LEAF.bytes1;
    case 's16':
    case 'u16':
      return LEAF.bytes2;
    case 's32':
    case 'u32':
    case 'f32':
    case 'char':
    case 'error-context':
      return LEAF.bytes4;
    case 's64':
    case 'u64':
    case 'f64':
      return LEAF.bytes8;
    case 'string':
      return LEAF.string;
    case 'own':
      return LEAF.own;
    case 'borrow':
      return LEAF.borrow;
    case 'record':
      return aroundRecord(infos(type.fields.map((field) => field.type)));
    case 'tuple':
      return aroundRecord(infos(type.types));
    case 'variant':
      return aroundVariant(type.cases.length, infos(type.cases.map((one) => one.type)));
    case 'enum':
      return { ...aroundVariant(type.labels.length, []), size: 1 + type.labels.length };
    case 'option':
      return aroundVariant(2, infos([type.type]));
    case 'result':
      return aroundVariant(2, infos([type.ok, type.err]));
    case 'flags': {
      const bytes = type.labels.length <= 8 ? 1 : type.labels.length <= 16 ? 2 : 4;
      return leaf(bytes, { size: 1 + type.labels.length });
    }
    case 'list':
      return { ...around(infos([type.element]), 16, 8), hasPointer: true };
    case 'map':
      return { ...around(infos([type.key, type.value]), 16, 8), hasPointer: true };
    case 'fixed-list': {
      const element = typeInfo(type.element);
      return around([element], element.bytes * type.length, element.alignment);
    }
    case 'stream':
    case 'future':
      return handleAround(type.element);
    default:
      return unreachable(type);
  }
}

/** The facts about a value type. */
export function typeInfo(type: ValueType): TypeInfo {
  const before = known.get(type);
  if (before !== undefined) return before;
  const info = compute(type);
  known.set(type, info);
  return info;
}

function funcInfo(type: FuncType): TypeInfo {
  return around(infos([...type.params.map((param) => param.type), type.result]), 0, 1);
}

function computeExtern(type: TypeEntity | ExternType): TypeInfo {
  switch (type.kind) {
    case 'resource':
      return LEAF.own;
    case 'func':
      return funcInfo(type);
    case 'instance':
      return around([...type.exports.values()].map(externInfo), 0, 1);
    case 'component':
      return around([...type.imports.values(), ...type.exports.values()].map(externInfo), 0, 1);
    case 'core module':
      return { ...leaf(0), size: 1 + type.imports.length + type.exports.size };
    case 'type':
    case 'value':
      return externInfo(type.type);
    default:
      return typeInfo(type);
  }
}

/** The facts about any type; those about bytes mean something for value types only. */
export function externInfo(type: TypeEntity | ExternType): TypeInfo {
  const before = known.get(type);
  if (before !== undefined) return before;
  const info = computeExtern(type);
  known.set(type, info);
  return info;
}

/** True if values of the type reach through a pointer; false where there is no type. */
export function hasPointer(type: ValueType | undefined): boolean {
  return type !== undefined && typeInfo(type).hasPointer;
}
