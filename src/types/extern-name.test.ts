import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLabel, parseExternName, printExternName, tryParseExternName, uniqueKey } from './extern-name.ts';
import { DEFAULT_FEATURES } from './features.ts';

test('labels are kebab case', () => {
  for (const good of ['a', 'a1-2-3', 'A', 'A-B-C', 'a11-w0rds', 'm1x3d-4CR0NYMS', 'a11-B11-123-ABC-abc'])
    assert.equal(isLabel(good), true, good);
  for (const bad of ['', '1', '1-a', 'a-', '-a', 'a--b', 'aBc', 'a_b', 'ä', 'a b', 'a\n'])
    assert.equal(isLabel(bad), false, bad);
});

test('names parse to their parts and print back', () => {
  const cases = {
    'foo-bar': { kind: 'label', label: 'foo-bar' },
    '[constructor]r': { kind: 'constructor', resource: 'r' },
    '[method]r.m-2': { kind: 'method', resource: 'r', name: 'm-2' },
    '[static]r.s': { kind: 'static', resource: 'r', name: 's' },
    'wasi:http/types@0.2.0-rc.1+b': {
      kind: 'interface',
      namespace: 'wasi',
      package: 'http',
      projection: 'types',
      version: '0.2.0-rc.1+b',
      unversioned: 'wasi:http/types',
    },
  };
  for (const [text, expected] of Object.entries(cases)) {
    assert.deepEqual(parseExternName(text), expected);
    assert.equal(printExternName(parseExternName(text)), text);
  }
});

test('bad names say what is wrong', () => {
  const cases: [string, string, RegExp][] = [
    ['[method]a', 'name-without-dot', /failed to find `\.` character/],
    ['[method]a.b.c', 'not-kebab-case', /`b\.c` is not in kebab case/],
    ['WaSi:http/types', 'not-kebab-case', /`WaSi` is not in kebab case/],
    ['wasi:', 'not-kebab-case', /`` is not in kebab case/],
    ['a:b', 'invalid-name', /expected `\/` after package name/],
    ['a:b/c@1.', 'invalid-version', /unexpected end of input/],
    ['a:b/c@1', 'invalid-version', /🔗 canon-names/],
    ['a:b:c/d', 'feature-disabled', /🪺 nested-names/],
    ['a:b/c/d', 'feature-disabled', /trailing characters found: `\/d`.*🪺/],
    ['[get]x', 'feature-disabled', /📡 accessors/],
  ];
  for (const [text, code, message] of cases) {
    assert.throws(
      () => parseExternName(text),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, code, text);
        assert.match(error.message, message);
        assert.match(error.message, /is not a valid extern name/);
        return true;
      },
    );
  }
});

test('gates open what they name', () => {
  const nested = { ...DEFAULT_FEATURES, 'nested-names': true };
  const result = tryParseExternName('a:b:c/d/e@1.0.0', nested);
  assert.ok(result.ok && result.value.kind === 'interface');
  assert.deepEqual([result.value.namespace, result.value.package, result.value.projection], ['a:b', 'c', 'd/e']);
  assert.equal(tryParseExternName('a:b/c@0.2', { ...DEFAULT_FEATURES, 'canon-names': true }).ok, true);
});

test('strong uniqueness', () => {
  const unique = ['foo', 'foo-bar', '[constructor]foo', '[method]foo.bar', '[static]foo.baz', 'foo:bar/baz'];
  assert.equal(new Set(unique.map(uniqueKey)).size, unique.length);
  const keys = new Set(unique.map(uniqueKey));
  const clashing = ['FOO', 'foo-BAR', '[constructor]FOO', '[method]foo.BAR', '[static]foo.bar', '[method]foo.baz'];
  for (const name of [...clashing, '[method]foo.foo', '[static]foo-BAR.FOO-bar', 'foo:bar/BAZ'])
    assert.ok(keys.has(uniqueKey(name)), name);
  assert.notEqual(uniqueKey('a:b/c@1.0.0-a'), uniqueKey('a:b/c@1.0.0-A'));
});
