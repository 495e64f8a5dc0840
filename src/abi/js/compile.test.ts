import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ValueType } from '../../types/value-type.ts';
import type { Signature } from '../context.ts';
import { compileExports, compileImports } from './compile.ts';

function signature(name: string, type: ValueType = { kind: 'u32' }): Signature {
  return {
    type: { kind: 'func', async: false, params: [{ name, type }], result: type },
    options: { encoding: 'utf8', memory: undefined, realloc: false, postReturn: false, async: false, callback: false },
  };
}

test('exports of one signature have code of their own, four of them; imports share it', () => {
  const six = Array.from({ length: 6 }, () => signature('copies'));
  const made = compileExports(six);
  assert.equal(new Set(made).size, 4);
  assert.deepEqual([made[0] === made[4], made[1] === made[5]], [true, true]);
  assert.deepEqual(compileExports(six), made, 'the code is kept for the next component');
  assert.equal(new Set(compileImports(six)).size, 1);
});

test('signatures of another structure have other code', () => {
  const made = compileExports([signature('one'), signature('other'), signature('one', { kind: 's32' })]);
  assert.equal(new Set(made).size, 3);
});
