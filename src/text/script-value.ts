/**
 * Values in scripts: component values such as `(list.const (u8.const 1))`, core values, and patterns of results such as
 * `(f32.const nan:canonical)`. Specification: the suite's own format; core 3.0, "Scripts" of the reference interpreter.
 */
import { type Cursor, nodeError } from './cursor.ts';
import { floatBits, integerBits, parseInteger } from './number.ts';

/** A float by its bits, or any NaN of a class. */
export type FloatPattern =
  | { readonly kind: 'bits'; readonly bits: bigint }
  | { readonly kind: 'nan:canonical' }
  | { readonly kind: 'nan:arithmetic' };

export type ScriptInteger = 'u8' | 's8' | 'u16' | 's16' | 'u32' | 's32';

/** A value to pass or to expect. Core integers are signed: `i32` as a number, `i64` as a bigint. */
export type ScriptValue =
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: ScriptInteger | 'i32'; readonly value: number }
  | { readonly kind: 'u64' | 's64' | 'i64'; readonly value: bigint }
  | { readonly kind: 'f32' | 'f64'; readonly value: FloatPattern }
  | { readonly kind: 'char' | 'string'; readonly value: string }
  | { readonly kind: 'list' | 'tuple'; readonly values: readonly ScriptValue[] }
  | { readonly kind: 'record'; readonly fields: readonly { readonly name: string; readonly value: ScriptValue }[] }
  | { readonly kind: 'variant'; readonly name: string; readonly value: ScriptValue | undefined }
  | { readonly kind: 'enum'; readonly name: string }
  | { readonly kind: 'option'; readonly value: ScriptValue | undefined }
  | { readonly kind: 'result'; readonly ok: boolean; readonly value: ScriptValue | undefined }
  | { readonly kind: 'flags'; readonly names: readonly string[] }
  | { readonly kind: 'v128'; readonly shape: string; readonly lanes: readonly (bigint | FloatPattern)[] }
  /** `(ref.null <heap type>?)` */
  | { readonly kind: 'ref.null'; readonly heap: string | undefined }
  /** `(ref.extern 1)`, `(ref.host 1)`: a value of the host by its number; `(ref.func)` and its like: any reference of that kind. */
  | { readonly kind: 'ref'; readonly of: string; readonly number: number | undefined }
  | { readonly kind: 'either'; readonly values: readonly ScriptValue[] };

const RANGES: Readonly<Record<string, readonly [min: bigint, max: bigint]>> = {
  u8: [0n, 0xffn],
  s8: [-0x80n, 0x7fn],
  u16: [0n, 0xffffn],
  s16: [-0x8000n, 0x7fffn],
  u32: [0n, 0xffff_ffffn],
  s32: [-0x8000_0000n, 0x7fff_ffffn],
  u64: [0n, 0xffff_ffff_ffff_ffffn],
  s64: [-0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn],
};

const SHAPES: Readonly<Record<string, readonly [lanes: number, width: 8 | 16 | 32 | 64, float: boolean]>> = {
  i8x16: [16, 8, false],
  i16x8: [8, 16, false],
  i32x4: [4, 32, false],
  i64x2: [2, 64, false],
  f32x4: [4, 32, true],
  f64x2: [2, 64, true],
};

/** The number that the bits of a float stand for. */
export function floatOfBits(bits: bigint, width: 32 | 64): number {
  const view = new DataView(new ArrayBuffer(8));
  if (width === 64) {
    view.setBigUint64(0, bits);
    return view.getFloat64(0);
  }
  view.setUint32(0, Number(bits));
  return view.getFloat32(0);
}

function componentInteger(c: Cursor, type: string): ScriptValue {
  const node = c.peek();
  const value = node?.kind === 'word' ? parseInteger(node.text) : undefined;
  if (value === undefined || node === undefined) throw c.unexpected(`a number of type ${type}`);
  const [min, max] = RANGES[type]!;
  if (value < min || value > max) throw nodeError('number-range', `constant out of range for ${type}`, node);
  c.skip();
  return type.endsWith('64')
    ? { kind: type as 'u64' | 's64', value }
    : { kind: type as ScriptInteger, value: Number(value) };
}

function bits(c: Cursor, width: 8 | 16 | 32 | 64): bigint {
  const node = c.peek();
  const value = node?.kind === 'word' ? integerBits(node.text, width) : 'malformed';
  if (value === 'malformed') throw c.unexpected(`an i${width} constant`);
  if (value === 'range') throw nodeError('number-range', `i${width} constant out of range`, node!);
  c.skip();
  return value;
}

