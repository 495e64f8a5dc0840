/**
 * Strings from one memory to another, for every pair of encodings, with the allocations that the specification prescribes.
 * Specification: CanonicalABI.md, `load_string_from_range`, `store_string_into_range`.
 */
import type { WasmType } from '../../core/builder.ts';
import { FunctionWriter } from './function.ts';
import {
  emitAligned,
  emitAllocate,
  emitReallocate,
  emitTrapIf,
  MAX_BYTES,
  memoryOf,
  onceForMemory,
  rangeCheck,
  type Side,
  toAddress,
} from './side.ts';
import { ifCommonUtf8, smallUtf8 } from './small-strings.ts';
import {
  asciiBlock,
  asciiRun,
  asciiRunOfUnits,
  type Cursor,
  copyAscii,
  narrowBelow,
  skipLatin1,
  widenAll,
  widenBackwards,
} from './string-blocks.ts';
import { advance, decodeUtf8, decodeUtf16, difference, encodeUtf8, encodeUtf16, setEnd } from './transcode.ts';
import { validator } from './validate.ts';

type Source = 'utf8' | 'utf16' | 'latin1';

const OUTSIDE = 'realloc-out-of-bounds/string';

/** Functions of one module that are made once. */
export class StringKit {
  readonly #made = new Map<string, number>();
  readonly #ids = new Map<Side, number>();

  #once(key: string, sides: readonly Side[], make: () => number): number {
    const full = `${key}:${sides.map((s) => this.#id(s)).join()}`;
    let index = this.#made.get(full);
    if (index === undefined) {
      index = make();
      this.#made.set(full, index);
    }
    return index;
  }

  #id(side: Side): number {
    let id = this.#ids.get(side);
    if (id === undefined) {
      id = this.#ids.size;
      this.#ids.set(side, id);
    }
    return id;
  }

  /** A function `(pointer, length) -> (pointer, length)`; lengths carry the tag where an encoding has one. */
  translate(from: Side, to: Side): number {
    return this.#once('string', [from, to], () => this.#entry(from, to));
  }

  #entry(from: Side, to: Side): number {
    const f = new FunctionWriter(from.shared.module, {
      params: [from.address, from.address],
      results: [to.address, to.address],
    });
    const { shared } = from;
    const units = f.local('i32');
    if (from.encoding === 'utf8' && to.encoding === 'utf8') {
      const string = { address: 0, length: 1, newAddress: f.local(to.address), newLength: f.local(to.address) };
      ifCommonUtf8(f, from, to, string);
      f.get(string.newAddress).get(string.newLength).op('return', 'end');
    }
    const compact = from.encoding === 'latin1+utf16';
    const tagged = f.local('i32');
    if (compact) {
      f.get(1);
      if (from.address === 'i64')
        f.i64(1n << 63n)
          .op('i64.and', 'i64.eqz', 'i32.eqz')
          .set(tagged)
          .get(1)
          .i64((1n << 63n) - 1n)
          .op('i64.and')
          .set(1);
      else f.i32(-0x8000_0000).op('i32.and').set(tagged).get(1).i32(0x7fff_ffff).op('i32.and').set(1);
    }
    f.get(1);
    if (from.address === 'i64') f.i64(BigInt(MAX_BYTES)).op('i64.gt_u');
    else f.i32(MAX_BYTES).op('i32.gt_u');
    emitTrapIf(f, shared, 'string-out-of-bounds');
    f.get(1);
    if (from.address === 'i64') f.op('i32.wrap_i64');
    f.set(units);
    if (from.encoding !== 'utf8') emitAligned(f, from, 0, 2, 'unaligned-pointer');
    const run = (source: Source): void => {
      this.#checkRange(f, from, units, source === 'utf16' ? 2 : 1);
      f.get(0)
        .get(units)
        .call(this.#kernel(source, compact, from, to));
    };
    if (!compact) run(from.encoding === 'utf8' ? 'utf8' : 'utf16');
    else {
      f.get(tagged).open('if');
      run('utf16');
      f.op('return', 'end');
      run('latin1');
    }
    return f.finish();
  }

  #checkRange(f: FunctionWriter, from: Side, units: number, width: 1 | 2): void {
    if (width === 2) {
      f.get(units)
        .i32(MAX_BYTES >> 1)
        .op('i32.gt_u');
      emitTrapIf(f, from.shared, 'string-out-of-bounds');
    }
    f.get(0).get(units);
    if (width === 2) f.i32(1).op('i32.shl');
    f.call(rangeCheck(from, 'string-out-of-bounds'));
  }

  #kernel(source: Source, compactSource: boolean, from: Side, to: Side): number {
    const key = `${source}${compactSource ? '+' : ''}`;
    return this.#once(key, [from, to], () => {
      const results: readonly WasmType[] = [to.address, to.address];
      const f = new FunctionWriter(from.shared.module, { params: [from.address, 'i32'], results });
      const k = new Kernel(f, from, to);
      const isSmallCopy = source === 'utf8' && to.encoding === 'utf8';
      if (isSmallCopy) smallUtf8(f, from, to);
      if (source !== 'latin1') f.get(0).get(1).call(validator(from, source));
      if (to.encoding === 'utf8') {
        if (source === 'utf8') k.copy(1, 1);
        else k.toUtf8(source);
      } else if (to.encoding === 'utf16') {
        if (source === 'utf8') k.utf8ToUtf16();
        else if (source === 'utf16') k.copy(2, 2);
        else k.inflate();
      } else if (source === 'latin1') k.copy(1, 2);
      else if (source === 'utf16' && compactSource) k.probablyUtf16();
      else k.toCompact(source);
      return f.finish();
    });
  }
}

