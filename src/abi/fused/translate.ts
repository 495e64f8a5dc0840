/**
 * Emits the code that carries one value from one component to another: from flat locals or memory to flat locals or memory.
 * What is large or repeated becomes a function of its own, so that the output stays linear in the type's parts.
 * Specification: CanonicalABI.md, "Lifting and Lowering Values".
 */
import type { ResourceType, ValueType, VariantCase } from '../../types/value-type.ts';
import { invariant, unreachable } from '../../util/invariant.ts';
import { despecialize } from '../despecialize.ts';
import { type FlatType, flattenType } from '../flatten.ts';
import { discriminantSize, fieldOffsets, flagsSize, layout, payloadOffset } from '../layout.ts';
import { flagsMask } from '../load.ts';
import { partsOf } from '../parts.ts';
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
import type { StringKit } from './strings.ts';
import { advance } from './transcode.ts';

/** Where a value is, or goes. */
export type Place =
  | { readonly kind: 'flat'; readonly locals: readonly number[]; readonly types: readonly FlatType[] }
  /** `base` is a local with an address that is aligned and in bounds. */
  | { readonly kind: 'memory'; readonly base: number; readonly offset: number };

/** Types with more parts than this are carried by a function of their own between memories. */
const OUTLINE_ABOVE = 24;

/** Whether values of a type are the same bytes on both sides, without padding: then a list of them is one copy. */
function isPlainBytes(type: ValueType): boolean {
  const t = despecialize(type);
  switch (t.kind) {
    case 'u8':
    case 's8':
    case 'u16':
    case 's16':
    case 'u32':
    case 's32':
    case 'u64':
    case 's64':
    case 'f32':
    case 'f64':
      return true;
    case 'record': {
      const sum = t.fields.reduce((bytes, f) => bytes + layout(f.type, 4).size, 0);
      return t.fields.every((f) => isPlainBytes(f.type)) && sum === layout(type, 4).size;
    }
    case 'fixed-list':
      return isPlainBytes(t.element);
    default:
      return false;
  }
}

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

const INT_LOADS = { 1: 'i32.load8_u', 2: 'i32.load16_u', 4: 'i32.load' } as const;
const INT_STORES = { 1: 'i32.store8', 2: 'i32.store16', 4: 'i32.store' } as const;

/** Carries values in one direction of one adapter. */
export class Direction {
  readonly #from: Side;
  readonly #to: Side;
  readonly #kit: StringKit;
  readonly #handle: (kind: 'own' | 'borrow', resource: ResourceType) => number;
  readonly #lists = new Map<ValueType, number>();
  readonly #outlined = new Map<ValueType, number>();

  constructor(
    from: Side,
    to: Side,
    kit: StringKit,
    handle: (kind: 'own' | 'borrow', resource: ResourceType) => number,
  ) {
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
  // biome-ignore lint/complexity/noExcessiveLinesPerFunction: table of types, a few lines each
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
        this.#range(f, src, dst, this.#kit.translate(this.#from, this.#to), true);
        return;
      case 'list':
        this.#range(f, src, dst, this.#list(t.element), false);
        return;
      case 'fixed-list':
        this.#fixedList(f, t.element, t.length, src, dst);
        return;
      case 'own':
      case 'borrow':
        this.#int(f, src, dst, 4, () => f.call(this.#handle(t.kind, t.resource)));
        return;
      case 'record':
        if (this.#outline(f, type, src, dst)) return;
        this.#record(
          f,
          t.fields.map((x) => x.type),
          src,
          dst,
        );
        return;
      case 'variant':
        if (this.#outline(f, type, src, dst)) return;
        this.#variant(f, t.cases, src, dst);
        return;
      case 'stream':
      case 'future':
      case 'error-context':
        invariant(false, `${t.kind} has no adapter`);
        break;
      default:
        unreachable(t);
    }
  }

  #char(f: FunctionWriter, src: Place, dst: Place): void {
    const code = f.local('i32');
    this.#read(f, src, 'i32', 'i32.load').set(code);
    f.get(code).i32(0x11_0000).op('i32.ge_u');
    f.get(code).i32(0xd800).op('i32.sub').i32(0x800).op('i32.lt_u', 'i32.or');
    emitTrapIf(f, this.#from.shared, 'invalid-char');
    this.#write(f, dst, 'i32', 'i32.store', () => f.get(code));
  }

