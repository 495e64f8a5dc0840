/** Pools of components with asynchronous functions: an instance comes back only when nothing of it is under way, and nothing leaks. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Imports, type Instance, type InstancePre, Linker } from '../../src/index.ts';
import { BYTES } from '../support/byte-guest.ts';
import { component, deferred, fn, turns } from '../support/component.ts';
import { WAITING } from '../support/waiting-guest.ts';

async function pooled(text: string, imports: Imports = {}): Promise<InstancePre> {
  const pre = await new Linker().defineAll(imports).link(await component(text), { pool: true });
  assert.equal(pre.pool?.refused, undefined);
  return pre;
}

function call(guest: Instance, name: string, ...args: unknown[]): Promise<unknown> {
  return fn(guest.exports, name)(...args) as Promise<unknown>;
}

/** The next tenant, and whether what it is made of had one before. */
function next(pre: InstancePre): { readonly tenant: Instance; readonly reused: boolean } {
  const before = pre.pool!.reused;
  return { tenant: pre.instantiate(), reused: pre.pool!.reused > before };
}

describe('calls that have ended', () => {
  for (const name of ['tidy', 'deaf', 'sync', 'stackful', 'alert'])
    test(`${name}: the next tenant begins anew`, async () => {
      let answer = 0;
      const pre = await pooled(WAITING, { gate: async () => answer });
      for (let i = 0; i < 4; i++) {
        const { tenant, reused } = next(pre);
        assert.equal(reused, i > 0);
        assert.equal(fn(tenant.exports, 'entered')(), 0);
        answer = i + 10;
        assert.deepEqual(await Promise.all([call(tenant, name), call(tenant, name)]), [answer, answer]);
        tenant[Symbol.dispose]();
      }
    });

  test('back-pressure of an earlier tenant holds nobody', async () => {
    const pre = await pooled(WAITING, { gate: async () => 5 });
    const first = pre.instantiate();
    fn(first.exports, 'hold')(true);
    first[Symbol.dispose]();
    const { tenant, reused } = next(pre);
    assert.ok(reused);
    assert.equal(await call(tenant, 'tidy'), 5);
    assert.throws(() => fn(tenant.exports, 'hold')(false), { code: 'backpressure' });
  });

  test('functions of an earlier tenant are dead, and do not enter the next', async () => {
    const pre = await pooled(WAITING, { gate: async () => 5 });
    const first = pre.instantiate();
    const kept = ['tidy', 'deaf', 'sync', 'stackful', 'alert'].map((name) => fn(first.exports, name));
    const promised = fn(first.promised, 'tidy');
    assert.equal(await kept[0]!(), 5);
    first[Symbol.dispose]();
    const { tenant, reused } = next(pre);
    assert.ok(reused);
    for (const old of [...kept, promised]) await assert.rejects(old() as Promise<unknown>, { code: 'store-dead' });
    assert.equal(fn(tenant.exports, 'entered')(), 0);
  });
});

describe('calls that are under way', () => {
  for (const name of ['tidy', 'deaf', 'sync', 'stackful', 'alert'])
    test(`${name}: its instance does not come back, whatever the host answers later`, async () => {
      const gate = deferred<number>();
      const pre = await pooled(WAITING, { gate: () => gate.promise });
      const first = pre.instantiate();
      const calls = [call(first, name), call(first, name)];
      for (const one of calls) one.catch(() => {});
      await turns();
      first[Symbol.dispose]();
      assert.equal(pre.pool!.idle, 0);
      const { tenant, reused } = next(pre);
      assert.equal(reused, false);
      for (const one of calls) await assert.rejects(one, { code: 'store-dead' });
      gate.resolve(7);
      await turns();
      assert.equal(pre.pool!.idle, 0);
      assert.equal(fn(tenant.exports, 'entered')(), 0);
      assert.equal(await call(tenant, 'tidy'), 7);
    });

  test('one that the host has cancelled, and the guest goes on with', async () => {
    const gate = deferred<number>();
    const pre = await pooled(WAITING, { gate: () => gate.promise });
    const first = pre.instantiate();
    const controller = new AbortController();
    const cancelled = call(first, 'deaf', { signal: controller.signal });
    await turns();
    controller.abort();
    await assert.rejects(cancelled, { name: 'AbortError' });
    await turns();
    first[Symbol.dispose]();
    assert.equal(pre.pool!.idle, 0, 'its task has not ended');
    gate.resolve(1);
    await turns();
    assert.equal(pre.pool!.idle, 0);
  });

  test('one that waits for its turn', async () => {
    const pre = await pooled(WAITING, { gate: async () => 3 });
    const first = pre.instantiate();
    fn(first.exports, 'hold')(true);
    const waiting = call(first, 'tidy');
    waiting.catch(() => {});
    await turns();
    first[Symbol.dispose]();
    assert.equal(pre.pool!.idle, 0);
    await assert.rejects(waiting, { code: 'store-dead' });
  });
});

describe('streams', () => {
  test('that were read to their end', async () => {
    const pre = await pooled(BYTES);
    for (let i = 0; i < 3; i++) {
      const { tenant, reused } = next(pre);
      assert.equal(reused, i > 0);
      assert.equal(fn(tenant.exports, 'written')(), 0);
      let length = 0;
      for await (const chunk of (await call(tenant, 'count', 3, 1_000)) as ReadableStream<Uint8Array>)
        length += chunk.length;
      assert.equal(length, 3_000);
      await turns();
      tenant[Symbol.dispose]();
    }
  });

  test('that the host still reads: the instance does not come back, and the stream ends with its own', async () => {
    const pre = await pooled(BYTES);
    const first = pre.instantiate();
    const stream = (await call(first, 'count', 3, 1_000)) as ReadableStream<Uint8Array>;
    const reader = stream.getReader();
    await reader.read();
    first[Symbol.dispose]();
    assert.equal(pre.pool!.idle, 0);
    await assert.rejects(
      (async () => {
        for (;;) if ((await reader.read()).done) return;
      })(),
      { code: 'store-dead' },
    );
  });

  test('that the guest holds: what the host writes later reaches nobody', async () => {
    const pre = await pooled(BYTES);
    const first = pre.instantiate();
    const gate = deferred<void>();
    const source = (async function* () {
      await gate.promise;
      yield new Uint8Array(100).fill(0x5e);
    })();
    fn(first.exports, 'hold')(source);
    first[Symbol.dispose]();
    assert.equal(pre.pool!.idle, 0);
    const { tenant } = next(pre);
    gate.resolve();
    await turns();
    assert.equal(fn(tenant.exports, 'got')(), 0);
  });
});
