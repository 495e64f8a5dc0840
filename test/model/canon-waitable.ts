/** Built-ins of waitable sets. Specification: CanonicalABI.md, `canon waitable-set.*`, `canon waitable.join`. */
import type { ComponentInstance, Store } from './state.ts';
import type { Blocking } from './thread.ts';
import { specifies, trap, trapIf } from './trap.ts';
import { type EventTuple, Waitable, WaitableSet } from './waitable.ts';

export function canonWaitableSetNew(store: Store): number {
  const inst = store.currentInstance;
  trapIf(!inst.mayLeave, 'cannot-leave');
  return inst.handles.add(new WaitableSet());
}

function getSet(inst: ComponentInstance, index: number): WaitableSet {
  const wset = inst.handles.get(index);
  if (!(wset instanceof WaitableSet)) trap('not-a-set');
  return wset;
}

export function* canonWaitableSetWait(
  store: Store,
  cancellable: boolean,
  index: number,
  pointer: number,
): Blocking<number> {
  const inst = store.currentInstance;
  trapIf(!inst.mayLeave, 'cannot-leave');
  const wset = getSet(inst, index);
  return unpackEvent(inst, pointer, yield* wset.waitForEventAnd(store, () => true, cancellable));
}

export function canonWaitableSetPoll(store: Store, cancellable: boolean, index: number, pointer: number): number {
  const inst = store.currentInstance;
  trapIf(!inst.mayLeave, 'cannot-leave');
  return unpackEvent(inst, pointer, getSet(inst, index).poll(store, cancellable));
}

function unpackEvent(inst: ComponentInstance, pointer: number, [code, p1, p2]: EventTuple): number {
  specifies(pointer % 4 === 0 && pointer + 8 <= inst.memory.byteLength, 'an event is stored where there is memory');
  inst.memory.setUint32(pointer, p1, true);
  inst.memory.setUint32(pointer + 4, p2, true);
  return code;
}

export function canonWaitableSetDrop(store: Store, index: number): void {
  const inst = store.currentInstance;
  trapIf(!inst.mayLeave, 'cannot-leave');
  const wset = inst.handles.remove(index);
  if (!(wset instanceof WaitableSet)) trap('not-a-set');
  wset.drop();
}

export function canonWaitableJoin(store: Store, index: number, set: number): void {
  const inst = store.currentInstance;
  trapIf(!inst.mayLeave, 'cannot-leave');
  const waitable = inst.handles.get(index);
  if (!(waitable instanceof Waitable)) trap('not-a-waitable');
  trapIf(waitable.hasSyncWaiter, 'waited-synchronously');
  waitable.join(set === 0 ? undefined : getSet(inst, set));
}
