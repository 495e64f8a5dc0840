/** Limits of time: what computes without end is ended wherever its code runs, and nobody else is. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import '../../src/node.ts';
import { Component, type Instance, LimitError, Linker, type LinkOptions, Trap } from '../../src/index.ts';
import { assemble } from '../support/assemble.ts';
import { component, deferred, fn, instance, turns } from '../support/component.ts';
import { cpuTime } from '../support/cpu-time.ts';
import {
  CALLING,
  SPINNING_ASYNC,
  SPINNING_DESTRUCTOR,
  SPINNING_REALLOC,
  SPINNING_START,
  SPINS,
  spinning,
} from '../support/spinning-guest.ts';

const CPU = 40;
const LIMITED: LinkOptions = { limits: { cpu: CPU } };
/** However busy the machine is, what was used for a guest is the limit, and what surrounds it. */
const MOST = CPU + 600;

const isCpuLimit = (error: unknown): boolean => {
  assert.ok(error instanceof LimitError, String(error));
  assert.ok(error instanceof Trap);
  assert.equal(error.name, 'LimitError');
  assert.equal(error.code, 'cpu-limit');
  assert.equal(error.limit, 'cpu');
  assert.equal(error.allowed, CPU);
  assert.ok(error.used >= CPU, `${error.used} ms`);
  assert.match(error.message, /limits\.cpu allows 40 ms/);
  assert.match(error.stack ?? '', /wasm-function\[\d+\]/, 'where it was');
  return true;
};

/** The failure of what is ended, within the processor time that it may take. */
async function ended(body: () => unknown): Promise<void> {
  const begin = cpuTime();
  await assert.rejects(async () => body(), isCpuLimit);
  const used = cpuTime() - begin;
  assert.ok(used < MOST, `${used} ms`);
}

for (const pool of [false, true]) {
  describe(`what computes without end${pool ? ', in instances of a pool' : ''}`, () => {
    for (const [name, text] of Object.entries(SPINS)) {
      test(name, async () => {
        const pre = await new Linker().link(await component(text), { ...LIMITED, pool });
        assert.equal(pre.pool?.refused, undefined);
        const guest = pre.instantiate();
        const other = pre.instantiate();
        assert.equal(fn(guest.exports, 'ok')(), 1000);
        await ended(fn(guest.exports, 'f'));
        assert.equal(guest.alive, false);
        assert.equal(fn(other.exports, 'ok')(), 1000, 'the other instance lives');
        await ended(fn(other.promised, 'f'));
        assert.equal(fn(pre.instantiate().exports, 'ok')(), 1000, 'and so does the next');
      });
    }
  });
}

test('a start function', async () => {
  const pre = await new Linker().link(await component(SPINNING_START), LIMITED);
  await ended(() => pre.instantiate());
});

test('realloc', async () => {
  const guest = await instance(SPINNING_REALLOC, {}, LIMITED);
  await ended(() => fn(guest.exports, 'f')('text'));
  assert.equal(guest.alive, false);
});

test('a destructor', async () => {
  const guest = await instance(SPINNING_DESTRUCTOR, {}, LIMITED);
  const made = fn(guest.exports, 'make')() as Disposable;
  await ended(() => made[Symbol.dispose]());
  assert.equal(guest.alive, false);
});

describe('functions that wait', () => {
  for (const name of ['at-once', 'in-callback', 'after-wait']) {
    test(`of an async type: ${name}`, async () => {
      const guest = await instance(SPINNING_ASYNC, { gate: async () => 1 }, LIMITED);
      await ended(() => fn(guest.exports, name)());
      assert.equal(guest.alive, false);
    });
  }

  test('of a synchronous type, after a wait', async () => {
    const guest = await instance(SPINNING_ASYNC, { gate: async () => 1 }, LIMITED);
    await ended(() => fn(guest.promised, 'sync-after-wait')());
  });

  test('waiting is not computing', async () => {
    const gate = deferred<number>();
    const guest = await instance(SPINNING_ASYNC, { gate: () => gate.promise }, LIMITED);
    const calls = [fn(guest.exports, 'work')(), fn(guest.promised, 'nap')()];
    setTimeout(() => gate.resolve(5), 3 * CPU);
    assert.deepEqual(await Promise.all(calls), [5, 5]);
    assert.equal(guest.alive, true);
  });

  test('50 calls that wait on the same thread are all answered after one was ended', async () => {
    const pre = await new Linker()
      .define('gate', () => new Promise((resolve) => setTimeout(() => resolve(5), 5)))
      .link(await component(SPINNING_ASYNC), LIMITED);
    const calls = Array.from({ length: 50 }, () => fn(pre.instantiate().exports, 'work')());
    const guilty = fn(pre.instantiate().exports, 'at-once')();
    await assert.rejects(guilty as Promise<unknown>, isCpuLimit);
    assert.deepEqual(await Promise.all(calls), new Array(50).fill(5));
  });

  test('a loop that waits again and again has no more time than one that does not', async () => {
    const guest = await instance(
      `(component
        (import "gate" (func $gate))
        (core func $gate' (canon lower (func $gate)))
        (core module $m
          (import "" "gate" (func $gate))
          (func (export "f") (local $i i32)
            (loop $again
              (local.set $i (i32.const 2000000))
              (loop $l (local.set $i (i32.sub (local.get $i) (i32.const 1))) (br_if $l (local.get $i)))
              (call $gate) (br $again))))
        (core instance $m (instantiate $m (with "" (instance (export "gate" (func $gate'))))))
        (func (export "f") (canon lift (core func $m "f"))))`,
      { gate: async () => {} },
      LIMITED,
    );
    await ended(() => fn(guest.promised, 'f')());
  });
});

