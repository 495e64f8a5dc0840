/** The guests of a case, and what they do wrong on purpose. */
import { liftValues, lowerValues } from '../../../src/abi/call.ts';
import {
  type FlatType,
  flattenType,
  flattenTypes,
  MAX_FLAT_ASYNC_PARAMS,
  MAX_FLAT_PARAMS,
  MAX_FLAT_RESULTS,
  pointerSize,
} from '../../../src/abi/flatten.ts';
import { layout } from '../../../src/abi/layout.ts';
import type { Flat } from '../../../src/abi/lift-flat.ts';
import { CALL_STACK, CALL_TOP, control, LEND_LOG, LEND_TOP, SUSPENDABLE } from '../../../src/runtime/control.ts';
import type { ValueType } from '../../../src/types/value-type.ts';
import { Guest, type GuestOptions, type Trace } from '../guest.ts';
import { comparable } from '../two-guests.ts';
import { type Answer, type Case, type Fault, needsOf, type Which } from './case.ts';

/** Handles pass unchanged where the guests themselves lift and lower. */
const SAME = { own: 0, borrow: 0 };
/** What no one writes must stay. */
const FILL = 0xaa;
const PAGE = 65_536;

export function makeGuest(c: Case, which: Which, more: GuestOptions = {}, sharedWith?: Guest): Guest {
  const side = which === 'caller' ? c.caller : c.callee;
  const needs = needsOf(c, which);
  const lift = { async: c.lift !== 'sync', callback: c.lift === 'callback', postReturn: c.postReturn };
  const options: GuestOptions = {
    encoding: side.encoding,
    width: side.width,
    policy: side.policy,
    hasMemory: !side.bare || needs.memory,
    hasRealloc: !side.bare || needs.realloc,
    ...(which === 'caller' ? { async: c.lower === 'async' } : lift),
    ...more,
  };
  const guest = new Guest(options, sharedWith);
  if (sharedWith === undefined) guest.memory.u8.fill(FILL);
  return guest;
}

/** Forgets calls that did not end. */
export function resetStacks(): void {
  const { i32 } = control;
  i32[CALL_TOP >> 2] = CALL_STACK;
  i32[LEND_TOP >> 2] = LEND_LOG;
  i32[SUSPENDABLE >> 2] = 0;
}

/** The place that `realloc` answers on purpose. */
function answerOf(guest: Guest, answer: Answer, align: number, size: number): number {
  const down = (at: number): number => Math.floor(at / align) * align;
  const last = guest.bump.spans.at(-1) ?? { at: 0, size: 0 };
  const end = guest.memory.u8.length;
  switch (answer) {
    case 'end':
      return down(end - size);
    case 'zero':
      return 0;
    case 'same':
      return down(last.at);
    case 'half':
      return down(last.at + Math.floor(last.size / 2));
    case 'grow':
      guest.bump.grow(Math.max(1, Math.ceil(size / PAGE)));
      return down(guest.memory.u8.length - size);
    case 'unaligned':
      return guest.allocate(align, size + 1) + 1;
    case 'beyond':
      return down(end - size) + align;
    case 'wild':
      return guest.shape.memory === '64' ? 2 ** 63 : 2 ** 32 - align;
  }
}

/** Makes the `realloc` of a guest answer what the faults say, from now on. */
export function misbehave(guest: Guest, faults: readonly Fault[], which: Which): void {
  const mine = faults.filter((f) => f.kind === 'realloc' && f.side === which);
  let calls = 0;
  guest.hostile = (_old, _oldSize, align, size) => {
    const call = calls++;
    const fault = mine.find((f) => f.kind === 'realloc' && f.call === call);
    if (fault?.kind !== 'realloc') return undefined;
    const at = answerOf(guest, fault.answer, align, size);
    if (at + size <= guest.memory.u8.length) guest.bump.spans.push({ at, size });
    return at;
  };
}

/** Runs what the guest does itself: its own `realloc` behaves, and is not seen. */
export function quietly<T>(guest: Guest, body: () => T): T {
  const { hostile } = guest;
  const seen = guest.traces.length;
  guest.hostile = undefined;
  const value = body();
  guest.hostile = hostile;
  guest.traces.length = seen;
  return value;
}

/** The n-th byte of the spans; before 0, the last byte of one of them. */
function byteAt(spans: readonly { readonly at: number; readonly size: number }[], n: number): number | undefined {
  const total = spans.reduce((sum, { size }) => sum + size, 0);
  if (total === 0) return undefined;
  const filled = spans.filter(({ size }) => size > 0);
  if (n < 0) {
    const { at, size } = filled[(-n - 1) % filled.length]!;
    return at + size - 1;
  }
  let left = n % total;
  for (const { at, size } of spans) {
    if (left < size) return at + left;
    left -= size;
  }
  return undefined;
}

