/**
 * Strings around the edges of blocks of 16 bytes, where adapters look at characters in numbers: what they refuse is what the platform's
 * decoder refuses, for the interpreter's reason, and what arrives is what the interpreter gives, to the byte.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pick, type Random, random } from '../../../test/support/generate-abi.ts';
import {
  bytesOf,
  ENCODINGS,
  FORMS,
  type Form,
  outcome,
  type Pair,
  pair,
  put,
} from '../../../test/support/string-pairs.ts';
import { code, fused, interpreted } from '../../../test/support/two-guests.ts';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function isUtf8(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Every way to be wrong, and what stands next to it and is right. */
const SEQUENCES: Readonly<Record<string, readonly number[]>> = {
  'first of two bytes': [0xc2, 0x80],
  'last of two bytes': [0xdf, 0xbf],
  'first of three bytes': [0xe0, 0xa0, 0x80],
  'last before the surrogates': [0xed, 0x9f, 0xbf],
  'first after the surrogates': [0xee, 0x80, 0x80],
  'last of three bytes': [0xef, 0xbf, 0xbf],
  'first of four bytes': [0xf0, 0x90, 0x80, 0x80],
  'last of four bytes': [0xf4, 0x8f, 0xbf, 0xbf],
  'continuation of nothing': [0x80],
  'last continuation of nothing': [0xbf],
  'two continuations of nothing': [0x9f, 0x90],
  'one continuation too many, of two': [0xc3, 0xa9, 0xa9],
  'one continuation too many, of three': [0xe2, 0x82, 0xac, 0xac],
  'one continuation too many, of four': [0xf0, 0x9f, 0x98, 0x80, 0x80],
  'nothing after a lead of two': [0xc3],
  'nothing after a lead of three': [0xe2],
  'one of two after a lead of three': [0xe2, 0x82],
  'nothing after a lead of four': [0xf0],
  'one of three after a lead of four': [0xf0, 0x9f],
  'two of three after a lead of four': [0xf0, 0x9f, 0x98],
  'two leads': [0xc3, 0xc3, 0xa9],
  'a lead within three bytes': [0xe2, 0xe2, 0x82, 0xac],
  'a lead within four bytes': [0xf0, 0x9f, 0xf0, 0x9f],
  'too long, of two, first': [0xc0, 0x80],
  'too long, of two, last': [0xc1, 0xbf],
  'too long, of three, first': [0xe0, 0x80, 0x80],
  'too long, of three, last': [0xe0, 0x9f, 0xbf],
  'too long, of four, first': [0xf0, 0x80, 0x80, 0x80],
  'too long, of four, last': [0xf0, 0x8f, 0xbf, 0xbf],
  'first surrogate': [0xed, 0xa0, 0x80],
  'last surrogate': [0xed, 0xbf, 0xbf],
  'first above U+10FFFF': [0xf4, 0x90, 0x80, 0x80],
  'last of F4': [0xf4, 0xbf, 0xbf, 0xbf],
  'F5, first': [0xf5, 0x80, 0x80, 0x80],
  'F7, last': [0xf7, 0xbf, 0xbf, 0xbf],
  'five bytes': [0xf8, 0x88, 0x80, 0x80, 0x80],
  FE: [0xfe],
  FF: [0xff],
};

/** What stands in front and behind: a character of one, two, three and four bytes. */
const FILLERS = ['a', 'é', '€', '😀'].map((c) => bytesOf(c, 'utf8'));

function filled(filler: Uint8Array, count: number): number[] {
  return Array.from({ length: count }, () => [...filler]).flat();
}

