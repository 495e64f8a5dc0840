/** Long strings and lists of numbers at the host's border, which take other ways by their length and what is in them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OptionShape, Signature } from '../../src/abi/context.ts';
import { compileExport } from '../../src/abi/js/compile.ts';
import { toJs } from '../../src/abi/js/convert.ts';
import type { AbiValue } from '../../src/abi/values.ts';
import { borderRuntime } from '../../src/runtime/border-runtime.ts';
import type { ValueType } from '../../src/types/value-type.ts';
import { OneGuest } from '../support/one-guest.ts';

const OPTIONS: OptionShape = {
  encoding: 'utf8',
  memory: '32',
  realloc: true,
  postReturn: false,
  async: false,
  callback: false,
};

/** What the guest gets of a host's value, and the host back from the guest. */
function echoed(type: ValueType, value: unknown): readonly [unknown, unknown] {
  const signature: Signature = {
    type: { kind: 'func', async: false, params: [{ name: 'x', type }], result: type },
    options: OPTIONS,
  };
  const guest = new OneGuest(OPTIONS);
  let got: AbiValue | undefined;
  const core = guest.core(
    signature,
    ([given]) => (got = given!),
    () => got,
  );
  const { call } = compileExport(signature)(borderRuntime, guest.env('f', core, undefined));
  const back = call!(value);
  return [toJs(type, got!), back];
}

describe('strings', () => {
  const ends = ['', 'x', 'é', '語', '🙂', '\ud83d', '\udc00x'];
  for (const length of [0, 1, 31, 32, 33, 63, 64, 65, 1_000, 16_383, 16_384, 16_385, 100_000]) {
    test(`of ${length} units`, () => {
      for (const end of ends)
        for (const start of ['', 'ü'])
          for (const middle of ['', 'ж']) {
            const ascii = 'The quick brown fox. '.repeat(Math.ceil(length / 21)).slice(0, length);
            const half = ascii.length >> 1;
            const text = start + ascii.slice(0, half) + middle + ascii.slice(half) + end;
            assert.deepEqual(echoed({ kind: 'string' }, text), [text.toWellFormed(), text.toWellFormed()]);
          }
    });
  }
});

const NUMBERS = {
  u8: [0, 255, -1, 256],
  s8: [-128, 127, -129, 128],
  u16: [0, 65_535, -1, 65_536],
  s16: [-32_768, 32_767, -32_769, 32_768],
  u32: [0, 2 ** 32 - 1, -1, 2 ** 32],
  s32: [-(2 ** 31), 2 ** 31 - 1, -(2 ** 31) - 1, 2 ** 31],
  u64: [0n, 2n ** 64n - 1n, -1n, 2n ** 64n],
  s64: [-(2n ** 63n), 2n ** 63n - 1n, -(2n ** 63n) - 1n, 2n ** 63n],
} as const;

describe('lists of numbers', () => {
  for (const [kind, [least, most, below, above]] of Object.entries(NUMBERS)) {
    const type = { kind: 'list', element: { kind: kind as keyof typeof NUMBERS } } as const;
    const plain = [least, most, 1, 2, 3].map((v) => (typeof least === 'bigint' ? BigInt(v) : v));
    test(`${kind}: what fits`, () => {
      const [got, back] = echoed(type, plain);
      assert.deepEqual([...(got as Iterable<unknown>)], plain);
      assert.deepEqual(back, got);
      assert.deepEqual(echoed(type, got), [got, got], 'as a typed array');
      assert.deepEqual(echoed(type, []).map(String), ['', '']);
    });
    test(`${kind}: what does not`, () => {
      for (const wrong of [below, above, 1.5, Number.NaN, 'x', undefined, {}])
        for (let at = 0; at <= plain.length; at++) {
          const values = (plain as unknown[]).toSpliced(at, 0, wrong);
          assert.throws(
            () => echoed(type, values),
            (error: Error) => {
              assert.equal((error as unknown as { code: string }).code, 'wrong-value');
              assert.ok(error.message.includes(`[${at}]`), error.message);
              return true;
            },
          );
        }
    });
  }

  test('64 bits as safe integers', () => {
    const type = { kind: 'list', element: { kind: 'u64' } } as const;
    const expected = BigUint64Array.of(1n, 2n, 3n);
    assert.deepEqual(echoed(type, [1n, 2, 3n]), [expected, expected]);
  });

  test('floats, and a typed array of another kind', () => {
    const type = { kind: 'list', element: { kind: 'f64' } } as const;
    const expected = Float64Array.of(0.5, -0, Number.POSITIVE_INFINITY);
    assert.deepEqual(echoed(type, [...expected]), [expected, expected]);
    const bytes = { kind: 'list', element: { kind: 'u32' } } as const;
    assert.deepEqual(echoed(bytes, Uint8Array.of(1, 2)), [Uint32Array.of(1, 2), Uint32Array.of(1, 2)]);
    assert.throws(() => echoed(bytes, Float64Array.of(1, 2.5)), { code: 'wrong-value' });
  });

  test('an element whose getter answers something else each time', () => {
    const type = { kind: 'list', element: { kind: 'u8' } } as const;
    const answers: unknown[] = ['x', 7];
    const values = Object.defineProperty([1, 2, 3], 1, { get: () => answers.shift() ?? 9 });
    assert.deepEqual(echoed(type, values)[0], Uint8Array.of(1, 7, 3));
  });
});
