/**
 * Whether a range is UTF-8, 16 bytes at a time (J. Keiser, D. Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte",
 * 2020). Every fault but one shows in two neighbouring bytes: in three nibbles, each of which is looked up in a table of the faults
 * that it allows. A fault is there if all three allow it. That two continuation bytes follow each other is right behind a lead
 * byte that wants three or four bytes, and a fault elsewhere: the same bit says so, turned around where it is wanted.
 */
import { FunctionWriter } from './function.ts';
import { memoryOf, type Side, toAddress } from './side.ts';
import { advance, setEnd } from './transcode.ts';
import { COUNTING, everyByte, LANES } from './vectors.ts';

/** A fault: nibbles of a byte, the upper and the lower, and the upper one of the next. */
interface Fault {
  readonly bit: number;
  readonly upper: readonly number[];
  readonly lower: readonly number[];
  readonly next: readonly number[];
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

const ANY = range(0x0, 0xf);
const ASCII = range(0x0, 0x7);
const CONTINUATION = range(0x8, 0xb);
const LEAD = range(0xc, 0xf);

/** Two continuation bytes; lies where the comparison of lead bytes leaves its result. */
const CONTINUED = 0x80;

const FAULTS: readonly Fault[] = [
  // A lead byte that nothing continues, a continuation of nothing.
  { bit: 0x01, upper: LEAD, lower: ANY, next: [...ASCII, ...LEAD] },
  { bit: 0x02, upper: ASCII, lower: ANY, next: CONTINUATION },
  // Longer than needed: C0 and C1, E0 80 to E0 9F, F0 80 to F0 8F. With F5 80 and above, which share the place of the last.
  { bit: 0x04, upper: [0xc], lower: [0x0, 0x1], next: CONTINUATION },
  { bit: 0x08, upper: [0xe], lower: [0x0], next: [0x8, 0x9] },
  { bit: 0x10, upper: [0xf], lower: [0x0, ...range(0x5, 0xf)], next: [0x8] },
  // Surrogates: ED A0 to ED BF.
  { bit: 0x20, upper: [0xe], lower: [0xd], next: [0xa, 0xb] },
  // Above U+10FFFF: F4 90 and more.
  { bit: 0x40, upper: [0xf], lower: range(0x4, 0xf), next: range(0x9, 0xb) },
  { bit: CONTINUED, upper: CONTINUATION, lower: ANY, next: CONTINUATION },
];

/** For each value of a nibble, the faults that it allows. */
function table(nibble: 'upper' | 'lower' | 'next'): readonly number[] {
  return ANY.map((value) => FAULTS.reduce((bits, fault) => bits | (fault[nibble].includes(value) ? fault.bit : 0), 0));
}

/** What, taken from the last bytes of a block, leaves something if they begin a character that is not at its end. */
const COMPLETE: readonly number[] = [...everyByte(0xff).slice(3), 0xef, 0xdf, 0xbf];

const CONSTANTS = {
  upper: table('upper'),
  lower: table('lower'),
  next: table('next'),
  nibble: everyByte(0x0f),
  // The top bit is left of a lead byte that wants a third byte, or a fourth.
  third: everyByte(0xe0 - CONTINUED),
  fourth: everyByte(0xf0 - CONTINUED),
  continued: everyByte(CONTINUED),
  complete: COMPLETE,
} as const;

/** Locals: constants, and what goes from block to block. */
interface Block extends Readonly<Record<keyof typeof CONSTANTS, number>> {
  readonly f: FunctionWriter;
  /** The block, and the one before it. */
  readonly now: number;
  readonly before: number;
  /** Not zero once there was a fault. */
  readonly faults: number;
}

function blockOf(f: FunctionWriter): Block {
  const local = (name: keyof typeof CONSTANTS): number => {
    const index = f.local('v128');
    f.v128(CONSTANTS[name]).set(index);
    return index;
  };
  return {
    f,
    now: f.local('v128'),
    before: f.local('v128'),
    faults: f.local('v128'),
    upper: local('upper'),
    lower: local('lower'),
    next: local('next'),
    nibble: local('nibble'),
    third: local('third'),
    fourth: local('fourth'),
    continued: local('continued'),
    complete: local('complete'),
  };
}

/** Emits: leaves the block as it was `back` bytes before. */
function earlier({ f, before, now }: Block, back: number): void {
  f.get(before)
    .get(now)
    .window(LANES - back);
}

function addFaults({ f, faults }: Block): void {
  f.get(faults).vector('v128.or').set(faults);
}

/** Emits: looks at each byte of the block and the one before it. */
function look(b: Block): void {
  const { f, nibble } = b;
  const last = f.scratch('v128');
  earlier(b, 1);
  f.set(last);
  f.get(b.upper).get(last).i32(4).vector('i16x8.shr_u').get(nibble).vector('v128.and', 'i8x16.swizzle');
  f.get(b.lower).get(last).get(nibble).vector('v128.and', 'i8x16.swizzle', 'v128.and');
  f.get(b.next).get(b.now).i32(4).vector('i16x8.shr_u').get(nibble).vector('v128.and', 'i8x16.swizzle', 'v128.and');
  earlier(b, 2);
  f.get(b.third).vector('i8x16.sub_sat_u');
  earlier(b, 3);
  f.get(b.fourth).vector('i8x16.sub_sat_u', 'v128.or').get(b.continued).vector('v128.and', 'v128.xor');
  addFaults(b);
  f.release('v128', last);
}

/** Emits: the block before must have ended with a character. */
function mustBeComplete(b: Block): void {
  b.f.get(b.before).get(b.complete).vector('i8x16.sub_sat_u');
  addFaults(b);
}

/** Emits: moves the bytes of the vector on the stack by the i32 in a local: to the front, the more the larger it is. */
function shift(f: FunctionWriter, by: number): void {
  f.v128(COUNTING).get(by).vector('i8x16.splat', 'i8x16.add', 'i8x16.swizzle');
}

/** Emits: the block is a range of at least `bytes` and less than twice as many, in two pieces that may overlap, and zeros. */
function short(b: Block, side: Side, bytes: 4 | 8, end: number): void {
  const { f } = b;
  const load = bytes === 8 ? 'load64_zero' : 'load32_zero';
  const by = f.scratch('i32');
  f.i32(bytes).get(1).op('i32.sub').set(by);
  f.get(0).vectorAccess(load, memoryOf(side));
  advance(f, side, end, -bytes);
  f.get(end).vectorAccess(load, memoryOf(side));
  shift(f, by);
  f.vector('v128.or').set(b.now);
  f.release('i32', by);
}

/** Emits: whole blocks, while there are; `left` is what remains of less than a block. */
function blocks(b: Block, side: Side, p: number, left: number): void {
  const { f } = b;
  f.get(0).set(p).get(1).set(left).open('loop');
  f.get(p).vectorAccess('load', memoryOf(side)).tee(b.now).vector('i8x16.bitmask').open('if');
  look(b);
  f.op('else');
  mustBeComplete(b);
  f.op('end').get(b.now).set(b.before);
  advance(f, side, p, LANES);
  f.get(left).i32(LANES).op('i32.sub').tee(left).i32(LANES).op('i32.ge_u').brIf(0).op('end');
}

/**
 * A function `(address, bytes)` on a range that lies in the memory: calls `bytewise` with the same if it is not UTF-8, and if it is
 * too short to be a vector.
 */
export function blockwiseUtf8(side: Side, bytewise: number): number {
  const f = new FunctionWriter(side.shared.module, { params: [side.address, 'i32'], results: [] });
  const p = f.local(side.address);
  const end = f.local(side.address);
  const left = f.local('i32');
  f.get(1).i32(4).op('i32.lt_u').open('if').get(0).get(1).call(bytewise).op('return', 'end');
  const b = blockOf(f);
  setEnd(f, side, end, 0, 1);
  f.get(1).i32(LANES).op('i32.ge_u').open('if');
  blocks(b, side, p, left);
  // The rest as a block, with what was seen already moved out of it, and zeros behind it: they complete nothing.
  f.i32(LANES).get(left).op('i32.sub').set(left);
  f.get(end);
  toAddress(f.i32(LANES), side).op(side.address === 'i64' ? 'i64.sub' : 'i32.sub');
  f.vectorAccess('load', memoryOf(side));
  shift(f, left);
  f.set(b.now).op('else');
  f.get(1).i32(8).op('i32.ge_u').open('if');
  short(b, side, 8, end);
  f.op('else');
  short(b, side, 4, end);
  f.op('end', 'end');
  look(b);
  f.get(b.faults).vector('v128.any_true').open('if').get(0).get(1).call(bytewise).op('end');
  return f.finish();
}
