/**
 * Writes the numbers of an array into a typed array, each checked: a loop for each kind, so that the engine sees one kind of array in
 * each. They answer the index of the first value that does not fit, or how many there were.
 */
import type { NumberArray, NumberKind } from './typed-array.ts';

type Store = (target: never, values: ArrayLike<unknown>, count: number) => number;

function storeU8(target: Uint8Array, values: ArrayLike<unknown>, count: number): number {
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (typeof value !== 'number' || (value & 255) !== value) return i;
    target[i] = value;
  }
  return count;
}

function storeS8(target: Int8Array, values: ArrayLike<unknown>, count: number): number {
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (typeof value !== 'number' || (value << 24) >> 24 !== value) return i;
    target[i] = value;
  }
  return count;
}

function storeU16(target: Uint16Array, values: ArrayLike<unknown>, count: number): number {
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (typeof value !== 'number' || (value & 65_535) !== value) return i;
    target[i] = value;
  }
  return count;
}

function storeS16(target: Int16Array, values: ArrayLike<unknown>, count: number): number {
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (typeof value !== 'number' || (value << 16) >> 16 !== value) return i;
    target[i] = value;
  }
  return count;
}

function storeU32(target: Uint32Array, values: ArrayLike<unknown>, count: number): number {
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (typeof value !== 'number' || value >>> 0 !== value) return i;
    target[i] = value;
  }
  return count;
}

function storeS32(target: Int32Array, values: ArrayLike<unknown>, count: number): number {
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (typeof value !== 'number' || (value | 0) !== value) return i;
    target[i] = value;
  }
  return count;
}

function storeU64(target: BigUint64Array, values: ArrayLike<unknown>, count: number): number {
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (typeof value !== 'bigint' || BigInt.asUintN(64, value) !== value) return i;
    target[i] = value;
  }
  return count;
}

function storeS64(target: BigInt64Array, values: ArrayLike<unknown>, count: number): number {
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) return i;
    target[i] = value;
  }
  return count;
}

function storeF32(target: Float32Array, values: ArrayLike<unknown>, count: number): number {
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (typeof value !== 'number') return i;
    target[i] = value;
  }
  return count;
}

function storeF64(target: Float64Array, values: ArrayLike<unknown>, count: number): number {
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (typeof value !== 'number') return i;
    target[i] = value;
  }
  return count;
}

const STORES: { readonly [K in NumberKind]: Store } = {
  u8: storeU8,
  s8: storeS8,
  u16: storeU16,
  s16: storeS16,
  u32: storeU32,
  s32: storeS32,
  u64: storeU64,
  s64: storeS64,
  f32: storeF32,
  f64: storeF64,
};

/** Stores `count` values; answers `count`, or the index of the first that is not of the kind's plainest form. */
export function storePlain(kind: NumberKind, target: NumberArray, values: ArrayLike<unknown>, count: number): number {
  return STORES[kind](target as never, values, count);
}
