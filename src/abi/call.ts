/** Parameters and results of whole calls. Specification: CanonicalABI.md, `lift_flat_values`, `lower_flat_values`. */
import { trapIf } from '../error/trap.ts';
import type { ValueType } from '../types/value-type.ts';
import type { AbiContext } from './context.ts';
import { flattenTypes, pointerSize } from './flatten.ts';
import { fieldOffsets, layout } from './layout.ts';
import { type Flat, flatSource, liftFlat } from './lift-flat.ts';
import { load } from './load.ts';
import { lowerFlat } from './lower-flat.ts';
import { allocate, checkRange, memoryOf, toNumber } from './memory.ts';
import { store } from './store.ts';
import type { AbiValue } from './values.ts';

function tuple(
  types: readonly ValueType[],
  cx: AbiContext,
): { align: number; size: number; offsets: readonly number[] } {
  const type: ValueType = { kind: 'tuple', types };
  return { ...layout(type, pointerSize(cx.options)), offsets: fieldOffsets(types, pointerSize(cx.options)) };
}

function unsigned(raw: Flat): number {
  return typeof raw === 'bigint' ? toNumber(BigInt.asUintN(64, raw)) : raw >>> 0;
}

/** Lifts values that were passed flat, or through one pointer if there are more than `maxFlat` core values. */
export function liftValues(
  cx: AbiContext,
  maxFlat: number,
  flat: readonly Flat[],
  types: readonly ValueType[],
): readonly AbiValue[] {
  if (flattenTypes(types, pointerSize(cx.options)).length <= maxFlat) {
    const source = flatSource(flat);
    return types.map((type) => liftFlat(cx, source, type));
  }
  const pointer = unsigned(flat[0]!);
  const { align, size, offsets } = tuple(types, cx);
  trapIf(pointer % align !== 0, 'unaligned-pointer');
  checkRange(memoryOf(cx), pointer, size, 'memory-out-of-bounds');
  return types.map((type, i) => load(cx, type, pointer + offsets[i]!));
}

/**
 * Lowers values: flat, or into memory if there are more than `maxFlat` core values: at `out`, the pointer that the caller passed,
 * or into a new allocation, whose pointer is then the only core value.
 */
export function lowerValues(
  cx: AbiContext,
  maxFlat: number,
  values: readonly AbiValue[],
  types: readonly ValueType[],
  out?: Flat,
): readonly Flat[] {
  if (flattenTypes(types, pointerSize(cx.options)).length <= maxFlat) {
    return values.flatMap((value, i) => lowerFlat(cx, value, types[i]!));
  }
  const { align, size, offsets } = tuple(types, cx);
  let pointer: number;
  if (out === undefined) pointer = allocate(cx, 0, 0, align, size);
  else {
    pointer = unsigned(out);
    trapIf(pointer % align !== 0, 'unaligned-pointer');
    checkRange(memoryOf(cx), pointer, size, 'memory-out-of-bounds');
  }
  for (const [i, value] of values.entries()) store(cx, types[i]!, value, pointer + offsets[i]!);
  if (out !== undefined) return [];
  return [cx.options.memory === '64' ? BigInt(pointer) : pointer | 0];
}
