/** Built-ins of waitables and sets of them. Specification: CanonicalABI.md, `canon_waitable_set_*`, `canon_waitable_join`. */

import type { Flat } from '../../abi/js/border.ts';
import { checkRange } from '../../abi/memory.ts';
import { trapIf } from '../../error/trap.ts';
import { invariant } from '../../util/invariant.ts';
import { block } from '../blocking.ts';
import {
  addObject,
  getObject,
  READABLE_FUTURE,
  READABLE_STREAM,
  removeObject,
  SUBTASK,
  WAITABLE_SET,
  WRITABLE_FUTURE,
  WRITABLE_STREAM,
} from '../object-handles.ts';
import type { Side } from '../side.ts';
import { currentThread } from '../task.ts';
import { CANCELLED_EVENT, type Event, NO_EVENT, type Waitable, WaitableSet } from '../waitable.ts';
import type { BuiltinEnv, CoreFunction } from './environment.ts';

/** `canon waitable-set.new` */
export function waitableSetNew({ component }: BuiltinEnv): CoreFunction {
  return () => {
    component.mustLeave();
    return addObject(component.slot, new WaitableSet());
  };
}

/** Stores the payloads of an event and answers its code. Specification: `unpack_event`. */
function deliver(side: Side | undefined, pointer: Flat, [code, p1, p2]: Event): number {
  const memory = side?.memory;
  invariant(memory !== undefined, 'an option that names a memory');
  const at = typeof pointer === 'bigint' ? Number(BigInt.asUintN(64, pointer)) : pointer >>> 0;
  trapIf(at % 4 !== 0, 'unaligned-pointer');
  checkRange(memory, at, 8, 'memory-out-of-bounds');
  const { view } = memory;
  view.setUint32(at, p1, true);
  view.setUint32(at + 4, p2, true);
  return code;
}

/** `canon waitable-set.wait` */
export function waitableSetWait({ component, side }: BuiltinEnv, cancellable: boolean): CoreFunction {
  return (index, pointer) => {
    component.mustLeave();
    const set = getObject<WaitableSet>(component.slot, index as number, WAITABLE_SET);
    const thread = currentThread(component);
    if (thread.task.deliverPendingCancel(cancellable)) return deliver(side, pointer!, CANCELLED_EVENT);
    if (set.hasPendingEvent) return deliver(side, pointer!, set.getPendingEvent());
    set.waitedBy(thread);
    const wait = { ready: () => set.hasPendingEvent, cancellable, what: set };
    return block(thread, wait, (cancelled) => {
      set.leftBy(thread);
      return deliver(side, pointer!, cancelled ? CANCELLED_EVENT : set.getPendingEvent());
    });
  };
}

/** `canon waitable-set.poll` */
export function waitableSetPoll({ component, side }: BuiltinEnv, cancellable: boolean): CoreFunction {
  return (index, pointer) => {
    component.mustLeave();
    const set = getObject<WaitableSet>(component.slot, index as number, WAITABLE_SET);
    if (cancellable && currentThread(component).task.deliverPendingCancel(true))
      return deliver(side, pointer!, CANCELLED_EVENT);
    return deliver(side, pointer!, set.hasPendingEvent ? set.getPendingEvent() : NO_EVENT);
  };
}

/** `canon waitable-set.drop` */
export function waitableSetDrop({ component }: BuiltinEnv): CoreFunction {
  return (index) => {
    component.mustLeave();
    removeObject<WaitableSet>(component.slot, index as number, WAITABLE_SET).drop();
    return undefined;
  };
}

const WAITABLES = [SUBTASK, READABLE_STREAM, WRITABLE_STREAM, READABLE_FUTURE, WRITABLE_FUTURE] as const;

/** `canon waitable.join` */
export function waitableJoin({ component }: BuiltinEnv): CoreFunction {
  return (index, setIndex) => {
    component.mustLeave();
    const waitable = getObject<Waitable>(component.slot, index as number, ...WAITABLES);
    waitable.mustNotBeWaitedFor();
    const set = setIndex === 0 ? undefined : getObject<WaitableSet>(component.slot, setIndex as number, WAITABLE_SET);
    waitable.join(set);
    return undefined;
  };
}
