/** Calls of exports of an async type by the host: promises, signals, order, back-pressure. docs/guide-js.md, "Asynchronous functions". */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ComponentError, type Instance, Trap, UsageError, ValueError } from '../../src/index.ts';
import { objectCount } from '../../src/runtime/object-handles.ts';
import { suspendedCount } from '../../src/runtime/stack.ts';
import { guestText, lift } from '../support/async-guest.ts';
import { deferred, disposeAfterEach, fn, instance, turns } from '../support/component.ts';
import { WAITING } from '../support/waiting-guest.ts';

disposeAfterEach();

type Gate = ReturnType<typeof deferred<number>> & { readonly signal: AbortSignal };

/** The waiting guest, with the calls of `gate` that it made. */
async function waiting(): Promise<{
  guest: Instance;
  gates: Gate[];
  call: (name: string, ...args: unknown[]) => Promise<unknown>;
}> {
  const gates: Gate[] = [];
  const guest = await instance(WAITING, {
    gate: ({ signal }: { signal: AbortSignal }) => {
      const gate = { ...deferred<number>(), signal };
      gates.push(gate);
      return gate.promise;
    },
  });
  return { guest, gates, call: (name, ...args) => fn(guest.exports, name)(...args) as Promise<unknown> };
}

const WAYS = ['tidy', 'deaf', 'sync', 'stackful', 'alert'];

test('an export of an async type answers a promise, through `exports` and `promised` alike', async () => {
  for (const way of WAYS) {
    const { guest, gates, call } = await waiting();
    const promise = call(way);
    assert.ok(promise instanceof Promise, way);
    gates[0]?.resolve(7);
    assert.equal(await promise, 7, way);
    const again = fn(guest.promised, way)() as Promise<unknown>;
    gates[1]?.resolve(8);
    assert.equal(await again, 8, way);
    assert.equal(guest.exports[way], guest.promised[way], 'one function');
  }
});

test('what the host answers at once needs no turn of the guest’s, but is a promise all the same', async () => {
  const guest = await instance(WAITING, { gate: () => 5 });
  for (const way of ['tidy', 'deaf', 'sync', 'stackful']) {
    const answer = fn(guest.exports, way)();
    assert.ok(answer instanceof Promise);
    assert.equal(await answer, 5, way);
  }
});

test('a signal that fires before the call: it is not made', async () => {
  const { guest, gates, call } = await waiting();
  const reason = new Error('changed my mind');
  for (const way of WAYS)
    await assert.rejects(call(way, { signal: AbortSignal.abort(reason) }), (error) => error === reason);
  assert.equal(gates.length, 0);
  assert.equal(fn(guest.exports, 'entered')(), 0);
});

test('a signal that fires amid: the promise is rejected at once, and a guest that hears of it ends', async () => {
  for (const way of ['tidy', 'alert']) {
    const { guest, gates, call } = await waiting();
    const controller = new AbortController();
    const before = objectCount();
    const promise = call(way, { signal: controller.signal });
    assert.equal(objectCount(), before + 2, 'a subtask and a set');
    controller.abort();
    await assert.rejects(promise, { name: 'AbortError' });
    await turns();
    assert.equal(fn(guest.exports, 'seen')(), 1, way);
    assert.equal(gates[0]?.signal.aborted, true, 'the guest has cancelled the host function that it waited for');
    // The set of the stackful one is the guest's to drop.
    assert.equal(objectCount(), before + (way === 'tidy' ? 0 : 1));
    gates[0]?.resolve(1);
    await turns();
    assert.equal(guest.alive, true);
  }
});

