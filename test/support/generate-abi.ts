/**
 * Random types of the Canonical ABI and values of them, from a seed: what the interpreter and the adapters are compared on.
 * Values are in the interpreter's own form (`src/abi/values.ts`). No NaN but where it is asked for: its bits may change on the way.
 */
import { despecialize } from '../../src/abi/despecialize.ts';
import { type AbiString, type AbiValue, hostString } from '../../src/abi/values.ts';
import type { FuncType, NamedType, ResourceType, ValueType } from '../../src/types/value-type.ts';

/** Answers whole numbers from 0 below `n`. */
export type Random = (n: number) => number;

/** A generator of numbers that only its seed decides (mulberry32). */
export function random(seed: number): Random {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}

export function pick<T>(r: Random, from: readonly T[]): T {
  return from[r(from.length)]!;
}

export interface TypeOptions {
  readonly floats: boolean;
  readonly resources: readonly ResourceType[];
  /** False in results, which cannot hold borrows. */
  readonly borrows: boolean;
  /** Streams, futures and error contexts too. */
  readonly ends?: boolean;
}

const INTS = ['u8', 's8', 'u16', 's16', 'u32', 's32', 'u64', 's64'] as const;

function scalar(r: Random, options: Pick<TypeOptions, 'floats'>): ValueType {
  const kinds = [
    ...INTS,
    'bool',
    'char',
    'string',
    'string',
    ...(options.floats ? (['f32', 'f64'] as const) : []),
  ] as const;
  return { kind: pick(r, kinds) };
}

function labels(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `l${i}`);
}

const COMPOUNDS = ['record', 'variant', 'list', 'fixed-list', 'map', 'tuple', 'option', 'result'] as const;
const LEAVES = ['flags', 'enum', 'own', 'borrow', 'scalar', 'scalar', 'scalar'] as const;

const ENDS = ['stream', 'future', 'error-context'] as const;
const ALL_LEAVES = [...LEAVES, 'scalar', 'scalar', ...ENDS] as const;

/** What a stream or future carries: opaque to a call that passes its end. */
function endType(r: Random, kind: 'stream' | 'future', options: TypeOptions): ValueType {
  const element = r(3) === 0 ? undefined : generateType(r, 1, { ...options, borrows: false, ends: false });
  // Of those alone, a stream is not valid.
  return { kind, element: kind === 'stream' && element?.kind === 'char' ? { kind: 'u8' } : element };
}

/** A type that nests `depth` levels at most. */
export function generateType(r: Random, depth: number, options: TypeOptions): ValueType {
  const inner = (): ValueType => generateType(r, depth - 1, options);
  const maybe = (): ValueType | undefined => (r(3) === 0 ? undefined : inner());
  const kind = depth > 0 && r(4) > 0 ? pick(r, COMPOUNDS) : pick(r, options.ends === true ? ALL_LEAVES : LEAVES);
  switch (kind) {
    case 'record':
      return { kind, fields: labels(1 + r(5)).map((name) => ({ name, type: inner() })) };
    case 'tuple':
      return { kind, types: labels(1 + r(5)).map(inner) };
    case 'variant':
      return {
        kind,
        cases: labels(r(12) === 0 ? 257 : 1 + r(5)).map((name, i) => ({ name, type: i < 6 ? maybe() : undefined })),
      };
    case 'list':
      return { kind, element: inner() };
    case 'fixed-list':
      return { kind, element: inner(), length: 1 + r(r(8) === 0 ? 40 : 4) };
    case 'map':
      return { kind, key: scalar(r, { ...options, floats: false }), value: inner() };
    case 'option':
      return { kind, type: inner() };
    case 'result':
      return { kind, ok: maybe(), err: maybe() };
    case 'flags':
      return { kind, labels: labels(1 + r(32)) };
    case 'enum':
      return { kind, labels: labels(r(12) === 0 ? 300 : 1 + r(9)) };
    case 'own':
    case 'borrow':
      if (options.resources.length === 0) return scalar(r, options);
      return { kind: options.borrows ? kind : 'own', resource: pick(r, options.resources) };
    case 'stream':
    case 'future':
      return endType(r, kind, options);
    case 'error-context':
      return { kind };
    case 'scalar':
      return scalar(r, options);
  }
}

/** As many parameters as signatures turn at: what is passed flat, and what through memory. */
export const PARAM_COUNTS = [0, 1, 2, 3, 4, 5, 15, 16, 17] as const;
export const MAX_DEPTH = 4;

/** A function whose number of parameters is one at which something changes, nested to {@link MAX_DEPTH} where they are few. */
export function generateEdgeFunc(r: Random, options: Omit<TypeOptions, 'borrows'>): FuncType {
  const count = pick(r, PARAM_COUNTS);
  const depth = count > 5 ? 1 : MAX_DEPTH + 1;
  const params: NamedType[] = labels(count).map((name) => ({
    name,
    type: count > 5 && r(4) > 0 ? scalar(r, options) : generateType(r, r(depth), { ...options, borrows: true }),
  }));
  const result = r(6) === 0 ? undefined : generateType(r, r(MAX_DEPTH + 1), { ...options, borrows: false });
  return { kind: 'func', async: false, params, result };
}

