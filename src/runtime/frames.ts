/** The call stack of component instances, from JavaScript. Layout: `control.ts`. */
import { makeCoreTrap } from '../error/trap.ts';
import { CALL_LIMIT, CALL_STACK, CALL_TOP, control, FRAME_SIZE, FRAME_THREAD } from './control.ts';

/** Where the next frame goes. */
export function callTop(): number {
  return control.i32[CALL_TOP >> 2] ?? CALL_STACK;
}

/** Puts a call into the instance of `slot` on the stack; answers where, for {@link popTo}. Traps when the stack is full. */
export function pushFrame(slot: number, thread = 0): number {
  const s = control.i32;
  const top = s[CALL_TOP >> 2] ?? CALL_STACK;
  if (top >= CALL_LIMIT) throw makeCoreTrap('stack-exhausted');
  s[top >> 2] = slot;
  s[(top + FRAME_THREAD) >> 2] = thread;
  s[CALL_TOP >> 2] = top + FRAME_SIZE;
  return top;
}

/** Takes off every frame at or above `top`. */
export function popTo(top: number): void {
  control.i32[CALL_TOP >> 2] = top;
}

/** Takes off the innermost frame. */
export function popFrame(): void {
  popTo(callTop() - FRAME_SIZE);
}

/** Slot addresses of the frames at or above `base`, innermost last. */
export function slotsAbove(base: number): readonly number[] {
  const s = control.i32;
  const top = Math.min(callTop(), CALL_LIMIT);
  const slots: number[] = [];
  for (let frame = base; frame < top; frame += FRAME_SIZE) slots.push(s[frame >> 2] ?? 0);
  return slots;
}
