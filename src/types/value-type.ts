/**
 * Value and function types after resolution: a tree (shared where the component shares it) with every type index replaced by
 * the type that it names, and every resource by its identity. Specification: Explainer, "Type definitions".
 * Decoded, still indexed types are in `definition.ts`.
 */

/** The primitive value types. */
export type PrimitiveKind =
  | 'bool'
  | 's8'
  | 'u8'
  | 's16'
  | 'u16'
  | 's32'
  | 'u32'
  | 's64'
  | 'u64'
  | 'f32'
  | 'f64'
  | 'char'
  | 'string'
  | 'error-context';

/**
 * The identity of a resource type: two resource types are equal exactly if they are the same object.
 * Whoever resolves types makes one for each definition, import or abstract bound and may attach more fields to its own kind.
 */
export interface ResourceType {
  readonly kind: 'resource';
  /** For messages only: the name under which the resource was met first, or undefined. */
  readonly name: string | undefined;
}

export interface PrimitiveType {
  readonly kind: PrimitiveKind;
}
export interface RecordType {
  readonly kind: 'record';
  readonly fields: readonly NamedType[];
}
export interface NamedType {
  readonly name: string;
  readonly type: ValueType;
}
export interface VariantCase {
  readonly name: string;
  readonly type: ValueType | undefined;
}
export interface VariantType {
  readonly kind: 'variant';
  readonly cases: readonly VariantCase[];
}
export interface ListType {
  readonly kind: 'list';
  readonly element: ValueType;
}
export interface FixedListType {
  readonly kind: 'fixed-list';
  readonly element: ValueType;
  readonly length: number;
}
export interface MapType {
  readonly kind: 'map';
  readonly key: ValueType;
  readonly value: ValueType;
}
export interface TupleType {
  readonly kind: 'tuple';
  readonly types: readonly ValueType[];
}
export interface FlagsType {
  readonly kind: 'flags';
  readonly labels: readonly string[];
}
export interface EnumType {
  readonly kind: 'enum';
  readonly labels: readonly string[];
}
export interface OptionType {
  readonly kind: 'option';
  readonly type: ValueType;
}
export interface ResultType {
  readonly kind: 'result';
  readonly ok: ValueType | undefined;
  readonly err: ValueType | undefined;
}
export interface OwnType {
  readonly kind: 'own';
  readonly resource: ResourceType;
}
export interface BorrowType {
  readonly kind: 'borrow';
  readonly resource: ResourceType;
}
export interface StreamType {
  readonly kind: 'stream';
  readonly element: ValueType | undefined;
}
export interface FutureType {
  readonly kind: 'future';
  readonly element: ValueType | undefined;
}

export type ValueType =
  | PrimitiveType
  | RecordType
  | VariantType
  | ListType
  | FixedListType
  | MapType
  | TupleType
  | FlagsType
  | EnumType
  | OptionType
  | ResultType
  | OwnType
  | BorrowType
  | StreamType
  | FutureType;

/** A component function's type. `async` is part of the type (specification: Explainer, "functype"). */
export interface FuncType {
  readonly kind: 'func';
  readonly async: boolean;
  readonly params: readonly NamedType[];
  readonly result: ValueType | undefined;
}
