/**
 * `tenon/runtime`: what modules that `tenon build` writes import. Only what one uses ends in its bundle. For people there are the errors
 * and the types; the rest is for the modules, and of one version of Tenon with them.
 */
export {
  checkBig,
  checkBool,
  checkCharText,
  checkFloat,
  checkInt,
  checkObject,
  checkString,
  mismatch,
} from '../abi/js/check.ts';
export { checkAll, errorOf, isPromise } from '../abi/js/shape.ts';
export {
  allocateList,
  allocatePlace,
  arrayOf,
  charText,
  checkList,
  checkPlace,
  defineField,
  f32ToI32,
  f64ToI64,
  i32ToF32,
  i32ToI64,
  i64ToF64,
  i64ToI32,
  invalidDiscriminant,
  last,
  liftAny,
  liftNumbers,
  liftString,
  loadAny,
  lowerAny,
  lowerNumbers,
  lowerString,
  storeAny,
  word64,
} from '../abi/js/support.ts';
export { TYPED_ARRAYS } from '../abi/js/typed-array.ts';
export { ComponentError, LinkError, UsageError, ValueError } from '../error/error.ts';
export { Trap } from '../error/trap.ts';
export { asyncExport } from './async-export.ts';
export {
  cannotLeave,
  control,
  endBorrows,
  endThread,
  failed,
  failedLeaf,
  hostCall,
  hostThrew,
  hostValue,
  lending,
  lifted,
  overflow,
  pending,
  pendingAsync,
  poisoned,
  refuse,
} from './border-runtime.ts';
export type { Built, BuiltOptions, Instantiate, Link, ModuleGiven, ModuleOption } from './built.ts';
export { linkBuilt as link } from './built.ts';
export { bindImports, completeGroups } from './built-groups.ts';
export {
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
export { classMaker } from './classes.ts';
export { concurrency } from './concurrency.ts';
export { connect } from './connect.ts';
export { withFreshContext } from './context-slots.ts';
export { trapOnDeadlock } from './deadlock.ts';
export { defineResource } from './define-resource.ts';
export { disposeHostHandles } from './dispose.ts';
export { ErrorContext } from './error-context.ts';
export { makeGroup } from './group.ts';
export { checkEnd } from './host-ends.ts';
export { hostHooks } from './host-hooks.ts';
export type { Instance, InstancePre } from './instance.ts';
export { linearMemory } from './memory.ts';
export { makeObjectTable } from './object-handles.ts';
export { newPayload } from './payload.ts';
export { promisedExport } from './promised-export.ts';
export { refuseWaiting } from './refuse-waiting.ts';
export { borderOf } from './resource.ts';
export { wrapRealloc } from './side.ts';
export { behindWaitShims } from './wait-shims.ts';
