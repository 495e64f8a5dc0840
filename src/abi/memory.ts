/** Checked access to a guest's memory. Specification: CanonicalABI.md, `LiftLowerContext.allocate`, `load_int`, `store_int`. */
import { type TrapReason, trapIf } from '../error/trap.ts';
import { invariant } from '../util/invariant.ts';
import type { AbiContext, GuestMemory } from './context.ts';

export function memoryOf(cx: AbiContext): GuestMemory {
  invariant(cx.memory !== undefined, 'the options have a memory');
  return cx.memory;
}

/** A pointer or length as a number; what does not fit is beyond any memory anyway, and stays as aligned as it was. */
export function toNumber(raw: number | bigint): number {
  if (typeof raw === 'number') return raw;
  return raw > BigInt(Number.MAX_SAFE_INTEGER) ? 2 ** 53 - 256 + Number(raw & 0xffn) : Number(raw);
}

/** Traps unless `pointer`..`pointer + bytes` is inside the memory. */
export function checkRange(memory: GuestMemory, pointer: number, bytes: number, why: TrapReason): void {
  trapIf(pointer + bytes > memory.u8.length, why);
}

/** Why memory that realloc answered for a list, a string, or anything else is none. */
export type ReallocReason = Extract<TrapReason, `realloc-out-of-bounds${string}`>;

/** Calls the guest's realloc and checks what it answers. */
export function allocate(
  cx: AbiContext,
  old: number,
  oldSize: number,
  align: number,
  size: number,
  outside: ReallocReason = 'realloc-out-of-bounds',
): number {
  invariant(cx.realloc !== undefined, 'the options have a realloc');
  const pointer = cx.realloc(old, oldSize, align, size);
  trapIf(pointer % align !== 0, 'realloc-unaligned');
  checkRange(memoryOf(cx), pointer, size, outside);
  return pointer;
}

/** Loads an unsigned integer of 1, 2 or 4 bytes. */
export function loadUint(cx: AbiContext, pointer: number, size: 1 | 2 | 4): number {
  const { view } = memoryOf(cx);
  return size === 1
    ? view.getUint8(pointer)
    : size === 2
      ? view.getUint16(pointer, true)
      : view.getUint32(pointer, true);
}

export function storeUint(cx: AbiContext, pointer: number, size: 1 | 2 | 4, value: number): void {
  const { view } = memoryOf(cx);
  if (size === 1) view.setUint8(pointer, value);
  else if (size === 2) view.setUint16(pointer, value, true);
  else view.setUint32(pointer, value, true);
}

/** Loads a pointer-sized word: a number for 32 bits, a bigint for 64. */
export function loadWord(cx: AbiContext, pointer: number): number | bigint {
  const { view } = memoryOf(cx);
  return cx.options.memory === '64' ? view.getBigUint64(pointer, true) : view.getUint32(pointer, true);
}

export function storeWord(cx: AbiContext, pointer: number, value: number | bigint): void {
  const { view } = memoryOf(cx);
  if (cx.options.memory === '64') view.setBigUint64(pointer, BigInt(value), true);
  else view.setUint32(pointer, Number(value), true);
}
