import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1Bytes, latin1Text } from './latin1.ts';

test('every byte is a character, at every length', () => {
  for (const length of [0, 1, 255, 256, 1023, 1024, 1025, 5000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7) & 255);
    const text = latin1Text(bytes);
    assert.equal(text, Buffer.from(bytes).toString('latin1'));
    assert.deepEqual(latin1Bytes(text), bytes);
  }
});
