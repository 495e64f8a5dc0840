/**
 * Loops over the characters of strings: validation, decoding and encoding of single characters. Each is one function of the
 * adapter module, made once for a side. Specification: CanonicalABI.md, `load_string_from_range`.
 */

import { FunctionWriter } from './function.ts';
import { emitTrapIf, memoryOf, onceForMemory, type Side } from './side.ts';

/** Emits: adds a constant to an address local. */
export function advance(f: FunctionWriter, side: Side, local: number, by: number): void {
  f.get(local);
  if (side.address === 'i64') f.i64(BigInt(by)).op('i64.add');
  else f.i32(by).op('i32.add');
  f.set(local);
}

/** Emits: leaves the difference of two addresses as an i32. */
export function difference(f: FunctionWriter, side: Side, end: number, start: number): FunctionWriter {
  f.get(end).get(start);
  return side.address === 'i64' ? f.op('i64.sub', 'i32.wrap_i64') : f.op('i32.sub');
}

/** Emits: sets `to` to the address in `from` plus the i32 in `bytes`. */
export function setEnd(f: FunctionWriter, side: Side, to: number, from: number, bytes: number): void {
  f.get(from).get(bytes);
  if (side.address === 'i64') f.op('i64.extend_i32_u', 'i64.add');
  else f.op('i32.add');
  f.set(to);
}

/** Emits: traps unless the continuation byte at `p + offset` is within `low`..`high` (locals), or 0x80..0xbf. */
function continuation(
  f: FunctionWriter,
  side: Side,
  p: number,
  offset: number,
  bounds?: { low: number; high: number },
): void {
  const memory = memoryOf(side);
  if (bounds === undefined) {
    f.get(p).access('i32.load8_u', memory, offset).i32(0xc0).op('i32.and').i32(0x80).op('i32.ne');
    emitTrapIf(f, side.shared, 'invalid-utf8');
    return;
  }
  const b = f.local('i32');
  f.get(p).access('i32.load8_u', memory, offset).tee(b).get(bounds.low).op('i32.lt_u');
  f.get(b).get(bounds.high).op('i32.gt_u', 'i32.or');
  emitTrapIf(f, side.shared, 'invalid-utf8');
}

/** Emits the checks of a sequence of 3 or 4 bytes; the first continuation byte has bounds of its own after some lead bytes. */
function longSequence(f: FunctionWriter, side: Side, p: number, lead: number, left: number, length: 3 | 4): void {
  const low = f.local('i32');
  const high = f.local('i32');
  f.get(left).i32(length).op('i32.lt_u');
  emitTrapIf(f, side.shared, 'incomplete-utf8');
  f.i32(0x80).set(low).i32(0xbf).set(high);
  const [lowLead, lowBound, highLead, highBound] = length === 3 ? [0xe0, 0xa0, 0xed, 0x9f] : [0xf0, 0x90, 0xf4, 0x8f];
  f.get(lead).i32(lowLead).op('i32.eq').open('if').i32(lowBound).set(low).op('end');
  f.get(lead).i32(highLead).op('i32.eq').open('if').i32(highBound).set(high).op('end');
  continuation(f, side, p, 1, { low, high });
  continuation(f, side, p, 2);
  if (length === 4) continuation(f, side, p, 3);
  advance(f, side, p, length);
}

/** The function `(address, units)` that traps unless the range is valid, one for a memory. */
export function validator(side: Side, source: 'utf8' | 'utf16'): number {
  return onceForMemory(side, `validate ${source}`, () => (source === 'utf8' ? validateUtf8 : validateUtf16)(side));
}

