/**
 * An engine without JSPI: what waits between callbacks works, what waits amid its code is refused when it is linked. The engine's JSPI is
 * taken away before anything is loaded; the test runner gives each file a process of its own.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

for (const name of ['Suspending', 'promising']) Reflect.deleteProperty(WebAssembly, name);

const { LinkError, Trap, UsageError } = await import('../../src/index.ts');
const { canSuspend } = await import('../../src/runtime/jspi.ts');
const { guestText, lift, MEMORY, streamCanons, WAITABLES } = await import('../support/async-guest.ts');
const { deferred, fn, instance, turns } = await import('../support/component.ts');

test('there is none', () => assert.equal(canSuspend, false));

/** What callbacks are enough for: calls, signals, streams. */
const CALLBACKS = guestText({
  types: `
  (import "gate" (func $gate async (result u32)))
  (type $ST (stream u8))`,
  canons: {
    'set.new': ['waitable-set.new', '(result i32)'],
    join: ['waitable.join', '(param i32 i32)'],
    ...Object.fromEntries(
      Object.entries(streamCanons('$ST')).filter(([name]) => name !== 'stream.read' && name !== 'stream.write'),
    ),
    gate: [`lower (func $gate) async ${MEMORY}`, '(param i32) (result i32)'],
    'subtask.drop': ['subtask.drop', '(param i32)'],
    'subtask.cancel': ['subtask.cancel', '(param i32) (result i32)'],
    'task.cancel': ['task.cancel', ''],
    'return-number': ['task.return (result u32)', '(param i32)'],
    'return-stream': ['task.return (result $ST)', '(param i32)'],
    yield: ['thread.yield', '(result i32)'],
  },
  body: `
    (global $set (mut i32) (i32.const 0))
    (global $sub (mut i32) (i32.const 0))
    (global $in (mut i32) (i32.const 0))
    (global $out (mut i32) (i32.const 0))
    (func $wait (result i32) (i32.or (i32.const 2) (i32.shl (global.get $set) (i32.const 4))))

    (func (export "ask") (result i32) (local $r i32)
      (drop (call $yield))
      (local.set $r (call $gate (i32.const 64)))
      (if (i32.eq (local.get $r) (i32.const 2)) (then (call $return-number (i32.load (i32.const 64))) (return (i32.const 0))))
      (global.set $sub (i32.shr_u (local.get $r) (i32.const 4)))
      (global.set $set (call $set.new))
      (call $join (global.get $sub) (global.get $set))
      (call $wait))
    (func (export "ask-cb") (param $event i32) (param $index i32) (param $state i32) (result i32)
      (if (i32.eq (local.get $event) (i32.const 6)) (then
        (call $join (global.get $sub) (i32.const 0))
        (drop (call $subtask.cancel (global.get $sub)))
        (call $subtask.drop (global.get $sub))
        (call $task.cancel)
        (return (i32.const 0))))
      (call $subtask.drop (local.get $index))
      (call $return-number (i32.load (i32.const 64)))
      (i32.const 0))

    ;; copies, a chunk of up to 16 at a time
    (func $read (result i32) (local $r i32)
      (loop $again
        (local.set $r (call $read-async (global.get $in) (i32.const 128) (i32.const 16)))
        (if (i32.eq (local.get $r) (i32.const -1)) (then
          (call $join (global.get $in) (global.get $set)) (return (call $wait))))
        (return (call $write (local.get $r))))
      (unreachable))
    (func $write (param $r i32) (result i32) (local $w i32)
      (if (i32.eqz (i32.shr_u (local.get $r) (i32.const 4))) (then
        (call $drop-readable (global.get $in)) (call $drop-writable (global.get $out)) (return (i32.const 0))))
      (local.set $w (call $write-async (global.get $out) (i32.const 128) (i32.shr_u (local.get $r) (i32.const 4))))
      (if (i32.eq (local.get $w) (i32.const -1)) (then
        (call $join (global.get $out) (global.get $set)) (return (call $wait))))
      (call $read))
    (func (export "copy") (param $in i32) (result i32) (local $pair i64)
      (global.set $in (local.get $in))
      (global.set $set (call $set.new))
      (local.set $pair (call $stream.new))
      (global.set $out (i32.wrap_i64 (i64.shr_u (local.get $pair) (i64.const 32))))
      (call $return-stream (i32.wrap_i64 (local.get $pair)))
      (call $read))
    (func (export "copy-cb") (param $event i32) (param $index i32) (param $code i32) (result i32)
      (call $join (local.get $index) (i32.const 0))
      (if (i32.eq (local.get $event) (i32.const 2)) (then (return (call $write (local.get $code)))))
      (call $read))
    (func (export "stackful") (call $return-number (i32.const 5)))
    (func (export "plain") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))`,
  exports: `
  (func (export "ask") async (result u32) ${lift('ask', { callback: 'ask-cb' })})
  (func (export "copy") async (param "in" $ST) (result $ST) ${lift('copy', { callback: 'copy-cb' })})
  (func (export "stackful") async (result u32) ${lift('stackful', 'async')})
  (func (export "plain") (param "n" u32) (result u32) ${lift('plain', 'sync')})`,
});

