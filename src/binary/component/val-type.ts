/** Value types in place. Specification: Binary, "valtype", "primvaltype". */

import type { Reader } from '../../core/reader.ts';
import type { ValTypeRef } from '../../types/definition.ts';
import type { PrimitiveKind } from '../../types/value-type.ts';
import type { CodeWriter } from '../../util/code-writer.ts';
import { inverse } from './inverse.ts';

export const PRIMITIVES: Readonly<Record<number, PrimitiveKind>> = {
  127: 'bool',
  126: 's8',
  125: 'u8',
  124: 's16',
  123: 'u16',
  122: 's32',
  121: 'u32',
  120: 's64',
  119: 'u64',
  118: 'f32',
  117: 'f64',
  116: 'char',
  115: 'string',
  100: 'error-context',
};

/** `valtype ::= i:<typeidx> | pvt:<primvaltype>`, as one signed number. */
export function valType(r: Reader): ValTypeRef {
  const from = r.at;
  const primitive = PRIMITIVES[r.peek()];
  if (primitive !== undefined) {
    r.byte();
    return { kind: 'primitive', primitive };
  }
  const index = r.s33();
  if (index < 0) r.unknown(r.bytes[from]!, 'component value type', from);
  return { kind: 'index', index };
}

const PRIMITIVE_BYTE = inverse(PRIMITIVES);

export function encodePrimitive(w: CodeWriter, primitive: PrimitiveKind): void {
  w.byte(PRIMITIVE_BYTE[primitive]);
}

export function encodeValType(w: CodeWriter, type: ValTypeRef): void {
  if (type.kind === 'primitive') encodePrimitive(w, type.primitive);
  else w.s(type.index);
}
