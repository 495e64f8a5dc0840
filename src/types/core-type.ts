/** Types of core WebAssembly as a component runtime needs them. Specification: core 3.0, "Types"; Binary, "core:moduletype". */

export type CoreNumberType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

/** Abstract heap types of core 3.0 by their text names. */
export type AbstractHeapType =
  | 'func'
  | 'nofunc'
  | 'extern'
  | 'noextern'
  | 'any'
  | 'eq'
  | 'i31'
  | 'struct'
  | 'array'
  | 'none'
  | 'exn'
  | 'noexn'
  | 'cont'
  | 'nocont';

export type HeapType =
  | { readonly kind: 'abstract'; readonly shared: boolean; readonly name: AbstractHeapType }
  | { readonly kind: 'index'; readonly index: number; readonly exact?: boolean };

export interface RefType {
  readonly kind: 'ref';
  readonly nullable: boolean;
  readonly heap: HeapType;
}

export type CoreValType = CoreNumberType | RefType;

export interface CoreFuncType {
  readonly kind: 'func';
  readonly params: readonly CoreValType[];
  readonly results: readonly CoreValType[];
}

export interface FieldType {
  readonly storage: CoreValType | 'i8' | 'i16';
  readonly mutable: boolean;
}

export type CompositeType =
  | CoreFuncType
  | { readonly kind: 'struct'; readonly fields: readonly FieldType[] }
  | { readonly kind: 'array'; readonly field: FieldType }
  | { readonly kind: 'cont'; readonly type: HeapType };

export interface SubType {
  readonly final: boolean;
  readonly supertypes: readonly number[];
  readonly shared: boolean;
  readonly composite: CompositeType;
}

export interface RecType {
  /** True where the binary wrote `rec` (0x4e) around the group; a group of one may be written without it. */
  readonly explicit: boolean;
  readonly types: readonly SubType[];
}

export interface Limits {
  readonly min: bigint;
  readonly max: bigint | undefined;
  /** True for a 64-bit memory or table. */
  readonly is64: boolean;
  readonly shared: boolean;
}

export interface MemoryType {
  readonly kind: 'memory';
  readonly limits: Limits;
  /** log2 of the page size where the module states one (custom page sizes), else undefined = 16. */
  readonly pageSizeLog2: number | undefined;
}
export interface TableType {
  readonly kind: 'table';
  readonly element: RefType;
  readonly limits: Limits;
}
export interface GlobalType {
  readonly kind: 'global';
  readonly type: CoreValType;
  readonly mutable: boolean;
  readonly shared: boolean;
}
export interface TagType {
  readonly kind: 'tag';
  readonly typeIndex: number;
}

/** What a core import or export is. `func` and `tag` name a type of the enclosing index space. */
export type CoreExternType =
  | { readonly kind: 'func'; readonly typeIndex: number; readonly exact?: boolean }
  | TableType
  | MemoryType
  | GlobalType
  | TagType;

export type CoreSort = 'func' | 'table' | 'memory' | 'global' | 'tag' | 'type' | 'module' | 'instance';
