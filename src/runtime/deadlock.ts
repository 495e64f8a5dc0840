/**
 * Calls that can never end: nothing is ready, and the host has nothing left to answer. Says who waits for whom. Specification:
 * Concurrency.md, "Waiting"; what a runtime does then is its own choice: where it was asked for, the store traps.
 */
import { makeTrap, type Trap } from '../error/trap.ts';
import { componentState } from './component-state.ts';
import { scheduler } from './scheduler.ts';
import type { Store } from './store.ts';

/** Threads that a message lists at most. */
const MAX_LISTED = 8;

/** Stores whose calls trap rather than wait for ever. */
const watched = new Set<Store>();

/** The store's calls trap once nothing can make them end. */
export function trapOnDeadlock(store: Store): void {
  watched.add(store);
  scheduler.onPause = endWatched;
}

/** Who waits for what, in the store and in those that it waits for. */
function waiting(store: Store): string[] {
  const lines: string[] = [];
  for (const slot of store.linked.flatMap(({ slots }) => slots)) {
    const component = componentState(slot);
    if (component === undefined) continue;
    for (const thread of component.waiting)
      lines.push(`${component.label}: ${thread.task.path} waits for ${thread.waitsFor}`);
  }
  return lines;
}

function deadlock(store: Store): Trap {
  const lines = waiting(store);
  const listed = lines.slice(0, MAX_LISTED).join('; ');
  const more = lines.length > MAX_LISTED ? `; and ${lines.length - MAX_LISTED} more` : '';
  return makeTrap('deadlock', {
    reason: `deadlock detected: event loop cannot make further progress${listed === '' ? '' : `: ${listed}${more}`}`,
  });
}

/** Ends stores of which nothing can come any more. Each has its own reason before the end of one ends another. */
function endAll(stores: readonly Store[]): void {
  for (const store of stores) store.failure = deadlock(store);
  for (const store of stores) store.end(store.failure);
}

/** Ends every store that has calls under way, of which nothing can come any more. */
export function endDeadlocked(stores: Iterable<Store>): void {
  endAll([...stores].filter((store) => store.alive && store.watchers.size > 0));
}

/** Whether something is queued that may let guests of the store go on. */
function isBusy(store: Store): boolean {
  for (const activity of scheduler.queued) {
    if (activity.ready() && (activity.store === undefined || activity.store.isLinkedTo(store))) return true;
  }
  return false;
}

function endWatched(): void {
  if (watched.size === 0) return;
  for (const store of watched) if (!store.alive) watched.delete(store);
  endAll([...watched].filter((store) => store.watchers.size > 0 && store.hostWork === 0 && !isBusy(store)));
}
