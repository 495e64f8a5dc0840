/** How many calls may wait: for one store (`limits.suspended`), for the thread; what calls that wait hold, and that nothing is left of them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { measure } from '../../bench/suspended.ts';
import { type Instance, Trap, UsageError } from '../../src/index.ts';
import { objectCount } from '../../src/runtime/object-handles.ts';
import { suspendedCount } from '../../src/runtime/stack.ts';
import { guestText, lift } from '../support/async-guest.ts';
import { deferred, disposeAfterEach, fn, instance, turns } from '../support/component.ts';
import { SPAWNER } from '../support/spawning-guest.ts';
import { WAITING } from '../support/waiting-guest.ts';

disposeAfterEach();

const root = join(import.meta.dirname, '../..');

const isOneTooMany = (error: unknown): boolean =>
  error instanceof UsageError &&
  error.code === 'too-many-suspended' &&
  /at most 3 at once/.test(error.message) &&
  /limits\.suspended/.test(error.details.hint ?? '');

const LIMITED = { limits: { suspended: 3 } };

function call(guest: Instance, name: string, ...args: unknown[]): Promise<unknown> {
  return fn(guest.exports, name)(...args) as Promise<unknown>;
}

for (const way of ['tidy', 'deaf', 'sync', 'stackful']) {
  test(`one call past the limit is refused, and the others go on: ${way}`, async () => {
    const gate = deferred<number>();
    const guest = await instance(WAITING, { gate: () => gate.promise }, LIMITED);
    const other = await instance(WAITING, { gate: () => gate.promise }, LIMITED);
    const calls = [1, 2, 3].map(() => call(guest, way));
    await assert.rejects(call(guest, way), isOneTooMany);
    await turns();
    await assert.rejects(call(guest, way), isOneTooMany);
    const elsewhere = call(other, way);
    gate.resolve(5);
    assert.deepEqual(await Promise.all([...calls, elsewhere]), [5, 5, 5, 5]);
    assert.equal(guest.alive, true);
    assert.equal(await call(guest, way), 5, 'there is room again');
  });
}

const NAP = guestText({
  types: '(import "sleep" (func $sleep (result u32)))',
  canons: { sleep: ['lower (func $sleep)', '(result i32)'] },
  body: '(func (export "nap") (result i32) (call $sleep))',
  exports: `(func (export "nap") (result u32) ${lift('nap', 'sync')})`,
});

test('promised calls of a synchronous type count as well, those that queue among them', async () => {
  const gate = deferred<number>();
  const guest = await instance(NAP, { sleep: () => gate.promise }, LIMITED);
  const nap = fn(guest.promised, 'nap') as () => Promise<unknown>;
  const calls = [nap(), nap(), nap()];
  await assert.rejects(nap(), isOneTooMany);
  gate.resolve(2);
  assert.deepEqual(await Promise.all(calls), [2, 2, 2]);
  assert.equal(await nap(), 2);
});

test('calls that are not made do not count', async () => {
  const gate = deferred<number>();
  const guest = await instance(WAITING, { gate: () => gate.promise }, LIMITED);
  for (let i = 0; i < 10; i++) {
    await assert.rejects(call(guest, 'tidy', { signal: AbortSignal.abort() }), { name: 'AbortError' });
    await assert.rejects(call(guest, 'tidy', { signal: 1 }), UsageError);
  }
  const calls = [1, 2, 3].map(() => call(guest, 'tidy'));
  await assert.rejects(call(guest, 'tidy'), isOneTooMany);
  guest[Symbol.dispose]();
  for (const each of calls) await assert.rejects(each, Trap);
  await assert.rejects(call(guest, 'tidy'), (error) => error instanceof Trap && error.code === 'store-dead');
});

test('a call that was given up counts until the guest has ended it', async () => {
  const gate = deferred<number>();
  const guest = await instance(WAITING, { gate: () => gate.promise }, LIMITED);
  const controller = new AbortController();
  const deaf = [1, 2, 3].map(() => call(guest, 'deaf', { signal: controller.signal }));
  controller.abort();
  for (const each of deaf) await assert.rejects(each, { name: 'AbortError' });
  await assert.rejects(call(guest, 'deaf'), isOneTooMany);
  gate.resolve(1);
  await turns();
  assert.equal(await call(guest, 'deaf'), 1);
  const later = new AbortController();
  const second = deferred<number>();
  const polite = await instance(WAITING, { gate: () => second.promise }, LIMITED);
  const tidy = [1, 2, 3].map(() => call(polite, 'tidy', { signal: later.signal }));
  later.abort();
  for (const each of tidy) await assert.rejects(each, { name: 'AbortError' });
  const again = call(polite, 'tidy');
  second.resolve(4);
  assert.equal(await again, 4);
});

test('a guest that blocks more stacks of its own than its store may have traps; other stores live on', async () => {
  const gate = deferred<number>();
  const bystander = await instance(WAITING, { gate: () => gate.promise }, LIMITED);
  const waits = call(bystander, 'stackful');
  const guest = await instance(SPAWNER, { gate: () => gate.promise }, LIMITED);
  const three = call(guest, 'spawn', 3);
  await turns();
  assert.equal(suspendedCount(), 4);
  gate.resolve(1);
  assert.equal(await three, undefined);
  assert.equal(await waits, 1);
  const second = deferred<number>();
  const greedy = await instance(SPAWNER, { gate: () => second.promise }, LIMITED);
  const also = await instance(WAITING, { gate: () => second.promise }, LIMITED);
  const others = call(also, 'stackful');
  await assert.rejects(
    call(greedy, 'spawn', 4),
    (error) => error instanceof Trap && error.code === 'too-many-suspended' && /at most 3/.test(error.message),
  );
  assert.equal(greedy.alive, false);
  second.resolve(2);
  assert.equal(await others, 2);
  await turns();
  assert.equal(suspendedCount(), 0);
});

test('one stack more than the thread may have is refused, before V8 ends the process; the others go on', () => {
  const source = `
    import assert from 'node:assert/strict';
    import { Trap, UsageError } from './src/index.ts';
    import { MAX_SUSPENDED, suspendedCount } from './src/runtime/stack.ts';
    import { instance, turns, deferred } from './test/support/component.ts';
    import { SPAWNER } from './test/support/spawning-guest.ts';
    import { WAITING } from './test/support/waiting-guest.ts';
    const gate = deferred();
    const guest = await instance(WAITING, { gate: () => gate.promise });
    const calls = Array.from({ length: MAX_SUSPENDED - 1 }, () => guest.exports.stackful());
    await turns();
    const greedy = await instance(SPAWNER, { gate: () => gate.promise });
    await assert.rejects(greedy.exports.spawn(2), (error) => error instanceof Trap && error.code === 'too-many-suspended');
    await turns();
    calls.push(guest.exports.stackful());
    await turns();
    assert.equal(suspendedCount(), MAX_SUSPENDED);
    const refused = (error) => error instanceof UsageError && error.code === 'too-many-suspended' && error.message.includes('at most ' + MAX_SUSPENDED + ' at once');
    await assert.rejects(guest.exports.stackful(), refused);
    const other = await instance(WAITING, { gate: () => gate.promise });
    await assert.rejects(other.exports.stackful(), refused);
    assert.equal(other.exports.seen(), 0);
    gate.resolve(7);
    const values = await Promise.all(calls);
    assert.equal(values.length, MAX_SUSPENDED);
    assert.ok(values.every((value) => value === 7));
    assert.equal(await other.exports.stackful(), 7);
    assert.equal(await guest.exports.stackful(), 7);
    console.log('fine', suspendedCount());`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', source], {
    encoding: 'utf8',
    cwd: root,
  });
  assert.equal(stderr, '');
  assert.equal(stdout, 'fine 0\n');
  assert.equal(status, 0);
});

test('calls that wait hold little, and when all are cancelled nothing is left of them', async () => {
  const { suspended, heap, left } = await measure(500, 10);
  assert.equal(suspended, 500);
  // 4.6 kB of objects each, measured over 10,000; a page of stack comes on top.
  assert.ok(heap < 500 * 0.008, `${heap} MB`);
  assert.deepEqual({ ...left, heap: 0 }, { suspended: 0, objects: 0, listeners: 0, heap: 0 });
  assert.ok(left.heap < 1, `${left.heap} MB are left`);
});

test('a store that is disposed of amid many calls leaves nothing', async () => {
  const before = objectCount();
  const aborted: unknown[] = [];
  const gate = ({ signal }: { signal: AbortSignal }): Promise<number> => {
    signal.addEventListener('abort', () => aborted.push(signal.reason), { once: true });
    return new Promise(() => {});
  };
  const guest = await instance(WAITING, { gate });
  const controller = new AbortController();
  const ways = ['tidy', 'deaf', 'stackful', 'alert'];
  const calls = Array.from({ length: 200 }, (_, i) =>
    call(guest, ways[i % ways.length] ?? '', { signal: controller.signal }),
  );
  await turns();
  assert.equal(suspendedCount(), 100);
  // A subtask and a set each, but for those that call synchronously.
  assert.equal(objectCount(), before + 150 * 2);
  guest[Symbol.dispose]();
  const outcomes = await Promise.allSettled(calls);
  assert.ok(
    outcomes.every((o) => o.status === 'rejected' && o.reason instanceof Trap && o.reason.code === 'store-dead'),
  );
  await turns();
  assert.equal(suspendedCount(), 0);
  assert.equal(objectCount(), before);
  assert.equal(aborted.length, 200);
});
