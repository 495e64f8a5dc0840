/** Turns whatever left a guest into one trap with a stable code, and ends the stores that it went through. */
import { ComponentError, UsageError, ValueError } from '../error/error.ts';
import { adoptTrap, makeTrap, Trap, type TrapCode } from '../error/trap.ts';
import { InvariantError } from '../util/invariant.ts';
import { abandonAbove } from './borrow-log.ts';
import { CALL_TOP, control, SUSPENDABLE } from './control.ts';
import { endStoresAbove, labelsAbove } from './store.ts';

/** Engine messages, by what they contain, and how the field words the same trap. */
const ENGINE_TRAPS: readonly (readonly [string, TrapCode, string])[] = [
  ['unreachable', 'unreachable', 'wasm `unreachable` instruction executed'],
  ['out of bounds memory', 'core-trap', 'out of bounds memory access'],
  ['memory access out of bounds', 'core-trap', 'out of bounds memory access'],
  ['divide by zero', 'core-trap', 'integer divide by zero'],
  ['remainder by zero', 'core-trap', 'integer divide by zero'],
  ['divide result unrepresentable', 'core-trap', 'integer overflow'],
  ['float unrepresentable', 'core-trap', 'invalid conversion to integer'],
  ['table index is out of bounds', 'core-trap', 'undefined element: out of bounds table access'],
  ['null function', 'core-trap', 'uninitialized element'],
  ['signature mismatch', 'core-trap', 'indirect call type mismatch'],
];

/** The trap for an error that left core wasm. */
export function asTrap(error: unknown, path: string | undefined): Trap {
  if (error instanceof Trap) {
    error.path ??= path;
    return error;
  }
  if (error instanceof WebAssembly.Exception) {
    return makeTrap('uncaught-exception', { path, hint: 'catch core exceptions inside the component' });
  }
  if (error instanceof WebAssembly.RuntimeError) {
    const known = ENGINE_TRAPS.find(([text]) => error.message.includes(text));
    return adoptTrap(error, known?.[1] ?? 'core-trap', { reason: known?.[2] ?? error.message, path });
  }
  if (isStackOverflow(error)) {
    return makeTrap('stack-exhausted', { path, cause: error });
  }
  if (error instanceof Error && error.name === 'SuspendError') {
    return makeTrap('would-block', {
      reason: 'cannot block a synchronous task before returning: JavaScript stands between the guest and its caller',
      path,
      hint: 'link the instances with a Linker, so that they call each other without JavaScript',
    });
  }
  return makeTrap('host-error', { reason: `a host function failed: ${messageOf(error)}`, path, cause: error });
}

/** Whether the engine ran out of stack. Asks nothing of an object that would refuse to answer. */
export function isStackOverflow(error: unknown): boolean {
  try {
    return error instanceof RangeError && error.message.includes('call stack');
  } catch {
    return false;
  }
}

/** Whether an error came out of core wasm (a `realloc`), not out of a value of the host. */
export function isGuestFailure(error: unknown): boolean {
  try {
    return (
      error instanceof WebAssembly.RuntimeError || error instanceof WebAssembly.Exception || isStackOverflow(error)
    );
  } catch {
    return false;
  }
}

/** A one-line text for anything that was thrown, even for what refuses every question. */
export function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'a value without text';
  }
}

/** Whether an error is the host's own mistake, found before the guest ran: it ends nothing. */
function isHostMistake(error: unknown): boolean {
  return error instanceof ValueError || error instanceof UsageError || error instanceof ComponentError;
}

/** After a failure at a border: puts the call stack back to `top`; ends the stores above it unless the guest is blameless. */
export function unwind(error: unknown, path: string, top: number, suspendable: number): unknown {
  const harmless = isHostMistake(error);
  const trap = harmless || error instanceof InvariantError ? error : asTrap(error, path);
  if (trap instanceof Trap) trap.components ??= labelsAbove(top);
  if (!harmless) endStoresAbove(top, trap instanceof Trap ? trap : undefined);
  abandonAbove(top);
  control.i32[CALL_TOP >> 2] = top;
  control.i32[SUSPENDABLE >> 2] = suspendable;
  return trap;
}
