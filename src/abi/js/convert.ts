/**
 * Between component values and their JavaScript forms (docs/guide-js.md): the plain way, one type after the other.
 * Generated code does the same in one go and is compared with this.
 */
import type { FlagsType, ValueType, VariantCase } from '../../types/value-type.ts';
import { unreachable } from '../../util/invariant.ts';
import { type AbiHandle, type AbiString, type AbiValue, type AbiVariant, hostString } from '../values.ts';
import {
  checkBig,
  checkBool,
  checkCharText,
  checkFloat,
  checkInt,
  checkObject,
  checkString,
  mismatch,
} from './check.ts';
import { Filled, writeInto } from './lent.ts';
import { camelNames } from './names.ts';
import { type NumberArray, numberKind, TYPED_ARRAYS } from './typed-array.ts';

type List = readonly AbiValue[];

/** Whether `type` has a JavaScript form in which none must be boxed: an option inside an option. */
export function isBoxedOption(inner: ValueType): boolean {
  return inner.kind === 'option';
}

/** Sets a property whose name a guest chose. */
function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

/** The JavaScript form of a component value. */
export function toJs(type: ValueType, value: AbiValue): unknown {
  switch (type.kind) {
    case 'bool':
    case 's8':
    case 'u8':
    case 's16':
    case 'u16':
    case 's32':
    case 'u32':
    case 's64':
    case 'u64':
    case 'f32':
    case 'f64':
      return value;
    case 'char':
      return String.fromCodePoint(value as number);
    case 'string':
      return (value as AbiString).text;
    case 'record':
      return objectOf(
        type.fields.map((f) => f.name),
        type.fields.map((f, i) => toJs(f.type, (value as List)[i]!)),
      );
    case 'tuple':
      return type.types.map((t, i) => toJs(t, (value as List)[i]!));
    case 'list': {
      const kind = numberKind(type.element);
      return kind === undefined ? (value as List).map((v) => toJs(type.element, v)) : toTypedArray(kind, value as List);
    }
    case 'fixed-list': {
      const kind = numberKind(type.element);
      return kind === undefined ? (value as List).map((v) => toJs(type.element, v)) : toTypedArray(kind, value as List);
    }
    case 'map':
      return new Map((value as List).map((e) => [toJs(type.key, (e as List)[0]!), toJs(type.value, (e as List)[1]!)]));
    case 'variant':
      return variantToJs(type.cases, value as AbiVariant);
    case 'enum':
      return type.labels[(value as AbiVariant).case]!;
    case 'option':
      return optionToJs(type.type, value as AbiVariant);
    case 'result':
      return resultToJs(type.ok, type.err, value as AbiVariant);
    case 'flags':
      return objectOf(
        type.labels,
        type.labels.map((_, i) => (((value as number) >>> i) & 1) === 1),
      );
    case 'own':
    case 'borrow':
    case 'stream':
    case 'future':
    case 'error-context':
      return (value as AbiHandle).value;
    default:
      return unreachable(type);
  }
}

function toTypedArray(kind: keyof typeof TYPED_ARRAYS, values: List): NumberArray {
  const array = new TYPED_ARRAYS[kind](values.length) as NumberArray;
  for (const [i, v] of values.entries()) array[i] = v as never;
  return array;
}

function objectOf(names: readonly string[], values: readonly unknown[]): object {
  const object = {};
  for (const [i, name] of camelNames(names).entries()) define(object, name, values[i]);
  return object;
}

function variantToJs(cases: readonly VariantCase[], value: AbiVariant): unknown {
  const { name, type } = cases[value.case]!;
  return type === undefined ? { tag: name } : { tag: name, val: toJs(type, value.value!) };
}

function optionToJs(inner: ValueType, value: AbiVariant): unknown {
  const some = value.case === 1;
  if (isBoxedOption(inner)) return some ? { tag: 'some', val: toJs(inner, value.value!) } : { tag: 'none' };
  return some ? toJs(inner, value.value!) : undefined;
}

function resultToJs(ok: ValueType | undefined, err: ValueType | undefined, value: AbiVariant): unknown {
  const type = value.case === 0 ? ok : err;
  return { tag: value.case === 0 ? 'ok' : 'err', val: type === undefined ? undefined : toJs(type, value.value!) };
}

