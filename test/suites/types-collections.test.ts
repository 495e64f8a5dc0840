/**
 * Declarations of the components of the reference suites and of public toolchains are right for `tsc`, all in one check. Needs the shared
 * folder (TENON_SHARED, or ../shared).
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { componentTypes } from '../../src/bindgen/bindgen.ts';
import { MalformedError, UsageError, ValidationError } from '../../src/error/error.ts';
import { COLLECTIONS, componentsOf } from '../support/round-trip.ts';
import { needs } from '../support/shared.ts';
import { Workshop } from '../support/tsc.ts';

/** Suites hold invalid components, too; the least that must be left. */
const LEAST: Readonly<Record<string, number>> = {
  'conformance/component-model': 290,
  'conformance/wit-component': 60,
  corpus: 10,
};

const workshop = new Workshop('collections');
after(() => workshop.remove());

describe('declarations', () => {
  for (const folder of Object.keys(COLLECTIONS)) {
    test(`of ${folder} are written`, needs(folder), (t) => {
      let count = 0;
      for (const { label, bytes } of componentsOf(folder)) {
        try {
          workshop.write(`${folder}-${count}.d.ts`.replaceAll('/', '-'), componentTypes(bytes, { name: label }));
          count++;
        } catch (error) {
          const isExpected = error instanceof MalformedError || error instanceof ValidationError;
          if (!isExpected && !(error instanceof UsageError && /^(no|which)-world$/.test(error.code))) throw error;
        }
      }
      t.diagnostic(`${count} of ${folder}`);
      assert.ok(count >= LEAST[folder]!, `${count}`);
    });
  }

  test('are right for tsc', needs('corpus'), () => {
    assert.deepEqual(workshop.check(), { code: 0, output: '' });
  });
});
