/**
 * Programs that load the component of `echo-component.ts` with its declarations and pass every value of `type-cases.ts` and
 * `handle-cases.ts`: to be checked by `tsc` and then run. Each prints how many types it had.
 */
import { toCamel } from '../../src/util/names.ts';
import { HANDLE_CASES, type HandleCase } from './handle-cases.ts';
import { TYPE_CASES, type TypeCase } from './type-cases.ts';

const HEAD = `
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Component, ComponentError, ErrorContext, Linker, Trap, ValueError } from 'tenon';
import type { Chunks, Exports, Imports, Promised, StreamSource, World } from './echo.d.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <T extends true>(..._: T[]): void => {};

const component = await Component.load<World>(readFileSync('echo.wasm'));
let seen: unknown = 'nothing';
let passed = new Set<string>();

function compare(name: string, found: unknown, expected: unknown): void {
  assert.deepStrictEqual(found, expected, name);
  passed.add(name);
}

/** What the host answers in place of what it is given. */
let others: Partial<Imports.Host> = {};

/** A new instance, with other answers of the host. */
function instead(answers: Partial<Imports.Host>): { exports: Exports; promised: Promised } {
  others = answers;
  return linked.instantiate();
}
`;

const text = (value: string): string => JSON.stringify(value);
const nameOf = (one: { readonly name: string }, value: string): string => text(`${one.name} ${value}`);

/** The host: every function answers what it is given. */
function host(): string {
  const functions = [
    ...[...TYPE_CASES, ...HANDLE_CASES].flatMap(({ name }) => {
      const [fn, later] = [toCamel(name), toCamel(`later-${name}`)];
      return [
        `${fn}: (value) => { seen = value; const { ${fn}: other } = answers(); return other ? other(value) : value; },`,
        `${later}: async (value, call) => { seen = value; call.signal.throwIfAborted(); const { ${later}: other } = answers(); return other ? other(value, call) : value; },`,
      ];
    }),
    "outcome: (value) => { seen = value; if (value.tag === 'err') throw new ComponentError(value.val); return value.val; },",
    "laterOutcome: async (value) => { seen = value; if (value.tag === 'err') throw new ComponentError(value.val); return value.val; },",
  ];
  return `
const hostOf = (answers: () => Partial<Imports.Host>): Imports.Host => ({
  ${functions.join('\n  ')}
});
const host = hostOf(() => ({}));
const linked = await new Linker().define('test:echo/host', hostOf(() => others)).link<World>(component);
const { exports, promised } = await component.instantiate({ 'test:echo/host': host });
`;
}

/** The types that declarations give, compared with those of the table. */
function types(one: { readonly name: string; readonly in: string; readonly out: string }): string {
  const fn = toCamel(one.name);
  const later = toCamel(`later-${one.name}`);
  // TypeScript lets a parameter that may be void be left out.
  const plain = one.in === 'void' ? 'void | undefined' : one.in;
  const given = one.out.startsWith('Promise<') ? `(${plain}) | Promise<${one.in}>` : plain;
  return `
same<Same<Parameters<Exports['${fn}']>[0], ${given}>>();
same<Same<ReturnType<Exports['${fn}']>, ${one.out}>>();
same<Same<Parameters<Promised['${fn}']>[0], ${given}>>();
same<Same<ReturnType<Promised['${fn}']>, Promise<Awaited<${one.out}>>>>();
same<Same<Parameters<Exports['${later}']>[0], ${given}>>();
same<Same<ReturnType<Exports['${later}']>, Promise<Awaited<${one.out}>>>>();
same<Same<Promised['${later}'], Exports['${later}']>>();
same<Same<Parameters<Imports.Host['${fn}']>[0], ${one.out}>>();
same<Same<Exclude<ReturnType<Imports.Host['${fn}']>, Promise<unknown>>, ${one.in}>>();
same<Same<Parameters<Imports.Host['${later}']>, [value: ${one.out}, options: { readonly signal: AbortSignal }]>>();
`;
}

function pairs(one: TypeCase): readonly (readonly [given: string, back: string])[] {
  return one.good.map((value) => (typeof value === 'string' ? ([value, value] as const) : value));
}