/** The component value of a JavaScript value. Throws a ValueError that names `path` where it does not fit. */
export function fromJs(type: ValueType, value: unknown, path: string): AbiValue {
  switch (type.kind) {
    case 'bool':
      return checkBool(value, path);
    case 's8':
    case 'u8':
    case 's16':
    case 'u16':
    case 's32':
    case 'u32':
      return checkInt(type.kind, value, path);
    case 's64':
    case 'u64':
      return checkBig(type.kind, value, path);
    case 'f32':
    case 'f64':
      return checkFloat(type.kind, value, path);
    case 'char':
      return checkCharText(value, path);
    case 'string':
      return hostString(checkString(value, path));
    case 'record': {
      const object = checkObject(value, path, 'an object with the fields of the record');
      const names = camelNames(type.fields.map((f) => f.name));
      return type.fields.map((f, i) => fromJs(f.type, object[names[i]!], `${path}.${names[i]}`));
    }
    case 'tuple': {
      const array = arrayOfLength(type.types.length, value, path);
      return type.types.map((t, i) => fromJs(t, array[i], `${path}[${i}]`));
    }
    case 'list':
      return listFromJs(type.element, value, path);
    case 'fixed-list':
      return elementsFromJs(type.element, arrayOfLength(type.length, value, path), path);
    case 'map':
      return mapFromJs(type.key, type.value, value, path);
    case 'variant':
      return variantFromJs(type.cases, value, path);
    case 'enum': {
      const index = type.labels.indexOf(value as string);
      if (index < 0) mismatch(path, `one of ${type.labels.map((l) => JSON.stringify(l)).join(', ')}`, value);
      return { kind: 'variant', case: index, value: undefined };
    }
    case 'option':
      return optionFromJs(type.type, value, path);
    case 'result':
      return resultFromJs(type.ok, type.err, value, path);
    case 'flags':
      return flagsFromJs(type, value, path);
    case 'own':
    case 'borrow':
    case 'stream':
    case 'future':
    case 'error-context':
      return { kind: 'handle', value };
    default:
      return unreachable(type);
  }
}

function arrayOf(value: unknown, path: string, expected: string): ArrayLike<unknown> {
  if (Array.isArray(value)) return value;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return value as unknown as ArrayLike<unknown>;
  return mismatch(path, expected, value);
}

function arrayOfLength(length: number, value: unknown, path: string): ArrayLike<unknown> {
  const array = arrayOf(value, path, `an array of ${length}`);
  if (array.length !== length) mismatch(path, `an array of ${length}`, value);
  return array;
}

function listFromJs(element: ValueType, value: unknown, path: string): AbiValue {
  const kind = numberKind(element);
  if (kind !== undefined && value instanceof Filled) {
    const list = new TYPED_ARRAYS[kind](value.length);
    writeInto(value, list, path);
    return Array.from(list as ArrayLike<AbiValue & (number | bigint)>);
  }
  return elementsFromJs(
    element,
    arrayOf(value, path, kind === undefined ? 'an array' : 'a typed array or an array of numbers'),
    path,
  );
}

function elementsFromJs(element: ValueType, array: ArrayLike<unknown>, path: string): AbiValue {
  const values: AbiValue[] = [];
  for (let i = 0; i < array.length; i++) values.push(fromJs(element, array[i], `${path}[${i}]`));
  return values;
}

function mapFromJs(key: ValueType, inner: ValueType, value: unknown, path: string): AbiValue {
  if (!(value instanceof Map)) return mismatch(path, 'a Map', value);
  const entries: AbiValue[] = [];
  for (const [k, v] of value as Map<unknown, unknown>) {
    entries.push([fromJs(key, k, `a key of ${path}`), fromJs(inner, v, `a value of ${path}`)]);
  }
  return entries;
}

function variantFromJs(cases: readonly VariantCase[], value: unknown, path: string): AbiValue {
  const expected = `{ tag, val } with a tag of ${cases.map((c) => JSON.stringify(c.name)).join(', ')}`;
  const object = checkObject(value, path, expected);
  const { tag } = object;
  const index = cases.findIndex((c) => c.name === tag);
  if (index < 0) mismatch(`${path}.tag`, expected, tag);
  const { type } = cases[index]!;
  return {
    kind: 'variant',
    case: index,
    value: type === undefined ? undefined : fromJs(type, object['val'], `${path}.val`),
  };
}

function optionFromJs(inner: ValueType, value: unknown, path: string): AbiValue {
  if (isBoxedOption(inner)) {
    return variantFromJs(
      [
        { name: 'none', type: undefined },
        { name: 'some', type: inner },
      ],
      value,
      path,
    );
  }
  if (value === undefined || value === null) return { kind: 'variant', case: 0, value: undefined };
  return { kind: 'variant', case: 1, value: fromJs(inner, value, path) };
}

function resultFromJs(ok: ValueType | undefined, err: ValueType | undefined, value: unknown, path: string): AbiValue {
  return variantFromJs(
    [
      { name: 'ok', type: ok },
      { name: 'err', type: err },
    ],
    value,
    path,
  );
}

function flagsFromJs(type: FlagsType, value: unknown, path: string): AbiValue {
  const object = checkObject(value, path, 'an object of booleans');
  let mask = 0;
  for (const [i, name] of camelNames(type.labels).entries()) {
    const flag = object[name];
    if (flag !== undefined && typeof flag !== 'boolean') mismatch(`${path}.${name}`, 'a boolean', flag);
    if (flag === true) mask |= 1 << i;
  }
  return mask >>> 0;
}
