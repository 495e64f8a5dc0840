/** Aliases, written with the sort behind or in front. Specification: Explainer, "Alias Definitions". */
import type { AnySort } from '../../types/definition.ts';
import type { Cursor } from '../cursor.ts';
import { nameAnnotation } from '../name-annotation.ts';
import type { Id } from '../node.ts';
import { componentSort, coreSort } from './ref.ts';
import type { Field, Late, Scope } from './scope.ts';

/** Adds the alias once its sort and identifier are known. */
type Define = (sort: AnySort, id: Id | undefined, name: string | undefined) => Late<void>;

/** `export <idx> <name>`, `core export <idx> <name>`, `outer <idx> <idx>`: what stands behind `alias`. */
function target(
  c: Cursor,
  scope: Scope,
): { readonly kind: 'export' | 'core export' | 'outer'; readonly define: Define } {
  const { offset } = c.owner;
  if (c.takeWord('outer')) {
    const outer = c.ref();
    const ref = c.ref();
    return {
      kind: 'outer',
      define: (sort, id, name) => () => {
        const found = scope.outer(sort, outer, ref);
        scope.define({ kind: 'alias', offset, sort, target: { kind: 'outer', ...found } }, sort, id, name);
      },
    };
  }
  const kind = c.takeWord('core') ? 'core export' : 'export';
  if (!c.isWord('export')) throw c.unexpected('`export`, `core export` or `outer`');
  c.keyword('export');
  const ref = c.ref('an instance');
  const exportName = c.name();
  return {
    kind,
    define: (sort, id, name) => () => {
      const instance = scope.resolve(kind === 'export' ? 'instance' : 'core instance', ref);
      scope.define({ kind: 'alias', offset, sort, target: { kind, instance, name: exportName } }, sort, id, name);
    },
  };
}

/** `outeraliassort` */
function outerSort(c: Cursor): AnySort {
  if (c.takeWord('core')) {
    if (c.takeWord('module')) return 'core module';
    c.keyword('type');
    return 'core type';
  }
  if (c.takeWord('type')) return 'type';
  if (c.takeWord('component')) return 'component';
  throw c.unexpected('`core module`, `core type`, `type` or `component`: other sorts have no outer aliases');
}

function aliasSort(c: Cursor, kind: 'export' | 'core export' | 'outer'): AnySort {
  if (kind === 'outer') return outerSort(c);
  if (kind === 'export') return componentSort(c);
  c.keyword('core');
  return `core ${coreSort(c)}`;
}

/** `(alias <target> (<sort> <id>?))`, behind `alias` */
export function aliasField(c: Cursor, { scope }: Field): Late<void> {
  const { kind, define } = target(c, scope);
  const inner = c.list();
  const sort = aliasSort(inner, kind);
  const id = inner.takeId();
  const name = nameAnnotation(inner);
  inner.finish();
  c.finish();
  return define(sort, id, name);
}

/** `(<sort> <id>? (alias <target>))`: the alias if one comes next. */
export function invertedAlias(
  c: Cursor,
  { scope }: Field,
  sort: AnySort,
  id: Id | undefined,
  name: string | undefined,
): Late<void> | undefined {
  const inner = c.takeList('alias');
  if (inner === undefined) return undefined;
  const { kind, define } = target(inner, scope);
  const fits =
    kind === 'core export'
      ? sort.startsWith('core ') && sort !== 'core module'
      : !sort.startsWith('core ') || sort === 'core module';
  if (!fits && kind !== 'outer') throw c.unexpected(`another kind of alias: a ${sort} is no \`${kind}\``);
  inner.finish();
  c.finish();
  return define(sort, id, name);
}
