import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Definition, DefValType } from '../types/definition.ts';
import {
  at,
  check,
  declareExport,
  exportOf,
  func,
  importOf,
  nested,
  prim,
  rejection,
  SUB_RESOURCE,
  type,
} from './fixture.ts';

function doubling(levels: number): Definition[] {
  const definitions: Definition[] = [type({ kind: 'tuple', types: [prim('u8')] })];
  for (let i = 0; i < levels; i++) definitions.push(type({ kind: 'tuple', types: [at(i), at(i)] }));
  return definitions;
}

test('a type that doubles at every level is refused by its size as a tree, at once', () => {
  check(doubling(15));
  const error = rejection(doubling(60));
  assert.equal(error.code, 'type-too-large');
  assert.match(error.message, /effective type size exceeds the limit of 1000000 \(in type \d+\)/);
});

test('doubling instance types are refused as well', () => {
  const definitions: Definition[] = [type({ kind: 'instance', declarations: [] })];
  for (let i = 0; i < 40; i++) {
    const outer = { kind: 'alias', offset: 0, sort: 'type', target: { kind: 'outer', count: 1, index: i } } as const;
    definitions.push(
      type({
        kind: 'instance',
        declarations: [
          outer,
          declareExport('a', { kind: 'instance', index: 0 }),
          declareExport('b', { kind: 'instance', index: 0 }),
        ],
      }),
    );
  }
  assert.equal(rejection(definitions).code, 'type-too-large');
});

test('nesting is limited to 100', () => {
  const lists = (count: number) =>
    Array.from({ length: count }, (_, i) => type({ kind: 'list', element: i === 0 ? prim('u8') : at(i - 1) }));
  check(lists(99));
  assert.equal(rejection(lists(101)).code, 'type-too-deep');
  let inner: Definition[] = [];
  for (let i = 0; i < 120; i++) inner = [nested(...inner)];
  const error = rejection(inner);
  assert.equal(error.code, 'type-too-deep');
  assert.match(error.message, /component 0 > component 0/);
});

test('sizes in memory do not overflow', () => {
  const list = (element: DefValType & { kind: 'fixed-list' }) => [type(element)];
  check(list({ kind: 'fixed-list', element: prim('u8'), length: 2 ** 28 - 1 }));
  for (const length of [2 ** 25, 2 ** 29, 2 ** 32 - 1]) {
    const error = rejection(list({ kind: 'fixed-list', element: prim('u64'), length }));
    assert.equal(error.code, 'type-too-large');
    assert.match(error.message, /exceeds maximum byte size/);
  }
});

test('map keys', () => {
  for (const key of ['bool', 's64', 'char', 'string'] as const)
    check([type({ kind: 'map', key: prim(key), value: prim('u8') })]);
  for (const key of ['f32', 'f64', 'error-context'] as const)
    assert.equal(rejection([type({ kind: 'map', key: prim(key), value: prim('u8') })]).code, 'invalid-map-key');
});

test('borrows stay out of results, streams and futures, at any depth', () => {
  const resource = importOf('r', SUB_RESOURCE);
  const borrow = type({ kind: 'borrow', index: 0 });
  const list = type({ kind: 'list', element: at(1) });
  assert.equal(rejection([resource, borrow, list, func({}, at(2))]).code, 'borrow-not-allowed');
  for (const kind of ['stream', 'future'] as const)
    assert.equal(rejection([resource, borrow, list, type({ kind, element: at(2) })]).code, 'borrow-not-allowed');
  check([resource, borrow, list, func({ x: at(2) })]);
});

test('gates name themselves in the error', () => {
  const cases: [Definition, string, RegExp][] = [
    [type({ kind: 'map', key: prim('u8'), value: prim('u8') }), 'map', /🗺️ map/],
    [type({ kind: 'fixed-list', element: prim('u8'), length: 1 }), 'fixed-length-lists', /🔧 fixed-length-lists/],
    [type({ kind: 'primitive', primitive: 'error-context' }), 'error-context', /📝 error-context/],
    [type({ kind: 'stream', element: undefined }), 'async', /🔀 async/],
    [func({}, undefined, true), 'async', /🔀 async/],
    [type({ kind: 'resource', rep: 'i64', dtor: undefined }), 'memory64', /🐘 memory64/],
  ];
  for (const [definition, feature, message] of cases) {
    check([definition]);
    const error = rejection([definition], { features: { [feature]: false } });
    assert.equal(error.code, 'feature-disabled');
    assert.match(error.message, message);
  }
  const value = importOf('v', { kind: 'value', bound: 'type', type: prim('u8') });
  assert.match(rejection([value]).message, /🪙 values/);
});

test('values are used exactly once', () => {
  const features = { values: true };
  const value = importOf('v', { kind: 'value', bound: 'type', type: prim('u8') });
  check([value, exportOf('w', 'value', 0)], { features });
  assert.equal(rejection([value], { features }).code, 'value-unused');
  assert.equal(
    rejection([value, exportOf('w', 'value', 0), exportOf('x', 'value', 0)], { features }).code,
    'value-used-twice',
  );
  const start = (args: number[], results: number): Definition => ({ kind: 'start', offset: 0, func: 0, args, results });
  const f = [func({ x: prim('u8') }, prim('string')), importOf('f', { kind: 'func', index: 0 })];
  check([...f, value, start([0], 1), exportOf('out', 'value', 1)], { features });
  assert.match(rejection([...f, value, start([], 1)], { features }).message, /requires 1 arguments but was given 0/);
  assert.match(rejection([...f, value, start([0], 0)], { features }).message, /result count/);
});
