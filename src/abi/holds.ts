/** What a type holds somewhere inside. Linear in its distinct parts. */
import type { ValueType } from '../types/value-type.ts';
import { type AbiType, despecialize } from './despecialize.ts';

const PRIMITIVE: ReadonlySet<AbiType['kind']> = new Set([
  'bool',
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
  'char',
  'string',
]);
const HANDLES: ReadonlySet<AbiType['kind']> = new Set(['own', 'borrow', 'stream', 'future', 'error-context']);

/** Whether `type`, or a type inside it, is `wanted`. */
export function holds(type: ValueType, wanted: (t: AbiType) => boolean, seen: Set<ValueType> = new Set()): boolean {
  if (seen.has(type)) return false;
  seen.add(type);
  const t = despecialize(type);
  if (wanted(t)) return true;
  switch (t.kind) {
    case 'record':
      return t.fields.some((f) => holds(f.type, wanted, seen));
    case 'variant':
      return t.cases.some((c) => c.type !== undefined && holds(c.type, wanted, seen));
    case 'list':
    case 'fixed-list':
      return holds(t.element, wanted, seen);
    default:
      return false;
  }
}

/** Whether lowering the type allocates in the guest's memory. */
export function allocates(type: ValueType): boolean {
  return holds(type, (t) => t.kind === 'string' || t.kind === 'list');
}

/** Whether values of the type are, or hold, entries of a handle table. */
export function holdsHandle(type: ValueType): boolean {
  return holds(type, ({ kind }) => HANDLES.has(kind));
}

/** Whether lowering the type puts into a handle table what stays there: handles of every kind but borrows, which their call takes back. */
export function holdsKept(type: ValueType): boolean {
  return holds(type, ({ kind }) => kind !== 'borrow' && HANDLES.has(kind));
}

/** Whether lowering the type asks objects of the host, which may run code of the host. */
export function asksHost(type: ValueType): boolean {
  return holds(type, ({ kind }) => !PRIMITIVE.has(kind));
}

export function holdsBorrow(type: ValueType): boolean {
  return holds(type, (t) => t.kind === 'borrow');
}
