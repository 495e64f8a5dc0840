import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Few } from './few.ts';

/** A seeded generator of numbers below `limit`. */
function random(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % limit;
  };
}

test('does what a Set does, in the same order', () => {
  const items = Array.from({ length: 5 }, (_, i) => ({ i }));
  const next = random(7);
  for (let round = 0; round < 200; round++) {
    const few = new Few<object>();
    const set = new Set<object>();
    for (let step = 0; step < 30; step++) {
      const item = items[next(items.length)]!;
      if (next(2) === 0) {
        few.add(item);
        set.add(item);
      } else {
        few.delete(item);
        set.delete(item);
      }
      assert.deepEqual([...few], [...set]);
      assert.equal(few.size, set.size);
      assert.equal(few.isEmpty, set.size === 0);
      assert.equal(few.first, [...set][0]);
    }
  }
});

test('what joins while it is walked comes too, and the walk can end early', () => {
  const few = new Few<{ n: number }>();
  const [a, b, c] = [{ n: 1 }, { n: 2 }, { n: 3 }];
  few.add(a);
  const seen: number[] = [];
  const visit = ({ n }: { n: number }): boolean => {
    seen.push(n);
    if (n === 1) few.add(b);
    if (n === 2) few.delete(a);
    return n === 2;
  };
  assert.equal(few.some(visit), true);
  few.add(c);
  assert.deepEqual(seen, [1, 2]);
  assert.deepEqual(
    [...few].map(({ n }) => n),
    [2, 3],
  );
  few.clear();
  assert.equal(few.isEmpty, true);
});
