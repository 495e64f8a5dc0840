/** Futures between host and guest, both ways, and how they fail. docs/guide-js.md, "Streams and futures". */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ComponentError, type Instance, Trap, ValueError } from '../../src/index.ts';
import { objectCount } from '../../src/runtime/object-handles.ts';
import { suspendedCount } from '../../src/runtime/stack.ts';
import { futureCanons, futureGuest, guestText, lift, MEMORY, REALLOC } from '../support/async-guest.ts';
import { deferred, disposeAfterEach, fn, instance, turns } from '../support/component.ts';

disposeAfterEach();

const BYTE = futureGuest('u8', 'i32');
const STRING_OR_NUMBER = futureGuest('(result string (error u32))', 'i32');

/** Calls `echo`, whose future must not be awaited away. */
async function echo(guest: Instance, value: unknown): Promise<{ future: Promise<unknown> }> {
  // The promise of a call whose result is a promise is that of the future's value.
  return { future: fn(guest.exports, 'echo')(value) as Promise<unknown> };
}

interface Kind {
  readonly element: string;
  readonly types?: string;
  readonly value: unknown;
}

const KINDS: readonly Kind[] = [
  { element: 'u8', value: 200 },
  { element: 's64', value: -5n },
  { element: 'f64', value: 0.25 },
  { element: 'string', value: 'Grüße' },
  { element: 'char', value: '🌍' },
  { element: 'bool', value: true },
  { element: '(list u8)', value: new Uint8Array([1, 2, 3]) },
  { element: '(list string)', value: ['a', ''] },
  { element: '(tuple string u32)', value: ['x', 7] },
  { element: '(option u32)', value: undefined },
  { element: '(result string (error u32))', value: { tag: 'err', val: 4 } },
  { element: '(result u8)', value: { tag: 'ok', val: 4 } },
  { element: '', value: undefined },
  {
    element: '$Named',
    types: '(type $Raw (record (field "the-name" string) (field "age" u8))) (export $Named "person" (type $Raw))',
    value: { theName: 'Ada', age: 36 },
  },
];

for (const { element, types = '', value } of KINDS) {
  test(`future${element === '' ? '' : `<${element}>`}: a promise both ways`, async () => {
    const guest = await instance(futureGuest(element, undefined, types));
    const gate = deferred<unknown>();
    const { future } = await echo(guest, gate.promise);
    await turns();
    assert.equal(fn(guest.exports, 'written')(), 0);
    gate.resolve(value);
    assert.deepEqual(await future, value);
    await turns();
    assert.equal(fn(guest.exports, 'written')(), 1);
    assert.deepEqual(await (await echo(guest, value)).future, value, 'the value itself will do');
    // biome-ignore lint/suspicious/noThenProperty: what has a `then` is what this is about.
    const thenable = { then: (resolve: (v: unknown) => void) => void resolve(value) };
    assert.deepEqual(await (await echo(guest, thenable)).future, value, 'and anything with a `then`');
  });
}

test('a guest waits for a promise in the middle of its code', async () => {
  const guest = await instance(BYTE);
  const gate = deferred<number>();
  const taken = fn(guest.exports, 'take')(gate.promise) as Promise<unknown>;
  await turns();
  assert.equal(suspendedCount(), 1);
  gate.resolve(9);
  assert.equal(await taken, 9);
  assert.equal(suspendedCount(), 0);
});

test('a value that does not fit: at once a ValueError, later a trap', async () => {
  const guest = await instance(BYTE);
  for (const wrong of [256, 'x', null, undefined, {}])
    await assert.rejects(fn(guest.exports, 'take')(wrong) as Promise<unknown>, ValueError);
  assert.equal(guest.alive, true, 'nothing was called');
  await assert.rejects(
    fn(guest.exports, 'take')(Promise.resolve(256)) as Promise<unknown>,
    (error) => error instanceof Trap && error.code === 'host-value' && error.cause instanceof ValueError,
  );
  assert.equal(guest.alive, false);
});

test('a promise that rejects ends the guest that waits for it, where its type has no error', async () => {
  const reason = new Error('no luck');
  const guest = await instance(BYTE);
  await assert.rejects(
    fn(guest.exports, 'take')(Promise.reject(reason)) as Promise<unknown>,
    (error) =>
      error instanceof Trap &&
      error.code === 'host-error' &&
      error.cause === reason &&
      error.reason === 'the future of take failed: no luck',
  );
  assert.equal(guest.alive, false);
});

test('a promise of a result that rejects with an error of the result’s type is that error', async () => {
  const guest = await instance(STRING_OR_NUMBER);
  const withPayload = Object.assign(new Error('with a payload'), { payload: 6 });
  for (const [reason, val] of [
    [5, 5],
    [new ComponentError(7), 7],
    [withPayload, 6],
  ] as const) {
    assert.deepEqual(await (await echo(guest, Promise.reject(reason))).future, { tag: 'err', val });
  }
  const { future } = await echo(guest, Promise.reject(new Error('none')));
  await assert.rejects(future, (error) => error instanceof Trap && error.code === 'host-error');
  assert.equal(guest.alive, false);
});

test('a payload that does not fit the error type', async () => {
  const guest = await instance(STRING_OR_NUMBER);
  const { future } = await echo(guest, Promise.reject('not a number'));
  await assert.rejects(future, (error) => error instanceof Trap && error.code === 'host-value');
});

test('a guest that ends without writing: the promise is rejected with why', async () => {
  const held: Promise<unknown>[] = [];
  const guest = await instance(FUTURES, { take: (promise: Promise<unknown>) => void held.push(promise) });
  fn(guest.exports, 'offer')();
  assert.throws(() => fn(guest.exports, 'trap')(), Trap);
  await assert.rejects(held[0] as Promise<unknown>, (error) => error instanceof Trap && error.code === 'unreachable');
});

