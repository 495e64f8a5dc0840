/**
 * How many bytes of strings and lists may still be lifted: a guest may point many elements of a list at one place, so that values take more
 * than its memory. Counted where copies are made; set by whoever runs a store that has a limit (`src/runtime/meter.ts`).
 */
import { limitHook } from '../error/limit-hook.ts';
import type { ValueType } from '../types/value-type.ts';

export const lifted = { left: Number.POSITIVE_INFINITY, most: Number.POSITIVE_INFINITY };

/** Counts bytes that are about to be copied. Throws a LimitError where that is too much. */
export function lifts(bytes: number): void {
  lifted.left -= bytes;
  if (lifted.left < 0)
    throw limitHook.met?.({ limit: 'lifted', allowed: lifted.most, used: lifted.most - lifted.left });
}

/** Bytes that were counted go on to where only so many are taken at a time: they are not kept, so as many more may be lifted. */
export function passesOn(bytes: number): void {
  lifted.left += bytes;
}

/** What an element of a list takes that is no number. */
const LEAST = 8;

/** The same for a list whose elements take `size` bytes each in memory, and are values of their own. */
export function liftsElements(length: number, size: number): void {
  lifts(length * Math.max(LEAST, size));
}

/** The same for a list of any type. */
export function liftsList({ kind }: ValueType, length: number, size: number): void {
  if (/^[usf]\d+$/.test(kind)) lifts(length * size);
  else liftsElements(length, size);
}
