/** What types contain, as far as the emission of adapters depends on it. Each walk visits a shared part once. */
import type { ValueType } from '../../types/value-type.ts';
import { type AbiType, despecialize } from '../despecialize.ts';
import { flattenType, MAX_FLAT_PARAMS } from '../flatten.ts';
import { layout } from '../layout.ts';
import { partsOf } from '../parts.ts';

/** Types with more parts than this are carried by a function of their own. */
export const OUTLINE_ABOVE = 24;

function children(t: AbiType): readonly ValueType[] {
  switch (t.kind) {
    case 'record':
      return t.fields.map((f) => f.type);
    case 'variant':
      return t.cases.flatMap((c) => (c.type === undefined ? [] : [c.type]));
    case 'list':
    case 'fixed-list':
      return [t.element];
    default:
      return [];
  }
}

/** Whether a type is or contains one of which `wanted` says so. Element types of streams and futures are not looked at. */
export function holds(type: ValueType, wanted: (t: AbiType) => boolean, seen = new Set<ValueType>()): boolean {
  if (seen.has(type)) return false;
  seen.add(type);
  const t = despecialize(type);
  return wanted(t) || children(t).some((child) => holds(child, wanted, seen));
}

/** Whether lowering a value of the type calls `realloc`. */
export function allocates(t: AbiType): boolean {
  return t.kind === 'string' || t.kind === 'list';
}

/**
 * Parts of the code that carries values of `types`: what is carried by a function of its own counts once, however often it is
 * referred to.
 */
export function emittedParts(types: readonly ValueType[], seen = new Set<ValueType>()): number {
  let parts = 0;
  for (const type of types) {
    if (seen.has(type)) {
      parts++;
      continue;
    }
    if (partsOf(type) > OUTLINE_ABOVE) seen.add(type);
    const t = despecialize(type);
    const own = t.kind === 'variant' ? t.cases.length : 1;
    // In a flat place, the elements of a fixed-length list are written out one by one.
    const times = t.kind === 'fixed-list' && flattenType(t, 4).length <= MAX_FLAT_PARAMS ? t.length : 1;
    parts += own + times * emittedParts(children(t), seen);
  }
  return parts;
}

const plain = new WeakMap<ValueType, boolean>();

/** Whether values are the same bytes on both sides, without padding and any bits allowed: then a list of them is one copy. */
export function isPlainBytes(type: ValueType): boolean {
  let known = plain.get(type);
  if (known === undefined) {
    known = computePlain(type);
    plain.set(type, known);
  }
  return known;
}

function computePlain(type: ValueType): boolean {
  const t = despecialize(type);
  switch (t.kind) {
    case 'u8':
    case 's8':
    case 'u16':
    case 's16':
    case 'u32':
    case 's32':
    case 'u64':
    case 's64':
    case 'f32':
    case 'f64':
      return true;
    case 'record': {
      // Without pointers, the layout is the same for both sizes of them.
      const bytes = t.fields.reduce((sum, f) => sum + layout(f.type, 4).size, 0);
      return t.fields.every((f) => isPlainBytes(f.type)) && bytes === layout(type, 4).size;
    }
    case 'fixed-list':
      return isPlainBytes(t.element);
    default:
      return false;
  }
}
