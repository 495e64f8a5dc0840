/**
 * What border functions call when something is out of the ordinary: the implementation of the contract in `src/abi/js/border.ts`. Functions
 * of their own, so that those which are written out ahead of time bring only what they call.
 */
import type { BorderEnv, BorderRuntime, Flat, Settle } from '../abi/js/border.ts';
import { UsageError } from '../error/error.ts';
import { isTrap, makeCoreTrap } from '../error/trap.ts';
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

export function refuse(env: BorderEnv): never {
  const store = storeAt(env.store);
  if (store !== undefined && !store.alive) throw store.deadTrap(env.path);
  throw busyError(env.path);
}

export function failed(env: BorderEnv, error: unknown, top: number, suspendable: number): unknown {
  if (isHostMistake(error)) storeAt(env.store)?.revive();
  return unwind(error, env.path, top, suspendable);
}

export function failedLeaf(env: BorderEnv, error: unknown): unknown {
  const suspendable = control.i32[SUSPENDABLE >> 2] ?? 0;
  return failed(env, error, pushFrame(env.slot), suspendable);
}

export function overflow(env: BorderEnv): never {
  throw makeCoreTrap('stack-exhausted', { path: env.path });
}

export function cannotLeave(env: BorderEnv): never {
  throw makeCoreTrap('cannot-leave', { path: env.path });
}

export function hostThrew(env: BorderEnv, error: unknown): unknown {
  if (isTrap(error)) return error;
  if (isStackOverflow(error)) return makeCoreTrap('stack-exhausted', { path: env.path, cause: error });
  return makeCoreTrap('host-error', {
    reason: `the host function ${env.path} failed: ${messageOf(error)}`,
    path: env.path,
    cause: error,
  });
}

export function hostValue(env: BorderEnv, error: unknown): unknown {
  if (isGuestFailure(error)) return asTrap(error, env.path);
  if (error instanceof InvariantError) return error;
  return makeCoreTrap('host-value', {
    reason: `the host function ${env.path} answered wrongly: ${messageOf(error)}`,
    path: env.path,
    cause: error,
  });
}

export function poisoned(env: BorderEnv): unknown {
  return storeOf(env.slot)?.deadTrap(env.path) ?? makeCoreTrap('store-dead', { path: env.path });
}

export function pending(env: BorderEnv, promise: Promise<unknown>, settle: Settle, pointer: Flat): void {
  awaitHost(env.path, promise, settle, pointer, undefined);
}

/** What a call lends is its own no more. */
export function lifted(): void {
  lendTo(undefined);
}

export {
  awaitHostCall as pendingAsync,
  control,
  endCall as endBorrows,
  endSyncThread as endThread,
  hostCall,
  lendTo as lending,
};

export const borderRuntime: BorderRuntime = {
  control,
  refuse,
  failed,
  failedLeaf,
  overflow,
  cannotLeave,
  hostThrew,
  hostValue,
  poisoned,
  pending,
  pendingAsync: awaitHostCall,
  hostCall,
  lending: lendTo,
  lifted,
  endThread: endSyncThread,
  endBorrows: endCall,
};
