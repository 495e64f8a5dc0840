/** Pools of components with asynchronous functions: an instance comes back only when nothing of it is under way, and nothing leaks. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Imports, type Instance, type InstancePre, Linker } from '../../src/index.ts';
import { objectCount } from '../../src/runtime/object-handles.ts';
import { promisedFunctionOf } from '../../src/runtime/promised-function.ts';
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

/** Leaves a waitable set and an error context, and tries handles. */
const LEAVING = `(component
  (core module $Mem (memory (export "mem") 1))
  (core instance $mem (instantiate $Mem))
  (alias core export $mem "mem" (core memory $mem))
  (core func $set (canon waitable-set.new))
  (core func $drop-set (canon waitable-set.drop))
  (core func $error (canon error-context.new string-encoding=utf8 (memory $mem)))
  (core func $drop-error (canon error-context.drop))
  (core func $put (canon context.set i32 0))
  (core func $get (canon context.get i32 0))
  (core module $M
    (import "" "set" (func $set (result i32)))
    (import "" "drop-set" (func $drop-set (param i32)))
    (import "" "error" (func $error (param i32 i32) (result i32)))
    (import "" "drop-error" (func $drop-error (param i32)))
    (import "" "put" (func $put (param i32)))
    (import "" "get" (func $get (result i32)))
    (func (export "leave") (result i32)
      (call $put (i32.const 0x5ec4e7))
      (drop (call $set))
      (call $error (i32.const 0) (i32.const 0)))
    (func (export "context") (result i32) (call $get))
    (func (export "drop-set") (param i32) (call $drop-set (local.get 0)))
    (func (export "drop-error") (param i32) (call $drop-error (local.get 0))))
  (core instance $m (instantiate $M (with "" (instance
    (export "set" (func $set)) (export "drop-set" (func $drop-set)) (export "error" (func $error))
    (export "drop-error" (func $drop-error)) (export "put" (func $put)) (export "get" (func $get))))))
  (func (export "leave") (result u32) (canon lift (core func $m "leave")))
  (func (export "context") (result u32) (canon lift (core func $m "context")))
  (func (export "drop-set") (param "handle" u32) (canon lift (core func $m "drop-set")))
  (func (export "drop-error") (param "handle" u32) (canon lift (core func $m "drop-error"))))`;

describe('handles that a tenant leaves behind', () => {
  test('waitable sets, error contexts and context slots are gone for the next', async () => {
    const pre = await pooled(LEAVING, {});
    const before = objectCount();
    const first = pre.instantiate();
    assert.equal(fn(first.exports, 'leave')(), 2);
    assert.equal(objectCount(), before + 2);
    first[Symbol.dispose]();
    assert.equal(objectCount(), before, 'nothing is kept of them');
    for (const [name, handle] of [
      ['drop-set', 1],
      ['drop-error', 2],
      ['drop-set', 2],
    ] as const) {
      const { tenant, reused } = next(pre);
      assert.ok(reused || pre.pool!.idle === 0);
      assert.equal(fn(tenant.exports, 'context')(), 0);
      assert.throws(() => fn(tenant.exports, name)(handle), { code: 'unknown-handle' });
    }
    const { tenant } = next(pre);
    assert.equal(fn(tenant.exports, 'leave')(), 2, 'its own begin where the first one’s did');
    tenant[Symbol.dispose]();
    assert.equal(objectCount(), before);
  });
});

describe('what is asked of an instance after its time', () => {
  const COUNTER = `(component
    (import "gate" (func $gate (result u32)))
    (core module $M
      (import "" "gate" (func $gate (result i32)))
      (global $n (mut i32) (i32.const 0))
      (func (export "next") (result i32)
        (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n))
      (func (export "wait") (result i32)
        (global.set $n (i32.add (global.get $n) (i32.const 1))) (i32.add (call $gate) (global.get $n))))
    (core func $gate' (canon lower (func $gate)))
    (core instance $m (instantiate $M (with "" (instance (export "gate" (func $gate'))))))
    (func $next (result u32) (canon lift (core func $m "next")))
    (func $wait (result u32) (canon lift (core func $m "wait")))
    (instance $i (export "next" (func $next)) (export "wait" (func $wait)))
    (export "a:b/counter" (instance $i)))`;
  type Call = () => Promise<unknown>;
  const one = (instance: Instance, name: string) =>
    promisedFunctionOf(instance, 'a:b/counter', name) as Call | undefined;

  for (const called of [false, true])
    test(`one function alone, ${called ? '' : 'never '}called before: dead, and does not enter the next tenant`, async () => {
      const pre = await pooled(COUNTER, { gate: async () => 10 });
      const first = pre.instantiate();
      const kept = ['next', 'wait'].map((name) => one(first, name)!);
      if (called) assert.deepEqual([await kept[0]!(), await kept[1]!()], [1, 12]);
      first[Symbol.dispose]();
      const { tenant, reused } = next(pre);
      assert.ok(reused);
      for (const old of kept) await assert.rejects(async () => old(), { code: 'store-dead' });
      assert.equal(await one(tenant, 'next')!(), 1, 'nobody was here before');
      assert.equal(one(tenant, 'absent'), undefined);
      assert.equal(promisedFunctionOf(tenant, 'a:b/other', 'next'), undefined);
    });

  test('exports that nobody asked for while it lived', async () => {
    const pre = await pooled(COUNTER, { gate: async () => 10 });
    const first = pre.instantiate();
    first[Symbol.dispose]();
    const { tenant, reused } = next(pre);
    assert.ok(reused);
    for (const ask of [() => first.exports, () => first.promised, () => one(first, 'next')])
      assert.throws(ask, { code: 'store-dead' });
    assert.equal(await one(tenant, 'next')!(), 1);
  });
});
