/**
 * Handle tables in the control memory: one per component instance, index 0 never used, freed indices reused last in, first out
 * (which the reference suite observes). Layout: `control.ts`. Specification: CanonicalABI.md, "Table State", "Resource State".
 */
import { adoptLimit } from '../error/limit.ts';
import { makeTrap } from '../error/trap.ts';
import {
  control,
  ENTRY_REP,
  ENTRY_SCOPE,
  ENTRY_SIZE,
  ENTRY_STATE,
  ENTRY_TYPE,
  TABLE,
  TABLE_CAPACITY,
  TABLE_FREE,
  TABLE_LENGTH,
} from './control.ts';
import { storeOf } from './store.ts';

/** Handles in one table. The specification allows 2^28 - 1; a million is what a guest may hold here. */
export const MAX_HANDLES = 1_000_000;

/** The OWN bit of an entry's state. */
export const OWN = 1;
/** One lend in an entry's state. */
export const LEND = 2;

const FIRST_CAPACITY = 16;

/** Makes room for the index that comes next. Traps where as many are held as may be. */
function grow(slot: number, index: number): void {
  const most = storeOf(slot)?.options.handles;
  if (most !== undefined && index > most)
    throw adoptLimit(makeTrap('table-full'), { limit: 'handles', allowed: most, used: index });
  const old = control.i32[(slot + TABLE) >> 2] ?? 0;
  const capacity = control.i32[(slot + TABLE_CAPACITY) >> 2] ?? 0;
  // Whoever would go beyond the limit must come here.
  const wanted = Math.min(capacity === 0 ? FIRST_CAPACITY : capacity * 2, (most ?? MAX_HANDLES) + 1);
  const table = control.allocate(wanted * ENTRY_SIZE);
  const s = control.i32;
  if (old !== 0) {
    s.copyWithin(table >> 2, old >> 2, (old + capacity * ENTRY_SIZE) >> 2);
    control.release(old, capacity * ENTRY_SIZE);
  }
  s[(slot + TABLE) >> 2] = table;
  s[(slot + TABLE_CAPACITY) >> 2] = wanted;
}

/** Adds an entry and gives its index. Traps when the table is full. */
export function addHandle(slot: number, type: number, rep: number, state: number, scope: number): number {
  let s = control.i32;
  let index = s[(slot + TABLE_FREE) >> 2] ?? 0;
  if (index !== 0) {
    const entry = (s[(slot + TABLE) >> 2] ?? 0) + index * ENTRY_SIZE;
    s[(slot + TABLE_FREE) >> 2] = s[(entry + ENTRY_SCOPE) >> 2] ?? 0;
  } else {
    index = Math.max(1, s[(slot + TABLE_LENGTH) >> 2] ?? 0);
    if (index > MAX_HANDLES)
      throw makeTrap('table-full', { hint: `a component instance holds at most ${MAX_HANDLES} handles` });
    if (index >= (s[(slot + TABLE_CAPACITY) >> 2] ?? 0)) {
      grow(slot, index);
      s = control.i32;
    }
    s[(slot + TABLE_LENGTH) >> 2] = index + 1;
  }
  const entry = ((s[(slot + TABLE) >> 2] ?? 0) + index * ENTRY_SIZE) >> 2;
  s[entry + (ENTRY_TYPE >> 2)] = type;
  s[entry + (ENTRY_REP >> 2)] = rep;
  s[entry + (ENTRY_STATE >> 2)] = state;
  s[entry + (ENTRY_SCOPE >> 2)] = scope;
  return index;
}

/** Position (in 32-bit words) of a live entry of any type. Traps if there is none. */
export function findHandle(slot: number, index: number): number {
  const s = control.i32;
  const unsigned = index >>> 0;
  const entry = ((s[(slot + TABLE) >> 2] ?? 0) + unsigned * ENTRY_SIZE) >> 2;
  if (unsigned === 0 || unsigned >= (s[(slot + TABLE_LENGTH) >> 2] ?? 0) || s[entry + (ENTRY_TYPE >> 2)] === 0) {
    throw makeTrap('unknown-handle', { reason: `unknown handle index ${unsigned}` });
  }
  return entry;
}

/** Frees an entry found before: its index is the next to be given. */
export function freeHandle(slot: number, index: number, entry: number): void {
  const s = control.i32;
  s[entry + (ENTRY_TYPE >> 2)] = 0;
  s[entry + (ENTRY_REP >> 2)] = 0;
  s[entry + (ENTRY_STATE >> 2)] = 0;
  s[entry + (ENTRY_SCOPE >> 2)] = s[(slot + TABLE_FREE) >> 2] ?? 0;
  s[(slot + TABLE_FREE) >> 2] = index >>> 0;
}

/** Every live entry, for clean-up and counting. */
export function* liveHandles(slot: number): Generator<{ index: number; type: number; rep: number; state: number }> {
  const length = control.i32[(slot + TABLE_LENGTH) >> 2] ?? 0;
  for (let index = 1; index < length; index++) {
    const s = control.i32;
    const entry = ((s[(slot + TABLE) >> 2] ?? 0) + index * ENTRY_SIZE) >> 2;
    const type = s[entry + (ENTRY_TYPE >> 2)] ?? 0;
    if (type === 0) continue;
    yield { index, type, rep: s[entry + (ENTRY_REP >> 2)] ?? 0, state: s[entry + (ENTRY_STATE >> 2)] ?? 0 };
  }
}
