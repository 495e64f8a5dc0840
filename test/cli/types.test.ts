/** `tenon types`: where declarations go, and what is refused. What they say is tested in `test/suites/types-*.test.ts`. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { example, tenon } from './tenon.ts';

const folder = mkdtempSync(join(tmpdir(), 'tenon-types-'));
after(() => rmSync(folder, { recursive: true }));

const root = join(import.meta.dirname, '../..');
const shop = join(root, 'src/bindgen/fixtures/shop.wasm');

const TWO_WORLDS = `(component
  (type $one (component (type (component (export "f" (func)))) (export "test:two/one" (component (type 0)))))
  (export "one" (type $one))
  (type $other (component (type (component (import "g" (func)))) (export "test:two/other" (component (type 0)))))
  (export "other" (type $other)))`;

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test('to standard output', () => {
  const { code, stdout, stderr } = tenon(['types', example('style.wasm')]);
  assert.equal(code, 0);
  assert.equal(stderr, '');
  assert.match(stdout, /^\/\*\*\n \* Types of `style\.wasm`/);
  assert.match(stdout, /^ \* {5}import type \{ World \} from '\.\/style\.d\.ts';$/m);
  assert.match(stdout, /^ {4}fold: \(word: string\) => string \| undefined;$/m);
});

test('into a folder, which is made', () => {
  const into = join(folder, 'deep/types');
  const { code, stdout, stderr } = tenon(['types', example('style.wasm'), '-o', into]);
  assert.deepEqual([code, stdout, stderr], [0, '', '']);
  assert.deepEqual(readdirSync(into), ['style.d.ts']);
  assert.equal(readFileSync(join(into, 'style.d.ts'), 'utf8'), tenon(['types', example('style.wasm')]).stdout);
});

test('of text, and of standard input', () => {
  const text = '(component (import "hi" (func (param "name" string))))';
  const { stdout } = tenon(['types', file('hi.wat', text)]);
  assert.match(stdout, /^ {2}hi: \(name: string\) => MaybePromise<void>;$/m);
  assert.match(stdout, /'hi\.wasm'/);
  const piped = tenon(['types', '-'], { input: text });
  assert.match(piped.stdout, /^ \* Types of `component\.wasm`/m);
  assert.equal(piped.stdout.slice(piped.stdout.indexOf('*/')), stdout.slice(stdout.indexOf('*/')));
  tenon(['types', '-', '-o', folder], { input: text });
  assert.ok(readdirSync(folder).includes('component.d.ts'));
});

test('of a WIT package', () => {
  const { code, stdout } = tenon(['types', shop]);
  assert.equal(code, 0);
  assert.match(stdout, /Types of components of the world `shop` of `shop\.wasm`/);
  const two = file('two.wat', TWO_WORLDS);
  assert.deepEqual(tenon(['types', two, '--world', 'one', '-o', folder]).code, 0);
  const one = readFileSync(join(folder, 'one.d.ts'), 'utf8');
  assert.match(one, /^type Exports = \{\n {2}f: \(\) => void;\n\};$/m);
  assert.match(one, /'\.\/one\.d\.ts'/);
  assert.match(tenon(['types', two, '--world', 'other']).stdout, /^ {2}g: \(\) => MaybePromise<void>;$/m);
});

test('what is refused', () => {
  const two = file('two.wat', TWO_WORLDS);
  const cases: readonly (readonly [words: readonly string[], code: number, error: string, says: RegExp])[] = [
    [[two], 1, 'which-world', /one of one, other/],
    [[two, '--world', 'three'], 1, 'which-world', /--world/],
    [[example('style.wasm'), '--world', 'style'], 1, 'which-world', /leave the name/],
    [[file('m.wat', '(module)')], 1, 'is-core-module', /core module/],
    [[file('bad.wat', '(component (import "A B" (func)))')], 1, 'invalid-name', /bad\.wat/],
    [[join(folder, 'absent.wasm')], 1, 'cannot-read', /absent\.wasm/],
    [[example('style.wasm'), '-o', join(two, 'x')], 1, 'cannot-write', /-o names a folder/],
    [[], 2, 'missing-operand', /tenon types FILE/],
    [[two, two], 2, 'extra-operand', /tenon types/],
  ];
  for (const [words, code, error, says] of cases) {
    const found = tenon(['types', ...words]);
    assert.equal(found.stdout, '');
    assert.match(found.stderr, new RegExp(`error\\[${error}\\]`), words.join(' '));
    assert.match(found.stderr, says);
    assert.equal(found.code, code, found.stderr);
  }
});

test('features that are closed are refused', () => {
  const map = file('map.wat', '(component (import "f" (func (param "x" (map string u32)))))');
  assert.equal(tenon(['types', map]).code, 0);
  const { code, stderr } = tenon(['types', map, '--features', '-map']);
  assert.equal(code, 1);
  assert.match(stderr, /feature/);
});
