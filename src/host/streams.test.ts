import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostError, type Waitable } from './host.ts';
import { bytesSource, memorySink, nullSink, READY, timer, until, untilAny, Waiters } from './streams.ts';

const now = (): bigint => process.hrtime.bigint();

test('a source in memory gives its bytes in pieces and ends', () => {
  const source = bytesSource(Uint8Array.of(1, 2, 3));
  assert.deepEqual(source.read(2), Uint8Array.of(1, 2));
  assert.deepEqual(source.read(2), Uint8Array.of(3));
  assert.equal(source.read(2), undefined);
  assert.equal(bytesSource().read(1), undefined);
});

test('a sink in memory keeps copies, and takes nothing once closed', () => {
  const sink = memorySink();
  const bytes = Uint8Array.of(104, 105);
  sink.write(bytes);
  bytes[0] = 0;
  sink.write(Uint8Array.of(33));
  assert.equal(sink.text(), 'hi!');
  sink.close();
  assert.throws(
    () => sink.check(),
    (error) => error instanceof HostError && error.code === 'pipe',
  );
  assert.throws(() => sink.write(bytes), HostError);
  nullSink().write(bytes);
});

test('a timer is ready when its time has come, and not before', async () => {
  const start = now();
  const late = timer(now, start + 20_000_000n);
  assert.equal(late.ready(), false);
  await until(late);
  assert.ok(now() - start >= 20_000_000n);
  assert.equal(until(late), undefined);
  assert.equal(until(timer(now, 0n)), undefined);
});

test('a timer of centuries does not go off at once', async () => {
  let early = false;
  const cancel = timer(now, 2n ** 64n - 1n).subscribe(() => {
    early = true;
  });
  await new Promise((go) => setTimeout(go, 20));
  cancel();
  assert.equal(early, false);
});

test('waiting for several takes the rest back', async () => {
  const waiters = new Waiters();
  const silent: Waitable = { ready: () => false, subscribe: (done) => waiters.add(done) };
  const wait = untilAny([silent, timer(now, now() + 5_000_000n), timer(now, now() + 3_600_000_000_000n)]);
  assert.equal(waiters.some, true);
  await wait;
  assert.equal(waiters.some, false);
  // The test would take an hour if the last timer were still there.
  assert.equal(untilAny([silent, READY]), undefined);
});

test('who waits is woken once', () => {
  const waiters = new Waiters();
  let woken = 0;
  const count = (): void => {
    woken++;
  };
  waiters.add(count);
  waiters.add(count);
  const cancel = waiters.add(count);
  cancel();
  waiters.wake();
  waiters.wake();
  assert.equal(woken, 2);
});
