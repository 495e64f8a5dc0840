import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Deadlines } from './deadlines.ts';

test('those that are not deleted come, in their order, each after its own time', async () => {
  using deadlines = new Deadlines(40);
  const came: [name: string, after: number][] = [];
  const begin = (name: string) => {
    const at = performance.now();
    return deadlines.add(at, () => came.push([name, performance.now() - at]));
  };
  begin('a');
  const b = begin('b');
  await setTimeout(20);
  begin('c');
  deadlines.delete(b);
  await setTimeout(150);
  begin('d');
  await setTimeout(100);
  assert.deepEqual(
    came.map(([name]) => name),
    ['a', 'c', 'd'],
  );
  for (const [name, after] of came) assert.ok(after >= 38, `${name} after ${after} ms`);
});

test('one that ends the others', async () => {
  using deadlines = new Deadlines(10);
  const came: string[] = [];
  deadlines.add(performance.now(), () => {
    came.push('first');
    deadlines.delete(second);
  });
  const second = deadlines.add(performance.now(), () => came.push('second'));
  await setTimeout(50);
  assert.deepEqual(came, ['first']);
});

test('when all is over, no timer holds the process', () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  const deadlines = new Deadlines(60_000);
  const last = deadlines.add(performance.now(), () => {});
  assert.equal(timers(), before + 1);
  deadlines[Symbol.dispose]();
  assert.equal(timers(), before + 1);
  deadlines.delete(last);
  assert.equal(timers(), before);
});
