import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuTime } from '../../test/support/cpu-time.ts';
import { decodeComponent } from '../binary/decode.ts';
import { ValidationError } from '../error/error.ts';
import { parseComponentText } from '../text/parse.ts';
import { validateComponent } from './validate.ts';

/** The reason for refusing a component, or undefined. */
function problem(fields: string): string | undefined {
  const bytes = parseComponentText(`(component ${fields})`);
  try {
    validateComponent(decodeComponent(bytes));
    return undefined;
  } catch (error) {
    assert.ok(error instanceof ValidationError, String(error));
    return error.message;
  }
}

/** Supplies type `a` for an import that must equal type `b`. */
function equal(a: string, b: string): string | undefined {
  return problem(
    `(type $a ${a}) (component $C (type $b ${b}) (import "x" (type (eq $b)))) (instance (instantiate $C (with "x" (type $a))))`,
  );
}

/** `count` types, each made of the one before. */
function chain(name: string, count: number, first: string, each: string): string {
  const more = Array.from(
    { length: count },
    (_, i) => `(type $${name}${i + 1} ${each.replaceAll('PREV', `$${name}${i}`)})`,
  );
  return `(type $${name}0 ${first}) ${more.join(' ')}`;
}

const F = '(export "f" (func))';
const R = '(export "r" (type $r (sub resource)))';

test('an `eq` bound asks for equality of instance types, resources renamed', () => {
  assert.equal(equal(`(instance ${F})`, `(instance ${F})`), undefined);
  assert.match(equal(`(instance ${F})`, '(instance)')!, /an export `f` that was not expected/);
  assert.match(equal('(instance)', `(instance ${F})`)!, /missing expected export `f`/);
  const uses = `${R} (export "g" (func (param "x" (own $r))))`;
  assert.equal(equal(`(instance ${uses})`, `(instance ${uses})`), undefined);
  const two = '(export "r" (type (sub resource))) (export "s" (type (sub resource)))';
  const same = `${R} (export "s" (type (eq $r)))`;
  assert.match(equal(`(instance ${two})`, `(instance ${same})`)!, /resource types are not the same/);
  assert.match(equal(`(instance ${same})`, `(instance ${two})`)!, /resource types are not the same/);
});

test('an `eq` bound asks for equality of component types', () => {
  assert.equal(equal(`(component ${F})`, `(component ${F})`), undefined);
  assert.match(equal(`(component ${F})`, '(component)')!, /an export `f` that was not expected/);
  assert.match(equal('(component (import "f" (func)))', '(component)')!, /an import `f` that was not expected/);
  assert.match(equal('(component)', '(component (import "f" (func)))')!, /missing expected import `f`/);
  const same = '(component (import "r" (type $r (sub resource))) (export "s" (type (eq $r))))';
  const fresh = '(component (import "r" (type (sub resource))) (export "s" (type (sub resource))))';
  assert.equal(equal(same, same), undefined);
  assert.equal(equal(fresh, fresh), undefined);
  assert.match(equal(same, fresh)!, /resource types are not the same/);
  const module = (fields: string) => `(component (import "m" (core module ${fields})))`;
  assert.match(
    equal(module('(export "f" (func))'), module(''))!,
    /type mismatch in import `m`: missing expected export `f`/,
  );
});

test('types that share parts are compared once', () => {
  const double = '(instance (alias outer 1 PREV (type $t)) (export "a" (type (eq $t))) (export "b" (type (eq $t))))';
  for (const first of ['(instance)', '(instance (export "r" (type (sub resource))))']) {
    const begin = cpuTime();
    const types = (name: string) => chain(name, 14, first, double);
    const inner = `(component $C ${types('b')} (import "x" (type (eq $b14))))`;
    assert.equal(problem(`${types('a')} ${inner} (instance (instantiate $C (with "x" (type $a14))))`), undefined);
    assert.ok(cpuTime() - begin < 2_000);
  }
});

test('what resources make grow is limited', () => {
  const double =
    '(instance (alias outer 1 PREV (type $t)) (export "a" (instance (type $t))) (export "b" (instance (type $t))))';
  const begin = cpuTime();
  const types = chain('t', 17, '(instance (export "r" (type (sub resource))))', double);
  const imports = Array.from({ length: 4 }, (_, i) => `(import "x${i}" (instance (type $t17)))`);
  assert.match(problem(`${types} ${imports.join(' ')}`)!, /exceed 1000000 nodes|exceeds the limit of 1000000/);
  assert.ok(cpuTime() - begin < 10_000);
});

test('the time for many definitions grows with their number', () => {
  const cost = (count: number, one: (i: number) => string): number => {
    const text = Array.from({ length: count }, (_, i) => one(i)).join(' ');
    const begin = process.cpuUsage();
    assert.equal(problem(text), undefined);
    const { user, system } = process.cpuUsage(begin);
    return user + system;
  };
  const least = (count: number, one: (i: number) => string): number =>
    Math.min(...Array.from({ length: 4 }, () => cost(count, one)));
  for (const one of [() => '(core type (func))', (i: number) => `(import "t${i}" (type (sub resource)))`]) {
    least(1_000, one);
    // Sixteen times as many; were it quadratic, 256 times the work.
    assert.ok(least(16_000, one) < 100 * least(1_000, one));
  }
});
