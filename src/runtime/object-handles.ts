/**
 * Handles to what JavaScript holds: subtasks, waitable sets, ends of streams and futures, error contexts. They stand in the same tables as
 * resources; TYPE is negative there and REP a number for the object. Specification: CanonicalABI.md, "Table State".
 */
import { makeTrap } from '../error/trap.ts';
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
  /** Its store has ended. */
  abandon?(): void;
}

const objects: (HandleObject | undefined)[] = [];
const free: number[] = [];

/** How many objects all tables hold. */
export function objectCount(): number {
  return objects.length - free.length;
}

function nameOf(type: number): string {
  return type > 0 ? 'a resource' : (KINDS[-type] ?? 'something else');
}

/** Adds a handle to the table of an instance. */
export function addObject(slot: number, object: HandleObject): number {
  const rep = free.pop() ?? objects.length;
  objects[rep] = object;
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

function objectAt(entry: number): HandleObject {
  return objects[control.i32[entry + (ENTRY_REP >> 2)] ?? 0]!;
}

/** The object of a handle of one of the wanted types. Traps if there is none. */
export function getObject<T extends HandleObject>(slot: number, index: number, ...wanted: readonly number[]): T {
  return objectAt(find(slot, index, wanted)) as T;
}

/** Takes a handle out of the table. */
export function removeObject<T extends HandleObject>(slot: number, index: number, ...wanted: readonly number[]): T {
  const entry = find(slot, index, wanted);
  const object = objectAt(entry);
  const rep = control.i32[entry + (ENTRY_REP >> 2)] ?? 0;
  freeHandle(slot, index, entry);
  objects[rep] = undefined;
  free.push(rep);
  return object as T;
}

function abandonObjects(store: Store): void {
  const abandoned: HandleObject[] = [];
  for (const slot of store.slots)
    for (const { type, rep } of liveHandles(slot)) {
      const object = type < 0 ? objects[rep] : undefined;
      if (object === undefined) continue;
      objects[rep] = undefined;
      free.push(rep);
      abandoned.push(object);
    }
  for (const object of abandoned) object.abandon?.();
}
