/**
 * The suites of the in-process form once more, with every component that they link in the form that `tenon build` writes
 * (`test/support/as-built.ts`). Each file is a process of its own; what fails in one is shown.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { needs } from '../support/shared.ts';

const ROOT = join(import.meta.dirname, '../..');

const SUITES = [
  'architecture',
  'async-exports',
  'async-stores',
  'attacks',
  'composition',
  'corpus-api',
  'corpus-async',
  'direct-calls',
  'host-ends',
  'host-streams',
  'hostile-handles',
  'hostile-names',
  'hostile-stacks',
  'hostile-values',
  'linker',
  'live-memories',
  'strings',
] as const;

interface Ended {
  readonly code: number;
  readonly output: string;
}

function runSuite(file: string): Promise<Ended> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = ['--import', join(ROOT, 'test/support/as-built.ts'), file];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: ROOT, env, maxBuffer: 1 << 28 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : 1, output: `${stdout}${stderr}` }),
    );
  });
}

describe('suites of components, built ahead of time', { concurrency: 2 }, () => {
  for (const suite of SUITES) {
    test(suite, suite.startsWith('corpus') ? needs('corpus') : {}, async () => {
      const { code, output } = await runSuite(`test/suites/${suite}.test.ts`);
      assert.equal(code, 0, output);
      const count = Number(/(\d+) components were built/.exec(output)?.[1] ?? 0);
      assert.ok(count > 0, output);
    });
  }
});
