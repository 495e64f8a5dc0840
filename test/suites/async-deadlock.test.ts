/** Calls that nothing can end: who waits for whom, as a trap, as a warning when the process ends, and on the command line. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Instance, Trap } from '../../src/index.ts';
import { guest as guestFile, tenon } from '../cli/tenon.ts';
import { futureCanons, futureGuest, guestText, lift, streamCanons, WAITABLES } from '../support/async-guest.ts';
import { deferred, disposeAfterEach, fn, instance, turns } from '../support/component.ts';

disposeAfterEach();

const root = join(import.meta.dirname, '../..');

/** Waits for itself in every way: an empty set, ends of its own streams and futures, a caller that has the instance for itself. */
const STUCK = guestText({
  types: '(type $ST (stream u8)) (type $FT (future u8))',
  canons: {
    ...WAITABLES,
    ...streamCanons('$ST'),
    ...futureCanons('$FT'),
    'task.return': ['task.return', ''],
    'backpressure.inc': ['backpressure.inc', ''],
  },
  body: `
    (func $hi (param i64) (result i32) (i32.wrap_i64 (i64.shr_u (local.get 0) (i64.const 32))))
    (func (export "set") (drop (call $set.wait (call $set.new) (i32.const 64))))
    (func (export "read") (drop (call $stream.read (i32.wrap_i64 (call $stream.new)) (i32.const 64) (i32.const 1))))
    (func (export "write") (drop (call $stream.write (call $hi (call $stream.new)) (i32.const 64) (i32.const 1))))
    (func (export "future") (drop (call $future.read (i32.wrap_i64 (call $future.new)) (i32.const 64))))
    (func (export "several") (result i32) (local $set i32) (local $s i32) (local $f i32)
      (local.set $set (call $set.new))
      (local.set $s (i32.wrap_i64 (call $stream.new)))
      (drop (call $read-async (local.get $s) (i32.const 64) (i32.const 1)))
      (call $join (local.get $s) (local.get $set))
      (local.set $f (call $hi (call $stream.new)))
      (drop (call $write-async (local.get $f) (i32.const 64) (i32.const 1)))
      (call $join (local.get $f) (local.get $set))
      (i32.or (i32.const 2) (i32.shl (local.get $set) (i32.const 4))))
    (func (export "several-cb") (param i32 i32 i32) (result i32) unreachable)
    (func (export "shut") (call $backpressure.inc))`,
  exports: `
  (func (export "set") async ${lift('set', 'sync')})
  (func (export "read") async ${lift('read', 'sync')})
  (func (export "write") async ${lift('write', 'sync')})
  (func (export "future") async ${lift('future', 'sync')})
  (func (export "several") async ${lift('several', { callback: 'several-cb' })})
  (func (export "shut") ${lift('shut', 'sync')})`,
});

const PREFIX = 'deadlock detected: event loop cannot make further progress: ';

const WAITS: Readonly<Record<string, string>> = {
  set: 'root: set waits for an event of its waitable set (which is empty)',
  read: 'root: read waits for root to write to a stream<u8>',
  write: 'root: write waits for root to read from a stream<u8>',
  future: 'root: future waits for root to write to a future<u8>',
  several:
    'root: several waits for an event of its waitable set (root to write to a stream<u8>, root to read from a stream<u8>)',
};

async function reasonOf(promise: unknown): Promise<string> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof Trap && error.code === 'deadlock', String(error));
    return error.reason;
  }
  return assert.fail('ended');
}

for (const [name, waits] of Object.entries(WAITS)) {
  test(`trapOnDeadlock: ${waits}`, async () => {
    const guest = await instance(STUCK, {}, { trapOnDeadlock: true });
    assert.equal(await reasonOf(fn(guest.exports, name)()), PREFIX + waits);
    assert.equal(guest.alive, false);
  });
}

test('every call that waits is named, up to eight', async () => {
  const guest = await instance(STUCK, {}, { trapOnDeadlock: true });
  const calls = [fn(guest.exports, 'set')(), fn(guest.exports, 'read')(), fn(guest.exports, 'several')()];
  const reasons = await Promise.all(calls.map(reasonOf));
  assert.equal(new Set(reasons).size, 1);
  assert.deepEqual(reasons[0]?.slice(PREFIX.length).split('; '), [
    WAITS['set'],
    'root: read waits for its turn to enter root, which set has for itself',
    'root: several waits for its turn to enter root, which set has for itself',
  ]);
  const crowd = await instance(STUCK, {}, { trapOnDeadlock: true });
  const [reason] = await Promise.all(Array.from({ length: 20 }, () => reasonOf(fn(crowd.exports, 'several')())));
  assert.equal(reason?.split('; ').length, 9);
  assert.match(reason ?? '', /; and 12 more$/);
});

test('an instance that takes no calls', async () => {
  const guest = await instance(STUCK, {}, { trapOnDeadlock: true });
  fn(guest.exports, 'shut')();
  assert.equal(
    await reasonOf(fn(guest.exports, 'several')()),
    `${PREFIX}root: several waits for its turn to enter root, which takes no calls now`,
  );
});

