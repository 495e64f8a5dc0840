/** Component types. Specification: Binary, "Type Definitions". */

import type { Reader } from '../../core/reader.ts';
import { malformed } from '../../error/malformed-reason.ts';
import type {
  Declaration,
  DefValType,
  FuncTypeDef,
  NamedTypeRef,
  ResourceTypeDef,
  TypeDef,
  ValTypeRef,
} from '../../types/definition.ts';
import { alias } from './alias.ts';
import { coreType } from './core-types.ts';
import { externName, externType } from './extern.ts';
import { PRIMITIVES, valType } from './val-type.ts';

/** Component and instance types inside each other. */
const MAX_DEPTH = 100;

const DECLARATION = 'component or instance type declaration';

function named(r: Reader): NamedTypeRef {
  return { name: r.name(), type: valType(r) };
}

function optionalType(r: Reader): ValTypeRef | undefined {
  return r.optional(valType, 'optional type');
}

function variantCase(r: Reader): { name: string; type: ValTypeRef | undefined } {
  const name = r.name();
  const type = optionalType(r);
  r.zero('zero byte required');
  return { name, type };
}

/** `resultlist ::= 0x00 t:<valtype> | 0x01 0x00`. */
export function resultList(r: Reader): ValTypeRef | undefined {
  const from = r.at;
  const b = r.byte();
  if (b === 0x00) return valType(r);
  if (b !== 0x01) return r.unknown(b, 'component function results', from);
  r.zero('number of results');
  return undefined;
}

function funcType(r: Reader, async: boolean): FuncTypeDef {
  return { kind: 'func', async, params: r.vec(named), result: resultList(r) };
}

function resourceType(r: Reader): ResourceTypeDef {
  const from = r.at;
  const rep = r.byte();
  if (rep !== 0x7f && rep !== 0x7e) r.unknown(rep, 'resource representation', from);
  return {
    kind: 'resource',
    rep: rep === 0x7f ? 'i32' : 'i64',
    dtor: r.optional((x) => x.u32(), 'resource destructor'),
  };
}

function defValType(r: Reader, b: number, from: number): DefValType {
  switch (b) {
    case 0x72:
      return { kind: 'record', fields: r.vec(named) };
    case 0x71:
      return { kind: 'variant', cases: r.vec(variantCase) };
    case 0x70:
      return { kind: 'list', element: valType(r) };
    case 0x6f:
      return { kind: 'tuple', types: r.vec(valType) };
    case 0x6e:
      return { kind: 'flags', labels: r.vec((x) => x.name()) };
    case 0x6d:
      return { kind: 'enum', labels: r.vec((x) => x.name()) };
    case 0x6b:
      return { kind: 'option', type: valType(r) };
    case 0x6a:
      return { kind: 'result', ok: optionalType(r), err: optionalType(r) };
    case 0x69:
      return { kind: 'own', index: r.u32() };
    case 0x68:
      return { kind: 'borrow', index: r.u32() };
    case 0x67:
      return { kind: 'fixed-list', element: valType(r), length: r.u32() };
    case 0x66:
      return { kind: 'stream', element: optionalType(r) };
    case 0x65:
      return { kind: 'future', element: optionalType(r) };
    case 0x63:
      return { kind: 'map', key: valType(r), value: valType(r) };
    default:
      return r.unknown(b, 'component defined type', from);
  }
}

/** `deftype`. */
export function typeDef(r: Reader, depth: number): TypeDef {
  const from = r.at;
  if (depth > MAX_DEPTH) r.fail(malformed.nestedTooDeep('types', MAX_DEPTH), from);
  const b = r.byte();
  const primitive = PRIMITIVES[b];
  if (primitive !== undefined) return { kind: 'primitive', primitive };
  switch (b) {
    case 0x40:
      return funcType(r, false);
    case 0x43:
      return funcType(r, true);
    case 0x41:
      return { kind: 'component', declarations: r.vec((x) => declaration(x, true, depth)) };
    case 0x42:
      return { kind: 'instance', declarations: r.vec((x) => declaration(x, false, depth)) };
    case 0x3f:
      return resourceType(r);
    default:
      return defValType(r, b, from);
  }
}

function declaration(r: Reader, inComponent: boolean, depth: number): Declaration {
  const offset = r.at;
  const b = r.byte();
  switch (b) {
    case 0x00:
      return { kind: 'core type', offset, type: coreType(r) };
    case 0x01:
      return { kind: 'type', offset, type: typeDef(r, depth + 1) };
    case 0x02:
      return alias(r, offset);
    case 0x03:
      if (!inComponent) return r.unknown(b, DECLARATION, offset);
      return { kind: 'import', offset, name: externName(r), type: externType(r) };
    case 0x04:
      return { kind: 'export', offset, name: externName(r), type: externType(r) };
    default:
      return r.unknown(b, DECLARATION, offset);
  }
}
