/** Values between WAVE text and JavaScript, beyond what the suite covers: forms, refusals, messages, and random values both ways. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pick, type Random, random } from '../../test/support/generate-abi.ts';
import { TextError, ValueError } from '../error/error.ts';
import type { PrimitiveKind, ValueType } from '../types/value-type.ts';
import { camelNames } from '../util/names.ts';
import { rangeOf } from './numbers.ts';
import { parseWave, parseWaveCall } from './parse.ts';
import { printWave } from './print.ts';

const of = (kind: PrimitiveKind): ValueType => ({ kind });
const list = (element: ValueType): ValueType => ({ kind: 'list', element });
const option = (type: ValueType): ValueType => ({ kind: 'option', type });
const blob: ValueType = { kind: 'own', resource: { kind: 'resource', name: 'blob' } };

function refusal(text: string, type: ValueType): TextError {
  try {
    parseWave(text, type);
  } catch (error) {
    assert.ok(error instanceof TextError, String(error));
    return error;
  }
  return assert.fail(`${text} was read`);
}

test('lists of numbers are typed arrays, other lists and lists of a fixed length are arrays', () => {
  const cases: readonly (readonly [PrimitiveKind, string, object])[] = [
    ['u8', '[0, 255]', new Uint8Array([0, 255])],
    ['s8', '[-128, 127]', new Int8Array([-128, 127])],
    ['u16', '[65535]', new Uint16Array([65535])],
    ['s16', '[-32768]', new Int16Array([-32768])],
    ['u32', '[4294967295]', new Uint32Array([4294967295])],
    ['s32', '[-2147483648]', new Int32Array([-2147483648])],
    ['u64', '[18446744073709551615]', new BigUint64Array([2n ** 64n - 1n])],
    ['s64', '[-9223372036854775808]', new BigInt64Array([-(2n ** 63n)])],
    ['f32', '[0.1, inf]', new Float32Array([0.1, Infinity])],
    ['f64', '[-0, nan]', new Float64Array([-0, Number.NaN])],
  ];
  for (const [kind, text, value] of cases) {
    assert.deepEqual(parseWave(text, list(of(kind))), value);
    assert.equal(printWave(value, list(of(kind))), text);
  }
  assert.deepEqual(parseWave('["a"]', list(of('string'))), ['a']);
  assert.deepEqual(parseWave('[1, 2]', { kind: 'fixed-list', element: of('u8'), length: 2 }), [1, 2]);
  assert.deepEqual(parseWave('[]', list(of('u8'))), new Uint8Array());
});

test('a map is a list of pairs; of two equal keys the last counts', () => {
  const type: ValueType = { kind: 'map', key: of('string'), value: of('u8') };
  const value = parseWave('[("a", 1), ("b", 2), ("a", 3)]', type);
  assert.deepEqual(
    value,
    new Map([
      ['a', 3],
      ['b', 2],
    ]),
  );
  assert.equal(printWave(value, type), '[("a", 3), ("b", 2)]');
});

test('handles, streams, futures and error contexts have no text, either way', () => {
  const types: readonly ValueType[] = [
    blob,
    { kind: 'borrow', resource: { kind: 'resource', name: 'blob' } },
    { kind: 'stream', element: of('u8') },
    { kind: 'future', element: undefined },
    of('error-context'),
  ];
  for (const type of types) {
    assert.equal(refusal('1', type).code, 'no-text');
    assert.throws(() => printWave({}, type), { name: 'ValueError', code: 'no-text' });
  }
  assert.throws(() => printWave([{}], list(blob)), { code: 'no-text' });
});

test('what does not fit its type is not printed', () => {
  const cases: readonly (readonly [unknown, ValueType])[] = [
    ['1', of('u8')],
    [1.5, of('u8')],
    [256, of('u8')],
    [-1, of('u64')],
    [1n, of('u32')],
    [2 ** 60, of('s64')],
    [Number.NaN, of('s32')],
    [1, of('bool')],
    ['ab', of('char')],
    ['', of('char')],
    ['\ud800', of('char')],
    [1n, of('f64')],
    [undefined, of('string')],
    ['other', { kind: 'enum', labels: ['one'] }],
    [{ tag: 'other' }, { kind: 'variant', cases: [] }],
    [{ tag: 'other' }, { kind: 'result', ok: undefined, err: undefined }],
    [{}, option(option(of('u8')))],
    [[1], { kind: 'tuple', types: [of('u8'), of('u8')] }],
    [[1, 2], { kind: 'fixed-list', element: of('u8'), length: 3 }],
    [{ length: 0 }, list(of('u8'))],
    [new DataView(new ArrayBuffer(1)), list(of('u8'))],
    [[], { kind: 'map', key: of('u8'), value: of('u8') }],
    [null, { kind: 'record', fields: [] }],
    [1, { kind: 'flags', labels: ['a'] }],
  ];
  for (const [value, type] of cases) {
    assert.throws(() => printWave(value, type), { name: ValueError.name, code: 'wrong-type' }, JSON.stringify(type));
  }
  assert.equal(printWave(5, of('u64')), '5', 'safe integers are accepted for 64 bits');
  assert.equal(printWave('a\ud800', of('string')), '"a\ufffd"');
});

describe('messages', () => {
  test('the place in a frame with a caret, what was expected and what was found', () => {
    const error = refusal('{first: [1,\n\t\t"two"]}', {
      kind: 'record',
      fields: [{ name: 'first', type: list(of('u8')) }],
    });
    assert.equal(error.code, 'wrong-type');
    assert.deepEqual([error.line, error.column], [2, 3]);
    assert.equal(
      error.message,
      '<wave>:2:3: expected a value of type u8, found `"`\n2 | \t\t"two"]}\n  | \t\t^',
      'tabs stay tabs, so that the caret stands where it should',
    );
  });

  test('words and numbers are shown as a whole, long ones cut', () => {
    assert.match(refusal('0x10', of('u8')).message, /found `0x10`/);
    assert.match(refusal('', of('u8')).message, /found the end of the text/);
    assert.match(refusal('a'.repeat(1000), of('u8')).message, /found `a{30}…`/);
    assert.ok(refusal('a'.repeat(10_000), of('u8')).message.length < 300, 'the line is cut too');
  });

  test('a keyword as a case says how it is written', () => {
    const type: ValueType = { kind: 'enum', labels: ['none', 'a'] };
    assert.match(refusal('none', type).message, /written %none/);
    assert.equal(parseWave('%none', type), 'none');
    assert.equal(parseWave('%a', type), 'a');
    assert.equal(refusal('true', { kind: 'enum', labels: ['a'] }).code, 'wrong-type');
  });

  test('infinity is one word', () => {
    assert.equal(parseWave(' -inf ', of('f32')), -Infinity);
    for (const text of ['- inf', '-nan', '%inf', 'inf-', 'infinity', '1 .5']) refusal(text, of('f64'));
  });
});

test('calls: options at the end may be left out, comments before the name are passed', () => {
  const call = (text: string, ...types: ValueType[]): unknown[] =>
    parseWaveCall(text, {
      kind: 'func',
      async: false,
      params: types.map((type, i) => ({ name: `p${i}`, type })),
      result: undefined,
    });
  assert.deepEqual(call('f(1)', of('u8'), option(of('u8')), option(option(of('u8')))), [1, undefined, { tag: 'none' }]);
  assert.deepEqual(call('// see (1)\nf(2)', of('u8')), [2]);
  assert.throws(() => call('f(1)', of('u8'), option(of('u8')), of('u8')), { code: 'missing-argument' });
  assert.throws(() => call('f(1, 2)', of('u8')), /the function takes 1 argument\n/);
  assert.throws(() => call('f', of('u8')), { code: 'unexpected-token' });
  assert.throws(() => call('f(1) (2)', of('u8')), { code: 'unexpected-token' });
});

const KINDS = ['bool', 'u8', 's8', 'u16', 's16', 'u32', 's32', 'u64', 's64', 'f32', 'f64', 'char', 'string'] as const;
const COMPOUNDS = [
  'record',
  'variant',
  'list',
  'fixed-list',
  'map',
  'tuple',
  'flags',
  'enum',
  'option',
  'result',
] as const;
const LABELS = ['a', 'first-name', 'none', 'ok', 'nan', 'true', 'B', 'x1-y2'] as const;

function someLabels(r: Random): string[] {
  return LABELS.filter((_, i) => i === 0 || r(2) === 0);
}

function randomType(r: Random, depth: number): ValueType {
  if (depth === 0) return of(pick(r, KINDS));
  const inner = (): ValueType => randomType(r, depth - 1);
  const maybe = (): ValueType | undefined => (r(3) === 0 ? undefined : inner());
  const kind = pick(r, COMPOUNDS);
  switch (kind) {
    case 'record':
      return { kind, fields: someLabels(r).map((name) => ({ name, type: inner() })) };
    case 'variant':
      return { kind, cases: someLabels(r).map((name) => ({ name, type: maybe() })) };
    case 'list':
      return { kind, element: inner() };
    case 'fixed-list':
      return { kind, element: inner(), length: 1 + r(3) };
    case 'map':
      return { kind, key: of(pick(r, ['u8', 's64', 'char', 'string', 'bool'])), value: inner() };
    case 'tuple':
      return { kind, types: Array.from({ length: 1 + r(3) }, inner) };
    case 'flags':
    case 'enum':
      return { kind, labels: someLabels(r) };
    case 'option':
      return { kind, type: inner() };
    default:
      return { kind: 'result', ok: maybe(), err: maybe() };
  }
}

const TEXTS = ['', 'a', '"', "'", '\\', '\n\t\r', 'é☃👋', '\u0000\u001b', '\u202e', '""" // (', '\u{10ffff}'] as const;
const FLOATS = [
  0,
  -0,
  1,
  -1.5,
  0.1,
  1e21,
  1e-7,
  Infinity,
  -Infinity,
  Number.NaN,
  5e-324,
  1.7976931348623157e308,
] as const;

function scalarOf(r: Random, kind: (typeof KINDS)[number]): unknown {
  switch (kind) {
    case 'bool':
      return r(2) === 0;
    case 'f32':
      return Math.fround(pick(r, FLOATS));
    case 'f64':
      return pick(r, FLOATS);
    case 'char':
      return pick(r, ['a', "'", '"', '\\', '\n', '☃', '👋', '\u0000', '\u{10ffff}']);
    case 'string':
      return pick(r, TEXTS) + pick(r, TEXTS);
    default: {
      const [low, high] = rangeOf(kind);
      const value = pick(r, [low, high, 0n, 1n]);
      return kind === 'u64' || kind === 's64' ? value : Number(value);
    }
  }
}

/** A value in the form that Tenon gives; lists of numbers are left as arrays and compared as such. */
function randomValue(r: Random, type: ValueType): unknown {
  const payload = (t: ValueType | undefined): object => (t === undefined ? {} : { val: randomValue(r, t) });
  switch (type.kind) {
    case 'record': {
      const names = camelNames(type.fields.map((f) => f.name));
      return Object.fromEntries(type.fields.map((f, i) => [names[i]!, randomValue(r, f.type)]));
    }
    case 'variant': {
      const one = pick(r, type.cases);
      return { tag: one.name, ...payload(one.type) };
    }
    case 'list':
      return Array.from({ length: r(4) }, () => randomValue(r, type.element));
    case 'fixed-list':
      return Array.from({ length: type.length }, () => randomValue(r, type.element));
    case 'map':
      return new Map(Array.from({ length: r(3) }, () => [randomValue(r, type.key), randomValue(r, type.value)]));
    case 'tuple':
      return type.types.map((t) => randomValue(r, t));
    case 'flags':
      return Object.fromEntries(camelNames(type.labels).map((name) => [name, r(2) === 0]));
    case 'enum':
      return pick(r, type.labels);
    case 'option':
      if (type.type.kind !== 'option') return r(2) === 0 ? undefined : randomValue(r, type.type);
      return r(2) === 0 ? { tag: 'none' } : { tag: 'some', val: randomValue(r, type.type) };
    case 'result': {
      const tag = r(2) === 0 ? 'ok' : 'err';
      return { tag, ...payload(tag === 'ok' ? type.ok : type.err) };
    }
    default:
      return scalarOf(r, type.kind as (typeof KINDS)[number]);
  }
}

