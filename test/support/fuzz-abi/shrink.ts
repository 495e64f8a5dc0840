/** Makes a case that fails smaller, as long as it fails. */
import { type AbiString, type AbiValue, type AbiVariant, hostString } from '../../../src/abi/values.ts';
import type { FuncType, NamedType, ValueType } from '../../../src/types/value-type.ts';
import type { Case, SideCase } from './case.ts';

/** A type with a value of it. */
type Typed = readonly [type: ValueType, value: AbiValue];
type List = readonly AbiValue[];

const U8: Typed = [{ kind: 'u8' }, 0];

/** Everything but the n-th. */
function without<T>(list: readonly T[], n: number): readonly T[] {
  return list.filter((_, i) => i !== n);
}

function smallerLists(values: List): readonly List[] {
  if (values.length === 0) return [];
  const half = values.slice(0, Math.floor(values.length / 2));
  return [[], half, values.slice(half.length), without(values, values.length - 1)];
}

function smallerTexts(text: string): readonly string[] {
  const characters = [...text];
  if (characters.length === 0) return [];
  const half = Math.floor(characters.length / 2);
  return ['', characters.slice(0, half).join(''), characters.slice(half).join(''), characters.slice(1).join('')];
}

function* fields(types: readonly ValueType[], values: List, make: (types: readonly ValueType[]) => ValueType) {
  for (const [i, type] of types.entries()) yield [type, values[i]!] as Typed;
  if (types.length > 1)
    for (const i of types.keys()) yield [make(without(types, i)), without(values, i) as AbiValue] as Typed;
  for (const [i, type] of types.entries())
    for (const [t, v] of smaller([type, values[i]!])) yield [make(types.with(i, t)), values.with(i, v)] as Typed;
}

function* payload(value: AbiVariant, inner: ValueType | undefined, make: (type: ValueType | undefined) => ValueType) {
  if (inner === undefined) return;
  yield [inner, value.value!] as Typed;
  yield [make(undefined), { ...value, value: undefined }] as Typed;
  for (const [t, v] of smaller([inner, value.value!])) yield [make(t), { ...value, value: v }] as Typed;
}

function* elements(element: ValueType, values: List, make: (type: ValueType, values: List) => Typed) {
  for (const value of values.slice(0, 1)) yield [element, value] as Typed;
  for (const less of smallerLists(values)) yield make(element, less);
  if (values.length !== 1) return;
  for (const [t, v] of smaller([element, values[0]!])) yield make(t, [v]);
}

/** Types with values that are smaller. */
function* smaller([type, value]: Typed): Generator<Typed> {
  switch (type.kind) {
    case 'record': {
      const make = (types: readonly ValueType[]): ValueType => ({
        kind: 'record',
        fields: types.map((t, i) => ({ name: `l${i}`, type: t })),
      });
      yield* fields(
        type.fields.map((f) => f.type),
        value as List,
        make,
      );
      return;
    }
    case 'tuple':
      yield* fields(type.types, value as List, (types) => ({ kind: 'tuple', types }));
      return;
    case 'variant': {
      const { case: index } = value as AbiVariant;
      const one = (t: ValueType | undefined): ValueType => ({
        ...type,
        cases: type.cases.with(index, { name: `l${index}`, type: t }),
      });
      yield* payload(value as AbiVariant, type.cases[index]!.type, one);
      for (const [i, c] of type.cases.entries())
        if (i !== index && c.type !== undefined)
          yield [{ ...type, cases: type.cases.with(i, { name: c.name, type: undefined }) }, value];
      break;
    }
    case 'option': {
      const inner = (value as AbiVariant).case === 1 ? type.type : undefined;
      yield* payload(value as AbiVariant, inner, (t) => ({ kind: 'option', type: t ?? U8[0] }));
      break;
    }
    case 'result': {
      const key = (value as AbiVariant).case === 0 ? 'ok' : 'err';
      yield* payload(value as AbiVariant, type[key], (t) => ({ ...type, [key]: t }));
      break;
    }
    case 'list':
      yield* elements(type.element, value as List, (element, values) => [{ kind: 'list', element }, values]);
      return;
    case 'fixed-list':
      if (type.length === 1) break;
      yield [type.element, (value as List)[0]!];
      yield [{ ...type, length: 1 }, (value as List).slice(0, 1)];
      return;
    case 'map':
      for (const less of smallerLists(value as List)) yield [type, less];
      for (const entry of (value as List).slice(0, 1)) yield [type.value, (entry as List)[1]!];
      return;
    case 'string':
      for (const text of smallerTexts((value as AbiString).text)) yield [type, hostString(text)];
      break;
    default:
      break;
  }
  if (type.kind !== 'u8') yield U8;
}