function float(c: Cursor, width: 32 | 64): FloatPattern {
  for (const kind of ['nan:canonical', 'nan:arithmetic'] as const) if (c.takeWord(kind)) return { kind };
  const node = c.peek();
  const value = node?.kind === 'word' ? floatBits(node.text, width) : 'malformed';
  if (value === 'malformed') throw c.unexpected(`an f${width} constant`);
  if (value === 'range') throw nodeError('number-range', `f${width} constant out of range`, node!);
  c.skip();
  return { kind: 'bits', bits: value };
}

function vector(c: Cursor): ScriptValue {
  const node = c.word('the shape of a vector');
  const shape = Object.hasOwn(SHAPES, node.text) ? SHAPES[node.text] : undefined;
  if (shape === undefined) throw nodeError('unexpected-token', 'unexpected token: no shape of a vector', node);
  const [count, width, isFloat] = shape;
  const lanes = Array.from({ length: count }, () => (isFloat ? float(c, width as 32 | 64) : bits(c, width)));
  return { kind: 'v128', shape: node.text, lanes };
}

function char(c: Cursor): ScriptValue {
  const node = c.peek();
  const value = c.name('a character');
  if ([...value].length !== 1) throw nodeError('invalid-char', 'a `char.const` holds exactly one character', node!);
  return { kind: 'char', value };
}

function fields(c: Cursor): ScriptValue {
  const found: { name: string; value: ScriptValue }[] = [];
  while (!c.done) {
    const inner = c.list('field');
    const name = inner.name();
    // The value stands with or without parentheses of its own.
    const value = inner.isList() ? scriptValue(inner.list()) : scriptValue(inner);
    inner.finish();
    found.push({ name, value });
  }
  return { kind: 'record', fields: found };
}

function names(c: Cursor): string[] {
  const found: string[] = [];
  while (c.isString()) found.push(c.name());
  return found;
}

function payload(c: Cursor): ScriptValue | undefined {
  return c.done ? undefined : scriptValue(c.list());
}

/** The inside of `(<type>.const …)`. */
export function scriptValue(c: Cursor): ScriptValue {
  const node = c.peek() ?? c.owner;
  const value = constantOf(c.word('a constant, such as `u32.const`').text, c);
  if (value === undefined) throw nodeError('unexpected-token', 'unexpected token; expected a constant', node);
  c.finish();
  return value;
}

/** All values that are left, each in parentheses. */
export function scriptValues(c: Cursor): ScriptValue[] {
  const values: ScriptValue[] = [];
  while (!c.done) values.push(scriptValue(c.list()));
  return values;
}

function constantOf(keyword: string, c: Cursor): ScriptValue | undefined {
  switch (keyword) {
    case 'bool.const':
      return { kind: 'bool', value: trueOrFalse(c) };
    case 'char.const':
      return char(c);
    case 'str.const':
      return { kind: 'string', value: c.name() };
    case 'list.const':
    case 'tuple.const':
      return { kind: keyword === 'list.const' ? 'list' : 'tuple', values: scriptValues(c) };
    case 'record.const':
      return fields(c);
    case 'variant.const':
      return { kind: 'variant', name: c.name(), value: payload(c) };
    case 'enum.const':
      return { kind: 'enum', name: c.name() };
    case 'option.none':
      return { kind: 'option', value: undefined };
    case 'option.some':
      return { kind: 'option', value: scriptValue(c.list()) };
    case 'result.ok':
    case 'result.err':
      return { kind: 'result', ok: keyword === 'result.ok', value: payload(c) };
    case 'flags.const':
      return { kind: 'flags', names: names(c) };
    case 'f32.const':
      return { kind: 'f32', value: float(c, 32) };
    case 'f64.const':
      return { kind: 'f64', value: float(c, 64) };
    case 'i32.const':
      return { kind: 'i32', value: Number(BigInt.asIntN(32, bits(c, 32))) };
    case 'i64.const':
      return { kind: 'i64', value: BigInt.asIntN(64, bits(c, 64)) };
    case 'v128.const':
      return vector(c);
    case 'either':
      return { kind: 'either', values: scriptValues(c) };
    case 'ref.null':
      return { kind: 'ref.null', heap: c.done ? undefined : c.word('a heap type').text };
    default:
      return typed(keyword, c);
  }
}

function typed(keyword: string, c: Cursor): ScriptValue | undefined {
  const integer = /^([su](?:8|16|32|64))\.const$/.exec(keyword)?.[1];
  if (integer !== undefined) return componentInteger(c, integer);
  const reference = /^ref\.([a-z0-9]+)$/.exec(keyword)?.[1];
  if (reference === undefined) return undefined;
  return { kind: 'ref', of: reference, number: c.done ? undefined : c.u32() };
}

function trueOrFalse(c: Cursor): boolean {
  const value = c.takeWord('true');
  if (!value) c.keyword('false');
  return value;
}
