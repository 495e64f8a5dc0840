import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { USUAL_BUDGET } from './brief.ts';

test('the budget that is put back is the one that V8 has', () => {
  const { stdout } = spawnSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  assert.match(stdout, new RegExp(`default: --wasm-tiering-budget=${USUAL_BUDGET}$`, 'm'));
});
