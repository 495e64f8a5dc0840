/** Fuel: what runs cost, counted by hand from the rule in docs/limits.md; the same in every run; and what happens without any. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import '../../src/node.ts';
import { type Instance, LimitError, Linker, type LinkOptions } from '../../src/index.ts';
import { component, fn, instance } from '../support/component.ts';
import { SPINNING_START, SPINS, spinning } from '../support/spinning-guest.ts';

const AMPLE = 1_000_000_000n;

function text(core: string): string {
  return `(component
    (core module $m ${core})
    (core instance $m (instantiate $m))
    (func (export "f") (param "n" u32) (result u32) (canon lift (core func $m "f"))))`;
}

function used(guest: Instance, ...args: unknown[]): number {
  const before = guest.fuel!;
  fn(guest.exports, 'f')(...args);
  return Number(before - guest.fuel!);
}

interface Counted {
  readonly core: string;
  /** What `f(n)` uses. */
  readonly uses: readonly (readonly [n: number, fuel: number])[];
}

const FIBONACCI = `(func $f (export "f") (param i32) (result i32)
  (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
    (then (local.get 0))
    (else (i32.add (call $f (i32.sub (local.get 0) (i32.const 1))) (call $f (i32.sub (local.get 0) (i32.const 2)))))))`;

const COUNTED: Readonly<Record<string, Counted>> = {
  // local.get, end
  'straight code': { core: '(func (export "f") (param i32) (result i32) (local.get 0))', uses: [[0, 2]] },
  // loop, local.get, end; in the loop: local.get, i32.const, i32.sub, local.tee, br_if, end
  'a loop': {
    core: `(func (export "f") (param i32) (result i32)
      (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.get 0))`,
    uses: [
      [1, 3 + 6],
      [10, 3 + 60],
      [1000, 3 + 6000],
    ],
  },
  // local.get, i32.const, i32.lt_u, if, end; then local.get, else; or two of local.get, i32.const, i32.sub, call, and i32.add, end
  'calls, and both arms of an if': {
    core: FIBONACCI,
    uses: [
      [0, 7],
      [1, 7],
      [2, 15 + 7 + 7],
      [3, 15 + 29 + 7],
    ],
  },
  // block, block, local.get, br_if, nop, end, and local.get, end of the function; behind the inner block: nop, nop, end
  'a branch over the end of a block': {
    core: `(func (export "f") (param i32) (result i32)
      (block $a (block (br_if $a (local.get 0)) nop) nop nop) (local.get 0))`,
    uses: [
      [0, 8 + 3],
      [1, 8],
    ],
  },
  // block, block, local.get, br_table, end; behind the inner: i32.const, return, end; behind the outer: i32.const, end
  'a switch': {
    core: `(func (export "f") (param i32) (result i32)
      (block $other (block $zero (br_table $zero $other (local.get 0))) (return (i32.const 7))) (i32.const 8))`,
    uses: [
      [0, 5 + 3],
      [1, 5 + 2],
    ],
  },
  // In the loop: block, local.get, i32.eqz, br_if, local.get, i32.const, i32.sub, local.set, br, end
  'a loop that a branch goes back to from within': {
    core: `(func (export "f") (param i32) (result i32)
      (loop $l (block $out (br_if $out (i32.eqz (local.get 0)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br $l)))
      (local.get 0))`,
    uses: [
      // The block is left: what stands behind it, the end of the loop, is paid for alone. Around it: loop, local.get, end.
      [0, 3 + 10 + 1],
      [5, 3 + 6 * 10 + 1],
    ],
  },
};

for (const [name, { core, uses }] of Object.entries(COUNTED)) {
  test(`what is used: ${name}`, async () => {
    for (const limits of [{ fuel: AMPLE }, { fuel: AMPLE, cpu: 60_000 }]) {
      const guest = await instance(text(core), {}, { limits });
      assert.equal(guest.fuel, AMPLE);
      for (const [n, fuel] of uses) {
        assert.equal(used(guest, n), fuel, `f(${n})`);
        assert.equal(used(guest, n), fuel, `f(${n}) once more`);
      }
    }
  });
}

const GROWING = text(`(memory (export "mem") 1)
  (func (export "f") (param i32) (result i32) (local $i i32)
    (loop $l
      (drop (memory.grow (i32.const 1)))
      (br_if $l (i32.lt_u (memory.size) (local.get 0))))
    (memory.size))`);

test('an instance of a pool uses what any other uses, before and after it had a tenant', async () => {
  const counts: number[] = [];
  for (const pool of [false, true, true]) {
    const pre = await new Linker().link(await component(GROWING), { pool, limits: { fuel: AMPLE } });
    for (let tenant = 0; tenant < 3; tenant++) {
      const guest = pre.instantiate();
      assert.equal(guest.fuel, AMPLE);
      counts.push(used(guest, 7));
      guest[Symbol.dispose]();
    }
    assert.equal(pre.pool?.reused, pool ? 2 : undefined);
  }
  assert.equal(new Set(counts).size, 1, counts.join(' '));
});

