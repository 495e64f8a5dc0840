/**
 * A case as whole components: the host calls one that calls another that calls the host (`chain-text.ts`). What the host is given must be
 * what it gave, and what it gets back what it answered: generated, built ahead of time, and interpreted.
 */
import { toJs } from '../../../src/abi/js/convert.ts';
import { numberKind } from '../../../src/abi/js/typed-array.ts';
import type { AbiValue } from '../../../src/abi/values.ts';
import { Component, ComponentError, ErrorContext, type Imports, type Instance } from '../../../src/index.ts';
import type { FuncType, ResourceType, ValueType } from '../../../src/types/value-type.ts';
import { assemble } from '../assemble.ts';
import { startBuilt } from '../built.ts';
import { generateValue, random } from '../generate-abi.ts';
import { type Case, LIFTS, RESOURCES } from './case.ts';
import { chainText, type Link, possible } from './chain-text.ts';
import type { Ways } from './compare.ts';
import { withHandles } from './host-values.ts';
import { endOfError, type Outcome } from './outcome.ts';

/** Resources of the host. */
class R0 {
  readonly number: number;

  constructor(number: number) {
    this.number = number;
  }
}
class R1 extends R0 {}
const CLASSES = [R0, R1] as const;

/** How both components are joined; what core code that passes values on cannot do is synchronous. */
export function linksOf(c: Case): readonly [first: Link, second: Link] {
  const { bits } = c;
  return [
    possible(c.type, { ...c.caller, lift: LIFTS[bits % 3]!, lower: c.lower }),
    possible(c.type, { ...c.callee, lift: c.lift, lower: bits >= 32 ? 'async' : 'sync' }),
  ];
}

/** What a stream brings: decided by the number that stands for it. */
function streamItems(element: ValueType, n: number): readonly unknown[] {
  const r = random(n);
  return Array.from({ length: n % 4 }, () => toJs(element, generateValue(r, element, { left: 20 })));
}

/** The host's object for a handle, and what is left of it when all of it was read. */
function hostObject(type: Parameters<Parameters<typeof withHandles>[2]>[0], n: number, read: boolean): unknown {
  switch (type.kind) {
    case 'own':
    case 'borrow':
      return new CLASSES[RESOURCES.indexOf(type.resource as ResourceType)]!(n);
    case 'error-context':
      return read ? `error ${n}` : new ErrorContext(`error ${n}`);
    case 'stream':
      if (type.element === undefined) return read ? n : new Set([n]);
      return streamItems(type.element, n);
    case 'future': {
      const value = type.element === undefined ? undefined : streamItems(type.element, 4 * n + 1)[0];
      return read || n % 2 === 0 ? value : Promise.resolve(value);
    }
  }
}

function jsOf(type: ValueType, value: AbiValue, read: boolean): unknown {
  return toJs(
    type,
    withHandles(type, value, (t, n) => hostObject(t, n, read)),
  );
}

/** All items of a stream; of one without items, how many there were. */
async function readStream(stream: ReadableStream, element: ValueType | undefined): Promise<unknown> {
  const items: unknown[] = [];
  let count = 0;
  for await (const chunk of stream) {
    if (typeof chunk === 'number') count += chunk;
    else items.push(...(chunk as Iterable<unknown>));
  }
  return element === undefined ? count : items;
}

/** A value of the host in which streams, futures and error contexts are what they hold. */
async function settled(type: ValueType, js: unknown): Promise<unknown> {
  const all = (types: readonly ValueType[], values: readonly unknown[]): Promise<unknown[]> =>
    Promise.all(types.map((t, i) => settled(t, values[i])));
  switch (type.kind) {
    case 'stream':
      return readStream(js as ReadableStream, type.element);
    case 'future':
      return js;
    case 'error-context':
      return (js as ErrorContext).debugMessage;
    case 'record': {
      const entries = Object.entries(js as object);
      const values = await all(
        type.fields.map((f) => f.type),
        entries.map(([, v]) => v),
      );
      return Object.fromEntries(entries.map(([name], i) => [name, values[i]]));
    }
    case 'tuple':
      return all(type.types, js as readonly unknown[]);
    case 'list':
    case 'fixed-list': {
      if (numberKind(type.element) !== undefined) return js;
      const items = js as readonly unknown[];
      return all(
        items.map(() => type.element),
        items,
      );
    }
    case 'map': {
      const entries = [...(js as Map<unknown, unknown>)];
      const values = await all(
        entries.map(() => type.value),
        entries.map(([, v]) => v),
      );
      return new Map(entries.map(([key], i) => [key, values[i]]));
    }
    case 'option':
      if (type.type.kind === 'option') return settledCase(type.type, js);
      return js === undefined ? js : settled(type.type, js);
    case 'variant':
    case 'result': {
      const { tag } = js as { tag: string };
      const inner =
        type.kind === 'result' ? type[tag as 'ok' | 'err'] : type.cases.find(({ name }) => name === tag)!.type;
      return settledCase(inner, js);
    }
    default:
      return js;
  }
}

