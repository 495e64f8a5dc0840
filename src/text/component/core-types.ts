/** Core types in components, module types above all. Specification: Explainer, "Core Type Definitions". */
import type { CoreExternType } from '../../types/core-type.ts';
import type { CoreTypeDef, ModuleDeclaration } from '../../types/definition.ts';
import { TypeTable, type TypeUse } from '../core/type-table.ts';
import { globalType, memoryType, subType, tableType } from '../core/types.ts';
import { Cursor, type Ref } from '../cursor.ts';
import { nameAnnotation } from '../name-annotation.ts';
import type { Node } from '../node.ts';
import { isTypeRef } from './ref.ts';
import { type Field, type Late, Scope } from './scope.ts';

/** `(core type <id>? …)`, behind the keywords. The type may refer to itself. */
export function coreTypeField(c: Cursor, field: Field): Late<void> {
  const { scope } = field;
  const { owner } = c;
  const id = c.takeId();
  const name = nameAnnotation(c) ?? id?.name;
  if (c.isList('module')) {
    const inner = c.list('module');
    c.finish();
    const type = moduleType(inner.owner, inner.rest(), scope, id?.name);
    return () => {
      scope.define({ kind: 'core type', offset: owner.offset, type: type() }, 'core type', id, name);
    };
  }
  return () => {
    scope.space('core type').add(id, name);
    const { type } = subType(c, (ref) => scope.space('core type').resolve(ref));
    c.finish();
    scope.items.push({
      kind: 'core type',
      offset: owner.offset,
      type: { kind: 'rec', rec: { explicit: false, types: [type] } },
    });
  };
}

/** `(core rec (type …)*)`, behind the keywords. */
export function coreRecField(c: Cursor, field: Field): Late<void> {
  const { scope } = field;
  const types: Cursor[] = [];
  while (!c.done) types.push(c.list('type'));
  return () => {
    const space = scope.space('core type');
    for (const type of types) {
      const id = type.takeId();
      space.add(id, nameAnnotation(type) ?? id?.name);
    }
    const parsed = types.map((type) => {
      const one = subType(type, (ref) => space.resolve(ref)).type;
      type.finish();
      return one;
    });
    scope.items.push({
      kind: 'core type',
      offset: c.owner.offset,
      type: { kind: 'rec', rec: { explicit: true, types: parsed } },
    });
  };
}

/** What stands behind `core module` in an import: `(type <idx>)` or declarations. */
export function moduleTypeUse(c: Cursor, field: Field): Late<number> {
  const { scope } = field;
  if (isTypeRef(c)) {
    const inner = c.list('type');
    const ref = inner.ref('a core type');
    inner.finish();
    return () => scope.resolve('core type', ref);
  }
  const { owner } = c;
  const type = moduleType(owner, c.rest(), scope, undefined);
  return field.before(field.types, () =>
    scope.define({ kind: 'core type', offset: owner.offset, type: type() }, 'core type'),
  );
}

/** The inside of `(module …)` as a type. */
function moduleType(
  owner: Cursor['owner'],
  items: readonly Node[],
  parent: Scope,
  id: string | undefined,
): Late<CoreTypeDef> {
  return () => {
    const scope = new Scope(parent, id);
    const types = new TypeTable(scope.space('core type'), false);
    const found: Late<ModuleDeclaration>[] = [];
    const c = new Cursor(owner, 0, items);
    while (!c.done) found.push(...declaration(c.list(), scope, types));
    return { kind: 'module', declarations: found.map((one) => one()) };
  };
}

/** One declaration, and in front of it the types that it states in place. */
function declaration(c: Cursor, scope: Scope, types: TypeTable): Late<ModuleDeclaration>[] {
  const { offset } = c.owner;
  const before = types.groups;
  const self = declarationOf(c, scope, types);
  const added: Late<ModuleDeclaration>[] = [];
  for (let group = before; group < types.groups; group++)
    added.push(() => ({ kind: 'type', offset, type: types.group(group) }));
  return self === undefined ? added : [...added, self];
}

/** `undefined` for a type, which the caller adds. */
function declarationOf(c: Cursor, scope: Scope, types: TypeTable): Late<ModuleDeclaration> | undefined {
  const { offset } = c.owner;
  const keyword = c.word('a declaration').text;
  switch (keyword) {
    case 'type':
      types.define(c);
      return undefined;
    case 'rec':
      types.defineRec(c);
      return undefined;
    case 'alias':
      return outerAlias(c, scope, types);
    case 'import': {
      const module = c.name();
      const name = c.name();
      const type = externType(c.list(), types, true);
      c.finish();
      return () => ({ kind: 'import', offset, module, name, type: type() });
    }
    case 'export': {
      const name = c.name();
      const type = externType(c.list(), types, false);
      c.finish();
      return () => ({ kind: 'export', offset, name, type: type() });
    }
    default:
      throw new Cursor(c.owner).unexpected('`type`, `alias`, `import` or `export`');
  }
}

/** `(alias outer <idx> <idx> (type <id>?))` */
function outerAlias(c: Cursor, scope: Scope, types: TypeTable): Late<ModuleDeclaration> {
  c.keyword('outer');
  const outer: Ref = c.ref();
  const ref = c.ref();
  const inner = c.list('type');
  const id = inner.takeId();
  inner.finish();
  c.finish();
  const target = scope.outer('core type', outer, ref);
  types.alias(id);
  return () => ({ kind: 'outer-alias', offset: c.owner.offset, ...target });
}

/** `core:externtype`; imports may have an identifier. */
function externType(c: Cursor, types: TypeTable, named: boolean): Late<CoreExternType> {
  const sort = c.word('the sort of a core item').text;
  if (named) {
    c.takeId();
    nameAnnotation(c);
  }
  switch (sort) {
    case 'func':
    case 'tag': {
      const use: TypeUse = types.read(c);
      c.finish();
      const added = use.ref === undefined ? types.intern(use) : undefined;
      return () => {
        types.check(use);
        return { kind: sort, typeIndex: added ?? types.intern(use) };
      };
    }
    case 'table':
    case 'memory':
    case 'global': {
      return () => {
        const type =
          sort === 'table'
            ? tableType(c, types.resolve)
            : sort === 'memory'
              ? memoryType(c)
              : globalType(c, types.resolve);
        c.finish();
        return type;
      };
    }
    default:
      throw new Cursor(c.owner).unexpected('`func`, `table`, `memory`, `global` or `tag`');
  }
}
