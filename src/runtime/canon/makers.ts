/**
 * Makes the core functions of canons other than lift and lower: `canonX` for each, of the canon as it stands in a plan. One that may block
 * asks to, and stands behind a shim that waits (`link/shim.ts`). Specification: CanonicalABI.md, "Canonical Definitions".
 */
import type { PlanCanon } from '../../link/plan.ts';
import { returnShimKey } from '../../link/shims.ts';
import type { Canon } from '../../types/definition.ts';
import { componentOf, runsApart } from '../callee.ts';
import { control } from '../control.ts';
import type { EndType } from '../copy-end.ts';
import { popFrame } from '../frames.ts';
import type { Instantiation } from '../instantiate.ts';
import { READABLE_FUTURE, READABLE_STREAM, WRITABLE_FUTURE, WRITABLE_STREAM } from '../object-handles.ts';
import type { Payload } from '../payload.ts';
import { GuestResource } from '../resource.ts';
import { returnsOf } from '../task-returns.ts';
import { copyCancel, copyDrop, copyNew, copyStart } from './copies.ts';
import type { BuiltinEnv, CoreFunction } from './environment.ts';
import { errorContextDebugMessage, errorContextDrop, errorContextNew } from './error-contexts.ts';
import { contextGet, contextSet, makeDrop, resourceNew, resourceRep } from './resources.ts';
import { type PlanBuiltin, returnedBy } from './signatures.ts';
import { backpressure, subtaskCancel, subtaskDrop, taskCancel, taskReturn } from './tasks.ts';
import { threadIndex, threadNew, threadPause, threadResumeLater, threadSwitch } from './threads.ts';
import { waitableJoin, waitableSetDrop, waitableSetNew, waitableSetPoll, waitableSetWait } from './waitables.ts';

/** A canon of the plan of this kind. */
type Planned<K extends PlanCanon['kind']> = Extract<PlanCanon, { readonly kind: K }>;
/** A built-in of concurrency of this kind. */
type Builtin<K extends Canon['kind']> = PlanBuiltin & { readonly canon: Extract<Canon, { readonly kind: K }> };

type WaitOrPoll = Builtin<'waitable-set.wait' | 'waitable-set.poll'>;

function global(value: number): WebAssembly.Global {
  return new WebAssembly.Global({ value: 'i32' }, value);
}

// ---- resources and context slots

export function canonResourceNew(run: Instantiation, canon: Planned<'resource.new' | 'resource.rep'>): CoreFunction {
  return resourceNew(run.slots[canon.instance]!, run.resource(canon.resource));
}

export function canonResourceRep(run: Instantiation, canon: Planned<'resource.new' | 'resource.rep'>): CoreFunction {
  return resourceRep(run.slots[canon.instance]!, run.resource(canon.resource));
}

export function canonResourceDrop(run: Instantiation, canon: Planned<'resource.drop'>): CoreFunction {
  const resource = run.resource(canon.resource);
  const drop = makeDrop(run.slots[canon.instance]!, resource);
  if (!(resource instanceof GuestResource) || resource.dtor === undefined) return drop as CoreFunction;
  const core = { dtor: resource.dtor, slot: global(resource.slot) };
  const { shims, kit } = run.prepared;
  const dropped = kit.concurrency?.ends(shims).frame ?? popFrame;
  const tenon = { control: control.memory, drop, dropped };
  return new WebAssembly.Instance(shims('drop'), { tenon, core }).exports['drop'] as CoreFunction;
}

export function canonContextGet(run: Instantiation, canon: Planned<'context.get' | 'context.set'>): CoreFunction {
  return contextGet(run.slots[canon.instance]!, canon);
}

export function canonContextSet(run: Instantiation, canon: Planned<'context.get' | 'context.set'>): CoreFunction {
  return contextSet(run.slots[canon.instance]!, canon);
}

// ---- tasks

function envOf(run: Instantiation, { instance, options }: PlanBuiltin): BuiltinEnv {
  const side = options === undefined ? undefined : run.side(options, instance);
  return { component: componentOf(run, instance), types: run, side };
}

/** In core wasm, but for what only JavaScript knows. */
export function canonTaskReturn(run: Instantiation, canon: Builtin<'task.return'>): CoreFunction {
  const env = envOf(run, canon);
  const { side } = env;
  const result = run.payload(canon.type);
  const slow = taskReturn(env, result);
  if (run.prepared.mode === 'interpreted') return slow;
  const returns = returnsOf(run);
  const tenon = {
    control: control.memory,
    returns: returns.table,
    slot: global(env.component.slot),
    key: global(returns.key(result, side?.memory?.memory, side?.shape.encoding)),
    slow,
  };
  const shim = run.prepared.shims(returnShimKey(returnedBy(canon)));
  return new WebAssembly.Instance(shim, { tenon }).exports['return'] as CoreFunction;
}

export function canonTaskCancel(run: Instantiation, canon: Builtin<'task.cancel'>): CoreFunction {
  return taskCancel(envOf(run, canon));
}

export function canonSubtaskCancel(run: Instantiation, canon: Builtin<'subtask.cancel'>): CoreFunction {
  return subtaskCancel(envOf(run, canon), canon.canon.async);
}

export function canonSubtaskDrop(run: Instantiation, canon: Builtin<'subtask.drop'>): CoreFunction {
  return subtaskDrop(envOf(run, canon));
}

