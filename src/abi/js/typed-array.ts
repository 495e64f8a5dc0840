/** The typed arrays that lists of numbers are in JavaScript. */
import type { ValueType } from '../../types/value-type.ts';

export type NumberArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

export const TYPED_ARRAYS = {
  u8: Uint8Array,
  s8: Int8Array,
  u16: Uint16Array,
  s16: Int16Array,
  u32: Uint32Array,
  s32: Int32Array,
  u64: BigUint64Array,
  s64: BigInt64Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;

export type NumberKind = keyof typeof TYPED_ARRAYS;

/** The element kind, where a list of `element` is a typed array. */
export function numberKind(element: ValueType): NumberKind | undefined {
  return element.kind in TYPED_ARRAYS ? (element.kind as NumberKind) : undefined;
}
