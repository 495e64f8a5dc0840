/** Calls between components. Specification: CanonicalABI.md, `canon lift`, `canon lower`. */
import type { ResourceType } from './resource.ts';
import type { ComponentInstance, CoreFunc, Store } from './state.ts';
import { type Blocking, type OnCancel, type OnResolve, type OnStart, Task, Thread } from './thread.ts';
import { ModelTrap, specifies, type TrapName, trap, trapIf } from './trap.ts';
import {
  type CoreValue,
  type FuncType,
  MAX_FLAT_ASYNC_PARAMS,
  MAX_FLAT_PARAMS,
  MAX_FLAT_RESULTS,
  type ValType,
} from './types.ts';
import { type Context, CoreValueIter, liftFlatValues, lowerFlatValues, type Value } from './values.ts';
import { CANCELLED_EVENT, EVENT, type EventTuple, NO_EVENT, SUBTASK, Subtask, WaitableSet } from './waitable.ts';

/** A function of the component model, to be called with what gives its arguments and what takes its results. */
export type FuncInst = (onStart: OnStart, onResolve: OnResolve) => OnCancel;

export interface CanonicalOptions {
  readonly async: boolean;
  readonly callback: CoreFunc | undefined;
  readonly postReturn: CoreFunc | undefined;
  readonly encoding: 'utf8' | 'utf16';
}

/** A core function with all that makes a function of a component of it. */
export interface Lifted {
  readonly core: CoreFunc;
  readonly ft: FuncType;
  readonly opts: CanonicalOptions;
  readonly inst: ComponentInstance;
  readonly resources: ReadonlyMap<string, ResourceType>;
}

const CALLBACK = { exit: 0, yield: 1, wait: 2 } as const;

export function resultTypes(ft: FuncType): readonly ValType[] {
  return ft.result === undefined ? [] : [ft.result];
}

export function canonLift(lifted: Lifted, onStart: OnStart, onResolve: OnResolve): OnCancel {
  const { ft, inst, opts } = lifted;
  const { store } = inst;
  const told = { async: opts.async, callback: opts.callback !== undefined, encoding: opts.encoding };
  const task = new Task(ft, told, inst, onStart, onResolve);
  const thread: Thread = new Thread(task, () => implicitThread(lifted, task, () => thread));
  thread.findLabel = store.announced;
  store.announced = undefined;
  thread.resume(false);
  if (ft.async) letHolderGoOn(task, thread);
  else {
    while (task.state !== 'resolved') {
      const candidates = inst.threads
        .entries()
        .map(([, each]) => each)
        .filter((each) => each.ready);
      trapIf(candidates.length === 0 || store.hostWaits, 'would-block');
      const chosen = store.choices.thread('sync-task', candidates);
      store.saw(chosen.task === task ? 'sync task: goes on itself' : 'sync task: lets another go on');
      chosen.resume(false);
    }
  }
  return () => task.requestCancellation();
}

/** See `Choices.holderGoesOn`. */
function letHolderGoOn(task: Task, thread: Thread): void {
  const { store, exclusiveThread: holder } = task.inst;
  if (store.choices.rules !== 'corrected' || store.current === undefined) return;
  if (task.state !== 'initial' || !task.needsExclusive || holder?.ready !== true) return;
  if (!store.choices.holderGoesOn(holder)) return;
  store.saw('enter: the holder of the lock goes on first');
  holder.resume(false);
  if (thread.ready) thread.resume(false);
}

/** Specification: `thread_func` in `canon_lift`. */
function* implicitThread(lifted: Lifted, task: Task, self: () => Thread): Blocking<void> {
  const { core, ft, inst, opts } = lifted;
  const thread = self();
  if (!(yield* task.enterImplicitThread(thread))) return;
  const cx: Context = { inst, borrowScope: task, resources: lifted.resources };
  const args = argumentsOf(task, cx, ft);
  const flatArgs = lowerFlatValues(cx, MAX_FLAT_PARAMS, args, ft.params);
  const flatResults = yield* core(flatArgs);
  if (!opts.async) {
    task.return(liftFlatValues(cx, MAX_FLAT_RESULTS, new CoreValueIter(flatResults), resultTypes(ft)));
    if (opts.postReturn !== undefined) {
      specifies(inst.mayLeave, 'what follows a return begins where the instance may be left');
      inst.mayLeave = false;
      yield* opts.postReturn(flatResults);
      inst.mayLeave = true;
    }
  } else if (opts.callback !== undefined) yield* callbacks(lifted, opts.callback, thread, Number(flatResults[0]));
  task.exitImplicitThread();
}

