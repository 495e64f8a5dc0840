import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AliasDef, AnySort } from '../types/definition.ts';
import {
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

function outer(sort: AnySort, count: number, index: number): AliasDef {
  return { kind: 'alias', offset: 3, sort, target: { kind: 'outer', count, index } };
}

function fromInstance(sort: AnySort, name: string): AliasDef {
  return { kind: 'alias', offset: 3, sort, target: { kind: 'export', instance: 0, name } };
}

const record = type({ kind: 'record', fields: [{ name: 'x', type: prim('u32') }] });

test('outer aliases count scopes and respect what crosses a component', () => {
  check([record, nested(outer('type', 1, 0)), outer('type', 0, 0)]);
  assert.match(rejection([outer('type', 1, 0)]).message, /invalid outer alias count of 1/);
  assert.match(rejection([nested(outer('type', 1, 0))]).message, /type index out of bounds/);
  const resource = type({ kind: 'resource', rep: 'i32', dtor: undefined });
  assert.equal(rejection([resource, nested(outer('type', 1, 0))]).code, 'outer-alias-of-resource');
  check([resource, type({ kind: 'component', declarations: [outer('type', 1, 0)] })]);
  assert.equal(rejection([func({}), outer('func', 0, 0)]).code, 'invalid-outer-alias');
});

test('a component type that binds its own resources may cross', () => {
  const parametric = type({ kind: 'component', declarations: [importOf('r', SUB_RESOURCE)] });
  check([parametric, nested(outer('type', 1, 0))]);
});

test('inside types only types and instances can be aliased', () => {
  const inner = type({ kind: 'instance', declarations: [func({}), declareExport('f', { kind: 'func', index: 0 })] });
  const declarations = [inner, importOf('i', { kind: 'instance', index: 0 }), fromInstance('func', 'f')];
  assert.equal(rejection([type({ kind: 'component', declarations })]).code, 'alias-not-allowed');
});

test('aliases of exports check name and sort', () => {
  const inner = type({ kind: 'instance', declarations: [func({}), declareExport('f', { kind: 'func', index: 0 })] });
  const imported = [inner, importOf('i', { kind: 'instance', index: 0 })];
  assert.equal(check([...imported, fromInstance('func', 'f')]).funcs.length, 1);
  assert.match(rejection([...imported, fromInstance('func', 'g')]).message, /instance 0 has no export named `g`/);
  const error = rejection([...imported, fromInstance('core module', 'f')]);
  assert.match(error.message, /export `f` for instance 0 is not a module/);
  assert.equal(error.details.offset, 3);
  assert.match(rejection([...imported, fromInstance('core func', 'f')]).message, /cannot have the sort `core func`/);
});

test('visibility: an export names the new index, not the old one', () => {
  const returns = (index: number) => func({}, { kind: 'index', index });
  const wanted = (index: number) => importOf('f', { kind: 'func', index });
  assert.match(rejection([record, returns(0), wanted(1)]).message, /func not valid to be used as import/);
  const named = importOf('r', { kind: 'type', bound: 'eq', index: 0 });
  check([record, named, returns(1), wanted(2)]);
  assert.equal(rejection([record, named, returns(0), wanted(2)]).code, 'not-externally-visible');
  // An import may not depend on an export, even one that names a type without resources.
  assert.match(
    rejection([record, exportOf('r', 'type', 0), importOf('s', { kind: 'type', bound: 'eq', index: 1 })]).message,
    /type not valid to be used as import/,
  );
});
