/** Lifted functions of async types, as callers within wasm and the host call them. */
import { flattenFuncType } from '../abi/flatten.ts';
import { invariant } from '../util/invariant.ts';
import { CALLBACK } from './callback.ts';
import { type ComponentState, componentState } from './component-state.ts';
import type { Instantiation } from './instantiate.ts';
import { canSuspend } from './jspi.ts';
import type { Callee } from './lift.ts';
import type { Lift } from './prepared.ts';
import { promisedEntryOf } from './promised-entry.ts';

/** The concurrency of a component instance. */
export function componentOf(run: Instantiation, instance: number): ComponentState {
  const component = componentState(run.slots[instance]!);
  invariant(component !== undefined, 'an instance that has to do with concurrency');
  return component;
}

/** Whether the code of an instance runs on stacks of its own. */
export function runsApart(run: Instantiation, instance: number): boolean {
  return run.prepared.plan.maySuspend[instance] === true && canSuspend;
}

/** A lifted function of an async type; its post-return is left out where the host's border runs it. */
export function calleeOf(run: Instantiation, func: Lift, path: string, postReturn: boolean): Callee {
  const side = run.side(func.options, func.instance);
  const callback = func.options.callback === undefined ? undefined : run.core(func.options.callback);
  const core = run.core(func.core);
  const { shims } = run.prepared;
  return {
    component: componentOf(run, func.instance),
    path,
    type: func.type,
    shape: side.shape,
    memory: side.memory?.memory,
    result: run.payload(func.type.result),
    core,
    callback,
    postReturn: postReturn ? side.postReturn : undefined,
    entries: runsApart(run, func.instance)
      ? {
          core: promisedEntryOf(shims, flattenFuncType(func.type, 'lift', side.shape), core),
          callback: callback === undefined ? undefined : promisedEntryOf(shims, CALLBACK, callback),
        }
      : undefined,
  };
}
