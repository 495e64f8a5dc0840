/**
 * What must be undone when a call ends: lends to return, borrows to check and to take back. A thread-wide stack; an entry belongs
 * to the border function and the place on the call stack where it was made. Specification: CanonicalABI.md, `deliver_resolve`,
 * `Task.return_`.
 */
import type { BorderEnv } from '../abi/js/border.ts';
import { callTop } from './frames.ts';

interface Entry {
  top: number;
  readonly env: BorderEnv;
  readonly undo: () => void;
}

const log: Entry[] = [];

/** What belongs to a call that may outlive its stack: its own list. */
let apart: (() => void)[] | undefined;

/** From here on what must be undone belongs to the call whose list it is; undefined: again to the call on the stack. */
export function rememberIn(list: (() => void)[] | undefined): void {
  apart = list;
}

/** Remembers `undo` for the end of the current call of `env`. */
export function remember(env: BorderEnv, undo: () => void): void {
  if (apart !== undefined) {
    apart.push(undo);
    return;
  }
  log.push({ top: callTop(), env, undo });
}

/** Ends the current call of `env`. An `undo` may trap; the others of the call are still run. */
export function endCall(env: BorderEnv): void {
  if (apart !== undefined) {
    for (const undo of apart.splice(0)) undo();
    return;
  }
  const top = callTop();
  let failure: unknown;
  for (let entry = log.at(-1); entry !== undefined && entry.top === top && entry.env === env; entry = log.at(-1)) {
    log.pop();
    try {
      entry.undo();
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
}

/** Undoes everything above `base`, after a failure there. What cannot be undone does not matter any more. */
export function abandonAbove(base: number): void {
  for (let entry = log.at(-1); entry !== undefined && entry.top > base; entry = log.at(-1)) {
    log.pop();
    try {
      entry.undo();
    } catch {
      // The call failed already, with a reason that came first.
    }
  }
}

/** Takes out the entries above `base`, for a stack that is suspended. */
export function detachAbove(base: number): Entry[] {
  let from = log.length;
  while (from > 0 && (log[from - 1]?.top ?? 0) > base) from--;
  return log.splice(from);
}

/** Puts entries back for a stack that goes on `shift` bytes further on the call stack. */
export function attach(entries: readonly Entry[], shift: number): void {
  for (const entry of entries) {
    entry.top += shift;
    log.push(entry);
  }
}

export type BorrowEntries = readonly Entry[];
