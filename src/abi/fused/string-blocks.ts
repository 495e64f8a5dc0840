/**
 * Pieces of the loops over strings that carry a vector of characters at a time. A loop leaves what is less than a block, and characters
 * that need more than a move, to the loop behind it. Some blocks are stored whole though only a part of them counts, where what follows
 * is sure to be written over the rest: no byte in the end differs from what character by character would give.
 */
import type { FunctionWriter } from './function.ts';
import { memoryOf, type Side } from './side.ts';
import { advance, difference, setEnd } from './transcode.ts';
import { everyUnit, LANES, UNITS } from './vectors.ts';

/** Locals of a loop: the next byte of the source and its end, and where the next byte of the new range goes. */
export interface Cursor {
  readonly p: number;
  readonly end: number;
  readonly q: number;
}

/** Emits: opens a loop that ends when less than `bytes` of the source are left. */
function openLoop(f: FunctionWriter, from: Side, { p, end }: Cursor, bytes: number): void {
  f.open('block').open('loop');
  difference(f, from, end, p).i32(bytes).op('i32.lt_u').brIf(1);
}

function closeLoop(f: FunctionWriter): void {
  f.br(0).op('end', 'end');
}

/** Emits: stores the bytes of a vector as code units of two bytes. */
function storeWide(f: FunctionWriter, to: Side, q: number, v: number): void {
  f.get(q).get(v).vector('i16x8.extend_low_i8x16_u').vectorAccess('store', memoryOf(to));
  f.get(q).get(v).vector('i16x8.extend_high_i8x16_u').vectorAccess('store', memoryOf(to), LANES);
}

/** Emits: bytes to as many units of two bytes. */
export function widenAll(f: FunctionWriter, from: Side, to: Side, cursor: Cursor): void {
  const v = f.local('v128');
  openLoop(f, from, cursor, LANES);
  f.get(cursor.p).vectorAccess('load', memoryOf(from)).set(v);
  storeWide(f, to, cursor.q, v);
  advance(f, from, cursor.p, LANES);
  advance(f, to, cursor.q, 2 * LANES);
  closeLoop(f);
}

/** Emits: copies bytes to bytes, as long as whole blocks of them are ASCII. */
export function copyAscii(f: FunctionWriter, from: Side, to: Side, cursor: Cursor): void {
  const v = f.local('v128');
  openLoop(f, from, cursor, LANES);
  f.get(cursor.p).vectorAccess('load', memoryOf(from)).tee(v).vector('i8x16.bitmask').brIf(1);
  f.get(cursor.q).get(v).vectorAccess('store', memoryOf(to));
  advance(f, from, cursor.p, LANES);
  advance(f, to, cursor.q, LANES);
  closeLoop(f);
}

/** Emits: units of two bytes to bytes, as long as whole blocks of them are below `limit`, a power of two of at most 0x100. */
export function narrowBelow(f: FunctionWriter, from: Side, to: Side, cursor: Cursor, limit: 0x80 | 0x100): void {
  const [v, w] = [f.local('v128'), f.local('v128')];
  openLoop(f, from, cursor, 2 * LANES);
  f.get(cursor.p).vectorAccess('load', memoryOf(from)).tee(v);
  f.get(cursor.p).vectorAccess('load', memoryOf(from), LANES).tee(w).vector('v128.or');
  f.v128(everyUnit(0x1_0000 - limit))
    .vector('v128.and', 'v128.any_true')
    .brIf(1);
  f.get(cursor.q).get(v).get(w).vector('i8x16.narrow_i16x8_u').vectorAccess('store', memoryOf(to));
  advance(f, from, cursor.p, 2 * LANES);
  advance(f, to, cursor.q, LANES);
  closeLoop(f);
}

/** So many bytes of UTF-8 become as many units as a block has bytes, at least. */
const ENOUGH = 3 * LANES;

/** Emits: opens an `if` for whole blocks; sets `v` and, with a bit for each byte that is not ASCII, `others`. */
function ifBlock(f: FunctionWriter, from: Side, { p, end }: Cursor, v: number, others: number): void {
  difference(f, from, end, p).i32(LANES).op('i32.ge_u').open('if');
  f.get(p).vectorAccess('load', memoryOf(from)).tee(v).vector('i8x16.bitmask').set(others);
}

