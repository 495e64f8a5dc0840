import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeNameSection, encodeNameSection, isCanonical, type NameSection } from './name-section.ts';

const NAMES: NameSection = {
  module: 'm',
  direct: {
    func: [
      [0, 'f'],
      [3, ''],
    ],
    type: [[0, 't']],
    table: [[1, 'ta']],
    memory: [[0, 'me']],
    global: [[0, 'g']],
    elem: [[0, 'e']],
    data: [[0, 'd']],
    tag: [[0, 'é']],
  },
  indirect: {
    local: [[0, [[1, 'l']]]],
    label: [[0, [[0, 'la']]]],
    field: [[0, [[0, 'fi']]]],
    param: [[1, [[0, 'p']]]],
  },
};

function decode(bytes: readonly number[]): NameSection {
  return decodeNameSection(new Uint8Array(bytes), 0, bytes.length);
}

function canonical(bytes: readonly number[]): boolean {
  return isCanonical(decode(bytes), new Uint8Array(bytes));
}

test('all subsections, there and back', () => {
  const bytes = encodeNameSection(NAMES);
  assert.deepEqual(decode([...bytes]), NAMES);
  assert.ok(canonical([...bytes]));
});

test('what stands before a mistake counts', () => {
  const names = decode([1, 7, 2, 0, 1, 0x66, 1, 1, 0xff, 0, 2, 1, 0x6d, 7, 0x7f]);
  assert.deepEqual(names.direct.func, [[0, 'f']]);
  assert.equal(names.module, 'm');
  assert.ok(!canonical([1, 7, 2, 0, 1, 0x66, 1, 1, 0xff, 0, 2, 1, 0x6d, 7, 0x7f]));
});

test('other ways to say the same are not canonical', () => {
  assert.ok(canonical([1, 4, 1, 0, 1, 0x66]));
  assert.ok(canonical([]));
  assert.ok(!canonical([1, 1, 0]), 'an empty map');
  assert.ok(!canonical([1, 7, 2, 1, 1, 0x66, 0, 1, 0x67]), 'descending');
  assert.ok(!canonical([1, 5, 1, 0x80, 0, 1, 0x66]), 'padded');
  assert.ok(!canonical([0, 2, 1, 0x6d, 0, 2, 1, 0x6e]), 'twice');
  assert.ok(!canonical([2, 3, 1, 0, 0]), 'an owner without names');
  assert.ok(!canonical([13, 0]), 'an unknown subsection');
});
