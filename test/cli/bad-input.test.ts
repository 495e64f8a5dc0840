/** Files that people hand over by mistake: one message with a code, what it is and what to do next; nothing on stdout. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { assemble } from '../support/assemble.ts';
import { example, file, guest, type Outcome, tenon } from './tenon.ts';

const root = join(import.meta.dirname, '../..');
const component = readFileSync(join(root, example('report.wasm')));

function isOneMessage({ code, stdout, stderr }: Outcome, error: string): void {
  assert.equal(code, 1, stderr);
  assert.equal(stdout, '');
  assert.ok(stderr.startsWith(`error[${error}]: `), stderr);
  assert.match(stderr, /^ {2}next: ./m);
  assert.equal(stderr.match(/error\[/g)?.length, 1);
  assert.doesNotMatch(stderr, /\.ts:\d|node:internal|undefined/);
}

const WRONG: readonly (readonly [
  what: string,
  name: string,
  contents: string | Uint8Array,
  code: string,
  found: RegExp,
])[] = [
  ['an empty file', 'empty.wasm', '', 'is-empty', /an empty file/],
  ['text', 'notes.wasm', 'just some words\n', 'is-text', /text/],
  ['a page of a server', 'page.wasm', '<!DOCTYPE html><html>404</html>', 'is-html', /web page/],
  ['JSON', 'data.wasm', '{"error": "not found"}', 'is-json', /JSON/],
  ['WIT', 'app.wit', 'package a:b;\n', 'is-wit', /WIT/],
  [
    'a pointer of Git LFS',
    'lfs.wasm',
    'version https://git-lfs.github.com/spec/v1\n',
    'is-lfs-pointer',
    /git lfs pull/,
  ],
  ['gzip', 'app.wasm.gz', gzipSync(component), 'is-gzip', /gzip/],
  ['a zip archive', 'app.zip', new Uint8Array([0x50, 0x4b, 3, 4, 0, 0]), 'is-zip', /zip/],
  [
    'a Python wheel',
    'x-pyodide_2024_0_wasm32.whl',
    new Uint8Array([0x50, 0x4b, 3, 4, 0]),
    'is-python-wheel',
    /Pyodide/,
  ],
  ['a native program', 'a.out', new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0]), 'is-elf', /ELF/],
  ['other bytes', 'noise.bin', new Uint8Array([1, 0, 255, 254, 0, 3]), 'is-unknown', /does not begin with/],
  ['a preamble cut off', 'cut.wasm', component.subarray(0, 6), 'is-truncated', /cut off/],
  [
    'an old draft of components',
    'old.wasm',
    new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0a, 0, 1, 0]),
    'is-unknown-version',
    /version 10, layer 1/,
  ],
];

describe('files that are no component', () => {
  for (const [what, name, contents, code, found] of WRONG) {
    test(what, () => {
      const path = file(name, contents);
      for (const words of [
        ['run', path],
        ['invoke', path, 'f()'],
        ['validate', path],
        ['run', '--plug', path, example('report.wasm')],
      ]) {
        const outcome = tenon(words);
        isOneMessage(outcome, code);
        assert.match(outcome.stderr, found);
        assert.ok(outcome.stderr.includes(name), 'the file is named');
      }
    });
  }

  test('a core module where a component is expected', () => {
    const path = guest('core.wasm', '(module (func (export "f")))');
    for (const words of [
      ['invoke', path, 'f()'],
      ['validate', path],
    ])
      isOneMessage(tenon(words), 'is-core-module');
    isOneMessage(tenon(['run', '--plug', example('style.wasm'), path]), 'plug-module');
    isOneMessage(tenon(['run', path]), 'not-a-program');
  });

  test('a file that is not there, and a directory', () => {
    isOneMessage(tenon(['run', 'no-such-file.wasm']), 'cannot-read');
    assert.match(tenon(['inspect', root]).stderr, /^error\[cannot-read\]: .*it is a directory/);
  });
});

describe('damaged files', () => {
  test('a download that was cut off, wherever it was', () => {
    for (const part of [0.1, 0.5, 0.9, 0.999]) {
      const path = file('part.wasm', component.subarray(0, Math.floor(component.length * part)));
      for (const command of ['run', 'inspect', 'validate']) {
        const { code, stdout, stderr } = tenon([command, path]);
        assert.equal(code, 1, stderr);
        assert.equal(stdout, '');
        assert.match(stderr, /^error\[[a-z-]+\]: .*(?:offset 0x|cut off)/);
        assert.match(stderr, /^ {2}next: ./m);
      }
    }
  });

  test('a core module that was cut off', () => {
    const bytes = assemble('(module (memory 1) (func (export "_start") (drop (i32.const 1))))');
    isOneMessage(tenon(['run', file('partial-core.wasm', bytes.subarray(0, bytes.length - 4))]), 'core-module');
  });

  test('an invalid component: the verdict as JSON', () => {
    const path = file('broken.wasm', new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0, 7, 3, 1, 0x70, 0x55]));
    const { code, stdout } = tenon(['validate', '--json', path]);
    assert.equal(code, 1);
    const verdict = JSON.parse(stdout);
    assert.equal(verdict.valid, false);
    assert.equal(typeof verdict.code, 'string');
    assert.equal(typeof verdict.offset, 'number');
    const good = tenon(['validate', '--json', example('report.wasm')]);
    assert.deepEqual(good, { code: 0, signal: null, stdout: '{"valid":true}\n', stderr: '' });
    assert.deepEqual(tenon(['validate', example('report.wasm')]), { code: 0, signal: null, stdout: '', stderr: '' });
  });
});

describe('components that do not fit', () => {
  test('one message lists all missing imports', () => {
    const outcome = tenon(['run', example('report.wasm')]);
    isOneMessage(outcome, 'missing-import');
    for (const name of ['demo:text/words@0.1.0', 'demo:text/stats@0.1.0#summarize', 'demo:text/style@0.1.0#pad']) {
      assert.ok(outcome.stderr.includes(name), name);
    }
    assert.match(outcome.stderr, /next: .*--plug/);
  });

  test('a plug with a wrong type, and one that nobody needs', () => {
    const wrong = guest(
      'wrong-stats.wasm',
      `(component
        (core module $m (func (export "f") (param i32) (result i32) local.get 0))
        (core instance $i (instantiate $m))
        (func $f (param "values" u32) (result u32) (canon lift (core func $i "f")))
        (instance $s (export "summarize" (func $f)))
        (export "demo:text/stats@0.1.0" (instance $s)))`,
    );
    const plugs = ['--plug', example('style.wasm'), '--plug', example('words.wasm'), '--plug', wrong];
    const outcome = tenon(['run', ...plugs, example('report.wasm')]);
    isOneMessage(outcome, 'import-mismatch');
    assert.match(
      outcome.stderr,
      /demo:text\/stats@0\.1\.0#summarize: expected func\(values: list<u32>\).*found func\(values: u32\)/,
    );
    isOneMessage(tenon(['run', '--plug', example('stats.wasm'), example('composed.wasm')]), 'plug-unused');
  });

  test('a directory that does not exist', () => {
    const outcome = tenon(['run', '--dir', '/no/such/directory', example('composed.wasm')]);
    assert.equal(outcome.code, 1);
    assert.match(outcome.stderr, /^error\[no-directory\]: .*\/no\/such\/directory/);
  });
});