/** Typed arrays as arrays. */
function plainArrays(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Array.from(value as Uint8Array);
  if (Array.isArray(value)) return value.map(plainArrays);
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [k, plainArrays(v)]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plainArrays(v)]));
}

test('random values of random types come back from their text', () => {
  for (let seed = 1; seed <= 3000; seed++) {
    const r = random(seed);
    const type = randomType(r, r(4));
    const value = randomValue(r, type);
    const text = printWave(value, type);
    assert.doesNotMatch(text, /\p{Cc}/u, 'one line');
    const back = parseWave(text, type);
    assert.deepEqual(plainArrays(back), value, `seed ${seed}: ${text}`);
    assert.equal(printWave(back, type), text, `seed ${seed}`);
  }
});

test('texts that are damaged are refused with a TextError or read, never anything else', () => {
  const parts = [
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    ',',
    ':',
    '"',
    "'",
    '\\',
    '"""',
    '%',
    '-',
    '//',
    '\n',
    ' ',
    'none',
    '\ud800',
  ];
  for (let seed = 1; seed <= 3000; seed++) {
    const r = random(seed);
    const type = randomType(r, r(4));
    const text = printWave(randomValue(r, type), type);
    const at = r(text.length + 1);
    const damaged = text.slice(0, at) + pick(r, parts) + text.slice(at + r(3));
    try {
      parseWave(damaged, type);
    } catch (error) {
      assert.ok(error instanceof TextError, `seed ${seed}: ${error}`);
      assert.ok(error.line >= 1 && error.column >= 1);
    }
  }
});
