/**
 * The state of a validation: index spaces of one component, component type or instance type, with checked access.
 * Specification: Explainer, "Index Spaces".
 */
import { ValidationError } from '../error/error.ts';
import type { CoreFuncType, GlobalType, MemoryType, TableType } from '../types/core-type.ts';
import type { AnySort } from '../types/definition.ts';
import type {
  ComponentType,
  CoreInstanceType,
  ExternType,
  InstanceType,
  LocalResourceType,
  ModuleType,
  TypeEntity,
} from '../types/extern-type.ts';
import { type FeatureName, type Features, withFeatures } from '../types/features.ts';
import type { FuncType, ResourceType, ValueType } from '../types/value-type.ts';
import { unreachable } from '../util/invariant.ts';
import { CoreTypes } from './core-types.ts';
import { LIMITS } from './limits.ts';
import { NameSet } from './name-set.ts';
import { type Reason, reasons } from './reasons.ts';
import { Subtyping } from './subtype.ts';

/** How the bodies of core functions are checked: by the engine now, or not at all because they are compiled elsewhere. */
export type CoreBodies = 'engine' | 'skip';

/** What one validation shares between all its scopes. */
export class Session {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly features: Features;
  readonly coreBodies: CoreBodies;
  readonly coreTypes = new CoreTypes();
  readonly subtyping = new Subtyping(this.coreTypes);
  /** The outermost component counts. */
  modulesAndComponents = 1;
  /** Nodes of types that were copied or compared one by one, since they bind or mention resources. */
  work = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>, features: Partial<Features> | undefined, coreBodies: CoreBodies) {
    this.bytes = bytes;
    this.features = withFeatures(features);
    this.coreBodies = coreBodies;
  }
}

export type CoreTypeEntry =
  | { readonly kind: 'module'; readonly type: ModuleType }
  | { readonly kind: 'canonical'; readonly id: number };

export interface CoreFuncEntry {
  readonly type: CoreFuncType;
  readonly typeId: number;
}

export interface ValueEntry {
  readonly type: ValueType;
  used: boolean;
}

/** A part of a path, composed when a message needs it. */
export type Label = string | (() => string);

export type ScopeKind = 'component' | 'component type' | 'instance type';

export class Scope {
  readonly session: Session;
  readonly kind: ScopeKind;
  readonly parent: Scope | undefined;
  /** In how many components it stands, and in how many types, itself included. */
  readonly depth: number;
  readonly typeDepth: number;
  /** Path of this scope from the root; empty for the root. */
  readonly path: string;
  /** The definition under validation, outermost part first; read only when something is wrong. */
  readonly #here: Label[] = [];

  readonly coreFuncs: CoreFuncEntry[] = [];
  readonly coreTables: TableType[] = [];
  readonly coreMemories: MemoryType[] = [];
  readonly coreGlobals: GlobalType[] = [];
  readonly coreTags: CoreFuncEntry[] = [];
  readonly coreTypes: CoreTypeEntry[] = [];
  /** The canonical numbers of `coreTypes`; undefined where a module type stands. */
  readonly coreTypeIds: (number | undefined)[] = [];
  readonly coreModules: ModuleType[] = [];
  readonly coreInstances: CoreInstanceType[] = [];
  readonly funcs: FuncType[] = [];
  readonly values: ValueEntry[] = [];
  readonly types: TypeEntity[] = [];
  readonly components: ComponentType[] = [];
  readonly instances: InstanceType[] = [];

  readonly imports = new Map<string, ExternType>();
  readonly exports = new Map<string, ExternType>();
  readonly importNames = new NameSet();
  readonly exportNames = new NameSet();
  /** Entities that imports have named. */
  readonly importedTypes = new Set<TypeEntity>();
  /** Entities that imports or exports have named. */
  readonly visibleTypes = new Set<TypeEntity>();
  /** Value types that were found fit for imports, and for exports. */
  readonly importableTypes = new Set<ValueType>();
  readonly exportableTypes = new Set<ValueType>();
  readonly importedResources = new Set<ResourceType>();
  readonly definedResources: ResourceType[] = [];
  readonly localResources = new Map<ResourceType, LocalResourceType>();
  hasStart = false;
  /** Nodes of the type that the imports and exports make, written out as a tree. */
  typeSize = 1;
  contextType: 'i32' | 'i64' | undefined;

  constructor(session: Session, kind: ScopeKind, parent: Scope | undefined) {
    this.session = session;
    this.kind = kind;
    this.parent = parent;
    const inType = kind === 'component' ? 0 : 1;
    this.depth = parent === undefined ? 0 : parent.depth + 1 - inType;
    this.typeDepth = (parent?.typeDepth ?? 0) + inType;
    this.path = parent === undefined ? '' : parent.place;
  }

  /** Path of the definition under validation. */
  get place(): string {
    const parts = this.#here.map((part) => (typeof part === 'string' ? part : part()));
    return (this.path === '' ? parts : [this.path, ...parts]).join(' > ');
  }

  fail(reason: Reason, offset: number): never {
    const path = this.place;
    throw new ValidationError(reason.code, reason.message, { offset, path: path === '' ? undefined : path });
  }

  /** Does `work` with a longer path. */
  within<T>(part: Label, work: () => T): T {
    this.#here.push(part);
    const result = work();
    this.#here.pop();
    return result;
  }

  require(feature: FeatureName, what: string, offset: number): void {
    if (!this.session.features[feature]) this.fail(reasons.featureDisabled(what, feature), offset);
  }

  checkCount(what: string, count: number, limit: number, offset: number): void {
    if (count > limit) this.fail(reasons.tooMany(what, limit), offset);
  }

