/**
 * Which types imports and exports may mention. Specification: Explainer, "External Visibility of Types".
 * A resource, record, variant, enum or flags type must have been named by an import or export before; which entity names it counts,
 * not which type it equals.
 */
import { childTypes, exportedEntities, freeResources } from '../types/component-type.ts';
import {
  type ExternType,
  externSort,
  type HandleType,
  type InstanceType,
  isValueType,
  type TypeEntity,
} from '../types/extern-type.ts';
import type { FuncType, ValueType } from '../types/value-type.ts';
import type { NameRole } from './names.ts';
import { reasons } from './reasons.ts';
import type { Scope } from './scope.ts';

function needsName(type: ValueType): boolean {
  return type.kind === 'record' || type.kind === 'variant' || type.kind === 'enum' || type.kind === 'flags';
}

/** One question: are all types within something named, given the set of named entities? */
class Visibility {
  readonly #named: ReadonlySet<TypeEntity>;
  /** What instances under the question name themselves. */
  readonly #inner = new Set<TypeEntity>();
  /** Types known to be visible by `#named` alone; shared with later questions, since names are only added. */
  readonly #visible: Set<ValueType>;
  /** Types that are visible to this question. */
  readonly #visibleHere = new Set<ValueType>();

  constructor(named: ReadonlySet<TypeEntity>, visible: Set<ValueType>) {
    this.#named = named;
    this.#visible = visible;
  }

  #isNamed(entity: TypeEntity): boolean {
    return this.#named.has(entity) || this.#inner.has(entity);
  }

  extern(type: ExternType): boolean {
    switch (type.kind) {
      case 'func':
        return this.#func(type);
      case 'instance':
        return this.#instance(type);
      case 'value':
        return this.#used(type.type);
      case 'type':
        return this.#entity(type.type);
      case 'component': // checked where its own imports and exports stand
      case 'core module':
        return true;
    }
  }

  #entity(entity: TypeEntity): boolean {
    if (isValueType(entity)) return this.#parts(entity);
    switch (entity.kind) {
      case 'resource': // an import or export names it
      case 'component':
        return true;
      case 'func':
        return this.#func(entity);
      case 'instance':
        return this.#instance(entity);
    }
  }

  #instance(type: InstanceType): boolean {
    for (const extern of type.exports.values()) {
      if (!this.extern(extern)) return false;
      if (extern.kind === 'type') this.#inner.add(extern.type);
    }
    return true;
  }

  #func(type: FuncType): boolean {
    if (type.result !== undefined && !this.#used(type.result)) return false;
    return type.params.every((param) => this.#used(param.type));
  }

  /** True if the type may be mentioned. */
  #used(type: ValueType): boolean {
    if (this.#visible.has(type) || this.#visibleHere.has(type)) return true;
    const visible = needsName(type) ? this.#isNamed(type) : this.#parts(type);
    if (visible) (this.#inner.size === 0 ? this.#visible : this.#visibleHere).add(type);
    return visible;
  }

  /** True if everything that the type is made of may be mentioned. */
  #parts(type: ValueType): boolean {
    if (type.kind === 'own' || type.kind === 'borrow') return this.#isNamed((type as HandleType).ref);
    return childTypes(type).every((child) => this.#used(child));
  }
}

/** The entities that an import or export names. */
function namedBy(type: ExternType): Iterable<TypeEntity> {
  if (type.kind === 'type') return [type.type];
  return type.kind === 'instance' ? exportedEntities(type) : [];
}

/** Makes what an import or export names visible to later ones. */
function register(scope: Scope, role: NameRole, type: ExternType): void {
  for (const entity of namedBy(type)) {
    scope.visibleTypes.add(entity);
    if (role === 'import') scope.importedTypes.add(entity);
  }
}

/** True if an entity has its name from an export alone: an import may not depend on it. */
export function isNamedByExport(scope: Scope, entity: TypeEntity): boolean {
  return scope.visibleTypes.has(entity) && !scope.importedTypes.has(entity);
}

/**
 * Checks that an import or export mentions only what is visible, and makes visible what it names. Instance types are exempt until
 * they are the type of an import or export themselves.
 */
export function checkVisibility(scope: Scope, role: NameRole, type: ExternType, offset: number): void {
  if (scope.kind === 'instance type') return;
  const named = role === 'import' ? scope.importedTypes : scope.visibleTypes;
  const question = new Visibility(named, role === 'import' ? scope.importableTypes : scope.exportableTypes);
  const visible = question.extern(type) && (role === 'export' || onlyImports(scope, type));
  if (!visible) scope.fail(reasons.notVisible(externSort(type), role), offset);
  register(scope, role, type);
}

/** True if a type mentions no resource that the component defines itself: its importer could not supply that. */
function onlyImports(scope: Scope, type: ExternType): boolean {
  if (scope.kind !== 'component' || type.kind === 'func' || type.kind === 'core module') return true;
  for (const resource of freeResources([type])) if (!scope.importedResources.has(resource)) return false;
  return true;
}

/** After the last definition: a resource that an export mentions must be imported, or exported itself. */
export function checkExportedResources(scope: Scope, offset: number): void {
  const allowed = new Set(scope.importedResources);
  for (const type of scope.exports.values())
    for (const entity of namedBy(type)) if (entity.kind === 'resource') allowed.add(entity.resource);
  const hidden = (types: Iterable<ExternType>) => [...freeResources(types)].some((resource) => !allowed.has(resource));
  if (!hidden(scope.exports.values())) return;
  for (const [name, type] of scope.exports) {
    if (!hidden([type])) continue;
    scope.within(`export ${JSON.stringify(name)}`, () => scope.fail(reasons.resourceNotExported(name), offset));
  }
}
