/** Lifting from linear memory. Specification: CanonicalABI.md, "Loading". */
import { trapIf } from '../error/trap.ts';
import type { ValueType, VariantCase } from '../types/value-type.ts';
import { unreachable } from '../util/invariant.ts';
import type { AbiContext } from './context.ts';
import { despecialize } from './despecialize.ts';
import { pointerSize } from './flatten.ts';
import { discriminantSize, fieldOffsets, flagsSize, layout, payloadOffset } from './layout.ts';
import { liftsList } from './lifted.ts';
import { checkRange, loadUint, loadWord, memoryOf, toNumber } from './memory.ts';
import { loadStringRange, MAX_BYTES, splitTag } from './string.ts';
import type { AbiHandle, AbiValue, AbiVariant } from './values.ts';

/** Unknown high bits of flags are ignored. */
export function flagsMask(labels: number): number {
  return labels === 32 ? 0xffff_ffff : 2 ** labels - 1;
}

/** Traps unless `code` is a Unicode scalar value. */
export function checkChar(code: number): number {
  trapIf(code >= 0x11_0000 || (code >= 0xd800 && code <= 0xdfff), 'invalid-char');
  return code;
}

export function handle(value: unknown): AbiHandle {
  return { kind: 'handle', value };
}

/** Loads a value of `type` at `pointer`, which is aligned and in bounds. */
export function load(cx: AbiContext, type: ValueType, pointer: number): AbiValue {
  const t = despecialize(type);
  const { view } = memoryOf(cx);
  switch (t.kind) {
    case 'bool':
      return view.getUint8(pointer) !== 0;
    case 'u8':
      return view.getUint8(pointer);
    case 's8':
      return view.getInt8(pointer);
    case 'u16':
      return view.getUint16(pointer, true);
    case 's16':
      return view.getInt16(pointer, true);
    case 'u32':
      return view.getUint32(pointer, true);
    case 's32':
      return view.getInt32(pointer, true);
    case 'u64':
      return view.getBigUint64(pointer, true);
    case 's64':
      return view.getBigInt64(pointer, true);
    case 'f32':
      return view.getFloat32(pointer, true);
    case 'f64':
      return view.getFloat64(pointer, true);
    case 'char':
      return checkChar(view.getUint32(pointer, true));
    case 'string':
      return loadStringRange(
        cx,
        toNumber(loadWord(cx, pointer)),
        splitTag(cx, loadWord(cx, pointer + pointerSize(cx.options))),
      );
    case 'list':
      return loadList(
        cx,
        t.element,
        toNumber(loadWord(cx, pointer)),
        toNumber(loadWord(cx, pointer + pointerSize(cx.options))),
      );
    case 'fixed-list':
      return loadElements(cx, t.element, pointer, t.length);
    case 'record': {
      const types = t.fields.map((f) => f.type);
      return fieldOffsets(types, pointerSize(cx.options)).map((offset, i) => load(cx, types[i]!, pointer + offset));
    }
    case 'variant':
      return loadVariant(cx, t.cases, pointer);
    case 'flags':
      return (loadUint(cx, pointer, flagsSize(t.labels.length)) & flagsMask(t.labels.length)) >>> 0;
    case 'own':
      return handle(cx.handles.liftOwn(t.resource, view.getUint32(pointer, true)));
    case 'borrow':
      return handle(cx.handles.liftBorrow(t.resource, view.getUint32(pointer, true)));
    case 'stream':
    case 'future':
      return handle(cx.handles.liftEnd(t, view.getUint32(pointer, true)));
    case 'error-context':
      return handle(cx.handles.liftErrorContext(view.getUint32(pointer, true)));
    default:
      return unreachable(t);
  }
}

function loadVariant(cx: AbiContext, cases: readonly VariantCase[], pointer: number): AbiVariant {
  const index = loadUint(cx, pointer, discriminantSize(cases.length));
  trapIf(index >= cases.length, 'invalid-discriminant');
  const { type } = cases[index]!;
  const at = pointer + payloadOffset(cases, pointerSize(cx.options));
  return { kind: 'variant', case: index, value: type === undefined ? undefined : load(cx, type, at) };
}

/** Loads a list from a range. Specification: `load_list_from_range`. */
export function loadList(cx: AbiContext, element: ValueType, pointer: number, length: number): readonly AbiValue[] {
  const { align, size } = layout(element, pointerSize(cx.options));
  trapIf(length * size > MAX_BYTES, 'list-out-of-bounds');
  trapIf(pointer % align !== 0, 'unaligned-pointer');
  checkRange(memoryOf(cx), pointer, length * size, 'list-out-of-bounds');
  liftsList(element, length, size);
  return loadElements(cx, element, pointer, length);
}

function loadElements(cx: AbiContext, element: ValueType, pointer: number, length: number): readonly AbiValue[] {
  const { size } = layout(element, pointerSize(cx.options));
  const values: AbiValue[] = [];
  for (let i = 0; i < length; i++) values.push(load(cx, element, pointer + i * size));
  return values;
}
