/**
 * Core function types of lifted and lowered functions. Specification: Canonical ABI, "Flattening".
 * Stops where the specification spills to memory: a type of more than 16 flat values has no list here.
 */
import type { FuncType, ValueType } from '../types/value-type.ts';
import { unreachable } from '../util/invariant.ts';

export type FlatType = 'i32' | 'i64' | 'f32' | 'f64';
export type AddressType = 'i32' | 'i64';

export const MAX_FLAT_PARAMS = 16;
export const MAX_FLAT_ASYNC_PARAMS = 4;
export const MAX_FLAT_RESULTS = 1;

/** A list of at most 16 flat types, or undefined for more. */
type Flat = readonly FlatType[] | undefined;

const known = { i32: new WeakMap<ValueType, { flat: Flat }>(), i64: new WeakMap<ValueType, { flat: Flat }>() };

function concat(types: readonly ValueType[], address: AddressType): Flat {
  const all: FlatType[] = [];
  for (const type of types) {
    const flat = flattenType(type, address);
    if (flat === undefined || all.length + flat.length > MAX_FLAT_PARAMS) return undefined;
    all.push(...flat);
  }
  return all;
}

function join(a: FlatType, b: FlatType): FlatType {
  if (a === b) return a;
  const both32 = (a === 'i32' && b === 'f32') || (a === 'f32' && b === 'i32');
  return both32 ? 'i32' : 'i64';
}

function variant(payloads: readonly (ValueType | undefined)[], address: AddressType): Flat {
  const joined: FlatType[] = [];
  for (const payload of payloads) {
    if (payload === undefined) continue;
    const flat = flattenType(payload, address);
    if (flat === undefined || flat.length >= MAX_FLAT_PARAMS) return undefined;
    for (const [i, type] of flat.entries()) joined[i] = joined[i] === undefined ? type : join(joined[i], type);
  }
  return ['i32', ...joined];
}

function fixedList(element: ValueType, length: number, address: AddressType): Flat {
  const flat = flattenType(element, address);
  if (flat === undefined || flat.length * length > MAX_FLAT_PARAMS) return undefined;
  return Array.from({ length }, () => flat).flat();
}

function compute(type: ValueType, address: AddressType): Flat {
  switch (type.kind) {
    case 's64':
    case 'u64':
      return ['i64'];
    case 'f32':
      return ['f32'];
    case 'f64':
      return ['f64'];
    case 'string':
    case 'list':
    case 'map':
      return [address, address];
    case 'record':
      return concat(
        type.fields.map((field) => field.type),
        address,
      );
    case 'tuple':
      return concat(type.types, address);
    case 'fixed-list':
      return fixedList(type.element, type.length, address);
    case 'variant':
      return variant(
        type.cases.map((one) => one.type),
        address,
      );
    case 'option':
      return variant([type.type], address);
    case 'result':
      return variant([type.ok, type.err], address);
    case 'bool':
    case 's8':
    case 'u8':
    case 's16':
    case 'u16':
    case 's32':
    case 'u32':
    case 'char':
    case 'error-context':
    case 'flags':
    case 'enum':
    case 'own':
    case 'borrow':
    case 'stream':
    case 'future':
      return ['i32'];
    default:
      return unreachable(type);
  }
}

/** The flat types of a value type, or undefined if there are more than 16. */
export function flattenType(type: ValueType, address: AddressType): Flat {
  const before = known[address].get(type);
  if (before !== undefined) return before.flat;
  const flat = compute(type, address);
  known[address].set(type, { flat });
  return flat;
}

export interface FlatFunc {
  readonly params: readonly FlatType[];
  readonly results: readonly FlatType[];
  /** True if the parameters do not fit and go through memory. */
  readonly spillsParams: boolean;
  /** True if the result does not fit and goes through memory. */
  readonly spillsResult: boolean;
}

/** How a function crosses a border: `callback` says whether an async lift has one. */
export type FlatContext =
  | { readonly kind: 'lift'; readonly async: boolean; readonly callback: boolean }
  | { readonly kind: 'lower'; readonly async: boolean };

function within(flat: Flat, max: number): flat is readonly FlatType[] {
  return flat !== undefined && flat.length <= max;
}

function liftFunc(params: Flat, results: Flat, address: AddressType, async: boolean, callback: boolean): FlatFunc {
  const fitsParams = within(params, MAX_FLAT_PARAMS);
  const fitsResult = within(results, async ? MAX_FLAT_PARAMS : MAX_FLAT_RESULTS);
  const syncResults: readonly FlatType[] = fitsResult ? results : [address];
  return {
    params: fitsParams ? params : [address],
    results: async ? (callback ? ['i32'] : []) : syncResults,
    spillsParams: !fitsParams,
    spillsResult: !fitsResult,
  };
}

function lowerFunc(params: Flat, results: Flat, address: AddressType, async: boolean): FlatFunc {
  const fitsParams = within(params, async ? MAX_FLAT_ASYNC_PARAMS : MAX_FLAT_PARAMS);
  const fitsResult = within(results, async ? 0 : MAX_FLAT_RESULTS);
  const passed: readonly FlatType[] = fitsParams ? params : [address];
  return {
    params: fitsResult ? passed : [...passed, address],
    results: async ? ['i32'] : fitsResult ? results : [],
    spillsParams: !fitsParams,
    spillsResult: !fitsResult,
  };
}

/** Specification: `flatten_functype`. */
export function flattenFunc(type: FuncType, address: AddressType, context: FlatContext): FlatFunc {
  const params = concat(
    type.params.map((param) => param.type),
    address,
  );
  const results = concat(type.result === undefined ? [] : [type.result], address);
  return context.kind === 'lift'
    ? liftFunc(params, results, address, context.async, context.callback)
    : lowerFunc(params, results, address, context.async);
}
