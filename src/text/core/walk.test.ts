import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeModule } from '../../core/decode.ts';
import { findInstructions, type Site } from '../../core/instructions.ts';
import { CodeWriter } from '../../util/code-writer.ts';
import { INSTRUCTIONS } from './instructions.ts';
import type { Immediates } from './opcodes.ts';

/** Immediates as they may stand in a binary; numbers of two bytes where there is a choice. */
const SAMPLES: Readonly<Record<Extract<Immediates, string> | 'memarg' | 'memargLane', readonly number[]>> = {
  none: [],
  label: [0x80, 1],
  labels: [2, 0, 0x80, 1, 3],
  func: [0x80, 1],
  type: [5],
  'type use': [0x80, 1, 0],
  local: [0x80, 1],
  global: [7],
  table: [0],
  'two tables': [0, 0x80, 1],
  'table and elem': [0, 1],
  elem: [1],
  data: [0x80, 1],
  tag: [1],
  memory: [0],
  'two memories': [0, 1],
  'memory and data': [0, 1],
  i32: [0xff, 0xff, 0x7f],
  i64: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0],
  f32: [0x0b, 0x0b, 0x0b, 0x0b],
  f64: [0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b],
  v128: new Array<number>(16).fill(0x0b),
  lane: [0x0b],
  lanes: new Array<number>(16).fill(0x0b),
  select: [],
  'heap type': [0x65, 0x6e],
  'ref type': [0x80, 1],
  cast: [3, 0, 0x6e, 0x80, 1],
  'type and field': [1, 2],
  'type and number': [1, 0x80, 1],
  'type and data': [1, 2],
  'type and elem': [1, 2],
  'two types': [1, 2],
  'type and tag': [1, 2],
  'type and handlers': [1, 0],
  'type, tag and handlers': [1, 2, 0],
  fence: [0],
  memarg: [0x42, 1, 0x80, 1],
  memargLane: [0x42, 1, 0x80, 1, 0x0b],
};

const NOP = 0x01;
const MARKER = 0x1a;

/** Where the marker behind `instruction` is found, in a function that holds nothing else. */
function markersBehind(instruction: readonly number[]): readonly Site[] {
  const w = new CodeWriter().byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  w.byte(1).sized((s) => s.u(1).byte(0x60, 0, 0));
  w.byte(3).sized((s) => s.u(1).u(0));
  w.byte(10).sized((s) => s.u(1).sized((b) => b.u(0).byte(NOP, ...instruction, MARKER, 0x0b)));
  const sites: Site[] = [];
  findInstructions(decodeModule(w.finish()), new Set([MARKER]), (site) => sites.push(site));
  return sites;
}

function sampleOf(immediates: Immediates): readonly number[] {
  if (typeof immediates === 'string') return SAMPLES[immediates];
  return SAMPLES['memarg' in immediates ? 'memarg' : 'memargLane'];
}

describe('the walk over instructions', () => {
  test('every instruction of the text format ends where it should', () => {
    for (const [name, { code, immediates }] of INSTRUCTIONS) {
      // No engine runs stack switching, and the walk does not read it.
      if (code[0]! >= 0xe0 && code[0]! <= 0xe6) continue;
      if (name === 'drop') continue;
      assert.equal(markersBehind([...code, ...sampleOf(immediates)]).length, 1, name);
    }
  });

  test('structured instructions, with every form of block type', () => {
    const blockTypes = [[0x40], [0x7f], [0x80, 1], [0x63, 0x65, 0x6e], [0x64, 0x80, 1], [0x65, 0x6e]];
    for (const type of blockTypes) {
      for (const opcode of [0x02, 0x03, 0x04, 0x06]) assert.equal(markersBehind([opcode, ...type]).length, 1);
      const clauses = [4, 0, 1, 0x80, 1, 1, 1, 0, 2, 0, 3, 0x80, 1];
      assert.equal(markersBehind([0x1f, ...type, ...clauses]).length, 1);
    }
    for (const plain of [[0x05], [0x07, 0], [0x18, 0x80, 1], [0x19]]) assert.equal(markersBehind(plain).length, 1);
    assert.equal(markersBehind([0x1c, 2, 0x7f, 0x63, 0x70]).length, 1, 'select with types');
  });

  test('what is unknown, cut off or does not end is refused', () => {
    for (const bad of [[0xe3, 0, 0], [0xff], [0xfc, 0x40], [0x27], [0x44, 0, 0], [0x0e, 0xff, 0xff, 0xff, 0x7f]])
      assert.throws(() => markersBehind(bad), { name: 'MalformedError' });
    assert.throws(
      () => markersBehind([0x43, 0, 0]),
      { name: 'MalformedError' },
      'the last two bytes are of the number',
    );
    assert.deepEqual(markersBehind([0x41]), [], 'the marker is the number');
  });
});
