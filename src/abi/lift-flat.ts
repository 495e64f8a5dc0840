/** Lifting from core values on the stack. Specification: CanonicalABI.md, "Flat Lifting". */
import { trapIf } from '../error/trap.ts';
import type { ValueType, VariantCase } from '../types/value-type.ts';
import { unreachable } from '../util/invariant.ts';
import type { AbiContext } from './context.ts';
import { despecialize } from './despecialize.ts';
import { type FlatType, flattenType, pointerSize } from './flatten.ts';
import { checkChar, flagsMask, handle, loadList } from './load.ts';
import { toNumber } from './memory.ts';
import { loadStringRange, splitTag } from './string.ts';
import type { AbiValue, AbiVariant } from './values.ts';

/** A core value as JavaScript passes it: i64 is a bigint. */
export type Flat = number | bigint;

const scratch = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(8));

/** Reads core values one by one. */
export interface FlatSource {
  /** The next value, as type `want`. */
  next(want: FlatType): Flat;
}

/** The values as they are. */
export function flatSource(values: readonly Flat[]): FlatSource {
  let at = 0;
  return { next: () => values[at++]! };
}

/** Reinterprets a value of the joined type `have` as `want`. Specification: `CoerceValueIter`. */
export function uncoerce(value: Flat, have: FlatType, want: FlatType): Flat {
  if (have === want) return value;
  if (have === 'i32' && want === 'f32') {
    scratch.setInt32(0, value as number);
    return scratch.getFloat32(0);
  }
  if (have === 'i64' && want === 'f64') {
    scratch.setBigInt64(0, BigInt.asIntN(64, value as bigint));
    return scratch.getFloat64(0);
  }
  const low = Number(BigInt.asIntN(32, value as bigint));
  if (want === 'i32') return low;
  scratch.setInt32(0, low);
  return scratch.getFloat32(0);
}

function unsignedWord(raw: Flat): Flat {
  return typeof raw === 'bigint' ? BigInt.asUintN(64, raw) : raw >>> 0;
}

/** Lifts a value of `type` from the next core values. */
export function liftFlat(cx: AbiContext, source: FlatSource, type: ValueType): AbiValue {
  const t = despecialize(type);
  const int = (): number => source.next('i32') as number;
  const word = (): Flat => unsignedWord(source.next(pointerSize(cx.options) === 8 ? 'i64' : 'i32'));
  switch (t.kind) {
    case 'bool':
      return int() !== 0;
    case 'u8':
      return int() & 0xff;
    case 's8':
      return (int() << 24) >> 24;
    case 'u16':
      return int() & 0xffff;
    case 's16':
      return (int() << 16) >> 16;
    case 'u32':
      return int() >>> 0;
    case 's32':
      return int() | 0;
    case 'u64':
      return BigInt.asUintN(64, source.next('i64') as bigint);
    case 's64':
      return BigInt.asIntN(64, source.next('i64') as bigint);
    case 'f32':
    case 'f64':
      return source.next(t.kind) as number;
    case 'char':
      return checkChar(int() >>> 0);
    case 'string': {
      const pointer = toNumber(word());
      return loadStringRange(cx, pointer, splitTag(cx, word()));
    }
    case 'list': {
      const pointer = toNumber(word());
      return loadList(cx, t.element, pointer, toNumber(word()));
    }
    case 'fixed-list':
      return Array.from({ length: t.length }, () => liftFlat(cx, source, t.element));
    case 'record':
      return t.fields.map((f) => liftFlat(cx, source, f.type));
    case 'variant':
      return liftVariant(cx, source, type, t.cases);
    case 'flags':
      return (int() & flagsMask(t.labels.length)) >>> 0;
    case 'own':
      return handle(cx.handles.liftOwn(t.resource, int() >>> 0));
    case 'borrow':
      return handle(cx.handles.liftBorrow(t.resource, int() >>> 0));
    case 'stream':
    case 'future':
      return handle(cx.handles.liftEnd(t, int() >>> 0));
    case 'error-context':
      return handle(cx.handles.liftErrorContext(int() >>> 0));
    default:
      return unreachable(t);
  }
}

function liftVariant(cx: AbiContext, source: FlatSource, type: ValueType, cases: readonly VariantCase[]): AbiVariant {
  const [, ...joined] = flattenType(type, pointerSize(cx.options));
  const index = (source.next('i32') as number) >>> 0;
  trapIf(index >= cases.length, 'invalid-discriminant');
  const raw = joined.map((have) => source.next(have));
  const inner = cases[index]!.type;
  let at = 0;
  const coerced: FlatSource = {
    next(want) {
      const value = uncoerce(raw[at]!, joined[at]!, want);
      at++;
      return value;
    },
  };
  return { kind: 'variant', case: index, value: inner === undefined ? undefined : liftFlat(cx, coerced, inner) };
}
