/** Core types of component values and functions. Specification: CanonicalABI.md, "Flattening". */
import type { WasmSignature } from '../core/builder.ts';
import type { FuncType, ValueType } from '../types/value-type.ts';
import { unreachable } from '../util/invariant.ts';
import type { OptionShape } from './context.ts';
import { despecialize } from './despecialize.ts';
import type { PointerSize } from './layout.ts';

/** A core type that flattening gives. */
export type FlatType = 'i32' | 'i64' | 'f32' | 'f64';

export const MAX_FLAT_PARAMS = 16;
export const MAX_FLAT_ASYNC_PARAMS = 4;
export const MAX_FLAT_RESULTS = 1;

/** More than any function passes flat: flattening stops here, so that huge fixed-length lists cost nothing. */
const ENOUGH = MAX_FLAT_PARAMS + 1;

const caches: Record<PointerSize, WeakMap<ValueType, readonly FlatType[]>> = { 4: new WeakMap(), 8: new WeakMap() };

/** The pointer size of a side. */
export function pointerSize(options: OptionShape): PointerSize {
  return options.memory === '64' ? 8 : 4;
}

/** The type of a pointer of a side. */
export function pointerType(options: OptionShape): FlatType {
  return options.memory === '64' ? 'i64' : 'i32';
}

/** The core type that holds either of two. Specification: `join`. */
export function join(a: FlatType, b: FlatType): FlatType {
  if (a === b) return a;
  if ((a === 'i32' && b === 'f32') || (a === 'f32' && b === 'i32')) return 'i32';
  return 'i64';
}

function concat(types: readonly ValueType[], pointer: PointerSize): readonly FlatType[] {
  const out: FlatType[] = [];
  for (const type of types) {
    out.push(...flattenType(type, pointer));
    if (out.length >= ENOUGH) break;
  }
  return out;
}

function compute(type: ValueType, pointer: PointerSize): readonly FlatType[] {
  const t = despecialize(type);
  switch (t.kind) {
    case 'bool':
    case 's8':
    case 'u8':
    case 's16':
    case 'u16':
    case 's32':
    case 'u32':
    case 'char':
    case 'flags':
    case 'own':
    case 'borrow':
    case 'stream':
    case 'future':
    case 'error-context':
      return ['i32'];
    case 's64':
    case 'u64':
      return ['i64'];
    case 'f32':
    case 'f64':
      return [t.kind];
    case 'string':
    case 'list':
      return pointer === 8 ? ['i64', 'i64'] : ['i32', 'i32'];
    case 'fixed-list': {
      const element = flattenType(t.element, pointer);
      const count = Math.min(t.length, ENOUGH);
      return Array.from({ length: count }, () => element).flat();
    }
    case 'record':
      return concat(
        t.fields.map((f) => f.type),
        pointer,
      );
    case 'variant': {
      const joined: FlatType[] = [];
      for (const c of t.cases) {
        if (c.type === undefined) continue;
        for (const [i, flat] of flattenType(c.type, pointer).entries()) {
          joined[i] = joined[i] === undefined ? flat : join(joined[i], flat);
        }
      }
      return ['i32', ...joined];
    }
    default:
      return unreachable(t);
  }
}

/** The core types of a value. Cut off beyond what any function passes flat (17 and more). */
export function flattenType(type: ValueType, pointer: PointerSize): readonly FlatType[] {
  let known = caches[pointer].get(type);
  if (known === undefined) {
    known = compute(type, pointer);
    caches[pointer].set(type, known);
  }
  return known;
}

/** The core types of several values. */
export function flattenTypes(types: readonly ValueType[], pointer: PointerSize): readonly FlatType[] {
  return concat(types, pointer);
}

/** The core function type of one side of a function. Specification: `flatten_functype`. */
export function flattenFuncType(type: FuncType, side: 'lift' | 'lower', options: OptionShape): WasmSignature {
  const pointer = pointerSize(options);
  const address = pointerType(options);
  let params = flattenTypes(
    type.params.map((p) => p.type),
    pointer,
  );
  let results = type.result === undefined ? [] : flattenType(type.result, pointer);
  if (options.async) {
    if (side === 'lift') {
      if (params.length > MAX_FLAT_PARAMS) params = [address];
      return { params, results: options.callback ? ['i32'] : [] };
    }
    if (params.length > MAX_FLAT_ASYNC_PARAMS) params = [address];
    return { params: results.length > 0 ? [...params, address] : params, results: ['i32'] };
  }
  if (params.length > MAX_FLAT_PARAMS) params = [address];
  if (results.length > MAX_FLAT_RESULTS) {
    if (side === 'lift') results = [address];
    else {
      params = [...params, address];
      results = [];
    }
  }
  return { params, results };
}
