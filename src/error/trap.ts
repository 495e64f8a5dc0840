/**
 * Traps: the guest broke a rule, or something that it called did. A trap is a real trap object made by core wasm, since only
 * that escapes a guest's `catch_all` (docs/engine.md, "Traps"). It carries a stable code, the reason, and the WIT path.
 * Specification: CanonicalABI.md, `trap_if`. Reasons are worded as the reference suite states them.
 */

/**
 * The traps that any component may end in, by their code, and every other trap that Tenon itself raises; behind a slash the same code for
 * another reason. Two tables, so that the bundle of a component which cannot end in the others does not hold them.
 */
export const CORE_REASONS = {
  unreachable: 'wasm `unreachable` instruction executed',
  'cannot-leave': 'cannot leave component instance',
  'store-dead': 'the store has ended in an earlier trap',
  'would-block': 'cannot block a synchronous task before returning',
  'uncaught-exception': 'an exception of core wasm left the component',
  'stack-exhausted': 'call stack exhausted',
  'host-error': 'a host function failed',
  'host-value': 'a host function answered with a value that does not fit its type',
  'core-trap': 'core wasm trap',
} as const;
const OTHER_REASONS = {
  'unaligned-pointer': 'unaligned pointer',
  'list-out-of-bounds': 'list content out-of-bounds',
  'string-out-of-bounds': 'string content out-of-bounds: string pointer/length out of bounds of memory',
  'memory-out-of-bounds': 'pointer out of bounds of memory',
  'realloc-out-of-bounds': 'realloc return: beyond end of memory',
  'realloc-unaligned': 'unaligned pointer: realloc return: result not aligned',
  'invalid-char': 'invalid `char` bit pattern',
  'invalid-discriminant': 'invalid variant discriminant',
  'invalid-utf8': 'invalid utf-8',
  'incomplete-utf8': 'incomplete utf-8 byte sequence',
  'invalid-utf16': 'unpaired surrogate found in utf-16 string',
  'unknown-handle': 'unknown handle index',
  'wrong-handle-type': 'handle index used with the wrong type',
  'handle-borrowed': 'cannot remove owned resource while borrowed',
  'borrows-remain': 'borrow handles still remain at the end of the call',
  'not-owned': 'handle is a borrow where an own handle is needed',
  'table-full': 'the handle table is full',
  'instance-busy': 'the instance waits inside a host call',
  'value-too-large': 'a string or list exceeds 2^28-1 bytes',
  'out-of-memory': 'realloc could not provide memory',
  'too-many-suspended': 'too many calls wait at once',
  'realloc-out-of-bounds/list': 'list content out-of-bounds: realloc return: beyond end of memory',
  'realloc-out-of-bounds/string': 'string content out-of-bounds: realloc return: beyond end of memory',
  'waitable-in-use': 'waitable or waitable set is in use',
  'subtask-unresolved': 'the subtask has not resolved',
  'subtask-cancel': 'the subtask cannot be cancelled',
  'task-return': 'task.return cannot be called here',
  'task-cancel': 'task.cancel cannot be called here',
  'task-unresolved': 'the task ended without returning a result',
  'callback-code': 'unsupported callback code',
  backpressure: 'backpressure counter out of range',
  'unknown-thread': 'unknown thread index',
  'thread-state': 'the thread is not suspended',
  'end-busy': 'the end of a stream or future is busy',
  'end-done': 'the end of a stream or future has done its work',
  'end-unwritten': 'cannot drop future write end without first writing a value',
  'element-type': 'the stream or future has another element type',
  'same-instance-copy': 'cannot read from and write to intra-component stream or future',
  'buffer-too-long': 'a buffer of a stream has at most 2^28-1 elements',
  deadlock: 'deadlock detected: event loop cannot make further progress',
} as const;

type CoreReason = keyof typeof CORE_REASONS;

/** Why a trap was raised: its code, or a code and a variant of its reason. */
export type TrapReason = CoreReason | keyof typeof OTHER_REASONS;

/** Codes of a `LimitError`, which says itself what was met. */
export type LimitCode = 'cpu-limit' | 'time-limit' | 'fuel-limit' | 'memory-limit' | 'handle-limit' | 'lift-limit';

/** The stable code of a trap. */
export type TrapCode = Exclude<TrapReason, `${string}/${string}`> | LimitCode;

