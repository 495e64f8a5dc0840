/** What streams carry besides bytes: numbers, values with pointers, resources, other streams and futures, nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Instance, Trap, ValueError } from '../../src/index.ts';
import { objectCount } from '../../src/runtime/object-handles.ts';
import { echoGuest, guestText, lift, streamCanons } from '../support/async-guest.ts';
import { component, disposeAfterEach, fn, instance, streamOf, turns } from '../support/component.ts';

disposeAfterEach();

async function all(stream: unknown): Promise<unknown[]> {
  const chunks: unknown[] = [];
  for await (const chunk of stream as ReadableStream) chunks.push(chunk);
  return chunks;
}

/** All elements of a stream of arrays. */
async function elements(stream: unknown): Promise<unknown[]> {
  return (await all(stream)).flat(1);
}

async function echo(guest: Instance, stream: unknown): Promise<unknown> {
  return (await fn(guest.exports, 'echo')(stream)) as unknown;
}

const NUMBERS: readonly (readonly [type: string, size: number, values: Iterable<number | bigint>])[] = [
  ['s8', 1, new Int8Array([-128, 0, 127])],
  ['u16', 2, new Uint16Array([0, 65_535])],
  ['s16', 2, new Int16Array([-32_768, 32_767])],
  ['u32', 4, new Uint32Array([0, 0xffff_ffff])],
  ['s32', 4, new Int32Array([-0x8000_0000, 0x7fff_ffff])],
  ['u64', 8, new BigUint64Array([0n, 0xffff_ffff_ffff_ffffn])],
  ['s64', 8, new BigInt64Array([-0x8000_0000_0000_0000n, 1n])],
  ['f32', 4, new Float32Array([1.5, -0, Number.POSITIVE_INFINITY])],
  ['f64', 8, new Float64Array([0.1, Number.MAX_VALUE, Number.NaN])],
];

for (const [type, size, values] of NUMBERS) {
  test(`stream<${type}> moves in typed arrays`, async () => {
    const guest = await instance(echoGuest(type, size));
    assert.deepEqual(await all(await echo(guest, values)), [values]);
    assert.deepEqual(await all(await echo(guest, [...values])), [values], 'plain arrays too');
    assert.deepEqual(await all(await echo(guest, streamOf([values]))), [values]);
  });
}

const RECORD = '(record (field "id" u32) (field "full-name" string) (field "tags" (list string)))';
const SHAPE = '(variant (case "dot") (case "circle" f64) (case "label" string))';

interface Kind {
  readonly type: string;
  readonly size: number;
  readonly values: readonly unknown[];
  readonly named?: boolean;
}

const KINDS: readonly Kind[] = [
  { type: 'bool', size: 1, values: [true, false, true] },
  { type: 'string', size: 8, values: ['', 'a', 'Grüße 🌍', 'x'.repeat(1000)] },
  { type: '(list u8)', size: 8, values: [new Uint8Array([1, 2]), new Uint8Array(0)] },
  { type: '(list string)', size: 8, values: [['a', 'b'], []] },
  {
    type: '(tuple u8 string)',
    size: 12,
    values: [
      [1, 'one'],
      [2, 'two'],
    ],
  },
  {
    type: '(tuple u32 u32)',
    size: 8,
    values: [
      [1, 2],
      [3, 4],
    ],
  },
  { type: '(option string)', size: 12, values: ['some', undefined, ''] },
  {
    type: '(option (option u8))',
    size: 3,
    values: [{ tag: 'none' }, { tag: 'some', val: undefined }, { tag: 'some', val: 3 }],
  },
  {
    type: '(result u32 (error string))',
    size: 12,
    values: [
      { tag: 'ok', val: 1 },
      { tag: 'err', val: 'no' },
    ],
  },
  {
    type: RECORD,
    size: 20,
    values: [
      { id: 1, fullName: 'Ada', tags: ['x', 'y'] },
      { id: 2, fullName: '', tags: [] },
    ],
    named: true,
  },
  {
    type: SHAPE,
    size: 16,
    values: [{ tag: 'dot' }, { tag: 'circle', val: 0.5 }, { tag: 'label', val: 'π' }],
    named: true,
  },
  { type: '(enum "red" "dark-blue")', size: 1, values: ['red', 'dark-blue'], named: true },
  {
    type: '(flags "read" "write-it")',
    size: 1,
    values: [
      { read: true, writeIt: false },
      { read: false, writeIt: true },
    ],
    named: true,
  },
];