test('a signal that fires amid: guests that do not hear of it go on to their end, and nobody waits for that', async () => {
  for (const way of ['deaf', 'sync', 'stackful']) {
    const { guest, gates, call } = await waiting();
    const controller = new AbortController();
    const reason = new Error('late');
    const promise = call(way, { signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(promise, (error) => error === reason);
    await turns();
    assert.equal(fn(guest.exports, 'seen')(), way === 'deaf' ? 1 : 0, way);
    assert.equal(gates[0]?.signal.aborted, false, way);
    gates[0]?.resolve(1);
    await turns();
    assert.equal(suspendedCount(), 0);
    const next = call(way);
    gates[1]?.resolve(2);
    assert.equal(await next, 2, 'the instance is free again');
  }
});

test('a signal that fires after the end changes nothing, and has no listener left', async () => {
  for (const way of WAYS) {
    const { guest, gates, call } = await waiting();
    const controller = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = controller.signal;
    Object.assign(controller.signal, {
      addEventListener(this: AbortSignal, ...args: Parameters<typeof addEventListener>) {
        listeners++;
        addEventListener.apply(this, args);
      },
      removeEventListener(this: AbortSignal, ...args: Parameters<typeof removeEventListener>) {
        listeners--;
        removeEventListener.apply(this, args);
      },
    });
    const promise = call(way, { signal: controller.signal });
    assert.equal(listeners, 1);
    gates[0]?.resolve(3);
    assert.equal(await promise, 3);
    assert.equal(listeners, 0);
    controller.abort();
    await turns();
    assert.equal(fn(guest.exports, 'seen')(), 0);
    assert.equal(guest.alive, true);
  }
});

test('a signal that fires while the call waits to enter: it never does', async () => {
  const { guest, gates, call } = await waiting();
  fn(guest.exports, 'hold')(true);
  const controller = new AbortController();
  const promise = call('tidy', { signal: controller.signal });
  const other = call('tidy');
  await turns();
  assert.equal(fn(guest.exports, 'entered')(), 0);
  controller.abort();
  await assert.rejects(promise, { name: 'AbortError' });
  fn(guest.exports, 'hold')(false);
  await turns();
  assert.equal(fn(guest.exports, 'entered')(), 1);
  gates[0]?.resolve(4);
  assert.equal(await other, 4);
  assert.equal(fn(guest.exports, 'seen')(), 0);
});

test('a signal that the host function fires, of the very call that called it', async () => {
  const controller = new AbortController();
  let reached: AbortSignal | undefined;
  const guest = await instance(WAITING, {
    gate: ({ signal }: { signal: AbortSignal }) => {
      reached = signal;
      controller.abort();
      return new Promise(() => {});
    },
  });
  await assert.rejects(fn(guest.exports, 'tidy')({ signal: controller.signal }) as Promise<unknown>, {
    name: 'AbortError',
  });
  await turns();
  assert.equal(fn(guest.exports, 'seen')(), 1);
  assert.equal(reached?.aborted, true);
});

test('a signal that fires between the call and its beginning, which has to wait for a turn', async () => {
  const { guest, gates, call } = await waiting();
  const first = call('stackful');
  gates[0]?.resolve(1);
  // In the job in which the first goes on, nothing else may begin.
  const controller = new AbortController();
  let second: Promise<unknown> | undefined;
  await gates[0]?.promise.then(() => {
    second = call('tidy', { signal: controller.signal });
    controller.abort();
  });
  await assert.rejects(second as Promise<unknown>, { name: 'AbortError' });
  assert.equal(await first, 1);
  await turns();
  assert.equal(gates.length <= 2, true);
  assert.equal(gates.at(1)?.signal.aborted ?? true, true);
  assert.equal(guest.alive, true);
});

test('what is no AbortSignal is refused', async () => {
  const { gates, call } = await waiting();
  await assert.rejects(
    call('tidy', { signal: 'now' }),
    (error) => error instanceof UsageError && error.code === 'bad-signal',
  );
  assert.equal(gates.length, 0);
  const without = call('tidy', {});
  gates[0]?.resolve(1);
  assert.equal(await without, 1);
});

const RESULTS = guestText({
  canons: {
    'task.return': [
      'task.return (result (result u32 (error string))) (memory (core memory $mem "mem"))',
      '(param i32 i32 i32)',
    ],
  },
  body: `
    (data (i32.const 64) "odd")
    (func (export "halve") (param i32) (result i32)
      (if (i32.and (local.get 0) (i32.const 1))
        (then (call $task.return (i32.const 1) (i32.const 64) (i32.const 3)))
        (else (call $task.return (i32.const 0) (i32.shr_u (local.get 0) (i32.const 1)) (i32.const 0))))
      (i32.const 0))
    (func (export "halve-cb") (param i32 i32 i32) (result i32) unreachable)
    (func (export "boom") (result i32) unreachable)`,
  exports: `
  (func (export "halve") async (param "n" u8) (result (result u32 (error string))) ${lift('halve', { callback: 'halve-cb' })})
  (func (export "boom") async ${lift('boom', { callback: 'halve-cb' })})`,
});

test('a result that is an error rejects with a ComponentError; a wrong argument with a ValueError; a trap with the Trap', async () => {
  const guest = await instance(RESULTS);
  const halve = fn(guest.exports, 'halve') as (n: unknown) => Promise<unknown>;
  assert.equal(await halve(6), 3);
  await assert.rejects(halve(7), (error) => error instanceof ComponentError && error.payload === 'odd');
  await assert.rejects(halve(256), (error) => error instanceof ValueError);
  assert.equal(await halve(8), 4, 'lives');
  await assert.rejects(
    fn(guest.exports, 'boom')() as Promise<unknown>,
    (error) => error instanceof Trap && error.code === 'unreachable',
  );
  await assert.rejects(halve(8), (error) => error instanceof Trap && error.code === 'store-dead');
});

test('calls into one instance that wait between callbacks overlap, and end in any order', async () => {
  const { gates, call } = await waiting();
  const ends: number[] = [];
  const calls = [1, 2, 3].map((n) => call('tidy').then((value) => ends.push(n * 10 + (value as number))));
  assert.equal(gates.length, 3);
  gates[2]?.resolve(3);
  await turns();
  gates[0]?.resolve(1);
  await turns();
  gates[1]?.resolve(2);
  await Promise.all(calls);
  assert.deepEqual(ends, [33, 11, 22]);
});

test('a task that waits amid its code keeps others out that need the instance for themselves, in the order of the calls', async () => {
  const { guest, gates, call } = await waiting();
  const ends: string[] = [];
  const calls = ['sync', 'sync', 'tidy'].map((way, i) => call(way).then((value) => ends.push(`${way} ${i} ${value}`)));
  await turns();
  assert.equal(fn(guest.exports, 'entered')(), 1, 'only the first has begun');
  assert.equal(gates.length, 1);
  gates[0]?.resolve(1);
  await turns();
  assert.equal(fn(guest.exports, 'entered')(), 2);
  gates[1]?.resolve(2);
  await turns();
  assert.equal(fn(guest.exports, 'entered')(), 3);
  gates[2]?.resolve(3);
  await Promise.all(calls);
  assert.deepEqual(ends, ['sync 0 1', 'sync 1 2', 'tidy 2 3']);
});

test('tasks that are lifted without a callback need nobody’s leave: their stacks overlap', async () => {
  const { gates, call } = await waiting();
  const calls = [0, 1, 2, 3].map(() => call('stackful'));
  await turns();
  assert.equal(gates.length, 4);
  assert.equal(suspendedCount(), 4);
  for (const [i, gate] of gates.toReversed().entries()) gate.resolve(i);
  assert.deepEqual(await Promise.all(calls), [3, 2, 1, 0]);
  assert.equal(suspendedCount(), 0);
});

test('back-pressure: calls wait to enter until the guest wants them, in their order', async () => {
  const { guest, gates, call } = await waiting();
  fn(guest.exports, 'hold')(true);
  const calls = [1, 2, 3].map(() => call('tidy'));
  await turns();
  assert.equal(gates.length, 0);
  fn(guest.exports, 'hold')(false);
  await turns();
  assert.equal(gates.length, 3);
  for (const [i, gate] of gates.entries()) gate.resolve(i);
  assert.deepEqual(await Promise.all(calls), [0, 1, 2]);
});

test('an instance that is disposed rejects its calls, tells the host functions that they called, and leaves nothing', async () => {
  for (const way of WAYS) {
    const before = objectCount();
    const { guest, gates, call } = await waiting();
    const promise = call(way);
    await turns();
    guest[Symbol.dispose]();
    await assert.rejects(promise, (error) => error instanceof Trap && error.code === 'store-dead');
    assert.equal(gates[0]?.signal.aborted, true, way);
    assert.ok(gates[0]?.signal.reason instanceof Trap);
    await turns();
    assert.equal(objectCount(), before, way);
    assert.equal(suspendedCount(), 0, way);
    gates[0]?.resolve(1);
    await turns();
  }
});
