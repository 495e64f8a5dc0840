/** Value, function and resource types of the type section. Specification: Binary, "defvaltype", "functype", "resourcetype". */
import type { DefValType, FuncTypeDef, NamedTypeRef, ResourceTypeDef, ValTypeRef } from '../types/definition.ts';
import {
  type ExternType,
  type HandleType,
  isValueType,
  type LocalResourceType,
  type ResourceRef,
} from '../types/extern-type.ts';
import type { FuncType, PrimitiveKind, ValueType } from '../types/value-type.ts';
import { unreachable } from '../util/invariant.ts';
import { LIMITS } from './limits.ts';
import { checkLabels } from './names.ts';
import { reasons } from './reasons.ts';
import type { Scope } from './scope.ts';
import { externInfo, typeInfo } from './type-info.ts';

const PRIMITIVES = new Map<PrimitiveKind, ValueType>();

function primitive(scope: Scope, kind: PrimitiveKind, offset: number): ValueType {
  if (kind === 'error-context') scope.require('error-context', 'the type `error-context`', offset);
  const known = PRIMITIVES.get(kind);
  if (known !== undefined) return known;
  const made = { kind };
  PRIMITIVES.set(kind, made);
  return made;
}

/** `valtype ::= i:<typeidx> | pvt:<primvaltype>` */
export function resolveValType(scope: Scope, ref: ValTypeRef, offset: number): ValueType {
  if (ref.kind === 'primitive') return primitive(scope, ref.primitive, offset);
  const entity = scope.type(ref.index, offset);
  if (!isValueType(entity)) scope.fail(reasons.typeIndexIsNot(ref.index, 'a defined type'), offset);
  return entity;
}

function optional(scope: Scope, ref: ValTypeRef | undefined, offset: number): ValueType | undefined {
  return ref === undefined ? undefined : resolveValType(scope, ref, offset);
}

function named(scope: Scope, refs: readonly NamedTypeRef[], offset: number): { name: string; type: ValueType }[] {
  return refs.map(({ name, type }) => ({ name, type: resolveValType(scope, type, offset) }));
}

function record(scope: Scope, def: Extract<DefValType, { kind: 'record' }>, offset: number): ValueType {
  if (def.fields.length === 0) scope.fail(reasons.emptyRecord(), offset);
  scope.checkCount('record field', def.fields.length, LIMITS.recordFields, offset);
  checkLabels(
    scope,
    def.fields.map((field) => field.name),
    'record field',
    'field name',
    offset,
  );
  return { kind: 'record', fields: named(scope, def.fields, offset) };
}

function variant(scope: Scope, def: Extract<DefValType, { kind: 'variant' }>, offset: number): ValueType {
  if (def.cases.length === 0) scope.fail(reasons.emptyVariant(), offset);
  scope.checkCount('variant case', def.cases.length, LIMITS.variantCases, offset);
  checkLabels(
    scope,
    def.cases.map((one) => one.name),
    'variant case',
    'case name',
    offset,
  );
  const cases = def.cases.map(({ name, type }) => ({ name, type: optional(scope, type, offset) }));
  return { kind: 'variant', cases };
}

function flags(scope: Scope, labels: readonly string[], offset: number): ValueType {
  if (labels.length === 0) scope.fail(reasons.emptyFlags(), offset);
  if (labels.length > 32) scope.fail(reasons.tooManyFlags(), offset);
  checkLabels(scope, labels, 'flag', 'flag name', offset);
  return { kind: 'flags', labels };
}

function enumeration(scope: Scope, labels: readonly string[], offset: number): ValueType {
  if (labels.length === 0) scope.fail(reasons.emptyEnum(), offset);
  scope.checkCount('enum case', labels.length, LIMITS.enumCases, offset);
  checkLabels(scope, labels, 'enum tag', 'tag name', offset);
  return { kind: 'enum', labels };
}

function tuple(scope: Scope, types: readonly ValTypeRef[], offset: number): ValueType {
  if (types.length === 0) scope.fail(reasons.emptyTuple(), offset);
  scope.checkCount('tuple type', types.length, LIMITS.tupleTypes, offset);
  return { kind: 'tuple', types: types.map((type) => resolveValType(scope, type, offset)) };
}

function isKeyType(type: ValueType): boolean {
  switch (type.kind) {
    case 'bool':
    case 's8':
    case 'u8':
    case 's16':
    case 'u16':
    case 's32':
    case 'u32':
    case 's64':
    case 'u64':
    case 'char':
    case 'string':
      return true;
    default:
      return false;
  }
}

function map(scope: Scope, def: Extract<DefValType, { kind: 'map' }>, offset: number): ValueType {
  scope.require('map', 'the type `map`', offset);
  const key = resolveValType(scope, def.key, offset);
  if (!isKeyType(key)) scope.fail(reasons.mapKey(key.kind), offset);
  return { kind: 'map', key, value: resolveValType(scope, def.value, offset) };
}

function fixedList(scope: Scope, def: Extract<DefValType, { kind: 'fixed-list' }>, offset: number): ValueType {
  scope.require('fixed-length-lists', 'a list of a fixed length', offset);
  if (def.length === 0) scope.fail(reasons.emptyFixedList(), offset);
  return { kind: 'fixed-list', element: resolveValType(scope, def.element, offset), length: def.length };
}

