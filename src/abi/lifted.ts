/**
 * How many bytes of strings and lists may still be lifted: a guest may point many elements of a list at one place, so that values take more
 * than its memory. Counted where copies are made; set by whoever runs a store that has a limit (`src/runtime/meter.ts`).
 */
import { adoptLimit } from '../error/limit.ts';
import { makeTrap } from '../error/trap.ts';
import type { ValueType } from '../types/value-type.ts';

export const lifted = { left: Number.POSITIVE_INFINITY, most: Number.POSITIVE_INFINITY };

function tooMuch(): never {
  const { left, most } = lifted;
  throw adoptLimit(makeTrap('value-too-large'), { limit: 'lifted', allowed: most, used: most - left });
}

/** Counts bytes that are about to be copied. Throws a LimitError where that is too much. */
export function lifts(bytes: number): void {
  lifted.left -= bytes;
  if (lifted.left < 0) tooMuch();
}

/** What an element of a list takes that is no number. */
const LEAST = 8;

const NUMBERS: ReadonlySet<ValueType['kind']> = new Set([
  'u8',
  's8',
  'u16',
  's16',
  'u32',
  's32',
  'u64',
  's64',
  'f32',
  'f64',
] as const);

/** The same for a list whose elements take `size` bytes each in memory, and are values of their own. */
export function liftsElements(length: number, size: number): void {
  lifts(length * Math.max(LEAST, size));
}

/** The same for a list of any type. */
export function liftsList({ kind }: ValueType, length: number, size: number): void {
  if (NUMBERS.has(kind)) lifts(length * size);
  else liftsElements(length, size);
}
