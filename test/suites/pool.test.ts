/** Instances from a pool: each is as fresh as one that was made anew, and nothing of an earlier tenant reaches it, or the other way. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Imports, type Instance, type InstancePre, Linker, type LinkOptions } from '../../src/index.ts';
import { component, deferred, fn, turn } from '../support/component.ts';

async function pooled(text: string, imports: Imports = {}, options: LinkOptions = {}): Promise<InstancePre> {
  const pre = await new Linker().defineAll(imports).link(await component(text), { pool: true, ...options });
  assert.equal(pre.pool?.refused, undefined);
  return pre;
}

/** Instantiates, and says whether an instance that an earlier tenant had was made fresh. */
function next(pre: InstancePre): { readonly tenant: Instance; readonly reused: boolean } {
  const before = pre.pool!.reused;
  const tenant = pre.instantiate();
  return { tenant, reused: pre.pool!.reused > before };
}

/** The next tenant, of an instance that had one before: otherwise the test would show nothing. */
function successor(pre: InstancePre): Instance {
  const { tenant, reused } = next(pre);
  assert.ok(reused, 'the instance had a tenant before');
  return tenant;
}

/** A guest that can keep a secret in every place that it has, and can look everywhere. */
const KEEPER = `
(component
  (import "host" (instance $host
    (export "thing" (type $thing (sub resource)))
    (export "[constructor]thing" (func (param "n" u32) (result (own $thing))))))
  (alias export $host "thing" (type $thing))
  (core func $new (canon lower (func $host "[constructor]thing")))
  (core func $drop (canon resource.drop $thing))
  (core func $get (canon context.get i32 0))
  (core func $set (canon context.set i32 0))
  (core module $M
    (import "h" "new" (func $new (param i32) (result i32)))
    (import "h" "drop" (func $drop (param i32)))
    (import "h" "get" (func $get (result i32)))
    (import "h" "set" (func $set (param i32)))
    (memory (export "memory") 2 200)
    (global $secret (mut i32) (i32.const 7))
    (global $wide (mut i64) (i64.const -1))
    (table 4 funcref)
    (elem (i32.const 1) $answer)
    (func $answer (result i32) (i32.const 42))
    (func (export "remember") (param $n i32)
      (memory.fill (i32.const 0) (local.get $n) (i32.shl (memory.size) (i32.const 16)))
      (global.set $secret (local.get $n))
      (global.set $wide (i64.extend_i32_u (local.get $n)))
      (call $set (local.get $n)))
    (func (export "count") (result i32)
      (local $at i32) (local $count i32)
      (loop $next
        (local.set $count (i32.add (local.get $count) (i32.ne (i32.load8_u (local.get $at)) (i32.const 0))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $at) (i32.shl (memory.size) (i32.const 16)))))
      (local.get $count))
    (func (export "peek") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "size") (result i32) (memory.size))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "secret") (result i32) (global.get $secret))
    (func (export "wide") (result i64) (global.get $wide))
    (func (export "context") (result i32) (call $get))
    (func (export "hold") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "let-go") (param i32) (call $drop (local.get 0)))
    (func (export "indirect") (param i32) (result i32) (call_indirect (result i32) (local.get 0)))
    (data (i32.const 100) "seed") (data (i32.const 65536) "more"))
  (core instance $m (instantiate $M (with "h" (instance
    (export "new" (func $new)) (export "drop" (func $drop)) (export "get" (func $get)) (export "set" (func $set))))))
  (func (export "remember") (param "n" u32) (canon lift (core func $m "remember")))
  (func (export "count") (result u32) (canon lift (core func $m "count")))
  (func (export "peek") (param "n" u32) (result u32) (canon lift (core func $m "peek")))
  (func (export "size") (result u32) (canon lift (core func $m "size")))
  (func (export "grow") (param "n" u32) (result s32) (canon lift (core func $m "grow")))
  (func (export "secret") (result u32) (canon lift (core func $m "secret")))
  (func (export "wide") (result s64) (canon lift (core func $m "wide")))
  (func (export "context") (result u32) (canon lift (core func $m "context")))
  (func (export "hold") (param "n" u32) (result u32) (canon lift (core func $m "hold")))
  (func (export "let-go") (param "n" u32) (canon lift (core func $m "let-go")))
  (func (export "indirect") (param "n" u32) (result u32) (canon lift (core func $m "indirect"))))`;

