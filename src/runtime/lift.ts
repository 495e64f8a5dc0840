/**
 * Calls of lifted functions of an async type: a task for each, run until it blocks. Specification: CanonicalABI.md, `canon_lift`,
 * `Task.enter_implicit_thread`. Functions of a synchronous type are called by adapters and border functions, without a task.
 */
import type { OptionShape } from '../abi/context.ts';
import type { Flat } from '../abi/js/border.ts';
import { makeTrap } from '../error/trap.ts';
import type { FuncType } from '../types/value-type.ts';
import { invariant } from '../util/invariant.ts';
import type { ComponentState } from './component-state.ts';
import { FRESH } from './context-slots.ts';
import { CALL_STACK, control, MAY_LEAVE } from './control.ts';
import { isHostMistake } from './failure.ts';
import { getObject, WAITABLE_SET } from './object-handles.ts';
import type { Payload } from './payload.ts';
import type { PromisedEntry } from './promised-entry.ts';
import { Refused } from './refused.ts';
import { runApart, runHere } from './run-thread.ts';
import { scheduler } from './scheduler.ts';
import { materialiseAbove, Task, Thread, threadByNumber } from './task.ts';
import { CANCELLED_EVENT, type Event, NO_EVENT, type WaitableSet } from './waitable.ts';

type CoreFunction = (...args: Flat[]) => Flat | undefined;

/** A lifted function in a running instance. */
export interface Callee {
  readonly component: ComponentState;
  readonly path: string;
  readonly type: FuncType;
  readonly shape: OptionShape;
  readonly memory: WebAssembly.Memory | undefined;
  /** What `task.return` must be of. */
  readonly result: Payload;
  readonly core: CoreFunction;
  readonly callback: CoreFunction | undefined;
  readonly postReturn: CoreFunction | undefined;
  /** The same functions on a stack of their own, where the instance may have to block. */
  readonly entries: { readonly core: PromisedEntry; readonly callback: PromisedEntry | undefined } | undefined;
}

/** On whose behalf a task runs. */
export interface Caller {
  /** The task starts: lifts the arguments and lowers them into the callee; gives the core arguments. */
  start(task: LiftedTask): readonly Flat[];
  /** The task returns these core values, or was cancelled. */
  resolve(flat: readonly Flat[] | undefined, task: LiftedTask): void;
  /** The task could not start, by the host's own mistake; without it that is thrown. */
  refused?(error: unknown): void;
}

/** Specification: `CallbackCode`. */
const EXIT = 0;
const YIELD = 1;
const WAIT = 2;

/** A task of a lifted function of an async type. */
export class LiftedTask extends Task {
  readonly callee: Callee;
  readonly caller: Caller;

  constructor(callee: Callee, caller: Caller) {
    const { component, path, shape } = callee;
    super(component, path, true, !shape.async || shape.callback);
    this.callee = callee;
    this.caller = caller;
  }

  /** Why it cannot enter yet, in words for messages about deadlocks. */
  get what(): string {
    const { backpressure, exclusive, label } = this.component;
    const holder = threadByNumber(exclusive);
    if (backpressure > 0) return `its turn to enter ${label}, which takes no calls now`;
    return `its turn to enter ${label}${holder === undefined ? '' : `, which ${holder.task.path} has for itself`}`;
  }

  /** Specification: `Task.return_`. */
  returns(flat: readonly Flat[]): void {
    if (this.state === 'resolved')
      throw makeTrap('task-return', {
        reason: 'task.return or task.cancel called for a task that has returned already',
      });
    this.mustHoldNoBorrows();
    this.caller.resolve(flat, this);
    this.state = 'resolved';
  }

  /** Specification: `Task.cancel`. */
  cancel(): void {
    if (this.state !== 'cancel-delivered')
      throw makeTrap('task-cancel', { reason: 'task.cancel called for a task that was not asked to cancel' });
    this.mustHoldNoBorrows();
    this.caller.resolve(undefined, this);
    this.state = 'resolved';
  }
}

/**
 * Has `resume` done as soon as what runs now has blocked or ended. Calls under way have their tasks from here on: an adapter must not end
 * one as if it had started nothing.
 */
function runNext(resume: () => boolean): void {
  materialiseAbove(CALL_STACK);
  scheduler.runNext({ ready: () => true, resume });
}

/** Specification: `has_backpressure` in `Task.enter_implicit_thread`. */
function mustWait(task: LiftedTask): boolean {
  const { component } = task;
  return component.backpressure > 0 || (task.needsExclusive && component.exclusive !== 0);
}

/** Calls a lifted function: its task runs until it ends or blocks. */
export function startTask(callee: Callee, caller: Caller): LiftedTask {
  const { component } = callee;
  const task = new LiftedTask(callee, caller);
  const thread = new Thread(task);
  task.implicit = thread;
  if (!mustWait(task) && component.entering === 0 && !component.closed) {
    enter(task, thread);
    return task;
  }
  component.entering++;
  component.hold(thread);
  letHolderGoOn(task, thread);
  const wait = { ready: () => !mustWait(task), cancellable: true, what: task };
  thread.block(wait, {
    kind: 'call',
    run(cancelled) {
      component.entering--;
      component.unhold(thread);
      if (!cancelled) {
        enter(task, thread);
        return;
      }
      task.cancel();
      thread.release();
    },
  });
  return task;
}

/**
 * Whoever holds the exclusive lock and is ready goes on before the caller, and then the new task if it may: the reference suite
 * (`sync-streams.wast`) counts on it, where the specification's text would have the caller learn that the task waits.
 */
