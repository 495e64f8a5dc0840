/** Strings through adapters: every pair of encodings against the interpreter, hostile bytes against the platform's decoder. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { generateText, random } from '../../../test/support/generate-abi.ts';
import {
  bytesOf,
  ENCODINGS,
  FORMS,
  type Form,
  flatOf,
  outcome,
  pair,
  put,
} from '../../../test/support/string-pairs.ts';
import { code, fused, interpreted } from '../../../test/support/two-guests.ts';
import type { TrapCode } from '../../error/trap.ts';

describe('pairs of encodings', () => {
  const latin = ['', 'a', 'é', 'ab', 'aé', 'éa', 'ÿÿÿ', 'a'.repeat(100), `${'a'.repeat(40)}é`, '\0'];
  const wide = [
    'Ā',
    'aĀ',
    'éĀ',
    '€',
    '😀',
    'a😀b',
    `${'a'.repeat(16)}€`,
    `${'é'.repeat(17)}😀`,
    '\ufeffa',
    '\u{10ffff}',
  ];
  const r = random(1);
  const texts = [...latin, ...wide, ...Array.from({ length: 60 }, () => generateText(r))];
  for (const form of FORMS) {
    for (const to of ENCODINGS) {
      test(`${form} to ${to}: bytes, length and every realloc are the interpreter's`, () => {
        for (const widths of [
          ['32', '32'],
          ['32', '64'],
          ['64', '32'],
          ['64', '64'],
        ] as const) {
          const one = pair(fused, form, to, widths);
          const two = pair(interpreted, form, to, widths);
          for (const text of texts) {
            if (form === 'latin1' && [...text].some((c) => c.charCodeAt(0) > 0xff)) continue;
            const bytes = bytesOf(text, form);
            // Also where it ends with the memory.
            for (const at of [2000, (65_536 - bytes.length) & ~1]) {
              const expected = outcome(two, put(two, bytes, at, form));
              assert.notEqual(expected, 'trap', text);
              assert.deepEqual(outcome(one, put(one, bytes, at, form)), expected, JSON.stringify(text));
            }
          }
        }
      });
    }
  }

  test('text arrives as itself', () => {
    for (const form of ['utf8', 'utf16', 'compact'] as const) {
      for (const to of ['utf8', 'utf16'] as const) {
        const p = pair(fused, form, to);
        for (const text of texts) {
          p.run(...put(p, bytesOf(text, form), 4000, form));
          const [pointer, length] = p.seen.at(-1) as [number, number];
          const bytes = p.callee.memory.u8.slice(pointer, pointer + (to === 'utf8' ? length : 2 * length));
          const decoder = new TextDecoder(to === 'utf8' ? 'utf-8' : 'utf-16le', { fatal: true, ignoreBOM: true });
          assert.equal(decoder.decode(bytes), text);
        }
      }
    }
  });
});

describe('hostile bytes', () => {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const isUtf8 = (bytes: Uint8Array): boolean => {
    try {
      strict.decode(bytes);
      return true;
    } catch {
      return false;
    }
  };

  /** Sequences at the borders of every rule of UTF-8. */
  function* sequences(): Generator<number[]> {
    const tails = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
    for (let a = 0; a < 256; a++) {
      yield [a];
      for (let b = 0; b < 256; b++) yield [a, b];
    }
    for (let a = 0xdf; a < 0xf1; a++) for (const b of tails) for (const c of tails) yield [a, b, c];
    for (let a = 0xef; a < 256; a++)
      for (const b of tails) for (const c of tails) for (const d of tails) yield [a, b, c, d];
  }

  for (const prefix of [0, 13, 16]) {
    test(`UTF-8 after ${prefix} bytes of ASCII: what the platform refuses traps, and only that`, () => {
      const p = pair(fused, 'utf8', 'utf8');
      const counts = { good: 0, bad: 0 };
      for (const sequence of sequences()) {
        if (prefix > 0 && sequence.length === 2 && sequence[1]! % 7 !== 0) continue;
        const bytes = Uint8Array.from([...Array.from({ length: prefix }, () => 0x61), ...sequence]);
        const good = isUtf8(bytes);
        counts[good ? 'good' : 'bad']++;
        p.callee.bump.top = 1024;
        const found = code(() => p.run(...put(p, bytes, 3000, 'utf8')));
        assert.equal(found === 'fine', good, `${sequence.map((b) => b.toString(16))}: ${found}`);
        if (!good) assert.match(found, /utf8$/);
      }
      assert.ok(counts.good > 1_000 && counts.bad > 10_000);
    });
  }

  test('a sequence is not completed by bytes behind the end', () => {
    for (const to of ENCODINGS) {
      const p = pair(fused, 'utf8', to);
      for (const text of ['é', '€', '😀']) {
        const bytes = bytesOf(text, 'utf8');
        const [pointer] = put(p, bytes, 3000, 'utf8');
        for (let cut = 1; cut < bytes.length; cut++) {
          assert.equal(
            code(() => p.run(pointer!, cut)),
            'incomplete-utf8',
            `${text} cut at ${cut}`,
          );
        }
      }
    }
  });

  test('UTF-16: lone surrogates trap in every target and from both encodings', () => {
    const units = [0x0000, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xffff];
    for (const form of ['utf16', 'compact'] as const) {
      for (const to of ENCODINGS) {
        const p = pair(fused, form, to);
        for (const a of units) {
          for (const b of units) {
            for (const c of units) {
              const text = String.fromCharCode(a, b, c);
              const bytes = Uint8Array.from([a, b, c].flatMap((u) => [u & 0xff, u >> 8]));
              p.callee.bump.top = 1024;
              const found = code(() => p.run(...put(p, bytes, 3000, form)));
              assert.equal(found, text.isWellFormed() ? 'fine' : 'invalid-utf16', `${form} to ${to}: ${a},${b},${c}`);
            }
          }
        }
      }
    }
  });
});

