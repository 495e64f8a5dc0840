/** The tests that a wrong architecture cannot pass: waiting, traps that others swallow, names that JavaScript treats specially. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ComponentError, Linker, Trap } from '../../src/index.ts';
import { component, deferred, fn, instance, turn } from '../support/component.ts';

/** `f(n)` keeps n on a shadow stack in memory while it waits in the import `wait`, then answers what it finds there. */
const SHADOW_STACK = `
(component
  (import "wait" (func $wait (param "n" u32) (result u32)))
  (core func $lowered (canon lower (func $wait)))
  (core module $M
    (import "host" "wait" (func $wait (param i32) (result i32)))
    (memory (export "memory") 1)
    (global $sp (mut i32) (i32.const 1024))
    (func (export "f") (param $n i32) (result i32)
      (local $waited i32)
      (global.set $sp (i32.sub (global.get $sp) (i32.const 16)))
      (i32.store (global.get $sp) (local.get $n))
      (local.set $waited (call $wait (local.get $n)))
      (i32.add (i32.mul (local.get $waited) (i32.const 1000)) (i32.load (global.get $sp)))
      (global.set $sp (i32.add (global.get $sp) (i32.const 16))))
    (func (export "g") (result i32) (i32.const 7)))
  (core instance $m (instantiate $M (with "host" (instance (export "wait" (func $lowered))))))
  (func (export "f") (param "n" u32) (result u32) (canon lift (core func $m "f")))
  (func (export "g") (result u32) (canon lift (core func $m "g"))))`;

describe('an instance that waits in an import', () => {
  test('overlapping promised calls queue, and keep their values apart', async () => {
    const waits: { n: number; go: (n: number) => void }[] = [];
    const wait = (n: unknown): Promise<number> => new Promise((go) => waits.push({ n: n as number, go }));
    const guest = await instance(SHADOW_STACK, { wait });
    const f = fn(guest.promised, 'f');
    const calls = [1, 2, 3, 4].map((n) => f(n));
    await turn();
    assert.equal(waits.length, 1, 'the second call does not enter while the first waits');
    for (let i = 0; i < 4; i++) {
      const next = waits[i];
      assert.ok(next !== undefined, `call ${i + 1} has entered`);
      next.go(next.n + 10);
      await turn();
    }
    assert.deepEqual(await Promise.all(calls), [11_001, 12_002, 13_003, 14_004]);
  });

  test('a synchronous call in between throws instance-busy, and hurts nobody', async () => {
    const gate = deferred<number>();
    const guest = await instance(SHADOW_STACK, { wait: () => gate.promise });
    const call = fn(guest.promised, 'f')(5);
    await turn();
    assert.throws(() => fn(guest.exports, 'g')(), { code: 'instance-busy' });
    gate.resolve(1);
    assert.equal(await call, 1_005);
    assert.equal(fn(guest.exports, 'g')(), 7);
  });

  test('a synchronous call that must wait is a trap that names the import and `promised`', async () => {
    const guest = await instance(SHADOW_STACK, { wait: async () => 1 });
    assert.throws(
      () => fn(guest.exports, 'f')(1),
      (error: unknown) =>
        error instanceof Trap &&
        error.code === 'would-block' &&
        /wait/.test(error.message) &&
        /promised/.test(error.message),
    );
    assert.equal(guest.alive, false);
    assert.throws(() => fn(guest.exports, 'g')(), { code: 'store-dead' });
  });

  test('a promise that rejects is a trap whose cause is the error', async () => {
    const guest = await instance(SHADOW_STACK, { wait: () => Promise.reject(new Error('no such thing')) });
    await assert.rejects(fn(guest.promised, 'f')(1) as Promise<unknown>, (error: unknown) => {
      return error instanceof Trap && error.code === 'host-error' && (error.cause as Error).message === 'no such thing';
    });
    assert.equal(guest.alive, false);
  });

  test('a host function that calls back into the waiting instance from another stack is queued, from the same stack let in', async () => {
    const holder: { call?: () => unknown } = {};
    const guest = await instance(SHADOW_STACK, { wait: () => holder.call?.() as number });
    holder.call = () => (fn(guest.exports, 'g')() as number) + 1;
    assert.equal(fn(guest.exports, 'f')(2), 8_002);
    assert.equal(await fn(guest.promised, 'f')(3), 8_003);
  });
});

