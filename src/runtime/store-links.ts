/** Stores that call each other. */
import type { Store } from './store.ts';

/** Whether what the other does may let guests of this one go on. */
export function areLinked(store: Store, other: Store): boolean {
  return store.group === other.group;
}

/** A store, and those that it calls or that call it. */
export function linkedStores(store: Store): readonly Store[] {
  return [store, ...[...store.group.stores].filter((other) => other !== store)];
}

/** Guests of a store call those of the other. */
export function linkStores(store: Store, other: Store): void {
  store.shared = true;
  other.shared = true;
  const { group } = store;
  const from = other.group;
  if (from === group) return;
  group.hostWork += from.hostWork;
  for (const each of from.stores) {
    each.group = group;
    group.stores.add(each);
  }
}