  #at<T>(space: readonly T[], index: number, what: string, offset: number): T {
    const item = space[index];
    if (item === undefined) this.fail(reasons.unknownIndex(what, index), offset);
    return item;
  }

  coreFunc = (index: number, offset: number) => this.#at(this.coreFuncs, index, 'function', offset);
  coreTable = (index: number, offset: number) => this.#at(this.coreTables, index, 'table', offset);
  coreMemory = (index: number, offset: number) => this.#at(this.coreMemories, index, 'memory', offset);
  coreGlobal = (index: number, offset: number) => this.#at(this.coreGlobals, index, 'global', offset);
  coreTag = (index: number, offset: number) => this.#at(this.coreTags, index, 'tag', offset);
  coreType = (index: number, offset: number) => this.#at(this.coreTypes, index, 'type', offset);
  coreModule = (index: number, offset: number) => this.#at(this.coreModules, index, 'module', offset);
  coreInstance = (index: number, offset: number) => this.#at(this.coreInstances, index, 'instance', offset);
  func = (index: number, offset: number) => this.#at(this.funcs, index, 'function', offset);
  type = (index: number, offset: number) => this.#at(this.types, index, 'type', offset);
  component = (index: number, offset: number) => this.#at(this.components, index, 'component', offset);
  instance = (index: number, offset: number) => this.#at(this.instances, index, 'instance', offset);

  /** The type of a value, which is used up by this. */
  useValue(index: number, offset: number): ValueType {
    const value = this.#at(this.values, index, 'value', offset);
    if (value.used) this.fail(reasons.valueConsumed(index), offset);
    value.used = true;
    return value.type;
  }

  /** How paths call the next item of a sort. */
  nextLabel(sort: AnySort, suffix = ''): Label {
    const index = this.#space(sort).length;
    return () => itemLabel(sort, index) + suffix;
  }

  #space(sort: AnySort): readonly unknown[] {
    switch (sort) {
      case 'func':
        return this.funcs;
      case 'value':
        return this.values;
      case 'type':
        return this.types;
      case 'component':
        return this.components;
      case 'instance':
        return this.instances;
      case 'core func':
        return this.coreFuncs;
      case 'core table':
        return this.coreTables;
      case 'core memory':
        return this.coreMemories;
      case 'core global':
        return this.coreGlobals;
      case 'core tag':
        return this.coreTags;
      case 'core type':
        return this.coreTypes;
      case 'core module':
        return this.coreModules;
      case 'core instance':
        return this.coreInstances;
      default:
        return unreachable(sort);
    }
  }

  /** Adds to a space, within its limit. */
  add<T>(space: T[], item: T, what: string, limit: number, offset: number): void {
    if (space.length >= limit) this.fail(reasons.tooMany(what, limit), offset);
    space.push(item);
  }

  addType(entity: TypeEntity, offset: number): void {
    this.checkCount('type', this.types.length + this.coreTypes.length + 1, LIMITS.types, offset);
    this.types.push(entity);
  }

  addCoreType(entry: CoreTypeEntry, offset: number): void {
    this.checkCount('type', this.types.length + this.coreTypes.length + 1, LIMITS.types, offset);
    this.coreTypes.push(entry);
    this.coreTypeIds.push(entry.kind === 'canonical' ? entry.id : undefined);
  }

  /** Adds a function that a canonical definition makes. */
  addCanonFunc(params: CoreFuncType['params'], results: CoreFuncType['results'], offset: number): void {
    const type: CoreFuncType = { kind: 'func', params, results };
    this.addCoreFunc({ type, typeId: this.session.coreTypes.defineFunc(type) }, offset);
  }

  addCoreFunc(entry: CoreFuncEntry, offset: number): void {
    this.checkCount('function', this.funcs.length + this.coreFuncs.length + 1, LIMITS.functions, offset);
    this.coreFuncs.push(entry);
  }

  addFunc(type: FuncType, offset: number): void {
    this.checkCount('function', this.funcs.length + this.coreFuncs.length + 1, LIMITS.functions, offset);
    this.funcs.push(type);
  }

  /** Counts the nodes of a type that is about to be copied or compared and of which shared parts cost as often as they stand there. */
  charge(nodes: number, offset: number): void {
    this.session.work += nodes;
    if (this.session.work > LIMITS.work) this.fail(reasons.tooMuchWork(LIMITS.work), offset);
  }

  /** Counts one more module or component of the whole binary. */
  countNested(offset: number): void {
    this.session.modulesAndComponents++;
    this.checkCount('module and component', this.session.modulesAndComponents, LIMITS.modules, offset);
  }

  /** Adds to the index space of the extern's sort, as imports, exports and aliases do. */
  addExtern(type: ExternType, offset: number): void {
    switch (type.kind) {
      case 'core module':
        this.add(this.coreModules, type, 'module', LIMITS.modules, offset);
        return;
      case 'func':
        this.addFunc(type, offset);
        return;
      case 'value':
        this.add(this.values, { type: type.type, used: false }, 'value', LIMITS.values, offset);
        return;
      case 'type':
        this.addType(type.type, offset);
        return;
      case 'component':
        this.add(this.components, type, 'component', LIMITS.components, offset);
        return;
      case 'instance':
        this.checkCount('instance', this.instances.length + this.coreInstances.length + 1, LIMITS.instances, offset);
        this.instances.push(type);
        return;
      default:
        unreachable(type);
    }
  }
}

/** How paths call an item. */
export function itemLabel(what: string, index: number): string {
  return `${what} ${index}`;
}
