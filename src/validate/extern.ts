/** Extern types in place and items by sort. Specification: Binary, "externtype", "sortidx". */
import { openInstanceType } from '../types/component-type.ts';
import type { AnySort, ExternTypeDef } from '../types/definition.ts';
import type { ExternType, TypeEntity } from '../types/extern-type.ts';
import type { ResourceType, ValueType } from '../types/value-type.ts';
import { unreachable } from '../util/invariant.ts';
import { reasons } from './reasons.ts';
import type { Scope } from './scope.ts';
import { externInfo, typeInfo } from './type-info.ts';
import { resolveValType } from './value-type.ts';

/** A new entity that equals an old one: what an import or export of a type makes. */
export function copyEntity<T extends TypeEntity>(entity: T): T {
  return { ...entity };
}

export interface ResolvedExtern {
  readonly type: ExternType;
  /** The abstract resources that it introduces. */
  readonly made: readonly ResourceType[];
}

function plain(type: ExternType): ResolvedExtern {
  return { type, made: [] };
}

function resolveValue(scope: Scope, def: Extract<ExternTypeDef, { kind: 'value' }>, offset: number): ResolvedExtern {
  scope.require('values', 'a value import or export', offset);
  const type: ValueType =
    def.bound === 'type' ? resolveValType(scope, def.type, offset) : valueAt(scope, def.index, offset);
  if (typeInfo(type).hasBorrow) scope.fail(reasons.borrowInValue(), offset);
  return plain({ kind: 'value', type });
}

function valueAt(scope: Scope, index: number, offset: number): ValueType {
  const value = scope.values[index];
  if (value === undefined) scope.fail(reasons.unknownIndex('value', index), offset);
  return value.type;
}

/** Resolves an extern type; every resource that it introduces is new. `name` is that of the import or export, for messages. */
export function resolveExternType(scope: Scope, def: ExternTypeDef, name: string, offset: number): ResolvedExtern {
  switch (def.kind) {
    case 'core module': {
      const entry = scope.coreType(def.index, offset);
      if (entry.kind !== 'module') scope.fail(reasons.coreTypeIndexIsNot(def.index, 'a module type'), offset);
      return plain(entry.type);
    }
    case 'func': {
      const entity = scope.type(def.index, offset);
      if (entity.kind !== 'func') scope.fail(reasons.typeIndexIsNot(def.index, 'a function type'), offset);
      return plain(entity);
    }
    case 'value':
      return resolveValue(scope, def, offset);
    case 'type': {
      if (def.bound === 'eq')
        return plain({ kind: 'type', bound: 'eq', type: copyEntity(scope.type(def.index, offset)) });
      const resource: ResourceType = { kind: 'resource', name };
      return { type: { kind: 'type', bound: 'sub', type: { kind: 'resource', resource } }, made: [resource] };
    }
    case 'component': {
      const entity = scope.type(def.index, offset);
      if (entity.kind !== 'component') scope.fail(reasons.typeIndexIsNot(def.index, 'a component type'), offset);
      return plain(entity);
    }
    case 'instance': {
      const entity = scope.type(def.index, offset);
      if (entity.kind !== 'instance') scope.fail(reasons.typeIndexIsNot(def.index, 'an instance type'), offset);
      if (entity.resources.length > 0) scope.charge(externInfo(entity).size, offset);
      return openInstanceType(entity);
    }
    default:
      return unreachable(def);
  }
}

/** The item with an index in the space of a sort, as something to be exported or supplied. A value is used up. */
export function itemOfSort(scope: Scope, sort: AnySort, index: number, where: string, offset: number): ExternType {
  switch (sort) {
    case 'core module':
      return scope.coreModule(index, offset);
    case 'func':
      return scope.func(index, offset);
    case 'value': {
      scope.require('values', 'a value', offset);
      return { kind: 'value', type: scope.useValue(index, offset) };
    }
    case 'type':
      return { kind: 'type', bound: 'eq', type: scope.type(index, offset) };
    case 'component':
      return scope.component(index, offset);
    case 'instance':
      return scope.instance(index, offset);
    default:
      return scope.fail(reasons.sortNotAllowed(sort, where), offset);
  }
}
