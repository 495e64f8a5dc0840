/** Built-ins of tasks and subtasks. Specification: CanonicalABI.md, `canon_task_*`, `canon_subtask_*`, `canon_backpressure_*`. */

import { makeTrap } from '../../error/trap.ts';
import type { StringEncoding } from '../../types/definition.ts';
import { afterStarted, block } from '../blocking.ts';
import { LiftedTask } from '../lift.ts';
import { getObject, removeObject, SUBTASK } from '../object-handles.ts';
import type { Payload } from '../payload.ts';
import { scheduler } from '../scheduler.ts';
import type { Subtask } from '../subtask.ts';
import { currentThread, type Task } from '../task.ts';
import type { BuiltinEnv, CoreFunction } from './environment.ts';

/** What an asynchronous built-in answers while its work goes on. */
export const BLOCKED = -1;

function wrongReturn(task: Task, reason: string): Error {
  return makeTrap('task-return', { reason, path: task.path });
}

function liftedTask(task: Task, name: string): LiftedTask {
  if (!(task instanceof LiftedTask) || !task.callee.shape.async)
    throw wrongReturn(task, `${name} called for a task of a function that was not lifted with \`async\``);
  return task;
}

/** `canon task.return` */
export function taskReturn({ component, side }: BuiltinEnv, result: Payload): CoreFunction {
  const encoding: StringEncoding = side?.shape.encoding ?? 'utf8';
  return (...flat) => {
    component.mustLeave();
    const task = liftedTask(currentThread(component).task, 'task.return');
    const { callee } = task;
    if (!callee.result.equals(result))
      throw wrongReturn(task, `task.return called with ${result.name}, but the function returns ${callee.result.name}`);
    // What needs no memory need not name the one of the lift.
    const memory = side?.memory?.memory;
    if (memory !== undefined && (callee.shape.encoding !== encoding || callee.memory !== memory))
      throw wrongReturn(task, 'invalid `task.return` signature and/or options for current task');
    task.returns(flat);
    return undefined;
  };
}

/** `canon task.cancel` */
export function taskCancel({ component }: BuiltinEnv): CoreFunction {
  return () => {
    component.mustLeave();
    liftedTask(currentThread(component).task, 'task.cancel').cancel();
    return undefined;
  };
}

/** `canon backpressure.inc`, `canon backpressure.dec` */
export function backpressure({ component }: BuiltinEnv, by: 1 | -1): CoreFunction {
  return () => {
    component.addBackpressure(by);
    return undefined;
  };
}

/** `canon subtask.cancel` */
export function subtaskCancel({ component }: BuiltinEnv, isAsync: boolean): CoreFunction {
  return (index) => {
    component.mustLeave();
    const subtask = getObject<Subtask>(component.slot, index as number, SUBTASK);
    if (subtask.resolveDelivered || subtask.cancellationRequested)
      throw makeTrap('subtask-cancel', {
        reason: subtask.resolveDelivered
          ? '`subtask.cancel` called after terminal status delivered'
          : '`subtask.cancel` called a second time',
      });
    if (!isAsync) subtask.mustNotBeInSet();
    const deliver = (): number => {
      // Whoever was called meanwhile may have had the event from a set.
      if (subtask.hasPendingEvent) subtask.getPendingEvent();
      return subtask.state;
    };
    if (subtask.resolved) return deliver();
    subtask.cancellationRequested = true;
    const { depth } = scheduler;
    subtask.requestEnd();
    return afterStarted(depth, () => {
      if (subtask.resolved) return deliver();
      if (isAsync) return BLOCKED;
      const thread = currentThread(component);
      subtask.waitedBy(thread);
      const wait = { ready: () => subtask.resolved, cancellable: false, what: subtask };
      return block(thread, wait, () => {
        subtask.waitedBy(undefined);
        return deliver();
      });
    });
  };
}

/** `canon subtask.drop` */
export function subtaskDrop({ component }: BuiltinEnv): CoreFunction {
  return (index) => {
    component.mustLeave();
    removeObject<Subtask>(component.slot, index as number, SUBTASK).drop();
    return undefined;
  };
}
