/**
 * Declarations and every value type: a program that `tsc` accepts runs, with real values through a real component; what must not pass
 * is refused by `tsc` and by the runtime alike.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { componentTypes } from '../../src/bindgen/bindgen.ts';
import { toCamel } from '../../src/util/names.ts';
import { assemble } from '../support/assemble.ts';
import { echoComponent } from '../support/echo-component.ts';
import { Workshop } from '../support/tsc.ts';
import { NAMED, TYPE_CASES, type TypeCase } from '../support/type-cases.ts';

const workshop = new Workshop('values');
after(() => workshop.remove());

const HEAD = `
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Component, ComponentError, Trap, ValueError } from 'tenon';
import type { Exports, Imports, World } from './echo.d.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <T extends true>(..._: T[]): void => {};

const component = await Component.load<World>(readFileSync('echo.wasm'));
let seen: unknown;
`;

/** The host: every function answers what it is given, which is of the type that it may give. */
function host(cases: readonly TypeCase[]): string {
  const functions = cases.map(({ name }) => `  ${toCamel(name)}: (value) => { seen = value; return value; },`);
  return `
const host: Imports.Host = {
${functions.join('\n')}
  outcome: (value) => { seen = value; if (value.tag === 'err') throw new ComponentError(value.val); return value.val; },
};
const { exports, promised } = await component.instantiate({ 'test:echo/host': host });

async function passes(name: string, given: () => unknown, later: () => Promise<unknown>, back: unknown): Promise<void> {
  seen = 'nothing';
  const result = given();
  assert.deepStrictEqual(result, back, name);
  assert.deepStrictEqual(seen, back, \`what the host is given for \${name}\`);
  assert.deepStrictEqual(await later(), back, \`promised \${name}\`);
}

const refused = (call: () => unknown, what: string): void => assert.throws(call, ValueError, what);

async function traps(answer: Partial<Imports.Host>, call: (guest: Exports) => unknown, what: string): Promise<void> {
  const guest = await component.instantiate({ 'test:echo/host': { ...host, ...answer } });
  assert.throws(() => call(guest.exports), Trap, what);
}
`;
}

function program(one: TypeCase): string {
  const fn = toCamel(one.name);
  const good = one.good.map((value) => (typeof value === 'string' ? ([value, value] as const) : value));
  const passing = good.map(
    ([given, back]) =>
      `await passes(${JSON.stringify(`${one.name} ${given}`)}, () => exports.${fn}(${given}), () => promised.${fn}(${given}), ${back});`,
  );
  const failing = one.bad.map((value) =>
    [
      '// @ts-expect-error',
      `refused(() => exports.${fn}(${value}), ${JSON.stringify(`${one.name} ${value}`)});`,
      '// @ts-expect-error',
      `await traps({ ${fn}: () => (${value}) }, (guest) => guest.${fn}(${good[0]![0]}), ${JSON.stringify(`${one.name} ${value}`)});`,
    ].join('\n'),
  );
  return `
same<Same<Parameters<Exports['${fn}']>[0], ${one.in}>>();
same<Same<ReturnType<Exports['${fn}']>, ${one.out}>>();
same<Same<Parameters<Imports.Host['${fn}']>[0], ${one.out}>>();
same<Same<Awaited<ReturnType<Imports.Host['${fn}']>>, ${one.in}>>();
${passing.join('\n')}
${failing.join('\n')}`;
}

const OUTCOME = `
assert.equal(exports.outcome({ tag: 'ok', val: 3 }), 3);
assert.throws(() => exports.outcome({ tag: 'err', val: 'no' }), (error) => error instanceof ComponentError && error.payload === 'no');
await assert.rejects(promised.outcome({ tag: 'err', val: 'no' }), (error) => error instanceof ComponentError && error.payload === 'no');
const result: number = exports.outcome({ tag: 'ok', val: 3 });
// @ts-expect-error
refused(() => exports.outcome({ tag: 'ok', val: 'x' }), 'outcome');
// @ts-expect-error
await traps({ outcome: () => ({ tag: 'ok', val: 3 }) }, (guest) => guest.outcome({ tag: 'ok', val: 3 }), 'outcome');
console.log('done', result);
`;

describe('values', () => {
  test('of every type pass where tsc lets them, and are refused where it does not', () => {
    const functions = Object.fromEntries(TYPE_CASES.map(({ name, type }) => [name, type]));
    const bytes = assemble(echoComponent({ named: NAMED, functions: { ...functions, outcome: '$the-outcome' } }));
    workshop.write('echo.wasm', bytes);
    workshop.write('echo.d.ts', componentTypes(bytes, { name: 'echo.wasm' }));
    workshop.write('program.ts', [HEAD, host(TYPE_CASES), ...TYPE_CASES.map(program), OUTCOME].join('\n'));
    const checked = workshop.check();
    assert.equal(checked.output, '');
    assert.equal(checked.code, 0);
    assert.deepEqual(workshop.run('program.ts'), { code: 0, output: 'done 3\n' });
  });
});
