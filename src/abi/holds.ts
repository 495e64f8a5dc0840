/** What a type holds somewhere inside. Linear in its distinct parts. */
import type { ValueType } from '../types/value-type.ts';
import { type AbiType, despecialize } from './despecialize.ts';

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

/** Whether passing the type on takes something away from whoever passes it. */
export function holdsMoved(type: ValueType): boolean {
  return holds(type, (t) => t.kind === 'own' || t.kind === 'stream' || t.kind === 'future');
}

export function holdsBorrow(type: ValueType): boolean {
  return holds(type, (t) => t.kind === 'borrow');
}