class Thing {
  readonly n: number;
  static disposed: number[] = [];
  constructor(n: number) {
    this.n = n;
  }
  [Symbol.dispose](): void {
    Thing.disposed.push(this.n);
  }
}

const HOST = { host: { Thing } };

/** What a fresh guest answers. */
function looksFresh(tenant: Instance): void {
  const ask = (name: string, ...args: unknown[]): unknown => fn(tenant.exports, name)(...args);
  assert.equal(ask('size'), 2);
  assert.equal(ask('count'), 8, 'two data segments, and zeros');
  assert.equal(ask('peek', 100), 0x6465_6573);
  assert.equal(ask('secret'), 7);
  assert.equal(ask('wide'), -1n);
  assert.equal(ask('context'), 0);
  assert.equal(ask('indirect', 1), 42);
}

describe('secrets of an earlier tenant', () => {
  test('memory, globals and context slots', async () => {
    const pre = await pooled(KEEPER, HOST);
    const { tenant, reused } = next(pre);
    assert.equal(reused, false);
    looksFresh(tenant);
    fn(tenant.exports, 'remember')(0x5a);
    assert.equal(fn(tenant.exports, 'count')(), 2 * 65_536);
    assert.equal(fn(tenant.exports, 'secret')(), 0x5a);
    tenant[Symbol.dispose]();
    looksFresh(successor(pre));
  });

  test('pages that it grew: they are gone, and zero when they come back', async () => {
    const pre = await pooled(KEEPER, HOST);
    for (let i = 0; i < 5; i++) {
      const { tenant, reused } = next(pre);
      assert.equal(reused, i > 0);
      looksFresh(tenant);
      assert.equal(fn(tenant.exports, 'grow')(3 + i), 2, 'it begins with its own size');
      assert.equal(fn(tenant.exports, 'count')(), 8);
      fn(tenant.exports, 'remember')(0xff);
      tenant[Symbol.dispose]();
    }
  });

  test('what it wrote behind the end of its memory, where one before had grown', async () => {
    const pre = await pooled(KEEPER, HOST);
    const first = pre.instantiate();
    fn(first.exports, 'grow')(10);
    fn(first.exports, 'remember')(0x11);
    first[Symbol.dispose]();
    const second = successor(pre);
    for (let at = 2 * 65_536; at < 12 * 65_536 - 4; at += 4_096) assert.equal(fn(second.exports, 'peek')(at), 0);
  });

  test('handles: none can be named, the objects are disposed of', async () => {
    const pre = await pooled(KEEPER, HOST);
    const first = pre.instantiate();
    Thing.disposed = [];
    const held = [1, 2, 3, 4, 5].map((n) => fn(first.exports, 'hold')(n));
    assert.deepEqual(held, [1, 2, 3, 4, 5]);
    fn(first.exports, 'let-go')(3);
    first[Symbol.dispose]();
    assert.deepEqual(Thing.disposed, [3, 1, 2, 4, 5]);
    const second = successor(pre);
    for (const index of [1, 2, 3, 4, 5, 6]) {
      const { tenant } = next(pre);
      assert.throws(() => fn(tenant.exports, 'let-go')(index), { code: 'unknown-handle' });
    }
    assert.equal(fn(second.exports, 'hold')(9), 1, 'indices begin anew');
  });

  test('a great many handles, then few', async () => {
    const pre = await pooled(KEEPER, HOST);
    const first = pre.instantiate();
    for (let n = 0; n < 5_000; n++) fn(first.exports, 'hold')(n);
    first[Symbol.dispose]();
    const second = successor(pre);
    assert.equal(fn(second.exports, 'hold')(9), 1);
    assert.throws(() => fn(second.exports, 'let-go')(2), { code: 'unknown-handle' });
  });

  test('a view of its memory that the host kept is empty', async () => {
    const made: WebAssembly.Memory[] = [];
    const { Memory } = WebAssembly;
    WebAssembly.Memory = class extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        super(descriptor);
        made.push(this);
      }
    };
    try {
      const pre = await pooled(KEEPER, HOST);
      const first = pre.instantiate();
      const memory = made.find(({ buffer }) => buffer.byteLength === 2 * 65_536);
      assert.ok(memory !== undefined, 'the memory was made outside of the module');
      const lent = new Uint8Array(memory.buffer);
      fn(first.exports, 'remember')(0x77);
      assert.equal(lent[5_000], 0x77);
      first[Symbol.dispose]();
      assert.equal(lent.length, 0);
      fn(successor(pre).exports, 'remember')(0x66);
      assert.equal(lent[5_000], undefined);
    } finally {
      WebAssembly.Memory = Memory;
    }
  });
});

