/** How adapters keep the call stack of component instances. Layout: `control.ts`. */
import {
  CALL_LIMIT,
  CALL_TOP,
  FRAME_SIZE,
  FRAME_THREAD,
  MAY_LEAVE,
  STORE,
  STORE_STATE,
} from '../../runtime/control.ts';
import type { FunctionWriter } from './function.ts';
import { emitTrapIf, type Side } from './side.ts';
import type { Imports } from './spec.ts';

/** Emits: traps unless the caller may leave. */
export function emitMustLeave(f: FunctionWriter, { shared, slot }: Side): void {
  f.global(slot).access('i32.load', shared.control, MAY_LEAVE).op('i32.eqz');
  emitTrapIf(f, shared, 'cannot-leave');
}

/** Emits: counts the call, in the flavour that does. */
export function emitCount(f: FunctionWriter, { from, counter }: Imports): void {
  if (counter === undefined) return;
  const { control } = from.shared;
  f.global(counter).global(counter).access('i32.load', control).i32(1).op('i32.add').access('i32.store', control);
}

/** Emits: traps if the store of the side is dead. */
export function emitMustLive(f: FunctionWriter, side: Side): void {
  const { control } = side.shared;
  f.global(side.slot).access('i32.load', control, STORE).access('i32.load', control, STORE_STATE);
  emitTrapIf(f, side.shared, 'store-dead');
}

/** Emits: a call into the instance of the side goes on the stack, with what `thread` leaves as its thread; gives the local of its address. */
export function emitPush(f: FunctionWriter, side: Side, thread: () => void): number {
  const { control } = side.shared;
  const top = f.local('i32');
  f.i32(0).access('i32.load', control, CALL_TOP).tee(top).i32(CALL_LIMIT).op('i32.ge_u');
  emitTrapIf(f, side.shared, 'stack-exhausted');
  f.get(top).global(side.slot).access('i32.store', control);
  f.get(top);
  thread();
  f.access('i32.store', control, FRAME_THREAD);
  f.i32(0).get(top).i32(FRAME_SIZE).op('i32.add').access('i32.store', control, CALL_TOP);
  return top;
}

/** Emits: gives the address of the innermost frame, which may have moved while the callee waited, in a local. */
export function emitFrame(f: FunctionWriter, side: Side): number {
  const frame = f.local('i32');
  f.i32(0).access('i32.load', side.shared.control, CALL_TOP).i32(FRAME_SIZE).op('i32.sub').set(frame);
  return frame;
}

/** Emits: takes the frame in a local, the innermost, off the stack. */
export function emitPop(f: FunctionWriter, side: Side, frame: number): void {
  f.i32(0).get(frame).access('i32.store', side.shared.control, CALL_TOP);
}