function withParams(c: Case, params: readonly NamedType[], values: List): Case {
  return { ...c, type: { ...c.type, params }, params: values };
}

const PLAIN: SideCase = { encoding: 'utf8', width: '32', policy: 'up', bare: false };

/** Cases that are smaller by one step. */
function* smallerCases(c: Case): Generator<Case> {
  const { params } = c.type;
  for (const i of params.keys()) yield withParams(c, without(params, i), without(c.params, i));
  if (c.result !== undefined) yield { ...c, type: { ...c.type, result: undefined }, result: undefined };
  for (const i of c.faults.keys()) yield { ...c, faults: without(c.faults, i) };
  const sync: FuncType = { ...c.type, async: false };
  if (c.type.async) yield { ...c, type: sync, lower: 'sync', lift: 'sync' };
  yield { ...c, lower: 'sync' };
  yield { ...c, lift: 'sync' };
  for (const which of ['caller', 'callee'] as const) {
    yield { ...c, [which]: PLAIN };
    yield { ...c, [which]: { ...c[which], encoding: 'utf8' } };
    yield { ...c, [which]: { ...c[which], policy: 'up' } };
    if (!c.shared) yield { ...c, [which]: { ...c[which], width: '32' } };
  }
  yield { ...c, shared: false };
  yield { ...c, tables: false };
  yield { ...c, postReturn: false };
  yield { ...c, bits: 0 };
  for (const bit of [0, 1, 2, 3, 4, 5]) yield { ...c, bits: c.bits & ~(1 << bit) };
  yield { ...c, ending: 'value' };
  if (!c.type.async) yield { ...c, halves: false };
  for (const [i, p] of params.entries())
    for (const [type, value] of smaller([p.type, c.params[i]!]))
      yield withParams(c, params.with(i, { ...p, type }), c.params.with(i, value));
  if (c.type.result === undefined) return;
  for (const [result, value] of smaller([c.type.result, c.result!]))
    yield { ...c, type: { ...c.type, result }, result: value };
}

/** How large a case is: steps that do not lessen it are none. */
function weight(c: Case): number {
  const text = JSON.stringify(c, (_, v) => (typeof v === 'bigint' ? `${v}` : typeof v === 'boolean' ? 0 : v));
  const chosen = [c.shared, c.tables, c.postReturn, c.halves, c.caller.width === '64', c.callee.width === '64'];
  const bits = [0, 1, 2, 3, 4, 5].map((bit) => ((c.bits >> bit) & 1) === 1);
  return text.length + [...chosen, ...bits].filter((one) => one).length;
}

/** The smallest case that fails, as far as `most` tries find it. */
export async function shrink(c: Case, fails: (c: Case) => boolean | Promise<boolean>, most = 2_000): Promise<Case> {
  let best = c;
  let tries = 0;
  for (let found = true; found && tries < most; ) {
    found = false;
    for (const next of smallerCases(best)) {
      if (weight(next) >= weight(best)) continue;
      if (++tries > most) break;
      if (!(await fails(next))) continue;
      best = next;
      found = true;
      break;
    }
  }
  return best;
}