describe('what an earlier tenant left with the host', () => {
  test('its functions are dead, however they were kept', async () => {
    const pre = await pooled(KEEPER, HOST);
    const first = pre.instantiate();
    const kept = [fn(first.exports, 'remember'), fn(first.exports, 'secret')];
    const promised = fn(first.promised, 'remember');
    await promised(3);
    first[Symbol.dispose]();
    assert.equal(first.alive, false);
    const second = successor(pre);
    for (const call of [...kept, fn(first.exports, 'grow')]) assert.throws(() => call(1), { code: 'store-dead' });
    await assert.rejects(promised(1) as Promise<unknown>, { code: 'store-dead' });
    await assert.rejects(fn(first.promised, 'grow')(1) as Promise<unknown>, { code: 'store-dead' });
    looksFresh(second);
    assert.equal(second.alive, true);
    first[Symbol.dispose]();
    looksFresh(second);
    assert.equal(pre.pool!.idle, 0, 'disposing twice gives back once');
  });

  test('promised calls work for each tenant', async () => {
    const pre = await pooled(KEEPER, HOST);
    for (let i = 0; i < 3; i++) {
      const tenant = i === 0 ? pre.instantiate() : successor(pre);
      assert.equal(await fn(tenant.promised, 'secret')(), 7);
      await fn(tenant.promised, 'remember')(9);
      assert.equal(await fn(tenant.promised, 'secret')(), 9);
      tenant[Symbol.dispose]();
    }
  });
});

const COUNTER = `
(component
  (core module $D
    (global $dropped (export "dropped") (mut i32) (i32.const 0))
    (func (export "dtor") (param i32) (global.set $dropped (i32.add (global.get $dropped) (local.get 0)))))
  (core instance $d (instantiate $D))
  (alias core export $d "dtor" (core func $dtor))
  (type $counter' (resource (rep i32) (dtor (core func $dtor))))
  (core func $new (canon resource.new $counter'))
  (core func $rep (canon resource.rep $counter'))
  (core module $M
    (import "h" "new" (func $new (param i32) (result i32)))
    (import "h" "rep" (func $rep (param i32) (result i32)))
    (import "h" "dropped" (global $dropped (mut i32)))
    (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "value") (param i32) (result i32) (local.get 0))
    (func (export "take") (param i32) (result i32) (call $rep (local.get 0)))
    (func (export "dropped") (result i32) (global.get $dropped)))
  (core instance $m (instantiate $M (with "h" (instance
    (export "new" (func $new)) (export "rep" (func $rep)) (export "dropped" (global $d "dropped"))))))
  (export $counter "counter" (type $counter'))
  (func (export "make") (param "n" u32) (result (own $counter)) (canon lift (core func $m "make")))
  (func (export "value") (param "c" (borrow $counter)) (result u32) (canon lift (core func $m "value")))
  (func (export "take") (param "c" (own $counter)) (result u32) (canon lift (core func $m "take")))
  (func (export "dropped") (result u32) (canon lift (core func $m "dropped"))))`;

describe('resources of the guest', () => {
  test('handles of an earlier tenant name nothing in the next, and their destructors do not run in it', async () => {
    const pre = await pooled(COUNTER);
    const first = pre.instantiate();
    const kept = fn(first.exports, 'make')(1_000) as Disposable;
    const moved = fn(first.exports, 'make')(2_000) as Disposable;
    assert.equal(fn(first.exports, 'value')(kept), 1_000);
    first[Symbol.dispose]();
    const second = successor(pre);
    assert.equal(fn(second.exports, 'dropped')(), 0);
    const own = fn(second.exports, 'make')(5);
    for (const call of ['value', 'take']) {
      assert.throws(() => fn(second.exports, call)(kept), { code: 'wrong-resource' });
    }
    kept[Symbol.dispose]();
    moved[Symbol.dispose]();
    assert.equal(fn(second.exports, 'dropped')(), 0);
    assert.equal(fn(second.exports, 'value')(own), 5);
    (own as Disposable)[Symbol.dispose]();
    assert.equal(fn(second.exports, 'dropped')(), 5);
    assert.notEqual(first.exports['Counter'], second.exports['Counter']);
    assert.equal(own instanceof (second.exports['Counter'] as new () => object), true);
    assert.equal(kept instanceof (second.exports['Counter'] as new () => object), false);
  });
});