const TRAPS = `
(component
  (import "poke" (func $poke))
  (core func $lowered (canon lower (func $poke)))
  (core module $M
    (import "host" "poke" (func $poke))
    (global $survived (mut i32) (i32.const 0))
    (func (export "boom") unreachable)
    (func (export "outer") (result i32) (call $poke) (call $poke) (i32.const 1))
    (func (export "guarded") (result i32)
      (block $caught
        (try_table (catch_all $caught) (call $poke) (return (i32.const 1))))
      (global.set $survived (i32.const 1))
      (i32.const 2))
    (func (export "survived") (result i32) (global.get $survived)))
  (core instance $m (instantiate $M (with "host" (instance (export "poke" (func $lowered))))))
  (func (export "boom") (canon lift (core func $m "boom")))
  (func (export "outer") (result u32) (canon lift (core func $m "outer")))
  (func (export "guarded") (result u32) (canon lift (core func $m "guarded")))
  (func (export "survived") (result u32) (canon lift (core func $m "survived"))))`;

describe('traps', () => {
  test('a host function that swallows a trap does not let the guest run on', async () => {
    const holder: { boom?: () => unknown } = {};
    let pokes = 0;
    const poke = (): void => {
      pokes++;
      try {
        holder.boom?.();
      } catch {
        // Swallowed.
      }
    };
    const guest = await instance(TRAPS, { poke });
    holder.boom = fn(guest.exports, 'boom');
    assert.throws(() => fn(guest.exports, 'outer')(), { code: 'store-dead' });
    assert.equal(pokes, 1, 'the guest did not run on to its second call');
    assert.equal(guest.alive, false);
  });

  test('a trap escapes the guest’s catch_all', async () => {
    const guest = await instance(TRAPS, {
      poke: () => {
        throw new Error('host says no');
      },
    });
    assert.throws(
      () => fn(guest.exports, 'guarded')(),
      (error: unknown) => {
        return error instanceof Trap && error instanceof WebAssembly.RuntimeError && error.code === 'host-error';
      },
    );
    assert.throws(() => fn(guest.exports, 'survived')(), { code: 'store-dead' });
  });

  test('what looks like a trap, but was made by JavaScript, does not reach the guest’s catch_all either', async () => {
    const guest = await instance(TRAPS, {
      poke: () => {
        throw new WebAssembly.RuntimeError('unreachable');
      },
    });
    assert.throws(() => fn(guest.exports, 'guarded')(), { code: 'host-error' });
    assert.equal(guest.alive, false);
  });

  test('another store lives on', async () => {
    const a = await instance(TRAPS, { poke() {} });
    const b = await instance(TRAPS, { poke() {} });
    assert.throws(() => fn(a.exports, 'boom')(), { code: 'unreachable' });
    assert.equal(fn(b.exports, 'outer')(), 1);
  });
});