function values(one: TypeCase): string {
  const fn = toCamel(one.name);
  const good = pairs(one);
  const passing = good.map(([given, back]) => {
    const name = nameOf(one, given);
    return `
compare(${name}, exports.${fn}(${given}), ${back});
compare(${name}, seen, ${back});
compare(${name}, await promised.${fn}(${given}), ${back});`;
  });
  const failing = one.bad.map((value) => {
    const name = nameOf(one, value);
    return `
// @ts-expect-error
assert.throws(() => exports.${fn}(${value}), ValueError, ${name});
// @ts-expect-error
const { exports: of${one.bad.indexOf(value)} } = instead({ ${fn}: () => (${value}) });
assert.throws(() => of${one.bad.indexOf(value)}.${fn}(${good[0]![0]}), Trap, ${name});`;
  });
  return `{${types(one)}${passing.join('')}${failing.join('')}
passed.add(${text(one.name)});
}`;
}

const OUTCOME = `
assert.equal(exports.outcome({ tag: 'ok', val: 3 }), 3);
assert.throws(() => exports.outcome({ tag: 'err', val: 'no' }), (error) => error instanceof ComponentError && error.payload === 'no');
await assert.rejects(promised.outcome({ tag: 'err', val: 'no' }), (error) => error instanceof ComponentError && error.payload === 'no');
same<Same<typeof exports.outcome, (value: { tag: 'ok'; val: number } | { tag: 'err'; val: string }) => number>>();
// @ts-expect-error
assert.throws(() => exports.outcome({ tag: 'ok', val: 'x' }), ValueError);
// @ts-expect-error
const { exports: wrapping } = await component.instantiate({ 'test:echo/host': { ...host, outcome: () => ({ tag: 'ok', val: 3 }) } });
assert.throws(() => wrapping.outcome({ tag: 'ok', val: 3 }), Trap);
`;

const count = (cases: readonly unknown[]): string => `console.log('${cases.length} types');\n`;

/** Values through functions of synchronous types, by both entries. */
export function valueProgram(): string {
  return [HEAD, host(), ...TYPE_CASES.map(values), OUTCOME, count(TYPE_CASES)].join('\n');
}

function later(one: TypeCase): string {
  const fn = toCamel(`later-${one.name}`);
  const good = pairs(one);
  const passing = good.map(([given, back]) => {
    const name = nameOf(one, given);
    return `
compare(${name}, await exports.${fn}(${given}), ${back});
compare(${name}, seen, ${back});
compare(${name}, await promised.${fn}(${given}, { signal }), ${back});`;
  });
  const failing = one.bad.map((value, i) => {
    const name = nameOf(one, value);
    return `
// @ts-expect-error
await assert.rejects(exports.${fn}(${value}), ValueError, ${name});
// @ts-expect-error
const { exports: of${i} } = instead({ ${fn}: async () => (${value}) });
await assert.rejects(of${i}.${fn}(${good[0]![0]}), Trap, ${name});`;
  });
  return `{${passing.join('')}${failing.join('')}\n}`;
}

const CANCELLING = `
const { signal } = new AbortController();
await assert.rejects(exports.laterU8(1, { signal: AbortSignal.abort(new Error('too late')) }), /too late/);
const waiting = instead({ laterU8: () => new Promise<never>(() => {}) });
const stop = new AbortController();
const call = waiting.exports.laterU8(1, { signal: stop.signal });
setTimeout(() => stop.abort(new Error('enough')));
await assert.rejects(call, /enough/);
await exports.laterU8(1, { signal: undefined });
await exports.laterU8(1, {});
// @ts-expect-error
const noSignal = () => exports.laterU8(1, { signal: 5 });
// @ts-expect-error
const unknownOption = () => exports.laterU8(1, { abort: signal });
// @ts-expect-error
const synchronous = () => exports.u8(1, { signal });
// @ts-expect-error
const notYet: number = exports.laterU8(1);
// @ts-expect-error
const noOptions: Partial<Imports.Host> = { u8: (value, { signal }) => value };
assert.equal(await exports.laterOutcome({ tag: 'ok', val: 3 }), 3);
await assert.rejects(exports.laterOutcome({ tag: 'err', val: 'no' }), (error) => error instanceof ComponentError && error.payload === 'no');
void [noSignal, unknownOption, synchronous, notYet, noOptions];
`;

