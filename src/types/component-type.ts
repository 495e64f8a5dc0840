/**
 * Substitution in resolved types: what instantiation does to a component's type and what an import does to an instance's.
 * Specification: Explainer, "Type Checking". Deciding whether a substitution is allowed is the validator's.
 */
import { unreachable } from '../util/invariant.ts';
import type {
  ComponentType,
  ExternType,
  ExternTypes,
  HandleType,
  InstanceType,
  ResourceRef,
  TypeEntity,
} from './extern-type.ts';
import type { FuncType, NamedType, ResourceType, ValueType, VariantCase } from './value-type.ts';

export interface SubstitutionOptions {
  /** What to put in the place of entities and resources. */
  readonly replace?: ReadonlyMap<object, object>;
  /** Resources to replace by new ones, each when it is met first. */
  readonly fresh?: Iterable<ResourceType>;
}

/** A simultaneous replacement of resources and entities. What does not change stays the same object. */
export class Substitution {
  readonly #done: Map<object, object>;
  readonly #fresh: ReadonlySet<ResourceType>;
  /** The new resources, in the order in which they were made. */
  readonly made: ResourceType[] = [];

  constructor(options: SubstitutionOptions) {
    this.#done = new Map(options.replace);
    this.#fresh = new Set(options.fresh);
  }

  resource(resource: ResourceType): ResourceType {
    const known = this.#done.get(resource);
    if (known !== undefined) return known as ResourceType;
    if (!this.#fresh.has(resource)) return resource;
    const made: ResourceType = { kind: 'resource', name: resource.name };
    this.made.push(made);
    this.#done.set(resource, made);
    return made;
  }

  ref(ref: ResourceRef): ResourceRef {
    return this.#memo(ref, () => {
      const resource = this.resource(ref.resource);
      return resource === ref.resource ? ref : { kind: 'resource', resource };
    });
  }

  entity(entity: TypeEntity): TypeEntity {
    switch (entity.kind) {
      case 'resource':
        return this.ref(entity);
      case 'func':
        return this.func(entity);
      case 'instance':
        return this.instance(entity);
      case 'component':
        return this.component(entity);
      default:
        return this.value(entity);
    }
  }

  value(type: ValueType): ValueType {
    return this.#memo(type, () => this.#rebuild(type));
  }

  func(type: FuncType): FuncType {
    return this.#memo(type, () => {
      const params = this.#named(type.params);
      const result = this.#optional(type.result);
      return params === type.params && result === type.result ? type : { ...type, params, result };
    });
  }

  instance(type: InstanceType): InstanceType {
    return this.#memo(type, () => {
      const exports = this.externs(type.exports);
      return exports === type.exports ? type : { ...type, exports };
    });
  }

  component(type: ComponentType): ComponentType {
    return this.#memo(type, () => {
      const imports = this.externs(type.imports);
      const exports = this.externs(type.exports);
      return imports === type.imports && exports === type.exports ? type : { ...type, imports, exports };
    });
  }

  extern(type: ExternType): ExternType {
    switch (type.kind) {
      case 'func':
        return this.func(type);
      case 'instance':
        return this.instance(type);
      case 'component':
        return this.component(type);
      case 'core module':
        return type;
      case 'type': {
        const entity = this.entity(type.type);
        return entity === type.type ? type : { ...type, type: entity };
      }
      case 'value': {
        const value = this.value(type.type);
        return value === type.type ? type : { kind: 'value', type: value };
      }
      default:
        return unreachable(type);
    }
  }

  externs(types: ExternTypes): ExternTypes {
    const result = new Map<string, ExternType>();
    let changed = false;
    for (const [name, type] of types) {
      const next = this.extern(type);
      if (next !== type) changed = true;
      result.set(name, next);
    }
    return changed ? result : types;
  }

  #memo<T extends object>(from: T, make: () => T): T {
    const known = this.#done.get(from);
    if (known !== undefined) return known as T;
    const made = make();
    this.#done.set(from, made);
    return made;
  }

  #optional(type: ValueType | undefined): ValueType | undefined {
    return type === undefined ? undefined : this.value(type);
  }

  #named(types: readonly NamedType[]): readonly NamedType[] {
    const next = types.map((field) => {
      const type = this.value(field.type);
      return type === field.type ? field : { name: field.name, type };
    });
    return next.some((field, i) => field !== types[i]) ? next : types;
  }

  #cases(cases: readonly VariantCase[]): readonly VariantCase[] {
    const next = cases.map((one) => {
      const type = this.#optional(one.type);
      return type === one.type ? one : { name: one.name, type };
    });
    return next.some((one, i) => one !== cases[i]) ? next : cases;
  }

  #rebuild(type: ValueType): ValueType {
    switch (type.kind) {
      case 'record': {
        const fields = this.#named(type.fields);
        return fields === type.fields ? type : { kind: 'record', fields };
      }
      case 'variant': {
        const cases = this.#cases(type.cases);
        return cases === type.cases ? type : { kind: 'variant', cases };
      }
      case 'tuple': {
        const types = type.types.map((one) => this.value(one));
        return types.every((one, i) => one === type.types[i]) ? type : { kind: 'tuple', types };
      }
      case 'list':
      case 'stream':
      case 'future':
      case 'fixed-list': {
        const element = this.#optional(type.element);
        return element === type.element ? type : ({ ...type, element } as ValueType);
      }
      case 'map': {
        const key = this.value(type.key);
        const value = this.value(type.value);
        return key === type.key && value === type.value ? type : { kind: 'map', key, value };
      }
      case 'option': {
        const inner = this.value(type.type);
        return inner === type.type ? type : { kind: 'option', type: inner };
      }
      case 'result': {
        const ok = this.#optional(type.ok);
        const err = this.#optional(type.err);
        return ok === type.ok && err === type.err ? type : { kind: 'result', ok, err };
      }
      case 'own':
      case 'borrow':
        return this.#handle(type as HandleType);
      default:
        return type;
    }
  }

  #handle(type: HandleType): HandleType {
    const ref = this.ref(type.ref);
    return ref === type.ref ? type : { kind: type.kind, resource: ref.resource, ref };
  }
}