const RESOURCE = `
(component
  (core module $Dtor
    (global $drops (export "drops") (mut i32) (i32.const 0))
    (func (export "dtor") (param i32) (global.set $drops (i32.add (global.get $drops) (i32.const 1)))))
  (core instance $dtor (instantiate $Dtor))
  (type $r (resource (rep i32) (dtor (core func $dtor "dtor"))))
  (core func $new (canon resource.new $r))
  (core module $M
    (import "" "new" (func $new (param i32) (result i32)))
    (import "dtor" "drops" (global $drops (mut i32)))
    (func (export "[constructor]thing") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "get") (param i32) (result i32) (local.get 0))
    (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "drops") (result i32) (global.get $drops))
    (func (export "boom") unreachable))
  (core instance $m (instantiate $M
    (with "" (instance (export "new" (func $new))))
    (with "dtor" (instance $dtor))))
  (func $ctor (param "v" u32) (result (own $r)) (canon lift (core func $m "[constructor]thing")))
  (func $get (param "self" (borrow $r)) (result u32) (canon lift (core func $m "get")))
  (func $make (param "v" u32) (result (own $r)) (canon lift (core func $m "make")))
  (func $drops (result u32) (canon lift (core func $m "drops")))
  (func $boom (canon lift (core func $m "boom")))
  (component $Shape
    (import "thing" (type $t (sub resource)))
    (import "ctor" (func $ctor (param "v" u32) (result (own $t))))
    (import "get" (func $get (param "self" (borrow $t)) (result u32)))
    (import "make" (func $make (param "v" u32) (result (own $t))))
    (import "drops" (func $drops (result u32)))
    (import "boom" (func $boom))
    (export $T "thing" (type $t))
    (export "[constructor]thing" (func $ctor) (func (param "v" u32) (result (own $T))))
    (export "[method]thing.then" (func $get) (func (param "self" (borrow $T)) (result u32)))
    (export "[method]thing.constructor" (func $get) (func (param "self" (borrow $T)) (result u32)))
    (export "[static]thing.name" (func $make) (func (param "v" u32) (result (own $T))))
    (export "[static]thing.length" (func $make) (func (param "v" u32) (result (own $T))))
    (export "[static]thing.prototype" (func $make) (func (param "v" u32) (result (own $T))))
    (export "make" (func $make) (func (param "v" u32) (result (own $T))))
    (export "drops" (func $drops))
    (export "boom" (func $boom)))
  (instance $shape (instantiate $Shape
    (with "thing" (type $r)) (with "ctor" (func $ctor)) (with "get" (func $get))
    (with "make" (func $make)) (with "drops" (func $drops)) (with "boom" (func $boom))))
  (export "test:things/things@1.0.0" (instance $shape)))`;

interface Thing extends Disposable {
  then_(): number;
}
interface Things {
  Thing: (new (
    v: number,
  ) => Thing) & { name(v: number): Thing; length(v: number): Thing; prototype_(v: number): Thing };
  make(v: number): Thing;
  drops(): number;
  boom(): void;
}

describe('names that JavaScript treats specially', () => {
  test('a resource with a method `then` is no promise', async () => {
    const guest = await instance(RESOURCE);
    const things = guest.promised['things'] as {
      make(v: number): Promise<{ then_(): Promise<number>; then?: unknown }>;
    };
    const thing = await things.make(9);
    assert.equal(thing.then, undefined);
    assert.equal(await thing.then_(), 9);
  });

  test('statics named name, length, prototype; a method named constructor', async () => {
    const guest = await instance(RESOURCE);
    const { Thing } = guest.exports['things'] as unknown as Things;
    assert.equal(Thing.name(1).then_(), 1);
    assert.equal(Thing.length(2).then_(), 2);
    assert.equal(Thing.prototype_(3).then_(), 3);
    const made = new Thing(4) as unknown as { constructor(): number };
    assert.equal(made.constructor(), 4);
    assert.ok(made instanceof (Thing as unknown as new () => object));
  });
});

