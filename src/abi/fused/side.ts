/** One side of an adapter: its memory, its realloc, and the checked helpers that every translation uses. */
import type { ModuleBuilder } from '../../core/builder.ts';
import { type TrapReason, trapNumber } from '../../error/trap.ts';
import { CONTEXT_0, CONTEXT_1, MAY_LEAVE } from '../../runtime/control.ts';
import type { StringEncoding } from '../../types/definition.ts';
import { invariant } from '../../util/invariant.ts';
import type { PointerSize } from '../layout.ts';
import type { ReallocReason } from '../memory.ts';
import { FunctionWriter, type Memory } from './function.ts';

/** Longest string or list of a source, in bytes. What it becomes may be up to three times as long: no sum overflows an i32. */
export const MAX_BYTES = 0xfff_ffff;

/** What is common to all adapters of a module. */
export interface Shared {
  readonly module: ModuleBuilder;
  readonly control: Memory;
  readonly trap: number;
  readonly closed: number;
  readonly endThread: number;
  /** Functions that depend on nothing, or nothing but a memory: by what they do and its index. */
  readonly made: Map<string, number>;
}

function once({ made }: Shared, key: string, make: () => number): number {
  let index = made.get(key);
  if (index === undefined) {
    index = make();
    made.set(key, index);
  }
  return index;
}

/** The function of a memory that does `what`, made when it is first asked for. */
export function onceForMemory(side: Side, what: string, make: () => number): number {
  return once(side.shared, `${what}:${memoryOf(side).index}`, make);
}

export interface Side {
  readonly shared: Shared;
  readonly encoding: StringEncoding;
  readonly memory: Memory | undefined;
  readonly pointer: PointerSize;
  /** Type of addresses. */
  readonly address: 'i32' | 'i64';
  /** Imported `realloc`, or undefined. */
  readonly realloc: number | undefined;
  /** Global with the address of the slot in the control memory. */
  readonly slot: number;
  /** Whether the component uses context slots, which realloc must find zeroed and leave as they were. */
  readonly context: boolean;
  /** Functions around `realloc`, made on demand. */
  readonly alloc: Map<ReallocReason, number>;
}

export function memoryOf(side: Side): Memory {
  invariant(side.memory !== undefined, 'a memory');
  return side.memory;
}

/**
 * Emits a trap. Each reason is a function of its own: a check then is little code, and V8 puts functions where they are called as
 * far as a module's functions are small ones, half of them at best.
 */
export function emitTrap(f: FunctionWriter, shared: Shared, code: TrapReason): void {
  const trap = once(shared, `trap ${code}`, () => {
    const t = new FunctionWriter(shared.module, { params: [], results: [] });
    return t.i32(trapNumber(code)).call(shared.trap).finish();
  });
  f.call(trap).op('unreachable');
}

/** Emits: if the i32 on the stack is not zero, trap. */
export function emitTrapIf(f: FunctionWriter, shared: Shared, code: TrapReason): void {
  f.open('if');
  emitTrap(f, shared, code);
  f.op('end');
}

/** Emits: sets whether the instance of a side may leave. */
export function emitMayLeave(f: FunctionWriter, side: Side, value: 0 | 1): void {
  f.global(side.slot).i32(value).access('i32.store', side.shared.control, MAY_LEAVE);
}

/** Emits a constant address or size of a side. */
export function addressConst(f: FunctionWriter, side: Side, value: number): FunctionWriter {
  return side.address === 'i64' ? f.i64(BigInt(value)) : f.i32(value);
}

/** Emits: turns the i32 on the stack into an address of the side. */
export function toAddress(f: FunctionWriter, side: Side): FunctionWriter {
  return side.address === 'i64' ? f.op('i64.extend_i32_u') : f;
}

/** Emits: adds the i32 in `local` to the address on the stack. */
export function addOffset(f: FunctionWriter, side: Side, local: number): FunctionWriter {
  toAddress(f.get(local), side);
  return f.op(side.address === 'i64' ? 'i64.add' : 'i32.add');
}

/** A function `(address, bytes i32)` that traps unless the range is inside the memory. */
export function rangeCheck(side: Side, code: TrapReason): number {
  return onceForMemory(side, code, () => {
    const f = new FunctionWriter(side.shared.module, { params: [side.address, 'i32'], results: [] });
    if (side.address === 'i64') emitWideRange(f, side, code);
    else {
      f.get(0).op('i64.extend_i32_u').get(1).op('i64.extend_i32_u', 'i64.add');
      f.memorySize(memoryOf(side)).op('i64.extend_i32_u').i64(16n).op('i64.shl', 'i64.gt_u');
      emitTrapIf(f, side.shared, code);
    }
    return f.finish();
  });
}

