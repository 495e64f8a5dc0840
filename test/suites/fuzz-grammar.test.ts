/** The short form of `scripts/fuzz-grammar.ts`: texts and binaries changed by their grammar end in typed errors, or load. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryGrammar } from '../support/fuzz-grammar.ts';
import { needs } from '../support/shared.ts';

const COUNT = 3_000;

test(`${COUNT} changed texts and binaries end in typed errors or run`, needs('conformance'), async () => {
  const { ends, failures } = await tryGrammar(20_261_125, COUNT);
  assert.deepEqual(failures, []);
  assert.equal(
    [...ends.values()].reduce((sum, times) => sum + times, 0),
    COUNT,
  );
  // A mutator that breaks everything, or nothing, shows nothing.
  const loaded = (ends.get('ok') ?? 0) + (ends.get('module') ?? 0);
  assert.ok(loaded > COUNT / 20 && ends.size >= 30, `${loaded} loaded; ends: ${[...ends.keys()].join(', ')}`);
});
