/** Host functions that are asynchronous, for imports of both kinds of type. docs/guide-js.md, "Asynchronous functions". */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ComponentError, type Instance, Trap, UsageError, ValueError } from '../../src/index.ts';
import { suspendedCount } from '../../src/runtime/stack.ts';
import { guestText, lift, MEMORY, REALLOC, WAITABLES } from '../support/async-guest.ts';
import { deferred, disposeAfterEach, fn, instance, turns } from '../support/component.ts';

disposeAfterEach();

/** Sync-typed and async-typed imports of the same shape, and exports that call each in each way. */
const GUEST = guestText({
  types: `
  (import "plain" (func $plain (param "n" u32) (result u32)))
  (import "later" (func $later async (param "n" u32) (result u32)))
  (import "risky" (func $risky async (result (result string (error u32)))))`,
  canons: {
    ...WAITABLES,
    plain: ['lower (func $plain)', '(param i32) (result i32)'],
    'later-sync': ['lower (func $later)', '(param i32) (result i32)'],
    'later-async': [`lower (func $later) async ${MEMORY}`, '(param i32 i32) (result i32)'],
    risky: [`lower (func $risky) ${MEMORY} ${REALLOC}`, '(param i32)'],
    'subtask.drop': ['subtask.drop', '(param i32)'],
    'task.return': ['task.return (result u32)', '(param i32)'],
  },
  body: `
    (func (export "plain") (param i32) (result i32) (call $plain (local.get 0)))
    (func (export "sync") (param i32) (result i32) (call $later-sync (local.get 0)))
    (func (export "risky") (result i32) (call $risky (i32.const 64)) (i32.const 64))

    ;; three calls at once; the digits of the result are the order in which they ended
    (global $set (mut i32) (i32.const 0))
    (global $open (mut i32) (i32.const 0))
    (global $order (mut i32) (i32.const 0))
    (func $start (param $n i32) (local $r i32)
      (local.set $r (call $later-async (local.get $n) (i32.add (i32.const 128) (i32.shl (local.get $n) (i32.const 2)))))
      (if (i32.eq (local.get $r) (i32.const 2)) (then (call $ended (local.get $n)) (return)))
      (i32.store (i32.add (i32.const 256) (i32.shl (i32.shr_u (local.get $r) (i32.const 4)) (i32.const 2))) (local.get $n))
      (global.set $open (i32.add (global.get $open) (i32.const 1)))
      (call $join (i32.shr_u (local.get $r) (i32.const 4)) (global.get $set)))
    (func $ended (param $n i32)
      (global.set $order (i32.add (i32.mul (global.get $order) (i32.const 10)) (i32.load (i32.add (i32.const 128) (i32.shl (local.get $n) (i32.const 2)))))))
    (func $next (result i32)
      (if (i32.eqz (global.get $open)) (then (call $task.return (global.get $order)) (return (i32.const 0))))
      (i32.or (i32.const 2) (i32.shl (global.get $set) (i32.const 4))))
    (func (export "three") (result i32)
      (global.set $set (call $set.new))
      (call $start (i32.const 1)) (call $start (i32.const 2)) (call $start (i32.const 3))
      (call $next))
    (func (export "three-cb") (param $event i32) (param $index i32) (param $state i32) (result i32)
      (if (i32.eq (local.get $state) (i32.const 2)) (then
        (call $ended (i32.load (i32.add (i32.const 256) (i32.shl (local.get $index) (i32.const 2)))))
        (call $subtask.drop (local.get $index))
        (global.set $open (i32.sub (global.get $open) (i32.const 1)))))
      (call $next))
    (func (export "ping") (result i32) (i32.const 77))`,
  exports: `
  (func (export "plain") (param "n" u32) (result u32) ${lift('plain', 'sync')})
  (func (export "sync") async (param "n" u32) (result u32) ${lift('sync', 'sync')})
  (func (export "sync-typed") (param "n" u32) (result u32) ${lift('sync', 'sync')})
  (func (export "risky") async (result (result string (error u32))) ${lift('risky', 'sync')})
  (func (export "three") async (result u32) ${lift('three', { callback: 'three-cb' })})
  (func (export "ping") (result u32) ${lift('ping', 'sync')})`,
});

type Fn = (...args: unknown[]) => unknown;