/** Emits the same for addresses of 64 bits: address > size, or bytes > size - address. Nothing can overflow. */
function emitWideRange(f: FunctionWriter, side: Side, code: TrapReason): void {
  const size = f.local('i64');
  f.memorySize(memoryOf(side)).i64(16n).op('i64.shl').set(size);
  f.get(0).get(size).op('i64.gt_u');
  emitTrapIf(f, side.shared, code);
  f.get(1).op('i64.extend_i32_u').get(size).get(0).op('i64.sub', 'i64.gt_u');
  emitTrapIf(f, side.shared, code);
}

/** Emits: traps unless the address in `local` is a multiple of `align`. */
export function emitAligned(f: FunctionWriter, side: Side, local: number, align: number, code: TrapReason): void {
  if (align === 1) return;
  f.get(local);
  if (side.address === 'i64') f.op('i32.wrap_i64');
  f.i32(align - 1).op('i32.and');
  emitTrapIf(f, side.shared, code);
}

/** Emits: branches out unless the address in `local` is one of a number of `size` bytes: aligned, so that it lies in one page, and in the memory. */
export function branchUnlessFits(f: FunctionWriter, side: Side, local: number, size: number): void {
  const memory = memoryOf(side);
  const wide = side.address === 'i64';
  const constant = (value: number): FunctionWriter => (wide ? f.i64(BigInt(value)) : f.i32(value));
  if (size > 1) {
    f.get(local);
    constant(size - 1).op(wide ? 'i64.and' : 'i32.and');
    if (wide) f.op('i64.eqz', 'i32.eqz');
    f.brIf(0);
  }
  f.get(local);
  constant(16).op(wide ? 'i64.shr_u' : 'i32.shr_u');
  f.memorySize(memory)
    .op(wide ? 'i64.ge_u' : 'i32.ge_u')
    .brIf(0);
}

/**
 * Emits: saves the context slots of a side and zeroes them, as each call into a component runs in a thread of its own. Gives the
 * locals for {@link leaveThread}. Nothing is emitted for a component that does not use them.
 */
export function enterThread(f: FunctionWriter, side: Side): readonly number[] {
  if (!side.context) return [];
  return [CONTEXT_0, CONTEXT_1].map((offset) => {
    const saved = f.local('i64');
    f.global(side.slot).access('i64.load', side.shared.control, offset).set(saved);
    f.global(side.slot).i64(0n).access('i64.store', side.shared.control, offset);
    return saved;
  });
}

/** Emits: puts back the context slots that {@link enterThread} saved. */
export function leaveThread(f: FunctionWriter, side: Side, saved: readonly number[]): void {
  for (const [i, local] of saved.entries()) {
    const offset = i === 0 ? CONTEXT_0 : CONTEXT_1;
    f.global(side.slot).get(local).access('i64.store', side.shared.control, offset);
  }
}

/** A function `(old address, old size i32, align i32, size i32) -> address` around the guest's realloc: checks what it answers. */
export function allocator(side: Side, outside: ReallocReason): number {
  const known = side.alloc.get(outside);
  if (known !== undefined) return known;
  invariant(side.realloc !== undefined, 'a realloc');
  const { shared } = side;
  const f = new FunctionWriter(shared.module, { params: [side.address, 'i32', 'i32', 'i32'], results: [side.address] });
  side.alloc.set(outside, f.index);
  const answer = f.local(side.address);
  const thread = enterThread(f, side);
  f.get(0);
  for (const i of [1, 2, 3]) toAddress(f.get(i), side);
  f.call(side.realloc).set(answer);
  leaveThread(f, side, thread);
  f.get(answer);
  if (side.address === 'i64') f.op('i32.wrap_i64');
  f.get(2).i32(1).op('i32.sub', 'i32.and');
  emitTrapIf(f, shared, 'realloc-unaligned');
  f.get(answer).get(3).call(rangeCheck(side, outside)).get(answer).finish();
  return f.index;
}

/** Emits a fresh allocation of the size in local `bytes`; leaves the address. */
export function emitAllocate(
  f: FunctionWriter,
  side: Side,
  align: number,
  bytes: number,
  outside: ReallocReason = 'realloc-out-of-bounds',
): void {
  addressConst(f, side, 0).i32(0).i32(align).get(bytes).call(allocator(side, outside));
}

/** Emits a reallocation; leaves the address. */
export function emitReallocate(
  f: FunctionWriter,
  side: Side,
  old: number,
  oldBytes: number,
  align: number,
  bytes: number,
  outside: ReallocReason,
): void {
  f.get(old).get(oldBytes).i32(align).get(bytes).call(allocator(side, outside));
}
