/** Lists of numbers without copies: what is lent ends with the call, and nothing else is different. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  Component,
  ComponentError,
  fill,
  Linker,
  type LinkOptions,
  lend,
  lendResult,
  UsageError,
  ValueError,
} from '../../src/index.ts';
import { assemble } from '../support/assemble.ts';

/**
 * `send(n)` gives the host n bytes that count up; `numbers()` gives a list of u32 and traps where its memory was changed before its
 * post-return; `sum` adds bytes; `fails` answers an error with bytes.
 */
function text(): string {
  return `(component
    (import "take" (func $take (param "bytes" (list u8)) (result u32)))
    (core module $libc
      (memory (export "mem") 1)
      (global $next (mut i32) (i32.const 1024))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (global.set $next (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
        (global.get $next)
        (global.set $next (i32.add (global.get $next) (local.get 3)))
        (block $fits
          (br_if $fits (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
          (drop (memory.grow (i32.const 4))))))
    (core instance $libc (instantiate $libc))
    (alias core export $libc "mem" (core memory $mem))
    (alias core export $libc "realloc" (core func $realloc))
    (core func $take (canon lower (func $take) (memory $mem)))
    (core module $M
      (import "libc" "mem" (memory 1))
      (import "host" "take" (func $take (param i32 i32) (result i32)))
      (func (export "send") (param $n i32) (result i32) (local $i i32)
        (loop $l
          (i32.store8 (i32.add (i32.const 256) (local.get $i)) (local.get $i))
          (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
        (call $take (i32.const 256) (local.get $n)))
      (func (export "numbers") (result i32)
        (i64.store (i32.const 512) (i64.const 0x0000000200000001))
        (i32.store (i32.const 520) (i32.const 3))
        (i32.store (i32.const 16) (i32.const 512))
        (i32.store (i32.const 20) (i32.const 3))
        (i32.const 16))
      (func (export "post") (param i32)
        (if (i32.ne (i32.load (i32.const 512)) (i32.const 1)) (then (unreachable)))
        (memory.fill (i32.const 512) (i32.const 0xee) (i32.const 12)))
      (func (export "sum") (param $at i32) (param $n i32) (result i32) (local $sum i32)
        (block $end
          (loop $l
            (br_if $end (i32.eqz (local.get $n)))
            (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $at))))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (br $l)))
        (local.get $sum))
      (func (export "fails") (param $fail i32) (result i32)
        (i32.store8 (i32.const 32) (local.get $fail))
        (i32.store (i32.const 36) (i32.const 48))
        (i32.store (i32.const 40) (i32.const 2))
        (i32.store16 (i32.const 48) (i32.const 0x0807))
        (i32.const 32)))
    (core instance $m (instantiate $M
      (with "libc" (instance $libc))
      (with "host" (instance (export "take" (func $take))))))
    (func (export "send") (param "n" u32) (result u32) (canon lift (core func $m "send")))
    (func (export "numbers") (result (list u32))
      (canon lift (core func $m "numbers") (memory $mem) (post-return (core func $m "post"))))
    (func (export "sum") (param "bytes" (list u8)) (result u32)
      (canon lift (core func $m "sum") (memory $mem) (realloc $realloc)))
    (func (export "fails") (param "fail" bool) (result (result (list u8) (error (list u8))))
      (canon lift (core func $m "fails") (memory $mem))))`;
}

type Exports = {
  readonly send: (n: number) => number;
  readonly numbers: () => Uint32Array;
  readonly sum: (bytes: Uint8Array) => number;
  readonly fails: (fail: boolean) => Uint8Array;
};

const bytes = assemble(text());

async function guest(take: (bytes: Uint8Array) => number, options: LinkOptions = {}): Promise<Exports> {
  const pre = await new Linker().define('take', take).link(await Component.load(bytes), options);
  return pre.instantiate().exports as unknown as Exports;
}