test('exports with callbacks, and asynchronous calls of the host', async () => {
  const gate = deferred<number>();
  const guest = await instance(CALLBACKS, { gate: () => gate.promise });
  const call = fn(guest.exports, 'ask')() as Promise<unknown>;
  await turns();
  assert.equal(fn(guest.exports, 'plain')(1), 2, 'meanwhile');
  gate.resolve(9);
  assert.equal(await call, 9);
  const ready = await instance(CALLBACKS, { gate: () => 3 });
  assert.equal(await fn(ready.exports, 'ask')(), 3);
  assert.equal(await fn(ready.promised, 'ask')(), 3, 'asynchronous functions are promises by themselves');
});

test('a signal', async () => {
  let signal: AbortSignal | undefined;
  const gate = (options: { signal: AbortSignal }): Promise<number> => {
    signal = options.signal;
    return new Promise(() => {});
  };
  const guest = await instance(CALLBACKS, { gate });
  const controller = new AbortController();
  const call = fn(guest.exports, 'ask')({ signal: controller.signal }) as Promise<unknown>;
  controller.abort();
  await assert.rejects(call, { name: 'AbortError' });
  await turns();
  assert.equal(signal?.aborted, true);
  assert.equal(guest.alive, true);
});

test('streams both ways, without a stack that waits', async () => {
  const guest = await instance(CALLBACKS, { gate: () => 0 });
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 5; i++) yield new Uint8Array(30).fill(i);
  };
  const bytes: number[] = [];
  for await (const chunk of (await fn(guest.exports, 'copy')(chunks())) as ReadableStream<Uint8Array>)
    bytes.push(...chunk);
  assert.deepEqual(
    bytes,
    Array.from({ length: 150 }, (_, i) => Math.floor(i / 30)),
  );
});

test('a task that is lifted without a callback works as long as it need not wait', async () => {
  const guest = await instance(CALLBACKS, { gate: () => 0 });
  assert.equal(await fn(guest.exports, 'stackful')(), 5);
});

const SYNC = `
(component
  (import "add" (func $add (param "a" u32) (param "b" u32) (result u32)))
  (core func $lowered (canon lower (func $add)))
  (core module $M
    (import "" "add" (func $add (param i32 i32) (result i32)))
    (func (export "twice") (param i32) (result i32) (call $add (local.get 0) (local.get 0))))
  (core instance $m (instantiate $M (with "" (instance (export "add" (func $lowered))))))
  (func (export "twice") (param "n" u32) (result u32) (canon lift (core func $m "twice"))))`;

test('synchronous components', async () => {
  const guest = await instance(SYNC, { add: (a: number, b: number) => a + b });
  assert.equal(fn(guest.exports, 'twice')(21), 42);
});

