import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeHost } from '../host/node/host.ts';
import { until } from '../host/streams.ts';
import { grantedClocks, grantedRandom, seededRandom } from './clocks-random.ts';

const host = nodeHost();
const NOON = 1_769_860_800_000_000_000n; // date -u -d 2026-01-31T12:00:00Z +%s

function words(seed: bigint, count: number): bigint[] {
  const bytes = new Uint8Array(count * 8);
  seededRandom(seed).fill(bytes);
  const view = new DataView(bytes.buffer);
  return Array.from({ length: count }, (_, index) => view.getBigUint64(index * 8, true));
}

test('seeded numbers are those of SplitMix64', () => {
  // As the reference program by Vigna gives them for this seed.
  assert.deepEqual(words(1234567n, 5), [
    6457827717110365317n,
    3203168211198807973n,
    9817491932198370423n,
    4593380528125082431n,
    16408922859458223821n,
  ]);
});

test('every request takes whole numbers of the sequence', () => {
  const random = grantedRandom(host, 'seed=1234567')!;
  const [one, two] = [new Uint8Array(3), new Uint8Array(8)];
  random.fill(one);
  random.fill(two);
  assert.equal(new DataView(two.buffer).getBigUint64(0, true), 3203168211198807973n);
  const first = new Uint8Array(new BigUint64Array([6457827717110365317n]).buffer);
  assert.deepEqual(one, first.subarray(0, 3));
  assert.equal(grantedRandom(host, 'none'), undefined);
  assert.equal(grantedRandom(host, 'system'), host.random);
});

test('a fixed time stands, and waits move the steady clock by what was waited for', async () => {
  const clocks = grantedClocks(host, 'fixed=2026-01-31T12:00:00Z')!;
  assert.equal(clocks.wall(), NOON);
  assert.equal(clocks.monotonic(), 0n);
  const before = performance.now();
  const wait = clocks.until(20_000_000n);
  assert.equal(wait.ready(), false);
  await until(wait);
  assert.equal(wait.ready(), true);
  assert.ok(performance.now() - before >= 19, 'it took its time');
  assert.equal(clocks.monotonic(), 20_000_000n);
  assert.equal(clocks.wall(), NOON);
  assert.equal(clocks.until(20_000_000n).ready(), true);
});

test('a clock that starts at a time goes on from there', async () => {
  const clocks = grantedClocks(host, 'from=2026-01-31T13:00:00+01:00')!;
  const first = clocks.wall();
  assert.ok(first >= NOON && first < NOON + 1_000_000_000n, `${first}`);
  await until(clocks.until(clocks.monotonic() + 5_000_000n));
  assert.ok(clocks.wall() >= first + 5_000_000n);
  assert.equal(grantedClocks(host, 'none'), undefined);
});