/** A function `(address, bytes)` that traps unless the range is UTF-8. ASCII goes 16 bytes at a time. */
export function validateUtf8(side: Side): number {
  const f = new FunctionWriter(side.shared.module, { params: [side.address, 'i32'], results: [] });
  const memory = memoryOf(side);
  const p = f.local(side.address);
  const end = f.local(side.address);
  const left = f.local('i32');
  const lead = f.local('i32');
  f.get(0).set(p);
  setEnd(f, side, end, p, 1);
  f.open('loop');
  difference(f, side, end, p).tee(left).op('i32.eqz').open('if').op('return', 'end');
  f.get(left).i32(16).op('i32.ge_u').open('if');
  f.get(p).topBits16(memory).op('i32.eqz').open('if');
  advance(f, side, p, 16);
  f.br(2).op('end', 'end');
  f.get(p).access('i32.load8_u', memory).tee(lead).i32(0x80).op('i32.lt_u').open('if');
  advance(f, side, p, 1);
  f.br(1).op('end');
  f.get(lead).i32(0xc2).op('i32.lt_u');
  f.get(lead).i32(0xf5).op('i32.ge_u', 'i32.or');
  emitTrapIf(f, side.shared, 'invalid-utf8');
  f.get(lead).i32(0xe0).op('i32.lt_u').open('if');
  f.get(left).i32(2).op('i32.lt_u');
  emitTrapIf(f, side.shared, 'incomplete-utf8');
  continuation(f, side, p, 1);
  advance(f, side, p, 2);
  f.br(1).op('end');
  f.get(lead).i32(0xf0).op('i32.lt_u').open('if');
  longSequence(f, side, p, lead, left, 3);
  f.br(1).op('end');
  longSequence(f, side, p, lead, left, 4);
  f.br(0).op('end');
  return f.finish();
}

/** A function `(address, units)` that traps where a surrogate has no partner. */
export function validateUtf16(side: Side): number {
  const f = new FunctionWriter(side.shared.module, { params: [side.address, 'i32'], results: [] });
  const memory = memoryOf(side);
  const p = f.local(side.address);
  const left = f.local('i32');
  const unit = f.local('i32');
  f.get(0).set(p).get(1).set(left);
  f.open('loop');
  f.get(left).op('i32.eqz').open('if').op('return', 'end');
  f.get(p).access('i32.load16_u', memory).tee(unit).i32(0xf800).op('i32.and').i32(0xd800).op('i32.ne').open('if');
  advance(f, side, p, 2);
  f.get(left).i32(1).op('i32.sub').set(left).br(1).op('end');
  f.get(unit).i32(0xdc00).op('i32.ge_u').get(left).i32(2).op('i32.lt_u', 'i32.or');
  emitTrapIf(f, side.shared, 'invalid-utf16');
  f.get(p).access('i32.load16_u', memory, 2).i32(0xfc00).op('i32.and').i32(0xdc00).op('i32.ne');
  emitTrapIf(f, side.shared, 'invalid-utf16');
  advance(f, side, p, 4);
  f.get(left).i32(2).op('i32.sub').set(left).br(0).op('end');
  return f.finish();
}

/** Emits: `(byte at p + offset) & 0x3f`, shifted left. */
function sixBits(f: FunctionWriter, side: Side, offset: number, shift: number): void {
  f.get(0).access('i32.load8_u', memoryOf(side), offset).i32(0x3f).op('i32.and');
  if (shift > 0) f.i32(shift).op('i32.shl');
}

/** A function `(address) -> (code point, bytes)` on valid UTF-8. */
export function decodeUtf8(side: Side): number {
  const f = new FunctionWriter(side.shared.module, { params: [side.address], results: ['i32', 'i32'] });
  const lead = f.local('i32');
  f.get(0).access('i32.load8_u', memoryOf(side)).tee(lead).i32(0x80).op('i32.lt_u').open('if');
  f.get(lead).i32(1).op('return', 'end');
  f.get(lead).i32(0xe0).op('i32.lt_u').open('if');
  f.get(lead).i32(0x1f).op('i32.and').i32(6).op('i32.shl');
  sixBits(f, side, 1, 0);
  f.op('i32.or').i32(2).op('return', 'end');
  f.get(lead).i32(0xf0).op('i32.lt_u').open('if');
  f.get(lead).i32(0x0f).op('i32.and').i32(12).op('i32.shl');
  sixBits(f, side, 1, 6);
  f.op('i32.or');
  sixBits(f, side, 2, 0);
  f.op('i32.or').i32(3).op('return', 'end');
  f.get(lead).i32(0x07).op('i32.and').i32(18).op('i32.shl');
  sixBits(f, side, 1, 12);
  f.op('i32.or');
  sixBits(f, side, 2, 6);
  f.op('i32.or');
  sixBits(f, side, 3, 0);
  f.op('i32.or').i32(4);
  return f.finish();
}