function decoder(side: Side, source: 'utf8' | 'utf16'): number {
  return onceForMemory(side, `decode ${source}`, () => (source === 'utf8' ? decodeUtf8 : decodeUtf16)(side));
}

function encoder(side: Side, target: 'utf8' | 'utf16'): number {
  return onceForMemory(side, `encode ${target}`, () => (target === 'utf8' ? encodeUtf8 : encodeUtf16)(side));
}

/** The body of one kernel. Parameters: 0 source address, 1 source code units. */
class Kernel {
  readonly #f: FunctionWriter;
  readonly #from: Side;
  readonly #to: Side;
  /** The new range, where its next byte goes, the next byte of the source and its end, sizes. */
  readonly #d: number;
  readonly #q: number;
  readonly #p: number;
  readonly #end: number;
  readonly #size: number;
  readonly #used: number;
  readonly #code: number;

  constructor(f: FunctionWriter, from: Side, to: Side) {
    this.#f = f;
    this.#from = from;
    this.#to = to;
    this.#d = f.local(to.address);
    this.#q = f.local(to.address);
    this.#p = f.local(from.address);
    this.#end = f.local(from.address);
    this.#size = f.local('i32');
    this.#used = f.local('i32');
    this.#code = f.local('i32');
  }

  /** Sets the size to `times` the source's units. */
  #sizeIs(times: 1 | 2 | 3): void {
    this.#f.get(1).i32(times).op('i32.mul').set(this.#size);
  }

  #allocate(times: 1 | 2, align: number): void {
    this.#sizeIs(times);
    emitAllocate(this.#f, this.#to, align, this.#size, OUTSIDE);
    this.#f.tee(this.#d).set(this.#q);
  }

  /** Grows the range to `times` the source's units; it held one byte a unit. */
  #grow(times: 2 | 3, align: number): void {
    const f = this.#f;
    this.#sizeIs(times);
    emitReallocate(f, this.#to, this.#d, 1, align, this.#size, OUTSIDE);
    f.set(this.#d);
  }

  /** Sets `used` to the bytes written, and shrinks the range to them if it is larger. */
  #shrink(align: number): void {
    const f = this.#f;
    difference(f, this.#to, this.#q, this.#d).tee(this.#used).get(this.#size).op('i32.lt_u').open('if');
    emitReallocate(f, this.#to, this.#d, this.#size, align, this.#used, OUTSIDE);
    f.set(this.#d).op('end');
  }

  /** Leaves the results: the range and its length, with the tag if wanted. */
  #results(units: () => void, tagged = false): void {
    const f = this.#f;
    f.get(this.#d);
    units();
    toAddress(f, this.#to);
    if (tagged) {
      if (this.#to.address === 'i64') f.i64(1n << 63n).op('i64.or');
      else f.i32(-0x8000_0000).op('i32.or');
    }
  }

  #start(width: 1 | 2): void {
    const f = this.#f;
    f.get(0).set(this.#p).get(1);
    if (width === 2) f.i32(1).op('i32.shl');
    f.set(this.#code);
    setEnd(f, this.#from, this.#end, 0, this.#code);
  }

  get #cursor(): Cursor {
    return { p: this.#p, end: this.#end, q: this.#q };
  }

  /** Emits: leaves whether the source is at its end. */
  #atEnd(): FunctionWriter {
    return difference(this.#f, this.#from, this.#end, this.#p).op('i32.eqz');
  }

  copy(width: 1 | 2, align: 1 | 2): void {
    const f = this.#f;
    this.#allocate(width, align);
    f.get(this.#d).get(0).get(this.#size);
    if (this.#from.address === 'i64' && this.#to.address === 'i64') f.op('i64.extend_i32_u');
    f.memoryCopy(memoryOf(this.#to), memoryOf(this.#from));
    this.#results(() => f.get(1));
  }

  /** Latin-1 to UTF-16. */
  inflate(): void {
    const f = this.#f;
    this.#allocate(2, 2);
    this.#start(1);
    widenAll(f, this.#from, this.#to, this.#cursor);
    f.open('block').open('loop');
    this.#atEnd().brIf(1);
    f.get(this.#q).get(this.#p).access('i32.load8_u', memoryOf(this.#from)).access('i32.store16', memoryOf(this.#to));
    advance(f, this.#to, this.#q, 2);
    advance(f, this.#from, this.#p, 1);
    f.br(0).op('end', 'end');
    this.#results(() => f.get(1));
  }

  /** Copies units below `limit` as bytes; leaves the loop at the first that is not, or returns with `units` at the end. */
  #narrowPrefix(width: 1 | 2, limit: 0x80): void {
    const f = this.#f;
    if (width === 1) copyAscii(f, this.#from, this.#to, this.#cursor);
    else narrowBelow(f, this.#from, this.#to, this.#cursor, limit);
    f.open('block').open('loop');
    this.#atEnd().open('if');
    this.#results(() => difference(f, this.#to, this.#q, this.#d));
    f.op('return', 'end');
    f.get(this.#p).access(width === 1 ? 'i32.load8_u' : 'i32.load16_u', memoryOf(this.#from));
    f.tee(this.#code).i32(limit).op('i32.ge_u').brIf(1);
    f.get(this.#q).get(this.#code).access('i32.store8', memoryOf(this.#to));
    advance(f, this.#to, this.#q, 1);
    advance(f, this.#from, this.#p, width);
    f.br(0).op('end', 'end');
  }

  /** Decodes what is left of the source and encodes it at the end of the range. */
  #rest(source: Source, target: 'utf8' | 'utf16'): void {
    const f = this.#f;
    const step = f.local('i32');
    f.open('block').open('loop');
    this.#atEnd().brIf(1);
    if (source !== 'utf16') asciiRun(f, this.#from, this.#to, this.#cursor, target === 'utf16');
    else if (target === 'utf8') asciiRunOfUnits(f, this.#from, this.#to, this.#cursor);
    if (source === 'latin1') {
      f.get(this.#p).access('i32.load8_u', memoryOf(this.#from)).set(this.#code).i32(1).set(step);
    } else {
      f.get(this.#p).call(decoder(this.#from, source)).set(step).set(this.#code);
      if (source === 'utf16') f.get(step).i32(1).op('i32.shl').set(step);
    }
    setEnd(f, this.#from, this.#p, this.#p, step);
    f.get(this.#q).get(this.#code).call(encoder(this.#to, target)).set(step);
    setEnd(f, this.#to, this.#q, this.#q, step);
    f.br(0).op('end', 'end');
  }

  toUtf8(source: 'utf16' | 'latin1'): void {
    const f = this.#f;
    const width = source === 'utf16' ? 2 : 1;
    this.#allocate(1, 1);
    this.#start(width);
    this.#narrowPrefix(width, 0x80);
    difference(f, this.#to, this.#q, this.#d).set(this.#used);
    this.#grow(source === 'utf16' ? 3 : 2, 1);
    setEnd(f, this.#to, this.#q, this.#d, this.#used);
    this.#rest(source, 'utf8');
    this.#shrink(1);
    this.#results(() => f.get(this.#used));
  }

  utf8ToUtf16(): void {
    const f = this.#f;
    this.#allocate(2, 2);
    this.#start(1);
    this.#rest('utf8', 'utf16');
    this.#shrink(2);
    this.#results(() => f.get(this.#used).i32(1).op('i32.shr_u'));
  }

  /** UTF-8 or UTF-16 to `latin1+utf16`: Latin-1 as far as it goes, then inflated in place. */
  toCompact(source: 'utf8' | 'utf16'): void {
    const f = this.#f;
    this.#allocate(1, 2);
    this.#start(source === 'utf8' ? 1 : 2);
    this.#latinPrefix(source);
    difference(f, this.#to, this.#q, this.#d).set(this.#used);
    this.#grow(2, 2);
    this.#inflateInPlace();
    this.#rest(source, 'utf16');
    this.#shrink(2);
    this.#results(() => f.get(this.#used).i32(1).op('i32.shr_u'), true);
  }

  #latinPrefix(source: 'utf8' | 'utf16'): void {
    const f = this.#f;
    const step = f.local('i32');
    if (source === 'utf16') narrowBelow(f, this.#from, this.#to, this.#cursor, 0x100);
    f.open('block').open('loop');
    this.#atEnd().open('if');
    this.#shrink(2);
    this.#results(() => f.get(this.#used));
    f.op('return', 'end');
    if (source === 'utf8') asciiBlock(f, this.#from, this.#to, this.#cursor);
    f.get(this.#p).call(decoder(this.#from, source)).set(step);
    f.tee(this.#code).i32(0x100).op('i32.ge_u').brIf(1);
    if (source === 'utf16') f.get(step).i32(1).op('i32.shl').set(step);
    setEnd(f, this.#from, this.#p, this.#p, step);
    f.get(this.#q).get(this.#code).access('i32.store8', memoryOf(this.#to));
    advance(f, this.#to, this.#q, 1);
    f.br(0).op('end', 'end');
  }

  /** Turns `used` bytes at the range's start into as many UTF-16 units, from the last; sets `q` behind them. */
  #inflateInPlace(): void {
    const f = this.#f;
    const to = this.#to;
    const i = f.local('i32');
    const a = f.local(to.address);
    const b = f.local(to.address);
    f.get(this.#used).set(i);
    widenBackwards(f, to, this.#d, i);
    f.open('block').open('loop');
    f.get(i).op('i32.eqz').brIf(1);
    f.get(i).i32(1).op('i32.sub').tee(i).i32(1).op('i32.shl').set(this.#code);
    setEnd(f, to, a, this.#d, this.#code);
    setEnd(f, to, b, this.#d, i);
    f.get(a).get(b).access('i32.load8_u', memoryOf(to)).access('i32.store16', memoryOf(to));
    f.br(0).op('end', 'end');
    f.get(this.#used).i32(1).op('i32.shl').set(this.#code);
    setEnd(f, to, this.#q, this.#d, this.#code);
  }

  /** `latin1+utf16` with its tag to the same: copied, and deflated if all of it is Latin-1. */
  probablyUtf16(): void {
    const f = this.#f;
    const to = this.#to;
    const memory = memoryOf(to);
    this.#allocate(2, 2);
    f.get(this.#d).get(0).get(this.#size);
    if (this.#from.address === 'i64' && to.address === 'i64') f.op('i64.extend_i32_u');
    f.memoryCopy(memory, memoryOf(this.#from));
    const end = f.local(to.address);
    setEnd(f, to, end, this.#d, this.#size);
    skipLatin1(f, to, { p: this.#q, end });
    f.open('block').open('loop');
    difference(f, to, end, this.#q).op('i32.eqz').brIf(1);
    f.get(this.#q).access('i32.load16_u', memory).i32(0x100).op('i32.ge_u').open('if');
    this.#results(() => f.get(1), true);
    f.op('return', 'end');
    advance(f, to, this.#q, 2);
    f.br(0).op('end', 'end');
    const read = f.local(to.address);
    f.get(this.#d).tee(this.#q).set(read);
    narrowBelow(f, to, to, { p: read, end, q: this.#q }, 0x100);
    f.open('block').open('loop');
    difference(f, to, end, read).op('i32.eqz').brIf(1);
    f.get(this.#q).get(read).access('i32.load8_u', memory).access('i32.store8', memory);
    advance(f, to, this.#q, 1);
    advance(f, to, read, 2);
    f.br(0).op('end', 'end');
    emitReallocate(f, to, this.#d, this.#size, 1, 1, OUTSIDE);
    f.set(this.#d);
    this.#results(() => f.get(1));
  }
}