/** Emits, in a loop over characters of UTF-8: a block that is all ASCII goes at once, and so does the loop's turn. */
export function asciiBlock(f: FunctionWriter, from: Side, to: Side, cursor: Cursor): void {
  const [v, others] = [f.local('v128'), f.local('i32')];
  ifBlock(f, from, cursor, v, others);
  f.get(others).op('i32.eqz').open('if');
  f.get(cursor.q).get(v).vectorAccess('store', memoryOf(to));
  advance(f, from, cursor.p, LANES);
  advance(f, to, cursor.q, LANES);
  f.br(2).op('end', 'end');
}

/**
 * Emits, in a loop over characters of UTF-8 or Latin-1: the ASCII characters that the next block begins with go at once, as bytes or as
 * units of two bytes; and so does the loop's turn if there is nothing else in the block.
 */
export function asciiRun(f: FunctionWriter, from: Side, to: Side, cursor: Cursor, wide: boolean): void {
  const [v, others, count] = [f.local('v128'), f.local('i32'), f.local('i32')];
  ifBlock(f, from, cursor, v, others);
  f.get(others).op('i32.eqz');
  difference(f, from, cursor.end, cursor.p).i32(from.encoding === 'utf8' ? ENOUGH : LANES);
  f.op('i32.ge_u', 'i32.or').open('if');
  if (wide) storeWide(f, to, cursor.q, v);
  else f.get(cursor.q).get(v).vectorAccess('store', memoryOf(to));
  f.get(others)
    .i32(1 << LANES)
    .op('i32.or', 'i32.ctz')
    .set(count);
  setEnd(f, from, cursor.p, cursor.p, count);
  setEnd(f, to, cursor.q, cursor.q, count);
  if (wide) setEnd(f, to, cursor.q, cursor.q, count);
  f.get(others).op('i32.eqz').brIf(2).op('end', 'end');
}

/** The same for a source of UTF-16 and a target of bytes. */
export function asciiRunOfUnits(f: FunctionWriter, from: Side, to: Side, cursor: Cursor): void {
  const v = f.local('v128');
  const count = f.local('i32');
  difference(f, from, cursor.end, cursor.p)
    .i32(2 * UNITS)
    .op('i32.ge_u')
    .open('if');
  f.get(cursor.p).vectorAccess('load', memoryOf(from)).set(v);
  f.get(cursor.q).get(v).get(v).vector('i8x16.narrow_i16x8_u', 'i64x2.extract_lane 0');
  f.access('i64.store', memoryOf(to));
  // A bit for each unit that is not ASCII.
  f.get(v).v128(everyUnit(0xff80)).vector('v128.and').v128(everyUnit(0)).vector('i16x8.ne', 'i16x8.bitmask');
  f.i32(1 << UNITS)
    .op('i32.or', 'i32.ctz')
    .set(count);
  setEnd(f, to, cursor.q, cursor.q, count);
  setEnd(f, from, cursor.p, cursor.p, count);
  setEnd(f, from, cursor.p, cursor.p, count);
  f.get(count).i32(UNITS).op('i32.eq').brIf(1).op('end');
}

/** Emits: turns the last bytes of those in front of `i` (a local, counted down) at `start` into units of two bytes, a block at a time. */
export function widenBackwards(f: FunctionWriter, to: Side, start: number, i: number): void {
  const v = f.local('v128');
  const double = f.local('i32');
  const [source, target] = [f.local(to.address), f.local(to.address)];
  f.open('block').open('loop');
  f.get(i).i32(LANES).op('i32.lt_u').brIf(1);
  f.get(i).i32(LANES).op('i32.sub').tee(i).i32(1).op('i32.shl').set(double);
  setEnd(f, to, source, start, i);
  setEnd(f, to, target, start, double);
  f.get(source).vectorAccess('load', memoryOf(to)).set(v);
  storeWide(f, to, target, v);
  closeLoop(f);
}

/** Emits: moves `p` over whole blocks of units below 0x100. */
export function skipLatin1(f: FunctionWriter, side: Side, cursor: Pick<Cursor, 'p' | 'end'>): void {
  openLoop(f, side, { ...cursor, q: cursor.p }, LANES);
  f.get(cursor.p)
    .vectorAccess('load', memoryOf(side))
    .v128(everyUnit(0xff00))
    .vector('v128.and', 'v128.any_true')
    .brIf(1);
  advance(f, side, cursor.p, LANES);
  closeLoop(f);
}
