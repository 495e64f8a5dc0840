/** Lowering to core values on the stack. Specification: CanonicalABI.md, "Flat Lowering". */
import type { ValueType, VariantCase } from '../types/value-type.ts';
import { unreachable } from '../util/invariant.ts';
import type { AbiContext } from './context.ts';
import { despecialize } from './despecialize.ts';
import { type FlatType, flattenType, pointerSize } from './flatten.ts';
import type { Flat } from './lift-flat.ts';
import { storeList } from './store.ts';
import { joinTag, storeStringRange } from './string.ts';
import type { AbiHandle, AbiString, AbiValue, AbiVariant } from './values.ts';

const scratch = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(8));

/** Reinterprets a core value as the joined type. */
export function coerce(value: Flat, have: FlatType, want: FlatType): Flat {
  if (have === want) return value;
  if (have === 'f32') {
    scratch.setFloat32(0, value as number);
    const bits = scratch.getInt32(0);
    return want === 'i32' ? bits : BigInt(bits >>> 0);
  }
  if (have === 'f64') {
    scratch.setFloat64(0, value as number);
    return scratch.getBigInt64(0);
  }
  return BigInt((value as number) >>> 0);
}

function word(cx: AbiContext, value: number | bigint): Flat {
  return cx.options.memory === '64' ? BigInt.asIntN(64, BigInt(value)) : Number(value) | 0;
}

/** Lowers a value to core values. */
export function lowerFlat(cx: AbiContext, value: AbiValue, type: ValueType): readonly Flat[] {
  const t = despecialize(type);
  switch (t.kind) {
    case 'bool':
      return [value === true ? 1 : 0];
    case 'u8':
    case 's8':
    case 'u16':
    case 's16':
    case 'u32':
    case 's32':
    case 'char':
    case 'flags':
      return [(value as number) | 0];
    case 'u64':
    case 's64':
      return [BigInt.asIntN(64, value as bigint)];
    case 'f32':
    case 'f64':
      return [value as number];
    case 'string': {
      const stored = storeStringRange(cx, value as AbiString);
      return [word(cx, stored.pointer), word(cx, joinTag(cx, stored))];
    }
    case 'list': {
      const elements = value as readonly AbiValue[];
      return [word(cx, storeList(cx, t.element, elements)), word(cx, elements.length)];
    }
    case 'fixed-list':
      return (value as readonly AbiValue[]).flatMap((v) => lowerFlat(cx, v, t.element));
    case 'record':
      return t.fields.flatMap((f, i) => lowerFlat(cx, (value as readonly AbiValue[])[i]!, f.type));
    case 'variant':
      return lowerVariant(cx, value as AbiVariant, type, t.cases);
    case 'own':
      return [cx.handles.lowerOwn(t.resource, (value as AbiHandle).value) | 0];
    case 'borrow':
      return [cx.handles.lowerBorrow(t.resource, (value as AbiHandle).value) | 0];
    case 'stream':
    case 'future':
      return [cx.handles.lowerEnd(t, (value as AbiHandle).value) | 0];
    case 'error-context':
      return [cx.handles.lowerErrorContext((value as AbiHandle).value) | 0];
    default:
      return unreachable(t);
  }
}

function lowerVariant(
  cx: AbiContext,
  value: AbiVariant,
  type: ValueType,
  cases: readonly VariantCase[],
): readonly Flat[] {
  const pointer = pointerSize(cx.options);
  const [, ...joined] = flattenType(type, pointer);
  const inner = cases[value.case]!.type;
  const have = inner === undefined ? [] : flattenType(inner, pointer);
  const payload = inner === undefined ? [] : lowerFlat(cx, value.value!, inner);
  const flat = joined.map((want, i) => {
    const core = payload[i];
    if (core !== undefined) return coerce(core, have[i]!, want);
    return want === 'i64' ? 0n : 0;
  });
  return [value.case, ...flat];
}
