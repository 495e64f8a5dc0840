/**
 * UTF-8 strings of at most 64 bytes, from one memory to another: loaded once, in two or four pieces that may overlap, looked at, and stored.
 * Only what is not ASCII is validated, in memory. Specification: CanonicalABI.md, `store_string_copy`.
 */
import type { WasmType } from '../../core/builder.ts';
import type { FunctionWriter } from './function.ts';
import { addOffset, emitAllocate, memoryOf, type Side, toAddress } from './side.ts';
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

/**
 * Emits, in a function `(address, bytes) -> (address, length)` whose range was checked: returns the new range of a string of at most 64
 * bytes; goes on for longer ones.
 */
export function smallUtf8(f: FunctionWriter, from: Side, to: Side): void {
  const range = f.local(to.address);
  const whole = { f, from, to, range, offsets: [f.local('i32'), f.local('i32'), f.local('i32')] as const };
  const above = (bytes: number, body: () => void): void => {
    f.get(1).i32(bytes).op('i32.gt_u').open('if');
    body();
    f.op('end');
  };
  f.get(1).i32(LONGEST).op('i32.le_u').open('if');
  above(32, () => move(whole, VECTOR, 'four'));
  above(15, () => move(whole, VECTOR, 'two'));
  above(7, () => move(whole, LONG, 'two'));
  above(3, () => move(whole, WORD, 'two'));
  above(0, () => move(whole, BYTE, 'three'));
  allocate(whole);
  result(whole);
  f.op('end');
}

interface Whole {
  readonly f: FunctionWriter;
  readonly from: Side;
  readonly to: Side;
  /** Local of the new range. */
  readonly range: number;
  /** Locals of where the second, third and fourth piece begin. */
  readonly offsets: readonly [number, number, number];
}

function allocate({ f, to, range }: Whole): void {
  emitAllocate(f, to, 1, 1, OUTSIDE);
  f.set(range);
}

function result({ f, to, range }: Whole): void {
  f.get(range).get(1);
  toAddress(f, to).op('return');
}

/** Sets where the pieces after the first begin, from the front and from the back. Gives the locals. */
function places({ f, offsets }: Whole, bytes: number, count: 'two' | 'three' | 'four'): readonly number[] {
  const [a, b, c] = offsets;
  f.get(1).i32(bytes).op('i32.sub').set(a);
  if (count === 'two') return [a];
  if (count === 'three') {
    f.get(1).i32(1).op('i32.shr_u').set(b);
    return [a, b];
  }
  f.i32(bytes).set(b);
  f.get(1)
    .i32(2 * bytes)
    .op('i32.sub')
    .set(c);
  return [a, b, c];
}

function move(whole: Whole, width: Width, count: 'two' | 'three' | 'four'): void {
  const { f, from, to, range } = whole;
  const offsets = places(whole, width.bytes, count);
  const pieces = [undefined, ...offsets].map((offset) => {
    f.get(0);
    if (offset !== undefined) addOffset(f, from, offset);
    width.load(f, from);
    const piece = f.local(width.type);
    f.set(piece);
    return piece;
  });
  width.notAscii(f, pieces);
  f.open('if').get(0).get(1).call(validator(from, 'utf8')).op('end');
  allocate(whole);
  for (const [i, piece] of pieces.entries()) {
    f.get(range);
    const offset = offsets[i - 1];
    if (offset !== undefined) addOffset(f, to, offset);
    f.get(piece);
    width.store(f, to);
  }
  result(whole);
}