test('calls that the interpreter carries use as much', async () => {
  const options: LinkOptions[] = [{}, { mode: 'interpreted' }, { flavour: 'counted' }];
  const counts = options.map(async (more) =>
    used(await instance(text(FIBONACCI), {}, { ...more, limits: { fuel: AMPLE } }), 10),
  );
  assert.equal(new Set(await Promise.all(counts)).size, 1);
});

describe('without any left', () => {
  const isFuelLimit = (error: unknown): boolean => {
    assert.ok(error instanceof LimitError, String(error));
    assert.equal(error.code, 'fuel-limit');
    assert.equal(error.limit, 'fuel');
    assert.match(error.message, /limits\.fuel allows 10000/);
    assert.match(error.stack ?? '', /wasm-function\[\d+\]/);
    return true;
  };
  const LIMITED: LinkOptions = { limits: { fuel: 10_000 } };

  for (const pool of [false, true]) {
    for (const [name, guestText] of Object.entries(SPINS)) {
      test(`${name}${pool ? ', of a pool' : ''}`, async () => {
        const pre = await new Linker().link(await component(guestText), { ...LIMITED, pool });
        const guest = pre.instantiate();
        assert.throws(() => fn(guest.exports, 'f')(), isFuelLimit);
        assert.equal(guest.fuel, 0n);
        assert.equal(guest.alive, false);
        assert.throws(() => fn(guest.exports, 'ok')(), { code: 'store-dead' });
        const next = pre.instantiate();
        assert.equal(next.fuel, 10_000n);
        assert.equal(fn(next.exports, 'ok')(), 1000);
        await assert.rejects(fn(next.promised, 'f')() as Promise<unknown>, isFuelLimit);
      });
    }
  }

  test('a start function', async () => {
    const pre = await new Linker().link(await component(SPINNING_START), LIMITED);
    assert.throws(() => pre.instantiate(), isFuelLimit);
  });

  test('what is left may be set', async () => {
    const guest = await instance(text(FIBONACCI), {}, LIMITED);
    guest.fuel = 29n;
    assert.equal(fn(guest.exports, 'f')(2), 1);
    assert.equal(guest.fuel, 0n, 'all of it may be used');
    guest.fuel = 28n;
    assert.equal(fn(guest.exports, 'f')(2), 1, 'it is not asked for again before the end');
    assert.equal(guest.fuel, 0n);
    guest.fuel = 26n;
    assert.throws(() => fn(guest.exports, 'f')(2), isFuelLimit);
  });

  test('an instance without the limit has none', async () => {
    const guest = await instance(text(FIBONACCI));
    assert.equal(guest.fuel, undefined);
    assert.throws(
      () => {
        guest.fuel = 5n;
      },
      { name: 'UsageError', code: 'no-fuel' },
    );
  });
});

test('core modules of one store share theirs, and stores that call each other have their own', async () => {
  const two = `(component
    (core module $a (func (export "f") (param i32) (result i32) (local.get 0)))
    (core instance $a (instantiate $a))
    (core module $b (import "" "f" (func $f (param i32) (result i32)))
      (func (export "f") (param i32) (result i32) (call $f (local.get 0))))
    (core instance $b (instantiate $b (with "" (instance $a))))
    (func (export "f") (param "n" u32) (result u32) (canon lift (core func $b "f"))))`;
  const first = await instance(two, {}, { limits: { fuel: AMPLE } });
  assert.equal(used(first, 1), 2 + 3);
  const calling = `(component
    (import "f" (func $f (param "n" u32) (result u32)))
    (core func $f' (canon lower (func $f)))
    (core module $m (import "" "f" (func $f (param i32) (result i32)))
      (func (export "f") (param i32) (result i32) (call $f (local.get 0))))
    (core instance $m (instantiate $m (with "" (instance (export "f" (func $f'))))))
    (func (export "f") (param "n" u32) (result u32) (canon lift (core func $m "f"))))`;
  const caller = await instance(calling, { f: first.exports['f'] }, { limits: { fuel: AMPLE } });
  const before = first.fuel!;
  assert.equal(used(caller, 1), 3);
  assert.equal(before - first.fuel!, 5n);
});

test('a store that another calls ends with its caller when its fuel is used up, and says so', async () => {
  const callee = await instance(SPINS['a loop']!, {}, { limits: { fuel: 5_000 } });
  const caller = await instance(
    `(component
      (import "f" (func $f))
      (core func $f' (canon lower (func $f)))
      (core module $m (import "" "f" (func $f)) (func (export "f") (call $f)))
      (core instance $m (instantiate $m (with "" (instance (export "f" (func $f'))))))
      (func (export "f") (canon lift (core func $m "f"))))`,
    { f: callee.exports['f'] },
    { limits: { fuel: AMPLE } },
  );
  assert.throws(
    () => fn(caller.exports, 'f')(),
    (error) => error instanceof LimitError && error.allowed === 5_000,
  );
  assert.equal(callee.alive, false);
  assert.equal(caller.alive, false);
});

test('a function that has as many locals as may be cannot be metered by fuel', async () => {
  const locals = `(local ${'i32 '.repeat(50_000)})`;
  await assert.rejects(instance(spinning(`${locals} (loop $l (br $l))`), {}, { limits: { fuel: 1 } }), {
    name: 'LinkError',
    code: 'cannot-meter',
  });
});
