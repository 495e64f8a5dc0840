/** Slots of component instances in the control memory. Layout: `control.ts`. */
import { control, ENTRY_SIZE, MAY_LEAVE, SLOT_SIZE, TABLE, TABLE_CAPACITY, TABLE_LENGTH } from './control.ts';

/** Entries of a handle table that is kept for the next tenant; larger ones are given back. */
const KEPT_ENTRIES = 1_024;

/** Gives the handle table of a slot back. */
export function releaseTable(slot: number): void {
  const s = control.i32;
  const table = s[(slot + TABLE) >> 2] ?? 0;
  const capacity = s[(slot + TABLE_CAPACITY) >> 2] ?? 0;
  if (table !== 0) control.release(table, capacity * ENTRY_SIZE);
}

/** Makes a slot as it was when it was new; its handle table is kept, empty and zeroed, if it is small. */
export function clearSlot(slot: number): void {
  const s = control.i32;
  const table = s[(slot + TABLE) >> 2] ?? 0;
  const capacity = s[(slot + TABLE_CAPACITY) >> 2] ?? 0;
  const used = s[(slot + TABLE_LENGTH) >> 2] ?? 0;
  const keeps = capacity <= KEPT_ENTRIES;
  if (keeps) s.fill(0, table >> 2, (table + used * ENTRY_SIZE) >> 2);
  else releaseTable(slot);
  s.fill(0, slot >> 2, (slot + SLOT_SIZE) >> 2);
  s[(slot + MAY_LEAVE) >> 2] = 1;
  if (!keeps || table === 0) return;
  s[(slot + TABLE) >> 2] = table;
  s[(slot + TABLE_CAPACITY) >> 2] = capacity;
}