test('every call has its time, and calls under way together share theirs', async () => {
  const text = spinning(`(local $i i32) (local.set $i (i32.const 8000000))
    (loop $l (local.set $i (i32.sub (local.get $i) (i32.const 1))) (br_if $l (local.get $i)))`);
  const guest = await instance(text, {}, { limits: { cpu: 100 } });
  const begin = performance.now();
  while (performance.now() - begin < 300) fn(guest.exports, 'f')();
  assert.equal(guest.alive, true, 'together they took longer than one may');
});

describe('what the host does between', () => {
  test('a host function that swallows the trap of another guest brings nobody back', async () => {
    const inner = await instance(SPINS['a loop']!, {}, { limits: { cpu: 5 } });
    let seen: unknown;
    let calls = 0;
    const outer = await instance(
      CALLING,
      {
        host: () => {
          calls++;
          try {
            fn(inner.exports, 'f')();
          } catch (error) {
            seen ??= error;
          }
        },
      },
      LIMITED,
    );
    await ended(fn(outer.exports, 'f'));
    assert.ok(seen instanceof LimitError);
    assert.equal(seen.allowed, 5);
    assert.ok(calls > 1, 'the outer guest went on until its own time was over');
  });

  test('a guest that the host calls meanwhile has its own time, and takes of that of the first', async () => {
    const inner = await instance(
      spinning(`(local $i i32) (local.set $i (i32.const 8000000))
        (loop $l (local.set $i (i32.sub (local.get $i) (i32.const 1))) (br_if $l (local.get $i)))`),
      {},
      { limits: { cpu: 10_000 } },
    );
    let used = 0;
    const outer = await instance(
      CALLING,
      {
        host: () => {
          const begin = performance.now();
          while (performance.now() - begin < 2 * CPU) fn(inner.exports, 'f')();
          used++;
        },
      },
      LIMITED,
    );
    await ended(fn(outer.exports, 'once'));
    assert.equal(used, 1);
    assert.equal(inner.alive, true);
  });

  test('a guest that trapped meanwhile for another reason says so', async () => {
    const guest = await instance(spinning('unreachable'), {}, LIMITED);
    assert.throws(
      () => fn(guest.exports, 'f')(),
      (error) => error instanceof Trap && !(error instanceof LimitError) && error.code === 'unreachable',
    );
  });
});

test('components that call each other compute on the time of the one that the host called', async () => {
  const callee = await instance(SPINS['a loop']!, {}, LIMITED);
  const text = `(component
    (import "f" (func $f))
    (core func $f' (canon lower (func $f)))
    (core module $m (import "" "f" (func $f)) (func (export "f") (call $f)))
    (core instance $m (instantiate $m (with "" (instance (export "f" (func $f'))))))
    (func (export "f") (canon lift (core func $m "f"))))`;
  for (const options of [LIMITED, {}]) {
    const live = await instance(SPINS['a loop']!, {}, LIMITED);
    const caller = await instance(text, { f: live.exports['f'] }, options);
    await ended(fn(caller.exports, 'f'));
    assert.equal(caller.alive, false);
    assert.equal(live.alive, false);
  }
  assert.equal(fn(callee.exports, 'ok')(), 1000);
});

describe('the time that a call takes', () => {
  const LATE: LinkOptions = { limits: { time: CPU } };
  const isTimeLimit = (error: unknown): boolean => {
    assert.ok(error instanceof LimitError, String(error));
    assert.equal(error.code, 'time-limit');
    assert.equal(error.limit, 'time');
    assert.ok(error.used >= CPU);
    return true;
  };

  test('where it computes', async () => {
    const guest = await instance(SPINS['a loop']!, {}, LATE);
    assert.throws(() => fn(guest.exports, 'f')(), isTimeLimit);
  });

  for (const [name, form] of [
    ['nap', 'promised'],
    ['work', 'exports'],
  ] as const) {
    test(`where it waits: ${form}`, async () => {
      const guest: Instance = await instance(SPINNING_ASYNC, { gate: () => new Promise(() => {}) }, LATE);
      const other = await instance(SPINNING_ASYNC, { gate: async () => 3 }, LATE);
      await assert.rejects(fn(guest[form], name)() as Promise<unknown>, isTimeLimit);
      assert.equal(guest.alive, false);
      assert.equal(await fn(other[form], name)(), 3);
      await turns();
    });
  }

  test('calls that end in time leave nothing behind', async () => {
    const guest = await instance(SPINNING_ASYNC, { gate: async () => 3 }, LATE);
    for (let i = 0; i < 3; i++) assert.equal(await fn(guest.promised, 'nap')(), 3);
    await new Promise((resolve) => setTimeout(resolve, 2 * CPU));
    assert.equal(guest.alive, true);
  });
});

test('a limit that is none is refused', async () => {
  const loaded = await Component.load(assemble(SPINS['a loop']!));
  for (const limits of [{ cpu: 0 }, { cpu: -1 }, { time: Number.NaN }, { cpu: 1e12 }, { fuel: -1 }, { fuel: 0.5 }])
    await assert.rejects(new Linker().link(loaded, { limits }), { name: 'UsageError', code: 'bad-limit' });
});
