import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Definition, ExternNameDecl, ExternTypeDef } from '../types/definition.ts';
import {
  at,
  check,
  declareExport,
  exportOf,
  func,
  importOf,
  name,
  prim,
  rejection,
  SUB_RESOURCE,
  type,
} from './fixture.ts';

const FUNC: ExternTypeDef = { kind: 'func', index: 0 };
const INSTANCE: ExternTypeDef = { kind: 'instance', index: 0 };
const instance = type({ kind: 'instance', declarations: [] });

function importing(text: string, attributes: Partial<ExternNameDecl>, extern: ExternTypeDef): Definition {
  return { kind: 'import', offset: 0, name: name(text, attributes), type: extern };
}

test('names that are not strongly unique conflict', () => {
  const two = (a: string, b: string) => [func({}), importOf(a, FUNC), importOf(b, FUNC)];
  check(two('a:b/c', 'a:b/c@1.0.0'));
  check(two('foo-bar', 'foobar'));
  for (const [a, b] of [
    ['foo', 'FOO'],
    ['foo-BAR', 'FOO-bar'],
    ['a:b/c', 'a:b/C'],
  ] as const) {
    const error = rejection(two(a, b));
    assert.equal(error.code, 'duplicate-name');
    assert.ok(error.message.includes(`import name \`${b}\` conflicts with previous name \`${a}\``));
    assert.equal(error.details.path, `import "${b}"`);
  }
});

test('imports and exports are separate scopes', () => {
  check([func({}), importOf('f', FUNC), exportOf('f', 'func', 0)]);
});

test('constructors, methods and static functions need their resource under its name', () => {
  const method = (label: string) => [
    importOf('r', SUB_RESOURCE),
    type({ kind: 'borrow', index: 0 }),
    func({ self: at(1) }),
    importOf(`[method]${label}.m`, { kind: 'func', index: 2 }),
  ];
  check(method('r'));
  assert.match(rejection(method('q')).message, /does not match expected resource name `r`/);
  const made = [importOf('r', SUB_RESOURCE), type({ kind: 'own', index: 0 })];
  const fallible = type({ kind: 'result', ok: at(1), err: prim('string') });
  const constructorOf = { kind: 'func', index: 3 } as const;
  check([...made, fallible, func({}, at(2)), importOf('[constructor]r', constructorOf)]);
  const error = rejection([...made, fallible, func({}, prim('u8')), importOf('[constructor]r', constructorOf)]);
  assert.equal(error.code, 'annotated-name');
  assert.match(error.message, /function should return `\(own \$T\)` or `\(result \(own \$T\)\)`/);
  assert.match(rejection([func({}), importOf('[static]r.f', FUNC)]).message, /static resource name is not known/);
  assert.match(rejection([instance, importOf('[static]r.f', INSTANCE)]).message, /is not a func/);
});

test('the resource of an annotated export must be exported in the same scope', () => {
  const declarations = [
    declareExport('r', SUB_RESOURCE),
    type({ kind: 'borrow', index: 0 }),
    func({ self: at(1) }),
    declareExport('[method]r.m', { kind: 'func', index: 2 }),
  ];
  check([type({ kind: 'instance', declarations })]);
  check([type({ kind: 'component', declarations })]);
  const imported = [importOf('r', SUB_RESOURCE), ...declarations.slice(1)];
  assert.match(
    rejection([type({ kind: 'component', declarations: imported })]).message,
    /resource used in function does not have a name in this context/,
  );
});

test('attributes', () => {
  check([instance, importing('a', { implements: 'x:y/z', externalId: '' }, INSTANCE)]);
  const bad: [string, Partial<ExternNameDecl>, ExternTypeDef, RegExp][] = [
    ['a', { implements: 'x' }, INSTANCE, /must be an interface/],
    ['a', { implements: '' }, INSTANCE, /not a valid name/],
    ['q:r/s', { implements: 'x:y/z' }, INSTANCE, /name `q:r\/s` is not valid with `implements`/],
    ['a', { versionSuffix: '.1' }, INSTANCE, /🔗 canon-names/],
  ];
  for (const [text, attributes, extern, message] of bad) {
    assert.match(rejection([instance, importing(text, attributes, extern)]).message, message);
  }
  assert.match(rejection([func({}), importing('a', { implements: 'x:y/z' }, FUNC)]).message, /only instances can have/);
  const off = { features: { implements: false } };
  assert.match(rejection([instance, importing('a', { externalId: 'x' }, INSTANCE)], off).message, /🏷️ implements/);
});

test('version suffixes complete a canonical version', () => {
  const features = { 'canon-names': true };
  check([instance, importing('a:b/c@0.2', { versionSuffix: '.6-rc.1' }, INSTANCE)], { features });
  for (const [text, suffix] of [
    ['a:b/c@0.2.0', '.1'],
    ['a:b/c', '.1'],
    ['a:b/c@0.2', '.x'],
  ] as const) {
    const error = rejection([instance, importing(text, { versionSuffix: suffix }, INSTANCE)], { features });
    assert.equal(error.code, 'invalid-version-suffix');
  }
});

test('labels', () => {
  const record = (...labels: string[]) =>
    type({ kind: 'record', fields: labels.map((label) => ({ name: label, type: prim('u8') })) });
  check([record('a', 'b-1', 'C')]);
  assert.match(rejection([record('a', 'A')]).message, /record field name `A` conflicts with previous field name `a`/);
  assert.match(rejection([record('a_b')]).message, /record field name `a_b` is not in kebab case/);
  assert.match(rejection([record('')]).message, /record field name cannot be empty/);
});
