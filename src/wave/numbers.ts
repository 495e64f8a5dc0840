/** Numbers of WIT in JavaScript: what each type holds, and the typed arrays that lists of them are. */
import type { ValueType } from '../types/value-type.ts';

const RANGES = {
  u8: [0n, 0xffn],
  s8: [-0x80n, 0x7fn],
  u16: [0n, 0xffffn],
  s16: [-0x8000n, 0x7fffn],
  u32: [0n, 0xffff_ffffn],
  s32: [-0x8000_0000n, 0x7fff_ffffn],
  u64: [0n, 2n ** 64n - 1n],
  s64: [-(2n ** 63n), 2n ** 63n - 1n],
} as const;

export type IntegerKind = keyof typeof RANGES;

/** The least and the greatest value of an integer type. */
export function rangeOf(kind: IntegerKind): readonly [bigint, bigint] {
  return RANGES[kind];
}

/** Whether values of this type are bigints. */
export function isLong(kind: IntegerKind): boolean {
  return kind === 'u64' || kind === 's64';
}

/** A list of `element` in the form that JavaScript has for it: a typed array of numbers, else an array. */
export function listValue(element: ValueType, values: readonly unknown[]): unknown {
  switch (element.kind) {
    case 'u8':
      return Uint8Array.from(values as number[]);
    case 's8':
      return Int8Array.from(values as number[]);
    case 'u16':
      return Uint16Array.from(values as number[]);
    case 's16':
      return Int16Array.from(values as number[]);
    case 'u32':
      return Uint32Array.from(values as number[]);
    case 's32':
      return Int32Array.from(values as number[]);
    case 'u64':
      return BigUint64Array.from(values as bigint[]);
    case 's64':
      return BigInt64Array.from(values as bigint[]);
    case 'f32':
      return Float32Array.from(values as number[]);
    case 'f64':
      return Float64Array.from(values as number[]);
    default:
      return values;
  }
}
