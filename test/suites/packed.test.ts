/** The package as users get it: built, packed, installed into an empty folder; its API and its command run there. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assemble } from '../support/assemble.ts';
import { cacheTests } from '../support/cache-tests.ts';
import { installPacked, packedEnv } from '../support/packed.ts';
import { SPINNING_HANDLER } from '../support/spinning-handler.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PARTS = join(ROOT, 'examples/composed');
const env = packedEnv;

describe('the packed package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'packed-'));
  const home = join(folder, 'app');
  const installed = join(home, 'node_modules/tenon');

  before(() => installPacked(home));
  after(() => rmSync(folder, { recursive: true }));

  test('installs in under 2.5 MB, without dependencies', () => {
    const size = (path: string): number =>
      readdirSync(path, { withFileTypes: true }).reduce(
        (sum, e) => sum + (e.isDirectory() ? size(join(path, e.name)) : statSync(join(path, e.name)).size),
        0,
      );
    const bytes = size(join(home, 'node_modules'));
    assert.ok(bytes < 2_500_000, `${bytes} bytes`);
    assert.deepEqual(
      readdirSync(join(home, 'node_modules')).filter((n) => !n.startsWith('.')),
      ['tenon'],
    );
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { dependencies?: object };
    assert.equal(manifest.dependencies, undefined);
  });

  test('its API loads, links and calls', () => {
    const script = `
      import { Component } from 'tenon';
      const component = await Component.load(${JSON.stringify(join(PARTS, 'style.wasm'))});
      const { exports } = await component.instantiate();
      console.log(exports.fold.fold('ABC'));`;
    writeFileSync(join(home, 'app.js'), script);
    const { stdout, stderr } = spawnSync(process.execPath, ['app.js'], { cwd: home, encoding: 'utf8', env });
    assert.equal(stderr, '');
    assert.equal(stdout, 'abc\n');
  });

  test('its types are found', () => {
    assert.ok(statSync(join(installed, 'dist/node.d.ts')).size > 0);
    assert.ok(statSync(join(installed, 'dist/index.d.ts')).size > 0);
  });

  test('its command ends what computes without end, twice: the second time from the code cache', () => {
    writeFileSync(
      join(home, 'spin.wasm'),
      assemble(
        '(module (memory (export "memory") 1) (func $spin (loop $l (br $l))) (func (export "_start") (call $spin)))',
      ),
    );
    for (let round = 0; round < 2; round++) {
      const args = [join(home, 'node_modules/.bin/tenon'), 'run', '--max-cpu', '100ms', 'spin.wasm'];
      const { status, stderr } = spawnSync(process.execPath, args, {
        cwd: home,
        encoding: 'utf8',
        env,
        timeout: 60_000,
      });
      assert.equal(status, 134, stderr);
      assert.match(stderr, /^trap\[cpu-limit\]: [\s\S]* at spin /);
    }
  });

  test('its command runs a program, twice: the second time from the code cache', () => {
    const plugs = ['style', 'words', 'stats'].flatMap((p) => ['--plug', join(PARTS, `${p}.wasm`)]);
    const args = [join(home, 'node_modules/.bin/tenon'), 'run', ...plugs, join(PARTS, 'report.wasm'), '--top', '7'];
    const input = readFileSync(join(PARTS, 'input.txt'));
    const expected = readFileSync(join(PARTS, 'expected.txt'), 'utf8');
    const cache = join(folder, 'cache');
    for (let i = 0; i < 2; i++) {
      const { status, stdout, stderr } = spawnSync(process.execPath, args, {
        input,
        encoding: 'utf8',
        env: { ...env, XDG_CACHE_HOME: cache },
      });
      assert.equal(stderr, '');
      assert.equal(status, 0);
      assert.equal(stdout, expected);
    }
    const kept = readdirSync(join(cache, 'tenon'));
    assert.equal(kept.filter((name) => name.startsWith('component-')).length, 4);
    assert.equal(kept.filter((name) => name.startsWith('cli-run-')).length, 2, 'of the first run, and of the second');
    assert.equal(statSync(join(cache, 'tenon')).mode & 0o077, 0, 'nobody else may write what will be run');
  });

  test('its command serves, with workers and an admin port', async () => {
    writeFileSync(join(home, 'handler.wasm'), assemble(SPINNING_HANDLER));
    const ports = ['--addr', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--workers', '2', '--max-cpu', '50ms'];
    const args = [join(home, 'node_modules/.bin/tenon'), 'serve', ...ports, 'handler.wasm'];
    const server = spawn(process.execPath, args, { cwd: home, env });
    let stderr = '';
    const urls = await new Promise<RegExpExecArray>((done, failed) => {
      server.stderr.on('data', (data) => {
        stderr += String(data);
        const found = /^Serving HTTP on (\S+)\nAdmin on (\S+)\n/.exec(stderr);
        if (found !== null) done(found);
      });
      server.once('exit', () => failed(new Error(stderr)));
    });
    const ended = once(server, 'exit') as Promise<[number | null]>;
    try {
      assert.equal((await fetch(urls[1]!)).status, 200);
      assert.equal((await fetch(`${urls[1]}spin`)).status, 500);
      assert.equal((await fetch(`${urls[2]}readyz`)).status, 200);
    } finally {
      server.kill('SIGTERM');
    }
    const [code] = await ended;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^trap\[cpu-limit\]/m);
  });

  cacheTests(() => join(home, 'node_modules/.bin/tenon'), env);
});