/** Calls the host in the middle of its work, and writes before and after. */
const CALLS_OUT = `
(component
  (import "out" (func $out))
  (core func $lowered (canon lower (func $out)))
  (core module $M
    (import "h" "out" (func $out))
    (memory 1)
    (global $n (mut i32) (i32.const 0))
    (func (export "work") (result i32)
      (i32.store (i32.const 8) (i32.const 1))
      (call $out)
      (i32.store (i32.const 8) (i32.const 0x5ec2e7))
      (global.set $n (i32.const 0x5ec2e7))
      (i32.load (i32.const 8)))
    (func (export "look") (result i32) (i32.or (i32.load (i32.const 8)) (global.get $n))))
  (core instance $m (instantiate $M (with "h" (instance (export "out" (func $lowered))))))
  (func (export "work") (result u32) (canon lift (core func $m "work")))
  (func (export "look") (result u32) (canon lift (core func $m "look"))))`;

describe('disposed of while it works', () => {
  test('in a host function: it is not given out, and does not come back', async () => {
    let during = (): void => {};
    const pre = await pooled(CALLS_OUT, { out: () => during() });
    const first = pre.instantiate();
    let second: Instance | undefined;
    during = () => {
      first[Symbol.dispose]();
      second = next(pre).tenant;
      assert.equal(pre.pool!.reused, 0);
    };
    assert.throws(() => fn(first.exports, 'work')(), { code: 'store-dead' });
    assert.equal(fn(second!.exports, 'look')(), 0);
    assert.equal(pre.pool!.idle, 0);
  });

  test('in a host function of another instance’s call: it is given out', async () => {
    let during = (): void => {};
    const pre = await pooled(CALLS_OUT, { out: () => during() });
    const [first, outer] = [pre.instantiate(), pre.instantiate()];
    during = () => {
      first[Symbol.dispose]();
      assert.equal(fn(successor(pre).exports, 'look')(), 0);
    };
    assert.equal(fn(outer.exports, 'work')(), 0x5e_c2e7);
    assert.equal(pre.pool!.reused, 1);
  });

  test('while it is suspended, and when its promise comes later', async () => {
    const gates = [deferred<void>(), deferred<void>()];
    let calls = 0;
    const pre = await pooled(CALLS_OUT, { out: () => gates[calls++]?.promise });
    const first = pre.instantiate();
    const working = fn(first.promised, 'work')() as Promise<unknown>;
    working.catch(() => {});
    await turn();
    assert.equal(calls, 1);
    first[Symbol.dispose]();
    const { tenant, reused } = next(pre);
    assert.equal(reused, false);
    gates[0]!.resolve();
    await assert.rejects(working, { code: 'store-dead' });
    await turn();
    assert.equal(fn(tenant.exports, 'look')(), 0);
    assert.equal(pre.pool!.idle, 0);
  });

  test('while calls wait for their turn', async () => {
    const gate = deferred<void>();
    const pre = await pooled(CALLS_OUT, { out: () => gate.promise });
    const first = pre.instantiate();
    const calls = [1, 2, 3].map(() => fn(first.promised, 'work')() as Promise<unknown>);
    for (const call of calls) call.catch(() => {});
    await turn();
    gate.resolve();
    await calls[0];
    // The others go on one after the other; whichever waits now must not find the next tenant.
    first[Symbol.dispose]();
    const { tenant } = next(pre);
    for (const call of calls.slice(1)) await assert.rejects(call, { code: 'store-dead' });
    assert.equal(fn(tenant.exports, 'look')(), 0);
  });
});

const TAKES_RECORD = `
(component
  (type $r' (record (field "a" string) (field "b" string)))
  (core module $M
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $top) (global.set $top (i32.add (global.get $top) (local.get 3))))
    (func (export "take") (param i32 i32 i32 i32) (result i32) (i32.load8_u (local.get 2)))
    (func (export "look") (result i32) (i32.or (i32.load (i32.const 1024)) (i32.load (i32.const 1028)))))
  (core instance $m (instantiate $M))
  (export $r "r" (type $r'))
  (func (export "take") (param "r" $r) (result u32)
    (canon lift (core func $m "take") (memory (core memory $m "memory")) (realloc (core func $m "realloc"))))
  (func (export "look") (result u32) (canon lift (core func $m "look"))))`;

