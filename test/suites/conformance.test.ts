/**
 * The reference suite of the component model, every directive, messages included: with generated calls, with instances that have had
 * another tenant before, with limits written into them that nothing meets, with components that were loaded before, built ahead of time, and with every call carried by the interpreter.
 * Needs the suite's files (TENON_SHARED, or ../shared); where they stand, fewer directives than they hold is a failure.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DIRECTIVES, FILES, type Row, runFile, suiteFiles, TOTALS } from '../support/conformance.ts';
import { needs } from '../support/shared.ts';

for (const mode of ['generated', 'pooled', 'metered', 'metered, pooled', 'kept', 'built', 'interpreted'] as const) {
  const missing = needs('conformance/component-model');
  describe(`the reference suite, ${mode}`, missing, () => {
    const rows: Row[] = [];
    for (const [folder, file] of missing.skip === false ? suiteFiles() : []) {
      test(`${folder}/${file}`, async () => {
        const row = await runFile(folder, file, mode);
        rows.push(row);
        if (mode !== 'interpreted') assert.equal(row.interpreted, 0, 'no call was carried by the interpreter');
        assert.deepEqual(row.failures, []);
      });
    }

    test('all of it was there', () => {
      assert.equal(rows.length, FILES);
      assert.equal(
        rows.reduce((sum, row) => sum + row.total, 0),
        DIRECTIVES,
      );
      for (const [folder, { files, directives }] of Object.entries(TOTALS)) {
        const own = rows.filter((row) => row.folder === folder);
        assert.equal(own.length, files, folder);
        assert.equal(
          own.reduce((sum, row) => sum + row.total, 0),
          directives,
          folder,
        );
      }
    });
  });
}