/** A function `(address) -> (code point, units)` on valid UTF-16. */
export function decodeUtf16(side: Side): number {
  const f = new FunctionWriter(side.shared.module, { params: [side.address], results: ['i32', 'i32'] });
  const memory = memoryOf(side);
  const unit = f.local('i32');
  f.get(0).access('i32.load16_u', memory).tee(unit).i32(0xf800).op('i32.and').i32(0xd800).op('i32.ne').open('if');
  f.get(unit).i32(1).op('return', 'end');
  f.get(unit).i32(0x3ff).op('i32.and').i32(10).op('i32.shl');
  f.get(0).access('i32.load16_u', memory, 2).i32(0x3ff).op('i32.and', 'i32.or').i32(0x1_0000).op('i32.add').i32(2);
  return f.finish();
}

/** Emits: stores `0x80 | (code >> shift) & 0x3f` at `p + offset`. */
function storeSix(f: FunctionWriter, side: Side, offset: number, shift: number): void {
  f.get(0).get(1);
  if (shift > 0) f.i32(shift).op('i32.shr_u');
  f.i32(0x3f).op('i32.and').i32(0x80).op('i32.or').access('i32.store8', memoryOf(side), offset);
}

function storeLead(f: FunctionWriter, side: Side, shift: number, mark: number): void {
  f.get(0).get(1).i32(shift).op('i32.shr_u').i32(mark).op('i32.or').access('i32.store8', memoryOf(side));
}

/** A function `(address, code point) -> bytes` that writes UTF-8. */
export function encodeUtf8(side: Side): number {
  const f = new FunctionWriter(side.shared.module, { params: [side.address, 'i32'], results: ['i32'] });
  f.get(1).i32(0x80).op('i32.lt_u').open('if');
  f.get(0).get(1).access('i32.store8', memoryOf(side)).i32(1).op('return', 'end');
  f.get(1).i32(0x800).op('i32.lt_u').open('if');
  storeLead(f, side, 6, 0xc0);
  storeSix(f, side, 1, 0);
  f.i32(2).op('return', 'end');
  f.get(1).i32(0x1_0000).op('i32.lt_u').open('if');
  storeLead(f, side, 12, 0xe0);
  storeSix(f, side, 1, 6);
  storeSix(f, side, 2, 0);
  f.i32(3).op('return', 'end');
  storeLead(f, side, 18, 0xf0);
  storeSix(f, side, 1, 12);
  storeSix(f, side, 2, 6);
  storeSix(f, side, 3, 0);
  f.i32(4);
  return f.finish();
}

/** A function `(address, code point) -> bytes` that writes UTF-16. */
export function encodeUtf16(side: Side): number {
  const f = new FunctionWriter(side.shared.module, { params: [side.address, 'i32'], results: ['i32'] });
  const memory = memoryOf(side);
  f.get(1).i32(0x1_0000).op('i32.lt_u').open('if');
  f.get(0).get(1).access('i32.store16', memory).i32(2).op('return', 'end');
  f.get(0)
    .get(1)
    .i32(0x1_0000)
    .op('i32.sub')
    .i32(10)
    .op('i32.shr_u')
    .i32(0xd800)
    .op('i32.or')
    .access('i32.store16', memory);
  f.get(0).get(1).i32(0x3ff).op('i32.and').i32(0xdc00).op('i32.or').access('i32.store16', memory, 2).i32(4);
  return f.finish();
}