test('disposed of by a getter while its arguments are lowered: what is lowered after that reaches nobody', async () => {
  const pre = await pooled(TAKES_RECORD);
  const first = pre.instantiate();
  let second: Instance | undefined;
  const argument = {
    a: 'x',
    get b(): string {
      first[Symbol.dispose]();
      second = next(pre).tenant;
      return 'secret';
    },
  };
  assert.throws(() => fn(first.exports, 'take')(argument), { code: 'store-dead' });
  assert.equal(fn(second!.exports, 'look')(), 0);
  assert.equal(pre.pool!.reused, 0);
  assert.equal(fn(second!.exports, 'take')({ a: 'x', b: 'y' }), 'y'.charCodeAt(0));
});

const FAILS = `
(component
  (core module $M (memory 1)
    (func (export "fail") unreachable)
    (func (export "ok") (result i32) (i32.load (i32.const 0))))
  (core instance $m (instantiate $M))
  (func (export "fail") (canon lift (core func $m "fail")))
  (func (export "ok") (result u32) (canon lift (core func $m "ok"))))`;

test('an instance that trapped is never given out again', async () => {
  const pre = await pooled(FAILS);
  const first = pre.instantiate();
  assert.throws(() => fn(first.exports, 'fail')(), { code: 'unreachable' });
  first[Symbol.dispose]();
  assert.equal(pre.pool!.idle, 0);
  assert.equal(next(pre).reused, false);
});

const STARTS = `
(component
  (import "tick" (func $tick (result u32)))
  (core func $lowered (canon lower (func $tick)))
  (core module $A
    (import "h" "tick" (func $tick (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\\01")
    (func $start (i32.store (i32.const 4) (i32.add (call $tick) (i32.load (i32.const 0)))))
    (func (export "get") (result i32) (i32.load (i32.const 4)))
    (start $start))
  (core module $B
    (memory (export "memory") 1)
    (data (i32.const 4) "\\05")
    (func (export "get") (result i32) (i32.load (i32.const 4))))
  (core instance $a (instantiate $A (with "h" (instance (export "tick" (func $lowered))))))
  (core instance $b (instantiate $B))
  (func (export "a") (result u32) (canon lift (core func $a "get")))
  (func (export "b") (result u32) (canon lift (core func $b "get"))))`;

describe('start functions', () => {
  test('run anew for each tenant, and call the host anew', async () => {
    let ticks = 0;
    const pre = await pooled(STARTS, { tick: () => ++ticks });
    for (let i = 1; i <= 4; i++) {
      const tenant = i === 1 ? pre.instantiate() : successor(pre);
      assert.equal(ticks, i);
      assert.equal(fn(tenant.exports, 'a')(), i + 1);
      assert.equal(fn(tenant.exports, 'b')(), 5);
      tenant[Symbol.dispose]();
    }
  });

  test('one that traps for a later tenant is the error of that one', async () => {
    let fails = false;
    const tick = (): number => {
      if (fails) throw new Error('not now');
      return 1;
    };
    const pre = await pooled(STARTS, { tick });
    pre.instantiate()[Symbol.dispose]();
    fails = true;
    assert.throws(() => pre.instantiate(), { code: 'host-error' });
    fails = false;
    const { tenant, reused } = next(pre);
    assert.equal(reused, false, 'what trapped is gone');
    assert.equal(fn(tenant.exports, 'a')(), 2);
  });
});

const USER = `
(component
  (import "look" (func $look (result u32)))
  (core func $lowered (canon lower (func $look)))
  (core module $M (import "h" "look" (func $look (result i32))) (func (export "through") (result i32) (call $look)))
  (core instance $m (instantiate $M (with "h" (instance (export "look" (func $lowered))))))
  (func (export "through") (result u32) (canon lift (core func $m "through"))))`;

describe('instances that are linked to others', () => {
  test('are not given out again: their users hold their memory', async () => {
    const pre = await pooled(CALLS_OUT, { out: () => {} });
    const first = pre.instantiate();
    const user = (await new Linker().define('look', first.exports['look']).link(await component(USER))).instantiate();
    assert.equal(fn(user.exports, 'through')(), 0);
    first[Symbol.dispose]();
    const { tenant, reused } = next(pre);
    assert.equal(reused, false);
    fn(tenant.exports, 'work')();
    assert.throws(() => fn(user.exports, 'through')(), { code: 'store-dead' });
  });

  test('after they were disposed of and given out again, cannot be linked', async () => {
    const pre = await pooled(CALLS_OUT, { out: () => {} });
    const first = pre.instantiate();
    const before = await new Linker().define('look', first.exports['look']).link(await component(USER));
    first[Symbol.dispose]();
    const second = successor(pre);
    const after = await new Linker().define('look', first.exports['look']).link(await component(USER));
    for (const linked of [before, after]) assert.throws(() => linked.instantiate(), { code: 'store-dead' });
    assert.equal(fn(second.exports, 'look')(), 0);
  });
});

