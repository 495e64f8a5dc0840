/** How many calls of the host's may wait at once: in a store, and in this thread. */
import { UsageError } from '../error/error.ts';
import type { Store } from './store.ts';

/** The error of a call that would be one too many. */
export function tooManySuspended(path: string, most: number): UsageError {
  return new UsageError('too-many-suspended', `${path} cannot be called now: as many calls wait as may`, {
    expected: `at most ${most} at once`,
    hint: 'await some of the calls under way first, or allow more with `limits.suspended`',
  });
}

/** How many calls may wait at once in a store. */
export function maxSuspended({ options }: Store): number {
  return options.suspended ?? Number.POSITIVE_INFINITY;
}

/**
 * A call of the host's that may have to wait begins; the answer is for {@link callEnds}. Throws a UsageError where too many are under way.
 */
export function callBegins(store: Store, path: string): object | undefined {
  const most = maxSuspended(store);
  if (store.calls >= most && store.alive) throw tooManySuspended(path, most);
  store.calls++;
  return store.meter?.callBegins();
}

/** A call that {@link callBegins} was told of has ended. */
export function callEnds(store: Store, call: object | undefined): void {
  store.calls--;
  if (call !== undefined) store.meter?.callEnds(call);
}
