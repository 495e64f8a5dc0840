/** How many instances of one component may be alive at once. */
import { UsageError } from '../error/error.ts';
import type { Store } from './store.ts';

/** Admits an instance where fewer than `most` are alive, and counts it as long as its store is. Throws UsageError (`too-many-instances`). */
export function instanceGate(most: number): () => (store: Store) => void {
  let alive = 0;
  const ended = (): void => {
    alive--;
  };
  return () => {
    if (alive < most)
      return (store) => {
        alive++;
        store.onEnd.push(ended);
      };
    throw new UsageError('too-many-instances', 'no other instance may be made now: as many are alive as may', {
      expected: `at most ${most} at once`,
      hint: 'dispose of those that are done (`using instance = ...`), or allow more with `limits.instances`',
    });
  };
}