/** The sentence of a code, or of one of its reasons. */
export function reasonOf(why: TrapReason): string {
  return { ...CORE_REASONS, ...OTHER_REASONS }[why];
}

let numbered: readonly TrapReason[] | undefined;

/** All reasons, in the order of the numbers by which generated core wasm knows them. */
function allReasons(): readonly TrapReason[] {
  numbered ??= Object.keys({ ...CORE_REASONS, ...OTHER_REASONS }) as TrapReason[];
  return numbered;
}

/** The number under which generated core wasm knows a reason. */
export function trapNumber(reason: TrapReason): number {
  return allReasons().indexOf(reason);
}

/** The inverse of {@link trapNumber}. */
export function trapReason(number: number): TrapReason {
  return allReasons()[number] ?? 'unreachable';
}

function codeOf(reason: TrapReason): TrapCode {
  return reason.split('/', 1)[0] as TrapCode;
}

export interface TrapDetails {
  /** The sentence to show where the code's own one is not specific enough. */
  readonly reason?: string | undefined;
  /** WIT path of the function in which it happened. */
  readonly path?: string | undefined;
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** A trap. Instances are made by {@link makeTrap} only. */
export class Trap extends WebAssembly.RuntimeError {
  declare readonly code: TrapCode;
  declare readonly reason: string;
  /** WIT path of the call that trapped, outermost known. */
  declare path: string | undefined;
  declare readonly hint: string | undefined;
  /** Paths of the component instances on the stack, innermost last; undefined where none was known. */
  declare components: readonly string[] | undefined;
}

/** `(module (func (export "trap") unreachable))` */
export const RAISE: readonly number[] = [
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 7, 8, 1, 4, 0x74, 0x72, 0x61, 0x70, 0, 0, 10, 5, 1,
  3, 0, 0, 0x0b,
];

let raise: (() => void) | undefined;

/** Says which function of core wasm traps, for platforms that compile no modules while they run. */
export function setRaise(trap: () => void): void {
  raise = trap;
}

/** Makes what traps are made with, while there is room on the stack for it. */
export function readyTraps(): () => void {
  raise ??= new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(RAISE))).exports['trap'] as () => void;
  return raise;
}

function realTrap(): WebAssembly.RuntimeError {
  const trap = readyTraps();
  try {
    trap();
  } catch (error) {
    return error as WebAssembly.RuntimeError;
  }
  throw new Error('unreachable did not trap');
}

const adopted = new WeakSet<object>();

/** Whether `value` is a trap that was made here: what only has its prototype would not escape a guest's `catch_all`. */
export function isTrap(value: unknown): value is Trap {
  return typeof value === 'object' && value !== null && adopted.has(value);
}

/** Gives a real trap object, which core wasm made, Tenon's prototype and fields. */
export function adoptTrap(
  real: WebAssembly.RuntimeError,
  code: TrapCode,
  reason: string,
  details: Omit<TrapDetails, 'reason'> = {},
): Trap {
  Object.setPrototypeOf(real, Trap.prototype);
  const fields: Record<string, unknown> = {
    name: 'Trap',
    message: details.hint === undefined ? reason : `${reason}; ${details.hint}`,
    code,
    reason,
    path: details.path,
    hint: details.hint,
    components: undefined,
    ...(details.cause === undefined ? {} : { cause: details.cause }),
  };
  for (const name in fields) {
    const enumerable = name === 'code';
    Object.defineProperty(real, name, { value: fields[name], enumerable, configurable: true, writable: true });
  }
  adopted.add(real);
  return real as Trap;
}

/** Makes a trap to throw. Takes about 2 microseconds: for failures only. */
export function makeTrap(why: TrapReason, details: TrapDetails = {}): Trap {
  return adoptTrap(realTrap(), codeOf(why), details.reason ?? reasonOf(why), details);
}

/** The same, for a trap that any component may end in. */
export function makeCoreTrap(why: CoreReason, details: TrapDetails = {}): Trap {
  return adoptTrap(realTrap(), why, details.reason ?? CORE_REASONS[why], details);
}

/** Throws a trap if `condition` holds. Blames the guest. */
export function trapIf(condition: boolean, why: TrapReason, reason?: string): void {
  if (condition) throw makeTrap(why, { reason });
}
