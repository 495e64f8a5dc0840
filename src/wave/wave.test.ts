import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { TextError } from '../error/error.ts';
import type { FuncType, ValueType } from '../types/value-type.ts';
import { parseWave, parseWaveCall } from './parse.ts';
import { printWave } from './print.ts';

const shared = process.env['TENON_SHARED'] ?? join(import.meta.dirname, '../../../shared');
const suite = join(shared, 'conformance/wave/ui');
const skip = existsSync(suite) ? false : `the WAVE suite is not at ${suite}`;

const u8: ValueType = { kind: 'u8' };
const f32: ValueType = { kind: 'f32' };
const optionU8: ValueType = { kind: 'option', type: u8 };
const result = (ok?: ValueType, err?: ValueType): ValueType => ({ kind: 'result', ok, err });
const list = (element: ValueType): ValueType => ({ kind: 'list', element });
const record = (fields: Record<string, ValueType>): ValueType => ({
  kind: 'record',
  fields: Object.entries(fields).map(([name, type]) => ({ name, type })),
});

/** The functions of the suite's `ui.wit`: the one parameter of each. */
const FUNCTIONS: Readonly<Record<string, readonly [string, ValueType] | undefined>> = {
  nullary: undefined,
  f32: ['val', f32],
  'list-f32': ['vals', list(f32)],
  f64: ['val', { kind: 'f64' }],
  char: ['val', { kind: 'char' }],
  'list-chars': ['vals', list({ kind: 'char' })],
  string: ['val', { kind: 'string' }],
  'list-strings': ['vals', list({ kind: 'string' })],
  'option-u8': ['opt', optionU8],
  'result-ok-u8': ['res', result(u8)],
  'result-err-u8': ['res', result(undefined, u8)],
  'result-both-u8': ['res', result(u8, u8)],
  'result-no-payloads': ['res', result()],
  'basic-record': ['rec', record({ required: u8, optional: optionU8 })],
  'optional-fields-record': ['rec', record({ a: optionU8, b: optionU8 })],
  'keyword-fields-record': [
    'rec',
    record({
      true: { kind: 'bool' },
      false: { kind: 'bool' },
      some: optionU8,
      none: optionU8,
      ok: result(),
      err: result(),
      inf: f32,
      nan: f32,
    }),
  ],
  'hand-enum': ['enm', { kind: 'enum', labels: ['left', 'right'] }],
  'keyword-cases-enum': ['enm', { kind: 'enum', labels: 'true false some none ok err inf nan'.split(' ') }],
  'permission-flags': ['flgs', { kind: 'flags', labels: ['read', 'write'] }],
};

const PREFIX = /^(?:ui:tests\/)?(?:ui\.)?/;

function funcOf(call: string): FuncType | undefined {
  const name = call.slice(0, call.indexOf('(')).replace(PREFIX, '').replace('@0.1.0', '');
  if (!Object.hasOwn(FUNCTIONS, name)) return undefined;
  const param = FUNCTIONS[name];
  const params = param === undefined ? [] : [{ name: param[0], type: param[1] }];
  return { kind: 'func', async: false, params, result: undefined };
}

function casesOf(file: string): { readonly comments: string; readonly call: string }[] {
  return readFileSync(join(suite, file), 'utf8')
    .split(/;(?:\n|$)/)
    .filter((text) => text.trim() !== '')
    .map((text) => {
      const comments = /^(?:\/\/[^\n]*\n)*/.exec(text)?.[0] ?? '';
      return { comments, call: text.slice(comments.length) };
    });
}

function files(kind: string): string[] {
  return skip === false ? readdirSync(suite).filter((f) => f.startsWith(kind) && f.endsWith('.waves')) : [];
}

describe('the WAVE suite', { skip }, () => {
  for (const file of files('accept')) {
    test(`${file}: every call is read and printed as the suite says`, () => {
      const printed = casesOf(file).map(({ comments, call }) => {
        const type = funcOf(call);
        assert.ok(type, `no function for ${call}`);
        const values = parseWaveCall(call, type);
        const args = type.params.map((p, i) => `${p.name}: ${printWave(values[i], p.type)}`);
        return `${comments}${call.slice(0, call.indexOf('('))}(${args.join(', ')})\n`;
      });
      assert.equal(printed.join(''), readFileSync(join(suite, file.replace('.waves', '.out')), 'utf8'));
    });
  }
  for (const file of files('reject')) {
    test(`${file}: every call is refused`, () => {
      const cases = casesOf(file);
      const answers = readFileSync(join(suite, file.replace('.waves', '.out')), 'utf8').split('\n');
      const reasons = answers.filter((line) => line !== '' && !line.startsWith('//'));
      assert.equal(cases.length, reasons.length);
      for (const [i, { call }] of cases.entries()) {
        const type = funcOf(call);
        // Functions that do not exist are looked up before their arguments are read.
        if (type === undefined) assert.match(reasons[i]!, /^unknown test func/, call);
        else assert.throws(() => parseWaveCall(call, type), TextError, call);
      }
    });
  }
});

test('values keep their JavaScript forms', () => {
  assert.equal(parseWave('18446744073709551615', { kind: 'u64' }), 18446744073709551615n);
  assert.deepEqual(parseWave('(1, "a")', { kind: 'tuple', types: [u8, { kind: 'string' }] }), [1, 'a']);
  const nested: ValueType = { kind: 'option', type: optionU8 };
  assert.deepEqual(parseWave('some(none)', nested), { tag: 'some', val: undefined });
  assert.equal(printWave({ tag: 'some', val: undefined }, nested), 'some(none)');
  assert.equal(printWave(undefined, optionU8), 'none');
  assert.deepEqual(parseWave('{first-name: 1}', record({ 'first-name': u8 })), { firstName: 1 });
  const shape: ValueType = {
    kind: 'variant',
    cases: [
      { name: 'circle-of', type: u8 },
      { name: 'none', type: undefined },
    ],
  };
  assert.deepEqual(parseWave('circle-of(3)', shape), { tag: 'circle-of', val: 3 });
  assert.equal(printWave({ tag: 'none' }, shape), '%none');
  assert.equal(printWave(new Uint8Array([1, 2]), list(u8)), '[1, 2]');
  assert.equal(printWave(5e-324, { kind: 'f64' }).length, 326);
  assert.equal(printWave('\u001b[31m', { kind: 'string' }), '"\\u{1b}[31m"');
});

test('errors show the place and what was expected', () => {
  const error = (text: string, type: ValueType): TextError => {
    try {
      parseWave(text, type);
    } catch (e) {
      assert.ok(e instanceof TextError);
      return e;
    }
    return assert.fail(`${text} was read`);
  };
  const range = error('[1,\n 300]', list(u8));
  assert.equal(range.code, 'out-of-range');
  assert.equal(range.line, 2);
  assert.equal(range.column, 2);
  assert.match(range.message, /u8 holds 0 to 255/);
  assert.equal(error('1.5', u8).code, 'wrong-type');
  assert.equal(error('"abc', { kind: 'string' }).code, 'unterminated-string');
  assert.equal(error('[1, 2', list(u8)).code, 'unexpected-token');
});
