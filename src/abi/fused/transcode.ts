/**
 * Decoding and encoding of single characters. Each is one function of the adapter module, made once for a side.
 * Specification: CanonicalABI.md, `load_string_from_range`.
 */
import { FunctionWriter } from './function.ts';
import { memoryOf, type Side } from './side.ts';

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
