/**
 * Types of imports and exports after resolution: what `value-type.ts` is for values. Specification: Explainer, "Type definitions"
 * and "Type Checking".
 *
 * Identity carries meaning here. A `ResourceType` is a resource's identity: equal types are the same object. A `TypeEntity` is what
 * one type index stands for; an import or export of a type makes a new entity equal to the old one, and whether a type may be seen
 * from outside is asked of entities. Substitution is in `component-type.ts`; subtyping is the validator's.
 */
import type { CoreFuncType, GlobalType, MemoryType, TableType } from './core-type.ts';
import type { BorrowType, FuncType, OwnType, ResourceType, ValueType } from './value-type.ts';

/** One name of a resource type. Several refs may name one resource. */
export interface ResourceRef {
  readonly kind: 'resource';
  readonly resource: ResourceType;
}

/** `own` and `borrow` as the validator makes them: `ref` tells through which name the resource was reached. */
export type HandleType = (OwnType | BorrowType) & { readonly ref: ResourceRef };

/** A resource type that a component defines itself. */
export interface LocalResourceType extends ResourceType {
  readonly rep: 'i32' | 'i64';
  /** Core function index of the destructor in the component that defines the resource. */
  readonly dtor: number | undefined;
}

/** What a type index can stand for. */
export type TypeEntity = ResourceRef | ValueType | FuncType | InstanceType | ComponentType;

/**
 * A core import or export, free of index spaces: functions and tags hold their type, and a heap type of kind `index` names a
 * canonical type of the validation that made it. `typeId` is that canonical type for functions and tags.
 */
export type CoreExtern =
  | { readonly kind: 'func'; readonly type: CoreFuncType; readonly typeId: number }
  | TableType
  | MemoryType
  | GlobalType
  | { readonly kind: 'tag'; readonly type: CoreFuncType; readonly typeId: number };

export interface CoreImport {
  readonly module: string;
  readonly name: string;
  readonly type: CoreExtern;
}

export interface ModuleType {
  readonly kind: 'core module';
  readonly imports: readonly CoreImport[];
  readonly exports: ReadonlyMap<string, CoreExtern>;
}

export interface CoreInstanceType {
  readonly exports: ReadonlyMap<string, CoreExtern>;
}

/** An import or export that is a type. `sub` introduces an abstract resource; `eq` names a type that exists already. */
export interface TypeExtern {
  readonly kind: 'type';
  readonly bound: 'eq' | 'sub';
  readonly type: TypeEntity;
}

export interface ValueExtern {
  readonly kind: 'value';
  readonly type: ValueType;
}

export type ExternTypes = ReadonlyMap<string, ExternType>;

export interface InstanceType {
  readonly kind: 'instance';
  /** In the order of definition; a type stands before what uses it. */
  readonly exports: ExternTypes;
  /** Abstract resources that this type binds: fresh for every instance of it. Empty in the type of an instance that exists. */
  readonly resources: readonly ResourceType[];
}

export interface ComponentType {
  readonly kind: 'component';
  readonly imports: ExternTypes;
  readonly exports: ExternTypes;
  /** Bound by the imports: replaced by what is supplied at instantiation. */
  readonly importedResources: readonly ResourceType[];
  /** Bound by the exports: fresh at every instantiation. */
  readonly definedResources: readonly ResourceType[];
}

export type ExternType = FuncType | InstanceType | ComponentType | ModuleType | TypeExtern | ValueExtern;

/** An import or export of a component, in lists that keep the order of definition. */
export interface NamedExtern {
  readonly name: string;
  readonly type: ExternType;
}

/** The name of an extern's sort in messages and in the text format, without `core`. */
export function externSort(type: ExternType): string {
  return type.kind === 'core module' ? 'module' : type.kind;
}

/** True for the entities that `valtype` may name. */
export function isValueType(entity: TypeEntity): entity is ValueType {
  switch (entity.kind) {
    case 'resource':
    case 'func':
    case 'instance':
    case 'component':
      return false;
    default:
      return true;
  }
}
