/** What generated border functions call: conversions that are too long to stand in each of them. Typed code, never strings of code. */
import { makeTrap, trapIf } from '../../error/trap.ts';
import type { ValueType } from '../../types/value-type.ts';
import type { AbiContext } from '../context.ts';
import { type Flat, flatSource, liftFlat } from '../lift-flat.ts';
import { lifts, liftsElements } from '../lifted.ts';
import { checkChar, load } from '../load.ts';
import { lowerFlat } from '../lower-flat.ts';
import { allocate, checkRange, memoryOf, toNumber } from '../memory.ts';
import { store } from '../store.ts';
import { joinTag, loadStringRange, MAX_BYTES, MAX_REALLOC, splitTag, storeStringRange } from '../string.ts';
import { hostString } from '../values.ts';
import { checkBig, checkFloat, checkInt, mismatch } from './check.ts';
import { fromJs, toJs } from './convert.ts';
import { Filled, writeFilled } from './lent.ts';
import { asciiText } from './short-text.ts';
import { storePlain } from './store-numbers.ts';
import { type NumberArray, type NumberKind, TYPED_ARRAYS } from './typed-array.ts';

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Strings below this length are written and read without the codec: calling it costs more. */
const SHORT = 32;

/** Second results: the length that belongs to the pointer which was answered. */
export const last: { units: number | bigint } = { units: 0 };

/** Strings up to this length are encoded aside first, so that their size is known before memory is asked for. */
const MEDIUM = 16_384;
/** Of longer strings, so many units tell what the rest is like. */
const SAMPLE = 64;

let aside: Uint8Array<ArrayBuffer> | undefined;

