/** Streams and futures between the host and guests: their ends, and what becomes of one side when the other goes. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Instance, type LinkOptions, Trap } from '../../src/index.ts';
import { fn, instance } from '../support/component.ts';

const MODES: readonly LinkOptions[] = [
  { mode: 'generated', trapOnDeadlock: true },
  { mode: 'interpreted', trapOnDeadlock: true },
];

/**
 * `take` reads bytes one by one, at most so many, and answers their sum. `give` writes bytes one by one, and drops its end or traps.
 * `turn` takes a thing out of one future and answers it, and `make` and `count` make and count things.
 */
const GUEST = `
(component
  (type $bytes (stream u8))
  (core module $Memory (memory (export "m") 1))
  (core instance $memory (instantiate $Memory))
  (alias core export $memory "m" (core memory $m))
  (core module $M
    (import "" "m" (memory 1))
    (import "" "read" (func $read (param i32 i32 i32) (result i32)))
    (import "" "write" (func $write (param i32 i32 i32) (result i32)))
    (import "" "new" (func $new (result i64)))
    (import "" "drop-readable" (func $drop-readable (param i32)))
    (import "" "drop-writable" (func $drop-writable (param i32)))
    (import "" "return" (func $return (param i32)))
    (func (export "take") (param $s i32) (param $n i32) (result i32)
      (local $sum i32)
      (block $end (loop $more
        (br_if $end (i32.eqz (local.get $n)))
        (br_if $end (i32.eqz (i32.shr_u (call $read (local.get $s) (i32.const 0) (i32.const 1)) (i32.const 4))))
        (local.set $sum (i32.add (local.get $sum) (i32.load8_u (i32.const 0))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $more)))
      (call $drop-readable (local.get $s))
      (local.get $sum))
    (func (export "give") (param $n i32) (param $trap i32)
      (local $ends i64) (local $w i32)
      (local.set $ends (call $new))
      (local.set $w (i32.wrap_i64 (i64.shr_u (local.get $ends) (i64.const 32))))
      (call $return (i32.wrap_i64 (local.get $ends)))
      (block $end (loop $more
        (br_if $end (i32.eqz (local.get $n)))
        (i32.store8 (i32.const 8) (local.get $n))
        (br_if $end (i32.eqz (i32.shr_u (call $write (local.get $w) (i32.const 8) (i32.const 1)) (i32.const 4))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $more)))
      (if (local.get $trap) (then unreachable))
      (call $drop-writable (local.get $w))))
  (core func $read (canon stream.read $bytes (memory $m)))
  (core func $write (canon stream.write $bytes (memory $m)))
  (core func $new (canon stream.new $bytes))
  (core func $drop-readable (canon stream.drop-readable $bytes))
  (core func $drop-writable (canon stream.drop-writable $bytes))
  (core func $return (canon task.return (result $bytes)))
  (core instance $i (instantiate $M (with "" (instance
    (export "m" (memory $m)) (export "read" (func $read)) (export "write" (func $write)) (export "new" (func $new))
    (export "drop-readable" (func $drop-readable)) (export "drop-writable" (func $drop-writable))
    (export "return" (func $return))))))
  (func (export "take") async (param "s" $bytes) (param "n" u32) (result u32) (canon lift (core func $i "take")))
  (func (export "give") async (param "n" u32) (param "trap" bool) (result $bytes) (canon lift (core func $i "give") async)))`;

/** Makes things, and answers the thing of a future. */
const THINGS = `
(component
  (core module $Memory (memory (export "m") 1))
  (core instance $memory (instantiate $Memory))
  (alias core export $memory "m" (core memory $m))
  (type $thing' (resource (rep i32)))
  (export $thing "thing" (type $thing'))
  (type $later (future (own $thing)))
  (core func $make (canon resource.new $thing))
  (core func $read (canon future.read $later (memory $m)))
  (core func $drop (canon future.drop-readable $later))
  (core module $M
    (import "" "m" (memory 1))
    (import "" "read" (func $read (param i32 i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "turn") (param $f i32) (result i32)
      (drop (call $read (local.get $f) (i32.const 0)))
      (call $drop (local.get $f))
      (i32.load (i32.const 0))))
  (core instance $i (instantiate $M (with "" (instance (export "m" (memory $m)) (export "read" (func $read)) (export "drop" (func $drop))))))
  (core module $R (import "" "new" (func $new (param i32) (result i32))) (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "rep") (param i32) (result i32) (local.get 0)))
  (core instance $r (instantiate $R (with "" (instance (export "new" (func $make))))))
  (func (export "make") (param "n" u32) (result (own $thing)) (canon lift (core func $r "make")))
  (func (export "number") (param "t" (borrow $thing)) (result u32) (canon lift (core func $r "rep")))
  (func (export "turn") async (param "later" $later) (result (own $thing)) (canon lift (core func $i "turn"))))`;