describe('hostile ranges', () => {
  const end = 65_536;
  const cases: readonly (readonly [Form, number | bigint, number | bigint, TrapCode | 'fine'])[] = [
    ['utf8', end, 0, 'fine'],
    ['utf8', end - 3, 3, 'fine'],
    ['utf8', end - 3, 4, 'string-out-of-bounds'],
    ['utf8', end + 1, 0, 'string-out-of-bounds'],
    ['utf8', -1, 1, 'string-out-of-bounds'],
    ['utf8', -1, 2, 'string-out-of-bounds'],
    ['utf8', 0, -1, 'string-out-of-bounds'],
    ['utf8', 1, 2 ** 28 - 1, 'string-out-of-bounds'],
    ['utf8', 0, 2 ** 28, 'string-out-of-bounds'],
    ['utf16', end - 2, 1, 'fine'],
    ['utf16', end - 2, 2, 'string-out-of-bounds'],
    ['utf16', 1, 0, 'unaligned-pointer'],
    ['utf16', 0, 2 ** 27, 'string-out-of-bounds'],
    // Twice the length is 2 modulo 2^32.
    ['utf16', 0, 2 ** 31 + 1, 'string-out-of-bounds'],
    ['latin1', 1, 0, 'unaligned-pointer'],
    ['latin1', end - 2, 2, 'fine'],
    ['latin1', end - 2, 3, 'string-out-of-bounds'],
    ['compact', end - 2, 1, 'fine'],
    ['compact', end - 2, 2, 'string-out-of-bounds'],
    ['compact', 3, 1, 'unaligned-pointer'],
    ['compact', 0, 2 ** 27, 'string-out-of-bounds'],
  ];
  for (const [form, pointer, length, expected] of cases) {
    test(`${form} at ${pointer}, length ${length}: ${expected}`, () => {
      for (const to of ENCODINGS) {
        const p = pair(fused, form, to);
        const tag = form === 'compact' ? 2 ** 31 : 0;
        assert.equal(
          code(() => p.run(Number(pointer) | 0, (Number(length) + tag) | 0)),
          expected,
          to,
        );
      }
    });
  }

  test('64 bits: what is equal to a good range modulo 2^32 is none', () => {
    for (const form of FORMS) {
      const p = pair(fused, form, 'utf8', ['64', '32']);
      const tag = form === 'compact' ? 1n << 63n : 0n;
      assert.equal(
        code(() => p.run(8n, 2n | tag)),
        'fine',
      );
      assert.equal(
        code(() => p.run(8n + (1n << 32n), 2n | tag)),
        'string-out-of-bounds',
      );
      assert.equal(
        code(() => p.run(8n, 2n | (1n << 32n) | tag)),
        'string-out-of-bounds',
      );
      assert.equal(
        code(() => p.run(-8n, 2n | tag)),
        'string-out-of-bounds',
      );
      assert.equal(
        code(() => p.run(8n, (1n << 62n) | tag)),
        'string-out-of-bounds',
      );
      if (form === 'utf8' || form === 'utf16')
        assert.equal(
          code(() => p.run(8n, 2n | (1n << 63n))),
          'string-out-of-bounds',
        );
    }
  });

  test('a string of 2^28 bytes traps even where it is in bounds', () => {
    for (const form of FORMS) {
      const p = pair(fused, form, 'utf8', ['32', '32'], 4097);
      const limit = form === 'utf8' || form === 'latin1' ? 2 ** 28 : 2 ** 27;
      p.callee.hostile = () => 2 ** 31;
      assert.equal(
        code(() => p.run(...flatOf(p, 0, limit, form))),
        'string-out-of-bounds',
      );
      assert.equal(
        code(() => p.run(...flatOf(p, 0, limit - 1, form))),
        'realloc-out-of-bounds',
      );
    }
  });

  // The longest strings that may be lifted may be lowered, even where the worst case is three times as long.
  for (const [form, to, first, second] of [
    ['utf8', 'utf16', `0,0,2,${2 * (2 ** 28 - 1)}`, undefined],
    ['latin1', 'utf16', `0,0,2,${2 * (2 ** 28 - 1)}`, undefined],
    ['utf16', 'utf8', `0,0,1,${2 ** 27 - 1}`, `8,${2 ** 27 - 1},1,${3 * (2 ** 27 - 1)}`],
  ] as const) {
    test(`${form} to ${to}: the longest string asks for all that it may need`, () => {
      const units = form === 'utf16' ? 2 ** 27 - 1 : 2 ** 28 - 1;
      const p = pair(fused, form, to, ['32', '32'], 4096);
      if (second !== undefined) {
        new Uint16Array(p.caller.memory.memory.buffer)[0] = 0x20ac;
        (p.callee.memory.memory as WebAssembly.Memory).grow(2 ** 11);
      }
      p.callee.hostile = (_old, oldSize) => (oldSize === 0 && second !== undefined ? 8 : 2 ** 31 - 8);
      assert.equal(
        code(() => p.run(...flatOf(p, 0, units, form))),
        'realloc-out-of-bounds',
      );
      assert.deepEqual(
        p.callee.traces.map((t) => t.args.join()),
        second === undefined ? [first] : [first, second],
      );
    });
  }
});

