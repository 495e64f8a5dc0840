import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asciiText } from './short-text.ts';

test('every length: the text that the platform decodes', () => {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const bytes = Uint8Array.from({ length: 160 }, (_, i) => i % 128);
  for (let length = 0; length < 32; length++) {
    for (let at = 0; at + length <= bytes.length; at++) {
      assert.equal(asciiText(bytes, at, length), decoder.decode(bytes.subarray(at, at + length)));
    }
  }
});

test('one byte above 0x7f at any place is found, one before or behind the text is not looked at', () => {
  for (let length = 0; length < 32; length++) {
    for (let place = 0; place < length + 2; place++) {
      for (const byte of [0x80, 0xc3, 0xff]) {
        const bytes = new Uint8Array(length + 2).fill(0x61);
        bytes[place] = byte;
        const inside = place >= 1 && place <= length;
        assert.equal(asciiText(bytes, 1, length), inside ? undefined : 'a'.repeat(length), `${length}, ${place}`);
      }
    }
  }
});
