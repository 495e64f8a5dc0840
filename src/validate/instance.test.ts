import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnySort, Definition, ExternTypeDef } from '../types/definition.ts';
import type { ExternType } from '../types/extern-type.ts';
import type { ResourceType } from '../types/value-type.ts';
import {
  at,
  check,
  declareExport,
  exportOf,
  func,
  importOf,
  nested,
  rejection,
  SUB_RESOURCE,
  type,
} from './fixture.ts';

function instantiate(component: number, ...args: [string, AnySort, number][]): Definition {
  const list = args.map(([name, sort, index]) => ({ name, sort, index }));
  return { kind: 'instance', offset: 0, expr: { kind: 'instantiate', component, args: list } };
}

function alias(instance: number, name: string, sort: AnySort): Definition {
  return { kind: 'alias', offset: 0, sort, target: { kind: 'export', instance, name } };
}

function resourceOf(extern: ExternType | undefined): ResourceType {
  assert.ok(extern?.kind === 'type' && extern.type.kind === 'resource');
  return extern.type.resource;
}

const EXPORTS_R = nested(type({ kind: 'resource', rep: 'i32', dtor: undefined }), exportOf('r', 'type', 0));

test('every instantiation makes resources of its own', () => {
  const { instances } = check([EXPORTS_R, instantiate(0), instantiate(0)]);
  const [a, b] = instances.map((instance) => resourceOf(instance.exports.get('r')));
  assert.notEqual(a, b);
});

test('what is supplied for a type import replaces it in the exports', () => {
  const passes = nested(importOf('in', SUB_RESOURCE), exportOf('out', 'type', 0));
  const { instances, types } = check([
    type({ kind: 'resource', rep: 'i32', dtor: undefined }),
    passes,
    instantiate(0, ['in', 'type', 0]),
    alias(0, 'out', 'type'),
    instantiate(0, ['in', 'type', 1]),
    alias(1, 'out', 'type'),
  ]);
  const local = types[0];
  assert.ok(local?.kind === 'resource');
  assert.equal(resourceOf(instances[1]?.exports.get('out')), local.resource);
});

test('the first export of a resource is abstract, the second equal to it', () => {
  const { exports } = check([
    type({ kind: 'resource', rep: 'i32', dtor: undefined }),
    exportOf('a', 'type', 0),
    exportOf('b', 'type', 0),
    exportOf('c', 'type', 0, SUB_RESOURCE),
  ]);
  assert.deepEqual(
    exports.map(({ name, type }) => [name, type.kind === 'type' && type.bound]),
    [
      ['a', 'sub'],
      ['b', 'eq'],
      ['c', 'sub'],
    ],
  );
  assert.equal(resourceOf(exports[0]?.type), resourceOf(exports[1]?.type));
  assert.notEqual(resourceOf(exports[0]?.type), resourceOf(exports[2]?.type));
});

test('the message names the path, the import and both sides', () => {
  const wants = nested(func({}), importOf('f', { kind: 'func', index: 0 }));
  const gives = func({ x: { kind: 'primitive', primitive: 'u8' } });
  const f: ExternTypeDef = { kind: 'func', index: 0 };
  const error = rejection([nested(gives, importOf('f', f), wants, instantiate(0, ['f', 'func', 0]))]);
  assert.equal(error.code, 'type-mismatch');
  assert.match(error.message, /type mismatch for import `f`: expected 0 parameters, found 1/);
  assert.equal(error.details.path, 'component 0 > instance 0');
});

test('component types compare with their binders', () => {
  // (component (import "T" (sub resource)) (export "f" (func (param "x" (own T)))))
  const f = (resource: number, into: 'import' | 'export') => {
    const own = type({ kind: 'own', index: resource });
    const extern: ExternTypeDef = { kind: 'func', index: 2 };
    const last = into === 'import' ? importOf('f', extern) : declareExport('f', extern);
    return [own, func({ x: at(1) }), last] as const;
  };
  const parametric = type({ kind: 'component', declarations: [importOf('T', SUB_RESOURCE), ...f(0, 'export')] });
  const wanted = nested(parametric, importOf('c', { kind: 'component', index: 0 }));
  check([parametric, importOf('c', { kind: 'component', index: 0 }), wanted, instantiate(1, ['c', 'component', 0])]);

  const unrelated = type({
    kind: 'component',
    declarations: [
      importOf('T', SUB_RESOURCE),
      declareExport('U', SUB_RESOURCE),
      type({ kind: 'own', index: 1 }),
      func({ x: at(2) }),
      declareExport('f', { kind: 'func', index: 3 }),
    ],
  });
  const error = rejection([
    unrelated,
    importOf('c', { kind: 'component', index: 0 }),
    wanted,
    instantiate(1, ['c', 'component', 0]),
  ]);
  assert.match(error.message, /resource types are not the same/);
});

test('resources of a component reach its exports only by export', () => {
  const instanceType = type({
    kind: 'component',
    declarations: [
      { kind: 'alias', offset: 0, sort: 'type', target: { kind: 'outer', count: 1, index: 0 } },
      declareExport('a', { kind: 'type', bound: 'eq', index: 0 }),
    ],
  });
  const error = rejection([
    type({ kind: 'resource', rep: 'i32', dtor: undefined }),
    instanceType,
    exportOf('u', 'type', 1),
  ]);
  assert.equal(error.code, 'not-externally-visible');
});
