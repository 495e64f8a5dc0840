import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { findWasmTools } from '../support/wasm-tools.ts';
import { corpusGuest, example, file, guest, tenon } from './tenon.ts';

const root = join(import.meta.dirname, '../..');

test('a component: what it is, its world, what it could ask for, its parts', () => {
  const { code, stdout, stderr } = tenon(['inspect', example('composed.wasm')]);
  assert.equal(code, 0);
  assert.equal(stderr, '');
  const size = readFileSync(join(root, example('composed.wasm'))).length.toLocaleString('en-US');
  assert.ok(stdout.startsWith(`${example('composed.wasm')}: a component, ${size} bytes\n`));
  assert.match(stdout, /^World:\n {2}world root \{\n {4}import wasi:cli\/environment@0\.2\.12;$/m);
  assert.match(stdout, /^ {4}export wasi:cli\/run@0\.2\.12;$/m);
  assert.match(
    stdout,
    /^Could ask for:\n {2}arguments and environment variables\n {4}wasi:cli\/environment@0\.2\.12$/m,
  );
  assert.doesNotMatch(stdout, /network|HTTP|files in/);
  assert.match(stdout, /^ {6}core module 0 +[\d,]+ +Rust$/m);
  assert.match(stdout, /^Next: run it: tenon run /m);
});

test('--json has the same as data', () => {
  const found = JSON.parse(tenon(['inspect', '--json', example('composed.wasm')]).stdout);
  assert.equal(found.kind, 'component');
  assert.equal(found.size, found.root.size);
  assert.equal(found.root.parts.length, 4);
  assert.deepEqual(found.exports, ['wasi:cli/run@0.2.12']);
  assert.ok(found.root.parts.every((part: { offset: number; size: number }) => part.offset > 0 && part.size > 0));
  assert.match(found.wit, /^package root:component;\n/);
});

test('--grants says what it would be given of what it could ask for', () => {
  const grants = file(
    'inspect.toml',
    `random = "none"
[env]
SECRET = "hush"
[[dirs]]
host = "."
guest = "/data"
readonly = true
[network]
connect = ["db.internal=private:5432/tcp"]
listen = ["127.0.0.1:0"]
http = ["GET,PUT@https://api.example.com"]
[keyvalue]
jobs = { sqlite = "jobs.db", readonly = true }
`,
  );
  const asks = guest(
    'asks.wasm',
    `(component ${[
      'wasi:filesystem/preopens@0.2.0',
      'wasi:sockets/tcp@0.2.0',
      'wasi:http/outgoing-handler@0.2.0',
      'wasi:cli/environment@0.2.0',
      'wasi:cli/stdout@0.2.0',
      'wasi:clocks/wall-clock@0.2.0',
      'wasi:random/random@0.2.0',
      'wasi:keyvalue/store@0.2.0-draft2',
      'wasi:config/store@0.2.0-draft',
      'wasi:logging/logging@0.1.0-draft',
      'acme:own/thing',
    ]
      .map((name) => `(import "${name}" (instance))`)
      .join(' ')})`,
  );
  const { code, stdout } = tenon(['inspect', '--grants', grants, asks]);
  assert.equal(code, 0);
  const folder = dirname(grants);
  const lines = stdout.split('\n').filter((line) => /^ {4}(?:not )?granted/.test(line));
  assert.deepEqual(lines, [
    `    granted: --dir ${folder}::/data:ro`,
    '    granted: --net db.internal=private:5432/tcp --listen 127.0.0.1:0',
    '    granted: --http GET,PUT@https://api.example.com',
    '    granted: --env SECRET',
    '    granted: stdin stdout stderr',
    '    granted: --clocks system',
    '    not granted: --random system',
    `    granted: --keyvalue jobs=sqlite:${join(folder, 'jobs.db')}:ro`,
    '    not granted: --config NAME=VALUE',
    '    granted: --logging trace',
  ]);
  assert.doesNotMatch(stdout, /hush/);
  const { capabilities } = JSON.parse(tenon(['inspect', '--json', '--grants', grants, asks]).stdout);
  assert.deepEqual(capabilities[0], {
    name: 'files',
    title: 'files in the directories that it is given',
    imports: ['wasi:filesystem/preopens@0.2.0'],
    flags: '--dir HOST[::GUEST][:ro]',
    granted: [`--dir ${folder}::/data:ro`],
  });
  assert.equal(capabilities.at(-1).granted, undefined);
  assert.doesNotMatch(tenon(['inspect', asks]).stdout, /granted/);
  const bad = tenon(['inspect', '--grants', file('bad.toml', 'nets = 1'), asks]);
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /bad-grant/);
});

test('--wit prints the world and its interfaces as WIT', () => {
  const { stdout } = tenon(['inspect', '--wit', example('stats.wasm')]);
  assert.equal(
    stdout,
    `package root:component;

world root {
  export demo:text/stats@0.1.0;
}
package demo:text@0.1.0 {
  interface stats {
    record summary {
      count: u32,
      least: u32,
      greatest: u32,
      mean: f64,
    }

    summarize: func(values: list<u32>) -> option<summary>;
  }
}
`,
  );
});

const wasmTools = findWasmTools();
const reference = wasmTools === undefined ? 'not run: wasm-tools is not installed' : false;
const GUESTS = ['rust-ledger', 'c-bits', 'go-depot', 'js-cmd-qjs', 'rust-flow', 'rust-cmd3', 'py-cmd'];
for (const name of GUESTS) {
  const { path, skip } = corpusGuest(`${name}.wasm`);
  test(`the WIT of ${name} is what wasm-tools prints`, { skip: skip || reference }, () => {
    const expected = execFileSync(wasmTools!, ['component', 'wit', path], { encoding: 'utf8' });
    assert.equal(tenon(['inspect', '--wit', path]).stdout, expected);
  });
}

test('core modules: what they are and what to do next', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['plain', '(module (func (export "f")))', /a plain core module[\s\S]*Next: load it with WebAssembly\.instantiate/],
    [
      'p1',
      '(module (import "wasi_snapshot_preview1" "path_open" (func)) (func (export "_start")))',
      /a core module for WASI preview 1 \(a command\)[\s\S]*files in the directories[\s\S]*Next: run it: tenon run/,
    ],
    ['p1r', '(module (import "wasi_snapshot_preview1" "fd_write" (func)) (func (export "_initialize")))', /a reactor/],
    [
      'em',
      '(module (import "env" "emscripten_resize_heap" (func)))',
      /Emscripten[\s\S]*Next: load it with the JavaScript/,
    ],
    ['wb', '(module (import "wbg" "__wbindgen_throw" (func)))', /wasm-bindgen/],
    ['go', '(module (import "gojs" "runtime.wasmExit" (func)))', /GOOS=js[\s\S]*GOOS=wasip1/],
    ['ct', '(module (@custom "component-type:x" "abc"))', /component-type metadata[\s\S]*wasm-tools component new/],
  ];
  for (const [name, text, pattern] of cases) {
    const { code, stdout, stderr } = tenon(['inspect', guest(`${name}.wasm`, text)]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, pattern, name);
  }
  const wit = tenon(['inspect', '--wit', guest('plain.wasm', '(module)')]);
  assert.equal(wit.code, 1);
  assert.match(wit.stderr, /^error\[no-wit\]/);
});
