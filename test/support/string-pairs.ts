/** Strings that one guest gives another through an adapter, or through the interpreter, in every encoding. */

import type { Flat } from '../../src/abi/lift-flat.ts';
import { Trap } from '../../src/error/trap.ts';
import type { StringEncoding } from '../../src/types/definition.ts';
import type { FuncType } from '../../src/types/value-type.ts';
import { comparable, type fused, Guest } from './two-guests.ts';

const TAKE: FuncType = {
  kind: 'func',
  async: false,
  params: [{ name: 's', type: { kind: 'string' } }],
  result: undefined,
};

export const ENCODINGS: readonly StringEncoding[] = ['utf8', 'utf16', 'latin1+utf16'];

/** How a source lies in memory; `compact` is `latin1+utf16` with the tag. */
export type Form = 'utf8' | 'utf16' | 'latin1' | 'compact';
export const FORMS: readonly Form[] = ['utf8', 'utf16', 'latin1', 'compact'];

export function bytesOf(text: string, form: Form): Uint8Array {
  if (form === 'utf8') return new TextEncoder().encode(text);
  const wide = form === 'utf16' || form === 'compact';
  return Uint8Array.from(
    [...text]
      .flatMap((c) => Array.from({ length: c.length }, (_, i) => c.charCodeAt(i)))
      .flatMap((u) => (wide ? [u & 0xff, u >> 8] : [u])),
  );
}

function encodingOf(form: Form): StringEncoding {
  return form === 'utf8' || form === 'utf16' ? form : 'latin1+utf16';
}

export interface Pair {
  readonly caller: Guest;
  readonly callee: Guest;
  readonly run: (...flat: Flat[]) => unknown;
  readonly seen: Flat[][];
}

export function pair(
  how: typeof fused,
  form: Form,
  to: StringEncoding,
  widths: readonly ['32' | '64', '32' | '64'] = ['32', '32'],
  pages = 1,
): Pair {
  const caller = new Guest({ encoding: encodingOf(form), width: widths[0], pages });
  const callee = new Guest({ encoding: to, width: widths[1] });
  const seen: Flat[][] = [];
  const core = (...args: Flat[]): undefined => {
    seen.push(args);
  };
  return { caller, callee, seen, run: how({ type: TAKE, caller, callee, core }) };
}

/** Core values of a source. */
export function flatOf(p: Pair, pointer: number, units: number, form: Form): Flat[] {
  const wide = p.caller.shape.memory === '64';
  const tag = form !== 'compact' ? 0n : wide ? 1n << 63n : 1n << 31n;
  const length = BigInt(units) | tag;
  return wide ? [BigInt(pointer), length] : [pointer, Number(BigInt.asIntN(32, length))];
}

export function put(p: Pair, bytes: Uint8Array, at: number, form: Form): Flat[] {
  p.caller.memory.u8.set(bytes, at);
  return flatOf(p, at, form === 'utf8' || form === 'latin1' ? bytes.length : bytes.length / 2, form);
}

export function outcome(p: Pair, flat: readonly Flat[]): unknown {
  p.callee.memory.u8.fill(0xaa);
  p.callee.bump.top = 1024;
  p.callee.traces.length = 0;
  p.seen.length = 0;
  try {
    p.run(...flat);
  } catch (error) {
    if (error instanceof Trap) return 'trap';
    throw error;
  }
  return {
    seen: p.seen.map((args) => args.map(comparable)),
    reallocs: p.callee.traces.map((t) => `${t.args.join()} -> ${t.answer}`),
    bytes: Buffer.from(p.callee.memory.u8.subarray(1000, p.callee.bump.top + 16)).toString('latin1'),
  };
}
