/**
 * Parses value types, function types and resource types. Specification: Explainer, "Type Definitions". A type written in place is
 * defined before what uses it.
 */
import type {
  DefValType,
  FuncTypeDef,
  NamedTypeRef,
  ResourceTypeDef,
  TypeDef,
  ValTypeRef,
} from '../../types/definition.ts';
import type { PrimitiveKind } from '../../types/value-type.ts';
import { type Cursor, nodeError } from '../cursor.ts';
import { coreIndexOrRef, indexOrRef, isTypeRef } from './ref.ts';
import type { Field, Late } from './scope.ts';

const PRIMITIVES: readonly string[] = [
  'bool',
  's8',
  'u8',
  's16',
  'u16',
  's32',
  'u32',
  's64',
  'u64',
  'f32',
  'f64',
  'char',
  'string',
  'error-context',
];
/** Names that floats had once. */
const OLD_FLOATS: Readonly<Record<string, PrimitiveKind>> = { float32: 'f32', float64: 'f64' };

/** A primitive type if one comes next. */
export function primitive(c: Cursor): PrimitiveKind | undefined {
  const node = c.peek();
  if (node?.kind !== 'word') return undefined;
  const kind = PRIMITIVES.includes(node.text)
    ? (node.text as PrimitiveKind)
    : Object.hasOwn(OLD_FLOATS, node.text)
      ? OLD_FLOATS[node.text]
      : undefined;
  if (kind !== undefined) c.skip();
  return kind;
}

/** `valtype` */
export function valType(c: Cursor, field: Field): Late<ValTypeRef> {
  if (c.isRef() || isTypeRef(c)) {
    const index = indexOrRef(c, field.scope, 'type');
    return () => ({ kind: 'index', index: index() });
  }
  const kind = primitive(c);
  if (kind !== undefined) return () => ({ kind: 'primitive', primitive: kind });
  if (!c.isList()) throw c.unexpected('a value type');
  const index = defineInPlace(field, defValType(c, field));
  return () => ({ kind: 'index', index: index() });
}

/** Defines a type in front of the field that uses it. */
export function defineInPlace(field: Field, type: Late<TypeDef>): Late<number> {
  const { scope } = field;
  return field.before(field.types, () => scope.define({ kind: 'type', offset: 0, type: type() }, 'type'));
}

/** True if a value type may come next: not `(error …)`. */
function optionalType(c: Cursor, field: Field): Late<ValTypeRef> | undefined {
  return c.done || c.isList('error') ? undefined : valType(c, field);
}

/** All lists `(keyword "name" <valtype>)` that follow. */
function named(c: Cursor, keyword: string, field: Field): Late<NamedTypeRef[]> {
  const found: { readonly name: string; readonly type: Late<ValTypeRef> }[] = [];
  for (let inner = c.takeList(keyword); inner !== undefined; inner = c.takeList(keyword)) {
    found.push({ name: inner.name(), type: valType(inner, field) });
    inner.finish();
  }
  return () => found.map(({ name, type }) => ({ name, type: type() }));
}

function variant(c: Cursor, field: Field): Late<DefValType> {
  const found: { readonly name: string; readonly type: Late<ValTypeRef> | undefined }[] = [];
  for (let inner = c.takeList('case'); inner !== undefined; inner = c.takeList('case')) {
    inner.takeId();
    found.push({ name: inner.name(), type: optionalType(inner, field) });
    inner.finish();
  }
  return () => ({ kind: 'variant', cases: found.map(({ name, type }) => ({ name, type: type?.() })) });
}

function result(c: Cursor, field: Field): Late<DefValType> {
  const ok = optionalType(c, field);
  const inner = c.takeList('error');
  const err = inner === undefined ? undefined : valType(inner, field);
  inner?.finish();
  return () => ({ kind: 'result', ok: ok?.(), err: err?.() });
}

function list(c: Cursor, field: Field): Late<DefValType> {
  const element = valType(c, field);
  if (c.done) return () => ({ kind: 'list', element: element() });
  const length = c.u32('a length');
  return () => ({ kind: 'fixed-list', element: element(), length });
}

function labels(c: Cursor): string[] {
  const found: string[] = [];
  while (!c.done) found.push(c.name('a label'));
  return found;
}

function tuple(c: Cursor, field: Field): Late<DefValType> {
  const types: Late<ValTypeRef>[] = [];
  while (!c.done) types.push(valType(c, field));
  return () => ({ kind: 'tuple', types: types.map((type) => type()) });
}

/** `defvaltype` in parentheses. */
export function defValType(c: Cursor, field: Field): Late<DefValType> {
  const inner = c.list();
  const type = defValTypeOf(inner, field);
  inner.finish();
  return type;
}

function defValTypeOf(c: Cursor, field: Field): Late<DefValType> {
  const node = c.peek() ?? c.owner;
  const keyword = c.word('a type').text;
  switch (keyword) {
    case 'record': {
      const fields = named(c, 'field', field);
      return () => ({ kind: 'record', fields: fields() });
    }
    case 'variant':
      return variant(c, field);
    case 'list':
      return list(c, field);
    case 'tuple':
      return tuple(c, field);
    case 'flags':
    case 'enum': {
      const found = labels(c);
      return () => ({ kind: keyword, labels: found });
    }
    case 'option': {
      const type = valType(c, field);
      return () => ({ kind: 'option', type: type() });
    }
    case 'result':
      return result(c, field);
    case 'map': {
      const key = valType(c, field);
      const value = valType(c, field);
      return () => ({ kind: 'map', key: key(), value: value() });
    }
    case 'own':
    case 'borrow': {
      const index = indexOrRef(c, field.scope, 'type');
      return () => ({ kind: keyword, index: index() });
    }
    case 'stream':
    case 'future': {
      const element = optionalType(c, field);
      return () => ({ kind: keyword, element: element?.() });
    }
    default:
      throw nodeError('unexpected-token', `unexpected token \`${keyword}\`; expected a type`, node);
  }
}

/** `(param …)* (result …)?` behind `func`. */
export function funcType(c: Cursor, field: Field): Late<FuncTypeDef> {
  const async = c.takeWord('async');
  const params = named(c, 'param', field);
  const inner = c.takeList('result');
  const type = inner === undefined ? undefined : valType(inner, field);
  inner?.finish();
  return () => ({ kind: 'func', async, params: params(), result: type?.() });
}

/** `(rep …) (dtor …)?` behind `resource`. */
export function resourceType(c: Cursor, field: Field): Late<ResourceTypeDef> {
  const inner = c.list('rep');
  const rep = inner.takeWord('i64') ? 'i64' : 'i32';
  if (rep === 'i32') inner.keyword('i32');
  inner.finish();
  const destructor = c.takeList('dtor');
  const dtor = destructor === undefined ? undefined : coreIndexOrRef(destructor, field.scope, 'func');
  destructor?.finish();
  return () => ({ kind: 'resource', rep, dtor: dtor?.() });
}