/** The type of a new instance of an instance type: its abstract resources become new ones, which are returned too. */
export function openInstanceType(type: InstanceType): { readonly type: InstanceType; readonly made: ResourceType[] } {
  if (type.resources.length === 0) return { type, made: [] };
  const substitution = new Substitution({ fresh: type.resources });
  const exports = substitution.externs(type.exports);
  return { type: { kind: 'instance', exports, resources: [] }, made: substitution.made };
}

/** Every type that an instance exports, also through instances that it exports. */
export function* exportedEntities(type: InstanceType): Generator<TypeEntity> {
  for (const extern of type.exports.values()) {
    if (extern.kind === 'type') yield extern.type;
    else if (extern.kind === 'instance') yield* exportedEntities(extern);
  }
}

/** Resources that types mention and do not bind themselves. */
export function freeResources(roots: Iterable<TypeEntity | ExternType>): ReadonlySet<ResourceType> {
  const met = new Set<ResourceType>();
  const bound = new Set<ResourceType>();
  const seen = new Set<object>();
  const queue: (TypeEntity | ExternType | undefined)[] = [...roots];
  while (queue.length > 0) {
    const type = queue.pop();
    if (type === undefined || seen.has(type)) continue;
    seen.add(type);
    switch (type.kind) {
      case 'resource':
      case 'own':
      case 'borrow':
        met.add(type.resource);
        break;
      case 'func':
        queue.push(type.result);
        for (const param of type.params) queue.push(param.type);
        break;
      case 'instance':
        for (const resource of type.resources) bound.add(resource);
        for (const one of type.exports.values()) queue.push(one);
        break;
      case 'component':
        for (const resource of type.importedResources) bound.add(resource);
        for (const resource of type.definedResources) bound.add(resource);
        for (const one of type.imports.values()) queue.push(one);
        for (const one of type.exports.values()) queue.push(one);
        break;
      case 'type':
      case 'value':
        queue.push(type.type);
        break;
      case 'core module':
        break;
      default:
        for (const one of childTypes(type)) queue.push(one);
    }
  }
  return met.difference(bound);
}

/** The value types that a value type is made of directly. */
export function childTypes(type: ValueType): readonly ValueType[] {
  switch (type.kind) {
    case 'record':
      return type.fields.map((field) => field.type);
    case 'variant':
      return type.cases.flatMap((one) => (one.type === undefined ? [] : [one.type]));
    case 'tuple':
      return type.types;
    case 'list':
    case 'fixed-list':
      return [type.element];
    case 'stream':
    case 'future':
      return type.element === undefined ? [] : [type.element];
    case 'map':
      return [type.key, type.value];
    case 'option':
      return [type.type];
    case 'result':
      return [type.ok, type.err].filter((one) => one !== undefined);
    default:
      return [];
  }
}
