/** Core values of scripts: arguments as bits, results against patterns. Specification: the core suite's README, "Scripts". */
import type { FloatPattern, ScriptValue } from '../text/script-value.ts';
import type { CoreResult } from './core-call.ts';

/** Objects that stand for `(ref.extern n)` and `(ref.host n)`: the same for the same number. */
export class HostReferences {
  readonly #objects = new Map<number, object>();

  of(number: number): object {
    let object = this.#objects.get(number);
    if (object === undefined) {
      object = { extern: number };
      this.#objects.set(number, object);
    }
    return object;
  }
}

const SHAPES: Readonly<Record<string, number>> = { i8x16: 8, i16x8: 16, i32x4: 32, i64x2: 64, f32x4: 32, f64x2: 64 };

function laneBits(lane: bigint | FloatPattern): bigint {
  return typeof lane === 'bigint' ? lane : lane.kind === 'bits' ? lane.bits : 0n;
}

/** An argument: bits of a number, or a reference; undefined for what a core function cannot be passed. */
export function argumentOf(value: ScriptValue, host: HostReferences): { readonly value: unknown } | undefined {
  switch (value.kind) {
    case 'i32':
    case 'i64':
      return { value: BigInt(value.value) };
    case 'f32':
    case 'f64':
      return { value: value.value.kind === 'bits' ? value.value.bits : 0n };
    case 'v128': {
      const width = BigInt(SHAPES[value.shape] ?? 8);
      const bits = value.lanes.reduce<bigint>((all, lane, i) => all | (laneBits(lane) << (width * BigInt(i))), 0n);
      return { value: bits };
    }
    case 'ref.null':
      return { value: null };
    case 'ref':
      return value.number === undefined ? undefined : { value: host.of(value.number) };
    default:
      return undefined;
  }
}

function isFloat(pattern: FloatPattern, bits: bigint, width: 32 | 64): boolean {
  if (pattern.kind === 'bits') return bits === pattern.bits;
  const fraction = width === 32 ? 23n : 52n;
  const quiet = 1n << (fraction - 1n);
  const exponent = ((1n << (BigInt(width) - 1n - fraction)) - 1n) << fraction;
  const magnitude = BigInt.asUintN(width - 1, bits);
  // The sign of a NaN is any.
  if (pattern.kind === 'nan:canonical') return magnitude === (exponent | quiet);
  return (magnitude & (exponent | quiet)) === (exponent | quiet);
}

function isVector(value: Extract<ScriptValue, { readonly kind: 'v128' }>, bits: bigint): boolean {
  const width = SHAPES[value.shape] ?? 8;
  return value.lanes.every((lane, i) => {
    const part = BigInt.asUintN(width, bits >> BigInt(width * i));
    return typeof lane === 'bigint' ? part === lane : isFloat(lane, part, width as 32 | 64);
  });
}

/** Kinds of references that JavaScript can tell from each other only as far as this. */
function isReference(of: string, value: unknown): boolean {
  switch (of) {
    case 'func':
      return typeof value === 'function';
    case 'i31':
      return typeof value === 'number';
    case 'extern':
    case 'any':
    case 'host':
      return value !== null;
    default:
      // Structures and arrays are opaque objects.
      return (typeof value === 'object' && value !== null) || (of === 'eq' && typeof value === 'number');
  }
}

/** Whether a result is what a script expects. */
export function coreMatches(actual: CoreResult, expected: ScriptValue, host: HostReferences): boolean {
  if (expected.kind === 'either') return expected.values.some((one) => coreMatches(actual, one, host));
  if (actual.type === 'ref') {
    if (expected.kind === 'ref.null') return actual.value === null;
    if (expected.kind !== 'ref') return false;
    if (expected.number !== undefined) return actual.value === host.of(expected.number);
    return isReference(expected.of, actual.value);
  }
  if (expected.kind !== actual.type) return false;
  switch (expected.kind) {
    case 'i32':
      return BigInt.asIntN(32, actual.bits) === BigInt(expected.value);
    case 'i64':
      return BigInt.asIntN(64, actual.bits) === expected.value;
    case 'f32':
    case 'f64':
      return isFloat(expected.value, actual.bits, expected.kind === 'f32' ? 32 : 64);
    case 'v128':
      return isVector(expected, actual.bits);
    default:
      return false;
  }
}
