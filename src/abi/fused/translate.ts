/**
 * Emits the code that carries one value from one component to another: from flat locals or memory to flat locals or memory.
 * What is large or repeated becomes a function of its own, so that the output stays linear in the type's parts.
 * Specification: CanonicalABI.md, "Lifting and Lowering Values".
 */
import type { RecordType, ValueType, VariantCase, VariantType } from '../../types/value-type.ts';
import { unreachable } from '../../util/invariant.ts';
import { type AbiType, despecialize } from '../despecialize.ts';
import { type FlatType, flattenType } from '../flatten.ts';
import { discriminantSize, fieldOffsets, flagsSize, layout, payloadOffset } from '../layout.ts';
import { flagsMask } from '../load.ts';
import { partsOf } from '../parts.ts';
import { isPlainBytes, OUTLINE_ABOVE } from './contents.ts';
import { type Access, FunctionWriter } from './function.ts';
import {
  emitAligned,
  emitAllocate,
  emitTrapIf,
  MAX_BYTES,
  memoryOf,
  rangeCheck,
  type Side,
  toAddress,
} from './side.ts';
import { ifCommonUtf8 } from './small-strings.ts';
import type { StringKit } from './strings.ts';
import { advance } from './transcode.ts';

/** Where a value is, or goes. */
export type Place =
  | { readonly kind: 'flat'; readonly locals: readonly number[]; readonly types: readonly FlatType[] }
  /** `base` is a local with an address that is aligned and in bounds. */
  | { readonly kind: 'memory'; readonly base: number; readonly offset: number };

type FlatPlace = Extract<Place, { kind: 'flat' }>;
type MemoryPlace = Extract<Place, { kind: 'memory' }>;

/** Emits: reinterprets the value on the stack from a joined type to a case's own. */
function uncoerce(f: FunctionWriter, have: FlatType, want: FlatType): void {
  if (have === want) return;
  if (have === 'i32') f.op('f32.reinterpret_i32');
  else if (want === 'f64') f.op('f64.reinterpret_i64');
  else {
    f.op('i32.wrap_i64');
    if (want === 'f32') f.op('f32.reinterpret_i32');
  }
}

/** Emits: the inverse of {@link uncoerce}. */
function coerce(f: FunctionWriter, have: FlatType, want: FlatType): void {
  if (have === want) return;
  if (have === 'f64') f.op('i64.reinterpret_f64');
  else {
    if (have === 'f32') f.op('i32.reinterpret_f32');
    if (want === 'i64') f.op('i64.extend_i32_u');
  }
}

function slice(place: Place, start: number, count: number): Place {
  if (place.kind === 'memory') return place;
  return {
    kind: 'flat',
    locals: place.locals.slice(start, start + count),
    types: place.types.slice(start, start + count),
  };
}

/** The place of the first or second word of a range. */
function wordOf(place: Place, index: number, width: number): Place {
  return place.kind === 'flat' ? slice(place, index, 1) : { ...place, offset: place.offset + index * width };
}

/** How many strings of an element of a list are carried without a call if they are short: it takes a third of the time. */
const INLINE_STRINGS = 4;

const INT_LOADS = { 1: 'i32.load8_u', 2: 'i32.load16_u', 4: 'i32.load' } as const;
const INT_STORES = { 1: 'i32.store8', 2: 'i32.store16', 4: 'i32.store' } as const;

/** What stands for something in a table: passing it on takes a function. */
export type HandleType =
  | Extract<AbiType, { kind: 'own' | 'borrow' | 'stream' | 'future' }>
  | { readonly kind: 'error-context' };

/** The index of the function `(index) -> index` that moves a handle from one table to the other. */
export type HandleFunction = (type: HandleType) => number;

/** Carries values in one direction of one adapter. */
export class Direction {
  readonly #from: Side;
  readonly #to: Side;
  readonly #kit: StringKit;
  readonly #handle: HandleFunction;
  readonly #lists = new Map<ValueType, number>();
  readonly #outlined = new Map<ValueType, number>();
  readonly #outlinedFlat = new Map<ValueType, number>();
  /** How many more strings may be carried where they are; none outside of loops. */
  #room = 0;

