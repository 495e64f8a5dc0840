/** Constant vectors, as their 16 bytes. */

/** Bytes of a vector. */
export const LANES = 16;
/** Code units of two bytes in a vector. */
export const UNITS = 8;

export function everyByte(value: number): readonly number[] {
  return Array.from({ length: LANES }, () => value);
}

/** The same code unit of two bytes eight times. */
export function everyUnit(value: number): readonly number[] {
  return Array.from({ length: LANES }, (_, i) => (i % 2 === 0 ? value & 0xff : value >> 8));
}

/** 0, 1, 2 and so on to 15: with a number added to each, it moves the bytes of a vector that many places in `i8x16.swizzle`. */
export const COUNTING: readonly number[] = Array.from({ length: LANES }, (_, i) => i);
