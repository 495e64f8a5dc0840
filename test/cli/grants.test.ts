/** Grants from files, audits, and the smallest grants that a run needed. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { parseGrants } from '../../src/grants/file.ts';
import { readToml } from '../../src/grants/toml.ts';
import { printToml } from '../../src/grants/toml-print.ts';
import { written } from '../../src/grants/written.ts';
import { corpusGuest, guest, tenon } from './tenon.ts';

const folder = mkdtempSync(join(tmpdir(), 'tenon-grants-'));
after(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'data'));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

interface Report {
  readonly asked: readonly { readonly what: string; readonly allowed: boolean; readonly grant?: string }[];
}

for (const name of ['rust-hello-p2.wasm', 'rust-hello-p1.wasm']) {
  const rust = corpusGuest(name);
  describe(name, { skip: rust.skip }, () => {
    const run = (flags: readonly string[]) => tenon(['run', ...flags, rust.path, 'fs', '/data'], { input: 'a b a' });

    for (const form of ['toml', 'json']) {
      test(`what --write-grants wrote as ${form} lets the program run as it did, and no more is in it`, () => {
        const target = join(folder, `smallest.${form}`);
        const more = ['--dir', `${folder}::/unused`, '--env', 'GREETING=hi', '--inherit-network'];
        const first = run(['--dir', `${join(folder, 'data')}::/data`, ...more, '--write-grants', target]);
        assert.equal(first.code, 0, first.stderr);
        assert.equal(first.stderr, 'done\n');
        const again = run(['--grants', target]);
        assert.deepEqual([again.code, again.stdout, again.stderr], [0, first.stdout, first.stderr]);
        const text = readFileSync(target, 'utf8');
        assert.doesNotMatch(text, /unused|network/);
        assert.match(text, /"?random"? ?[=:] ?"none"/);
      });
    }

    test('--audit says what was asked for, how it went, and which flag grants it', () => {
      const report = join(folder, 'audit.json');
      const outcome = run(['--audit', '--audit-json', report]);
      assert.equal(outcome.code, 134);
      assert.match(outcome.stderr, /^The program asked for:$/m);
      assert.match(outcome.stderr, /^ {2}write \/data\/r\.txt \(1, denied\) {2}--dir HOST::\/data$/m);
      assert.match(outcome.stderr, /^ {2}a clock \(\d+\) {2}--clocks system$/m);
      const { asked } = JSON.parse(readFileSync(report, 'utf8')) as Report;
      const denied = asked.filter(({ allowed }) => !allowed);
      assert.deepEqual(
        denied.map(({ what, grant }) => [what, grant]),
        [['write /data/r.txt', '--dir HOST::/data']],
      );
    });

    test('a denied change of a directory names the flag, once', () => {
      const host = join(folder, 'data');
      const outcome = run(['--dir', `${host}::/data:ro`]);
      const denials = outcome.stderr.split('\n').filter((line) => line.startsWith('denied[files]'));
      assert.deepEqual(denials, [
        'denied[files]: the program may not write in /data: the directory was granted read-only',
      ]);
      assert.ok(outcome.stderr.includes(`  next: allow it with --dir ${host}::/data\n`));
    });

    test('flags add to a file, whose paths are relative to its folder', () => {
      const grants = file('add.toml', '[env]\nGREETING = "file"\n[[dirs]]\nhost = "data"\nguest = "/data"\n');
      assert.match(run(['--grants', grants]).stdout, /env Some\("file"\)/);
      assert.match(run(['--grants', grants, '--env', 'GREETING=flag']).stdout, /env Some\("flag"\)/);
      const twice = run(['--grants', grants, '--dir', `${folder}::/data/`]);
      assert.equal(twice.code, 1);
      assert.match(twice.stderr, /^error\[bad-grant\]: .*a path that no other directory has; dirs\[0\] has it/);
    });
  });
}

test('a file that cannot be used is shown where it is wrong, and nothing runs', () => {
  const path = guest('prints.wasm', '(module (memory (export "memory") 1) (func (export "_start") unreachable))');
  for (const [name, text, expected] of [
    ['key.toml', 'dris = []\n', /^error\[bad-grant\]: .*key\.toml:1:1: .*dris.*\n1 \| dris = \[\]\n/],
    ['path.json', '{\n "dirs": [{ "host": "absent" }]\n}', /^error\[no-directory\]: .*path\.json:2:13: .*"absent"/],
    ['type.json', '{ "clocks": 5 }', /^error\[bad-grant\]: .*type\.json:1:3: .*clocks/],
    [
      'same.toml',
      'dirs = [{ host = "data", guest = "/a" }, { host = "data", guest = "/a/" }]',
      /bad-grant.*dirs\[1\]\.guest/,
    ],
    ['text.toml', 'env = {', /^error\[bad-toml\]: .*text\.toml:1:/],
  ] as const) {
    const { code, stdout, stderr } = tenon(['run', '--grants', file(name, text), path]);
    assert.equal(code, 1, name);
    assert.equal(stdout, '');
    assert.match(stderr, expected);
    assert.doesNotMatch(stderr, /trap/);
  }
  const absent = tenon(['run', '--grants', join(folder, 'absent.toml'), path]);
  assert.equal(absent.code, 1);
  assert.match(absent.stderr, /^error\[no-grants\]/);
});

test('clocks and random numbers by flag: the same in every run', () => {
  const source = `(module
    (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")
      (drop (call $time (i32.const 0) (i64.const 0) (i32.const 16)))
      (drop (call $random (i32.const 24) (i32.const 8)))
      (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 16))
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`;
  const path = guest('seeded.wasm', source);
  const flags = ['--clocks', 'fixed=2026-01-31T12:00:00Z', '--random', 'seed=7'];
  const [one, two] = [tenon(['run', ...flags, path]), tenon(['run', ...flags, path])];
  assert.equal(one.code, 0, one.stderr);
  assert.equal(one.stdout, two.stdout);
  for (const [flag, rule] of [
    ['--clocks', 'sometimes'],
    ['--random', 'seed=x'],
  ] as const) {
    const refused = tenon(['run', flag, rule, path]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^error\[bad-grant\]/);
  }
});

test('the file of the documentation is one', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/grants.md'), 'utf8');
  const { grant } = parseGrants(/```toml\n([\s\S]*?)```/.exec(page)![1]!, 'app.toml');
  assert.equal(grant.random, 'none');
  assert.deepEqual(grant.dirs[1]?.quota, { bytes: 10 * 1024 ** 2, files: 100 });
});

test('TOML that is written is read as it was', () => {
  const table = {
    clocks: 'fixed=2026-01-01',
    env: { 'a b': 'x"y\\z\n', ÜÖ: '\u0001' },
    dirs: [
      { host: '.', guest: '/a', readonly: true },
      { host: 'b', guest: '/b', quota: { bytes: 5, files: 1 } },
    ],
    network: { connect: ['a.example:80/tcp'], http: [] },
    args: [],
  };
  const text = printToml(table);
  assert.deepEqual(written(readToml(text, 'x.toml')).data, table);
});
