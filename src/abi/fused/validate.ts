/**
 * Validation of strings in memory: functions of the adapter module, made once for a memory. UTF-8 goes 16 bytes at a time
 * (`utf8-blocks.ts`); where that finds a fault, it is looked for byte by byte, to trap with the reason of the first.
 * Specification: CanonicalABI.md, `load_string_from_range`.
 */
import { FunctionWriter } from './function.ts';
import { emitTrapIf, memoryOf, onceForMemory, type Side } from './side.ts';
import { advance, difference, setEnd } from './transcode.ts';
import { blockwiseUtf8 } from './utf8-blocks.ts';
import { everyUnit, UNITS } from './vectors.ts';

/** Emits: traps unless the continuation byte at `p + offset` is there, and within `low`..`high` (locals), or 0x80..0xbf. */
function continuation(
  f: FunctionWriter,
  side: Side,
  { p, left }: { readonly p: number; readonly left: number },
  offset: number,
  bounds?: { low: number; high: number },
): void {
  const memory = memoryOf(side);
  f.get(left).i32(offset).op('i32.le_u');
  emitTrapIf(f, side.shared, 'incomplete-utf8');
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
  f.i32(0x80).set(low).i32(0xbf).set(high);
  const [lowLead, lowBound, highLead, highBound] = length === 3 ? [0xe0, 0xa0, 0xed, 0x9f] : [0xf0, 0x90, 0xf4, 0x8f];
  f.get(lead).i32(lowLead).op('i32.eq').open('if').i32(lowBound).set(low).op('end');
  f.get(lead).i32(highLead).op('i32.eq').open('if').i32(highBound).set(high).op('end');
  continuation(f, side, { p, left }, 1, { low, high });
  continuation(f, side, { p, left }, 2);
  if (length === 4) continuation(f, side, { p, left }, 3);
  advance(f, side, p, length);
}

/** The function `(address, units)` that traps unless the range is valid, one for a memory. */
export function validator(side: Side, source: 'utf8' | 'utf16'): number {
  return onceForMemory(side, `validate ${source}`, () =>
    source === 'utf16'
      ? validateUtf16(side)
      : blockwiseUtf8(
          side,
          onceForMemory(side, 'validate utf8 bytewise', () => bytewiseUtf8(side)),
        ),
  );
}

/** A function `(address, bytes)` that traps unless the range is UTF-8, byte by byte: which fault is the first is what it finds. */
function bytewiseUtf8(side: Side): number {
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
  f.get(p).access('i32.load8_u', memory).tee(lead).i32(0x80).op('i32.lt_u').open('if');
  advance(f, side, p, 1);
  f.br(1).op('end');
  f.get(lead).i32(0xc2).op('i32.lt_u');
  f.get(lead).i32(0xf5).op('i32.ge_u', 'i32.or');
  emitTrapIf(f, side.shared, 'invalid-utf8');
  f.get(lead).i32(0xe0).op('i32.lt_u').open('if');
  continuation(f, side, { p, left }, 1);
  advance(f, side, p, 2);
  f.br(1).op('end');
  f.get(lead).i32(0xf0).op('i32.lt_u').open('if');
  longSequence(f, side, p, lead, left, 3);
  f.br(1).op('end');
  longSequence(f, side, p, lead, left, 4);
  f.br(0).op('end');
  return f.finish();
}

/** A function `(address, units)` that traps where a surrogate has no partner. Eight units without any go at a time. */
function validateUtf16(side: Side): number {
  const f = new FunctionWriter(side.shared.module, { params: [side.address, 'i32'], results: [] });
  const memory = memoryOf(side);
  const p = f.local(side.address);
  const left = f.local('i32');
  const unit = f.local('i32');
  const mask = f.local('v128');
  const surrogate = f.local('v128');
  f.get(0).set(p).get(1).set(left);
  f.v128(everyUnit(0xf800)).set(mask).v128(everyUnit(0xd800)).set(surrogate);
  f.open('loop');
  f.get(left).op('i32.eqz').open('if').op('return', 'end');
  f.get(left).i32(UNITS).op('i32.ge_u').open('if');
  f.get(p).vectorAccess('load', memory).get(mask).vector('v128.and').get(surrogate).vector('i16x8.eq', 'v128.any_true');
  f.op('i32.eqz').open('if');
  advance(f, side, p, 2 * UNITS);
  f.get(left).i32(UNITS).op('i32.sub').set(left).br(2).op('end', 'end');
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
