/**
 * UTF-8 strings of at most 64 bytes, from one memory to another: loaded once, in two or four pieces that may overlap, looked at, and stored.
 * Only what is not ASCII is validated, in memory. Specification: CanonicalABI.md, `store_string_copy`.
 */
import type { WasmType } from '../../core/builder.ts';
import type { FunctionWriter } from './function.ts';
import { addOffset, addressConst, emitAllocate, memoryOf, rangeCheck, type Side, toAddress } from './side.ts';
import { validator } from './validate.ts';

const LONGEST = 64;
const OUTSIDE = 'realloc-out-of-bounds/string';

/** How pieces of one width are moved. */
interface Width {
  readonly bytes: number;
  readonly type: WasmType;
  load(f: FunctionWriter, side: Side): void;
  store(f: FunctionWriter, side: Side): void;
  /** Leaves whether any of the pieces in the locals has a byte with its top bit. */
  notAscii(f: FunctionWriter, pieces: readonly number[]): void;
}

function orAll(f: FunctionWriter, pieces: readonly number[], or: () => void): void {
  for (const [i, piece] of pieces.entries()) {
    f.get(piece);
    if (i > 0) or();
  }
}

const BYTE: Width = {
  bytes: 1,
  type: 'i32',
  load: (f, side) => f.access('i32.load8_u', memoryOf(side)),
  store: (f, side) => f.access('i32.store8', memoryOf(side)),
  notAscii(f, pieces) {
    orAll(f, pieces, () => f.op('i32.or'));
    f.i32(0x80).op('i32.and');
  },
};
const WORD: Width = {
  bytes: 4,
  type: 'i32',
  load: (f, side) => f.access('i32.load', memoryOf(side)),
  store: (f, side) => f.access('i32.store', memoryOf(side)),
  notAscii(f, pieces) {
    orAll(f, pieces, () => f.op('i32.or'));
    f.i32(-0x7f7f_7f80).op('i32.and');
  },
};
const LONG: Width = {
  bytes: 8,
  type: 'i64',
  load: (f, side) => f.access('i64.load', memoryOf(side)),
  store: (f, side) => f.access('i64.store', memoryOf(side)),
  notAscii(f, pieces) {
    orAll(f, pieces, () => f.op('i64.or'));
    f.i64(-0x7f7f_7f7f_7f7f_7f80n).op('i64.and', 'i64.eqz', 'i32.eqz');
  },
};
const VECTOR: Width = {
  bytes: 16,
  type: 'v128',
  load: (f, side) => f.vectorAccess('load', memoryOf(side)),
  store: (f, side) => f.vectorAccess('store', memoryOf(side)),
  notAscii(f, pieces) {
    orAll(f, pieces, () => f.vector('v128.or'));
    f.vector('i8x16.bitmask');
  },
};

/** A string in parts. Everything but sides is a local. */
interface Whole {
  readonly f: FunctionWriter;
  readonly from: Side;
  readonly to: Side;
  readonly address: number;
  readonly bytes: number;
  /** The new range. */
  readonly range: number;
  /** Where the second, third and fourth piece begin. */
  readonly offsets: readonly [number, number, number];
}

/** Emits: if the string is longer than `bytes`, does what `body` emits. */
function above({ f, bytes: local }: Whole, bytes: number, body: () => void): void {
  f.get(local).i32(bytes).op('i32.gt_u').open('if');
  body();
  f.op('end');
}

/** Locals of a string whose range was not checked (the caller's addresses), and of what it becomes (the callee's). */
export interface CommonString {
  readonly address: number;
  readonly length: number;
  readonly newAddress: number;
  readonly newLength: number;
}

/**
 * Emits: if the string has 8 to 32 bytes, carries it. The `if` is left open, for what follows and for what is done otherwise. Most
 * strings are such, and so little code without branches can stand where strings come in numbers.
 */
export function ifCommonUtf8(f: FunctionWriter, from: Side, to: Side, string: CommonString): void {
  const { address, length } = string;
  const bytes = f.scratch('i32');
  const offsets = [f.scratch('i32'), f.scratch('i32'), f.scratch('i32')] as const;
  f.get(length);
  addressConst(f, from, 8).op(`${from.address}.sub`);
  addressConst(f, from, 25).op(`${from.address}.lt_u`).open('if').get(length);
  if (from.address === 'i64') f.op('i32.wrap_i64');
  f.set(bytes).get(address).get(bytes).call(rangeCheck(from, 'string-out-of-bounds'));
  const whole = { f, from, to, address, bytes, range: string.newAddress, offsets };
  f.get(bytes).i32(15).op('i32.gt_u').open('if');
  move(whole, VECTOR, places(whole, 16, 'two'));
  f.op('else');
  move(whole, LONG, places(whole, 8, 'two'));
  f.op('end');
  toAddress(f.get(bytes), to).set(string.newLength);
  f.release('i32', bytes, ...offsets);
}

/**
 * Emits, in a function `(address, bytes) -> (address, length)` whose range was checked: returns the new range of another string of at
 * most 64 bytes; goes on for longer ones.
 */
export function smallUtf8(f: FunctionWriter, from: Side, to: Side): void {
  const offsets = [f.local('i32'), f.local('i32'), f.local('i32')] as const;
  const whole: Whole = { f, from, to, address: 0, bytes: 1, range: f.local(to.address), offsets };
  const moved = (width: Width, count: 'two' | 'three' | 'four') => (): void => {
    move(whole, width, places(whole, width.bytes, count));
    result(whole);
  };
  f.get(1).i32(LONGEST).op('i32.le_u').open('if');
  above(whole, 32, moved(VECTOR, 'four'));
  above(whole, 3, moved(WORD, 'two'));
  above(whole, 0, moved(BYTE, 'three'));
  allocate(whole);
  result(whole);
  f.op('end');
}

function allocate({ f, to, bytes, range }: Whole): void {
  emitAllocate(f, to, 1, bytes, OUTSIDE);
  f.set(range);
}

function result({ f, to, bytes, range }: Whole): void {
  f.get(range).get(bytes);
  toAddress(f, to).op('return');
}

/** Sets where the pieces after the first begin, from the front and from the back. Gives the locals. */
function places({ f, offsets, bytes: size }: Whole, bytes: number, count: 'two' | 'three' | 'four'): readonly number[] {
  const [a, b, c] = offsets;
  f.get(size).i32(bytes).op('i32.sub').set(a);
  if (count === 'two') return [a];
  if (count === 'three') {
    f.get(size).i32(1).op('i32.shr_u').set(b);
    return [a, b];
  }
  f.i32(bytes).set(b);
  f.get(size)
    .i32(2 * bytes)
    .op('i32.sub')
    .set(c);
  return [a, b, c];
}

/** Emits: loads a piece at the beginning and at each of the offsets, looks at them, allocates, and stores them. */
function move(whole: Whole, width: Width, offsets: readonly number[]): void {
  const { f, from, to, address, bytes, range } = whole;
  const pieces = [undefined, ...offsets].map((offset) => {
    f.get(address);
    if (offset !== undefined) addOffset(f, from, offset);
    width.load(f, from);
    const piece = f.scratch(width.type);
    f.set(piece);
    return piece;
  });
  width.notAscii(f, pieces);
  f.open('if').get(address).get(bytes).call(validator(from, 'utf8')).op('end');
  allocate(whole);
  for (const [i, piece] of pieces.entries()) {
    f.get(range);
    const offset = offsets[i - 1];
    if (offset !== undefined) addOffset(f, to, offset);
    f.get(piece);
    width.store(f, to);
  }
  f.release(width.type, ...pieces);
}
