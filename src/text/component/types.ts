/**
 * Parses types of components and instances, and with them whatever imports and exports are: the two contain each other.
 * Specification: Explainer, "Definition types", "Declarators".
 */
import type { Declaration, ExternTypeDef, Sort, TypeDef } from '../../types/definition.ts';
import { Cursor, nodeError } from '../cursor.ts';
import { nameAnnotation } from '../name-annotation.ts';
import type { Id, Node } from '../node.ts';
import { aliasField } from './alias.ts';
import { coreRecField, coreTypeField, moduleTypeUse } from './core-types.ts';
import { externName } from './names.ts';
import { componentSort, indexOrRef, isTypeRef, itemRef } from './ref.ts';
import { type Field, type Item, type Late, Scope } from './scope.ts';
import { defineInPlace, defValType, funcType, primitive, resourceType, valType } from './value-types.ts';

/** `deftype`; `id` is that of the type field, by which outer aliases inside may call it. */
export function typeDef(c: Cursor, field: Field, id: string | undefined): Late<TypeDef> {
  const kind = primitive(c);
  if (kind !== undefined) return () => ({ kind: 'primitive', primitive: kind });
  const compound = ['func', 'resource', 'component', 'instance'].find((keyword) => c.isList(keyword));
  if (compound === undefined) return defValType(c, field);
  const inner = c.list(compound);
  switch (compound) {
    case 'func': {
      const type = funcType(inner, field);
      inner.finish();
      return type;
    }
    case 'resource': {
      const type = resourceType(inner, field);
      inner.finish();
      return type;
    }
    default:
      return scopeType(inner, field, compound as 'component' | 'instance', id);
  }
}

/** The declarations of a component or instance type. */
function scopeType(c: Cursor, field: Field, kind: 'component' | 'instance', id: string | undefined): Late<TypeDef> {
  const items = c.rest();
  return () => ({ kind, declarations: declarations(c.owner, items, field.scope, kind, id) });
}

/** What stands behind the sort of a function, component or instance: `(type <idx>)`, or the type itself. */
export function typeUse(c: Cursor, field: Field, kind: 'func' | 'component' | 'instance'): Late<number> {
  if (isTypeRef(c)) return itemRef(c.list('type'), field.scope, 'type');
  const type = kind === 'func' ? funcType(c, field) : scopeType(c, field, kind, undefined);
  return defineInPlace(field, type);
}

/** `bind-id(<externtype>)` as read. */
export interface Extern {
  readonly sort: Sort | 'core module';
  readonly id: Id | undefined;
  /** `(@name …)`, or the identifier. */
  readonly debugName: string | undefined;
  readonly type: Late<ExternTypeDef>;
}

function typeBound(c: Cursor, field: Field): Late<ExternTypeDef> {
  const inner = c.list();
  if (inner.takeWord('sub')) {
    inner.keyword('resource');
    inner.finish();
    return () => ({ kind: 'type', bound: 'sub-resource' });
  }
  inner.keyword('eq');
  const index = indexOrRef(inner, field.scope, 'type');
  inner.finish();
  return () => ({ kind: 'type', bound: 'eq', index: index() });
}

function valueBound(c: Cursor, field: Field): Late<ExternTypeDef> {
  const eq = c.takeList('eq');
  if (eq !== undefined) {
    const index = indexOrRef(eq, field.scope, 'value');
    eq.finish();
    return () => ({ kind: 'value', bound: 'eq', index: index() });
  }
  if (isTypeRef(c)) {
    const index = itemRef(c.list('type'), field.scope, 'type');
    return () => ({ kind: 'value', bound: 'type', type: { kind: 'index', index: index() } });
  }
  const type = valType(c, field);
  return () => ({ kind: 'value', bound: 'type', type: type() });
}

/** What stands behind the sort and the identifier. */
export function externTypeOf(sort: Sort | 'core module', c: Cursor, field: Field): Late<ExternTypeDef> {
  switch (sort) {
    case 'core module': {
      const index = moduleTypeUse(c, field);
      return () => ({ kind: 'core module', index: index() });
    }
    case 'type':
      return typeBound(c, field);
    case 'value':
      return valueBound(c, field);
    default: {
      const index = typeUse(c, field, sort);
      return () => ({ kind: sort, index: index() });
    }
  }
}

/** The next list, an `externtype`; with an identifier only if `bind`. */
export function externType(c: Cursor, field: Field, bind: boolean): Extern {
  const inner = c.list();
  const sort = componentSort(inner);
  const id = bind ? inner.takeId() : undefined;
  const debugName = (bind ? nameAnnotation(inner) : undefined) ?? id?.name;
  const type = externTypeOf(sort, inner, field);
  inner.finish();
  return { sort, id, debugName, type };
}

/** How deep components and types may be nested. */
const MAX_NESTING = 100;

/** A scope inside another. */
export function nestedScope(parent: Scope, id: string | undefined, node: Node): Scope {
  let depth = 0;
  for (let scope: Scope | undefined = parent; scope !== undefined; scope = scope.parent) depth++;
  if (depth >= MAX_NESTING)
    throw nodeError('nested-too-deep', `components and types are nested more than ${MAX_NESTING} levels deep`, node);
  return new Scope(parent, id);
}

/** `(type <id>? <deftype>)`, behind the keyword; also in components, where `exports` adds inline exports. */
export function typeField(c: Cursor, field: Field, exports?: (c: Cursor, index: Late<number>) => void): Late<void> {
  const { scope } = field;
  const id = c.takeId();
  const name = nameAnnotation(c) ?? id?.name;
  let index = -1;
  exports?.(c, () => index);
  const type = typeDef(c, field, id?.name);
  c.finish();
  return () => {
    index = scope.define({ kind: 'type', offset: c.owner.offset, type: type() }, 'type', id, name);
  };
}

/** `(core type …)`, `(core rec …)`, behind `core` */
export function coreDeclaration(c: Cursor, field: Field): Late<void> {
  if (c.takeWord('type')) return coreTypeField(c, field);
  if (c.takeWord('rec')) return coreRecField(c, field);
  throw c.unexpected('`type` or `rec`');
}

/** `(import …)`, or the `(export …)` of a type, behind the keyword. */
export function externField(kind: 'import' | 'export', c: Cursor, field: Field): Late<void> {
  const name = externName(c);
  const { sort, id, debugName, type } = externType(c, field, true);
  c.finish();
  const { offset } = c.owner;
  return () => {
    const resolved = type();
    const item: Item =
      kind === 'import' ? { kind, offset, name, type: resolved } : { kind, offset, name, type: resolved };
    field.scope.define(item, sort, id, debugName);
  };
}

function declaration(c: Cursor, field: Field, kind: 'component' | 'instance'): Late<void> {
  if (c.takeWord('core')) return coreDeclaration(c, field);
  if (c.takeWord('type')) return typeField(c, field);
  if (c.takeWord('alias')) return aliasField(c, field);
  if (c.takeWord('export')) return externField('export', c, field);
  if (kind === 'component' && c.takeWord('import')) return externField('import', c, field);
  throw c.unexpected(`a declaration of a type of ${kind === 'component' ? 'a component' : 'an instance'}`);
}

/** All declarations of a type. */
export function declarations(
  owner: Cursor['owner'],
  items: readonly Node[],
  parent: Scope,
  kind: 'component' | 'instance',
  id: string | undefined,
): Declaration[] {
  const scope = nestedScope(parent, id, owner);
  const c = new Cursor(owner, 0, items);
  while (!c.done) {
    const inner = c.list();
    scope.field((field) => declaration(inner, field, kind));
  }
  return scope.items as Declaration[];
}