/** The guest of a kind: records, variants and their like must have been given a name. */
function guestOf({ type, size, named }: Kind): string {
  if (named !== true) return echoGuest(type, size);
  return echoGuest('$Named', size, `(type $Raw ${type}) (export $Named "named" (type $Raw))`);
}

for (const kind of KINDS) {
  test(`stream<${kind.type}> moves in arrays`, async () => {
    const guest = await instance(guestOf(kind));
    const { values } = kind;
    assert.deepEqual(await all(await echo(guest, values)), [values], 'all in one chunk');
    assert.deepEqual(await elements(await echo(guest, streamOf([values, values]))), [...values, ...values]);
    const one = values[0];
    // A chunk that is an array is an array of elements.
    const single = async function* () {
      yield Array.isArray(one) ? [one] : one;
    };
    assert.deepEqual(await all(await echo(guest, single())), [[one]]);
  });
}

test('many values: chunks are as large as the guest’s writes', async () => {
  const guest = await instance(echoGuest('string', 8));
  const many = Array.from({ length: 100 }, (_, i) => `value ${i}`);
  const chunks = (await all(await echo(guest, many))) as string[][];
  assert.deepEqual(
    chunks.map((c) => c.length),
    [16, 16, 16, 16, 16, 16, 4],
  );
  assert.deepEqual(chunks.flat(), many);
});

test('a wrong element ends the guest and says which', async () => {
  const guest = await instance(echoGuest('string', 8));
  const stream = (await echo(guest, [['fine'], ['fine', 7]].values())) as ReadableStream;
  const reader = stream.getReader();
  assert.deepEqual((await reader.read()).value, ['fine']);
  await assert.rejects(
    reader.read(),
    (error) =>
      error instanceof Trap &&
      error.code === 'host-value' &&
      error.reason ===
        'the stream of echo gave a wrong value: element 1 of a chunk of the stream of echo does not fit its type; expected a string, found 7',
  );
});

test('a stream without an element type counts', async () => {
  const guest = await instance(
    guestText({
      types: '(type $ST (stream))',
      canons: {
        'stream.new': ['stream.new $ST', '(result i64)'],
        'stream.read': ['stream.read $ST', '(param i32 i32 i32) (result i32)'],
        'stream.write': ['stream.write $ST', '(param i32 i32 i32) (result i32)'],
        'drop-writable': ['stream.drop-writable $ST', '(param i32)'],
        'task.return': ['task.return (result $ST)', '(param i32)'],
      },
      body: `
      (func (export "ticks") (param $n i32) (local $pair i64) (local $out i32)
        (local.set $pair (call $stream.new))
        (call $task.return (i32.wrap_i64 (local.get $pair)))
        (local.set $out (i32.wrap_i64 (i64.shr_u (local.get $pair) (i64.const 32))))
        (drop (call $stream.write (local.get $out) (i32.const 0) (local.get $n)))
        (call $drop-writable (local.get $out)))
      (func (export "tally") (param $in i32) (result i32) (local $r i32) (local $n i32)
        (loop $more
          (local.set $r (call $stream.read (local.get $in) (i32.const 0) (i32.const 1000)))
          (local.set $n (i32.add (local.get $n) (i32.shr_u (local.get $r) (i32.const 4))))
          (br_if $more (i32.eqz (i32.and (local.get $r) (i32.const 15)))))
        (local.get $n))`,
      exports: `
      (func (export "ticks") async (param "n" u32) (result $ST) ${lift('ticks', 'async')})
      (func (export "tally") async (param "in" $ST) (result u32) ${lift('tally', 'sync')})`,
    }),
  );
  assert.deepEqual(await all(await fn(guest.exports, 'ticks')(7)), [7]);
  const tally = fn(guest.exports, 'tally');
  assert.equal(await tally([5, undefined, [undefined, undefined]].values()), 8);
  assert.equal(await tally([undefined, undefined]), 2);
  await assert.rejects(
    tally(['x'].values()) as Promise<unknown>,
    (error) => error instanceof Trap && error.code === 'host-value',
  );
});

// ---- resources

class Thing implements Disposable {
  static disposed: string[] = [];
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
  [Symbol.dispose](): void {
    Thing.disposed.push(this.name);
  }
}

const HOST_THINGS = echoGuest('(own $T)', 4, '(import "thing" (type $T (sub resource)))');