test('what the host may still answer is no deadlock', async () => {
  const a = await instance(futureGuest('u8', 'i32'), {}, { trapOnDeadlock: true });
  const gate = deferred<unknown>();
  const call = fn(a.exports, 'take')(gate.promise) as Promise<unknown>;
  await turns();
  assert.equal(await Promise.race([call, turns().then(() => 'waits')]), 'waits', 'the host may still answer');
  gate.resolve(1);
  assert.equal(await call, 1);
});

test('of instances that are linked, both sides are named', async () => {
  const inner = await instance(STUCK);
  const outer = await instance(
    guestText({
      types: '(import "set" (func $set async))',
      canons: { set: ['lower (func $set)', ''] },
      body: '(func (export "run") (call $set))',
      exports: `(func (export "run") async ${lift('run', 'sync')})`,
    }),
    { set: inner.exports['set'] },
    { trapOnDeadlock: true },
  );
  assert.equal(
    await reasonOf(fn(outer.exports, 'run')()),
    `${PREFIX}root: run waits for the result of set; root: set waits for an event of its waitable set (which is empty)`,
  );
});

test('without the option calls wait, and a later call may let them go on', async () => {
  const guest: Instance = await instance(STUCK);
  const call = fn(guest.exports, 'set')() as Promise<unknown>;
  assert.equal(await Promise.race([call, turns(20).then(() => 'waits')]), 'waits');
  assert.equal(guest.alive, true);
  guest[Symbol.dispose]();
  await assert.rejects(call, Trap);
});

// ---- a process that would end

function node(code: string): { code: number | null; stdout: string; stderr: string } {
  const url = (path: string): string => JSON.stringify(pathToFileURL(join(root, path)).href);
  const source = `
    import { Component } from ${url('src/node.ts')};
    import { assemble } from ${url('test/support/assemble.ts')};
    import { WAITING } from ${url('test/support/waiting-guest.ts')};
    const component = await Component.load(assemble(WAITING));
    const never = () => new Promise(() => {});
    ${code}`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', source], {
    encoding: 'utf8',
    cwd: root,
  });
  return { code: status, stdout, stderr };
}

test('a process that ends while calls wait says so once, on standard error', () => {
  const { code, stdout, stderr } = node(`
    const guest = await component.instantiate({ gate: never });
    guest.exports.stackful();
    guest.exports.sync();
    guest.exports.tidy();
    process.on('beforeExit', () => console.log('the last'));
    console.log('begun');`);
  assert.equal(stdout, 'begun\nthe last\n');
  assert.equal(
    stderr,
    `tenon: the process ends while calls of components still wait:
  root: tidy waits for its turn to enter root, which sync has for itself
  root: stackful waits for the result of the host function gate
  root: sync waits for the result of the host function gate
`,
  );
  assert.equal(code, 0);
});

test('it warns once, even if the process then goes on', () => {
  const { stderr, stdout } = node(`
    const guest = await component.instantiate({ gate: never });
    guest.exports.stackful();
    let more = 3;
    process.on('beforeExit', () => { if (more-- > 0) setTimeout(() => console.log('again'), 1); });`);
  assert.equal(stdout, 'again\nagain\nagain\n');
  assert.equal(stderr.split('the process ends').length, 2);
});

test('a process that ends with nothing waiting says nothing', () => {
  const { code, stderr } = node(`
    const guest = await component.instantiate({ gate: async () => 1 });
    await guest.exports.stackful();
    const other = await component.instantiate({ gate: never });
    const controller = new AbortController();
    other.exports.tidy({ signal: controller.signal }).catch(() => {});
    controller.abort();
    const third = await component.instantiate({ gate: never });
    third.exports.sync().catch(() => {});
    third[Symbol.dispose]();`);
  assert.equal(stderr, '');
  assert.equal(code, 0);
});

test('a call that is awaited at the top of a module, of a synchronous type', () => {
  const { code, stderr } = node(`
    const text = \`(component
      (import "sleep" (func $sleep))
      (core func $lowered (canon lower (func $sleep)))
      (core module $M (import "" "sleep" (func $sleep)) (func (export "nap") (call $sleep)))
      (core instance $m (instantiate $M (with "" (instance (export "sleep" (func $lowered))))))
      (func (export "nap") (canon lift (core func $m "nap"))))\`;
    const guest = await (await Component.load(assemble(text))).instantiate({ sleep: never });
    await guest.promised.nap();`);
  assert.match(stderr, /^tenon: .* still wait:\n {2}root: nap waits for the result of the host function sleep\n/);
  assert.equal(code, 13, 'Node’s own code for a module that waits for ever');
});

test('the command line ends such a call with the trap', () => {
  const { code, stdout, stderr } = tenon(['invoke', guestFile('stuck.wasm', STUCK), 'read()']);
  assert.equal(stdout, '');
  assert.match(stderr, /^trap\[deadlock\]: .*root: read waits for root to write to a stream<u8>\n/);
  assert.equal(code, 134);
});

test('it does not mind what waits for the host’s event loop', () => {
  const { code, stdout } = node(`
    const guest = await component.instantiate({ gate: () => new Promise((resolve) => setTimeout(resolve, 20, 5)) });
    console.log(await guest.exports.tidy());`);
  assert.equal(stdout, '5\n');
  assert.equal(code, 0);
});
