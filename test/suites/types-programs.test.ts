/** Declarations in programs: classes, names that mean something to TypeScript, and what may be given for imports. One check of all. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { componentTypes } from '../../src/bindgen/bindgen.ts';
import { assemble } from '../support/assemble.ts';
import { CLASSES } from '../support/class-component.ts';
import { CLASS_PROGRAM } from '../support/class-program.ts';
import { COUNTING, INNER, LOAD_PROGRAM, LOADED, WRONG_PROGRAM } from '../support/load-program.ts';
import { Workshop } from '../support/tsc.ts';
import { WORD_COMPONENT, WORDS } from '../support/word-component.ts';
import { WORD_PROGRAM } from '../support/word-program.ts';

const COMPONENTS = { classes: CLASSES, words: WORD_COMPONENT, loaded: LOADED, counting: COUNTING, inner: INNER };

const workshop = new Workshop('programs');
const wrong = new Workshop('wrong');
after(() => {
  workshop.remove();
  wrong.remove();
});

before(() => {
  for (const [name, text] of Object.entries(COMPONENTS)) {
    const bytes = assemble(text);
    workshop.write(`${name}.wasm`, bytes);
    workshop.write(`${name}.d.ts`, componentTypes(bytes, { name: `${name}.wasm` }));
  }
  workshop.write('class-program.ts', CLASS_PROGRAM);
  workshop.write('word-program.ts', WORD_PROGRAM);
  workshop.write('load-program.ts', LOAD_PROGRAM);
});

describe('programs', () => {
  test('are what tsc takes and what it refuses', () => {
    assert.deepEqual(workshop.check(), { code: 0, output: '' });
  });

  test('of classes of both sides run', () => {
    assert.deepEqual(workshop.run('class-program.ts'), { code: 0, output: 'classes\n' });
  });

  test('of names that TypeScript knows run', () => {
    assert.deepEqual(workshop.run('word-program.ts'), { code: 0, output: `words ${WORDS.length}\n` });
  });

  test('that are wrong are refused in words that say what is', () => {
    wrong.write('loaded.d.ts', componentTypes(assemble(LOADED)));
    wrong.write('wrong.ts', WRONG_PROGRAM);
    const { output } = wrong.check();
    const lines = output.split('\n').filter((line) => !line.startsWith(' '));
    assert.equal(lines.length, 4, output);
    assert.match(
      lines[0]!,
      /^wrong\.ts\(5,.*MissingImports<"code" \| "inner" \| "logIt" \| .*"test:load\/two@2\.0\.0"/,
    );
    assert.match(lines[1]!, /^wrong\.ts\(6,.*Type 'string' is not assignable to type 'MaybePromise<number>'/);
    assert.match(lines[2]!, /^wrong\.ts\(7,.*Type 'string' is not assignable to type 'MaybePromise<number>'/);
  });

  test('that give what is imported run, by every name that will do', () => {
    assert.deepEqual(workshop.run('load-program.ts'), { code: 0, output: 'loaded\n' });
  });
});
