/** A call pays for what it uses: components without anything asynchronous make no task, however often they are called. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Linker } from '../../src/index.ts';
import { objectCount } from '../../src/runtime/object-handles.ts';
import { taskCount } from '../../src/runtime/task.ts';
import { component, fn, instance } from '../support/component.ts';

const MILLION = 1_000_000;

const ADDER = `
(component
  (core module $M (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
  (core instance $m (instantiate $M))
  (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $m "add"))))`;

/** Calls `add` as often as it is told. */
const LOOP = `
(component
  (import "add" (func $add (param "a" u32) (param "b" u32) (result u32)))
  (core func $lowered (canon lower (func $add)))
  (core module $M
    (import "" "add" (func $add (param i32 i32) (result i32)))
    (func (export "loop") (param $n i32) (result i32) (local $sum i32)
      (block $end (loop $more
        (br_if $end (i32.eqz (local.get $n)))
        (local.set $sum (call $add (local.get $sum) (i32.const 1)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $more)))
      (local.get $sum)))
  (core instance $m (instantiate $M (with "" (instance (export "add" (func $lowered))))))
  (func (export "loop") (param "n" u32) (result u32) (canon lift (core func $m "loop"))))`;

const COMPOSED = `
(component
  ${ADDER.replace('(component', '(component $Adder')}
  ${LOOP.replace('(component', '(component $Loop')}
  (instance $adder (instantiate $Adder))
  (instance $loop (instantiate $Loop (with "add" (func $adder "add"))))
  (export "loop" (func $loop "loop")))`;

function nothingMade(body: () => void): void {
  const tasks = taskCount();
  const objects = objectCount();
  body();
  assert.equal(taskCount(), tasks);
  assert.equal(objectCount(), objects);
}

test('a million calls of the host’s', async () => {
  const add = fn((await instance(ADDER)).exports, 'add');
  nothingMade(() => {
    let sum = 0;
    for (let i = 0; i < MILLION; i++) sum = add(sum, 1) as number;
    assert.equal(sum, MILLION);
  });
});

test('a million calls of a guest’s to the host', async () => {
  const guest = await instance(LOOP, { add: (a: number, b: number) => a + b });
  nothingMade(() => assert.equal(fn(guest.exports, 'loop')(MILLION), MILLION));
});

test('a million calls between components, and between instances', async () => {
  const composed = await instance(COMPOSED);
  nothingMade(() => assert.equal(fn(composed.exports, 'loop')(MILLION), MILLION));
  assert.equal(composed.stats.interpreted, 0);
  const adder = await instance(ADDER);
  const live = (await new Linker().instance(adder).link(await component(LOOP))).instantiate();
  nothingMade(() => assert.equal(fn(live.exports, 'loop')(MILLION), MILLION));
});

test('a thousand promised calls that wait for the host make none either', async () => {
  const guest = await instance(LOOP, { add: async (a: number, b: number) => a + b });
  const tasks = taskCount();
  assert.equal(await fn(guest.promised, 'loop')(1000), 1000);
  assert.equal(taskCount(), tasks);
});
