/** Short ways to write resolved types in tests. */
import type { FuncType, PrimitiveKind, ValueType } from '../../src/types/value-type.ts';

/** A primitive type. */
export function p(kind: PrimitiveKind): ValueType {
  return { kind };
}

/** A synchronous function with parameters `p0`, `p1`, ... */
export function func(params: readonly ValueType[], result?: ValueType): FuncType {
  return { kind: 'func', async: false, params: params.map((type, i) => ({ name: `p${i}`, type })), result };
}

export function list(element: ValueType): ValueType {
  return { kind: 'list', element };
}
