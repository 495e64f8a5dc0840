/** How long instances and streams live: while somebody can still reach them, and no longer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Component, type Instance, Linker } from '../../src/index.ts';
import { objectCount } from '../../src/runtime/object-handles.ts';
import { suspendedCount } from '../../src/runtime/stack.ts';
import { allStores } from '../../src/runtime/store.ts';
import { parseText } from '../../src/text/parse.ts';
import { compareSeed, newTally } from '../model/schedules/compare.ts';
import { BYTES } from '../support/byte-guest.ts';
import { fn, instance, turns } from '../support/component.ts';
import { TenonSubject } from '../support/model-driver.ts';
import { WAITING } from '../support/waiting-guest.ts';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

async function collect(): Promise<void> {
  for (let i = 0; i < 6; i++) {
    gc();
    await turns(2);
  }
}

function call(guest: Instance, name: string, ...args: unknown[]): Promise<unknown> {
  return fn(guest.exports, name)(...args) as Promise<unknown>;
}

test('an instance lives as long as a stream of it that the host holds', async () => {
  let stream: ReadableStream<Uint8Array> | undefined = await (async () => {
    const guest = await instance(BYTES);
    return (await call(guest, 'count', 3, 1000)) as ReadableStream<Uint8Array>;
  })();
  await collect();
  let length = 0;
  for await (const chunk of stream) length += chunk.length;
  assert.equal(length, 3000);
  stream = undefined;
});

test('an instance lives as long as a call of it that has not ended', async () => {
  let settle = (_value: number): void => {};
  const gate = new Promise<number>((resolve) => {
    settle = resolve;
  });
  const result = await (async () => {
    const guest = await instance(WAITING, { gate: () => gate });
    return { call: call(guest, 'tidy') };
  })();
  await collect();
  settle(5);
  assert.equal(await result.call, 5);
});

test('a stream that the host forgets is one that nobody reads: the guest learns of it', async () => {
  const guest = await instance(BYTES);
  await (async () => {
    const stream = (await call(guest, 'count', 1000, 10)) as ReadableStream;
    const reader = stream.getReader();
    await reader.read();
  })();
  assert.equal(fn(guest.exports, 'ended')(), 0);
  await collect();
  await turns();
  assert.equal(fn(guest.exports, 'ended')(), 1);
  assert.equal(suspendedCount(), 0);
  guest[Symbol.dispose]();
});

test('a stream that was passed on is not the host’s to forget', async () => {
  const from = await instance(BYTES);
  const to = await instance(BYTES);
  await (async () => {
    const stream = (await call(from, 'count', 1, 16)) as ReadableStream;
    fn(to.exports, 'hold')(stream);
  })();
  await collect();
  await turns();
  assert.equal(fn(from.exports, 'ended')(), 0);
  assert.equal(fn(to.exports, 'peek')(), 16 << 4, 'still there');
  for (const guest of [from, to]) guest[Symbol.dispose]();
});

test('instances that nobody reaches any more are given back, with what they held', async () => {
  await collect();
  const before = objectCount();
  await (async () => {
    for (let i = 0; i < 20; i++) {
      const guest = await instance(BYTES);
      fn(guest.exports, 'hold')([new Uint8Array(10)]);
      assert.equal(await call(guest, 'drain', [1, 2, 3]), 3);
    }
    const last = await instance(BYTES);
    last[Symbol.dispose]();
  })();
  await collect();
  assert.ok(objectCount() <= before + 1, `${objectCount() - before} handles are left`);
});

test('instances that ended amid calls are collected', async () => {
  const known = new Set(allStores());
  const subject = new TenonSubject();
  const tally = newTally();
  for (let seed = 1; seed <= 60; seed++) await compareSeed(subject, seed, tally);
  await collect();
  const left = [...allStores()].filter((store) => !known.has(store));
  // The last session may still be held by a frame of this test.
  assert.ok(left.length <= 1, `${left.length} of ${tally.schedules} stores are left`);
});

/** What a host still holds of those that it has not answered. */
const unanswered: unknown[] = [];

const never = (): Promise<never> => new Promise((...functions) => void unanswered.push(functions));

/** Waits for a future. */
const FUTURE = `
(component
  (core module $Memory (memory (export "m") 1))
  (core instance $memory (instantiate $Memory))
  (alias core export $memory "m" (core memory $m))
  (type $later (future u8))
  (core func $read (canon future.read $later (memory $m)))
  (core module $M
    (import "" "read" (func $read (param i32 i32) (result i32)))
    (func (export "wait") (param $f i32) (result i32) (call $read (local.get $f) (i32.const 0))))
  (core instance $i (instantiate $M (with "" (instance (export "read" (func $read))))))
  (func (export "wait") async (param "f" $later) (result u32) (canon lift (core func $i "wait"))))`;

/** Begins something in an instance of its own, and ends its store amid it. */
async function endAmid(
  source: string,
  imports: Record<string, unknown>,
  name: string,
  ...args: unknown[]
): Promise<void> {
  const guest = await instance(source, imports);
  const begun = call(guest, name, ...args);
  const failed = assert.rejects(begun);
  await turns(4);
  guest[Symbol.dispose]();
  await failed;
}

const ENDED_AMID: Readonly<Record<string, () => Promise<void>>> = {
  'a stack that waits for a promise': () => endAmid(WAITING, { gate: never }, 'sync'),
  'a stackful task that waits for one': () => endAmid(WAITING, { gate: never }, 'stackful'),
  'a subtask, and its callback': () => endAmid(WAITING, { gate: never }, 'tidy'),
  'a subtask, and a stack that waits for it': () => endAmid(WAITING, { gate: never }, 'alert'),
  'a ReadableStream': () => endAmid(BYTES, {}, 'drain', new ReadableStream({ pull: never })),
  'a future': () => endAmid(FUTURE, {}, 'wait', never()),
  'an iterable': () => {
    const source = { [Symbol.asyncIterator]: () => ({ next: never }) };
    unanswered.push(source);
    return endAmid(BYTES, {}, 'drain', source);
  },
};

for (const [name, begin] of Object.entries(ENDED_AMID)) {
  test(`a host that never answers holds no store that has ended: ${name}`, async () => {
    await collect();
    const known = new Set(allStores());
    for (let i = 0; i < 10; i++) await begin();
    await collect();
    const left = [...allStores()].filter((store) => !known.has(store));
    assert.ok(left.length <= 1, `${left.length} of 10 stores are left`);
    assert.equal(suspendedCount(), 0);
  });
}

test('an instance that was collected is not alive to `limits.instances`', async () => {
  const component = await Component.load(
    parseText('(component (core module $m (memory 1)) (core instance (instantiate $m)))').bytes,
  );
  const pre = await new Linker().link(component, { limits: { instances: 2 } });
  const kept = pre.instantiate();
  (() => void pre.instantiate())();
  assert.throws(() => pre.instantiate(), { code: 'too-many-instances' });
  await collect();
  pre.instantiate();
  assert.throws(() => pre.instantiate(), { code: 'too-many-instances' });
  assert.equal(kept.alive, true);
});
