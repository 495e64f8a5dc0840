/** Core instances and component instances. Specification: Explainer, "Instance Definitions". */
import type { CoreSort } from '../../types/core-type.ts';
import type { AnySort, Definition, ExternNameDecl } from '../../types/definition.ts';
import type { Cursor } from '../cursor.ts';
import { nameAnnotation } from '../name-annotation.ts';
import { head } from '../node.ts';
import { externName } from './names.ts';
import { componentSort, coreItemRef, coreSort, indexOrRef, itemRef } from './ref.ts';
import type { Field, Late } from './scope.ts';

type CoreExpr = Extract<Definition, { readonly kind: 'core instance' }>['expr'];
type Expr = Extract<Definition, { readonly kind: 'instance' }>['expr'];

/** `(export <name> (<sort> <idx> <name>?))*` of core items */
function coreExports(c: Cursor, field: Field): Late<CoreExpr> {
  const found: { readonly name: string; readonly sort: CoreSort; readonly index: Late<number> }[] = [];
  while (!c.done) {
    const inner = c.list('export');
    const name = inner.name();
    const item = inner.list();
    const sort = coreSort(item);
    found.push({ name, sort, index: coreItemRef(item, field.scope, sort) });
    inner.finish();
  }
  return () => ({ kind: 'exports', exports: found.map(({ name, sort, index }) => ({ name, sort, index: index() })) });
}

/** True if `(instance …)` comes next with exports, not with an index. */
function isBundle(c: Cursor): boolean {
  const node = c.peek();
  if (node?.kind !== 'list' || head(node) !== 'instance') return false;
  const second = node.items.filter((item) => item.kind !== 'annotation')[1];
  return second === undefined || second.kind === 'list';
}

/** `(with <name> (instance …))`: an instance, or one made of exports in front of this field. */
function coreArgument(c: Cursor, field: Field): Late<number> {
  const { scope } = field;
  const { offset } = c.owner;
  if (!isBundle(c)) return coreItemRef(c.list('instance'), scope, 'instance');
  const expr = coreExports(c.list('instance'), field);
  return field.before(field.instances, () =>
    scope.define({ kind: 'core instance', offset, expr: expr() }, 'core instance'),
  );
}

function coreInstantiate(c: Cursor, field: Field): Late<CoreExpr> {
  const module = indexOrRef(c, field.scope, 'core module', 'module');
  const args: { readonly name: string; readonly instance: Late<number> }[] = [];
  while (!c.done) {
    const inner = c.list('with');
    args.push({ name: inner.name(), instance: coreArgument(inner, field) });
    inner.finish();
  }
  return () => {
    const index = module();
    return {
      kind: 'instantiate',
      module: index,
      args: args.map(({ name, instance }) => ({ name, instance: instance() })),
    };
  };
}

/** `(core instance <id>? …)`, behind the keywords */
export function coreInstanceField(c: Cursor, field: Field): Late<void> {
  const id = c.takeId();
  const name = nameAnnotation(c) ?? id?.name;
  const inner = c.takeList('instantiate');
  const expr = inner === undefined ? coreExports(c, field) : coreInstantiate(inner, field);
  c.finish();
  const { offset } = c.owner;
  return () => {
    field.scope.define({ kind: 'core instance', offset, expr: expr() }, 'core instance', id, name);
  };
}

/** `externidx`: `(<sort> <idx> <name>*)`, with the sorts that components export. */
export function externIndex(c: Cursor, field: Field): { readonly sort: AnySort; readonly index: Late<number> } {
  const inner = c.list();
  const sort = componentSort(inner);
  return { sort, index: itemRef(inner, field.scope, sort) };
}

/** `(export <name> <externidx>)*` */
function bundle(c: Cursor, field: Field): Late<Expr> {
  const found: { readonly name: ExternNameDecl; readonly sort: AnySort; readonly index: Late<number> }[] = [];
  while (!c.done) {
    const inner = c.list('export');
    found.push({ name: externName(inner), ...externIndex(inner, field) });
    inner.finish();
  }
  return () => ({ kind: 'exports', exports: found.map(({ name, sort, index }) => ({ name, sort, index: index() })) });
}

/** `(with <name> <externidx>)`, `(with <name> (instance <export>*))` */
function argument(c: Cursor, field: Field): { readonly sort: AnySort; readonly index: Late<number> } {
  const { scope } = field;
  const { offset } = c.owner;
  if (!isBundle(c)) return externIndex(c, field);
  const expr = bundle(c.list('instance'), field);
  const index = field.before(field.instances, () =>
    scope.define({ kind: 'instance', offset, expr: expr() }, 'instance'),
  );
  return { sort: 'instance', index };
}

function instantiate(c: Cursor, field: Field): Late<Expr> {
  const component = indexOrRef(c, field.scope, 'component');
  const args: { readonly name: string; readonly sort: AnySort; readonly index: Late<number> }[] = [];
  while (!c.done) {
    const inner = c.list('with');
    args.push({ name: inner.name(), ...argument(inner, field) });
    inner.finish();
  }
  return () => {
    const index = component();
    return {
      kind: 'instantiate',
      component: index,
      args: args.map((arg) => ({ name: arg.name, sort: arg.sort, index: arg.index() })),
    };
  };
}

/** What stands in `(instance …)` behind identifier, inline exports and import. */
export function instanceExpr(c: Cursor, field: Field): Late<Expr> {
  const inner = c.takeList('instantiate');
  const expr = inner === undefined ? bundle(c, field) : instantiate(inner, field);
  c.finish();
  return expr;
}