function letHolderGoOn(task: LiftedTask, thread: Thread): void {
  const holder = threadByNumber(task.component.exclusive);
  if (!task.needsExclusive || holder?.ready() !== true) return;
  runNext(() => thread.ready() && thread.resume());
  runNext(() => holder.ready() && holder.resume());
}

function enter(task: LiftedTask, thread: Thread): void {
  const { callee } = task;
  materialiseAbove(CALL_STACK, task.component);
  begin(task, thread);
  try {
    const { core, entries } = callee;
    const after = afterCoreOf(task, thread);
    if (entries === undefined) runHere(thread, FRESH, () => core(...argumentsOf(task)), after);
    else runApart(thread, FRESH, (token) => entries.core(token, ...argumentsOf(task)), after);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    leaveUnstarted(task, thread);
    task.caller.refused?.(error.error);
  }
}

/** The core arguments, from the caller. */
function argumentsOf(task: LiftedTask): readonly Flat[] {
  try {
    return task.caller.start(task);
  } catch (error) {
    if (task.caller.refused === undefined || !isHostMistake(error)) throw error;
    throw new Refused(error);
  }
}

/** A closure that holds no more than it must: as long as the task waits, it is kept. */
function afterCoreOf(task: LiftedTask, thread: Thread): (results: readonly Flat[]) => void {
  return (results) => afterCore(task, thread, results);
}

/** The task has entered its instance. */
function begin(task: LiftedTask, thread: Thread): void {
  if (task.needsExclusive) task.component.exclusive = thread.number;
  task.register(thread);
  task.state = 'started';
}

/** A task that runs already, since an adapter called it. */
export function taskUnderWay(callee: Callee, caller: Caller): LiftedTask {
  const task = new LiftedTask(callee, caller);
  const thread = new Thread(task);
  task.implicit = thread;
  begin(task, thread);
  return task;
}

function leaveUnstarted(task: LiftedTask, thread: Thread): void {
  task.state = 'resolved';
  task.unregister(thread);
  if (task.needsExclusive) task.component.exclusive = 0;
}

/** The core function of a task has returned. */
export function afterCore(task: LiftedTask, thread: Thread, results: readonly Flat[]): void {
  const { shape, postReturn } = task.callee;
  if (shape.callback) {
    afterCallback(task, thread, results[0] as number);
    return;
  }
  if (!shape.async) {
    task.returns(results);
    if (postReturn !== undefined) {
      const leave = (task.component.slot + MAY_LEAVE) >> 2;
      control.i32[leave] = 0;
      postReturn(...results);
      control.i32[leave] = 1;
    }
  }
  exit(task, thread);
}

/** Specification: `Task.exit_implicit_thread`. */
function exit(task: LiftedTask, thread: Thread): void {
  task.unregister(thread);
  if (task.needsExclusive) task.component.exclusive = 0;
}

/** What a callback asks for. Specification: the loop in `canon_lift`, `unpack_callback_result`. */
function afterCallback(task: LiftedTask, thread: Thread, packed: number): void {
  const { component } = task;
  const code = packed & 0xf;
  switch (code) {
    case EXIT:
      exit(task, thread);
      return;
    case YIELD:
      park(task, thread, undefined);
      return;
    case WAIT:
      park(task, thread, getObject<WaitableSet>(component.slot, packed >>> 4, WAITABLE_SET));
      return;
    default:
      throw makeTrap('callback-code', { reason: `unsupported callback code: ${code}`, path: task.path });
  }
}

/** The task waits between callbacks, without a stack. */
function park(task: LiftedTask, thread: Thread, set: WaitableSet | undefined): void {
  const { component } = task;
  const run = (cancelled: boolean): void => {
    component.unhold(thread);
    set?.leftBy(thread);
    invariant(component.exclusive === 0, 'the exclusive lock is free when a callback runs');
    component.exclusive = thread.number;
    callback(task, thread, cancelled ? CANCELLED_EVENT : (set?.getPendingEvent() ?? NO_EVENT));
  };
  const wait = {
    ready: () => component.exclusive === 0 && set?.hasPendingEvent !== false,
    cancellable: true,
    what: set ?? 'its turn',
  };
  component.hold(thread);
  set?.waitedBy(thread);
  // The thread waits before the lock is free for others: the order in which they become ready is theirs.
  thread.block(wait, { kind: 'call', run });
  component.exclusive = 0;
  // What waits to be cancelled does not wait: nobody comes between.
  if (task.state === 'pending-cancel') runNext(() => thread.resume());
}

function callback(task: LiftedTask, thread: Thread, event: Event): void {
  const { callback: core, entries } = task.callee;
  const after = (results: readonly Flat[]): void => afterCallback(task, thread, results[0] as number);
  const entry = entries?.callback;
  if (entry === undefined) runHere(thread, thread.context, () => core?.(...event), after);
  else runApart(thread, thread.context, (token) => entry(token, ...event), after);
}

/**
 * Specification: `Task.request_cancellation`. A thread that waits without a stack goes on within this call; one with a stack as soon as
 * what runs now blocks.
 */
export function requestCancellation(task: LiftedTask): void {
  if (task.state === 'initial') {
    task.state = 'cancel-delivered';
    task.implicit?.resumeWith(true);
    return;
  }
  if (task.state !== 'started') return;
  const candidate = task.cancelCandidate();
  if (candidate === undefined) {
    task.state = 'pending-cancel';
    return;
  }
  task.state = 'cancel-delivered';
  if (candidate.resumesByCall) candidate.resumeWith(true);
  else runNext(() => candidate.resumeWith(true));
}
