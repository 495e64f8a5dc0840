import assert from 'node:assert/strict';
import { test } from 'node:test';
import { floatBits } from '../number.ts';
import { floatText } from './float.ts';

test('special values and the edges of the range', () => {
  const texts = [
    0x0n,
    0x8000_0000n,
    0x7f80_0000n,
    0xff80_0000n,
    0x7fc0_0000n,
    0xffa0_0000n,
    0x1n,
    0x7f_ffffn,
    0x80_0000n,
  ];
  assert.deepEqual(
    texts.map((bits) => floatText(bits, 32)),
    [
      '0x0p+0 (;=0;)',
      '-0x0p+0 (;=-0;)',
      'inf',
      '-inf',
      'nan',
      '-nan:0x200000',
      '0x1p-149 (;=1e-45;)',
      '0x1.fffffcp-127 (;=1.1754942e-38;)',
      '0x1p-126 (;=1.1754944e-38;)',
    ],
  );
  assert.equal(floatText(0x3fb9_9999_9999_999an, 64), '0x1.999999999999ap-4 (;=0.1;)');
  assert.equal(floatText(0x7fef_ffff_ffff_ffffn, 64), '0x1.fffffffffffffp+1023 (;=1.7976931348623157e+308;)');
});

test('the literal and the decimal beside it have the same bits', () => {
  let state = 1n;
  const next = (width: number): bigint => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return BigInt.asUintN(width, (state >> 32n) | (state << 32n));
  };
  for (const width of [32, 64] as const)
    for (let i = 0; i < 5000; i++) {
      const bits = next(width);
      const [literal = '', comment = ''] = floatText(bits, width).split(' ');
      assert.equal(floatBits(literal, width), bits, literal);
      if (comment !== '') assert.equal(floatBits(comment.slice(3, -2), width), bits, comment);
    }
});