test('promised calls are refused, before anything is called', async () => {
  const guest = await instance(SYNC, { add: () => assert.fail('called') });
  await assert.rejects(
    fn(guest.promised, 'twice')(1) as Promise<unknown>,
    (error) => error instanceof UsageError && error.code === 'no-jspi' && /WebAssembly\.promising/.test(error.message),
  );
});

test('a host function that answers a promise to a synchronous guest is a trap that says why', async () => {
  const guest = await instance(SYNC, { add: async () => 1 });
  assert.throws(
    () => fn(guest.exports, 'twice')(1),
    (error) =>
      error instanceof Trap &&
      error.code === 'would-block' &&
      /add is not ready; this engine has no JSPI/.test(error.message),
  );
});

test('a wait for what has come is answered; for what has not, it is a trap', async () => {
  const text = guestText({
    types: '(import "gate" (func $gate async (result u32)))',
    canons: { ...WAITABLES, gate: [`lower (func $gate) async ${MEMORY}`, '(param i32) (result i32)'] },
    body: `
    (func (export "f") (result i32) (local $set i32) (local $r i32)
      (local.set $set (call $set.new))
      (local.set $r (call $gate (i32.const 64)))
      (if (i32.eq (local.get $r) (i32.const 2)) (then (return (i32.load (i32.const 64)))))
      (call $join (i32.shr_u (local.get $r) (i32.const 4)) (local.get $set))
      (drop (call $set.wait (local.get $set) (i32.const 80)))
      (i32.load (i32.const 64)))`,
    exports: `(func (export "f") async (result u32) ${lift('f', 'sync')})`,
  });
  const ready = await instance(text, { gate: () => 6 });
  assert.equal(await fn(ready.exports, 'f')(), 6);
  const guest = await instance(text, { gate: async () => 6 });
  await assert.rejects(
    fn(guest.exports, 'f')() as Promise<unknown>,
    (error) =>
      error instanceof Trap &&
      error.code === 'would-block' &&
      /\(the result of the host function gate\) is not ready; this engine has no JSPI/.test(error.message),
  );
});

// ---- what is refused

function body(signature: string): string {
  return `(func (export "f") (result i32) (i32.const 1)) (func (export "unused") ${signature} unreachable)`;
}

async function refusal(types: string, canon: readonly [string, string]): Promise<string> {
  const text = guestText({
    types,
    canons: { it: canon },
    body: body(canon[1]),
    exports: `(func (export "f") async (result u32) ${lift('f', 'sync')})`,
  });
  try {
    await instance(text, { gate: () => 1, 'demo:host/clock@1.0.0': { wait: () => 1 } });
  } catch (error) {
    assert.ok(error instanceof LinkError && error.code === 'needs-jspi', String(error));
    return error.message;
  }
  return assert.fail('linked');
}

const REFUSED: readonly (readonly [types: string, canon: readonly [string, string], what: string])[] = [
  ['(type $ST (stream u8))', streamCanons('$ST')['stream.read']!, 'the built-in stream.read'],
  ['(type $ST (stream u8))', streamCanons('$ST')['stream.write']!, 'the built-in stream.write'],
  ['', ['thread.suspend', '(result i32)'], 'the built-in thread.suspend'],
  [
    '(import "gate" (func $gate async (result u32)))',
    ['lower (func $gate)', '(result i32)'],
    'gate (of an async type) synchronously',
  ],
  [
    '(import "demo:host/clock@1.0.0" (instance $clock (export "wait" (func async (result u32)))))',
    ['lower (func $clock "wait")', '(result i32)'],
    'demo:host/clock@1.0.0#wait (of an async type) synchronously',
  ],
];

for (const [types, canon, what] of REFUSED) {
  test(`refused: ${what}`, async () => {
    assert.equal(
      await refusal(types, canon),
      `component root calls ${what}, which waits amid its code; ` +
        'expected an engine with JSPI (WebAssembly.Suspending), found an engine without',
    );
  });
}
