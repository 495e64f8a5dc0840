/**
 * How the thread that runs blocks. Specification: CanonicalABI.md, `Thread.block_internal`, and the loop at the end of `canon_lift`: while a
 * task of a synchronous function is blocked, only ready threads of its instance run, and without any it traps.
 */
import type { Flat } from '../abi/js/border.ts';
import { CALL_STACK } from './control.ts';
import { type Activity, type SyncScope, scheduler } from './scheduler.ts';
import { askToSuspend, type Continuation, neverReady, type Stack, suspendableStack, type WaitedFor } from './stack.ts';
import { materialiseAbove, type Task, Thread, type Wait } from './task.ts';

/** The scope of a synchronous task that is blocked on `what`. */
class BlockedSyncTask implements SyncScope {
  readonly #task: Task;
  what: WaitedFor = 'what it waits for';

  constructor(task: Task) {
    this.#task = task;
  }

  over(): boolean {
    return this.#task.state === 'resolved' || !this.#task.component.store.alive;
  }

  closed(): boolean {
    return this.#task.component.closed;
  }

  /** Threads of its instance, but not of tasks that wait to enter it. */
  holds(activity: Activity): boolean {
    return (
      activity instanceof Thread && activity.index !== undefined && activity.task.component === this.#task.component
    );
  }

  fail(): Activity {
    const thread = this.#task.implicit!;
    const trap = neverReady(this.what);
    return { ready: () => true, resume: () => thread.fail(trap) };
  }
}

/** A stack that suspends: its calls, and those below, have their threads from now on, as if each had begun with its call. */
function suspending(then: Continuation, what: WaitedFor): Stack {
  const stack = askToSuspend(then, what, false);
  materialiseAbove(CALL_STACK);
  return stack;
}

/**
 * Blocks the running thread: its stack asks to suspend. `then` gives the core result once it goes on; `zero` stands for it until then.
 * Traps where the stack cannot suspend.
 */
export function block(
  thread: Thread,
  wait: Wait,
  then: (cancelled: boolean) => Flat | undefined,
  zero: Flat | undefined = 0,
): Flat | undefined {
  const stack = suspending(() => {
    thread.throwFailure();
    return then(thread.cancelled);
  }, wait.what);
  const { task } = thread;
  if (!task.async && thread === task.implicit) {
    const scope = task.scope instanceof BlockedSyncTask ? task.scope : new BlockedSyncTask(task);
    scope.what = wait.what;
    task.scope = scope;
    scheduler.enterSync(scope);
  }
  thread.block(wait, { kind: 'stack', stack });
  return zero;
}

/** Whether the running stack could suspend. */
export function canBlock(): boolean {
  return suspendableStack() !== undefined;
}

/**
 * What the running stack started since the obligations were `depth` deep must end or block before it goes on. Where the stack cannot
 * suspend, it goes on at once and the others after it.
 */
export function afterStarted(depth: number, then: Continuation, zero: Flat | undefined = 0): Flat | undefined {
  if (scheduler.depth <= depth || !canBlock()) return then();
  const stack = suspending(then, 'what it called');
  scheduler.returnTo({ ready: () => true, resume: () => stack.go() }, depth);
  return zero;
}
