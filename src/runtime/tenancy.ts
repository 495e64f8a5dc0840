/** Slots that go from store to store, for instances that have one tenant after the other (`pool.ts`). */
import { invariant } from '../util/invariant.ts';
import { control, SLOT_SIZE, STORE, STORE_SIZE, STORE_STATE } from './control.ts';
import { clearSlot, releaseTable } from './slot.ts';
import type { Store } from './store.ts';

/** Slots of component instances, with what belongs to them. */
export interface Slots {
  readonly labels: ReadonlyMap<number, string>;
  /** Called when they are given back. */
  readonly onRelease: readonly (() => void)[];
}

let deadRecord: number | undefined;

/** The record of a store that is always dead: of slots that belong to none. */
function nowhere(): number {
  if (deadRecord === undefined) {
    deadRecord = control.allocate(STORE_SIZE);
    control.i32[(deadRecord + STORE_STATE) >> 2] = 1;
  }
  return deadRecord;
}

/** Takes the slots of a store, cleared: they are of no store, and nothing enters them, until one adopts them. Only once it has ended. */
export function takeSlots(store: Store): Slots {
  invariant(store.ended, 'a store gives its slots away when it has ended');
  const slots = { labels: new Map(store.labels), onRelease: store.onSlotsRelease.splice(0) };
  for (const slot of slots.labels.keys()) {
    clearSlot(slot);
    control.i32[(slot + STORE) >> 2] = nowhere();
  }
  store.labels.clear();
  return slots;
}

/** Gives a store slots that were taken from another. */
export function adoptSlots(store: Store, slots: Slots): void {
  store.onSlotsRelease.push(...slots.onRelease);
  for (const [slot, label] of slots.labels) {
    control.i32[(slot + STORE) >> 2] = store.record;
    store.labels.set(slot, label);
  }
}

/** Gives slots back that belong to no store, when nothing can use them any more. */
export function releaseSlots({ labels, onRelease }: Slots): void {
  for (const callback of onRelease) callback();
  for (const slot of labels.keys()) {
    releaseTable(slot);
    control.release(slot, SLOT_SIZE);
  }
}
