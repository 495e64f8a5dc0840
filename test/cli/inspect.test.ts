import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findWasmTools } from '../support/wasm-tools.ts';
import { corpusGuest, example, guest, tenon } from './tenon.ts';

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
