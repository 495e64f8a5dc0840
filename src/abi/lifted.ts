/**
 * How many bytes of strings and lists may still be lifted: a guest may point many elements of a list at one place, so that values take more
 * than its memory. Counted where copies are made; set by whoever runs a store that has a limit (`src/runtime/meter.ts`).
 */
import { adoptLimit } from '../error/limit.ts';
import { makeTrap } from '../error/trap.ts';

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

/** What an element of a list takes, whatever it is. */
const LEAST = 8;

/** The same for a list whose elements take `size` bytes each in memory, and are values of their own. */
export function liftsElements(length: number, size: number): void {
  lifts(length * Math.max(LEAST, size));
}
