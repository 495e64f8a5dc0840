/**
 * Component values of scripts against the values that JavaScript sees (docs/javascript.md): arguments to pass, results to compare.
 * A script's value may not fit the type; then it is not passed, and equals nothing.
 */
import { type FloatPattern, floatOfBits, type ScriptValue } from '../text/script-value.ts';
import type { NamedType, ValueType, VariantCase } from '../types/value-type.ts';
import { camelNames } from '../util/names.ts';

/** A value of a script that does not fit the type for which it stands. */
export class MisfitError extends Error {}

function misfit(type: ValueType, value: ScriptValue): never {
  throw new MisfitError(`a value of kind ${value.kind} does not fit the type ${type.kind}`);
}

function float(value: FloatPattern, width: 32 | 64): number {
  return value.kind === 'bits' ? floatOfBits(value.bits, width) : Number.NaN;
}

function fieldsOf(fields: readonly NamedType[], values: readonly ScriptValue[]): Record<string, unknown> {
  const names = camelNames(fields.map((f) => f.name));
  return Object.fromEntries(fields.map((f, i) => [names[i]!, toJs(f.type, values[i]!)]));
}

/** The cases of an option or result as those of a variant. */
function casesOf(type: ValueType): readonly VariantCase[] {
  switch (type.kind) {
    case 'variant':
      return type.cases;
    case 'enum':
      return type.labels.map((name) => ({ name, type: undefined }));
    case 'option':
      return [
        { name: 'none', type: undefined },
        { name: 'some', type: type.type },
      ];
    case 'result':
      return [
        { name: 'ok', type: type.ok },
        { name: 'err', type: type.err },
      ];
    default:
      return [];
  }
}

/** Which case a script's value names, and what it holds. */
function caseOf(value: ScriptValue): { readonly name: string; readonly value: ScriptValue | undefined } | undefined {
  switch (value.kind) {
    case 'variant':
      return value;
    case 'enum':
      return { name: value.name, value: undefined };
    case 'option':
      return { name: value.value === undefined ? 'none' : 'some', value: value.value };
    case 'result':
      return { name: value.ok ? 'ok' : 'err', value: value.value };
    default:
      return undefined;
  }
}

function variantToJs(type: ValueType, value: ScriptValue): unknown {
  const given = caseOf(value);
  const found = casesOf(type).find((c) => c.name === given?.name);
  if (given === undefined || found === undefined) return misfit(type, value);
  if ((found.type === undefined) !== (given.value === undefined)) return misfit(type, value);
  const inner = found.type === undefined ? undefined : toJs(found.type, given.value!);
  if (type.kind === 'enum') return found.name;
  if (type.kind === 'option' && type.type.kind !== 'option') return inner;
  return found.type === undefined ? { tag: found.name } : { tag: found.name, val: inner };
}

/** The elements of a list, fixed list, tuple or map, whichever way a script writes it. */
function elementsOf(type: ValueType, value: ScriptValue): readonly ScriptValue[] {
  return value.kind === 'list' || value.kind === 'tuple' ? value.values : misfit(type, value);
}

/**
 * The argument that a script's value stands for.
 * @throws MisfitError
 */
export function toJs(type: ValueType, value: ScriptValue): unknown {
  switch (type.kind) {
    case 'record': {
      if (value.kind !== 'record' || value.fields.length !== type.fields.length) return misfit(type, value);
      if (value.fields.some((field, i) => field.name !== type.fields[i]!.name)) return misfit(type, value);
      return fieldsOf(
        type.fields,
        value.fields.map((field) => field.value),
      );
    }
    case 'tuple': {
      const values = elementsOf(type, value);
      if (values.length !== type.types.length) return misfit(type, value);
      return type.types.map((t, i) => toJs(t, values[i]!));
    }
    case 'list':
    case 'fixed-list':
      return elementsOf(type, value).map((one) => toJs(type.element, one));
    case 'map': {
      const entry: ValueType = { kind: 'tuple', types: [type.key, type.value] };
      return new Map(elementsOf(type, value).map((one) => toJs(entry, one) as [unknown, unknown]));
    }
    case 'variant':
    case 'enum':
    case 'option':
    case 'result':
      return variantToJs(type, value);
    case 'flags': {
      if (value.kind !== 'flags' || value.names.some((name) => !type.labels.includes(name))) return misfit(type, value);
      const names = camelNames(type.labels);
      return Object.fromEntries(type.labels.map((label, i) => [names[i]!, value.names.includes(label)]));
    }
    case 'f32':
    case 'f64':
      if (value.kind !== type.kind) return misfit(type, value);
      return float(value.value, type.kind === 'f32' ? 32 : 64);
    default:
      // Handles, streams and futures have no text.
      if (value.kind !== type.kind || !('value' in value)) return misfit(type, value);
      return value.value;
  }
}

