/**
 * The host's border: generated functions equal the interpreter on generated signatures and values, both ways, for every encoding and
 * memory width; on values that do not fit; and on memory that lies.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OptionShape, Signature } from '../../src/abi/context.ts';
import type { ExportFactory, ImportFactory } from '../../src/abi/js/border.ts';
import { compileExport, compileImport } from '../../src/abi/js/compile.ts';
import { fromJs, toJs } from '../../src/abi/js/convert.ts';
import { interpretExport, interpretImport } from '../../src/abi/js/interpret.ts';
import type { AbiValue } from '../../src/abi/values.ts';
import { ComponentError } from '../../src/index.ts';
import { borderRuntime } from '../../src/runtime/border-runtime.ts';
import type { FuncType, ValueType } from '../../src/types/value-type.ts';
import { cpuTime } from '../support/cpu-time.ts';
import { generateFunc, generateValue, pick, type Random, random } from '../support/generate-abi.ts';
import { OneGuest } from '../support/one-guest.ts';

const SIGNATURES = 1_000;

function options(r: Random): OptionShape {
  return {
    encoding: pick(r, ['utf8', 'utf16', 'latin1+utf16']),
    memory: pick(r, ['32', '32', '64']),
    realloc: true,
    postReturn: false,
    async: false,
    callback: false,
  };
}

/** How a call ended, in a form that compares. */
type End =
  | { readonly value: unknown }
  | { readonly payload: unknown }
  | { readonly code: unknown; readonly name: unknown };

function endOf(call: () => unknown): End {
  try {
    return { value: call() };
  } catch (error) {
    if (error instanceof ComponentError) return { payload: error.payload };
    const { code, name } = error as { code?: unknown; name?: unknown };
    if (typeof code !== 'string') throw error;
    return { code, name };
  }
}

/** What a value of a function's result looks like to the caller: a top-level result is returned or thrown. */
function seen(type: ValueType | undefined, value: AbiValue | undefined): End {
  if (type === undefined || value === undefined) return { value: undefined };
  const js = toJs(type, value);
  if (type.kind !== 'result') return { value: js };
  const { tag, val } = js as { tag: string; val: unknown };
  return tag === 'ok' ? { value: val } : { payload: val };
}

const EXPORTS: readonly [string, (s: Signature) => ExportFactory][] = [
  ['generated', compileExport],
  ['generated, of an instance that calls nobody', (s) => compileExport({ ...s, leaf: true })],
  ['interpreted', interpretExport],
];
const IMPORTS: readonly [string, (s: Signature) => ImportFactory][] = [
  ['generated', compileImport],
  ['interpreted', interpretImport],
];

function args(type: FuncType, values: readonly AbiValue[]): unknown[] {
  return type.params.map((p, i) => toJs(p.type, values[i]!));
}