function streamOrFuture(
  scope: Scope,
  def: Extract<DefValType, { kind: 'stream' | 'future' }>,
  offset: number,
): ValueType {
  scope.require('async', `the type \`${def.kind}\``, offset);
  const element = optional(scope, def.element, offset);
  if (def.kind === 'stream' && element?.kind === 'char') scope.fail(reasons.streamChar(), offset);
  if (element !== undefined && typeInfo(element).hasBorrow) scope.fail(reasons.borrowInStream(def.kind), offset);
  return { kind: def.kind, element };
}

/** The resource that a type index names. */
export function resourceAt(scope: Scope, index: number, offset: number): ResourceRef {
  const entity = scope.type(index, offset);
  if (entity.kind !== 'resource') scope.fail(reasons.typeIndexIsNot(index, 'a resource type'), offset);
  return entity;
}

function handle(scope: Scope, kind: 'own' | 'borrow', index: number, offset: number): HandleType {
  const ref = resourceAt(scope, index, offset);
  return { kind, resource: ref.resource, ref };
}

function build(scope: Scope, def: DefValType, offset: number): ValueType {
  switch (def.kind) {
    case 'primitive':
      return primitive(scope, def.primitive, offset);
    case 'record':
      return record(scope, def, offset);
    case 'variant':
      return variant(scope, def, offset);
    case 'list':
      return { kind: 'list', element: resolveValType(scope, def.element, offset) };
    case 'fixed-list':
      return fixedList(scope, def, offset);
    case 'map':
      return map(scope, def, offset);
    case 'tuple':
      return tuple(scope, def.types, offset);
    case 'flags':
      return flags(scope, def.labels, offset);
    case 'enum':
      return enumeration(scope, def.labels, offset);
    case 'option':
      return { kind: 'option', type: resolveValType(scope, def.type, offset) };
    case 'result':
      return { kind: 'result', ok: optional(scope, def.ok, offset), err: optional(scope, def.err, offset) };
    case 'own':
    case 'borrow':
      return handle(scope, def.kind, def.index, offset);
    case 'stream':
    case 'future':
      return streamOrFuture(scope, def, offset);
    default:
      return unreachable(def);
  }
}

function checkSize(scope: Scope, size: number, depth: number, offset: number): void {
  if (size > LIMITS.typeSize) scope.fail(reasons.typeSize(LIMITS.typeSize), offset);
  if (depth > LIMITS.depth) scope.fail(reasons.typeDepth(LIMITS.depth), offset);
}

/** Refuses types that would make later passes slow or deep. */
export function checkTypeSize(scope: Scope, type: Parameters<typeof externInfo>[0], offset: number): void {
  const { size, depth } = externInfo(type);
  checkSize(scope, size, depth, offset);
}

/** Adds an import or export to the size of the type that the scope makes, and refuses what is too large or deep. */
export function growType(scope: Scope, type: ExternType, offset: number): void {
  const { size, depth } = externInfo(type);
  scope.typeSize += size;
  checkSize(scope, scope.typeSize, depth + 1, offset);
}

/** `defvaltype` */
export function resolveDefValType(scope: Scope, def: DefValType, offset: number): ValueType {
  const type = build(scope, def, offset);
  checkTypeSize(scope, type, offset);
  if (typeInfo(type).bytes >= LIMITS.byteSize) scope.fail(reasons.byteSize(), offset);
  return type;
}

/** `functype ::= 0x40 ps:<paramlist> rs:<resultlist> | 0x43 ps:<paramlist> rs:<resultlist>` */
export function resolveFuncType(scope: Scope, def: FuncTypeDef, offset: number): FuncType {
  if (def.async) scope.require('async', 'an async function type', offset);
  scope.checkCount('component function parameter', def.params.length, LIMITS.params, offset);
  checkLabels(
    scope,
    def.params.map((param) => param.name),
    'function parameter',
    'parameter name',
    offset,
  );
  const params = named(scope, def.params, offset);
  const result = optional(scope, def.result, offset);
  if (result !== undefined && typeInfo(result).hasBorrow) scope.fail(reasons.borrowInResult(), offset);
  const type: FuncType = { kind: 'func', async: def.async, params, result };
  checkTypeSize(scope, type, offset);
  return type;
}

/** `resourcetype ::= 0x3f t:<core:valtype> f?:<core:funcidx>?` */
export function resolveResourceType(scope: Scope, def: ResourceTypeDef, offset: number): ResourceRef {
  if (scope.kind !== 'component') scope.fail(reasons.resourceInType(), offset);
  if (def.rep === 'i64') scope.require('memory64', 'the resource representation `i64`', offset);
  if (def.dtor !== undefined) {
    const { type } = scope.coreFunc(def.dtor, offset);
    if (type.results.length !== 0 || type.params.length !== 1 || type.params[0] !== def.rep)
      scope.fail(def.rep === 'i32' ? reasons.dtorSignature() : reasons.dtorSignature64(), offset);
  }
  const resource: LocalResourceType = { kind: 'resource', name: undefined, rep: def.rep, dtor: def.dtor };
  scope.localResources.set(resource, resource);
  scope.definedResources.push(resource);
  return { kind: 'resource', resource };
}
