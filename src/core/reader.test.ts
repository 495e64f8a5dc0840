import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodeWriter } from '../util/code-writer.ts';
import { Reader } from './reader.ts';

function reader(bytes: readonly number[]): Reader {
  return new Reader(new Uint8Array(bytes));
}

test('signed numbers at the edges of their ranges', () => {
  for (const value of [0, 63, 64, -64, -65, 8191, -8192, 2 ** 31 - 1, -(2 ** 31)]) {
    const r = reader([...new CodeWriter().s(value).finish()]);
    assert.equal(r.s32(), value);
    assert.ok(r.done);
  }
  for (const value of [0n, 63n, 64n, -64n, -65n, 2n ** 63n - 1n, -(2n ** 63n), -(2n ** 56n), 2n ** 62n]) {
    const r = reader([...new CodeWriter().s(value).finish()]);
    assert.equal(r.s64(), value);
    assert.ok(r.done);
  }
  for (const value of [0n, 127n, 128n, 2n ** 64n - 1n]) {
    assert.equal(reader([...new CodeWriter().u(value).finish()]).u64(), value);
  }
  for (const value of [0, 127, 128, 2 ** 32 - 1]) {
    assert.equal(reader([...new CodeWriter().u(value).finish()]).u32(), value);
  }
});

test('numbers may be padded, but neither too long nor with bits that say nothing', () => {
  assert.equal(reader([0xff, 0xff, 0xff, 0xff, 0x7f]).s32(), -1);
  assert.equal(reader([0x80, 0x80, 0x80, 0x80, 0x00]).s32(), 0);
  assert.throws(() => reader([0xff, 0xff, 0xff, 0xff, 0x0f]).s32(), { code: 'leb-too-large' });
  assert.throws(() => reader([0x80, 0x80, 0x80, 0x80, 0x80]).s32(), { code: 'leb-too-long' });
  assert.throws(() => reader([0x80]).s32(), { code: 'unexpected-end' });
  const nine = Array.from({ length: 9 }, () => 0x80);
  assert.equal(reader([...nine, 0x7f]).s64(), -(2n ** 63n));
  assert.throws(() => reader([...nine, 0x01]).s64(), { code: 'leb-too-large' });
  assert.throws(() => reader([...nine, 0x80, 0x00]).s64(), { code: 'leb-too-long' });
});
