/**
 * Calls exports of core modules bit for bit: JavaScript has no vectors, and does not keep the bits of a NaN, so that a small module
 * around each function passes them as integers. References pass as they are.
 */
import { ModuleBuilder, type WasmSignature, type WasmType } from '../core/builder.ts';
import type { CoreFuncType, CoreValType } from '../types/core-type.ts';
import { CodeWriter } from '../util/code-writer.ts';

/** A core value as its bits; vectors low half first. */
export type Bits = bigint;
/** What a function gives: bits of numbers, references as they are. */
export type CoreResult =
  | { readonly type: 'i32' | 'i64' | 'f32' | 'f64' | 'v128'; readonly bits: Bits }
  | { readonly type: 'ref'; readonly value: unknown };

const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const CALL = 0x10;
const F32_REINTERPRET = 0xbe;
const F64_REINTERPRET = 0xbf;
const I32_REINTERPRET = 0xbc;
const I64_REINTERPRET = 0xbd;
const SIMD = 0xfd;
const I64X2_SPLAT = 18;
const I64X2_EXTRACT_LANE = 29;
const I64X2_REPLACE_LANE = 30;

/** The types that stand for one in the wrapper's signature. */
function carried(type: WasmType): readonly WasmType[] {
  return type === 'f32' ? ['i32'] : type === 'f64' ? ['i64'] : type === 'v128' ? ['i64', 'i64'] : [type];
}

function isNumeric(type: CoreValType): type is 'i32' | 'i64' | 'f32' | 'f64' | 'v128' {
  return typeof type === 'string';
}

/** Reads a parameter that may be carried by two; answers how many it took. */
function readParam(w: CodeWriter, type: WasmType, at: number): number {
  w.byte(LOCAL_GET).u(at);
  if (type === 'f32') w.byte(F32_REINTERPRET);
  else if (type === 'f64') w.byte(F64_REINTERPRET);
  else if (type === 'v128') {
    w.byte(SIMD)
      .u(I64X2_SPLAT)
      .byte(LOCAL_GET)
      .u(at + 1);
    w.byte(SIMD).u(I64X2_REPLACE_LANE).byte(1);
    return 2;
  }
  return 1;
}

function giveResult(w: CodeWriter, type: WasmType, local: number): void {
  w.byte(LOCAL_GET).u(local);
  if (type === 'f32') w.byte(I32_REINTERPRET);
  else if (type === 'f64') w.byte(I64_REINTERPRET);
  else if (type === 'v128') {
    w.byte(SIMD).u(I64X2_EXTRACT_LANE).byte(0).byte(LOCAL_GET).u(local);
    w.byte(SIMD).u(I64X2_EXTRACT_LANE).byte(1);
  }
}

/** A module with one function `call` around `core.f`. */
function wrapper({ params, results }: WasmSignature): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  const inner = m.importFunction('core', 'f', { params, results });
  const outer = { params: params.flatMap(carried), results: results.flatMap(carried) };
  const index = m.declare(outer);
  const w = new CodeWriter();
  let at = 0;
  for (const type of params) at += readParam(w, type, at);
  w.byte(CALL).u(inner);
  for (let i = results.length - 1; i >= 0; i--) w.byte(LOCAL_SET).u(at + i);
  for (const [i, type] of results.entries()) giveResult(w, type, at + i);
  m.body(index, results, w.finish());
  m.exportFunction('call', index);
  return m.finish();
}

function argument(type: WasmType, bits: Bits): (number | bigint)[] {
  switch (type) {
    case 'i32':
    case 'f32':
      return [Number(BigInt.asIntN(32, bits))];
    case 'v128':
      return [BigInt.asIntN(64, bits), BigInt.asIntN(64, bits >> 64n)];
    default:
      return [BigInt.asIntN(64, bits)];
  }
}

type AnyFunction = (...args: unknown[]) => unknown;

/** Calls `fn`, an exported core function of this type, whose arguments are bits, or references. */
export function callCore(fn: AnyFunction, type: CoreFuncType, args: readonly unknown[]): CoreResult[] {
  const { params, results } = type;
  if (!params.every(isNumeric) || !results.every(isNumeric)) return callWithReferences(fn, type, args);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(wrapper({ params, results })), {
    core: { f: fn as WebAssembly.ImportValue },
  });
  const call = instance.exports['call'] as AnyFunction;
  const answer = call(...params.flatMap((param, i) => argument(param, args[i] as Bits)));
  const values = results.flatMap(carried).length <= 1 ? [answer] : [...(answer as Iterable<unknown>)];
  let at = 0;
  return results.map((result) => {
    const low = values[at++];
    const high = result === 'v128' ? values[at++] : 0n;
    const width = result === 'i32' || result === 'f32' ? 32 : 64;
    const bits = BigInt.asUintN(width, BigInt(low as number | bigint));
    return { type: result, bits: result === 'v128' ? bits | (BigInt.asUintN(64, high as bigint) << 64n) : bits };
  });
}

/** Where references are among the values, numbers go as JavaScript has them. */
function callWithReferences(
  fn: AnyFunction,
  { params, results }: CoreFuncType,
  args: readonly unknown[],
): CoreResult[] {
  const answer = fn(...params.map((param, i) => (isNumeric(param) ? numberOf(param, args[i] as Bits) : args[i])));
  const values = results.length === 0 ? [] : results.length === 1 ? [answer] : [...(answer as Iterable<unknown>)];
  return results.map((result, i) =>
    isNumeric(result) ? { type: result, bits: bitsOf(result, values[i]) } : { type: 'ref', value: values[i] },
  );
}

/** A number of this type as JavaScript passes it. */
export function numberOf(type: WasmType, bits: Bits): number | bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt.asUintN(64, bits));
  switch (type) {
    case 'i32':
      return view.getInt32(4);
    case 'f32':
      return view.getFloat32(4);
    case 'f64':
      return view.getFloat64(0);
    default:
      return view.getBigInt64(0);
  }
}

/** The bits of a number as JavaScript has it. */
export function bitsOf(type: WasmType, value: unknown): Bits {
  const view = new DataView(new ArrayBuffer(8));
  switch (type) {
    case 'i32':
      view.setInt32(4, value as number);
      break;
    case 'f32':
      view.setFloat32(4, value as number);
      break;
    case 'f64':
      view.setFloat64(0, value as number);
      break;
    default:
      view.setBigInt64(0, value as bigint);
  }
  return view.getBigUint64(0);
}
