/** Built-ins of threads. Specification: CanonicalABI.md, `canon thread.*`. */
import type { CoreFunc, Store } from './state.ts';
import { type Blocking, Thread } from './thread.ts';
import { specifies, trap, trapIf } from './trap.ts';

/** What a table of functions holds: nothing, a function that can be a thread's, one of another type. */
export type TableEntry = CoreFunc | 'other type' | undefined;

/** The thread that a built-in names. It traps first where the instance may not be left. */
function other(store: Store, index: number): Thread {
  const { inst } = store.currentThread.task;
  trapIf(!inst.mayLeave, 'cannot-leave');
  return inst.threads.get(index);
}

function suspended(thread: Thread): Thread {
  trapIf(!thread.suspended, 'thread-not-suspended');
  return thread;
}

export function canonThreadIndex(store: Store): number {
  const { index, task } = store.currentThread;
  trapIf(!task.inst.mayLeave, 'cannot-leave');
  specifies(index !== undefined, 'a thread that runs guest code is registered');
  return index;
}

export function canonThreadNewIndirect(
  store: Store,
  table: readonly TableEntry[],
  func: number,
  closure: number,
): number {
  const { task } = store.currentThread;
  trapIf(!task.inst.mayLeave, 'cannot-leave');
  const core = table[func];
  if (core === undefined) trap('thread-function-absent');
  if (core === 'other type') trap('thread-function-type');
  const thread: Thread = new Thread(task, function* () {
    yield* core([closure]);
    task.unregisterThread(thread);
  });
  task.registerThread(thread);
  specifies(thread.index !== undefined, 'a thread that is registered has an index');
  return thread.index;
}

export function canonThreadResumeLater(store: Store, index: number): void {
  suspended(other(store, index)).resumeLater();
}

export function* canonThreadSuspend(store: Store, cancellable: boolean): Blocking<number> {
  const thread = store.currentThread;
  trapIf(!thread.task.inst.mayLeave, 'cannot-leave');
  return Number(yield* thread.suspend(cancellable));
}

export function* canonThreadYield(store: Store, cancellable: boolean): Blocking<number> {
  const thread = store.currentThread;
  trapIf(!thread.task.inst.mayLeave, 'cannot-leave');
  return Number(yield* thread.yield(cancellable));
}

export function* canonThreadSuspendThenResume(store: Store, cancellable: boolean, index: number): Blocking<number> {
  const target = suspended(other(store, index));
  return Number(yield* store.currentThread.suspendThenResume(cancellable, target));
}

export function* canonThreadYieldThenResume(store: Store, cancellable: boolean, index: number): Blocking<number> {
  const target = suspended(other(store, index));
  return Number(yield* store.currentThread.yieldThenResume(cancellable, target));
}

export function* canonThreadSuspendThenPromote(store: Store, cancellable: boolean, index: number): Blocking<number> {
  const target = other(store, index);
  store.saw(target.ready ? 'promote: switches' : 'promote: only suspends');
  return Number(yield* store.currentThread.suspendThenPromote(cancellable, target));
}

export function* canonThreadYieldThenPromote(store: Store, cancellable: boolean, index: number): Blocking<number> {
  const target = other(store, index);
  store.saw(target.ready ? 'promote: switches' : 'promote: only yields');
  return Number(yield* store.currentThread.yieldThenPromote(cancellable, target));
}