function guest(imports: { plain?: Fn; later?: Fn; risky?: Fn }, options = {}): Promise<Instance> {
  const unused = (): never => assert.fail('not called');
  return instance(GUEST, { plain: unused, later: unused, risky: unused, ...imports }, options);
}

const MODES = ['generated', 'interpreted'] as const;

for (const mode of MODES) {
  test(`a sync-typed import may be async where the call came through promised (${mode})`, async () => {
    const gate = deferred<number>();
    const seen: unknown[][] = [];
    const plain = (...args: unknown[]): Promise<number> => {
      seen.push(args);
      return gate.promise;
    };
    const g = await guest({ plain }, { mode });
    const call = fn(g.promised, 'plain')(5) as Promise<unknown>;
    await turns();
    assert.deepEqual(seen, [[5]], 'no more than its arguments');
    assert.throws(
      () => fn(g.exports, 'ping')(),
      (error) => error instanceof UsageError && error.code === 'instance-busy',
    );
    const queued = fn(g.promised, 'ping')() as Promise<unknown>;
    gate.resolve(6);
    assert.equal(await call, 6);
    assert.equal(await queued, 77);
  });

  test(`through exports it cannot wait: a trap that names the import and what to do (${mode})`, async () => {
    const g = await guest({ plain: async () => 6 }, { mode });
    assert.throws(
      () => fn(g.exports, 'plain')(5),
      (error) =>
        error instanceof Trap &&
        error.code === 'would-block' &&
        /plain/.test(error.message) &&
        /instance\.promised/.test(error.message),
    );
    assert.equal(g.alive, false);
  });

  test(`an async-typed import is given a signal, and answers at once or later (${mode})`, async () => {
    const seen: unknown[][] = [];
    const later = (...args: unknown[]): number => {
      seen.push(args);
      return (args[0] as number) + 1;
    };
    const g = await guest({ later }, { mode });
    assert.equal(await fn(g.exports, 'sync')(1), 2);
    const [n, options] = seen[0] as [number, { signal: AbortSignal }];
    assert.equal(n, 1);
    assert.ok(options.signal instanceof AbortSignal && !options.signal.aborted);
    const gate = deferred<number>();
    const h = await guest({ later: () => gate.promise }, { mode });
    const call = fn(h.exports, 'sync')(1) as Promise<unknown>;
    await turns();
    assert.equal(suspendedCount(), 1);
    gate.resolve(4);
    assert.equal(await call, 4);
    assert.equal(suspendedCount(), 0);
  });

  test(`an export of a synchronous type may not wait for an import of an async type (${mode})`, async () => {
    const ready = await guest({ later: (n) => (n as number) * 2 }, { mode });
    assert.equal(await fn(ready.promised, 'syncTyped')(4), 8, 'what is ready is not waited for');
    assert.equal(fn(ready.exports, 'syncTyped')(4), 8);
    for (const form of ['promised', 'exports'] as const) {
      const g = await guest({ later: async (n) => (n as number) * 2 }, { mode });
      const call = async (): Promise<unknown> => fn(g[form], 'syncTyped')(4);
      await assert.rejects(
        call,
        (error) => error instanceof Trap && error.code === 'would-block' && /later/.test(error.message),
      );
    }
  });

  test(`calls that a guest starts together end in the host’s order (${mode})`, async () => {
    const gates = new Map<number, ReturnType<typeof deferred<number>>>();
    const later = (n: unknown): Promise<number> => {
      const gate = deferred<number>();
      gates.set(n as number, gate);
      return gate.promise;
    };
    const g = await guest({ later }, { mode });
    const call = fn(g.exports, 'three')() as Promise<unknown>;
    assert.deepEqual([...gates.keys()], [1, 2, 3]);
    for (const n of [2, 3, 1]) {
      gates.get(n)?.resolve(n);
      await turns();
    }
    assert.equal(await call, 231);
    const mixed = await guest({ later: (n) => (n === 2 ? 2 : Promise.resolve(n)) }, { mode });
    assert.equal(await fn(mixed.exports, 'three')(), 213, 'what is there at once ends first');
  });

  test(`a result of the host’s: returned, thrown, rejected (${mode})`, async () => {
    const outcome = async (risky: Fn): Promise<unknown> => {
      const g = await guest({ risky }, { mode });
      return (fn(g.exports, 'risky')() as Promise<unknown>).then(
        (value) => ({ value }),
        (error: unknown) => (error instanceof ComponentError ? { payload: error.payload } : error),
      );
    };
    assert.deepEqual(await outcome(() => 'now'), { value: 'now' });
    assert.deepEqual(await outcome(async () => 'later'), { value: 'later' });
    assert.deepEqual(
      await outcome(() => {
        throw new ComponentError(3);
      }),
      { payload: 3 },
    );
    assert.deepEqual(await outcome(() => Promise.reject(4)), { payload: 4 });
    const broken = await outcome(() => Promise.reject(new Error('broken')));
    assert.ok(broken instanceof Trap && broken.code === 'host-error' && (broken.cause as Error).message === 'broken');
    const wrong = await outcome(async () => 5);
    assert.ok(wrong instanceof Trap && wrong.code === 'host-value' && wrong.cause instanceof ValueError);
  });
}

