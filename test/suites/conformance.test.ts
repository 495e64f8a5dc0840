/**
 * The reference suite of the component model, every directive, messages included: with generated calls and with every call carried by
 * the interpreter. Needs the suite's files (TENON_SHARED, or ../shared); where they stand, fewer directives than they hold is a failure.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DIRECTIVES, FILES, type Row, runFile, suiteFiles, TOTALS } from '../support/conformance.ts';
import { needs } from '../support/shared.ts';

/** Files whose directives need asynchronous built-ins or lifts: none of theirs counts yet, but what is validation. */
const PENDING: readonly string[] = ['async/', 'binary/binary.wast', 'values/post-return.wast', 'values/variants.wast'];

function isPending({ folder, file, failures }: Row): boolean {
  if (!PENDING.some((prefix) => `${folder}/${file}`.startsWith(prefix))) return false;
  return failures.every(({ reason }) => reason.includes('which is asynchronous') || reason === 'there is no instance');
}

for (const mode of ['generated', 'interpreted'] as const) {
  const missing = needs('conformance/component-model');
  describe(`the reference suite, ${mode}`, missing, () => {
    const rows: Row[] = [];
    for (const [folder, file] of missing.skip === false ? suiteFiles() : []) {
      test(`${folder}/${file}`, async () => {
        const row = await runFile(folder, file, mode);
        rows.push(row);
        if (mode === 'generated') assert.equal(row.interpreted, 0, 'no call was carried by the interpreter');
        if (!isPending(row)) assert.deepEqual(row.failures, []);
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