/** Damages what the guest wrote since `from`, and the core values that it passes. */
export function damage(guest: Guest, faults: readonly Fault[], which: Which, flat: Flat[], from: number): void {
  const spans = guest.bump.spans.slice(from);
  for (const fault of faults) {
    if (fault.kind === 'byte' && fault.side === which) {
      const at = byteAt(spans, fault.at);
      if (at !== undefined) guest.memory.u8[at] = fault.value;
    } else if (fault.kind === 'flat' && fault.side === which && flat.length > 0) {
      const at = fault.at % flat.length;
      const old = flat[at]!;
      const value = fault.op === 'set' ? fault.value : BigInt(Number(old) | 0) + fault.value;
      if (typeof old !== 'bigint') flat[at] = Number(BigInt.asIntN(32, value));
      else flat[at] = BigInt.asIntN(64, fault.op === 'set' ? value : old + fault.value);
    }
  }
}

/** Core values as core wasm has them. */
export function asCore(types: readonly FlatType[], flat: readonly Flat[]): Flat[] {
  return flat.map((value, i) => {
    if (typeof value === 'bigint') return BigInt.asIntN(64, value);
    return types[i] === 'f32' ? Math.fround(value) : types[i] === 'i32' ? value | 0 : value;
  });
}

/** What the guest itself reads of values that it was given; `unreadable` where it traps. */
export function read(guest: Guest, limit: number, flat: readonly Flat[], types: readonly ValueType[]): unknown {
  try {
    return liftValues(guest.context(SAME), limit, flat, types);
  } catch {
    return 'unreadable';
  }
}

/** The core types of values on a side. */
export function coreTypes(guest: Guest, limit: number, types: readonly ValueType[]): readonly FlatType[] {
  const pointer = guest.shape.memory === '64' ? 8 : 4;
  const flat = flattenTypes(types, pointer);
  return flat.length > limit ? [pointer === 8 ? 'i64' : 'i32'] : flat;
}

/** The pointer that the caller passes for the result. */
function returnPointer(c: Case, caller: Guest): number | undefined {
  const { result } = c.type;
  if (result === undefined) return undefined;
  const pointer = pointerSize(caller.shape);
  if (flattenType(result, pointer).length <= (c.lower === 'async' ? 0 : MAX_FLAT_RESULTS)) return undefined;
  const { align, size } = layout(result, pointer);
  const at = quietly(caller, () => caller.allocate(align, size));
  return c.faults.reduce((sum, fault) => (fault.kind === 'pointer' ? sum + fault.add : sum), at);
}

export interface Given {
  readonly flat: readonly Flat[];
  /** Where the result is wanted, if in memory. */
  readonly pointer: number | undefined;
}

/** The core values by which the caller passes the parameters. */
export function giveParams(c: Case, caller: Guest): Given {
  const types = c.type.params.map((p) => p.type);
  const limit = c.lower === 'async' ? MAX_FLAT_ASYNC_PARAMS : MAX_FLAT_PARAMS;
  const flat = quietly(caller, () => [...lowerValues(caller.context(SAME), limit, c.params, types)]);
  damage(caller, c.faults, 'caller', flat, 0);
  const core = asCore(coreTypes(caller, limit, types), flat);
  const pointer = returnPointer(c, caller);
  if (pointer !== undefined) core.push(caller.shape.memory === '64' ? BigInt(pointer) : pointer | 0);
  return { flat: core, pointer };
}

/** The core values by which the callee gives its result. */
export function giveResult(c: Case, callee: Guest): Flat[] {
  const results = c.type.result === undefined ? [] : [c.type.result];
  const values = c.result === undefined ? [] : [c.result];
  const limit = c.lift === 'sync' ? MAX_FLAT_RESULTS : MAX_FLAT_PARAMS;
  const from = callee.bump.spans.length;
  const out = quietly(callee, () => [...lowerValues(callee.context(SAME), limit, values, results)]);
  damage(callee, c.faults, 'callee', out, from);
  return asCore(coreTypes(callee, limit, results), out);
}

/** What the caller reads of the result that it was given: `back`, or what is at the pointer. */
export function resultOf(c: Case, caller: Guest, pointer: number | undefined, back: Flat | undefined): unknown {
  const { result } = c.type;
  if (result === undefined) return undefined;
  const flat = pointer === undefined ? [back!] : [caller.shape.memory === '64' ? BigInt(pointer) : pointer];
  return quietly(caller, () => read(caller, pointer === undefined ? MAX_FLAT_RESULTS : 0, flat, [result]));
}

/** What `realloc` and `post-return` were called with and answered. */
export function traceText(traces: readonly Trace[]): string[] {
  return traces.map((t) => `${t.what} ${t.args.map(comparable)} -> ${t.answer} context ${t.context}`);
}

/** What happened in the guest's memory. */
export function notesOf(guest: Guest): string[] {
  const end = guest.memory.u8.length;
  const notes: string[] = [];
  if (guest.bump.spans.some(({ at, size }) => size > 0 && at + size === end))
    notes.push('a value ends with the memory');
  if (guest.grew) notes.push('memory grew within realloc');
  if (guest.traces.some(({ what, args }) => what === 'realloc' && args[1] !== 0)) notes.push('realloc changed a size');
  return notes;
}

/** Whether the guest might have left, each time. */
export function leaves(traces: readonly Trace[]): number[] {
  return traces.map((t) => t.mayLeave);
}
