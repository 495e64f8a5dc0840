/** Limits of amounts: memory, tables, handles, what is lifted, calls that wait. Guests try to have more. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import '../../src/node.ts';
import { Component, type Instance, LimitError, Linker, type LinkOptions, Trap, UsageError } from '../../src/index.ts';
import { parseText } from '../../src/text/parse.ts';
import { deferred, fn, instance } from '../support/component.ts';
import { SPINNING_ASYNC } from '../support/spinning-guest.ts';

const isLimit =
  (code: string, allowed: number) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof LimitError, String(error));
    assert.equal(error.code, code);
    assert.equal(error.allowed, allowed);
    assert.ok(error.used > allowed);
    return true;
  };

describe('memories and tables', () => {
  const BOMB = `(component
    (core module $m
      (memory (export "a") 1) (memory $b 1 100) (table $t 10 funcref) (table $u 5 externref)
      (func (export "memory") (result i32) (local $n i32)
        (loop $l (if (i32.ge_s (memory.grow (i32.const 1)) (i32.const 0))
          (then (local.set $n (i32.add (local.get $n) (i32.const 1))) (br $l))))
        (local.get $n))
      (func (export "table") (result i32) (local $n i32)
        (loop $l (if (i32.ge_s (table.grow $t (ref.null func) (i32.const 1)) (i32.const 0))
          (then (local.set $n (i32.add (local.get $n) (i32.const 1))) (br $l))))
        (local.get $n)))
    (core instance $m (instantiate $m))
    (func (export "memory") (result u32) (canon lift (core func $m "memory")))
    (func (export "table") (result u32) (canon lift (core func $m "table"))))`;

  // What exceeds the minimums is shared evenly: 2 memories of 1 page, 2 tables of 10 and of 5 elements.
  for (const more of [{}, { cpu: 10_000 }, { fuel: 1_000_000 }]) {
    test(`grow to their limits, with ${JSON.stringify(more)}`, async () => {
      const guest = await instance(BOMB, {}, { limits: { memory: 12 * 65_536, tables: 115, ...more } });
      assert.equal(fn(guest.exports, 'memory')(), 5);
      assert.equal(fn(guest.exports, 'table')(), 50);
      assert.equal(guest.alive, true);
    });
  }

  test('a component that begins with more is refused', async () => {
    await assert.rejects(instance(BOMB, {}, { limits: { tables: 14 } }), { code: 'table-limit' });
    await assert.rejects(instance(BOMB, {}, { limits: { memory: 65_536 } }), { code: 'memory-limit' });
  });

  test('tables with initial values keep them', async () => {
    const guest = await instance(
      `(component
        (core module $m
          (func $seven (result i32) (i32.const 7))
          (table $t 3 funcref (ref.func $seven))
          (table $u 1 2 externref)
          (func (export "f") (result i32) (call_indirect $t (result i32) (i32.const 2)))
          (func (export "grow") (result i32) (table.grow $t (ref.func $seven) (i32.const 3))))
        (core instance $m (instantiate $m))
        (func (export "f") (result u32) (canon lift (core func $m "f")))
        (func (export "grow") (result s32) (canon lift (core func $m "grow"))))`,
      {},
      { limits: { tables: 8 } },
    );
    assert.equal(fn(guest.exports, 'f')(), 7);
    assert.equal(fn(guest.exports, 'grow')(), -1);
  });

  // The address space of a process is the memory that it can have.
  const noLimit = process.platform === 'win32' ? 'no shell that limits the address space' : false;
  test('memory that cannot be had is a limit error, and the host goes on', { skip: noLimit }, () => {
    const program = fileURLToPath(new URL('../support/out-of-memory.ts', import.meta.url));
    const { stdout, stderr } = spawnSync(
      'sh',
      ['-c', `ulimit -v 60000000 && exec "$0" "$1"`, process.execPath, program],
      {
        encoding: 'utf8',
      },
    );
    assert.equal(stdout, 'LimitError memory-limit memory\nLimitError memory-limit memory\n7\n', stderr);
  });
});

describe('handles', () => {
  const LEAK = `(component
    (type $r' (resource (rep i32)))
    (export $r "r" (type $r'))
    (core func $new (canon resource.new $r'))
    (core func $drop (canon resource.drop $r'))
    (core module $m
      (import "" "new" (func $new (param i32) (result i32)))
      (import "" "drop" (func $drop (param i32)))
      (func (export "leak") (param $n i32)
        (loop $l (drop (call $new (i32.const 1)))
          (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
      (func (export "use") (param $n i32)
        (loop $l (call $drop (call $new (i32.const 1)))
          (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
    (core instance $m (instantiate $m (with "" (instance (export "new" (func $new)) (export "drop" (func $drop))))))
    (func (export "leak") (param "n" u32) (canon lift (core func $m "leak")))
    (func (export "use") (param "n" u32) (canon lift (core func $m "use"))))`;

  for (const most of [0, 1, 10, 100, 5000]) {
    test(`${most} of them, and one more`, async () => {
      const limits: LinkOptions = { limits: { handles: most } };
      const guest = await instance(LEAK, {}, limits);
      const other = await instance(LEAK, {}, limits);
      if (most > 0) {
        fn(guest.exports, 'use')(20_000);
        fn(guest.exports, 'leak')(most);
      }
      assert.throws(() => fn(guest.exports, 'leak')(1), isLimit('handle-limit', most));
      assert.equal(guest.alive, false);
      assert.equal(other.alive, true);
    });
  }

  test('passed from component to component', async () => {
    const taker = `(component
      (import "make" (instance $make (export "r" (type $r (sub resource))) (export "make" (func (result (own $r))))))
      (core func $make' (canon lower (func $make "make")))
      (core module $m (import "" "make" (func $make (result i32)))
        (func (export "take") (param $n i32)
          (loop $l (drop (call $make)) (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
      (core instance $m (instantiate $m (with "" (instance (export "make" (func $make'))))))
      (func (export "take") (param "n" u32) (canon lift (core func $m "take"))))`;
    const maker = `(component
      (component $Maker
        (type $r' (resource (rep i32)))
        (export $r "r" (type $r'))
        (core func $new (canon resource.new $r'))
        (core module $m (import "" "new" (func $new (param i32) (result i32)))
          (func (export "make") (result i32) (call $new (i32.const 1))))
        (core instance $m (instantiate $m (with "" (instance (export "new" (func $new))))))
        (func (export "make") (result (own $r)) (canon lift (core func $m "make"))))
      (instance $maker (instantiate $Maker))
      (export "make" (instance $maker)))`;
    const made = await instance(maker, {}, { limits: { handles: 3 } });
    const guest = await instance(taker, { make: made.exports['make'] }, { limits: { handles: 50 } });
    fn(guest.exports, 'take')(50);
    assert.throws(() => fn(guest.exports, 'take')(1), isLimit('handle-limit', 50));
  });
});

describe('what is lifted', () => {
  // 4096 strings, all of the same 60,000 bytes; a list of 100 numbers; a list of 50 lists of them; one string of n bytes to the host.
  const MANY = `(component
    (import "tell" (func $tell (param "text" string)))
    (core module $Mem (memory (export "mem") 4))
    (core instance $mem (instantiate $Mem))
    (core func $tell' (canon lower (func $tell) (memory (core memory $mem "mem"))))
    (core module $m
      (import "" "mem" (memory 4))
      (import "" "tell" (func $tell (param i32 i32)))
      (func $pair (param $at i32) (param $pointer i32) (param $length i32)
        (i32.store (local.get $at) (local.get $pointer)) (i32.store offset=4 (local.get $at) (local.get $length)))
      (func $fill (param $n i32) (param $length i32) (result i32) (local $i i32)
        (loop $l
          (call $pair (i32.add (i32.const 128) (i32.shl (local.get $i) (i32.const 3))) (i32.const 131072) (local.get $length))
          (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
        (call $pair (i32.const 16) (i32.const 128) (local.get $n))
        (i32.const 16))
      (func (export "strings") (param $n i32) (result i32) (call $fill (local.get $n) (i32.const 60000)))
      (func (export "numbers") (param $n i32) (result i32) (call $fill (i32.const 1) (local.get $n)) drop
        (call $pair (i32.const 16) (i32.const 131072) (local.get $n)) (i32.const 16))
      (func (export "lists") (param $n i32) (result i32) (call $fill (local.get $n) (i32.const 100)))
      (func (export "tells") (param $times i32)
        (loop $l (call $tell (i32.const 131072) (i32.const 1000))
          (br_if $l (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))))
    (core instance $m (instantiate $m (with "" (instance
      (export "mem" (memory $mem "mem")) (export "tell" (func $tell'))))))
    (func (export "strings") (param "n" u32) (result (list string))
      (canon lift (core func $m "strings") (memory (core memory $mem "mem"))))
    (func (export "numbers") (param "n" u32) (result (list u8))
      (canon lift (core func $m "numbers") (memory (core memory $mem "mem"))))
    (func (export "lists") (param "n" u32) (result (list (list u8)))
      (canon lift (core func $m "lists") (memory (core memory $mem "mem"))))
    (func (export "tells") (param "times" u32) (canon lift (core func $m "tells"))))`;
  const MOST = 100_000;

  for (const mode of ['generated', 'interpreted'] as const) {
    const make = (): Promise<Instance> => instance(MANY, { tell: () => {} }, { mode, limits: { lifted: MOST } });

    // A list of n elements of 8 bytes counts with what is in each.
    for (const [name, fits, tooMany] of [
      ['numbers', MOST, MOST + 1],
      ['strings', 1, 2],
      ['lists', Math.floor(MOST / 108), Math.floor(MOST / 108) + 1],
      ['tells', 100, 101],
    ] as const) {
      test(`${name}, ${mode}: as much as fits, for every call anew, and no more`, async () => {
        const guest = await make();
        for (let i = 0; i < 3; i++) fn(guest.exports, name)(fits);
        await fn(guest.promised, name)(fits);
        assert.throws(() => fn(guest.exports, name)(tooMany), isLimit('lift-limit', MOST));
        assert.equal(guest.alive, false);
        const other = await make();
        await assert.rejects(fn(other.promised, name)(tooMany) as Promise<unknown>, isLimit('lift-limit', MOST));
      });
    }
  }

  test('without the limit, and for others, all of it is lifted', async () => {
    const limited = await instance(MANY, { tell: () => {} }, { limits: { lifted: MOST } });
    assert.throws(() => fn(limited.exports, 'strings')(4096), isLimit('lift-limit', MOST));
    const guest = await instance(MANY, { tell: () => {} });
    assert.equal((fn(guest.exports, 'strings')(4096) as string[]).length, 4096);
  });

  test('a limit that is none is refused', async () => {
    for (const limits of [{ lifted: -1 }, { handles: 1.5 }, { lifted: Number.NaN }])
      await assert.rejects(instance(MANY, { tell: () => {} }, { limits }), { code: 'bad-limit' });
  });
});

test('40,000 calls that wait: those beyond the limit are refused, and the others are answered', async () => {
  const gate = deferred<number>();
  const guest = await instance(
    SPINNING_ASYNC,
    { gate: () => gate.promise },
    { limits: { suspended: 1_000, cpu: 60_000 } },
  );
  const refused: unknown[] = [];
  const calls = Array.from({ length: 40_000 }, () =>
    (fn(guest.exports, 'work')() as Promise<number>).catch((error: unknown) => {
      refused.push(error);
      return 0;
    }),
  );
  gate.resolve(5);
  const answers = await Promise.all(calls);
  assert.equal(answers.filter((one) => one === 5).length, 1_000);
  assert.equal(refused.length, 39_000);
  assert.ok(refused.every((error) => error instanceof UsageError && error.code === 'too-many-suspended'));
});

describe('instances', () => {
  const TRAPS = `(component
    (core module $m (memory 1) (func (export "boom") unreachable))
    (core instance $i (instantiate $m))
    (func (export "boom") (canon lift (core func $i "boom"))))`;
  const isFull = (error: unknown): boolean => error instanceof UsageError && error.code === 'too-many-instances';

  for (const pool of [false, true]) {
    test(`as many as may be alive, and again as many when they have ended${pool ? ', from a pool' : ''}`, async () => {
      const component = await Component.load(parseText(TRAPS).bytes);
      const pre = await new Linker().link(component, { limits: { instances: 3 }, pool });
      for (let round = 0; round < 3; round++) {
        const made = Array.from({ length: 3 }, () => pre.instantiate());
        assert.throws(() => pre.instantiate(), isFull);
        assert.throws(fn(made[0]!.exports, 'boom'), Trap);
        // One that has trapped is not alive, and counts once also when it is disposed of later.
        const next = pre.instantiate();
        assert.throws(() => pre.instantiate(), isFull);
        for (const each of [...made, next]) each[Symbol.dispose]();
      }
    });
  }

  test('one whose start fails does not count', async () => {
    const component = await Component.load(
      parseText(`(component (core module $m (func $f unreachable) (start $f)) (core instance (instantiate $m)))`).bytes,
    );
    const pre = await new Linker().link(component, { limits: { instances: 1 } });
    for (let i = 0; i < 3; i++) assert.throws(() => pre.instantiate(), Trap);
    await assert.rejects(new Linker().link(component, { limits: { instances: -1 } }), { code: 'bad-limit' });
  });
});
