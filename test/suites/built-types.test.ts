/** Declarations of built modules in programs: what is right is taken and runs, what is wrong is refused. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { buildComponent } from '../../src/bindgen/bindgen.ts';
import { Component } from '../../src/index.ts';
import { assemble } from '../support/assemble.ts';
import { ofBuilt } from '../support/built-program.ts';
import { CLASSES } from '../support/class-component.ts';
import { CLASS_PROGRAM } from '../support/class-program.ts';
import { Workshop } from '../support/tsc.ts';
import { WORD_COMPONENT, WORDS } from '../support/word-component.ts';
import { WORD_PROGRAM } from '../support/word-program.ts';

const ADD = `(component
  (core module $M (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
  (core instance $m (instantiate $M))
  (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $m "add"))))`;

const NEEDS = `(component
  (import "test:a/log@1.0.0" (instance $log (export "write" (func (param "line" string)))))
  (import "now" (func $now (result u32)))
  (export "now2" (func $now)))`;

const WRONG = `
import { instantiate, link } from './add.js';
import * as needs from './needs.js';
const { exports } = await instantiate();
exports.add('1', 2);
exports.sub(1, 2);
await needs.instantiate();
await needs.instantiate({ 'test:a/log@1.0.0': { write: (line: number) => {} }, now: () => 1 });
await needs.link({ 'test:a/log': { write: (line) => void line.length } });
(await link()).instantiate().exports.add(1, 2).toFixed();
await needs.instantiate({ 'test:a/log@1.0.0': { write: (line) => void line.length }, now: () => 1 }, { modules: 3 });
`;

const RIGHT = `
import assert from 'node:assert/strict';
import { instantiate, link, type World } from './add.js';
import * as needs from './needs.js';
const { exports, promised } = await instantiate();
const sum: number = exports.add(1, 2);
assert.equal(await promised.add(sum, 1), 4);
const pre = await link({}, { trapOnDeadlock: true });
assert.equal(pre.instantiate().exports.add(2, 2), 4);
const world = { 'test:a/log': { write: (line: string) => void line.length }, now: () => 1 };
const one = await needs.instantiate(world);
assert.equal(one.exports.now2(), 1);
const two = await needs.instantiate({ 'test:a/log@1.0.0': { write: (line) => void line.length }, now: () => 2 });
assert.equal(two.exports.now2(), 2);
export type Add = World['exports'];
console.log('right');
`;

const workshop = new Workshop('built');
const wrong = new Workshop('built-wrong');
after(() => {
  workshop.remove();
  wrong.remove();
});

async function write(target: Workshop, name: string, text: string): Promise<void> {
  const component = await Component.load(assemble(text));
  for (const file of buildComponent(component, { name })) target.write(file.name, file.content);
}

before(async () => {
  for (const [name, text] of Object.entries({ classes: CLASSES, words: WORD_COMPONENT, add: ADD, needs: NEEDS }))
    await write(workshop, name, text);
  workshop.write('class-program.ts', ofBuilt(CLASS_PROGRAM, 'classes'));
  workshop.write('word-program.ts', ofBuilt(WORD_PROGRAM, 'words'));
  workshop.write('right.ts', RIGHT);
});

describe('programs of built modules', () => {
  test('are what tsc takes and what it refuses', () => {
    assert.deepEqual(workshop.check(), { code: 0, output: '' });
  });

  test('of classes of both sides run', () => {
    assert.deepEqual(workshop.run('class-program.ts'), { code: 0, output: 'classes\n' });
  });

  test('of names that TypeScript knows run', () => {
    assert.deepEqual(workshop.run('word-program.ts'), { code: 0, output: `words ${WORDS.length}\n` });
  });

  test('that give what is imported run', () => {
    assert.deepEqual(workshop.run('right.ts'), { code: 0, output: 'right\n' });
  });

  test('that are wrong are refused, and only they', async () => {
    await write(wrong, 'add', ADD);
    await write(wrong, 'needs', NEEDS);
    wrong.write('wrong.ts', WRONG);
    const { output } = wrong.check();
    const lines = [...output.matchAll(/^wrong\.ts\((\d+),/gm)].map(([, line]) => Number(line));
    assert.deepEqual([...new Set(lines)], [5, 6, 7, 8, 9, 11], output);
    assert.match(output, /Expected 1-2 arguments, but got 0/);
    assert.match(output, /MissingImports<"now">/);
  });
});