describe('handles', () => {
  test('a destructor runs once, on dispose', async () => {
    const guest = await instance(RESOURCE);
    const things = guest.exports['test:things/things@1.0.0'] as unknown as Things;
    {
      using thing = things.make(1);
      assert.equal(thing.then_(), 1);
      assert.equal(things.drops(), 0);
    }
    assert.equal(things.drops(), 1);
    const thing = things.make(2);
    thing[Symbol.dispose]();
    thing[Symbol.dispose]();
    assert.equal(things.drops(), 2);
    assert.throws(() => thing.then_(), { code: 'handle-gone' });
  });

  test('a handle used after its store died traps; disposing it is quiet', async () => {
    const guest = await instance(RESOURCE);
    const things = guest.exports['things'] as unknown as Things;
    const thing = things.make(1);
    assert.throws(() => things.boom(), { code: 'unreachable' });
    assert.throws(() => thing.then_(), { code: 'store-dead' });
    thing[Symbol.dispose]();
  });

  test('a handle of another instance is refused', async () => {
    const a = (await instance(RESOURCE)).exports['things'] as unknown as Things;
    const b = (await instance(RESOURCE)).exports['things'] as unknown as Things;
    const method = Object.getOwnPropertyDescriptor(b.Thing.prototype, 'then_')?.value as (this: unknown) => number;
    assert.throws(() => method.call(a.make(1)), { code: 'wrong-resource' });
    assert.throws(() => method.call({}), { code: 'wrong-resource' });
    assert.equal(method.call(b.make(5)), 5);
  });
});

/** Exports `run`, which calls the import `next`, and `wait`, which calls the import `host`. */
const HALF = `
(component
  (import "next" (instance $next (export "call" (func (param "n" u32) (result u32)))))
  (core func $lowered (canon lower (func $next "call")))
  (core module $M
    (import "h" "call" (func $call (param i32) (result i32)))
    (func (export "call") (param i32) (result i32) (i32.add (i32.const 100) (call $call (local.get 0))))
    (func (export "idle") (result i32) (i32.const 1)))
  (core instance $m (instantiate $M (with "h" (instance (export "call" (func $lowered))))))
  (func (export "call") (param "n" u32) (result u32) (canon lift (core func $m "call")))
  (func (export "idle") (result u32) (canon lift (core func $m "idle"))))`;

describe('two live instances, one of which suspends in a host call made from the other’s stack', () => {
  async function pair(call: (n: number) => unknown) {
    const inner = await instance(HALF, { next: { call } });
    const pre = await new Linker().define('next', inner.exports).link(await component(HALF));
    return { inner, outer: pre.instantiate() };
  }

  test('the stack goes through both without JavaScript, and both are closed meanwhile', async () => {
    const gate = deferred<number>();
    const { inner, outer } = await pair(() => gate.promise);
    const call = fn(outer.promised, 'call')(1);
    await turn();
    assert.throws(() => fn(inner.exports, 'idle')(), { code: 'instance-busy' });
    assert.throws(() => fn(outer.exports, 'idle')(), { code: 'instance-busy' });
    const queued = fn(inner.promised, 'idle')();
    gate.resolve(5);
    assert.equal(await call, 205);
    assert.equal(await queued, 1);
    assert.equal(fn(inner.exports, 'idle')(), 1);
  });

  test('while the callee waits for somebody else, a second caller waits for it', async () => {
    const gates = [deferred<number>(), deferred<number>()];
    let asked = 0;
    const { inner, outer } = await pair(() => gates[asked++]?.promise);
    const direct = fn(inner.promised, 'call')(1);
    await turn();
    const through = fn(outer.promised, 'call')(2);
    await turn();
    assert.equal(asked, 1, 'the second call is not let into the waiting instance');
    gates[0]?.resolve(1);
    assert.equal(await direct, 101);
    await turn();
    gates[1]?.resolve(2);
    assert.equal(await through, 202);
  });

  test('a synchronous call into a pair that waits is a trap of the caller alone', async () => {
    const gate = deferred<number>();
    const { inner, outer } = await pair(() => gate.promise);
    const direct = fn(inner.promised, 'call')(1);
    await turn();
    assert.throws(
      () => fn(outer.exports, 'call')(2),
      (error: unknown) => error instanceof Trap && error.code === 'would-block',
    );
    assert.equal(outer.alive, false);
    assert.equal(inner.alive, true);
    gate.resolve(3);
    assert.equal(await direct, 103);
  });

  test('a trap in the callee ends both stores; a third lives on', async () => {
    const { inner, outer } = await pair(() => {
      throw new ComponentError('no result type here');
    });
    const other = await instance(HALF, { next: { call: (n: number) => n } });
    assert.throws(() => fn(outer.exports, 'call')(1), { code: 'host-error' });
    assert.equal(inner.alive, false);
    assert.equal(outer.alive, false);
    assert.equal(fn(other.exports, 'call')(1), 101);
  });
});

