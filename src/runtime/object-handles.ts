/**
 * Handles to what JavaScript holds: subtasks, waitable sets, ends of streams and futures, error contexts. They stand in the same tables as
 * resources; TYPE is negative there and REP a number for the object. Specification: CanonicalABI.md, "Table State".
 */
import { makeTrap, type Trap } from '../error/trap.ts';
import { invariant } from '../util/invariant.ts';
import { control, ENTRY_REP, ENTRY_TYPE } from './control.ts';
import { onStoreEnd, type Store, TOLD } from './store.ts';
import { addHandle, findHandle, freeHandle, liveHandles } from './table.ts';

/** What the entries of a table are, as messages name them; the negative of the position is the TYPE. */
const KINDS = [
  '',
  'a subtask',
  'a waitable set',
  'the readable end of a stream',
  'the writable end of a stream',
  'the readable end of a future',
  'the writable end of a future',
  'an error context',
] as const;

export const SUBTASK = -1;
export const WAITABLE_SET = -2;
export const READABLE_STREAM = -3;
export const WRITABLE_STREAM = -4;
export const READABLE_FUTURE = -5;
export const WRITABLE_FUTURE = -6;
export const ERROR_CONTEXT = -7;

/** What a handle stands for. */
export interface HandleObject {
  /** Its TYPE in tables. */
  readonly tableType: number;
  /** Its store has ended, and why. */
  abandon?(failure: Trap): void;
}

/**
 * The objects behind the handles of one instantiation, by REP. The instantiation holds them, and nothing else does: they lead back to it,
 * and one that nobody else reaches must be collected, whatever ends of streams its tables hold.
 */
export class ObjectTable {
  readonly objects: (HandleObject | undefined)[] = [];
  readonly free: number[] = [];
}

const tables = new Map<number, WeakRef<ObjectTable>>();
let count = 0;

/** Makes the one table for the component instances of an instantiation. */
export function makeObjectTable(slots: readonly number[]): ObjectTable {
  const table = new ObjectTable();
  const weak = new WeakRef(table);
  for (const slot of slots) tables.set(slot, weak);
  return table;
}

function tableOf(slot: number): ObjectTable {
  const table = tables.get(slot)?.deref();
  invariant(table !== undefined, 'an instance that runs has its objects');
  return table;
}

/** How many objects all tables hold. */
export function objectCount(): number {
  return count;
}

function nameOf(type: number): string {
  return type > 0 ? 'a resource' : (KINDS[-type] ?? 'something else');
}

/** Adds a handle to the table of an instance. */
export function addObject(slot: number, object: HandleObject): number {
  const { objects, free } = tableOf(slot);
  const rep = free.pop() ?? objects.length;
  objects[rep] = object;
  count++;
  onStoreEnd(TOLD.objects, abandonObjects);
  return addHandle(slot, object.tableType, rep, 0, 0);
}

function isOneOf(type: number, wanted: readonly number[]): boolean {
  for (let i = 0; i < wanted.length; i++) if (wanted[i] === type) return true;
  return false;
}

function find(slot: number, index: number, wanted: readonly number[]): number {
  const entry = findHandle(slot, index);
  const type = control.i32[entry + (ENTRY_TYPE >> 2)] ?? 0;
  if (!isOneOf(type, wanted)) {
    throw makeTrap('wrong-handle-type', {
      reason: `handle index ${index >>> 0} is ${nameOf(type)}, expected ${wanted.map(nameOf).join(' or ')}`,
    });
  }
  return entry;
}

function objectAt(table: ObjectTable, entry: number): HandleObject {
  return table.objects[control.i32[entry + (ENTRY_REP >> 2)] ?? 0]!;
}

/** The object of a handle of one of the wanted types. Traps if there is none. */
export function getObject<T extends HandleObject>(slot: number, index: number, ...wanted: readonly number[]): T {
  const entry = find(slot, index, wanted);
  return objectAt(tableOf(slot), entry) as T;
}

/** Takes a handle out of the table. */
export function removeObject<T extends HandleObject>(slot: number, index: number, ...wanted: readonly number[]): T {
  const entry = find(slot, index, wanted);
  const table = tableOf(slot);
  const object = objectAt(table, entry);
  const rep = control.i32[entry + (ENTRY_REP >> 2)] ?? 0;
  freeHandle(slot, index, entry);
  table.objects[rep] = undefined;
  table.free.push(rep);
  count--;
  return object as T;
}

/** Takes all objects out of the table of an instance whose store has ended. Of one that was collected none are left to be told. */
function abandonAll(slot: number): readonly HandleObject[] {
  const abandoned: HandleObject[] = [];
  const table = tables.get(slot)?.deref();
  for (const { type, rep } of liveHandles(slot)) {
    if (type >= 0) continue;
    count--;
    const object = table?.objects[rep];
    if (table === undefined || object === undefined) continue;
    table.objects[rep] = undefined;
    table.free.push(rep);
    abandoned.push(object);
  }
  return abandoned;
}

function abandonObjects(store: Store): void {
  const abandoned = store.slots.flatMap(abandonAll);
  if (abandoned.length === 0) return;
  const failure = store.failure ?? store.deadTrap(undefined);
  for (const object of abandoned) object.abandon?.(failure);
}
