/** `tenon parse`, `tenon print`, `tenon wast`, and the text format where a binary is asked for. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseText } from '../../src/text/parse.ts';
import { example, file, tenon } from './tenon.ts';

const ADD = `(component
  (core module $m (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
  (core instance $i (instantiate $m))
  (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add"))))`;

test('a text becomes a binary, and a binary a text that becomes the same binary', () => {
  const wat = file('add.wat', ADD);
  const wasm = `${wat}.wasm`;
  const again = `${wat}.again.wat`;
  assert.deepEqual(tenon(['parse', wat, '-o', wasm]), { code: 0, signal: null, stdout: '', stderr: '' });
  assert.deepEqual(new Uint8Array(readFileSync(wasm)), parseText(ADD).bytes);
  assert.deepEqual(tenon(['print', wasm, '--output', again]), { code: 0, signal: null, stdout: '', stderr: '' });
  assert.equal(tenon(['print', wasm]).stdout, readFileSync(again, 'utf8'));
  assert.deepEqual(parseText(readFileSync(again, 'utf8')).bytes, parseText(ADD).bytes);
  assert.match(tenon(['print', '-'], { input: readFileSync(wasm) }).stdout, /^\(component\n {2}\(core module \$m/);
});

test('an outline leaves out bodies and data', () => {
  const { code, stdout } = tenon(['print', '--skeleton', example('style.wasm')]);
  assert.equal(code, 0);
  assert.match(stdout, /\(export .*"demo:text\/style/);
  assert.doesNotMatch(stdout, /local\.get/);
});

test('commands take the text format where they take a binary', () => {
  const wat = file('direct.wat', ADD);
  assert.deepEqual(tenon(['invoke', wat, 'add(1, 2)']), { code: 0, signal: null, stdout: '3\n', stderr: '' });
  assert.equal(tenon(['validate', wat]).code, 0);
  assert.match(tenon(['inspect', wat]).stdout, /add/);
});

test('a syntax error shows file, line, column, the line with a caret, and what was expected', () => {
  const wat = file('wrong.wat', '(component\n  (import "f" (fun))\n)\n');
  for (const command of ['parse', 'validate', 'run']) {
    const { code, stdout, stderr } = tenon([command, wat]);
    assert.equal(code, 1, command);
    assert.equal(stdout, '');
    assert.equal(
      stderr,
      `error[unexpected-token]: ${wat}:2:16: unexpected token; expected a sort, such as \`func\` or \`core module\`, found \`fun\`\n` +
        '2 |   (import "f" (fun))\n  |                ^^^\n',
    );
  }
});

test('an instruction that does not exist, a name that nothing has, a type that is none', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['(module (func i32.ad))', /error\[unknown-operator\]: .*:1:15: unknown operator i32\.ad/],
    ['(module (func call $f))', /error\[unknown-id\]: .*:1:20: unknown func: failed to find name `\$f`/],
    ['(component (type (lists u8)))', /error\[unexpected-token\]: .*:1:19: unexpected token `lists`; expected a type/],
    ['(component (core func (canon stream.forward 0)))', /error\[unknown-built-in\]: .*no canonical built-in/],
  ];
  for (const [text, pattern] of cases) {
    const { code, stderr } = tenon(['parse', file('case.wat', text)]);
    assert.equal(code, 1);
    assert.match(stderr, pattern);
    assert.match(stderr, /\^/);
  }
});

test('print refuses what is no wasm', () => {
  const { code, stderr } = tenon(['print', file('text.txt', 'hello')]);
  assert.equal(code, 1);
  assert.match(stderr, /^error\[not-wasm\]: bad magic number/);
});

const SCRIPT = `${ADD}
(assert_return (invoke "add" (u32.const 1) (u32.const 2)) (u32.const 3))
(assert_return (invoke "add" (u32.const 1) (u32.const 2)) (u32.const 4))
(assert_invalid (component (export "a" (func 0))) "unknown func")
`;

test('scripts: every directive counts, as JSON for machines', () => {
  const good = file('good.wast', SCRIPT.replace('(u32.const 4)', '(u32.const 3)'));
  const bad = file('bad.wast', SCRIPT);
  assert.deepEqual(tenon(['wast', good]), { code: 0, signal: null, stdout: `ok    4/4  ${good}\n`, stderr: '' });
  const { code, stdout } = tenon(['wast', '--json', good, bad]);
  assert.equal(code, 1);
  assert.deepEqual(JSON.parse(stdout), {
    files: [
      { file: good, passed: 4, total: 4, failures: [] },
      {
        file: bad,
        passed: 3,
        total: 4,
        failures: [{ line: 6, directive: 'assert_return', reason: 'expected {"kind":"u32","value":4}, got 3' }],
      },
    ],
    passed: 7,
    total: 8,
  });
  assert.match(tenon(['wast', bad]).stdout, /^FAIL {2}3\/4 .*\n {2}.*bad\.wast:6: assert_return: expected/);
});

test('a script that cannot be parsed has failed; a directive that is unknown has, too', () => {
  const broken = tenon(['wast', '--json', file('broken.wast', '(component')]);
  assert.equal(broken.code, 1);
  assert.equal(JSON.parse(broken.stdout).total, 1);
  const unknown = JSON.parse(tenon(['wast', '--json', file('unknown.wast', '(module) (assert_nothing)')]).stdout);
  assert.equal(unknown.passed, 1);
  assert.equal(unknown.total, 2);
});

test('feature gates', () => {
  const nested = file('nested.wat', '(component (import "a:b:c/d" (instance)))');
  const closed = tenon(['validate', nested]);
  assert.equal(closed.code, 1);
  assert.match(closed.stderr, /nested namespaces need the feature 🪺 nested-names/);
  assert.equal(tenon(['validate', '--features', 'nested-names', nested]).code, 0);
  const map = file('map.wat', '(component (type (map u8 u8)))');
  assert.equal(tenon(['validate', map]).code, 0);
  assert.match(tenon(['validate', '--features', '-map', map]).stderr, /requires the feature 🗺️ map/);
  assert.match(tenon(['validate', '--features', 'mapp', map]).stderr, /did you mean map\?/);
  assert.match(tenon(['validate', '--features', 'gc', map]).stderr, /error\[feature-unsupported\]: .*🛸 gc/);
});

test('a folder is every script in it', () => {
  const path = file('one.wast', '(module)');
  const { stdout } = tenon(['wast', join(path, '..')]);
  assert.match(stdout, /one\.wast/);
});