export function canonBackpressure(
  run: Instantiation,
  canon: Builtin<'backpressure.inc' | 'backpressure.dec'>,
): CoreFunction {
  return backpressure(envOf(run, canon), canon.canon.kind === 'backpressure.inc' ? 1 : -1);
}

// ---- waitables

export function canonWaitableSetNew(run: Instantiation, canon: Builtin<'waitable-set.new'>): CoreFunction {
  return waitableSetNew(envOf(run, canon));
}

export function canonWaitableSetWait(run: Instantiation, canon: WaitOrPoll): CoreFunction {
  return waitableSetWait(envOf(run, canon), canon.canon.cancellable);
}

export function canonWaitableSetPoll(run: Instantiation, canon: WaitOrPoll): CoreFunction {
  return waitableSetPoll(envOf(run, canon), canon.canon.cancellable);
}

export function canonWaitableSetDrop(run: Instantiation, canon: Builtin<'waitable-set.drop'>): CoreFunction {
  return waitableSetDrop(envOf(run, canon));
}

export function canonWaitableJoin(run: Instantiation, canon: Builtin<'waitable.join'>): CoreFunction {
  return waitableJoin(envOf(run, canon));
}

// ---- streams and futures

/** The end that a built-in of streams and futures is about. */
function endOf(kind: Canon['kind']): EndType {
  const readable = kind.endsWith('read') || kind.endsWith('readable');
  if (kind.startsWith('stream.')) return readable ? READABLE_STREAM : WRITABLE_STREAM;
  return readable ? READABLE_FUTURE : WRITABLE_FUTURE;
}

function payloadOf(run: Instantiation, { type }: PlanBuiltin): Payload {
  return run.payload(type);
}

export function canonCopyNew(run: Instantiation, canon: Builtin<'stream.new' | 'future.new'>): CoreFunction {
  return copyNew(envOf(run, canon), canon.canon.kind === 'stream.new' ? 'stream' : 'future', payloadOf(run, canon));
}

export function canonCopyStart(
  run: Instantiation,
  canon: Builtin<'stream.read' | 'stream.write' | 'future.read' | 'future.write'>,
): CoreFunction {
  const { kind } = canon.canon;
  const copy = copyStart(envOf(run, canon), endOf(kind), payloadOf(run, canon));
  if (canon.options?.shape.memory !== '64' || !kind.startsWith('stream.')) return copy;
  // Of a 64-bit memory, copies of streams answer an integer of the width of its addresses.
  return (...flat) => BigInt((copy(...flat) as number) >>> 0);
}

export function canonCopyCancel(
  run: Instantiation,
  canon: Builtin<'stream.cancel-read' | 'stream.cancel-write' | 'future.cancel-read' | 'future.cancel-write'>,
): CoreFunction {
  return copyCancel(envOf(run, canon), endOf(canon.canon.kind), payloadOf(run, canon), canon.canon.async);
}

export function canonCopyDrop(
  run: Instantiation,
  canon: Builtin<'stream.drop-readable' | 'stream.drop-writable' | 'future.drop-readable' | 'future.drop-writable'>,
): CoreFunction {
  return copyDrop(envOf(run, canon), endOf(canon.canon.kind), payloadOf(run, canon));
}

// ---- error contexts

export function canonErrorContextNew(run: Instantiation, canon: Builtin<'error-context.new'>): CoreFunction {
  return errorContextNew(envOf(run, canon));
}

export function canonErrorContextDebugMessage(
  run: Instantiation,
  canon: Builtin<'error-context.debug-message'>,
): CoreFunction {
  return errorContextDebugMessage(envOf(run, canon));
}

export function canonErrorContextDrop(run: Instantiation, canon: Builtin<'error-context.drop'>): CoreFunction {
  return errorContextDrop(envOf(run, canon));
}

// ---- threads

export function canonThreadIndex(run: Instantiation, canon: Builtin<'thread.index'>): CoreFunction {
  return threadIndex(envOf(run, canon));
}

export function canonThreadNewIndirect(run: Instantiation, canon: Builtin<'thread.new-indirect'>): CoreFunction {
  const table = run.item(canon.table!) as WebAssembly.Table;
  const shim = run.prepared.shims(`thread ${canon.start!}`);
  return threadNew(envOf(run, canon), table, shim, runsApart(run, canon.instance));
}

export function canonThreadResumeLater(run: Instantiation, canon: Builtin<'thread.resume-later'>): CoreFunction {
  return threadResumeLater(envOf(run, canon));
}

export function canonThreadPause(run: Instantiation, canon: Builtin<'thread.yield' | 'thread.suspend'>): CoreFunction {
  return threadPause(envOf(run, canon), canon.canon.kind === 'thread.yield', canon.canon.cancellable);
}

export function canonThreadSwitch(
  run: Instantiation,
  {
    canon,
    ...planned
  }: Builtin<
    | 'thread.suspend-then-resume'
    | 'thread.yield-then-resume'
    | 'thread.suspend-then-promote'
    | 'thread.yield-then-promote'
  >,
): CoreFunction {
  const { kind, cancellable } = canon;
  const env = envOf(run, { canon, ...planned });
  return threadSwitch(env, kind.includes('yield'), kind.endsWith('promote'), cancellable);
}