async function settledCase(inner: ValueType | undefined, js: unknown): Promise<unknown> {
  const value = js as { tag: string; val?: unknown };
  if (inner === undefined || value.val === undefined) return value;
  return { ...value, val: await settled(inner, value.val) };
}

/** What a call of the host ends in: a top-level result is returned or thrown. */
async function endOf({ result }: FuncType, call: () => unknown): Promise<unknown> {
  const top = result?.kind === 'result' ? result : undefined;
  try {
    const value = await call();
    if (top === undefined) return { value: result === undefined ? value : await settled(result, value) };
    return { value: top.ok === undefined ? value : await settled(top.ok, value) };
  } catch (error) {
    if (!(error instanceof ComponentError)) throw error;
    return { payload: top?.err === undefined ? error.payload : await settled(top.err, error.payload) };
  }
}

/** The host's function: what it was given, and what it answers as the case says. */
function hostFunction(c: Case, seen: unknown[]): (...given: unknown[]) => unknown {
  const { result } = c.type;
  const later = c.ending === 'promise' || c.ending === 'rejects';
  return (...given) => {
    seen.push(...(c.type.async ? given.slice(0, -1) : given));
    const js = result === undefined ? undefined : jsOf(result, c.result!, false);
    if (result?.kind !== 'result') return later && result?.kind !== 'future' ? Promise.resolve(js) : js;
    const { tag, val } = js as { tag: string; val: unknown };
    if (tag === 'ok') return later ? Promise.resolve(val) : val;
    const error = new ComponentError(val);
    if (later) return Promise.reject(error);
    throw error;
  };
}

/** Whether it is built too: a module that was imported stays. */
export function isBuilt({ bits }: Case): boolean {
  return bits % 4 === 1;
}

type Start = (component: Component, imports: Imports) => Promise<Instance>;

const STARTS: readonly (readonly [way: string, start: Start])[] = [
  ['interpreted', (component, imports) => component.instantiate(imports, { mode: 'interpreted' })],
  ['generated', (component, imports) => component.instantiate(imports)],
  ['built', (component, imports) => startBuilt(component, imports, {})],
];

async function outcome(c: Case, component: Component, way: string, start: Start): Promise<Outcome> {
  const seen: unknown[] = [];
  const host = { R0, R1, f: hostFunction(c, seen) };
  const instance = await start(component, { 'test:chain/host': host });
  const waits = c.ending === 'promise' || c.ending === 'rejects';
  const exports = (waits || c.bits % 2 === 0 ? instance.promised : instance.exports) as Record<string, unknown>;
  const f = exports['f'] as (...args: unknown[]) => unknown;
  const args = c.type.params.map((p, i) => jsOf(p.type, c.params[i]!, false));
  let end: Outcome['end'];
  try {
    end = { value: await endOf(c.type, () => f(...args)) };
  } catch (error) {
    end = endOfError(error);
  }
  const given = await Promise.all(c.type.params.map((p, i) => settled(p.type, seen[i])));
  const { interpreted } = instance.stats;
  instance[Symbol.dispose]();
  if (interpreted > 0 !== (way === 'interpreted'))
    throw new Error(`${way}: the interpreter carried ${interpreted} calls`);
  return { end, always: {}, well: { 'what the host was given': given }, memories: {}, exact: {}, notes: [] };
}

/** What the host must be given and get back. */
function expectedOf(c: Case): Outcome {
  const { params, result } = c.type;
  const given = params.map((p, i) => jsOf(p.type, c.params[i]!, true));
  const answer = result === undefined ? undefined : jsOf(result, c.result!, true);
  let value: unknown = { value: answer };
  if (result?.kind === 'result') {
    const { tag, val } = answer as { tag: string; val: unknown };
    value = tag === 'ok' ? { value: val } : { payload: val };
  }
  return { end: { value }, always: {}, well: { 'what the host was given': given }, memories: {}, exact: {}, notes: [] };
}

/** The call in all forms. */
export async function runChain(c: Case): Promise<Ways> {
  const component = await Component.load(assemble(chainText(c.type, ...linksOf(c))));
  const found: [string, Outcome][] = [];
  for (const [way, start] of STARTS)
    if (way !== 'built' || isBuilt(c)) found.push([way, await outcome(c, component, way, start)]);
  return { expected: expectedOf(c), found };
}
