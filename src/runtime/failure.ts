/** Turns whatever left a guest into one trap with a stable code, and ends the stores that it went through. */
import { ComponentError, UsageError, ValueError } from '../error/error.ts';
import { limitHook } from '../error/limit-hook.ts';
import { adoptTrap, CORE_REASONS, makeCoreTrap, Trap, type TrapCode } from '../error/trap.ts';
import { InvariantError } from '../util/invariant.ts';
import { abandonAbove } from './borrow-log.ts';
import { CALL_TOP, control, SUSPENDABLE } from './control.ts';
import { endStoresAbove, labelsAbove } from './store.ts';

interface EngineTrap {
  readonly code: TrapCode;
  readonly reason: string;
}

/** The field's words for traps, by what the messages of engines (V8, JavaScriptCore) contain; the first that fits. */
const ENGINE_TRAPS: readonly (readonly [text: RegExp, reason: string])[] = [
  [/unreachable/i, CORE_REASONS.unreachable],
  [/data segment/i, 'out of bounds memory access: a data segment does not fit'],
  [/bounds memory|memory access out/i, 'out of bounds memory access'],
  [/(divide|remainder|division) by zero/i, 'integer divide by zero'],
  [/divide result|integer overflow/i, 'integer overflow'],
  [/float unrepresentable|bounds trunc/i, 'invalid conversion to integer: integer overflow'],
  [/element segment/i, 'out of bounds table access: an element segment does not fit'],
  [/table index|bounds table|bounds call_indirect/i, 'undefined element: out of bounds table access'],
  [/null function|null table/i, 'uninitialized element'],
  [/signature/i, 'indirect call type mismatch, or uninitialized element'],
  [/array element|bounds array/i, 'out of bounds array access'],
  [
    /null pointer|null reference/i,
    'null reference: null function reference, null structure reference, null array reference or null i31 reference',
  ],
  [/unaligned/i, 'unaligned atomic'],
];

/** What a trap of core wasm itself is in the field's words; undefined for anything else. */
export function engineTrap(error: unknown): EngineTrap | undefined {
  if (!(error instanceof WebAssembly.RuntimeError) || error instanceof Trap) return undefined;
  const known = ENGINE_TRAPS.find(([text]) => text.test(error.message));
  if (known === undefined) return { code: 'core-trap', reason: error.message };
  return { code: known === ENGINE_TRAPS[0] ? 'unreachable' : 'core-trap', reason: known[1] };
}

/** Makes a trap that core wasm made one that says which limit was met. */
export type ExplainTrap = (real: WebAssembly.RuntimeError, path: string | undefined) => Trap;

let limitMet: (() => ExplainTrap | undefined) | undefined;

/** Says who knows whether the guest that just trapped has met a limit. */
export function onLimit(listener: () => ExplainTrap | undefined): void {
  limitMet = listener;
}

/** Whether the guest that just trapped has met a limit, and how it is told. */
export function limitMetNow(): ExplainTrap | undefined {
  return limitMet?.();
}

/** The trap for an error that left core wasm; `explain` where it is known already whether a limit was met. */
export function asTrap(
  error: unknown,
  path: string | undefined,
  explain: () => ExplainTrap | undefined = limitMetNow,
): Trap {
  if (error instanceof Trap) {
    error.path ??= path;
    return error;
  }
  if (error instanceof WebAssembly.Exception) {
    return makeCoreTrap('uncaught-exception', { path, hint: 'catch core exceptions inside the component' });
  }
  const known = engineTrap(error);
  if (known !== undefined) {
    const real = error as WebAssembly.RuntimeError;
    const met = known.code === 'unreachable' ? explain() : undefined;
    return met?.(real, path) ?? adoptTrap(real, known.code, known.reason, { path });
  }
  const outOfMemory = limitHook.outOfMemory?.(error);
  if (outOfMemory !== undefined) return outOfMemory;
  if (isStackOverflow(error)) {
    return makeCoreTrap('stack-exhausted', { path, cause: error });
  }
  if (error instanceof Error && error.name === 'SuspendError') {
    return makeCoreTrap('would-block', {
      reason: `${CORE_REASONS['would-block']}: JavaScript stands between the guest and its caller`,
      path,
      hint: 'link the instances with a Linker, so that they call each other without JavaScript',
    });
  }
  return makeCoreTrap('host-error', {
    reason: `${CORE_REASONS['host-error']}: ${messageOf(error)}`,
    path,
    cause: error,
  });
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
export function isHostMistake(error: unknown): boolean {
  return error instanceof ValueError || error instanceof UsageError || error instanceof ComponentError;
}

/** After a failure at a border: puts the call stack back to `top`; ends the stores above it unless the guest is blameless. */
export function unwind(error: unknown, path: string | undefined, top: number, suspendable: number): unknown {
  const harmless = isHostMistake(error);
  const trap = harmless || error instanceof InvariantError ? error : asTrap(error, path);
  if (trap instanceof Trap) trap.components ??= labelsAbove(top);
  if (!harmless) endStoresAbove(top, trap instanceof Trap ? trap : undefined);
  abandonAbove(top, harmless);
  control.i32[CALL_TOP >> 2] = top;
  control.i32[SUSPENDABLE >> 2] = suspendable;
  return trap;
}