/** Exports a resource whose destructor counts, and `wait`, which calls the import of the same name. */
const DTOR = `
(component
  (import "wait" (func $wait))
  (core func $lowered (canon lower (func $wait)))
  (core module $D
    (global $drops (export "drops") (mut i32) (i32.const 0))
    (func (export "dtor") (param i32) (global.set $drops (i32.add (global.get $drops) (i32.const 1)))))
  (core instance $d (instantiate $D))
  (type $r (resource (rep i32) (dtor (core func $d "dtor"))))
  (core func $new (canon resource.new $r))
  (core module $M
    (import "h" "wait" (func $wait))
    (import "h" "new" (func $new (param i32) (result i32)))
    (import "d" "drops" (global $drops (mut i32)))
    (func (export "wait") (result i32) (call $wait) (global.get $drops))
    (func (export "make") (result i32) (call $new (i32.const 1)))
    (func (export "drops") (result i32) (global.get $drops)))
  (core instance $m (instantiate $M
    (with "h" (instance (export "wait" (func $lowered)) (export "new" (func $new))))
    (with "d" (instance $d))))
  (export $R "thing" (type $r))
  (func (export "wait") (result u32) (canon lift (core func $m "wait")))
  (func (export "make") (result (own $R)) (canon lift (core func $m "make")))
  (func (export "drops") (result u32) (canon lift (core func $m "drops"))))`;

test('a destructor queues while its instance waits, and runs once the instance is open', async () => {
  const gate = deferred<void>();
  const guest = await instance(DTOR, { wait: () => gate.promise });
  const thing = fn(guest.exports, 'make')() as Disposable;
  const waiting = fn(guest.promised, 'wait')();
  await turn();
  thing[Symbol.dispose]();
  gate.resolve();
  assert.equal(await waiting, 0, 'not while the stack was in the instance');
  await turn();
  assert.equal(fn(guest.exports, 'drops')(), 1);
});

test('a host object that a guest owns is disposed when the guest’s store ends', async () => {
  let disposed = 0;
  class Thing {
    [Symbol.dispose](): void {
      disposed++;
    }
  }
  const guest = await instance(
    `
(component
  (import "thing" (type $t (sub resource)))
  (import "give" (func $give (result (own $t))))
  (core func $lowered (canon lower (func $give)))
  (core func $drop (canon resource.drop $t))
  (core module $M
    (import "h" "give" (func $give (result i32)))
    (import "h" "drop" (func $drop (param i32)))
    (func (export "take") (result i32) (call $give))
    (func (export "drop") (param i32) (call $drop (local.get 0)))
    (func (export "boom") unreachable))
  (core instance $m (instantiate $M (with "h" (instance (export "give" (func $lowered)) (export "drop" (func $drop))))))
  (func (export "take") (result u32) (canon lift (core func $m "take")))
  (func (export "drop") (param "h" u32) (canon lift (core func $m "drop")))
  (func (export "boom") (canon lift (core func $m "boom"))))`,
    { thing: Thing, give: () => new Thing() },
  );
  assert.equal(fn(guest.exports, 'take')(), 1);
  assert.equal(fn(guest.exports, 'take')(), 2);
  fn(guest.exports, 'drop')(1);
  assert.equal(disposed, 1);
  assert.throws(() => fn(guest.exports, 'boom')(), { code: 'unreachable' });
  assert.equal(disposed, 2);
});