test('a host’s resources pass through a guest and come back as the same objects', async () => {
  Thing.disposed = [];
  const guest = await instance(HOST_THINGS, { thing: Thing });
  const things = ['a', 'b', 'c'].map((name) => new Thing(name));
  const back = await elements(await echo(guest, things));
  assert.deepEqual(back, things);
  assert.ok(back.every((thing, i) => thing === things[i]));
  assert.deepEqual(Thing.disposed, []);
});

test('resources of a chunk that nobody takes stay the host’s', async () => {
  Thing.disposed = [];
  const guest = await instance(HOST_THINGS, { thing: Thing });
  const things = Array.from({ length: 20 }, (_, i) => new Thing(`${i}`));
  const stream = (await echo(guest, things)) as ReadableStream;
  // 16 are in the guest's buffer, where it owns them; four still wait in the chunk.
  await turns();
  guest[Symbol.dispose]();
  assert.equal(Thing.disposed.length, 16);
  await assert.rejects(stream.getReader().read(), (error) => error instanceof Trap);
  assert.deepEqual(
    Thing.disposed.toSorted((a, b) => Number(a) - Number(b)),
    things.slice(0, 16).map((t) => t.name),
  );
});

test('what is no such resource', async () => {
  const guest = await instance(HOST_THINGS, { thing: Thing });
  const stream = (await echo(guest, [new Thing('a'), {}])) as ReadableStream;
  await assert.rejects(
    stream.getReader().read(),
    (error) => error instanceof Trap && error.code === 'host-value' && error.cause instanceof ValueError,
  );
});

const GUEST_THINGS = guestText({
  types: `
  (core module $D
    (global $drops (mut i32) (i32.const 0))
    (func (export "dtor") (param i32) (global.set $drops (i32.add (global.get $drops) (i32.const 1))))
    (func (export "drops") (result i32) (global.get $drops)))
  (core instance $d (instantiate $D))
  (type $Raw (resource (rep i32) (dtor (core func $d "dtor"))))
  (export $T "thing" (type $Raw))
  (type $ST (stream (own $T)))`,
  canons: {
    ...streamCanons('$ST'),
    'task.return': ['task.return (result $ST)', '(param i32)'],
    'resource.new': ['resource.new $Raw', '(param i32) (result i32)'],
    'resource.rep': ['resource.rep $Raw', '(param i32) (result i32)'],
    'resource.drop': ['resource.drop $Raw', '(param i32)'],
  },
  body: `
    (func (export "things") (param $n i32) (local $pair i64) (local $out i32) (local $i i32) (local $r i32)
      (local.set $pair (call $stream.new))
      (call $task.return (i32.wrap_i64 (local.get $pair)))
      (local.set $out (i32.wrap_i64 (i64.shr_u (local.get $pair) (i64.const 32))))
      (block $end (loop $more
        (br_if $end (i32.eq (local.get $i) (local.get $n)))
        (i32.store (i32.const 64) (call $resource.new (i32.add (i32.const 100) (local.get $i))))
        (local.set $r (call $stream.write (local.get $out) (i32.const 64) (i32.const 1)))
        (if (i32.eq (local.get $r) (i32.const 1)) (then (call $resource.drop (i32.load (i32.const 64)))))
        (br_if $end (i32.and (local.get $r) (i32.const 15)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $more)))
      (call $drop-writable (local.get $out)))
    (func (export "sum") (param $in i32) (result i32) (local $r i32) (local $sum i32)
      (block $end (loop $more
        (local.set $r (call $stream.read (local.get $in) (i32.const 128) (i32.const 1)))
        (br_if $end (i32.eqz (i32.shr_u (local.get $r) (i32.const 4))))
        (local.set $sum (i32.add (local.get $sum) (call $resource.rep (i32.load (i32.const 128)))))
        (call $resource.drop (i32.load (i32.const 128)))
        (br_if $more (i32.eqz (i32.and (local.get $r) (i32.const 15))))))
      (local.get $sum))
    (func (export "number") (param i32) (result i32) (local.get 0))`,
  exports: `
  (func (export "things") async (param "n" u32) (result $ST) ${lift('things', 'async')})
  (func (export "sum") async (param "in" $ST) (result u32) ${lift('sum', 'sync')})
  (func (export "[method]thing.number") (param "self" (borrow $T)) (result u32) ${lift('number', 'sync')})
  (func (export "drops") (result u32) (canon lift (core func $d "drops")))`,
});

interface Handle extends Disposable {
  number(): number;
}

