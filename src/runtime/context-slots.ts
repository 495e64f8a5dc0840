/** The context slots of an instance while calls into it come and go. Specification: CanonicalABI.md, "Thread State" (`storage`). */
import { CONTEXT_0, control } from './control.ts';

/** The context slots of a new thread, as words. */
export const FRESH = [0, 0, 0, 0] as const;

function setContext(slot: number, words: ArrayLike<number>): void {
  control.i32.set(words, (slot + CONTEXT_0) >> 2);
}

/** Every call is a thread of its own, whose context slots begin at zero; the caller's come back. */
export function withFreshContext<T>(slot: number, call: () => T): T {
  const word = (slot + CONTEXT_0) >> 2;
  const saved = control.i32.slice(word, word + FRESH.length);
  setContext(slot, FRESH);
  try {
    return call();
  } finally {
    setContext(slot, saved);
  }
}
