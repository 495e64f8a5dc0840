/**
 * Every trap of the concurrency part of the Canonical ABI, by a name of the model's own, and what the reference suite says of it.
 * Specification: CanonicalABI.md, each `trap_if`.
 */
import type { Value } from './values.ts';

/** The words with which the reference suite expects the trap; undefined where it says nothing. */
export const TRAPS = {
  // Calls and tasks
  'cannot-leave': 'cannot leave component instance',
  'would-block': 'cannot block a synchronous task before returning',
  'callback-code': 'unsupported callback code',
  'task-unresolved': undefined,
  'task-return-sync': undefined,
  'task-return-type': undefined,
  'task-return-options': undefined,
  'task-return-resolved': undefined,
  'task-cancel-sync': undefined,
  'task-cancel-undelivered': undefined,
  'borrows-remain': 'borrow handles still remain at the end of the call',
  'uncaught-exception': undefined,
  backpressure: undefined,
  unreachable: 'unreachable',
  // Handles and resources
  'unknown-handle': 'unknown handle index',
  'not-a-resource': undefined,
  'wrong-resource': undefined,
  'handle-lent': 'cannot remove owned resource while borrowed',
  'not-owned': undefined,
  // Waitables
  'not-a-set': undefined,
  'not-a-waitable': undefined,
  'waited-synchronously': undefined,
  'set-not-empty': undefined,
  'set-has-waiters': 'cannot drop waitable set with waiters',
  'in-set': 'waitable cannot be used synchronously while added to a waitable set',
  // Subtasks
  'not-a-subtask': undefined,
  'subtask-resolved': undefined,
  'subtask-cancel-twice': undefined,
  'subtask-unresolved': 'cannot drop a subtask which has not yet resolved',
  // Streams and futures
  'not-this-end': undefined,
  'element-type': undefined,
  'end-busy': undefined,
  'stream-read-done': 'cannot read from stream after being notified that the writable end dropped',
  'stream-write-done': 'cannot write to stream after being notified that the readable end dropped',
  'future-read-done': 'cannot read from future after previous read succeeded',
  'future-write-done': 'cannot write to future after previous write succeeded',
  'not-copying': undefined,
  'same-instance': 'cannot read from and write to intra-component',
  'drop-busy': 'busy',
  'future-unwritten': 'cannot drop future write end without first writing a value',
  'lift-busy': undefined,
  'lift-stream-done': 'cannot lift stream after being notified that the writable end dropped',
  'lift-future-done': 'cannot lift future after previous read succeeded',
  'lift-stream-in-set': "cannot lift stream while it's in a waitable set",
  'lift-future-in-set': "cannot lift future while it's in a waitable set",
  'buffer-too-long': undefined,
  'buffer-unaligned': undefined,
  'buffer-out-of-bounds': undefined,
  // Threads
  'unknown-thread': undefined,
  'thread-not-suspended': undefined,
  'thread-function-absent': undefined,
  'thread-function-type': undefined,
  // Values in memory
  'pointer-unaligned': 'unaligned pointer',
  'pointer-out-of-bounds': 'out of bounds',
  'content-out-of-bounds': 'content out-of-bounds',
  'invalid-utf8': undefined,
  'invalid-case': undefined,
  'not-an-error-context': undefined,
} as const;

export type TrapName = keyof typeof TRAPS;

/** The component has trapped: nothing of its store runs any more. */
export class ModelTrap extends Error {
  readonly trap: TrapName;
  /** Where values that are passed on cannot be lifted: those before the one that cannot. */
  lifted: readonly Value[] | undefined;
  /** What whoever lifts and lowers value by value meets first. */
  orElse: TrapName | undefined;
  constructor(trap: TrapName) {
    super(`trap: ${trap}`);
    this.trap = trap;
  }
}

export function trap(name: TrapName): never {
  throw new ModelTrap(name);
}

export function trapIf(condition: boolean, name: TrapName): void {
  if (condition) throw new ModelTrap(name);
}

/** The specification asserts here what does not hold: it says nothing about what happens then. */
export class Unspecified extends Error {
  constructor(what: string) {
    super(`the specification asserts that ${what}`);
  }
}

/** An `assert` of the specification. */
export function specifies(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Unspecified(what);
}