describe('generated border functions equal the interpreter', () => {
  test(`exports: ${SIGNATURES} signatures`, () => {
    const r = random(1);
    for (let i = 0; i < SIGNATURES; i++) {
      const signature: Signature = { type: generateFunc(r, { floats: true, resources: [] }), options: options(r) };
      const params = signature.type.params.map((p) => generateValue(r, p.type));
      const answer = signature.type.result === undefined ? undefined : generateValue(r, signature.type.result);
      for (const [name, make] of EXPORTS) {
        const guest = new OneGuest(signature.options);
        let got: readonly AbiValue[] = [];
        const core = guest.core(
          signature,
          (p) => (got = p),
          () => answer,
        );
        const { call } = make(signature)(borderRuntime, guest.env('f', core, undefined));
        const end = endOf(() => call!(...args(signature.type, params)));
        assert.deepEqual(
          args(signature.type, got),
          args(signature.type, params),
          `${name}, signature ${i}: what the guest got`,
        );
        assert.deepEqual(end, seen(signature.type.result, answer), `${name}, signature ${i}: what the host got`);
      }
    }
  });

  test(`imports: ${SIGNATURES} signatures`, () => {
    const r = random(2);
    for (let i = 0; i < SIGNATURES; i++) {
      const signature: Signature = { type: generateFunc(r, { floats: true, resources: [] }), options: options(r) };
      const params = signature.type.params.map((p) => generateValue(r, p.type));
      const answer = signature.type.result === undefined ? undefined : generateValue(r, signature.type.result);
      for (const [name, make] of IMPORTS) {
        const guest = new OneGuest(signature.options);
        let got: unknown[] = [];
        const host = (...given: unknown[]): unknown => {
          got = given;
          const end = seen(signature.type.result, answer);
          if ('payload' in end) throw new ComponentError(end.payload);
          return 'value' in end ? end.value : undefined;
        };
        const { enter } = make(signature)(borderRuntime, guest.env('f', undefined, host));
        const back = guest.call!(enter, signature, params);
        assert.deepEqual(got, args(signature.type, params), `${name}, signature ${i}: what the host got`);
        const { result } = signature.type;
        if (result === undefined) continue;
        assert.deepEqual(toJs(result, back!), toJs(result, answer!), `${name}, signature ${i}: what the guest got`);
      }
    }
  });

  test('values that do not fit end in the same errors', () => {
    const r = random(3);
    const wrong: readonly unknown[] = [
      undefined,
      null,
      -1,
      1.5,
      2 ** 53,
      Number.NaN,
      'x',
      'xy',
      '\ud800',
      {},
      [],
      true,
      5n,
      2n ** 64n,
      Symbol.iterator,
      () => 1,
      { tag: 'none' },
      { tag: 'l0' },
      new Map(),
    ];
    let refused = 0;
    for (let i = 0; i < SIGNATURES; i++) {
      const signature: Signature = { type: generateFunc(r, { floats: true, resources: [] }), options: options(r) };
      const params = signature.type.params.map((p) => generateValue(r, p.type));
      const given = args(signature.type, params);
      if (given.length === 0) continue;
      given[r(given.length)] = damaged(r, given[r(given.length)], wrong);
      const ends = EXPORTS.map(([, make]) => {
        const guest = new OneGuest(signature.options);
        let got: readonly AbiValue[] = [];
        const core = guest.core(
          signature,
          (p) => (got = p),
          () => undefined,
        );
        const plain: Signature = { ...signature, type: { ...signature.type, result: undefined } };
        const { call } = make(plain)(borderRuntime, guest.env('f', core, undefined));
        const end = endOf(() => call!(...given));
        assert.equal(guest.store.alive, true, 'a mistake of the host ends nothing');
        return { end, got: args(signature.type, got.length === 0 ? params : got) };
      });
      for (const end of ends) assert.deepEqual(end, ends.at(-1), `signature ${i}`);
      if ('code' in ends[0]!.end) refused++;
    }
    assert.ok(refused > SIGNATURES / 3, `${refused} were refused`);
  });

  test('memory that lies ends in the same traps', () => {
    const r = random(4);
    let trapped = 0;
    for (let i = 0; i < SIGNATURES; i++) {
      const signature: Signature = {
        type: { ...generateFunc(r, { floats: true, resources: [] }), params: [] },
        options: options(r),
      };
      const bytes = Uint8Array.from({ length: 4_096 }, () => (r(3) === 0 ? r(256) : r(4)));
      const pointer = pick(r, [0, 8, 16, 24, 64, 1, 4, 65_536 * 64 - 8, 65_536 * 64, 2 ** 31]);
      const ends = EXPORTS.map(([, make]) => {
        const guest = new OneGuest(signature.options);
        guest.memory.u8.set(bytes);
        const wide =
          signature.options.memory === '64' ||
          signature.type.result?.kind === 'u64' ||
          signature.type.result?.kind === 's64';
        const core = (): number | bigint => (wide ? BigInt(pointer) : pointer | 0);
        const { call } = make(signature)(borderRuntime, guest.env('f', core, undefined));
        try {
          return endOf(call!);
        } catch (error) {
          // A bigint where the core type is i32, or the reverse, is the test's own mistake and the same for both.
          assert.ok(error instanceof TypeError, String(error));
          return { value: 'mistake' };
        }
      });
      for (const end of ends) assert.deepEqual(end, ends.at(-1), `signature ${i}`);
      if ('code' in ends[0]!) trapped++;
    }
    assert.ok(trapped > SIGNATURES / 5, `${trapped} trapped`);
  });
});

/** The value with one part of it replaced by something that may not fit. */
function damaged(r: Random, value: unknown, wrong: readonly unknown[]): unknown {
  if (r(3) === 0 || typeof value !== 'object' || value === null) return pick(r, wrong);
  if (ArrayBuffer.isView(value)) return [...(value as unknown as Iterable<unknown>), pick(r, wrong)];
  if (Array.isArray(value)) {
    if (value.length === 0) return pick(r, wrong);
    const at = r(value.length);
    return value.with(at, damaged(r, value[at], wrong));
  }
  if (value instanceof Map) return new Map([...value, [pick(r, wrong), pick(r, wrong)]]);
  const keys = Object.keys(value);
  if (keys.length === 0) return pick(r, wrong);
  const key = pick(r, keys);
  return { ...value, [key]: damaged(r, (value as Record<string, unknown>)[key], wrong) };
}

test('types that double at every level stay small', () => {
  let tuple: ValueType = { kind: 'u8' };
  let variant: ValueType = { kind: 'u8' };
  for (let i = 0; i < 20; i++) {
    tuple = { kind: 'tuple', types: [tuple, tuple] };
    variant = {
      kind: 'variant',
      cases: [
        { name: 'a', type: variant },
        { name: 'b', type: variant },
      ],
    };
  }
  const shape: OptionShape = {
    encoding: 'utf8',
    memory: '32',
    realloc: true,
    postReturn: false,
    async: false,
    callback: false,
  };
  for (const type of [tuple, variant]) {
    const begin = cpuTime();
    const func: FuncType = {
      kind: 'func',
      async: false,
      params: [{ name: 'x', type: { kind: 'list', element: type } }],
      result: { kind: 'list', element: type },
    };
    compileExport({ type: func, options: shape });
    compileImport({ type: func, options: shape });
    assert.ok(cpuTime() - begin < 1_000, `${cpuTime() - begin} ms`);
  }
  assert.throws(() => fromJs(variant, 'x', 'v'), { code: 'wrong-value' });
});
