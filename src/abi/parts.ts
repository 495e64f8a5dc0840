/** How large a type is when every shared part is counted each time: what decides whether code for it is written out. */
import type { ValueType } from '../types/value-type.ts';
import { despecialize } from './despecialize.ts';

const sizes = new WeakMap<ValueType, number>();

/** Parts of a type; stops counting at a million. */
export function partsOf(type: ValueType): number {
  const known = sizes.get(type);
  if (known !== undefined) return known;
  const t = despecialize(type);
  let parts = 1;
  if (t.kind === 'record') for (const f of t.fields) parts += partsOf(f.type);
  else if (t.kind === 'variant') for (const c of t.cases) parts += c.type === undefined ? 1 : partsOf(c.type);
  else if (t.kind === 'list') parts += partsOf(t.element);
  else if (t.kind === 'fixed-list') parts += partsOf(t.element) * Math.min(t.length, 17);
  else if (t.kind === 'flags') parts += t.labels.length;
  parts = Math.min(parts, 1_000_000);
  sizes.set(type, parts);
  return parts;
}
