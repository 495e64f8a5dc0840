/** Sizes and alignments in linear memory. Specification: CanonicalABI.md, "Alignment", "Element Size". */
import type { ValueType, VariantCase } from '../types/value-type.ts';
import { unreachable } from '../util/invariant.ts';
import { despecialize } from './despecialize.ts';

/** Bytes of a pointer. */
export type PointerSize = 4 | 8;

export interface Layout {
  readonly align: number;
  readonly size: number;
}

const caches: Record<PointerSize, WeakMap<ValueType, Layout>> = { 4: new WeakMap(), 8: new WeakMap() };

/** Rounds up to a multiple of `align`. */
export function alignTo(offset: number, align: number): number {
  return Math.ceil(offset / align) * align;
}

/** Bytes of the discriminant of a variant with `cases` cases. */
export function discriminantSize(cases: number): 1 | 2 | 4 {
  return cases <= 0x100 ? 1 : cases <= 0x1_0000 ? 2 : 4;
}

/** Bytes of a flags value. */
export function flagsSize(labels: number): 1 | 2 | 4 {
  return labels <= 8 ? 1 : labels <= 16 ? 2 : 4;
}

/** Where the payload of a variant begins. */
export function payloadOffset(cases: readonly VariantCase[], pointer: PointerSize): number {
  const align = Math.max(1, ...cases.map((c) => (c.type === undefined ? 1 : layout(c.type, pointer).align)));
  return alignTo(discriminantSize(cases.length), align);
}

/** Offsets of the fields of a record. */
export function fieldOffsets(types: readonly ValueType[], pointer: PointerSize): readonly number[] {
  let offset = 0;
  return types.map((type) => {
    const { align, size } = layout(type, pointer);
    const at = alignTo(offset, align);
    offset = at + size;
    return at;
  });
}

function record(types: readonly ValueType[], pointer: PointerSize): Layout {
  let size = 0;
  let align = 1;
  for (const type of types) {
    const field = layout(type, pointer);
    size = alignTo(size, field.align) + field.size;
    align = Math.max(align, field.align);
  }
  return { align, size: alignTo(size, align) };
}

function variant(cases: readonly VariantCase[], pointer: PointerSize): Layout {
  const discriminant = discriminantSize(cases.length);
  let align: number = discriminant;
  let payload = 0;
  for (const { type } of cases) {
    if (type === undefined) continue;
    const inner = layout(type, pointer);
    align = Math.max(align, inner.align);
    payload = Math.max(payload, inner.size);
  }
  return { align, size: alignTo(payloadOffset(cases, pointer) + payload, align) };
}

function compute(type: ValueType, pointer: PointerSize): Layout {
  const t = despecialize(type);
  switch (t.kind) {
    case 'bool':
    case 's8':
    case 'u8':
      return { align: 1, size: 1 };
    case 's16':
    case 'u16':
      return { align: 2, size: 2 };
    case 's32':
    case 'u32':
    case 'f32':
    case 'char':
    case 'own':
    case 'borrow':
    case 'stream':
    case 'future':
    case 'error-context':
      return { align: 4, size: 4 };
    case 's64':
    case 'u64':
    case 'f64':
      return { align: 8, size: 8 };
    case 'string':
    case 'list':
      return { align: pointer, size: 2 * pointer };
    case 'fixed-list': {
      const element = layout(t.element, pointer);
      return { align: element.align, size: element.size * t.length };
    }
    case 'flags': {
      const size = flagsSize(t.labels.length);
      return { align: size, size };
    }
    case 'record':
      return record(
        t.fields.map((f) => f.type),
        pointer,
      );
    case 'variant':
      return variant(t.cases, pointer);
    default:
      return unreachable(t);
  }
}

/** Size and alignment of a type; cached by the type's identity, so that shared parts are measured once. */
export function layout(type: ValueType, pointer: PointerSize): Layout {
  let known = caches[pointer].get(type);
  if (known === undefined) {
    known = compute(type, pointer);
    caches[pointer].set(type, known);
  }
  return known;
}
