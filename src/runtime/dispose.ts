/** What happens to the host's objects that a guest owned when its store ends. */
import { hostResourceByNumber } from './resource.ts';
import type { Store } from './store.ts';
import { liveHandles, OWN } from './table.ts';

/** Disposes every host object that the store's tables own. Errors of one do not keep the others. */
export function disposeHostHandles(store: Store): void {
  for (const slot of store.slots) {
    for (const { type, rep, state } of liveHandles(slot)) {
      const resource = (state & OWN) === 0 ? undefined : hostResourceByNumber(type);
      if (resource === undefined) continue;
      try {
        (resource.take(rep) as Partial<Disposable>)[Symbol.dispose]?.();
      } catch {
        // The guest is gone; its host's clean-up has nobody to report to.
      }
    }
  }
}
