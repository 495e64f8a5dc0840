/** Lowering into linear memory. Specification: CanonicalABI.md, "Storing". */
import { trapIf } from '../error/trap.ts';
import type { ValueType, VariantCase } from '../types/value-type.ts';
import { unreachable } from '../util/invariant.ts';
import type { AbiContext } from './context.ts';
import { despecialize } from './despecialize.ts';
import { pointerSize } from './flatten.ts';
import { discriminantSize, fieldOffsets, flagsSize, layout, payloadOffset } from './layout.ts';
import { allocate, memoryOf, storeUint, storeWord } from './memory.ts';
import { joinTag, MAX_REALLOC, storeStringRange } from './string.ts';
import type { AbiHandle, AbiString, AbiValue, AbiVariant } from './values.ts';

/** Stores `value` of `type` at `pointer`, which is aligned and in bounds. */
export function store(cx: AbiContext, type: ValueType, value: AbiValue, pointer: number): void {
  const t = despecialize(type);
  switch (t.kind) {
    case 'bool':
      storeUint(cx, pointer, 1, value === true ? 1 : 0);
      return;
    case 'u8':
    case 's8':
      storeUint(cx, pointer, 1, value as number);
      return;
    case 'u16':
    case 's16':
      storeUint(cx, pointer, 2, value as number);
      return;
    case 'u32':
    case 's32':
    case 'char':
      storeUint(cx, pointer, 4, value as number);
      return;
    case 'u64':
    case 's64':
      memoryOf(cx).view.setBigUint64(pointer, BigInt.asUintN(64, value as bigint), true);
      return;
    case 'f32':
      memoryOf(cx).view.setFloat32(pointer, value as number, true);
      return;
    case 'f64':
      memoryOf(cx).view.setFloat64(pointer, value as number, true);
      return;
    case 'string': {
      const stored = storeStringRange(cx, value as AbiString);
      storeWord(cx, pointer, stored.pointer);
      storeWord(cx, pointer + pointerSize(cx.options), joinTag(cx, stored));
      return;
    }
    case 'list': {
      const elements = value as readonly AbiValue[];
      const begin = storeList(cx, t.element, elements);
      storeWord(cx, pointer, begin);
      storeWord(cx, pointer + pointerSize(cx.options), elements.length);
      return;
    }
    case 'fixed-list':
      storeElements(cx, t.element, value as readonly AbiValue[], pointer);
      return;
    case 'record': {
      const types = t.fields.map((f) => f.type);
      const offsets = fieldOffsets(types, pointerSize(cx.options));
      for (const [i, offset] of offsets.entries())
        store(cx, types[i]!, (value as readonly AbiValue[])[i]!, pointer + offset);
      return;
    }
    case 'variant':
      storeVariant(cx, t.cases, value as AbiVariant, pointer);
      return;
    case 'flags':
      storeUint(cx, pointer, flagsSize(t.labels.length), value as number);
      return;
    case 'own':
      storeUint(cx, pointer, 4, cx.handles.lowerOwn(t.resource, (value as AbiHandle).value));
      return;
    case 'borrow':
      storeUint(cx, pointer, 4, cx.handles.lowerBorrow(t.resource, (value as AbiHandle).value));
      return;
    case 'stream':
    case 'future':
      storeUint(cx, pointer, 4, cx.handles.lowerEnd(t, (value as AbiHandle).value));
      return;
    case 'error-context':
      storeUint(cx, pointer, 4, cx.handles.lowerErrorContext((value as AbiHandle).value));
      return;
    default:
      unreachable(t);
  }
}

function storeVariant(cx: AbiContext, cases: readonly VariantCase[], value: AbiVariant, pointer: number): void {
  storeUint(cx, pointer, discriminantSize(cases.length), value.case);
  const { type } = cases[value.case]!;
  if (type === undefined) return;
  store(cx, type, value.value!, pointer + payloadOffset(cases, pointerSize(cx.options)));
}

/** Allocates and stores the elements of a list; gives the pointer. Specification: `store_list_into_range`. */
export function storeList(cx: AbiContext, element: ValueType, values: readonly AbiValue[]): number {
  const { align, size } = layout(element, pointerSize(cx.options));
  trapIf(values.length * size > MAX_REALLOC, 'value-too-large');
  const pointer = allocate(cx, 0, 0, align, values.length * size, 'realloc-out-of-bounds/list');
  storeElements(cx, element, values, pointer);
  return pointer;
}

function storeElements(cx: AbiContext, element: ValueType, values: readonly AbiValue[], pointer: number): void {
  const { size } = layout(element, pointerSize(cx.options));
  for (const [i, value] of values.entries()) store(cx, element, value, pointer + i * size);
}
