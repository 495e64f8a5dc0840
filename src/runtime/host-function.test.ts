import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

/** Calls methods whose names are made as those of a component are: out of pieces of a longer text. */
const program = `
  import { methodCaller } from ${JSON.stringify(new URL('./host-function.ts', import.meta.url).href)};
  class Thing { count = 0; appendOne() { this.count++; } appendTwo(n) { this.count += n; } }
  const nameOf = (name) => name.replace(/^.*\\./, '').replace(/-(.)/g, (_, c) => c.toUpperCase());
  const one = methodCaller(nameOf('[method]thing.append-one'), 1);
  const two = methodCaller(nameOf('[method]thing.append-two'), 2);
  const thing = new Thing();
  const turn = () => { for (let i = 0; i < 1000; i++) { one(thing); two(thing, 2); } };
  for (let i = 0; i < 500; i++) { turn(); if (i % 10 === 0) await new Promise(setImmediate); }
  console.log('count', thing.count);
`;

test('the code that the engine makes for calls of methods stays', () => {
  const flags = ['--trace-deopt', '--input-type=module', '-e', program];
  const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' });
  assert.match(stdout, /^count 1500000$/m, stderr);
  assert.doesNotMatch(stdout, /unexpected name in keyed access/);
});
