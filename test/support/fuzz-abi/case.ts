/**
 * One call to be made several ways, as data: its type and values, both sides, and what goes wrong on purpose. All of it is made from a
 * kind and a seed, and can be made smaller (`shrink.ts`).
 */

import { flattenTypes, MAX_FLAT_ASYNC_PARAMS, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS } from '../../../src/abi/flatten.ts';
import { allocates } from '../../../src/abi/holds.ts';
import { partsOf } from '../../../src/abi/parts.ts';
import type { AbiValue } from '../../../src/abi/values.ts';
import type { StringEncoding } from '../../../src/types/definition.ts';
import type { FuncType, ResourceType } from '../../../src/types/value-type.ts';
import { POLICIES, type Policy } from '../allocator.ts';
import { generateEdgeFunc, generateValue, pick, type Random, random } from '../generate-abi.ts';
import { passableCase } from './passable.ts';

/** Between guests, of a guest's export with a host, of a guest's import with a host, through two whole components. */
export const KINDS = ['adapter', 'export', 'import', 'chain'] as const;
export type Kind = (typeof KINDS)[number];

export const ENCODINGS = ['utf8', 'utf16', 'latin1+utf16'] as const;
export const LIFTS = ['sync', 'callback', 'stackful'] as const;

/** What `realloc` answers in place of what it should; see `guests.ts`. The first are places that it may answer. */
export const LEGAL_ANSWERS = ['end', 'zero', 'same', 'half', 'grow'] as const;
export const ANSWERS = [...LEGAL_ANSWERS, 'unaligned', 'beyond', 'wild'] as const;
export type Answer = (typeof ANSWERS)[number];

export type Which = 'caller' | 'callee';

/** What goes wrong on purpose. Positions are taken modulo what there is. */
export type Fault =
  /** A byte of what the guest wrote for the other; before 0: the last of an allocation. */
  | { readonly kind: 'byte'; readonly side: Which; readonly at: number; readonly value: number }
  /** A core value that it passes: set, or something added. */
  | {
      readonly kind: 'flat';
      readonly side: Which;
      readonly at: number;
      readonly op: 'set' | 'add';
      readonly value: bigint;
    }
  /** The pointer for the result. */
  | { readonly kind: 'pointer'; readonly add: number }
  /** The n-th answer of `realloc`. */
  | { readonly kind: 'realloc'; readonly side: Which; readonly call: number; readonly answer: Answer }
  /** A part of a value of the host. */
  | { readonly kind: 'value'; readonly seed: number };

export interface SideCase {
  readonly encoding: StringEncoding;
  readonly width: '32' | '64';
  readonly policy: Policy;
  /** Without the options `memory` and `realloc`, where it needs none. */
  readonly bare: boolean;
}

/** How a function of the host ends. */
export const ENDINGS = ['value', 'promise', 'throws', 'rejects'] as const;

export interface Case {
  readonly kind: Kind;
  readonly type: FuncType;
  readonly params: readonly AbiValue[];
  readonly result: AbiValue | undefined;
  readonly caller: SideCase;
  readonly callee: SideCase;
  /** Both sides have one memory. */
  readonly shared: boolean;
  /** Between guests: handles are in tables as the runtime has them. */
  readonly tables: boolean;
  /** Called asynchronously. */
  readonly lower: 'sync' | 'async';
  readonly lift: (typeof LIFTS)[number];
  readonly postReturn: boolean;
  readonly faults: readonly Fault[];
  /** Choices of an adapter, a bit each (`ADAPTER_BITS`). */
  readonly bits: number;
  /** Of an import: how the host's function ends. */
  readonly ending: (typeof ENDINGS)[number];
  /** Of an export: by the two halves of a call that may have to wait. */
  readonly halves: boolean;
}

export const RESOURCES: readonly ResourceType[] = [
  { kind: 'resource', name: 'a' },
  { kind: 'resource', name: 'b' },
];

/** Larger types are another test's. */
const MOST_PARTS = 600;

function generateSmallFunc(r: Random): FuncType {
  for (;;) {
    const type = generateEdgeFunc(r, { floats: r(4) > 0, resources: r(2) === 0 ? RESOURCES : [], ends: r(2) === 0 });
    const all = [...type.params.map((p) => p.type), ...(type.result === undefined ? [] : [type.result])];
    if (all.reduce((sum, t) => sum + partsOf(t), 0) <= MOST_PARTS) return type;
  }
}

