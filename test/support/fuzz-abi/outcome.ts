/** What is left of one call, and in what two calls that should be the same differ. */
import { inspect, isDeepStrictEqual } from 'node:util';
import { Trap } from '../../../src/error/trap.ts';
import type { Guest } from '../guest.ts';

/** How a call ended: in a value, or in an error with a code. */
export type End = { readonly value: unknown } | { readonly code: string; readonly message: string };

export interface Outcome {
  readonly end: End;
  /** What is compared however the call ended. */
  readonly always: Readonly<Record<string, unknown>>;
  /** What is compared where it ended well. */
  readonly well: Readonly<Record<string, unknown>>;
  /** Memories, by their names; compared where it ended well, and no NaN may have changed its bits. */
  readonly memories: Readonly<Record<string, Buffer>>;
  /** What holds memory or core values that a NaN may have changed. */
  readonly exact: Readonly<Record<string, unknown>>;
  /** What happened, for the record of what was covered. */
  readonly notes: readonly string[];
}

/** How strictly two outcomes are compared. */
export interface Strictness {
  /** Which error it is: not at all (only that there is one), by its code, or by its message too. */
  readonly errors: 'some' | 'code' | 'message';
  /** Bits of memories and core values. */
  readonly bits: boolean;
}

/** Whether a call trapped or was refused. */
export function failed(end: End): end is Extract<End, { code: string }> {
  return 'code' in end;
}

/** The end of a call that threw. Anything without a code is a mistake of ours. */
export function endOfError(error: unknown): End {
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string') throw error;
  return { code, message: error instanceof Trap ? error.reason : (error as Error).message };
}

export function copyOf(guest: Guest): Buffer {
  return Buffer.from(guest.memory.u8);
}

function show(value: unknown): string {
  return inspect(value, { depth: 12, breakLength: 110, maxArrayLength: 40, maxStringLength: 300 });
}

/** Arrays of floats as numbers: one NaN is as good as another. */
function withoutNanBits(value: unknown): unknown {
  if (value instanceof Float32Array || value instanceof Float64Array) return [value.constructor.name, ...value];
  if (Array.isArray(value)) return value.map(withoutNanBits);
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [k, withoutNanBits(v)]));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, withoutNanBits(v)]));
}

function differs(name: string, expected: unknown, found: unknown): string | undefined {
  if (isDeepStrictEqual(expected, found)) return undefined;
  if (isDeepStrictEqual(withoutNanBits(expected), withoutNanBits(found))) return undefined;
  return `${name}:\n  interpreted: ${show(expected)}\n  generated:   ${show(found)}`;
}

function memoryDiffers(name: string, expected: Buffer, found: Buffer): string | undefined {
  if (expected.equals(found)) return undefined;
  if (expected.length !== found.length) return `${name} has ${found.length} bytes, not ${expected.length}`;
  const at = expected.findIndex((byte, i) => byte !== found[i]);
  const part = (b: Buffer): string => b.subarray(at, at + 16).toString('hex');
  return `${name} at ${at}:\n  interpreted: ${part(expected)}\n  generated:   ${part(found)}`;
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsDiffer(expected: Fields, found: Fields): string | undefined {
  for (const name of Object.keys(expected)) {
    if (!(name in found)) continue;
    const problem = differs(name, expected[name], found[name]);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

type Failure = Extract<End, { code: string }>;

/** In what the errors of two calls differ, which both failed. */
function errorsDiffer(expected: Failure, found: Failure, { errors }: Strictness): string | undefined {
  if (errors === 'some') return undefined;
  return errors === 'code' ? differs('code', expected.code, found.code) : differs('end', expected, found);
}

/** The first difference, or undefined. */
export function difference(expected: Outcome, found: Outcome, strictness: Strictness): string | undefined {
  if (failed(expected.end) && failed(found.end)) {
    const problem = errorsDiffer(expected.end, found.end, strictness);
    return strictness.errors === 'some' ? problem : (problem ?? fieldsDiffer(expected.always, found.always));
  }
  const problem =
    differs('end', expected.end, found.end) ??
    fieldsDiffer(expected.always, found.always) ??
    fieldsDiffer(expected.well, found.well);
  if (problem !== undefined || !strictness.bits) return problem;
  for (const [name, memory] of Object.entries(expected.memories)) {
    const other = memoryDiffers(name, memory, found.memories[name]!);
    if (other !== undefined) return other;
  }
  return fieldsDiffer(expected.exact, found.exact);
}