test('a guest’s resources come as objects of its class, one by one as it gives them, and go back', async () => {
  const guest = await instance(GUEST_THINGS);
  const drops = fn(guest.exports, 'drops');
  const stream = (await fn(guest.exports, 'things')(5)) as ReadableStream<Handle[]>;
  const handles = (await elements(stream)) as Handle[];
  assert.deepEqual(
    handles.map((handle) => handle.number()),
    [100, 101, 102, 103, 104],
  );
  handles.pop()?.[Symbol.dispose]();
  assert.equal(drops(), 1);
  assert.equal(await fn(guest.exports, 'sum')(handles.values()), 406);
  assert.equal(drops(), 5);
  assert.throws(
    () => handles[0]?.number(),
    (error) => error instanceof ValueError && error.code === 'handle-gone',
  );
});

test('a guest that nobody listens to any more keeps what was not taken', async () => {
  const guest = await instance(GUEST_THINGS);
  const drops = fn(guest.exports, 'drops');
  const reader = ((await fn(guest.exports, 'things')(5)) as ReadableStream<Handle[]>).getReader();
  const { value } = await reader.read();
  await turns();
  await reader.cancel();
  await turns();
  assert.equal(drops(), 1, 'the one that it offered in vain');
  value?.[0]?.[Symbol.dispose]();
  assert.equal(drops(), 2);
});

test('a handle that was moved before the guest takes it', async () => {
  const guest = await instance(GUEST_THINGS);
  const handles = (await elements(await fn(guest.exports, 'things')(2))) as Handle[];
  const taken = fn(guest.exports, 'sum')([handles[0], handles[0]]) as Promise<unknown>;
  await assert.rejects(taken, (error) => error instanceof Trap && error.code === 'host-value');
});

// ---- streams and futures inside

test('a stream of streams, a stream of futures', async () => {
  const streams = await instance(echoGuest('(stream u8)', 4));
  const inner = (await elements(await echo(streams, [[1, 2], new Uint8Array([3])]))) as ReadableStream[];
  assert.deepEqual(await Promise.all(inner.map((s) => elements(s).then((chunks) => [...(chunks[0] as Uint8Array)]))), [
    [1, 2],
    [3],
  ]);
  const futures = await instance(echoGuest('(future string)', 4));
  const promises = (await elements(await echo(futures, [Promise.resolve('a'), 'b']))) as Promise<string>[];
  assert.ok(promises.every((p) => p instanceof Promise));
  assert.deepEqual(await Promise.all(promises), ['a', 'b']);
});

test('streams of a chunk that nobody takes are not touched', async () => {
  const guest = await instance(
    guestText({
      types: '(type $Inner (stream u8)) (type $ST (stream $Inner))',
      canons: { 'drop-readable': ['stream.drop-readable $ST', '(param i32)'] },
      body: '(func (export "forget") (param i32) (call $drop-readable (local.get 0)))',
      exports: `(func (export "forget") (param "in" $ST) ${lift('forget', 'sync')})`,
    }),
  );
  const inner = new ReadableStream();
  fn(guest.exports, 'forget')([inner]);
  await turns();
  assert.equal(inner.locked, false);
});

// ---- arguments of which one does not fit

const TWO = guestText({
  types: `
  (import "thing" (type $T (sub resource)))
  (type $ST (stream u8))`,
  canons: { drop: ['stream.drop-readable $ST', '(param i32)'], 'thing.drop': ['resource.drop $T', '(param i32)'] },
  body: `
    (func (export "both") (param i32 i32) (call $drop (local.get 0)))
    (func (export "owned") (param i32 i32) (call $thing.drop (local.get 0)) (call $drop (local.get 1)))`,
  exports: `
  (func (export "both") (param "in" $ST) (param "n" u8) ${lift('both', 'sync')})
  (func (export "owned") (param "t" (own $T)) (param "in" $ST) ${lift('owned', 'sync')})`,
});

test('a wrong argument beside a stream: nothing was taken', async () => {
  for (const mode of ['generated', 'interpreted'] as const) {
    Thing.disposed = [];
    const guest = await (await component(TWO)).instantiate({ thing: Thing }, { mode });
    const before = objectCount();
    const stream = new ReadableStream();
    assert.throws(() => fn(guest.exports, 'both')(stream, 256), ValueError);
    assert.equal(stream.locked, false, mode);
    assert.equal(objectCount(), before, mode);
    const thing = new Thing('kept');
    assert.throws(() => fn(guest.exports, 'owned')(thing, 'no stream'), ValueError);
    fn(guest.exports, 'owned')(thing, []);
    assert.deepEqual(Thing.disposed, ['kept'], mode);
    guest[Symbol.dispose]();
  }
});
