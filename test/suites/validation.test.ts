/**
 * Components of public toolchains through decode and validate. What the reference suite says of validity is in `conformance.test.ts`.
 * Needs the corpus (TENON_SHARED, or ../shared).
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { decodeComponent } from '../../src/binary/decode.ts';
import { validateComponent } from '../../src/validate/validate.ts';
import { cpuTime } from '../support/cpu-time.ts';
import { needs, SHARED } from '../support/shared.ts';

const CORPUS = join(SHARED, 'corpus');

describe('components of other toolchains', needs('corpus'), () => {
  const files = existsSync(CORPUS) ? readdirSync(CORPUS).filter((name) => name.endsWith('.wasm')) : [];
  for (const file of files) {
    const bytes = new Uint8Array(readFileSync(join(CORPUS, file)));
    if (bytes[4] !== 0x0d) continue;
    test(file, () => {
      const { exports, component } = validateComponent(decodeComponent(bytes));
      const defined = component.definitions.filter((definition) => definition.kind === 'export').length;
      assert.equal(exports.length, defined);
    });
  }

  test('code is not walked: a component of 18 MB validates in a moment', needs('corpus/py-cmd.wasm'), () => {
    const decoded = decodeComponent(new Uint8Array(readFileSync(join(CORPUS, 'py-cmd.wasm'))));
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 10; i++) {
      const start = cpuTime();
      validateComponent(decoded, { coreBodies: 'skip' });
      best = Math.min(best, cpuTime() - start);
    }
    assert.ok(best < 100, `best of 10 took ${best} ms`);
  });
});