  constructor(from: Side, to: Side, kit: StringKit, handle: HandleFunction) {
    this.#from = from;
    this.#to = to;
    this.#kit = kit;
    this.#handle = handle;
  }

  #read(f: FunctionWriter, src: Place, want: FlatType, access: Access): FunctionWriter {
    if (src.kind === 'memory') return f.get(src.base).access(access, memoryOf(this.#from), src.offset);
    f.get(src.locals[0]!);
    uncoerce(f, src.types[0]!, want);
    return f;
  }

  #write(f: FunctionWriter, dst: Place, have: FlatType, access: Access, value: () => void): void {
    if (dst.kind === 'memory') {
      f.get(dst.base);
      value();
      f.access(access, memoryOf(this.#to), dst.offset);
      return;
    }
    value();
    coerce(f, have, dst.types[0]!);
    f.set(dst.locals[0]!);
  }

  #int(
    f: FunctionWriter,
    src: Place,
    dst: Place,
    size: 1 | 2 | 4,
    fix: (flat: boolean) => void,
    load: Access = INT_LOADS[size],
  ): void {
    this.#write(f, dst, 'i32', INT_STORES[size], () => {
      this.#read(f, src, 'i32', load);
      fix(src.kind === 'flat');
    });
  }

  /** Emits the code that carries a value of `type`. */
  translate(f: FunctionWriter, type: ValueType, src: Place, dst: Place): void {
    const t = despecialize(type);
    switch (t.kind) {
      case 'bool':
        this.#int(f, src, dst, 1, () => f.i32(0).op('i32.ne'));
        return;
      case 'u8':
        this.#int(f, src, dst, 1, (flat) => flat && f.i32(0xff).op('i32.and'));
        return;
      case 's8':
        this.#int(f, src, dst, 1, (flat) => flat && f.op('i32.extend8_s'), 'i32.load8_s');
        return;
      case 'u16':
        this.#int(f, src, dst, 2, (flat) => flat && f.i32(0xffff).op('i32.and'));
        return;
      case 's16':
        this.#int(f, src, dst, 2, (flat) => flat && f.op('i32.extend16_s'), 'i32.load16_s');
        return;
      case 'u32':
      case 's32':
        this.#int(f, src, dst, 4, () => {});
        return;
      case 'u64':
      case 's64':
        this.#write(f, dst, 'i64', 'i64.store', () => this.#read(f, src, 'i64', 'i64.load'));
        return;
      case 'f32':
        this.#write(f, dst, 'f32', 'f32.store', () => this.#read(f, src, 'f32', 'f32.load'));
        return;
      case 'f64':
        this.#write(f, dst, 'f64', 'f64.store', () => this.#read(f, src, 'f64', 'f64.load'));
        return;
      case 'char':
        this.#char(f, src, dst);
        return;
      case 'flags': {
        const size = flagsSize(t.labels.length);
        this.#int(f, src, dst, size, () => f.i32(flagsMask(t.labels.length)).op('i32.and'));
        return;
      }
      case 'string':
        this.#string(f, src, dst);
        return;
      case 'list':
        this.#range(f, src, dst, this.#list(t.element));
        return;
      case 'fixed-list':
        this.#fixedList(f, t.element, t.length, src, dst);
        return;
      case 'own':
      case 'borrow':
      case 'stream':
      case 'future':
        this.#int(f, src, dst, 4, () => f.call(this.#handle(t)));
        return;
      case 'error-context':
        this.#int(f, src, dst, 4, () => f.call(this.#handle({ kind: 'error-context' })));
        return;
      case 'record':
      case 'variant':
        if (!this.#outline(f, type, src, dst)) this.#compound(f, t, src, dst);
        return;
      default:
        unreachable(t);
    }
  }

  #char(f: FunctionWriter, src: Place, dst: Place): void {
    const code = f.scratch('i32');
    this.#read(f, src, 'i32', 'i32.load').set(code);
    f.get(code).i32(0x11_0000).op('i32.ge_u');
    f.get(code).i32(0xd800).op('i32.sub').i32(0x800).op('i32.lt_u', 'i32.or');
    emitTrapIf(f, this.#from.shared, 'invalid-char');
    this.#write(f, dst, 'i32', 'i32.store', () => f.get(code));
    f.release('i32', code);
  }

  /** A list: pointer and length, through a function that gives the new pointer. */
  #range(f: FunctionWriter, src: Place, dst: Place, fn: number): void {
    const from = this.#from;
    const to = this.#to;
    const pointer = f.scratch(to.address);
    const length = f.scratch(from.address);
    this.#readRange(f, src);
    f.tee(length).call(fn).set(pointer);
    this.#writeRange(f, dst, pointer, () => {
      f.get(length);
      if (from.address !== to.address) f.op(to.address === 'i64' ? 'i64.extend_i32_u' : 'i32.wrap_i64');
    });
    f.release(to.address, pointer);
    f.release(from.address, length);
  }

  /** Emits: leaves pointer and length. They are read once: where both sides share a memory, `realloc` may write to it. */
  #readRange(f: FunctionWriter, src: Place): void {
    const { address, pointer } = this.#from;
    for (const i of [0, 1]) this.#read(f, wordOf(src, i, pointer), address, `${address}.load`);
  }

  #writeRange(f: FunctionWriter, dst: Place, start: number, length: () => void): void {
    const { address, pointer } = this.#to;
    this.#write(f, wordOf(dst, 0, pointer), address, `${address}.store`, () => f.get(start));
    this.#write(f, wordOf(dst, 1, pointer), address, `${address}.store`, length);
  }

  /** A string, through a function that gives the new pointer and length; in a loop, without it where it can be short. */
  #string(f: FunctionWriter, src: Place, dst: Place): void {
    const from = this.#from;
    const to = this.#to;
    const fn = this.#kit.translate(from, to);
    const newAddress = f.scratch(to.address);
    const newLength = f.scratch(to.address);
    this.#readRange(f, src);
    if (this.#room > 0 && from.encoding === 'utf8' && to.encoding === 'utf8') {
      this.#room--;
      const address = f.scratch(from.address);
      const length = f.scratch(from.address);
      f.set(length).set(address);
      ifCommonUtf8(f, from, to, { address, length, newAddress, newLength });
      f.op('else').get(address).get(length).call(fn).set(newLength).set(newAddress).op('end');
      f.release(from.address, address, length);
    } else f.call(fn).set(newLength).set(newAddress);
    this.#writeRange(f, dst, newAddress, () => f.get(newLength));
    f.release(to.address, newAddress, newLength);
  }

  /** A function `(pointer, length) -> pointer` for lists of `element`. */
  #list(element: ValueType): number {
    const known = this.#lists.get(element);
    if (known !== undefined) return known;
    const from = this.#from;
    const to = this.#to;
    const f = new FunctionWriter(from.shared.module, { params: [from.address, from.address], results: [to.address] });
    this.#lists.set(element, f.index);
    const source = layout(element, from.pointer);
    const target = layout(element, to.pointer);
    const count = f.local('i32');
    const bytes = f.local('i32');
    const result = f.local(to.address);
    f.get(1);
    const most = Math.floor(MAX_BYTES / source.size);
    if (from.address === 'i64') f.i64(BigInt(most)).op('i64.gt_u');
    else f.i32(most).op('i32.gt_u');
    emitTrapIf(f, from.shared, 'list-out-of-bounds');
    f.get(1);
    if (from.address === 'i64') f.op('i32.wrap_i64');
    f.set(count);
    emitAligned(f, from, 0, source.align, 'unaligned-pointer');
    f.get(0).get(count).i32(source.size).op('i32.mul').call(rangeCheck(from, 'list-out-of-bounds'));
    f.get(count).i32(target.size).op('i32.mul').set(bytes);
    emitAllocate(f, to, target.align, bytes, 'realloc-out-of-bounds/list');
    f.set(result);
    if (isPlainBytes(element)) {
      f.get(result).get(0).get(bytes);
      if (from.address === 'i64' && to.address === 'i64') f.op('i64.extend_i32_u');
      f.memoryCopy(memoryOf(to), memoryOf(from));
    } else this.#loop(f, element, count, 0, result);
    f.get(result).finish();
    return f.index;
  }

  /** Carries `count` (a local, used up) elements between memories, from the address in local `source` (used up). */
  #loop(f: FunctionWriter, element: ValueType, count: number, source: number, target: number): void {
    const at = f.scratch(this.#to.address);
    f.get(target).set(at);
    f.open('block').open('loop');
    f.get(count).op('i32.eqz').brIf(1);
    const room = this.#room;
    this.#room = INLINE_STRINGS;
    this.translate(f, element, { kind: 'memory', base: source, offset: 0 }, { kind: 'memory', base: at, offset: 0 });
    this.#room = room;
    advance(f, this.#from, source, layout(element, this.#from.pointer).size);
    advance(f, this.#to, at, layout(element, this.#to.pointer).size);
    f.get(count).i32(1).op('i32.sub').set(count).br(0);
    f.op('end', 'end');
    f.release(this.#to.address, at);
  }

  #fixedList(f: FunctionWriter, element: ValueType, length: number, src: Place, dst: Place): void {
    if (src.kind !== 'memory' || dst.kind !== 'memory') {
      this.record(
        f,
        Array.from({ length }, () => element),
        src,
        dst,
      );
      return;
    }
    if (isPlainBytes(element)) {
      const bytes = layout(element, 4).size * length;
      this.#address(f, this.#to, dst);
      this.#address(f, this.#from, src);
      if (this.#from.address === 'i64' && this.#to.address === 'i64') f.i64(BigInt(bytes));
      else f.i32(bytes);
      f.memoryCopy(memoryOf(this.#to), memoryOf(this.#from));
      return;
    }
    const count = f.scratch('i32');
    const source = f.scratch(this.#from.address);
    const target = f.scratch(this.#to.address);
    this.#address(f, this.#from, src).set(source);
    this.#address(f, this.#to, dst).set(target);
    f.i32(length).set(count);
    this.#loop(f, element, count, source, target);
    f.release('i32', count);
    f.release(this.#from.address, source);
    f.release(this.#to.address, target);
  }

  /** Emits: leaves the address of a place in memory. */
  #address(f: FunctionWriter, side: Side, place: MemoryPlace): FunctionWriter {
    toAddress(f.get(place.base).i32(place.offset), side);
    return f.op(side.address === 'i64' ? 'i64.add' : 'i32.add');
  }

  /** Emits the code that carries the fields of a record, parameters of a function included. */
  record(f: FunctionWriter, types: readonly ValueType[], src: Place, dst: Place): void {
    const from = fieldOffsets(types, this.#from.pointer);
    const to = fieldOffsets(types, this.#to.pointer);
    let fromFlat = 0;
    let toFlat = 0;
    for (const [i, type] of types.entries()) {
      const fromCount = flattenType(type, this.#from.pointer).length;
      const toCount = flattenType(type, this.#to.pointer).length;
      const source: Place =
        src.kind === 'memory' ? { ...src, offset: src.offset + from[i]! } : slice(src, fromFlat, fromCount);
      const target: Place =
        dst.kind === 'memory' ? { ...dst, offset: dst.offset + to[i]! } : slice(dst, toFlat, toCount);
      this.translate(f, type, source, target);
      fromFlat += fromCount;
      toFlat += toCount;
    }
  }

  #compound(f: FunctionWriter, t: RecordType | VariantType, src: Place, dst: Place): void {
    if (t.kind === 'variant') this.#variant(f, t.cases, src, dst);
    else {
      this.record(
        f,
        t.fields.map((x) => x.type),
        src,
        dst,
      );
    }
  }

  /** Large types are carried by a function of their own, which is shared by all places that hold the type. */
  #outline(f: FunctionWriter, type: ValueType, src: Place, dst: Place): boolean {
    if (partsOf(type) <= OUTLINE_ABOVE || src.kind !== dst.kind) return false;
    const t = despecialize(type);
    if (t.kind !== 'variant' && t.kind !== 'record') return false;
    if (t.kind === 'variant' && t.cases.every((c) => c.type === undefined)) return false;
    if (src.kind === 'flat' && dst.kind === 'flat') {
      const have = flattenType(type, this.#from.pointer);
      const give = flattenType(type, this.#to.pointer);
      for (const [i, want] of have.entries()) uncoerce(f.get(src.locals[i]!), src.types[i]!, want);
      f.call(this.#flatFunction(type, t, have, give));
      for (let i = give.length - 1; i >= 0; i--) {
        coerce(f, give[i]!, dst.types[i]!);
        f.set(dst.locals[i]!);
      }
    } else {
      this.#address(f, this.#from, src as MemoryPlace);
      this.#address(f, this.#to, dst as MemoryPlace).call(this.#memoryFunction(type, t));
    }
    return true;
  }

  /** A function `(source, target)` between memories. */
  #memoryFunction(type: ValueType, t: RecordType | VariantType): number {
    const known = this.#outlined.get(type);
    if (known !== undefined) return known;
    const f = new FunctionWriter(this.#from.shared.module, {
      params: [this.#from.address, this.#to.address],
      results: [],
    });
    this.#outlined.set(type, f.index);
    this.#compound(f, t, { kind: 'memory', base: 0, offset: 0 }, { kind: 'memory', base: 1, offset: 0 });
    return f.finish();
  }

  /** A function from the flat form of one side to that of the other. */
  #flatFunction(
    type: ValueType,
    t: RecordType | VariantType,
    params: readonly FlatType[],
    results: readonly FlatType[],
  ): number {
    const known = this.#outlinedFlat.get(type);
    if (known !== undefined) return known;
    const f = new FunctionWriter(this.#from.shared.module, { params, results });
    this.#outlinedFlat.set(type, f.index);
    const source: FlatPlace = { kind: 'flat', types: params, locals: params.map((_, i) => i) };
    const target: FlatPlace = { kind: 'flat', types: results, locals: results.map((r) => f.local(r)) };
    this.#compound(f, t, source, target);
    for (const local of target.locals) f.get(local);
    return f.finish();
  }

  #variant(f: FunctionWriter, cases: readonly VariantCase[], src: Place, dst: Place): void {
    const size = discriminantSize(cases.length);
    const discriminant = f.scratch('i32');
    this.#read(f, slice(src, 0, 1), 'i32', INT_LOADS[size])
      .tee(discriminant)
      .i32(cases.length)
      .op('i32.ge_u');
    emitTrapIf(f, this.#from.shared, 'invalid-discriminant');
    this.#write(f, slice(dst, 0, 1), 'i32', INT_STORES[size], () => f.get(discriminant));
    const payloadOf = (place: Place, side: Side): Place => {
      if (place.kind === 'memory') return { ...place, offset: place.offset + payloadOffset(cases, side.pointer) };
      return slice(place, 1, place.locals.length - 1);
    };
    const source = payloadOf(src, this.#from);
    const target = payloadOf(dst, this.#to);
    this.#payload(f, cases, discriminant, source, target);
    f.release('i32', discriminant);
  }

  /**
   * Carries the payload of the case whose position is in local `discriminant`. What a case does not use of a flat target is still
   * the zero that every local begins with: no loop ever writes to a flat place.
   */
  #payload(f: FunctionWriter, cases: readonly VariantCase[], discriminant: number, source: Place, target: Place): void {
    const full = cases.flatMap((c, i) => (c.type === undefined ? [] : [{ position: i, type: c.type }]));
    const [only] = full;
    if (only === undefined) return;
    if (full.length === 1) {
      f.get(discriminant).i32(only.position).op('i32.eq').open('if');
      this.translate(f, only.type, source, target);
      f.op('end');
      return;
    }
    const labels = cases.map(() => full.length);
    for (const [label, { position }] of full.entries()) labels[position] = label;
    f.open('block');
    for (let i = 0; i < full.length; i++) f.open('block');
    f.get(discriminant).brTable(labels, full.length);
    for (const [label, { type }] of full.entries()) {
      f.op('end');
      this.translate(f, type, source, target);
      f.br(full.length - 1 - label);
    }
    f.op('end');
  }
}