/** Answers a future, and drops its other end. */
const UNWRITTEN = `
(component
  (type $later (future u8))
  (core func $new (canon future.new $later))
  (core func $drop (canon future.drop-writable $later))
  (core func $return (canon task.return (result $later)))
  (core module $M
    (import "" "new" (func $new (result i64)))
    (import "" "drop" (func $drop (param i32)))
    (import "" "return" (func $return (param i32)))
    (func (export "unwritten")
      (local $ends i64)
      (local.set $ends (call $new))
      (call $return (i32.wrap_i64 (local.get $ends)))
      (call $drop (i32.wrap_i64 (i64.shr_u (local.get $ends) (i64.const 32))))))
  (core instance $m (instantiate $M (with "" (instance (export "new" (func $new)) (export "drop" (func $drop)) (export "return" (func $return))))))
  (func (export "unwritten") async (result $later) (canon lift (core func $m "unwritten") async)))`;

type Call = (...args: unknown[]) => Promise<unknown>;

async function all(stream: unknown): Promise<number[]> {
  const bytes: number[] = [];
  for await (const chunk of stream as ReadableStream<Uint8Array>) bytes.push(...chunk);
  return bytes;
}

for (const options of MODES) {
  describe(`streams, ${options.mode}`, () => {
    const fresh = async (): Promise<{ guest: Instance; take: Call; give: Call }> => {
      const guest = await instance(GUEST, {}, options);
      return { guest, take: fn(guest.promised, 'take') as Call, give: fn(guest.promised, 'give') as Call };
    };

    test('a host’s source is asked again as long as the guest reads, however slow it is', async () => {
      const { take } = await fresh();
      async function* slow(): AsyncGenerator<Uint8Array> {
        yield new Uint8Array([1, 2]);
        await sleep(3);
        yield new Uint8Array([]);
        yield new Uint8Array([3]);
      }
      assert.equal(await take(slow(), 100), 6);
      const many = Array.from({ length: 1000 }, () => new Uint8Array([1]));
      assert.equal(await take(many[Symbol.iterator](), 2000), 1000);
    });

    test('a guest that drops its end stops the source between chunks', async () => {
      const { take } = await fresh();
      let ended = 0;
      async function* endless(): AsyncGenerator<Uint8Array> {
        try {
          for (;;) yield new Uint8Array([1]);
        } finally {
          ended++;
        }
      }
      assert.equal(await take(endless(), 5), 5);
      assert.equal(await take(endless(), 0), 0);
      await sleep(1);
      assert.equal(ended, 2);
    });

    test('a guest that drops its end stops a source that has nothing to give', async () => {
      const { guest, take } = await fresh();
      const { promise, resolve } = Promise.withResolvers<string>();
      const silent = new ReadableStream({
        pull: () => new Promise<void>(() => {}),
        cancel: () => resolve('cancelled'),
      });
      assert.equal(await take(silent, 0), 0);
      assert.equal(await promise, 'cancelled');
      assert.equal(guest.alive, true);
    });

    test('what a guest writes comes to its end, or fails with the guest', async () => {
      const { guest, give } = await fresh();
      assert.deepEqual(await all(await give(5, false)), [5, 4, 3, 2, 1]);
      assert.deepEqual(await all(await give(0, false)), []);
      const cut = (await give(2, true)) as ReadableStream<Uint8Array>;
      const reader = cut.getReader();
      assert.deepEqual([...(await reader.read()).value!, ...(await reader.read()).value!], [2, 1]);
      await assert.rejects(reader.read(), (error) => {
        assert.ok(error instanceof Trap);
        assert.equal(error.code, 'unreachable');
        return true;
      });
      assert.equal(guest.alive, false);
    });

    test('a guest that ends before it is read fails its streams, too', async () => {
      const { give } = await fresh();
      const stream = (await give(1, false)) as ReadableStream<Uint8Array>;
      await assert.rejects(all(await give(0, true)), { code: 'unreachable' });
      await assert.rejects(all(stream), { code: 'unreachable' });
    });

    test('a guest that ends amid dropping an end fails who waits at the other', async () => {
      const guest = await instance(UNWRITTEN, {}, options);
      await assert.rejects(fn(guest.promised, 'unwritten')() as Promise<unknown>, (error) => {
        assert.ok(error instanceof Trap);
        assert.equal(error.code, 'end-unwritten');
        return true;
      });
      assert.equal(guest.alive, false);
    });

    test('a value that is given for a future at once', async () => {
      const guest = await instance(THINGS, {}, options);
      const { make, number, turn } = guest.promised as Record<string, Call>;
      assert.equal(await number!(await turn!(await make!(7))), 7);
    });

    test('resources in futures, of components that were loaded apart', async () => {
      for (let n = 1; n <= 2; n++) {
        const guest = await instance(THINGS, {}, options);
        const { make, number, turn } = guest.promised as Record<string, Call>;
        const thing = await make!(40 + n);
        assert.equal(await number!(await turn!(Promise.resolve(thing))), 40 + n);
      }
    });
  });
}