describe('hostile reallocs', () => {
  for (const form of FORMS) {
    for (const to of ENCODINGS) {
      test(`${form} to ${to}: every answer is checked`, () => {
        // Needs all reallocs that the pair has.
        const text = form === 'latin1' ? 'abéé' : form === 'compact' && to === 'latin1+utf16' ? 'abcd' : 'abé😀';
        const count = (() => {
          const p = pair(fused, form, to);
          p.run(...put(p, bytesOf(text, form), 3000, form));
          return p.callee.traces.length;
        })();
        for (let nth = 0; nth < count; nth++) {
          for (const [answer, expected] of [
            [65_536, 'realloc-out-of-bounds'],
            [2 ** 32 - 2, 'realloc-out-of-bounds'],
            [3001, 'realloc-unaligned'],
          ] as const) {
            const p = pair(fused, form, to);
            let calls = 0;
            let unaligned = false;
            p.callee.hostile = (_old, _size, align) => {
              if (calls++ !== nth) return undefined;
              unaligned = align > 1;
              return answer;
            };
            const found = code(() => p.run(...put(p, bytesOf(text, form), 3000, form)));
            if (expected === 'realloc-unaligned' && !unaligned) assert.equal(found, 'fine');
            else assert.equal(found, expected, `answer ${answer} to realloc ${nth}`);
          }
        }
      });
    }
  }

  test('a realloc that shrinks may move', () => {
    const p = pair(fused, 'utf8', 'utf16');
    p.callee.hostile = (old, oldSize, _align, size) => {
      if (oldSize === 0) return 8000;
      p.callee.memory.u8.copyWithin(9000, old, old + size);
      p.callee.memory.u8.fill(0, old, old + oldSize);
      return 9000;
    };
    p.run(...put(p, bytesOf('aé€', 'utf8'), 3000, 'utf8'));
    assert.deepEqual(p.seen, [[9000, 3]]);
    assert.equal(String.fromCharCode(...new Uint16Array(p.callee.memory.memory.buffer, 9000, 3)), 'aé€');
  });
});
