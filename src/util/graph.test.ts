import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeGraph, encodeGraph, NotPlainError } from './graph.ts';

function again(value: object, left?: object): unknown {
  const text = encodeGraph(value, left);
  assert.match(text, /^[\x20-\x7e]*$/, 'ASCII');
  return decodeGraph(text, left);
}

describe('plain data as text', () => {
  test('every kind of value comes back', () => {
    const value = {
      s: 'a "b" \u{1f600} \u2028 \ud800',
      n: [0, -1, 1.5, 2 ** 53],
      b: [true, false],
      nothing: [null, undefined],
      big: [0n, -5n, 2n ** 64n],
      map: new Map<unknown, unknown>([
        ['k', [1]],
        [2, { deep: new Set(['x', 3n]) }],
      ]),
      empty: [{}, [], new Map(), new Set()],
    };
    assert.deepEqual(again(value), value);
    assert.ok('1' in (again({ a: [1, undefined] }) as { a: object }).a, 'undefined items are there');
  });

  test('what is one object stays one, in cycles too', () => {
    const shared = { name: 'x' };
    const value: Record<string, unknown> = { a: shared, b: [shared], m: new Map([[shared, shared]]) };
    value['self'] = value;
    const back = again(value) as typeof value & { b: object[]; m: Map<object, object> };
    assert.equal(back['a'], back.b[0]);
    assert.equal(back.m.get(back['a'] as object), back['a']);
    assert.equal(back['self'], back);
  });

  test('an object that is left out is given again', () => {
    const bytes = new Uint8Array(3);
    const back = again({ of: { bytes, n: 1 } }, bytes) as { of: { bytes: Uint8Array } };
    assert.equal(back.of.bytes, bytes);
  });

  test('what has no form is refused', () => {
    const refused: object[] = [
      { f: () => 1 },
      { s: Symbol('s') },
      { d: new Date() },
      { u: new Uint8Array(1) },
      { n: Number.NaN },
      { n: -0 },
      JSON.parse('{ "__proto__": 1 }') as object,
    ];
    for (const value of refused) assert.throws(() => encodeGraph(value), NotPlainError);
  });

  test('keys that are special to objects are keys', () => {
    const value = JSON.parse('{ "constructor": 1, "toString": [2], "__proto__x": 3 }') as object;
    assert.deepEqual(again(value), value);
  });

  test('depth does not matter', () => {
    let value: object = {};
    for (let i = 0; i < 100_000; i++) value = { value };
    assert.equal(typeof again(value), 'object');
  });
});
