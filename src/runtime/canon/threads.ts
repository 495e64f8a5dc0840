/**
 * Built-ins of threads. Specification: CanonicalABI.md, `canon_thread_*`.
 * The function of a new thread is looked up by a small core function (`link/shim.ts`, `threadShim`), which knows its type.
 */
import type { Flat } from '../../abi/js/border.ts';
import { makeTrap } from '../../error/trap.ts';
import { block, canBlock } from '../blocking.ts';
import { FRESH } from '../context-slots.ts';
import { CALL_STACK } from '../control.ts';
import { runApart, runHere } from '../run-thread.ts';
import { scheduler } from '../scheduler.ts';
import { finishStack, promisingOf } from '../stack.ts';
import { currentThread, materialiseAbove, Thread, type Wait } from '../task.ts';
import type { BuiltinEnv, CoreFunction } from './environment.ts';

/** `canon thread.index` */
export function threadIndex({ component }: BuiltinEnv): CoreFunction {
  return () => {
    component.mustLeave();
    return currentThread(component).index;
  };
}

interface ThreadStart {
  check(fn: unknown): void;
  run(fn: unknown, argument: Flat): void;
  start(token: number, fn: unknown, argument: Flat): unknown;
}

function startOf(shim: WebAssembly.Module): ThreadStart {
  const { check, run, start } = new WebAssembly.Instance(shim, { tenon: { done: finishStack } }).exports;
  return { check, run, start: promisingOf(start as (...args: never[]) => unknown) } as unknown as ThreadStart;
}

/** The function at an index of a table. Traps outside of it, and where there is none or one of another type. */
function functionAt(table: WebAssembly.Table, index: Flat, start: ThreadStart): unknown {
  let fn: unknown;
  try {
    fn = table.get(index as number);
  } catch {
    throw makeTrap('core-trap', { reason: 'undefined element: out of bounds table access' });
  }
  if (fn === null) throw makeTrap('core-trap', { reason: 'uninitialized element' });
  try {
    start.check(fn);
  } catch {
    throw makeTrap('core-trap', {
      reason: 'indirect call type mismatch: a thread starts with a function of another type',
    });
  }
  return fn;
}

/** `canon thread.new-indirect`; `shim` is that of what threads start with, `apart` where threads may have to block, and run on stacks of their own. */
export function threadNew(
  { component }: BuiltinEnv,
  table: WebAssembly.Table,
  shim: WebAssembly.Module,
  apart: boolean,
): CoreFunction {
  let made: ThreadStart | undefined;
  return (index, argument) => {
    component.mustLeave();
    made ??= startOf(shim);
    const start = made;
    const fn = functionAt(table, index!, start);
    const { task } = currentThread(component);
    materialiseAbove(CALL_STACK, component);
    const thread = new Thread(task);
    task.register(thread);
    const end = (): void => task.unregister(thread);
    const run = (): void => {
      if (apart) runApart(thread, FRESH, (token) => start.start(token, fn, argument!), end);
      else runHere(thread, FRESH, () => void start.run(fn, argument!), end);
    };
    thread.block({ cancellable: false, what: 'another thread to resume it' }, { kind: 'call', run });
    return thread.index;
  };
}

function mustBeSuspended(thread: Thread): void {
  if (thread.state !== 'suspended')
    throw makeTrap('thread-state', {
      reason: `cannot resume thread which is not suspended: thread ${thread.index} is ${thread.state}`,
    });
}

/** `canon thread.resume-later` */
export function threadResumeLater({ component }: BuiltinEnv): CoreFunction {
  return (index) => {
    component.mustLeave();
    // The running thread may be the one that is asked for.
    currentThread(component);
    const other = component.threads.get(index as number);
    mustBeSuspended(other);
    other.makeReady();
    return undefined;
  };
}

const always = (): boolean => true;

/** `canon thread.suspend`, `canon thread.yield` */
export function threadPause({ component }: BuiltinEnv, yields: boolean, cancellable: boolean): CoreFunction {
  const wait: Wait = {
    ready: yields ? always : undefined,
    cancellable,
    what: yields ? 'its turn' : 'another thread to resume it',
  };
  return () => {
    component.mustLeave();
    const thread = currentThread(component);
    if (thread.task.deliverPendingCancel(cancellable)) return 1;
    // A yield may or may not let others run; where the stack cannot suspend, it does not.
    if (yields && !canBlock()) return 0;
    return block(thread, wait, Number);
  };
}

/** `canon thread.suspend-then-resume` and its like: gives control to another thread at once. */
export function threadSwitch(
  { component }: BuiltinEnv,
  yields: boolean,
  promotes: boolean,
  cancellable: boolean,
): CoreFunction {
  const wait: Wait = {
    ready: yields ? always : undefined,
    cancellable,
    what: yields ? 'its turn' : 'another thread to resume it',
  };
  return (index) => {
    component.mustLeave();
    const thread = currentThread(component);
    const other = component.threads.get(index as number);
    if (!promotes) mustBeSuspended(other);
    if (thread.task.deliverPendingCancel(cancellable)) return 1;
    const switches = !promotes || other.isReady;
    if (!switches && yields && !canBlock()) return 0;
    const result = block(thread, wait, Number);
    if (switches) scheduler.runNext({ ready: always, resume: () => other.resume() });
    return result;
  };
}