test('a guest’s promise that nobody looks at is no unhandled rejection', async () => {
  const unhandled: unknown[] = [];
  const listener = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', listener);
  try {
    const guest = await instance(FUTURES, { take: () => {} });
    fn(guest.exports, 'offer')();
    guest[Symbol.dispose]();
    await turns();
    assert.deepEqual(unhandled, []);
  } finally {
    process.off('unhandledRejection', listener);
  }
});

/** Gives a future to the host as the argument of a function, and writes it when it is told. */
const FUTURES = guestText({
  types: `
  (type $FT (future string))
  (import "take" (func $take (param "f" $FT)))`,
  canons: {
    ...futureCanons('$FT'),
    'write-async': [`future.write $FT async ${MEMORY}`, '(param i32 i32) (result i32)'],
    take: ['lower (func $take)', '(param i32)'],
  },
  body: `
    (global $out (mut i32) (i32.const 0))
    (data (i32.const 64) "written")
    (func (export "offer") (local $pair i64)
      (local.set $pair (call $future.new))
      (global.set $out (i32.wrap_i64 (i64.shr_u (local.get $pair) (i64.const 32))))
      (call $take (i32.wrap_i64 (local.get $pair))))
    (func (export "write") (result i32)
      (i32.store (i32.const 32) (i32.const 64)) (i32.store (i32.const 36) (i32.const 7))
      (call $write-async (global.get $out) (i32.const 32)))
    (func (export "drop") (call $future.drop-writable (global.get $out)))
    (func (export "trap") unreachable)`,
  exports: `
  (func (export "offer") ${lift('offer', 'sync')})
  (func (export "write") (result s32) ${lift('write', 'sync')})
  (func (export "drop") ${lift('drop', 'sync')})
  (func (export "trap") ${lift('trap', 'sync')})`,
});

test('a future as an argument is a promise that the host may keep, or look at late', async () => {
  const held: Promise<unknown>[] = [];
  const guest = await instance(FUTURES, { take: (promise: Promise<unknown>) => void held.push(promise) });
  fn(guest.exports, 'offer')();
  assert.ok(held[0] instanceof Promise);
  assert.equal(fn(guest.exports, 'write')(), 0, 'the host’s side takes it at once, whoever looks at it');
  fn(guest.exports, 'drop')();
  await turns();
  assert.equal(await held[0], 'written');
});

test('a guest’s promise given on to another guest', async () => {
  const held: Promise<unknown>[] = [];
  const from = await instance(FUTURES, { take: (promise: Promise<unknown>) => void held.push(promise) });
  const to = await instance(futureGuest('string'));
  fn(from.exports, 'offer')();
  const { future } = await echo(to, held[0]);
  await turns();
  fn(from.exports, 'write')();
  assert.equal(await future, 'written');
});

test('a guest that drops a future does not mind what becomes of the promise', async () => {
  const guest = await instance(BYTE);
  const before = objectCount();
  const gates = [deferred<number>(), deferred<number>(), deferred<number>()];
  for (const { promise } of gates) fn(guest.exports, 'forget')(promise);
  gates[0]?.resolve(1);
  gates[1]?.reject(new Error('nobody hears it'));
  gates[2]?.resolve(1000);
  await turns();
  assert.equal(guest.alive, true);
  assert.equal(objectCount(), before);
});

test('a future of a future: its promise is that of the innermost value, since promises flatten', async () => {
  const guest = await instance(futureGuest('(future string)'));
  const inner = deferred<string>();
  const outer = deferred<Promise<string>>();
  const { future } = await echo(guest, [outer.promise][0]);
  outer.resolve(inner.promise);
  inner.resolve('deep');
  assert.equal(await future, 'deep');
});

test('a future of a stream', async () => {
  const guest = await instance(futureGuest('(stream u8)'));
  const gate = deferred<unknown>();
  const { future } = await echo(guest, gate.promise);
  gate.resolve(new Uint8Array([1, 2]));
  const stream = (await future) as ReadableStream<Uint8Array>;
  assert.deepEqual([...((await stream.getReader().read()).value ?? [])], [1, 2]);
});

/** The host's function answers a future, in place of waiting. */
const ANSWERS = guestText({
  types: `
  (type $FT (future u8))
  (import "give" (func $give (result $FT)))
  (import "give-later" (func $give-later async (result $FT)))`,
  canons: {
    ...futureCanons('$FT'),
    'read-async': [`future.read $FT async ${MEMORY} ${REALLOC}`, '(param i32 i32) (result i32)'],
    give: ['lower (func $give)', '(result i32)'],
    'give-later': ['lower (func $give-later)', '(result i32)'],
  },
  body: `
    (func (export "poll") (result i32) (call $read-async (call $give) (i32.const 64)))
    (func (export "later") (result i32) (drop (call $future.read (call $give-later) (i32.const 64))) (i32.load8_u (i32.const 64)))`,
  exports: `
  (func (export "poll") (result s32) ${lift('poll', 'sync')})
  (func (export "later") async (result u8) ${lift('later', 'sync')})`,
});

test('a host function that answers a future does not make the guest wait', async () => {
  const guest = await instance(ANSWERS, { give: () => new Promise(() => {}), giveLater: async () => 5 });
  assert.equal(fn(guest.exports, 'poll')(), -1, 'blocked: the future is there, its value is not');
  const ready = await instance(ANSWERS, { give: () => 5, giveLater: async () => 5 });
  assert.equal(fn(ready.exports, 'poll')(), 0, 'a value that is there is there');
  assert.equal(await fn(ready.exports, 'later')(), 5, 'of an async function the promise flattens, too');
});
