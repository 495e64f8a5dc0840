/** What border functions call when something is out of the ordinary: the implementation of the contract in `src/abi/js/border.ts`. */
import type { BorderRuntime } from '../abi/js/border.ts';
import { UsageError } from '../error/error.ts';
import { isTrap, makeTrap } from '../error/trap.ts';
import { InvariantError } from '../util/invariant.ts';
import { endCall } from './borrow-log.ts';
import { control, SUSPENDABLE } from './control.ts';
import { asTrap, isGuestFailure, isHostMistake, isStackOverflow, messageOf, unwind } from './failure.ts';
import { pushFrame } from './frames.ts';
import { awaitHostCall, hostCall, lendTo } from './host-call.ts';
import { awaitHost } from './stack.ts';
import { storeAt, storeOf } from './store.ts';
import { endSyncThread } from './task.ts';

/** The error of a synchronous call into an instance that waits. */
export function busyError(path: string): UsageError {
  return new UsageError('instance-busy', `${path} cannot be called now: its instance waits inside a host call`, {
    hint: 'await the call under way, or call through `instance.promised`, which queues',
  });
}

export const borderRuntime: BorderRuntime = {
  control,
  refuse(env) {
    const store = storeAt(env.store);
    if (store !== undefined && !store.alive) throw store.deadTrap(env.path);
    throw busyError(env.path);
  },
  failed(env, error, top, suspendable) {
    if (isHostMistake(error)) storeAt(env.store)?.revive();
    return unwind(error, env.path, top, suspendable);
  },
  failedLeaf(env, error) {
    const suspendable = control.i32[SUSPENDABLE >> 2] ?? 0;
    return borderRuntime.failed(env, error, pushFrame(env.slot), suspendable);
  },
  overflow(env) {
    throw makeTrap('stack-exhausted', { path: env.path });
  },
  cannotLeave(env) {
    throw makeTrap('cannot-leave', { path: env.path });
  },
  hostThrew(env, error) {
    if (isTrap(error)) return error;
    if (isStackOverflow(error)) return makeTrap('stack-exhausted', { path: env.path, cause: error });
    return makeTrap('host-error', {
      reason: `the host function ${env.path} failed: ${messageOf(error)}`,
      path: env.path,
      cause: error,
    });
  },
  hostValue(env, error) {
    if (isGuestFailure(error)) return asTrap(error, env.path);
    if (error instanceof InvariantError) return error;
    return makeTrap('host-value', {
      reason: `the host function ${env.path} answered wrongly: ${messageOf(error)}`,
      path: env.path,
      cause: error,
    });
  },
  poisoned(env) {
    return storeOf(env.slot)?.deadTrap(env.path) ?? makeTrap('store-dead', { path: env.path });
  },
  pending: (env, promise, settle, pointer) => awaitHost(env.path, promise, settle, pointer, undefined),
  pendingAsync: awaitHostCall,
  hostCall,
  lending: lendTo,
  lifted: () => lendTo(undefined),
  endThread: endSyncThread,
  endBorrows: endCall,
};
