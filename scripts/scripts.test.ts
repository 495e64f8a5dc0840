import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { exchanges, markdownExamples, matches, promisedOutput, sourceExamples } from './examples.ts';
import { LAYERS, layerOf } from './layers.ts';
import { maskText } from './source.ts';

describe('examples', () => {
  test('a Markdown block runs only where it says so', () => {
    const text = '# T\n\n```ts run\nconst a = 1;\n```\n\n```ts\nb\n```\n\n- list\n  ```console run\n  $ x\n  ```\n';
    assert.deepEqual(markdownExamples('a.md', text), [
      { file: 'a.md', line: 4, kind: 'module', code: 'const a = 1;\n' },
      { file: 'a.md', line: 13, kind: 'console', code: '$ x\n' },
    ]);
  });

  test('a comment block runs inside @example, with its place', () => {
    const text =
      'x\n/**\n * One.\n * ```ts\n * no();\n * ```\n * @example\n * ```ts\n * yes();\n * ```\n * @see z\n */\n';
    assert.deepEqual(sourceExamples('a.ts', text), [{ file: 'a.ts', line: 9, kind: 'module', code: 'yes();\n' }]);
  });

  test('a block marked no-run is left out', () => {
    assert.deepEqual(sourceExamples('a.ts', '/**\n * @example\n * ```ts no-run\n * x();\n * ```\n */'), []);
  });

  test('promised output', () => {
    assert.deepEqual(promisedOutput('f(); // prints 1\n// prints two words\n'), ['1', 'two words']);
    assert.equal(promisedOutput('f();'), undefined);
  });

  test('dialogues', () => {
    assert.deepEqual(exchanges('$ a b\nout\nout 2\n$ c \\\n  d\n'), [
      { command: 'a b', output: 'out\nout 2' },
      { command: 'c \\\n  d', output: '' },
    ]);
    assert.ok(matches('a\n...\nz', 'a\nb\nc\nz\n'));
    assert.ok(matches('1 + 1 (sum)', '1 + 1 (sum)  \n'));
    assert.ok(!matches('a', 'a\nb'));
  });
});

describe('sources', () => {
  test('what is not code is blanked, lines stay', () => {
    const masked = maskText("a; // 'x'\nb = 'it\\'s' + `t\n{1}` / 2; /* c\n */ r = /['\"]/g;", false);
    assert.equal(masked.replaceAll(/ +/g, ' ').trimEnd(), 'a; \nb = + \n / 2; \n r = ;');
  });

  test('strings can stay', () => {
    assert.equal(maskText("import 'a'; // b", true).trimEnd(), "import 'a';");
  });

  test('the longest path names the room', () => {
    assert.equal(LAYERS[layerOf('src/abi/js/emit.ts')], 'src/abi/js');
    assert.equal(LAYERS[layerOf('src/abi/lift.ts')], 'src/abi');
    assert.equal(LAYERS[layerOf('src/runtime/control.ts')], 'src/runtime/control.ts');
    assert.equal(LAYERS[layerOf('src/wit-component/x.ts')], 'src/wit-component');
    assert.equal(layerOf('src/other/x.ts'), -1);
  });
});
