/**
 * References: `$f`, `0`, `(func $f)`, `(func $instance "name" "name")`, and for core sorts in components `(core func $instance "name")`.
 * Specification: Explainer, "Index Spaces", "Alias Definitions".
 */
import type { CoreSort } from '../../types/core-type.ts';
import type { AnySort, Sort } from '../../types/definition.ts';
import { type Cursor, nodeError } from '../cursor.ts';
import type { Late, Scope } from './scope.ts';

/** What core instances export. */
const CORE_EXPORTS: readonly string[] = ['func', 'table', 'memory', 'global', 'tag'];
const SORTS: readonly string[] = ['func', 'value', 'type', 'component', 'instance'];

/** `<sort>` of the component level or `core module`. */
export function componentSort(c: Cursor): Sort | 'core module' {
  if (c.takeWord('core')) {
    c.keyword('module');
    return 'core module';
  }
  const node = c.peek();
  if (node?.kind !== 'word' || !SORTS.includes(node.text))
    throw c.unexpected('a sort, such as `func` or `core module`');
  c.skip();
  return node.text as Sort;
}

/** A sort that core instances export. */
export function coreSort(c: Cursor): CoreSort {
  const node = c.peek();
  if (node?.kind !== 'word' || !CORE_EXPORTS.includes(node.text))
    throw c.unexpected('`func`, `memory`, `table`, `global` or `tag`');
  c.skip();
  return node.text as CoreSort;
}

/** `<idx> <name>*` behind the sort. */
export function itemRef(c: Cursor, scope: Scope, sort: AnySort): Late<number> {
  const ref = c.ref();
  const names: string[] = [];
  while (c.isString()) names.push(c.name());
  c.finish();
  return () => scope.exportOf(sort, ref, names);
}

/** `<idx> <name>?` behind a core sort. */
export function coreItemRef(c: Cursor, scope: Scope, sort: CoreSort): Late<number> {
  const ref = c.ref();
  const node = c.peek();
  const name = c.isString() ? c.name() : undefined;
  if (name !== undefined && !CORE_EXPORTS.includes(sort))
    throw nodeError('unexpected-token', `unexpected token: core instances do not export a ${sort}`, node!);
  c.finish();
  return () => scope.coreExportOf(`core ${sort}`, ref, name);
}

/** `{X}idx`: an index, or a reference in parentheses with the keyword of the sort. */
export function indexOrRef(c: Cursor, scope: Scope, sort: AnySort, keyword: string = sort): Late<number> {
  if (c.isRef()) {
    const ref = c.ref();
    return () => scope.resolve(sort, ref);
  }
  return itemRef(c.list(keyword), scope, sort);
}

/** `core-prefix(<core:{X}sortidx>)`: `(core func $f)` */
export function coreSortRef(c: Cursor, scope: Scope, sort: CoreSort): Late<number> {
  const inner = c.list('core');
  inner.keyword(sort);
  return coreItemRef(inner, scope, sort);
}

/** `core-prefix(<core:{X}idx>)`: an index or `(core func $f)` */
export function coreIndexOrRef(c: Cursor, scope: Scope, sort: CoreSort): Late<number> {
  if (!c.isRef()) return coreSortRef(c, scope, sort);
  const ref = c.ref();
  return () => scope.resolve(`core ${sort}`, ref);
}

/** True if a list `(type <idx>)` or `(type <idx> "name"…)` comes next: a reference, and not the definition of a type. */
export function isTypeRef(c: Cursor): boolean {
  const node = c.peek();
  if (node?.kind !== 'list' || !c.isList('type')) return false;
  const [, ref, next] = node.items.filter((item) => item.kind !== 'annotation');
  const isRef = ref?.kind === 'id' || (ref?.kind === 'word' && /^[0-9]/.test(ref.text));
  return isRef && (next === undefined || next.kind === 'string');
}
