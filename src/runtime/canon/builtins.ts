/** Makes the built-ins of `canon` other than lift and lower. Specification: CanonicalABI.md, "Canonical Definitions". */
import { type FlatType, flattenType, MAX_FLAT_PARAMS, pointerSize, pointerType } from '../../abi/flatten.ts';
import type { WasmSignature } from '../../core/builder.ts';
import type { PlanCanon } from '../../link/plan.ts';
import type { Canon } from '../../types/definition.ts';
import { InvariantError, unreachable } from '../../util/invariant.ts';
import type { EndType } from '../copy-end.ts';
import { READABLE_FUTURE, READABLE_STREAM, WRITABLE_FUTURE, WRITABLE_STREAM } from '../object-handles.ts';
import type { Payload } from '../payload.ts';
import { copyCancel, copyDrop, copyNew, copyStart } from './copies.ts';
import type { BuiltinEnv, CoreFunction } from './environment.ts';
import { errorContextDebugMessage, errorContextDrop, errorContextNew } from './error-contexts.ts';
import { backpressure, subtaskCancel, subtaskDrop, taskCancel, taskReturn } from './tasks.ts';
import { threadIndex, threadPause, threadResumeLater, threadSwitch } from './threads.ts';
import { waitableJoin, waitableSetDrop, waitableSetNew, waitableSetPoll, waitableSetWait } from './waitables.ts';

export type PlanBuiltin = Extract<PlanCanon, { readonly kind: 'builtin' }>;

/** The end that a built-in of streams and futures is about. */
function endOf(kind: Canon['kind']): EndType {
  const readable = kind.endsWith('read') || kind.endsWith('readable');
  if (kind.startsWith('stream.')) return readable ? READABLE_STREAM : WRITABLE_STREAM;
  return readable ? READABLE_FUTURE : WRITABLE_FUTURE;
}

/** The core function of a built-in; one that may block asks to, and stands behind a shim that waits (`link/shim.ts`). */
export function makeBuiltin({ canon, type, options }: PlanBuiltin, env: BuiltinEnv): CoreFunction {
  switch (canon.kind) {
    case 'task.return':
      return taskReturn(env, env.types.payload(type));
    case 'task.cancel':
      return taskCancel(env);
    case 'subtask.cancel':
      return subtaskCancel(env, canon.async);
    case 'subtask.drop':
      return subtaskDrop(env);
    case 'backpressure.inc':
      return backpressure(env, 1);
    case 'backpressure.dec':
      return backpressure(env, -1);
    case 'waitable-set.new':
      return waitableSetNew(env);
    case 'waitable-set.wait':
      return waitableSetWait(env, canon.cancellable);
    case 'waitable-set.poll':
      return waitableSetPoll(env, canon.cancellable);
    case 'waitable-set.drop':
      return waitableSetDrop(env);
    case 'waitable.join':
      return waitableJoin(env);
    case 'stream.new':
    case 'future.new':
    case 'stream.read':
    case 'stream.write':
    case 'future.read':
    case 'future.write':
    case 'stream.cancel-read':
    case 'stream.cancel-write':
    case 'future.cancel-read':
    case 'future.cancel-write':
    case 'stream.drop-readable':
    case 'stream.drop-writable':
    case 'future.drop-readable':
    case 'future.drop-writable':
      return makeCopy(canon, env, env.types.payload(type), options?.shape.memory);
    case 'error-context.new':
      return errorContextNew(env);
    case 'error-context.debug-message':
      return errorContextDebugMessage(env);
    case 'error-context.drop':
      return errorContextDrop(env);
    case 'thread.index':
      return threadIndex(env);
    case 'thread.resume-later':
      return threadResumeLater(env);
    case 'thread.yield':
    case 'thread.suspend':
      return threadPause(env, canon.kind === 'thread.yield', canon.cancellable);
    case 'thread.suspend-then-resume':
    case 'thread.yield-then-resume':
    case 'thread.suspend-then-promote':
    case 'thread.yield-then-promote':
      return threadSwitch(env, canon.kind.includes('yield'), canon.kind.endsWith('promote'), canon.cancellable);
    case 'thread.new-indirect':
    case 'lift':
    case 'lower':
    case 'resource.new':
    case 'resource.drop':
    case 'resource.rep':
    case 'context.get':
    case 'context.set':
      throw new InvariantError(`${canon.kind} is made elsewhere`);
    default:
      return unreachable(canon);
  }
}

type CopyCanon = Extract<Canon, { readonly kind: `stream.${string}` | `future.${string}` }>;

/** The built-ins of streams and futures. */
function makeCopy(canon: CopyCanon, env: BuiltinEnv, payload: Payload, memory: '32' | '64' | undefined): CoreFunction {
  switch (canon.kind) {
    case 'stream.new':
      return copyNew(env, 'stream', payload);
    case 'future.new':
      return copyNew(env, 'future', payload);
    case 'stream.read':
    case 'stream.write':
      return widened(copyStart(env, endOf(canon.kind), payload), memory);
    case 'future.read':
    case 'future.write':
      return copyStart(env, endOf(canon.kind), payload);
    case 'stream.cancel-read':
    case 'stream.cancel-write':
    case 'future.cancel-read':
    case 'future.cancel-write':
      return copyCancel(env, endOf(canon.kind), payload, canon.async);
    case 'stream.drop-readable':
    case 'stream.drop-writable':
    case 'future.drop-readable':
    case 'future.drop-writable':
      return copyDrop(env, endOf(canon.kind), payload);
    default:
      return unreachable(canon);
  }
}

/** Of a 64-bit memory, copies answer an integer of the width of its addresses. */
function widened(fn: CoreFunction, memory: '32' | '64' | undefined): CoreFunction {
  if (memory !== '64') return fn;
  return (...flat) => BigInt((fn(...flat) as number) >>> 0);
}

/** What the core function of `task.return` is given. Specification: CanonicalABI.md, `canon_task_return`. */
export function returnedBy({ type, options }: PlanBuiltin): readonly FlatType[] {
  if (type === undefined) return [];
  const shape = options?.shape;
  const flat = flattenType(type, shape === undefined ? 4 : pointerSize(shape));
  if (flat.length <= MAX_FLAT_PARAMS) return flat;
  return [shape === undefined ? 'i32' : pointerType(shape)];
}

/** The core type of a built-in that may block. */
export function blockingSignature({ canon, options }: PlanBuiltin): WasmSignature {
  const address = options?.shape.memory === '64' ? 'i64' : 'i32';
  switch (canon.kind) {
    case 'waitable-set.wait':
    case 'future.read':
    case 'future.write':
      return { params: ['i32', address], results: ['i32'] };
    case 'stream.read':
    case 'stream.write':
      return { params: ['i32', address, address], results: [address] };
    case 'thread.yield':
    case 'thread.suspend':
      return { params: [], results: ['i32'] };
    default:
      return { params: ['i32'], results: ['i32'] };
  }
}
