/**
 * Calls of functions of an async type as their callers see them: synchronous and asynchronous lowers, whoever the callee is.
 * Specification: CanonicalABI.md, `canon_lower`, `canon_subtask_cancel`.
 */
import { liftValues, lowerValues } from '../abi/call.ts';
import type { AbiContext } from '../abi/context.ts';
import { MAX_FLAT_ASYNC_PARAMS, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS } from '../abi/flatten.ts';
import type { Flat } from '../abi/js/border.ts';
import type { WasmType } from '../core/builder.ts';
import type { FuncType } from '../types/value-type.ts';
import { afterStarted, block } from './blocking.ts';
import type { ComponentState } from './component-state.ts';
import { control, MAY_LEAVE } from './control.ts';
import { type Callee, type Caller, type LiftedTask, requestCancellation, startTask } from './lift.ts';
import { addObject } from './object-handles.ts';
import type { TypeScope } from './payload.ts';
import { scheduler } from './scheduler.ts';
import { abiContext, type Side } from './side.ts';
import type { Store } from './store.ts';
import { SUBTASK_STATE, Subtask } from './subtask.ts';
import { currentThread } from './task.ts';
import { type BorrowScope, transferHooks } from './transfer.ts';

type CoreFunction = (...args: Flat[]) => Flat | undefined;

/** Moves the values of one call between caller and callee. */
export interface Transfer {
  params(flat: readonly Flat[], subtask: Subtask, task: LiftedTask): readonly Flat[];
  /** Gives the core results of a synchronous lower; those of an asynchronous one are in memory. */
  results(given: readonly Flat[], flat: readonly Flat[], task: LiftedTask): readonly Flat[];
}

function withoutLeave<T>(slot: number, body: () => T): T {
  const word = (slot + MAY_LEAVE) >> 2;
  control.i32[word] = 0;
  const value = body();
  control.i32[word] = 1;
  return value;
}

/** The transfer by the plain interpreter. */
export function interpretedTransfer(type: FuncType, caller: Side, callee: Side, types: TypeScope): Transfer {
  const params = type.params.map((p) => p.type);
  const results = type.result === undefined ? [] : [type.result];
  const isAsync = caller.shape.async;
  const from = (scope?: BorrowScope): AbiContext => abiContext(caller, transferHooks(caller.slot, types, scope));
  const to = (scope?: BorrowScope): AbiContext => abiContext(callee, transferHooks(callee.slot, types, scope));
  return {
    params(flat, subtask, task) {
      const lent: BorrowScope = { atEnd: (undo) => subtask.lends(undo), count: undefined };
      const lifted = liftValues(from(lent), isAsync ? MAX_FLAT_ASYNC_PARAMS : MAX_FLAT_PARAMS, flat, params);
      const borrowed: BorrowScope = {
        atEnd: () => {},
        get count() {
          return task.borrowScope;
        },
      };
      return withoutLeave(callee.slot, () => lowerValues(to(borrowed), MAX_FLAT_PARAMS, lifted, params));
    },
    results(given, flat) {
      const answer = liftValues(to(), callee.shape.async ? MAX_FLAT_PARAMS : MAX_FLAT_RESULTS, given, results);
      const limit = isAsync ? 0 : MAX_FLAT_RESULTS;
      return withoutLeave(caller.slot, () => lowerValues(from(), limit, answer, results, flat.at(-1)));
    },
  };
}

/** What a synchronous lower answers until its result is known: a value of the type of its core result. */
export type Zero = 0 | 0n | undefined;

/** The zero of a core type. */
export function zeroOf(type: WasmType | undefined): Zero {
  return type === undefined ? undefined : type === 'i64' ? 0n : 0;
}

/** The subtask has been started, and what it started has blocked: gives the core result of the lower, or blocks for it. */
export function answer(component: ComponentState, subtask: Subtask, isAsync: boolean, zero: Zero): Flat | undefined {
  if (!isAsync) {
    const deliver = (): Flat | undefined => {
      subtask.deliverResolve();
      return subtask.flat[0];
    };
    if (subtask.resolved) return deliver();
    const thread = currentThread(component);
    subtask.whenResolved(() => scheduler.enqueue(thread));
    const wait = { ready: () => subtask.resolved, cancellable: false, what: subtask };
    return block(thread, wait, deliver, zero);
  }
  if (subtask.resolved) {
    subtask.deliverResolve();
    return SUBTASK_STATE.returned;
  }
  const index = addObject(component.slot, subtask);
  subtask.handle(index);
  return subtask.state | (index << 4);
}

/** Whoever waits for a call into a store that ends cannot go on. */
function watch(subtask: Subtask, caller: ComponentState, store: Store): void {
  const watcher = { ended: () => caller.store.end(store.deadTrap(subtask.path)) };
  store.watchers.add(watcher);
  subtask.whenResolved(() => store.watchers.delete(watcher));
}

/** A lower of a function of an async type. */
export interface Lower {
  /** The caller's instance. */
  readonly component: ComponentState;
  readonly isAsync: boolean;
  readonly callee: Callee;
  readonly transfer: Transfer;
  readonly zero: Zero;
}

/** On whose behalf the task of a subtask runs; `flat` is what the caller's core function was given. */
export function callerOf({ transfer }: Lower, subtask: Subtask, flat: readonly Flat[]): Caller {
  return {
    start(task) {
      subtask.started();
      return transfer.params(flat, subtask, task);
    },
    resolve(given, task) {
      subtask.resolve(given === undefined ? undefined : transfer.results(given, flat, task));
    },
  };
}

/** What a lower started has ended or blocked; the scheduler's obligations were `depth` deep before: gives the caller its core result. */
export function endOfLower(
  { component, callee, isAsync, zero }: Lower,
  subtask: Subtask,
  depth: number,
): Flat | undefined {
  const { store } = callee.component;
  if (!subtask.resolved && store !== component.store) watch(subtask, component, store);
  return afterStarted(depth, () => answer(component, subtask, isAsync, zero), zero);
}

/** Makes the core function by which a component calls another's function of an async type. */
export function lowerToComponent(lower: Lower, counts: () => void): CoreFunction {
  const { component, callee } = lower;
  const { path } = callee;
  return (...flat) => {
    component.mustLeave(path);
    const { store } = callee.component;
    if (!store.alive) throw store.deadTrap(path);
    counts();
    const subtask = new Subtask(path);
    const { depth } = scheduler;
    const task = startTask(callee, callerOf(lower, subtask, flat));
    subtask.onCancel = () => requestCancellation(task);
    return endOfLower(lower, subtask, depth);
  };
}
