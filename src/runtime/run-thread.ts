/** Runs guest code of a thread, on the stack at hand or on one of its own, until it returns or blocks. */
import type { Flat } from '../abi/js/border.ts';
import { control, SUSPENDABLE } from './control.ts';
import { popTo, pushFrame } from './frames.ts';
import { Refused } from './refused.ts';
import { Stack } from './stack.ts';
import { metered } from './store-meter.ts';
import type { Thread } from './task.ts';

/** Runs guest code of a thread on the stack at hand. */
export function runHere(
  thread: Thread,
  context: ArrayLike<number>,
  call: () => Flat | undefined,
  after: (results: readonly Flat[]) => void,
): void {
  const { component } = thread.task;
  const suspendable = control.i32[SUSPENDABLE >> 2] ?? 0;
  const top = pushFrame(component.slot, thread.number);
  control.i32[SUSPENDABLE >> 2] = 0;
  const body = (): void => {
    const result = call();
    after(result === undefined ? [] : [result]);
  };
  // After a failure the frame stays: whoever catches the trap ends the stores of all frames. What the caller did wrong ends nothing.
  try {
    const { meter } = component.store;
    const run = meter === undefined ? body : (): void => metered(meter, body);
    if (component.usesContext) thread.context = component.inContext(context, run);
    else run();
  } catch (error) {
    if (error instanceof Refused) popTo(top);
    control.i32[SUSPENDABLE >> 2] = suspendable;
    throw error;
  }
  popTo(top);
  control.i32[SUSPENDABLE >> 2] = suspendable;
}

function nobodyWaits(): void {}

/** A closure that holds no more than it must: as long as the stack waits, it is kept. */
function endOf(thread: Thread, after: (results: readonly Flat[]) => void): (...results: Flat[]) => void {
  return (...results) => {
    after(results);
    const { component } = thread.task;
    if (component.usesContext) thread.context = component.context;
  };
}

/** Runs guest code of a thread on a stack of its own. Throws if it traps before it blocks. */
export function runApart(
  thread: Thread,
  context: ArrayLike<number>,
  call: (token: number) => unknown,
  after: (results: readonly Flat[]) => void,
): void {
  const { component } = thread.task;
  const stack = new Stack(endOf(thread, after), nobodyWaits, undefined);
  const body = (): void => stack.start(component.slot, thread.number, call);
  if (component.usesContext) component.inContext(context, body);
  else body();
  stack.throwIfTrapped();
}
