import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sipHash } from './digest.ts';

test('SipHash gives the value of its paper', () => {
  // Appendix A: the key 00 01 … 0f, the message 00 01 … 0e.
  const message = Uint8Array.from({ length: 15 }, (_, index) => index);
  assert.equal(sipHash(0x0706050403020100n, 0x0f0e0d0c0b0a0908n, message), 0xa129ca6149be45e5n);
});