function sameNumber(expected: FloatPattern, width: 32 | 64, actual: unknown): boolean {
  return Object.is(float(expected, width), actual);
}

/** Whether an object with these parts equals what a script expects of them. */
function sameElements(types: readonly ValueType[], actual: unknown, expected: readonly ScriptValue[]): boolean {
  const values = isArrayLike(actual) ? Array.from(actual) : [];
  return (
    isArrayLike(actual) &&
    values.length === expected.length &&
    types.length === expected.length &&
    expected.every((one, i) => matches(types[i]!, values[i], one))
  );
}

function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function property(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null ? (object as Record<string, unknown>)[name] : undefined;
}

function sameVariant(type: ValueType, actual: unknown, expected: ScriptValue): boolean {
  const wanted = caseOf(expected);
  const found = casesOf(type).find((c) => c.name === wanted?.name);
  if (wanted === undefined || found === undefined) return false;
  if (type.kind === 'enum') return actual === wanted.name;
  if (type.kind === 'option' && type.type.kind !== 'option') {
    if (wanted.value === undefined) return actual === undefined;
    return actual !== undefined && matches(type.type, actual, wanted.value);
  }
  if (property(actual, 'tag') !== wanted.name) return false;
  if (found.type === undefined || wanted.value === undefined)
    return found.type === undefined && wanted.value === undefined;
  return matches(found.type, property(actual, 'val'), wanted.value);
}

function sameRecord(fields: readonly NamedType[], actual: unknown, expected: ScriptValue): boolean {
  if (expected.kind !== 'record' || expected.fields.length !== fields.length) return false;
  const names = camelNames(fields.map((f) => f.name));
  return fields.every(({ name, type }, i) => {
    const field = expected.fields.find((one) => one.name === name);
    return field !== undefined && matches(type, property(actual, names[i]!), field.value);
  });
}

/** Whether a result of this type is what a script expects. */
export function matches(type: ValueType, actual: unknown, expected: ScriptValue): boolean {
  if (expected.kind === 'either') return expected.values.some((one) => matches(type, actual, one));
  switch (type.kind) {
    case 'record':
      return sameRecord(type.fields, actual, expected);
    case 'tuple':
      return (
        (expected.kind === 'tuple' || expected.kind === 'list') && sameElements(type.types, actual, expected.values)
      );
    case 'list':
    case 'fixed-list':
      if (expected.kind !== 'list' && expected.kind !== 'tuple') return false;
      return sameElements(
        expected.values.map(() => type.element),
        actual,
        expected.values,
      );
    case 'map': {
      if (expected.kind !== 'list' || !(actual instanceof Map)) return false;
      const entry: ValueType = { kind: 'tuple', types: [type.key, type.value] };
      return sameElements(
        expected.values.map(() => entry),
        [...actual],
        expected.values,
      );
    }
    case 'variant':
    case 'enum':
    case 'option':
    case 'result':
      return sameVariant(type, actual, expected);
    case 'flags': {
      if (expected.kind !== 'flags') return false;
      const names = camelNames(type.labels);
      return type.labels.every((label, i) => property(actual, names[i]!) === expected.names.includes(label));
    }
    case 'f32':
    case 'f64':
      return expected.kind === type.kind && sameNumber(expected.value, type.kind === 'f32' ? 32 : 64, actual);
    default:
      return expected.kind === type.kind && 'value' in expected && Object.is(expected.value, actual);
  }
}
