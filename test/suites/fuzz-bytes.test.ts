/** A seeded few of what `scripts/fuzz-bytes.ts` does a hundred thousand times. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuTime } from '../support/cpu-time.ts';
import { damage, random, samples, tryComponent } from '../support/mutate.ts';

test('3,000 damaged components end in typed errors, each within a second', async () => {
  const next = random(20_261);
  const inputs = samples();
  assert.ok(inputs.length >= 5, 'real components');
  const ends = new Map<string, number>();
  for (let i = 0; i < 3_000; i++) {
    const sample = inputs[Math.floor(next() * inputs.length)]!;
    const begin = cpuTime();
    const end = await tryComponent(damage(sample, next));
    ends.set(end, (ends.get(end) ?? 0) + 1);
    assert.ok(cpuTime() - begin < 1_000, `input ${i}, made of ${sample.name}, is slow`);
  }
  assert.ok(ends.size > 10, `many kinds of ends: ${[...ends.keys()].join()}`);
});
