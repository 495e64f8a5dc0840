/** Aliases of exports and of outer definitions. Specification: Binary, "alias"; Explainer, "Alias Definitions". */
import { freeResources } from '../types/component-type.ts';
import type { CoreSort } from '../types/core-type.ts';
import type { AliasDef, AnySort } from '../types/definition.ts';
import { type CoreExtern, type ExternType, externSort } from '../types/extern-type.ts';
import { unreachable } from '../util/invariant.ts';
import { LIMITS } from './limits.ts';
import { reasons } from './reasons.ts';
import type { Label, Scope } from './scope.ts';

type Target<K extends AliasDef['target']['kind']> = Extract<AliasDef['target'], { readonly kind: K }>;

/** The name of a sort as messages write it: `module` for `core module`. */
function sortName(sort: AnySort): string {
  return sort.startsWith('core ') ? sort.slice('core '.length) : sort;
}

function aliasExport(scope: Scope, sort: AnySort, target: Target<'export'>, offset: number): void {
  if (scope.kind !== 'component' && sort !== 'type' && sort !== 'instance') scope.fail(reasons.aliasInType(), offset);
  if (sort.startsWith('core ') && sort !== 'core module') scope.fail(reasons.aliasSort(sort), offset);
  if (sort === 'value') scope.require('values', 'an alias of a value', offset);
  const instance = scope.instance(target.instance, offset);
  const item: ExternType | undefined = instance.exports.get(target.name);
  const where = () => `instance ${target.instance}`;
  if (item === undefined) scope.fail(reasons.noExport(where(), target.name), offset);
  if (externSort(item) !== sortName(sort))
    scope.fail(reasons.exportIsNot(target.name, where(), sortName(sort)), offset);
  scope.addExtern(item, offset);
}

function addCoreItem(scope: Scope, item: CoreExtern, offset: number): void {
  switch (item.kind) {
    case 'func':
      scope.addCoreFunc({ type: item.type, typeId: item.typeId }, offset);
      return;
    case 'table':
      scope.add(scope.coreTables, item, 'table', LIMITS.coreItems, offset);
      return;
    case 'memory':
      scope.add(scope.coreMemories, item, 'memory', LIMITS.coreItems, offset);
      return;
    case 'global':
      scope.add(scope.coreGlobals, item, 'global', LIMITS.coreItems, offset);
      return;
    case 'tag':
      scope.add(scope.coreTags, { type: item.type, typeId: item.typeId }, 'tag', LIMITS.coreItems, offset);
      return;
    default:
      unreachable(item);
  }
}

function aliasCoreExport(scope: Scope, sort: AnySort, target: Target<'core export'>, offset: number): void {
  if (scope.kind !== 'component') scope.fail(reasons.aliasInType(), offset);
  if (!isCoreItemSort(sort)) scope.fail(reasons.aliasSort(sort), offset);
  const instance = scope.coreInstance(target.instance, offset);
  const item = instance.exports.get(target.name);
  const where = () => `core instance ${target.instance}`;
  if (item === undefined) scope.fail(reasons.noExport(where(), target.name), offset);
  if (item.kind !== sortName(sort)) scope.fail(reasons.exportIsNot(target.name, where(), sortName(sort)), offset);
  addCoreItem(scope, item, offset);
}

function isCoreItemSort(sort: AnySort): sort is `core ${Exclude<CoreSort, 'type' | 'module' | 'instance'>}` {
  switch (sort) {
    case 'core func':
    case 'core table':
    case 'core memory':
    case 'core global':
    case 'core tag':
      return true;
    default:
      return false;
  }
}

function aliasOuter(scope: Scope, sort: AnySort, target: Target<'outer'>, offset: number): void {
  const inType = scope.kind !== 'component';
  if (inType && sort !== 'type' && sort !== 'core type') scope.fail(reasons.aliasInType(), offset);
  let from: Scope | undefined = scope;
  let crossesComponent = false;
  for (let i = 0; i < target.count && from !== undefined; i++) {
    if (from.kind === 'component') crossesComponent = true;
    from = from.parent;
  }
  if (from === undefined) scope.fail(reasons.outerCount(target.count), offset);
  // Index errors are reported where the alias stands, not where it leads.
  switch (sort) {
    case 'core module':
      scope.addExtern(outerItem(scope, from.coreModules, 'module', target.index, offset), offset);
      return;
    case 'core type':
      scope.addCoreType(outerItem(scope, from.coreTypes, 'type', target.index, offset), offset);
      return;
    case 'component':
      scope.addExtern(outerItem(scope, from.components, 'component', target.index, offset), offset);
      return;
    case 'type': {
      const entity = outerItem(scope, from.types, 'type', target.index, offset);
      if (crossesComponent && freeResources([entity]).size > 0) scope.fail(reasons.outerResource(), offset);
      scope.addType(entity, offset);
      return;
    }
    default:
      scope.fail(reasons.outerSort(sort), offset);
  }
}

function outerItem<T>(scope: Scope, space: readonly T[], what: string, index: number, offset: number): T {
  const item = space[index];
  if (item === undefined) scope.fail(reasons.unknownIndex(what, index), offset);
  return item;
}

/** An alias by the item that it makes: `func 2 > alias`. */
export function aliasLabel(scope: Scope, sort: AnySort): Label {
  return scope.nextLabel(sort, ' > alias');
}

/** `alias ::= s:<sort> 0x00 … | s:<sort> 0x01 … | s:<sort> 0x02 …` */
export function validateAlias(scope: Scope, alias: AliasDef): void {
  const { sort, target, offset } = alias;
  switch (target.kind) {
    case 'export':
      aliasExport(scope, sort, target, offset);
      return;
    case 'core export':
      aliasCoreExport(scope, sort, target, offset);
      return;
    case 'outer':
      aliasOuter(scope, sort, target, offset);
      return;
    default:
      unreachable(target);
  }
}
