/**
 * Calls that can never end: nothing is ready, and the host has nothing left to answer. Says who waits for whom. Specification:
 * Concurrency.md, "Waiting"; what a runtime does then is its own choice: where it was asked for, the store traps.
 */
import { makeTrap, type Trap } from '../error/trap.ts';
import { componentState } from './component-state.ts';
import { scheduler } from './scheduler.ts';
import { type Stack, suspendedStacks } from './stack.ts';
import { allStores, type Store } from './store.ts';
import { areLinked, linkedStores } from './store-links.ts';
import { threadByNumber } from './task.ts';

/** Threads that a message lists at most. */
const MAX_LISTED = 8;

/** Stores whose calls trap rather than wait for ever. */
const watched = new Set<Store>();

/** The store's calls trap once nothing can make them end. */
export function trapOnDeadlock(store: Store): void {
  watched.add(store);
  scheduler.onPause = endWatched;
}

/** The path of the call that a stack is for. */
function pathOf(stack: Stack): string | undefined {
  if (stack.path !== undefined) return stack.path;
  const [thread] = stack.threads.flatMap((number) => (number > 0 ? (threadByNumber(number) ?? []) : []));
  return thread?.task.path;
}

/** Stacks that wait for a host function that is synchronous to their guests, and so are no blocked threads. */
function waitingForHost(store: Store): string[] {
  const lines: string[] = [];
  for (const stack of suspendedStacks()) {
    const slot = stack.slots.at(-1);
    const host = stack.waitsForHost;
    if (host === undefined || slot === undefined || !store.slots.includes(slot)) continue;
    lines.push(
      `${store.labelOf(slot)}: ${pathOf(stack) ?? 'a call'} waits for the result of the host function ${host}`,
    );
  }
  return lines;
}

/** Who waits for whom in a store, a line each. */
function waiting(store: Store): string[] {
  const lines: string[] = [];
  for (const slot of store.slots) {
    const component = componentState(slot);
    if (component === undefined) continue;
    for (const thread of component.waiting)
      if (thread.state !== 'running')
        lines.push(`${component.label}: ${thread.task.path} waits for ${thread.waitsFor}`);
  }
  return [...lines, ...waitingForHost(store)];
}

function shortened(lines: readonly string[]): readonly string[] {
  if (lines.length <= MAX_LISTED) return lines;
  return [...lines.slice(0, MAX_LISTED), `and ${lines.length - MAX_LISTED} more`];
}

/** Names who waits in the store and in those that it waits for. */
function deadlock(store: Store): Trap {
  const listed = shortened(linkedStores(store).flatMap(waiting)).join('; ');
  return makeTrap('deadlock', {
    reason: `deadlock detected: event loop cannot make further progress${listed === '' ? '' : `: ${listed}`}`,
  });
}

/** Ends stores of which nothing can come any more. Each has its own reason before the end of one ends another. */
function endAll(stores: readonly Store[]): void {
  for (const store of stores) store.failure = deadlock(store);
  for (const store of stores) store.end(store.failure);
}

/** Who waits for whom in all stores, where calls of the host's are under way that have not ended: for a process that is about to end. */
export function unfinishedCalls(): readonly string[] {
  if (!scheduler.hasCalls) return [];
  return shortened([...allStores()].flatMap((store) => (store.alive ? waiting(store) : [])));
}

/** Ends every store that has something waiting, when nothing can come any more: even what the host still had to answer. */
export function endUnfinished(): void {
  endAll([...allStores()].filter((store) => store.alive && waiting(store).length > 0));
}

/** Whether something is queued that may let guests of the store go on. */
function isBusy(store: Store): boolean {
  for (const activity of scheduler.queued) {
    if (activity.ready() && (activity.store === undefined || areLinked(activity.store, store))) return true;
  }
  return false;
}

function endWatched(): void {
  if (watched.size === 0) return;
  for (const store of watched) if (!store.alive) watched.delete(store);
  endAll([...watched].filter((store) => store.watchers.size > 0 && store.hostWork === 0 && !isBusy(store)));
}