describe('UTF-8 around the edges of blocks', () => {
  for (const [name, sequence] of Object.entries(SEQUENCES)) {
    test(name, () => {
      const pairs = ENCODINGS.map((to) => [pair(fused, 'utf8', to), pair(interpreted, 'utf8', to)] as const);
      for (const filler of FILLERS) {
        for (let before = 0; before * filler.length <= 50; before++) {
          for (const after of [0, 1, 2, 3, 4, 7, 13, 16, 31]) {
            const bytes = Uint8Array.from([...filled(filler, before), ...sequence, ...filled(filler, after)]);
            const good = isUtf8(bytes);
            for (const [one, two] of after % 16 === 0 ? pairs : pairs.slice(0, 1)) sameVerdict(one, two, bytes, good);
          }
        }
      }
    });
  }

  function sameVerdict(one: Pair, two: Pair, bytes: Uint8Array, good: boolean): void {
    // The bytes behind the end would complete or continue anything.
    one.caller.memory.u8.fill(0x80, 3000, 3400);
    for (const p of [one, two]) p.callee.bump.top = 1024;
    const found = code(() => one.run(...put(one, bytes, 3000, 'utf8')));
    assert.equal(found === 'fine', good, `${Buffer.from(bytes).toString('hex')}: ${found}`);
    if (!good)
      assert.equal(
        found,
        code(() => two.run(...put(two, bytes, 3000, 'utf8'))),
        Buffer.from(bytes).toString('hex'),
      );
  }

  test('any two bytes at the edge of a block', () => {
    const p = pair(fused, 'utf8', 'utf8');
    const bytes = new Uint8Array(34).fill(0x61);
    for (let a = 0; a < 256; a++) {
      for (let b = 0; b < 256; b++) {
        bytes[15] = a;
        bytes[16] = b;
        p.callee.bump.top = 1024;
        assert.equal(code(() => p.run(...put(p, bytes, 3000, 'utf8'))) === 'fine', isUtf8(bytes), `${a}, ${b}`);
      }
    }
  });

  test('random bytes that are nearly UTF-8', () => {
    const r = random(7);
    const p = pair(fused, 'utf8', 'utf8');
    const counts = { good: 0, bad: 0 };
    for (let i = 0; i < 20_000; i++) {
      const pieces = Array.from({ length: 1 + r(24) }, () => pick(r, FILLERS));
      const bytes = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
      if (r(2) === 0) bytes[r(bytes.length)] = r(256);
      const good = isUtf8(bytes);
      counts[good ? 'good' : 'bad']++;
      p.callee.bump.top = 1024;
      assert.equal(
        code(() => p.run(...put(p, bytes, 3000, 'utf8'))) === 'fine',
        good,
        Buffer.from(bytes).toString('hex'),
      );
    }
    assert.ok(counts.good > 5_000 && counts.bad > 5_000, JSON.stringify(counts));
  });
});

/** Runs of characters of one kind, of lengths around those of blocks. */
function runs(r: Random, kinds: readonly string[]): string {
  const lengths = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 64];
  return Array.from({ length: 1 + r(4) }, () => pick(r, kinds).repeat(pick(r, lengths))).join('');
}

describe('runs of characters', () => {
  const latin = ['a', 'é', '\0', 'ÿ', '\x7f', '\x80'];
  const wide = ['Ā', '€', '\ud7ff', '\ue000', '\uffff', '😀', '\u{10ffff}'];
  for (const form of FORMS) {
    for (const to of ENCODINGS) {
      test(`${form} to ${to}: bytes, length and every realloc are the interpreter's`, () => {
        const kinds = form === 'latin1' ? latin : [...latin, ...wide];
        const r = random(11);
        for (const widths of [
          ['32', '32'],
          ['64', '64'],
        ] as const) {
          const one = pair(fused, form, to, widths);
          const two = pair(interpreted, form, to, widths);
          for (let i = 0; i < 150; i++) compare(one, two, form, runs(r, i % 3 === 0 ? latin : kinds));
        }
      });
    }
  }

  function compare(one: Pair, two: Pair, form: Form, text: string): void {
    const bytes = bytesOf(text, form);
    // Also where it ends with the memory.
    for (const at of [2000, (65_536 - bytes.length) & ~1]) {
      const expected = outcome(two, put(two, bytes, at, form));
      assert.notEqual(expected, 'trap', text);
      assert.deepEqual(outcome(one, put(one, bytes, at, form)), expected, JSON.stringify(text));
    }
  }

  test('UTF-16: a lone surrogate at every place of some blocks', () => {
    for (const to of ENCODINGS) {
      const p = pair(fused, 'utf16', to);
      for (let length = 1; length <= 26; length++) {
        for (let place = 0; place < length; place++) {
          for (const surrogate of ['\ud800', '\udfff', '\ud83d\ude00']) {
            const text = `${'x'.repeat(place)}${surrogate}${'x'.repeat(length - place - 1)}`;
            const bytes = Uint8Array.from({ length: 2 * text.length }, (_, i) => {
              const unit = text.charCodeAt(i >> 1);
              return i % 2 === 0 ? unit & 0xff : unit >> 8;
            });
            p.callee.bump.top = 1024;
            const found = code(() => p.run(...put(p, bytes, 3000, 'utf16')));
            assert.equal(found, text.isWellFormed() ? 'fine' : 'invalid-utf16', `${to}: ${length}, ${place}`);
          }
        }
      }
    }
  });
});
