/**
 * What must be undone when a call ends: lends to return, borrows to check and to take back. A thread-wide stack; an entry belongs
 * to the border function and the place on the call stack where it was made. Specification: CanonicalABI.md, `deliver_resolve`,
 * `Task.return_`. What adapters lend stands in the log of lends in the control memory (`control.ts`), which is kept here as well.
 */
import type { BorderEnv } from '../abi/js/border.ts';
import {
  control,
  ENTRY_SIZE,
  ENTRY_STATE,
  LEND_INDEX,
  LEND_LOG,
  LEND_SIZE,
  LEND_SLOT,
  LEND_TAG,
  LEND_TOP,
  TABLE,
} from './control.ts';
import { callTop } from './frames.ts';
import { LEND } from './table.ts';

/** Ends what was lent; `refused`: the call did not begin, since an argument of the host did not fit. */
export type Undo = (refused?: boolean) => void;

interface Entry {
  top: number;
  readonly env: BorderEnv;
  readonly undo: Undo;
}

const log: Entry[] = [];

/** What belongs to a call that may outlive its stack: its own list. */
let apart: Undo[] | undefined;

/** From here on what must be undone belongs to the call whose list it is; undefined: again to the call on the stack. */
export function rememberIn(list: Undo[] | undefined): void {
  apart = list;
}

/** Remembers `undo` for the end of the current call of `env`. */
export function remember(env: BorderEnv, undo: Undo): void {
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

/** Where an entry of the log of lends is, as an index of words; the newest where `back` is 1. Undefined past the oldest. */
function lendAt(back: number): number | undefined {
  const at = (control.i32[LEND_TOP >> 2] ?? LEND_LOG) - back * LEND_SIZE;
  return at < LEND_LOG ? undefined : at >> 2;
}

function lendTag(entry: number): number {
  return control.i32[entry + (LEND_TAG >> 2)] ?? 0;
}

function giveBack(slot: number, index: number): void {
  const state = ((control.i32[(slot + TABLE) >> 2] ?? 0) + index * ENTRY_SIZE + ENTRY_STATE) >> 2;
  control.i32[state] = (control.i32[state] ?? 0) - LEND;
}

/**
 * Takes over what adapters lent for the call whose frame ends at `top`: gives what undoes each. The entries stay, without meaning, until
 * the call's end.
 */
export function takeLends(top: number): readonly (() => void)[] {
  const undo: (() => void)[] = [];
  for (let back = 1, entry = lendAt(1); entry !== undefined && lendTag(entry) >= top; back++, entry = lendAt(back)) {
    const slot = control.i32[entry + (LEND_SLOT >> 2)] ?? 0;
    const index = control.i32[entry + (LEND_INDEX >> 2)] ?? 0;
    if (lendTag(entry) !== top || slot === 0) continue;
    control.i32[entry + (LEND_SLOT >> 2)] = 0;
    undo.unshift(() => giveBack(slot, index));
  }
  return undo;
}

/** Forgets the entries that {@link takeLends} left, of the innermost call. */
export function forgetLends(): void {
  const top = callTop();
  for (let entry = lendAt(1); entry !== undefined && lendTag(entry) === top; entry = lendAt(1))
    control.i32[LEND_TOP >> 2] = entry << 2;
}

/** Takes over what is remembered for the call of `env` whose frame ends at `top`. */
export function takeRemembered(env: BorderEnv, top: number): readonly Undo[] {
  const undo: Undo[] = [];
  for (let at = log.length - 1; at >= 0 && (log[at]?.top ?? 0) >= top; at--) {
    const entry = log[at];
    if (entry?.top === top && entry.env === env) undo.unshift(...log.splice(at, 1).map((taken) => taken.undo));
  }
  return undo;
}

/** Undoes everything above `base`, after a failure there, or a call that was refused. What cannot be undone does not matter any more. */
export function abandonAbove(base: number, refused = false): void {
  for (let entry = lendAt(1); entry !== undefined && lendTag(entry) > base; entry = lendAt(1)) {
    const slot = control.i32[entry + (LEND_SLOT >> 2)] ?? 0;
    if (slot !== 0) giveBack(slot, control.i32[entry + (LEND_INDEX >> 2)] ?? 0);
    control.i32[LEND_TOP >> 2] = entry << 2;
  }
  for (let entry = log.at(-1); entry !== undefined && entry.top > base; entry = log.at(-1)) {
    log.pop();
    try {
      entry.undo(refused);
    } catch {
      // The call failed already, with a reason that came first.
    }
  }
}

/** What a suspended stack takes with it. */
export interface BorrowEntries {
  readonly entries: readonly Entry[];
  /** Words of the log of lends. */
  readonly lends: readonly number[];
}

/** Of a stack that takes nothing. */
export const NO_BORROWS: BorrowEntries = { entries: [], lends: [] };

/** Takes out the entries above `base`, for a stack that is suspended. */
export function detachAbove(base: number): BorrowEntries {
  let from = log.length;
  if (from === 0 && control.i32[LEND_TOP >> 2] === LEND_LOG) return NO_BORROWS;
  const newest = lendAt(1);
  const isAbove = from > 0 && (log[from - 1]?.top ?? 0) > base;
  if (!isAbove && (newest === undefined || lendTag(newest) <= base)) return NO_BORROWS;
  while (from > 0 && (log[from - 1]?.top ?? 0) > base) from--;
  const top = control.i32[LEND_TOP >> 2] ?? LEND_LOG;
  for (let entry = lendAt(1); entry !== undefined && lendTag(entry) > base; entry = lendAt(1))
    control.i32[LEND_TOP >> 2] = entry << 2;
  const lends = control.i32.subarray((control.i32[LEND_TOP >> 2] ?? LEND_LOG) >> 2, top >> 2);
  return { entries: log.splice(from), lends: Array.from(lends) };
}

/** Puts entries back for a stack that goes on `shift` bytes further on the call stack. */
export function attach(taken: BorrowEntries, shift: number): void {
  if (taken === NO_BORROWS) return;
  const { entries, lends } = taken;
  for (const entry of entries) {
    entry.top += shift;
    log.push(entry);
  }
  const top = control.i32[LEND_TOP >> 2] ?? LEND_LOG;
  control.i32.set(lends, top >> 2);
  for (let at = 0; at < lends.length * 4; at += LEND_SIZE) {
    const tag = (top + at + LEND_TAG) >> 2;
    control.i32[tag] = (control.i32[tag] ?? 0) + shift;
  }
  control.i32[LEND_TOP >> 2] = top + lends.length * 4;
}