function isAscii(text: string, units: number): boolean {
  for (let i = 0; i < units; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** Stores a string of some length as UTF-8. */
function lowerMedium(cx: AbiContext, text: string): number {
  aside ??= new Uint8Array(3 * MEDIUM);
  const bytes = encoder.encodeInto(text, aside).written;
  const pointer = allocate(cx, 0, 0, 1, bytes, 'realloc-out-of-bounds/string');
  memoryOf(cx).u8.set(aside.subarray(0, bytes), pointer);
  last.units = bytes;
  return pointer;
}

/** Stores a long string as UTF-8: at once into memory where it seems to be ASCII. */
function lowerLong(cx: AbiContext, text: string): number {
  const units = text.length;
  let old = 0;
  let oldSize = 0;
  if (isAscii(text, SAMPLE)) {
    old = allocate(cx, 0, 0, 1, units, 'realloc-out-of-bounds/string');
    oldSize = units;
    if (encoder.encodeInto(text, memoryOf(cx).u8.subarray(old, old + units)).read === units) {
      last.units = units;
      return old;
    }
  }
  const bytes = encoder.encode(text);
  trapIf(bytes.length > MAX_REALLOC, 'value-too-large');
  const pointer = allocate(cx, old, oldSize, 1, bytes.length, 'realloc-out-of-bounds/string');
  memoryOf(cx).u8.set(bytes, pointer);
  last.units = bytes.length;
  return pointer;
}

/** Stores a string; answers its pointer, its (tagged) length is in `last.units`. */
export function lowerString(cx: AbiContext, text: string): number {
  if (cx.options.encoding !== 'utf8') {
    const stored = storeStringRange(cx, hostString(text));
    last.units = joinTag(cx, stored);
    return stored.pointer;
  }
  if (text.length < SHORT && isAscii(text, text.length)) {
    const pointer = allocate(cx, 0, 0, 1, text.length, 'realloc-out-of-bounds/string');
    const { u8 } = memoryOf(cx);
    for (let i = 0; i < text.length; i++) u8[pointer + i] = text.charCodeAt(i);
    last.units = text.length;
    return pointer;
  }
  return text.length <= MEDIUM ? lowerMedium(cx, text) : lowerLong(cx, text);
}

/** Loads a string. `pointer` is unsigned, `raw` the length as it stands. */
export function liftString(cx: AbiContext, pointer: number, raw: number | bigint): string {
  if (cx.options.encoding !== 'utf8') return loadStringRange(cx, pointer, splitTag(cx, raw)).text;
  const length = toNumber(raw);
  const { u8 } = memoryOf(cx);
  if (length > MAX_BYTES || pointer + length > u8.length) throw makeTrap('string-out-of-bounds');
  lifts(length);
  if (length < SHORT) {
    const text = asciiText(u8, pointer, length);
    if (text !== undefined) return text;
  }
  try {
    return decoder.decode(u8.subarray(pointer, pointer + length));
  } catch {
    return loadStringRange(cx, pointer, { units: length, tagged: false }).text;
  }
}

const CHECKS: { readonly [K in NumberKind]: (value: unknown, path: string) => number | bigint } = {
  u8: (v, p) => checkInt('u8', v, p),
  s8: (v, p) => checkInt('s8', v, p),
  u16: (v, p) => checkInt('u16', v, p),
  s16: (v, p) => checkInt('s16', v, p),
  u32: (v, p) => checkInt('u32', v, p),
  s32: (v, p) => checkInt('s32', v, p),
  u64: (v, p) => checkBig('u64', v, p),
  s64: (v, p) => checkBig('s64', v, p),
  f32: (v, p) => checkFloat('f32', v, p),
  f64: (v, p) => checkFloat('f64', v, p),
};

/** Array or typed array; anything else does not fit. */
export function arrayOf(value: unknown, path: string, expected: string): ArrayLike<unknown> {
  if (Array.isArray(value)) return value;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return value as unknown as ArrayLike<unknown>;
  return mismatch(path, expected, value);
}

/** Writes numbers at `pointer`, which is aligned and in bounds. */
export function storeNumbers(
  cx: AbiContext,
  kind: NumberKind,
  values: ArrayLike<unknown>,
  count: number,
  pointer: number,
  path: () => string,
): void {
  const size = TYPED_ARRAYS[kind].BYTES_PER_ELEMENT;
  const memory = memoryOf(cx);
  if (values instanceof TYPED_ARRAYS[kind]) {
    memory.numbers(kind).set(values as never, pointer / size);
    return;
  }
  const target = new TYPED_ARRAYS[kind](memory.u8.buffer, pointer, count);
  const check = CHECKS[kind];
  for (let i = storePlain(kind, target, values, count); i < count; i++) {
    try {
      target[i] = check(values[i], '') as never;
    } catch {
      // The message needs the place, which is not worth composing for every element.
      target[i] = check(values[i], `${path()}[${i}]`) as never;
    }
  }
}

/** Stores a list of numbers; answers its pointer, the length is in `last.units`. */
export function lowerNumbers(cx: AbiContext, kind: NumberKind, value: unknown, path: () => string): number {
  const values =
    (ArrayBuffer.isView(value) && value instanceof TYPED_ARRAYS[kind]) || value instanceof Filled
      ? value
      : arrayOf(value, path(), 'a typed array or an array of numbers');
  const size = TYPED_ARRAYS[kind].BYTES_PER_ELEMENT;
  const { length } = values;
  trapIf(length * size > MAX_REALLOC, 'value-too-large');
  const pointer = allocate(cx, 0, 0, size, length * size, 'realloc-out-of-bounds/list');
  if (values instanceof Filled) writeFilled(cx, kind, values, pointer, path());
  else storeNumbers(cx, kind, values, length, pointer, path);
  last.units = length;
  return pointer;
}

/** A copy of numbers in memory, as their typed array. */
export function liftNumbers(cx: AbiContext, kind: NumberKind, pointer: number, length: number): NumberArray {
  const size = TYPED_ARRAYS[kind].BYTES_PER_ELEMENT;
  checkNumbers(cx, pointer, length, size);
  lifts(length * size);
  return memoryOf(cx)
    .numbers(kind)
    .slice(pointer / size, pointer / size + length) as NumberArray;
}

/** The same as a view, which ends when the memory grows. */
export function viewNumbers(cx: AbiContext, kind: NumberKind, pointer: number, length: number): NumberArray {
  const size = TYPED_ARRAYS[kind].BYTES_PER_ELEMENT;
  checkNumbers(cx, pointer, length, size);
  return memoryOf(cx)
    .numbers(kind)
    .subarray(pointer / size, pointer / size + length) as NumberArray;
}

function checkNumbers(cx: AbiContext, pointer: number, length: number, size: number): void {
  trapIf(length * size > MAX_BYTES, 'list-out-of-bounds');
  trapIf(pointer % size !== 0, 'unaligned-pointer');
  checkRange(memoryOf(cx), pointer, length * size, 'list-out-of-bounds');
}

/** Traps unless a list of `length` elements at `pointer` is aligned, in bounds, and not too long. They are lifted one by one. */
export function checkList(cx: AbiContext, pointer: number, length: number, size: number, align: number): void {
  trapIf(length * size > MAX_BYTES, 'list-out-of-bounds');
  trapIf(pointer % align !== 0, 'unaligned-pointer');
  checkRange(memoryOf(cx), pointer, length * size, 'list-out-of-bounds');
  liftsElements(length, size);
}

/** Traps unless a value of `size` bytes at `pointer` is aligned and in bounds. */
export function checkPlace(cx: AbiContext, pointer: number, size: number, align: number): void {
  trapIf(pointer % align !== 0, 'unaligned-pointer');
  checkRange(memoryOf(cx), pointer, size, 'memory-out-of-bounds');
}

/** Allocates the elements of a list. */
export function allocateList(cx: AbiContext, length: number, size: number, align: number): number {
  trapIf(length * size > MAX_REALLOC, 'value-too-large');
  return allocate(cx, 0, 0, align, length * size, 'realloc-out-of-bounds/list');
}

export function allocatePlace(cx: AbiContext, size: number, align: number): number {
  return allocate(cx, 0, 0, align, size);
}

/** Types too large to write out: lowered and lifted by the interpreter. */
export function lowerAny(cx: AbiContext, type: ValueType, value: unknown, path: string): readonly Flat[] {
  return lowerFlat(cx, fromJs(type, value, path), type);
}
export function liftAny(cx: AbiContext, type: ValueType, flat: readonly Flat[]): unknown {
  return toJs(type, liftFlat(cx, flatSource(flat), type));
}
export function storeAny(cx: AbiContext, type: ValueType, value: unknown, pointer: number, path: string): void {
  store(cx, type, fromJs(type, value, path), pointer);
}
export function loadAny(cx: AbiContext, type: ValueType, pointer: number): unknown {
  return toJs(type, load(cx, type, pointer));
}

export function invalidDiscriminant(): never {
  throw makeTrap('invalid-discriminant');
}

/** The text of a code point that a guest gave. */
export function charText(code: number): string {
  return String.fromCodePoint(checkChar(code));
}

/** An object without setters or inherited names in the way: for field names that JavaScript treats specially. */
export function defineField(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

const bits = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(8));

/** Reinterpretations between core types that share a flat place. */
export function f32ToI32(value: number): number {
  bits.setFloat32(0, value);
  return bits.getInt32(0);
}
export function i32ToF32(value: number): number {
  bits.setInt32(0, value);
  return bits.getFloat32(0);
}
export function f64ToI64(value: number): bigint {
  bits.setFloat64(0, value);
  return bits.getBigInt64(0);
}
export function i64ToF64(value: bigint): number {
  bits.setBigInt64(0, BigInt.asIntN(64, value));
  return bits.getFloat64(0);
}
export function i32ToI64(value: number): bigint {
  return BigInt(value >>> 0);
}
export function i64ToI32(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}

/** An address or length of a 64-bit memory as a number. */
export function word64(value: bigint): number {
  return toNumber(BigInt.asUintN(64, value));
}