describe('a host function', () => {
  test('without the mark it has a copy', async () => {
    let kept: Uint8Array = new Uint8Array(1);
    const { send } = await guest((given) => {
      kept = given;
      return given.length;
    });
    assert.equal(send(4), 4);
    assert.deepEqual([...kept], [0, 1, 2, 3]);
  });

  test('is lent a view that is empty when it has returned', async () => {
    let kept: Uint8Array = new Uint8Array(1);
    const { send } = await guest(
      lend((given: Uint8Array) => {
        kept = given;
        assert.equal(given.byteOffset, 256, 'it lies where the guest has it');
        return given.reduce((a, b) => a + b, 0);
      }),
    );
    assert.equal(send(10), 45);
    assert.equal(kept.length, 0);
    assert.equal(kept[0], undefined);
    assert.equal(send(3), 3, 'and the guest goes on');
  });

  test('one that throws has no view left either, and what it wrote is the guest’s', async () => {
    let kept: Uint8Array = new Uint8Array(1);
    const { send } = await guest(
      lend((given: Uint8Array) => {
        kept = given;
        throw new Error('no');
      }),
    );
    assert.throws(() => send(10), /no/);
    assert.equal(kept.length, 0);
  });

  test('interpreted, the same answers', async () => {
    const { send } = await guest(
      lend((given: Uint8Array) => given.length),
      { mode: 'interpreted' },
    );
    assert.equal(send(10), 10);
  });
});

describe('the result of an export', () => {
  const none = (): number => 0;

  test('is lent before post-return, and ends with the call', async () => {
    const { numbers } = await guest(none);
    let kept: Uint32Array = new Uint32Array(1);
    const total = lendResult(numbers, (list: Uint32Array) => {
      kept = list;
      assert.deepEqual([...list], [1, 2, 3]);
      assert.equal(list.byteOffset, 512);
      return list.reduce((a, b) => a + b, 0);
    });
    assert.equal(total(), 6);
    assert.equal(kept.length, 0);
    assert.equal(total(), 6);
    assert.deepEqual([...numbers()], [1, 2, 3], 'the plain form copies as ever');
  });

  test('what `use` throws comes out, and the guest lives', async () => {
    const { numbers } = await guest(none);
    const form = lendResult(numbers, () => {
      throw new RangeError('mine');
    });
    assert.throws(form, (error) => error instanceof RangeError && error.message === 'mine');
    assert.deepEqual([...numbers()], [1, 2, 3]);
  });

  test('nobody calls the instance meanwhile', async () => {
    const { numbers, sum } = await guest(none);
    const form = lendResult(numbers, () => sum(Uint8Array.of(1)));
    assert.throws(form, (error) => error instanceof UsageError && error.code === 'instance-busy');
    assert.equal(sum(Uint8Array.of(1)), 1);
  });

  test('an error outlives the call: its lists are copies', async () => {
    const { fails } = await guest(none);
    const form = lendResult(fails, (list: Uint8Array) => [...list]);
    assert.deepEqual(form(false), [7, 8]);
    assert.throws(
      () => form(true),
      (error) => error instanceof ComponentError && (error.payload as Uint8Array).join() === '7,8',
    );
  });

  test('of what cannot be lent', async () => {
    const { numbers } = await guest(none);
    const isRefused = (error: unknown): boolean => error instanceof UsageError && error.code === 'cannot-lend';
    assert.throws(() => lendResult(() => 1, none), isRefused);
    assert.throws(() => lendResult(undefined as never, none), isRefused);
    assert.throws(() => lendResult(lendResult(numbers, none), none), isRefused);
  });
});

describe('a list that is written where it is to be', () => {
  for (const mode of ['generated', 'interpreted'] as const) {
    test(mode, async () => {
      const { sum } = await guest(() => 0, { mode });
      let kept: Uint8Array = new Uint8Array(1);
      const list = fill<Uint8Array>(100, (view) => {
        assert.equal(view.length, 100);
        view.fill(2);
        kept = view;
      });
      assert.equal(sum(list), 200);
      if (mode === 'generated') assert.equal(kept.length, 0);
      assert.equal(sum(fill(0, () => {})), 0);
      // Larger than the memory: it grows for it.
      assert.equal(sum(fill<Uint8Array>(100_000, (view) => view.fill(1))), 100_000);
    });

    test(`what it throws is the cause of a ValueError, and the guest lives: ${mode}`, async () => {
      const { sum } = await guest(() => 0, { mode });
      const cause = new Error('no data');
      assert.throws(
        () =>
          sum(
            fill<Uint8Array>(4, () => {
              throw cause;
            }),
          ),
        (error) => error instanceof ValueError && error.code === 'fill-failed' && error.cause === cause,
      );
      assert.equal(sum(Uint8Array.of(3)), 3);
    });
  }

  test('of no length', () => {
    for (const length of [-1, 1.5, Number.NaN, 2 ** 32, '4' as never])
      assert.throws(
        () => fill(length, () => {}),
        (error) => error instanceof UsageError && error.code === 'bad-length',
      );
  });
});