  /** A string or list: pointer and length, through a function that gives the new pointer (and length, for strings). */
  #range(f: FunctionWriter, src: Place, dst: Place, fn: number, givesLength: boolean): void {
    const from = this.#from;
    const to = this.#to;
    const pointer = f.local(to.address);
    const length = f.local(to.address);
    const load: Access = `${from.address}.load`;
    const store: Access = `${to.address}.store`;
    const word = (place: Place, index: number, width: number): Place =>
      place.kind === 'flat' ? slice(place, index, 1) : { ...place, offset: place.offset + index * width };
    this.#read(f, word(src, 0, from.pointer), from.address, load);
    this.#read(f, word(src, 1, from.pointer), from.address, load);
    f.call(fn);
    if (givesLength) f.set(length);
    f.set(pointer);
    this.#write(f, word(dst, 0, to.pointer), to.address, store, () => f.get(pointer));
    this.#write(f, word(dst, 1, to.pointer), to.address, store, () => {
      if (givesLength) f.get(length);
      else {
        this.#read(f, word(src, 1, from.pointer), from.address, load);
        if (from.address !== to.address) f.op(to.address === 'i64' ? 'i64.extend_i32_u' : 'i32.wrap_i64');
      }
    });
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
    if (target.size > source.size) {
      f.get(count)
        .i32(Math.floor(MAX_BYTES / target.size))
        .op('i32.gt_u');
      emitTrapIf(f, from.shared, 'value-too-large');
    }
    f.get(count).i32(target.size).op('i32.mul').set(bytes);
    emitAllocate(f, to, target.align, bytes);
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
    const at = f.local(this.#to.address);
    f.get(target).set(at);
    f.open('block').open('loop');
    f.get(count).op('i32.eqz').brIf(1);
    this.translate(f, element, { kind: 'memory', base: source, offset: 0 }, { kind: 'memory', base: at, offset: 0 });
    advance(f, this.#from, source, layout(element, this.#from.pointer).size);
    advance(f, this.#to, at, layout(element, this.#to.pointer).size);
    f.get(count).i32(1).op('i32.sub').set(count).br(0);
    f.op('end', 'end');
  }

  #fixedList(f: FunctionWriter, element: ValueType, length: number, src: Place, dst: Place): void {
    if (src.kind === 'memory' && dst.kind === 'memory') {
      const count = f.local('i32');
      const source = f.local(this.#from.address);
      const target = f.local(this.#to.address);
      this.#address(f, this.#from, src).set(source);
      this.#address(f, this.#to, dst).set(target);
      f.i32(length).set(count);
      this.#loop(f, element, count, source, target);
      return;
    }
    this.#record(
      f,
      Array.from({ length }, () => element),
      src,
      dst,
    );
  }

  /** Emits: leaves the address of a place in memory. */
  #address(f: FunctionWriter, side: Side, place: Extract<Place, { kind: 'memory' }>): FunctionWriter {
    toAddress(f.get(place.base).i32(place.offset), side);
    return f.op(side.address === 'i64' ? 'i64.add' : 'i32.add');
  }

  #record(f: FunctionWriter, types: readonly ValueType[], src: Place, dst: Place): void {
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

  /** Between memories, large types are carried by a function `(source, target)`. */
  #outline(f: FunctionWriter, type: ValueType, src: Place, dst: Place): boolean {
    if (src.kind !== 'memory' || dst.kind !== 'memory' || partsOf(type) <= OUTLINE_ABOVE) return false;
    let index = this.#outlined.get(type);
    if (index === undefined) {
      const inner = new FunctionWriter(this.#from.shared.module, {
        params: [this.#from.address, this.#to.address],
        results: [],
      });
      index = inner.index;
      this.#outlined.set(type, index);
      const t = despecialize(type);
      const source: Place = { kind: 'memory', base: 0, offset: 0 };
      const target: Place = { kind: 'memory', base: 1, offset: 0 };
      if (t.kind === 'variant') this.#variant(inner, t.cases, source, target);
      else if (t.kind === 'record') {
        this.#record(
          inner,
          t.fields.map((x) => x.type),
          source,
          target,
        );
      }
      inner.finish();
    }
    this.#address(f, this.#from, src);
    this.#address(f, this.#to, dst).call(index);
    return true;
  }

  #variant(f: FunctionWriter, cases: readonly VariantCase[], src: Place, dst: Place): void {
    const size = discriminantSize(cases.length);
    const discriminant = f.local('i32');
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
    if (target.kind === 'flat') for (const [i, local] of target.locals.entries()) f.zero(target.types[i]!).set(local);
    if (cases.every((c) => c.type === undefined)) return;
    f.open('block');
    for (let i = 0; i < cases.length; i++) f.open('block');
    f.get(discriminant).brTable(
      cases.map((_, i) => i),
      cases.length - 1,
    );
    for (const [i, c] of cases.entries()) {
      f.op('end');
      if (c.type !== undefined) this.translate(f, c.type, source, target);
      f.br(cases.length - 1 - i);
    }
    f.op('end');
  }
}
