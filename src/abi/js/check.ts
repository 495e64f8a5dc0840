/** Checks of JavaScript values against WIT types, with errors that say which parameter, what was expected and what was found. */
import { ValueError } from '../../error/error.ts';

/** What a value is, for messages. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return value.length <= 40 ? JSON.stringify(value) : `a string of ${value.length} characters`;
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
      return `${value}n`;
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'object':
      return Array.isArray(value) ? `an array of ${value.length}` : 'an object';
    default:
      return `a ${typeof value}`;
  }
}

/** Throws the error for a value that does not fit. */
export function mismatch(path: string, expected: string, value: unknown): never {
  throw new ValueError('wrong-value', `${path} does not fit its type`, { expected, found: describeValue(value) });
}

const RANGES = {
  u8: [0, 0xff],
  s8: [-0x80, 0x7f],
  u16: [0, 0xffff],
  s16: [-0x8000, 0x7fff],
  u32: [0, 0xffff_ffff],
  s32: [-0x8000_0000, 0x7fff_ffff],
} as const;

export type SmallInt = keyof typeof RANGES;

/** An integer of up to 32 bits, in range. Never wraps. */
export function checkInt(kind: SmallInt, value: unknown, path: string): number {
  const [min, max] = RANGES[kind];
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value + 0;
  return mismatch(path, `${kind}: an integer from ${min} to ${max}`, value);
}

/** A 64-bit integer: a bigint in range, or a safe integer. */
export function checkBig(kind: 'u64' | 's64', value: unknown, path: string): bigint {
  const big = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof big === 'bigint' && (kind === 'u64' ? BigInt.asUintN(64, big) : BigInt.asIntN(64, big)) === big)
    return big;
  return mismatch(path, `${kind}: a bigint of 64 bits or a safe integer`, value);
}

export function checkFloat(kind: 'f32' | 'f64', value: unknown, path: string): number {
  if (typeof value === 'number') return value;
  return mismatch(path, `${kind}: a number`, value);
}

/** Booleans only: other values are more often mistakes than meant. */
export function checkBool(value: unknown, path: string): boolean {
  if (typeof value === 'boolean') return value;
  return mismatch(path, 'a boolean', value);
}

/** Exactly one Unicode scalar value; gives its code point. */
export function checkCharText(value: unknown, path: string): number {
  if (typeof value === 'string') {
    const code = value.codePointAt(0);
    if (code !== undefined && value.length === (code > 0xffff ? 2 : 1) && (code < 0xd800 || code > 0xdfff)) return code;
  }
  return mismatch(path, 'char: a string of exactly one character', value);
}

export function checkString(value: unknown, path: string): string {
  if (typeof value === 'string') return value;
  return mismatch(path, 'a string', value);
}

/** Anything with properties. */
export function checkObject(value: unknown, path: string, expected: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  return mismatch(path, expected, value);
}