/**
 * The arguments. Of two traps, in an argument that cannot be lifted and in the callee's allocator, which lowers those before it, either may
 * be told: an implementation may lift and lower value by value (CanonicalABI.md, before its first section, of fusing the two).
 */
function argumentsOf(task: Task, cx: Context, { params }: FuncType): readonly Value[] {
  try {
    return task.start();
  } catch (error) {
    if (error instanceof ModelTrap && error.lifted !== undefined)
      error.orElse = trapOfLowering(cx, error.lifted, params);
    throw error;
  }
}

function trapOfLowering(cx: Context, values: readonly Value[], params: readonly ValType[]): TrapName | undefined {
  try {
    lowerFlatValues(cx, MAX_FLAT_PARAMS, values, params.slice(0, values.length));
    return undefined;
  } catch (error) {
    if (error instanceof ModelTrap) return error.trap;
    throw error;
  }
}

/** The loop of a task that waits between calls of its callback. */
function* callbacks(lifted: Lifted, callback: CoreFunc, thread: Thread, first: number): Blocking<void> {
  const { inst } = lifted;
  const unlocked = (): boolean => inst.exclusiveThread === undefined;
  for (let packed = first; ; ) {
    const code = packed & 0xf;
    trapIf(code > CALLBACK.wait, 'callback-code');
    if (code === CALLBACK.exit) return;
    specifies(inst.exclusiveThread === thread, 'a callback returns with the lock');
    inst.exclusiveThread = undefined;
    let event: EventTuple;
    if (code === CALLBACK.yield) {
      event = (yield* thread.waitUntil(unlocked, true)) ? CANCELLED_EVENT : NO_EVENT;
    } else {
      const set = inst.handles.get(packed >>> 4);
      if (!(set instanceof WaitableSet)) trap('not-a-set');
      event = yield* set.waitForEventAnd(inst.store, unlocked, true);
    }
    specifies(inst.exclusiveThread === undefined, 'a callback begins with the lock free');
    inst.exclusiveThread = thread;
    const results = yield* callback(event);
    packed = Number(results[0]);
  }
}

/** A lowered function as it is called: in which store, what, and how. */
export interface Lowered {
  readonly store: Store;
  readonly callee: FuncInst;
  readonly ft: FuncType;
  readonly async: boolean;
  readonly resources: ReadonlyMap<string, ResourceType>;
}

export function* canonLower(lowered: Lowered, flatArgs: readonly CoreValue[]): Blocking<readonly CoreValue[]> {
  const { store, ft } = lowered;
  const thread = store.currentThread;
  const { inst } = thread.task;
  trapIf(!inst.mayLeave, 'cannot-leave');
  const args = new CoreValueIter(flatArgs);
  const subtask = new Subtask();
  const cx: Context = { inst, borrowScope: subtask, resources: lowered.resources };
  let onProgress = (): void => {};
  const onStart: OnStart = () => {
    onProgress();
    specifies(subtask.state === SUBTASK.starting, 'a subtask starts once');
    subtask.state = SUBTASK.started;
    return liftFlatValues(cx, lowered.async ? MAX_FLAT_ASYNC_PARAMS : MAX_FLAT_PARAMS, args, ft.params);
  };
  const onResolve: OnResolve = (results) => {
    onProgress();
    if (results === undefined) {
      specifies(subtask.cancellationRequested, 'only what was asked to cancel does');
      const before = subtask.state === SUBTASK.starting;
      subtask.resolve(before ? SUBTASK.cancelledBeforeStarted : SUBTASK.cancelledBeforeReturned, []);
    } else {
      specifies(subtask.state === SUBTASK.started, 'what returns has started');
      const max = lowered.async ? 0 : MAX_FLAT_RESULTS;
      subtask.resolve(SUBTASK.returned, lowerFlatValues(cx, max, results, resultTypes(ft), args));
    }
  };
  subtask.onCancel = lowered.callee(onStart, onResolve);
  specifies(ft.async || subtask.state === SUBTASK.returned, 'a synchronous function returns');
  if (!lowered.async) {
    if (!subtask.resolved) yield* thread.waitUntil(() => subtask.resolved);
    subtask.deliverResolve();
    return subtask.flatResults;
  }
  if (subtask.resolved) {
    subtask.deliverResolve();
    return [SUBTASK.returned];
  }
  const index = inst.handles.add(subtask);
  onProgress = () =>
    subtask.setPendingEvent(() => {
      if (subtask.resolved) subtask.deliverResolve();
      return [EVENT.subtask, index, subtask.state];
    });
  return [subtask.state | (index << 4)];
}
