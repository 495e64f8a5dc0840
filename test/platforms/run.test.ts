/**
 * Built components on every platform: the same programs, and the whole reference suite. `npm run test:platforms` installs the platforms;
 * one that is not there counts as a failure, unless its name stands in TENON_WITHOUT.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { DIRECTIVES, SUITE } from '../support/conformance.ts';
import { corpusMissing } from '../support/corpus.ts';
import { PLATFORMS } from './platforms.ts';
import { PRINTED, prepareApp } from './prepare.ts';

const APP = join(import.meta.dirname, '.cache/app');
const WITHOUT = (process.env['TENON_WITHOUT'] ?? '').split(',');

before(() => prepareApp(APP));

for (const { name, program, run } of PLATFORMS) {
  const absent = program === undefined && `${name} is not installed: nothing was tried on it`;
  describe(name, { skip: WITHOUT.includes(name) && `${name} was left out by TENON_WITHOUT` }, () => {
    test('is there', () => assert.equal(absent, false));

    for (const [file, printed] of Object.entries(PRINTED)) {
      const skip =
        absent ||
        (file === 'conformance' && !existsSync(SUITE) && 'the reference suite is absent') ||
        (file === 'wasi' && corpusMissing);
      test(file, { skip, timeout: 300_000 }, async () => {
        const { code, output } = await run(program!, APP, file);
        assert.match(output, printed);
        assert.equal(code, 0, output);
        if (file === 'conformance') assert.match(output, new RegExp(`^${DIRECTIVES} of `, 'm'));
      });
    }
  });
}
