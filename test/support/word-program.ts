/** The program of `word-component.ts`: every name is used as a host would, by the rules of docs/javascript.md. */
import { CLASS_WORDS, interfaceOf, KINDS, packageOf, WORDS, wordsOf } from './word-component.ts';

const upperFirst = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1);
const camel = (word: string): string => {
  const [first = '', ...rest] = word.toLowerCase().split('-');
  return first + rest.map(upperFirst).join('');
};
const pascal = (word: string): string => upperFirst(camel(word));
/** Of two functions that are one in camel case, the second is reached by its own name. */
const func = (word: string): string => (word === 'then' ? 'then_' : word.endsWith('x-1') ? word : camel(word));
const text = (value: string): string => JSON.stringify(value);

/** Names of the labels of one type; those that are one in camel case get `_`. */
function fields(words: readonly string[]): readonly string[] {
  const names: string[] = [];
  for (const word of words) names.push(camel(word) + (names.includes(camel(word)) ? '_' : ''));
  return names;
}

/** TypeScript takes these for methods of every object, and does not tell their parameters to functions that are given in place. */
const untold = (word: string): boolean => camel(word) in Object.prototype;

/** A value of the type of a word. */
function sampleOf(i: number): string {
  const words = wordsOf(i);
  const [first = ''] = fields(words);
  switch (KINDS[i % KINDS.length]!) {
    case 'record':
      return `{ ${text(first)}: ${i} }`;
    case 'variant':
      return `{ tag: ${text(words[1]!)} }`;
    case 'enum':
      return text(words[2]!);
    case 'flags':
      return `{ ${fields(words)
        .map((name, at) => `${text(name)}: ${at !== 1}`)
        .join(', ')} }`;
  }
}

const HOST = `
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Component } from 'tenon';
import type { Exports, Imports, Promised, World } from './words.d.ts';

const component = await Component.load<World>(readFileSync('words.wasm'));
const { exports, promised } = await component.instantiate({
  'test:names/types': {
    ${WORDS.map((word) => `${text(func(`take-${word}`))}: (one, other) => { assert.deepEqual(one, other); return one; },`).join('\n    ')}
  },
  'test:names/functions': {
    ${WORDS.map((word, i) => `${text(func(word))}: (x${untold(word) ? ': number' : ''}) => x + ${i},`).join('\n    ')}
  },
  'test:names/resources': {
    ${CLASS_WORDS.map((word) => `${text(pascal(word))}: class { readonly x: number; constructor(x: number) { this.x = x; } },`).join('\n    ')}
  },
  ${WORDS.map((word, i) => `${text(func(word))}: (x: number) => x + ${1_000 + i},`).join('\n  ')}
  ${WORDS.map((word, i) => `${text(packageOf(word))}: { f: (x) => x + ${2_000 + i} },`).join('\n  ')}
  ${WORDS.map((word) => `${text(interfaceOf(word))}: { f: (x) => x },`).join('\n  ')}
});
const types = exports['test:names/types'];
const functions = exports['test:names/functions'];
const classes = exports['test:names/classes'];
const later = promised['test:names/types'];
type Root = Exports | Promised | Imports;
`;

const ALL = `
const all = new classes.All(1);
${WORDS.map((word, i) => `assert.equal(all[${text(word === 'then' ? 'then_' : camel(word))}](${i}), ${i});`).join('\n')}
${WORDS.map((word, i) => `assert.equal(classes.All[${text(camel(`${word}-s`))}](${i}), ${i});`).join('\n')}
${WORDS.map((word, i) => `assert.equal(classes.Statics[${text(word === 'prototype' ? 'prototype_' : word === 'then' ? 'then_' : camel(word))}](${i}), ${i});`).join('\n')}
console.log('words', ${WORDS.length});
`;

function calls(word: string, i: number): string {
  const take = text(func(`take-${word}`));
  const value = sampleOf(i);
  const own = i < CLASS_WORDS.length ? text(pascal(word)) : undefined;
  const classCalls = `
assert.equal(exports[${text(camel(`make-${word}`))}](5) instanceof Object, true);
assert.equal(new classes[${own}](${i})[${text(camel(`${word}-m`))}](), ${i});
assert.equal(classes[${own}][${text(camel(`${word}2`))}](${i}), ${i});`;
  return `
assert.deepEqual(types[${take}](${value}, ${value}), ${value});
assert.deepEqual(await later[${take}](${value}, ${value}), ${value});
assert.equal(functions[${text(func(word))}](1), ${i + 1});
assert.equal(exports[${text(func(word))}](1), ${i + 1_001});
assert.equal(exports[${text(word)}](1), ${i + 1_001});
assert.equal(exports[${text(packageOf(word))}].f(1), ${i + 2_001});${own === undefined ? '' : classCalls}
// @ts-expect-error
assert.throws(() => types[${take}](0, ${value}));`;
}

export const WORD_PROGRAM = [HOST, ...WORDS.map(calls), ALL].join('\n');