export function generateFunc(r: Random, options: Omit<TypeOptions, 'borrows'>): FuncType {
  const params: NamedType[] = labels(pick(r, [0, 1, 1, 2, 3, 5, 9])).map((name) => ({
    name,
    type: generateType(r, r(4), { ...options, borrows: true }),
  }));
  const result = r(6) === 0 ? undefined : generateType(r, r(4), { ...options, borrows: false });
  return { kind: 'func', async: false, params, result };
}

const PIECES = [
  'a',
  'Z',
  ' ',
  '0',
  '\u007f',
  '\u0080',
  'é',
  'ÿ',
  'Ā',
  '߿',
  'ࠀ',
  '€',
  '퟿',
  '\ue000',
  '\uffff',
  '𐀀',
  '😀',
  '\u{10ffff}',
  '\0',
];

const LENGTHS = [0, 1, 2, 7, 15, 16, 17, 33, 70] as const;
const ALL_LENGTHS = [...LENGTHS, 8, 31, 32, 48, 63, 64, 65, 129, 300] as const;

/** Text whose characters need up to as many bytes as `PIECES[..limit]` do; often all ASCII, sometimes long. */
export function generateText(r: Random, lengths: readonly number[] = LENGTHS): string {
  const limit = pick(r, [4, 4, 8, PIECES.length]);
  const length = pick(r, lengths);
  let text = '';
  for (let i = 0; i < length; i++) text += r(3) === 0 ? PIECES[r(limit)]! : 'abcdefgh'[r(8)]!;
  return text;
}

function integer(r: Random, bits: number, signed: boolean): bigint {
  const raw = pick(r, [0n, 1n, -1n, 2n ** BigInt(bits - 1), (BigInt(r(2 ** 31)) << 33n) ^ BigInt(r(2 ** 31))]);
  return signed ? BigInt.asIntN(bits, raw) : BigInt.asUintN(bits, raw);
}

const FLOATS = [0, -0, 1.5, -2.25, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** -149, 3.4e38];
const ALL_FLOATS = [...FLOATS, Number.NaN, Number.MAX_VALUE, 5e-324] as const;
const CHARS = [0, 0x41, 0x7f, 0xff, 0xd7ff, 0xe000, 0xffff, 0x1_0000, 0x10_ffff];

/** How large a value may be. */
export interface ValueRoom {
  /** How many parts there is room for; used up. Lists are empty, and texts short, when there is none left. */
  left: number;
}

function listLength(r: Random, room: ValueRoom | undefined): number {
  if (room === undefined) return pick(r, [0, 1, 2, 3, 9]);
  return room.left <= 0 ? r(2) : pick(r, [0, 1, 2, 3, 9, 16, 17]);
}

function floats(room: ValueRoom | undefined): readonly number[] {
  return room === undefined ? FLOATS : ALL_FLOATS;
}

/** A value of a type. Handles are small numbers. With `room` also NaN, and longer texts and lists. */
export function generateValue(r: Random, type: ValueType, room?: ValueRoom): AbiValue {
  const t = despecialize(type);
  const value = (of: ValueType): AbiValue => generateValue(r, of, room);
  if (room !== undefined) room.left--;
  switch (t.kind) {
    case 'bool':
      return r(2) === 1;
    case 'u8':
    case 'u16':
    case 'u32':
      return Number(integer(r, Number(t.kind.slice(1)), false));
    case 's8':
    case 's16':
    case 's32':
      return Number(integer(r, Number(t.kind.slice(1)), true));
    case 'u64':
      return integer(r, 64, false);
    case 's64':
      return integer(r, 64, true);
    case 'f32':
    case 'f64':
      return t.kind === 'f32' ? Math.fround(pick(r, floats(room))) : pick(r, floats(room));
    case 'char':
      return pick(r, CHARS);
    case 'string':
      return hostString(
        generateText(r, room === undefined || room.left <= 0 ? LENGTHS : ALL_LENGTHS),
      ) satisfies AbiString;
    case 'list':
      return Array.from({ length: listLength(r, room) }, () => value(t.element));
    case 'fixed-list':
      return Array.from({ length: t.length }, () => value(t.element));
    case 'record':
      return t.fields.map((f) => value(f.type));
    case 'variant': {
      const at = r(2) === 0 ? r(Math.min(t.cases.length, 6)) : r(t.cases.length);
      const inner = t.cases[at]!.type;
      return { kind: 'variant', case: at, value: inner === undefined ? undefined : value(inner) };
    }
    case 'flags':
      return t.labels.reduce((mask, _, i) => mask + (r(2) === 1 ? 2 ** i : 0), 0);
    default:
      return { kind: 'handle', value: 1 + r(90) };
  }
}