describe('the size of the pool', () => {
  test('keeps so many, and forgets the others', async () => {
    const pre = await pooled(FAILS, {}, { pool: { size: 2 } });
    const tenants = [1, 2, 3, 4].map(() => pre.instantiate());
    for (const tenant of tenants) tenant[Symbol.dispose]();
    assert.equal(pre.pool!.idle, 2);
    const again = [1, 2, 3].map(() => next(pre));
    assert.deepEqual(
      again.map(({ reused }) => reused),
      [true, true, false],
    );
  });

  test('memories that grew further than the bound are not kept', async () => {
    const pre = await pooled(KEEPER, HOST, { pool: { growth: 4 * 65_536 } });
    const first = pre.instantiate();
    fn(first.exports, 'grow')(4);
    first[Symbol.dispose]();
    assert.equal(pre.pool!.idle, 1);
    const second = successor(pre);
    fn(second.exports, 'grow')(5);
    second[Symbol.dispose]();
    assert.equal(pre.pool!.idle, 0);
    assert.equal(next(pre).reused, false);
  });

  test('limits hold for every tenant', async () => {
    const pre = await pooled(KEEPER, HOST, { limits: { memory: 6 * 65_536 } });
    for (let i = 0; i < 3; i++) {
      const { tenant } = next(pre);
      assert.equal(fn(tenant.exports, 'grow')(5), -1);
      assert.equal(fn(tenant.exports, 'grow')(4), 2);
      assert.equal(fn(tenant.exports, 'grow')(1), -1);
      tenant[Symbol.dispose]();
    }
    assert.equal(pre.pool!.reused, 2);
  });

  test('without a pool nothing is kept', async () => {
    const pre = await new Linker().defineAll(HOST).link(await component(KEEPER));
    assert.equal(pre.pool, undefined);
  });

  test('bad options are refused', async () => {
    const loaded = await component(FAILS);
    for (const pool of [{ size: -1 }, { size: 1.5 }, { growth: -1 }])
      await assert.rejects(new Linker().link(loaded, { pool }), { code: 'bad-pool' });
  });
});

describe('components whose instances cannot be proven fresh', () => {
  const refused: readonly (readonly [why: RegExp, text: string])[] = [
    [
      /table\.set/,
      `(component (core module $M (table 1 funcref) (func (export "f") (table.set (i32.const 0) (ref.null func))))
        (core instance $m (instantiate $M)) (func (export "f") (canon lift (core func $m "f"))))`,
    ],
    [
      /after a start function/,
      `(component
        (core module $A (memory (export "memory") 1) (func $s (i32.store (i32.const 0) (i32.const 9))) (start $s))
        (core module $B (import "a" "memory" (memory 1)) (data (i32.const 0) "x") (func (export "f")))
        (core instance $a (instantiate $A)) (core instance $b (instantiate $B (with "a" (instance $a))))
        (func (export "f") (canon lift (core func $b "f"))))`,
    ],
  ];
  for (const [why, text] of refused)
    test(`${why}: are made anew each time`, async () => {
      const pre = await new Linker().link(await component(text), { pool: true });
      assert.match(pre.pool?.refused ?? 'not refused', why);
      for (let i = 0; i < 3; i++) {
        const tenant = pre.instantiate();
        fn(tenant.exports, 'f')();
        tenant[Symbol.dispose]();
        assert.equal(tenant.alive, false);
      }
      assert.equal(pre.pool?.reused, 0);
    });

  test('those that are linked to a live instance', async () => {
    const inner = (await new Linker().define('out', () => {}).link(await component(CALLS_OUT))).instantiate();
    const outer = await component(USER);
    const pre = await new Linker().define('look', inner.exports['look']).link(outer, { pool: true });
    assert.match(pre.pool?.refused ?? 'not refused', /live/);
  });

  test('those of the interpreter', async () => {
    const pre = await new Linker().link(await component(FAILS), { pool: true, mode: 'interpreted' });
    assert.match(pre.pool?.refused ?? 'not refused', /interpret/);
  });
});