test('while a guest waits in an async-typed import, the host may call it', async () => {
  const gate = deferred<number>();
  const g = await guest({ later: () => gate.promise });
  const call = fn(g.exports, 'sync')(1) as Promise<unknown>;
  await turns();
  assert.equal(fn(g.exports, 'ping')(), 77);
  const second = fn(g.exports, 'three')() as Promise<unknown>;
  gate.resolve(1);
  assert.equal(await call, 1);
  assert.equal(await second, 111);
});

test('a host function that calls the guest that called it', async () => {
  const holder: { g?: Instance } = {};
  holder.g = await guest({
    later: async (n) => (n === 1 ? (fn(holder.g!.exports, 'sync')(2) as Promise<number>) : 9),
    plain: () => fn(holder.g!.exports, 'ping')(),
  });
  assert.equal(fn(holder.g.exports, 'plain')(0), 77);
  // The second call needs the instance for itself, which the first has: it waits for itself.
  const call = fn(holder.g.exports, 'sync')(1) as Promise<unknown>;
  const ended = await Promise.race([call, turns(10).then(() => 'waits')]);
  assert.equal(ended, 'waits');
  holder.g[Symbol.dispose]();
  await assert.rejects(call, Trap);
});

/** A maker of things, and another component that lends them to the host. */
const MAKER = guestText({
  types: '(type $Raw (resource (rep i32))) (export $T "thing" (type $Raw))',
  canons: { new: ['resource.new $Raw', '(param i32) (result i32)'] },
  body: `
    (func (export "new") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "number") (param i32) (result i32) (local.get 0))`,
  exports: `
  (func (export "[constructor]thing") (param "n" u32) (result (own $T)) ${lift('new', 'sync')})
  (func (export "[method]thing.number") (param "self" (borrow $T)) (result u32) ${lift('number', 'sync')})`,
});

const LENDER = guestText({
  types: `
  (import "thing" (type $T (sub resource)))
  (import "[constructor]thing" (func $new (param "n" u32) (result (own $T))))
  (import "use" (func $use async (param "t" (borrow $T)) (result u32)))`,
  canons: {
    new: ['lower (func $new)', '(param i32) (result i32)'],
    drop: ['resource.drop $T', '(param i32)'],
    use: ['lower (func $use)', '(param i32) (result i32)'],
  },
  body: `
    (func (export "run") (result i32) (local $h i32) (local $r i32)
      (local.set $h (call $new (i32.const 42)))
      (local.set $r (call $use (local.get $h)))
      (call $drop (local.get $h))
      (local.get $r))`,
  exports: `(func (export "run") async (result u32) ${lift('run', 'sync')})`,
});

interface Thing {
  number(): number;
}

test('a resource that a guest lends to an async-typed import is the host’s until its promise settles', async () => {
  const maker = await instance(MAKER);
  const held: Thing[] = [];
  const gate = deferred<void>();
  const use = async (thing: Thing): Promise<number> => {
    held.push(thing);
    await gate.promise;
    return thing.number();
  };
  const lender = await instance(LENDER, { Thing: maker.exports['Thing'], use });
  const call = fn(lender.exports, 'run')() as Promise<unknown>;
  await turns();
  assert.equal(held[0]?.number(), 42, 'amid the call');
  gate.resolve();
  assert.equal(await call, 42);
  assert.throws(
    () => held[0]?.number(),
    (error) => error instanceof ValueError && error.code === 'handle-gone',
  );
});