const SET = [
  0n,
  1n,
  5n,
  -1n,
  0xd800n,
  0x11_0000n,
  65_535n,
  65_536n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n,
  2n ** 63n,
  0x7f80_0001n,
] as const;
const ADD = [1n, -1n, 2n, 3n, 7n, 65_536n, 2n ** 31n, 2n ** 32n] as const;
const BYTES = [0, 1, 2, 3, 0x7f, 0x80, 0xc3, 0xd8, 0xdc, 0xff] as const;
/** Text must not end in one of these: UTF-8 that goes on, halves of a pair. */
const LAST_BYTES = [0xc3, 0xe2, 0xf0, 0xd8, 0xdc, 0x80] as const;
const FAULTS: { readonly [K in Exclude<Kind, 'chain'>]: readonly Fault['kind'][] } = {
  adapter: ['byte', 'byte', 'flat', 'flat', 'realloc', 'realloc', 'pointer'],
  export: ['byte', 'byte', 'byte', 'flat', 'flat', 'realloc', 'realloc', 'value', 'value'],
  import: ['byte', 'byte', 'byte', 'flat', 'flat', 'realloc', 'realloc', 'pointer', 'value'],
};

function generateFault(r: Random, kind: keyof typeof FAULTS, shared: boolean): Fault {
  const side = kind === 'adapter' ? pick(r, ['caller', 'callee'] as const) : kind === 'import' ? 'caller' : 'callee';
  const what = shared ? 'realloc' : pick(r, FAULTS[kind]);
  switch (what) {
    case 'byte':
      if (r(3) === 0) return { kind: what, side, at: -1 - r(10), value: pick(r, LAST_BYTES) };
      return { kind: what, side, at: r(5_000), value: r(2) === 0 ? pick(r, BYTES) : r(256) };
    case 'flat': {
      const op = pick(r, ['set', 'add'] as const);
      return { kind: what, side, at: r(40), op, value: pick(r, op === 'set' ? SET : ADD) };
    }
    case 'pointer':
      return { kind: what, add: pick(r, [1, 2, 4, 65_536, 1_000_000, 2 ** 31]) };
    case 'realloc': {
      // Where places overlap that are not yet read, what arrives is a mix (`fused/adapter.ts`).
      const answers = shared ? (['grow', 'unaligned', 'beyond', 'wild'] as const) : ANSWERS;
      return { kind: what, side, call: pick(r, [0, 0, 1, 2, 5]), answer: pick(r, answers) };
    }
    case 'value':
      return { kind: what, seed: r(2 ** 31) };
  }
}

function generateSide(r: Random): SideCase {
  return {
    encoding: pick(r, ENCODINGS),
    width: pick(r, ['32', '32', '64'] as const),
    policy: pick(r, POLICIES),
    bare: r(2) === 0,
  };
}

/** The call of a kind that a seed stands for. */
export function generateCase(kind: Kind, seed: number): Case {
  const r = random(Math.imul(seed, KINDS.length) + KINDS.indexOf(kind));
  const async = r(2) === 0;
  const type: FuncType = { ...generateSmallFunc(r), async };
  const shared = kind === 'adapter' && r(8) === 0;
  const caller = generateSide(r);
  const callee = shared ? { ...generateSide(r), width: caller.width } : generateSide(r);
  const lift = async ? pick(r, LIFTS) : 'sync';
  const count = pick(r, [0, 0, 0, 0, 1, 1, 1, 1, 2, 3]);
  const c: Case = {
    kind,
    type,
    params: type.params.map((p) => generateValue(r, p.type, { left: 200 })),
    result: type.result === undefined ? undefined : generateValue(r, type.result, { left: 300 }),
    caller,
    callee,
    shared,
    lower: async && r(2) === 0 ? 'async' : 'sync',
    lift,
    postReturn: lift === 'sync' && r(2) === 0,
    faults: kind === 'chain' ? [] : Array.from({ length: count }, () => generateFault(r, kind, shared)),
    bits: r(64),
    ending: r(3) > 0 ? pick(r, ['value', 'promise'] as const) : pick(r, ENDINGS),
    halves: async || r(2) === 0,
    tables: kind === 'adapter' && r(2) === 0,
  };
  return kind === 'chain' ? passableCase(c) : c;
}

/** Whether a side has need of the options `memory` and `realloc`. */
export interface Needs {
  readonly memory: boolean;
  readonly realloc: boolean;
}

/** What a side of a case needs, by what it reads and is given. */
export function needsOf({ type, caller, callee, lower, lift }: Case, which: Which): Needs {
  const { width } = which === 'caller' ? caller : callee;
  const pointer = width === '64' ? 8 : 4;
  const types = type.params.map((p) => p.type);
  const results = type.result === undefined ? [] : [type.result];
  const params = flattenTypes(types, pointer).length;
  const returned = flattenTypes(results, pointer).length;
  if (which === 'caller') {
    const reads = types.some(allocates) || params > (lower === 'async' ? MAX_FLAT_ASYNC_PARAMS : MAX_FLAT_PARAMS);
    const realloc = results.some(allocates);
    return { memory: reads || realloc || returned > (lower === 'async' ? 0 : MAX_FLAT_RESULTS), realloc };
  }
  const realloc = types.some(allocates) || params > MAX_FLAT_PARAMS;
  const reads = results.some(allocates) || returned > (lift === 'sync' ? MAX_FLAT_RESULTS : MAX_FLAT_PARAMS);
  return { memory: realloc || reads, realloc };
}
