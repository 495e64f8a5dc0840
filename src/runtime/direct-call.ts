/**
 * What adapters of functions of an async type ask of JavaScript (`abi/fused/async-adapter.ts`): the task and subtask of a call under way
 * that something has asked for, or that did not complete at once, made as if they had been there from the beginning.
 */
import type { BorderEnv, Flat } from '../abi/js/border.ts';
import type { WasmType } from '../core/builder.ts';
import { invariant } from '../util/invariant.ts';
import { takeLends, takeRemembered } from './borrow-log.ts';
import { control, FRAME_POINTER, FRAME_SIZE, FRAME_VALUE, RECORD_SIZE } from './control.ts';
import { afterCore, type LiftedTask, requestCancellation, taskUnderWay } from './lift.ts';
import { callerOf, endOfLower, type Lower } from './lower.ts';
import { scheduler } from './scheduler.ts';
import type { Store } from './store.ts';
import { Subtask } from './subtask.ts';
import { currentThread, onRecord, type Thread } from './task.ts';

export interface DirectOptions {
  readonly lower: Lower;
  /** Stands for the adapter in the log of what a call must undo. */
  readonly owner: BorderEnv;
  /** The core type of the pointer that the caller passes for its result, if it does. */
  readonly pointer: WasmType | undefined;
  /** The core type of the caller's result, where it is not in memory. */
  readonly result: WasmType | undefined;
  /** The core types of what `task.return` was given, where its passage waits for the end of the call. */
  readonly deferred: readonly WasmType[] | undefined;
}

/** Reads a core value that an adapter or `task.return` left in a frame. */
function read(address: number, type: WasmType): Flat {
  const at = new DataView(control.i32.buffer, address, 8);
  if (type === 'i64') return at.getBigInt64(0, true);
  if (type === 'f32') return at.getFloat32(0, true);
  if (type === 'f64') return at.getFloat64(0, true);
  return at.getInt32(0, true);
}

/** A call whose task was made amid it. */
interface MadeCall {
  readonly subtask: Subtask;
  /** How deep the scheduler's obligations were: as when it began, since tasks are made before any is added. */
  readonly depth: number;
}

/** The calls of one adapter. */
export class DirectCall {
  /** Address of its record in the control memory. */
  readonly record: number;
  readonly #options: DirectOptions;
  readonly #made = new WeakMap<LiftedTask, MadeCall>();
  #settled: MadeCall | undefined;

  constructor(store: Store, options: DirectOptions) {
    this.#options = options;
    const record = control.allocate(RECORD_SIZE);
    this.record = record;
    // A frame that names the record keeps this alive; nothing else here does.
    const weak = new WeakRef(this);
    onRecord(record, (frame, returned) => {
      const call = weak.deref();
      invariant(call !== undefined, 'an adapter that is on the stack lives');
      return call.#makeThread(frame, returned);
    });
    store.onSlotsRelease.push(() => {
      onRecord(record, undefined);
      control.release(record, RECORD_SIZE);
    });
  }

  #makeThread(frame: number, returned: boolean): Thread {
    const { lower, owner, pointer, result, deferred } = this.#options;
    const subtask = new Subtask(lower.callee.path);
    const top = frame + FRAME_SIZE;
    for (const giveBack of [...takeLends(top), ...takeRemembered(owner, top)]) subtask.lends(giveBack);
    const flat = pointer === undefined ? [] : [read(frame + FRAME_POINTER, pointer)];
    const task = taskUnderWay(lower.callee, callerOf(lower, subtask, flat));
    subtask.started();
    subtask.onCancel = () => requestCancellation(task);
    this.#made.set(task, { subtask, depth: scheduler.depth });
    if (returned) {
      const value = (type: WasmType): Flat => read(frame + FRAME_VALUE, type);
      if (deferred !== undefined) task.returns(deferred.map(value));
      else {
        task.state = 'resolved';
        subtask.resolve(result === undefined ? [] : [value(result)]);
      }
    }
    invariant(task.implicit !== undefined, 'a task under way has its thread');
    return task.implicit;
  }

  /** The callee's core function has returned, and its task is not done or was asked for; its frame is still there. */
  settle(results: readonly Flat[]): void {
    const { component } = this.#options.lower.callee;
    const thread = currentThread(component);
    const task = thread.task as LiftedTask;
    this.#settled = this.#made.get(task);
    afterCore(task, thread, results);
    if (component.usesContext) thread.context = component.context;
  }

  /** After {@link settle}, with the frame taken: what the caller gets. */
  answer(): Flat | undefined {
    const made = this.#settled;
    invariant(made !== undefined, 'a call is settled before it is answered');
    this.#settled = undefined;
    return endOfLower(this.#options.lower, made.subtask, made.depth);
  }
}
