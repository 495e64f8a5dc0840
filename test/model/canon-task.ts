/**
 * Built-ins of tasks and subtasks. Specification: CanonicalABI.md, `canon task.*`, `canon subtask.*`, `canon context.*`,
 * `canon backpressure.*`.
 */
import { resultTypes } from './call.ts';
import type { ResourceType } from './resource.ts';
import type { Store } from './state.ts';
import type { Blocking, LiftOptions } from './thread.ts';
import { specifies, trap, trapIf } from './trap.ts';
import { type CoreValue, MAX_FLAT_PARAMS, typeKey, type ValType } from './types.ts';
import { CoreValueIter, liftFlatValues } from './values.ts';
import { Subtask } from './waitable.ts';

export const BLOCKED = 0xffff_ffff;
const BACKPRESSURE_END = 2 ** 16;

export function canonContextGet(store: Store, slot: 0 | 1): number {
  return store.currentThread.storage[slot];
}

export function canonContextSet(store: Store, slot: 0 | 1, value: number): void {
  store.currentThread.storage[slot] = value;
}

export function canonBackpressureInc(store: Store): void {
  const inst = store.currentInstance;
  inst.backpressure++;
  trapIf(inst.backpressure === BACKPRESSURE_END, 'backpressure');
}

export function canonBackpressureDec(store: Store): void {
  const inst = store.currentInstance;
  inst.backpressure--;
  trapIf(inst.backpressure < 0, 'backpressure');
}

/** What a `task.return` was made with. */
export interface TaskReturn {
  readonly result: ValType | undefined;
  readonly encoding: LiftOptions['encoding'];
  readonly resources: ReadonlyMap<string, ResourceType>;
}

export function canonTaskReturn(store: Store, made: TaskReturn, flatArgs: readonly CoreValue[]): void {
  const { task } = store.currentThread;
  trapIf(!task.inst.mayLeave, 'cannot-leave');
  trapIf(!task.opts.async, 'task-return-sync');
  trapIf(typeKey(made.result) !== typeKey(task.ft.result), 'task-return-type');
  // Every instance of the model has one memory, which all of its options name.
  trapIf(made.encoding !== task.opts.encoding, 'task-return-options');
  const cx = { inst: task.inst, borrowScope: task, resources: made.resources };
  task.return(liftFlatValues(cx, MAX_FLAT_PARAMS, new CoreValueIter(flatArgs), resultTypes(task.ft)));
}

export function canonTaskCancel(store: Store): void {
  const { task } = store.currentThread;
  trapIf(!task.inst.mayLeave, 'cannot-leave');
  trapIf(!task.opts.async, 'task-cancel-sync');
  task.cancel();
}

export function* canonSubtaskCancel(store: Store, async: boolean, index: number): Blocking<number> {
  const inst = store.currentInstance;
  trapIf(!inst.mayLeave, 'cannot-leave');
  const subtask = inst.handles.get(index);
  if (!(subtask instanceof Subtask)) trap('not-a-subtask');
  const corrected = store.choices.rules === 'corrected';
  trapIf(subtask.resolveDelivered, 'subtask-resolved');
  trapIf(subtask.cancellationRequested, 'subtask-cancel-twice');
  trapIf(subtask.inWaitableSet && !async, 'in-set');
  if (subtask.resolved) specifies(subtask.hasPendingEvent, 'a resolution that was not delivered is pending');
  else {
    subtask.cancellationRequested = true;
    subtask.onCancel?.();
    if (!subtask.resolved) {
      if (async) return BLOCKED;
      yield* subtask.waitForPendingEvent(store, corrected ? () => subtask.resolved : undefined);
    }
  }
  if (corrected && !subtask.hasPendingEvent) return subtask.state;
  const [, , state] = subtask.getPendingEvent();
  specifies(state === subtask.state && subtask.resolveDelivered, 'a cancellation delivers the resolution');
  return state;
}

export function canonSubtaskDrop(store: Store, index: number): void {
  const inst = store.currentInstance;
  trapIf(!inst.mayLeave, 'cannot-leave');
  const subtask = inst.handles.remove(index);
  if (!(subtask instanceof Subtask)) trap('not-a-subtask');
  subtask.drop();
}
