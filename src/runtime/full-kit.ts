/** Every part of the runtime: what components that are loaded in process are given. */
import { asyncExport } from './async-export.ts';
import type { CanonKind } from './canon/kind.ts';
import {
  canonBackpressure,
  canonContextGet,
  canonContextSet,
  canonCopyCancel,
  canonCopyDrop,
  canonCopyNew,
  canonCopyStart,
  canonErrorContextDebugMessage,
  canonErrorContextDrop,
  canonErrorContextNew,
  canonResourceDrop,
  canonResourceNew,
  canonResourceRep,
  canonSubtaskCancel,
  canonSubtaskDrop,
  canonTaskCancel,
  canonTaskReturn,
  canonThreadIndex,
  canonThreadNewIndirect,
  canonThreadPause,
  canonThreadResumeLater,
  canonThreadSwitch,
  canonWaitableJoin,
  canonWaitableSetDrop,
  canonWaitableSetNew,
  canonWaitableSetPoll,
  canonWaitableSetWait,
} from './canon/makers.ts';
import { classMaker } from './classes.ts';
import { concurrency } from './concurrency.ts';
import { connect } from './connect.ts';
import { withFreshContext } from './context-slots.ts';
import { trapOnDeadlock } from './deadlock.ts';
import { defineResource } from './define-resource.ts';
import { disposeHostHandles } from './dispose.ts';
import { makeGroup } from './group.ts';
import { checkEnd } from './host-ends.ts';
import { hostHooks } from './host-hooks.ts';
import type { CanonMaker, Kit } from './kit.ts';
import { lending } from './lend.ts';
import { linearMemory } from './memory.ts';
import { makeObjectTable } from './object-handles.ts';
import { newPayload } from './payload.ts';
import { promisedExport } from './promised-export.ts';
import { borderOf } from './resource.ts';
import { wrapRealloc } from './side.ts';
import { behindWaitShims } from './wait-shims.ts';

/** By kind. Named one by one: a namespace as an object would keep all of it in every bundle (`runtime.ts`). */
const canons: { readonly [K in CanonKind]: CanonMaker } = {
  'resource.new': canonResourceNew,
  'resource.rep': canonResourceRep,
  'resource.drop': canonResourceDrop,
  'context.get': canonContextGet,
  'context.set': canonContextSet,
  'task.return': canonTaskReturn,
  'task.cancel': canonTaskCancel,
  'subtask.cancel': canonSubtaskCancel,
  'subtask.drop': canonSubtaskDrop,
  'backpressure.inc': canonBackpressure,
  'backpressure.dec': canonBackpressure,
  'waitable-set.new': canonWaitableSetNew,
  'waitable-set.wait': canonWaitableSetWait,
  'waitable-set.poll': canonWaitableSetPoll,
  'waitable-set.drop': canonWaitableSetDrop,
  'waitable.join': canonWaitableJoin,
  'stream.new': canonCopyNew,
  'future.new': canonCopyNew,
  'stream.read': canonCopyStart,
  'stream.write': canonCopyStart,
  'future.read': canonCopyStart,
  'future.write': canonCopyStart,
  'stream.cancel-read': canonCopyCancel,
  'stream.cancel-write': canonCopyCancel,
  'future.cancel-read': canonCopyCancel,
  'future.cancel-write': canonCopyCancel,
  'stream.drop-readable': canonCopyDrop,
  'stream.drop-writable': canonCopyDrop,
  'future.drop-readable': canonCopyDrop,
  'future.drop-writable': canonCopyDrop,
  'error-context.new': canonErrorContextNew,
  'error-context.debug-message': canonErrorContextDebugMessage,
  'error-context.drop': canonErrorContextDrop,
  'thread.index': canonThreadIndex,
  'thread.new-indirect': canonThreadNewIndirect,
  'thread.resume-later': canonThreadResumeLater,
  'thread.yield': canonThreadPause,
  'thread.suspend': canonThreadPause,
  'thread.suspend-then-resume': canonThreadSwitch,
  'thread.yield-then-resume': canonThreadSwitch,
  'thread.suspend-then-promote': canonThreadSwitch,
  'thread.yield-then-promote': canonThreadSwitch,
};

export const FULL_KIT: Kit = {
  makeGroup,
  canons,
  connect,
  wait: behindWaitShims,
  memory: linearMemory,
  lending,
  realloc: wrapRealloc,
  freshContext: withFreshContext,
  defineResource,
  border: borderOf,
  hooks: hostHooks,
  checkEnd,
  objects: makeObjectTable,
  classes: classMaker,
  disposeHostHandles,
  promised: promisedExport,
  asyncExport,
  concurrency,
  payload: newPayload,
  trapOnDeadlock,
};