/** Values through functions of async types, which also have options. */
export function laterProgram(): string {
  return [HEAD, host(), CANCELLING, ...TYPE_CASES.map(later), count(TYPE_CASES)].join('\n');
}

const READING = `
async function* again<T>(stream: ReadableStream<T>): AsyncGenerator<T> {
  yield* stream;
}

function streamOf<T>(chunks: readonly T[]): ReadableStream<T> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

/** A promise that fails later than it is given. */
const rejected = (error: Error): Promise<never> => new Promise((_, reject) => setTimeout(() => reject(error)));

/** Everything that is read of a value: of streams the items, or how many of those of no type; of error contexts the message. */
async function settled(value: unknown): Promise<unknown> {
  const known = await value;
  if (known instanceof ErrorContext) return known.debugMessage;
  if (Array.isArray(known)) return Promise.all(known.map(settled));
  if (!(known instanceof ReadableStream)) return known;
  const items: unknown[] = [];
  let count = 0;
  for await (const chunk of known as ReadableStream<number | unknown[]>) {
    if (typeof chunk === 'number') count += chunk;
    else for (const item of chunk) items.push(await settled(item));
  }
  return count > 0 ? count : items;
}

/** What is wrong is found when it is read, if not before. */
async function failsLate(call: () => unknown, name: string): Promise<void> {
  await assert.rejects(async () => settled(await call()), Trap, name);
}
`;

function handles(one: HandleCase): string {
  const [fn, laterFn] = [toCamel(one.name), toCamel(`later-${one.name}`)];
  const passing = one.good.map(([given, read]) => {
    const name = nameOf(one, given);
    return `
compare(${name}, await settled(exports.${fn}(${given})), ${read});
compare(${name}, await settled(await promised.${fn}(${given})), ${read});
compare(${name}, await settled(await exports.${laterFn}(${given}, {})), ${read});
`;
  });
  const again = one.good.map(([given, read]) => {
    const name = nameOf(one, given);
    return `
compare(${name}, await settled(remade.${fn}(${given})), ${read});
compare(${name}, await settled(await remade.${laterFn}(${given})), ${read});`;
  });
  const first = one.good[0]![0];
  const bad = (one.bad ?? []).map((value, i) => {
    const name = nameOf(one, value);
    return `
// @ts-expect-error
assert.throws(() => exports.${fn}(${value}), ValueError, ${name});
// @ts-expect-error
await assert.rejects(exports.${laterFn}(${value}), ValueError, ${name});
// @ts-expect-error
const bad${i} = instead({ ${fn}: () => (${value}) });
assert.throws(() => bad${i}.exports.${fn}(${first}), Trap, ${name});`;
  });
  const late = (one.late ?? []).map((value, i) => {
    const name = nameOf(one, value);
    return `
const late${i} = instead({});
// @ts-expect-error
await failsLate(() => late${i}.exports.${fn}(${value}), ${name});
const lateAsync${i} = instead({});
// @ts-expect-error
await failsLate(() => lateAsync${i}.exports.${laterFn}(${value}), ${name});
// @ts-expect-error
const wrong${i} = instead({ ${fn}: () => (${value}) });
await failsLate(() => wrong${i}.exports.${fn}(${first}), ${name});`;
  });
  return `{${types(one)}
${passing.join('')}
const { exports: remade } = instead({ ${fn}: (value) => ${one.remade ?? 'value'}, ${laterFn}: async (value) => ${one.remade ?? 'value'} });
${again.join('')}${bad.join('')}${late.join('')}
}`;
}

/** Streams, futures and error contexts, passed on and read. */
export function handleProgram(): string {
  const all = HANDLE_CASES.map(handles);
  return [HEAD, READING, host(), ...all, count(HANDLE_CASES)].join('\n');
}
