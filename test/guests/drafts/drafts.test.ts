/** A program in JavaScript that calls every function of the drafts: configuration, logs, key-value stores in memory and in a file. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { tenon } from '../../cli/tenon.ts';
import { draftsGuest, GRANTS, linesOf, RECORDED } from './make.ts';

const folder = mkdtempSync(join(tmpdir(), 'tenon-drafts-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** By the texts of the WIT: no other host has these versions. */
const EXPECTED = (runs: number): readonly string[] => [
  'config: fast none',
  'configs: mode=fast',
  ...['trace', 'debug', 'info', 'warn', 'error', 'critical'].map((level) => `${level}: undefined`),
  'open another: error access-denied',
  'open: a bucket',
  `runs: ${runs}`,
  'get: none',
  'set: undefined',
  'get: one',
  'exists: true false',
  'set many: undefined',
  'get many: c=three none b=two',
  'keys: a b c runs, none',
  'swap: one, then swapped',
  'swap too late: error cas-failed',
  'kept: other',
  'no number: error other',
  'delete: undefined',
  'delete many: undefined',
  'keys: runs',
];

const said = `[warn] guest: at warn
[error] guest: at error
[critical] guest: at critical
denied[keyvalue]: the program may not open the key-value store "another": no store of that name was granted
  next: allow it with --keyvalue another=memory
`;

for (const [place, runs] of [
  ['memory', [1, 1]],
  [`sqlite:${join(folder, 'app.db')}`, [1, 2]],
] as const) {
  test(`a store in ${place.split(':')[0]}: every function answers as its WIT says`, async () => {
    const file = await draftsGuest('drafts');
    const flags = ['--config', 'mode=fast', '--keyvalue', `default=${place}`, '--logging', 'warn'];
    for (const run of runs) {
      const { code, stdout, stderr } = tenon(['invoke', ...flags, file, 'report("default")']);
      assert.equal(code, 0, stderr);
      assert.deepEqual(JSON.parse(stdout), EXPECTED(run));
      assert.equal(stderr, said);
    }
  });
}

test('from a grants file; without a grant there is nothing', async () => {
  const file = await draftsGuest('drafts');
  const grants = join(folder, 'app.toml');
  writeFileSync(
    grants,
    'logging = "none"\n[config]\nmode = "fast"\n[keyvalue]\nmine = { sqlite = "other.db", readonly = true }\n',
  );
  const absent = tenon(['invoke', '--grants', grants, file, 'report("mine")']);
  assert.equal(absent.code, 1);
  assert.match(absent.stderr, /^error\[no-store\]: the key-value store in ".*other\.db" cannot be opened/);
  writeFileSync(grants, 'logging = "none"\n[config]\nmode = "fast"\n[keyvalue]\nmine = { sqlite = "other.db" }\n');
  const { code, stdout } = tenon(['invoke', '--grants', grants, file, 'report("mine")']);
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(stdout), EXPECTED(1));
  assert.ok(readdirSync(folder).includes('other.db'), 'beside the grants file');
  const none = tenon(['invoke', file, 'report("default")']);
  const lines = JSON.parse(none.stdout) as string[];
  assert.deepEqual(lines.slice(0, 2), ['config: none none', 'configs: ']);
  assert.deepEqual(lines.slice(-2), ['open another: error access-denied', 'open: error access-denied']);
});

test('invocations side by side count each: another process waits for its turn', async () => {
  const file = await draftsGuest('drafts');
  const store = `default=sqlite:${join(folder, 'shared.db')}`;
  const script = `for i in 1 2 3 4; do "$0" "$1" invoke --keyvalue "$2" "$3" 'report("default")' > /dev/null 2>&1 & done; wait`;
  const launcher = join(import.meta.dirname, '../../../bin/tenon.js');
  execFileSync('sh', ['-c', script, process.execPath, launcher, store, file]);
  const { stdout } = tenon(['invoke', '--keyvalue', store, file, 'report("default")']);
  assert.equal(
    (JSON.parse(stdout) as string[]).find((line) => line.startsWith('runs: ')),
    'runs: 5',
  );
});

for (const place of ['memory', `sqlite:${join(folder, 'peer.db')}`]) {
  test(`versions that Wasmtime has, in ${place.split(':')[0]}: as recorded`, async () => {
    const flags = [...GRANTS, '--keyvalue', `=${place}`];
    const { code, stdout, stderr } = tenon(['invoke', ...flags, await draftsGuest('drafts-peer'), 'report()']);
    assert.equal(code, 0, stderr);
    assert.equal(`${linesOf(stdout).join('\n')}\n`, readFileSync(RECORDED, 'utf8'));
  });
}
