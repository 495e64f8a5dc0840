/**
 * A component as decoded: plain data in the order of the binary, index spaces untouched, every item with its byte offset in the
 * outermost binary. Specification: Binary. One `Definition` is one entry of one section; an entry that adds to an index space
 * does so in the order of this list. Resolved types are in `value-type.ts`.
 */
import type { CoreExternType, CoreSort, RecType } from './core-type.ts';
import type { PrimitiveKind } from './value-type.ts';

export type Sort = 'func' | 'value' | 'type' | 'component' | 'instance';
/** A sort of the component level or, with the prefix `core `, of core WebAssembly. */
export type AnySort = Sort | `core ${CoreSort}`;

/** A name with its attributes, of an import or export. Specification: Binary, "nameattributes". */
export interface ExternNameDecl {
  readonly name: string;
  /** Byte offset of the name's own production. */
  readonly offset: number;
  readonly implements: string | undefined;
  readonly versionSuffix: string | undefined;
  readonly externalId: string | undefined;
}

/** A value type in place: primitive, or an index into the type index space. */
export type ValTypeRef =
  | { readonly kind: 'primitive'; readonly primitive: PrimitiveKind }
  | { readonly kind: 'index'; readonly index: number };

export interface NamedTypeRef {
  readonly name: string;
  readonly type: ValTypeRef;
}

export type DefValType =
  | { readonly kind: 'primitive'; readonly primitive: PrimitiveKind }
  | { readonly kind: 'record'; readonly fields: readonly NamedTypeRef[] }
  | {
      readonly kind: 'variant';
      readonly cases: readonly { readonly name: string; readonly type: ValTypeRef | undefined }[];
    }
  | { readonly kind: 'list'; readonly element: ValTypeRef }
  | { readonly kind: 'fixed-list'; readonly element: ValTypeRef; readonly length: number }
  | { readonly kind: 'map'; readonly key: ValTypeRef; readonly value: ValTypeRef }
  | { readonly kind: 'tuple'; readonly types: readonly ValTypeRef[] }
  | { readonly kind: 'flags'; readonly labels: readonly string[] }
  | { readonly kind: 'enum'; readonly labels: readonly string[] }
  | { readonly kind: 'option'; readonly type: ValTypeRef }
  | { readonly kind: 'result'; readonly ok: ValTypeRef | undefined; readonly err: ValTypeRef | undefined }
  | { readonly kind: 'own'; readonly index: number }
  | { readonly kind: 'borrow'; readonly index: number }
  | { readonly kind: 'stream'; readonly element: ValTypeRef | undefined }
  | { readonly kind: 'future'; readonly element: ValTypeRef | undefined };

export interface FuncTypeDef {
  readonly kind: 'func';
  readonly async: boolean;
  readonly params: readonly NamedTypeRef[];
  readonly result: ValTypeRef | undefined;
}

export interface ResourceTypeDef {
  readonly kind: 'resource';
  readonly rep: 'i32' | 'i64';
  /** Core function index of the destructor. */
  readonly dtor: number | undefined;
}

export interface ComponentTypeDef {
  readonly kind: 'component';
  readonly declarations: readonly Declaration[];
}
export interface InstanceTypeDef {
  readonly kind: 'instance';
  readonly declarations: readonly Declaration[];
}

export type TypeDef = DefValType | FuncTypeDef | ResourceTypeDef | ComponentTypeDef | InstanceTypeDef;

export interface ModuleTypeDef {
  readonly kind: 'module';
  readonly declarations: readonly ModuleDeclaration[];
}
export type ModuleDeclaration =
  | {
      readonly kind: 'import';
      readonly offset: number;
      readonly module: string;
      readonly name: string;
      readonly type: CoreExternType;
    }
  | { readonly kind: 'type'; readonly offset: number; readonly type: RecType }
  | { readonly kind: 'outer-alias'; readonly offset: number; readonly count: number; readonly index: number }
  | { readonly kind: 'export'; readonly offset: number; readonly name: string; readonly type: CoreExternType };

export type CoreTypeDef = ModuleTypeDef | { readonly kind: 'rec'; readonly rec: RecType };

/** Specification: Binary, "externtype". */
export type ExternTypeDef =
  | { readonly kind: 'core module'; readonly index: number }
  | { readonly kind: 'func'; readonly index: number }
  | { readonly kind: 'value'; readonly bound: 'eq'; readonly index: number }
  | { readonly kind: 'value'; readonly bound: 'type'; readonly type: ValTypeRef }
  | { readonly kind: 'type'; readonly bound: 'eq'; readonly index: number }
  | { readonly kind: 'type'; readonly bound: 'sub-resource' }
  | { readonly kind: 'component'; readonly index: number }
  | { readonly kind: 'instance'; readonly index: number };

export interface AliasDef {
  readonly kind: 'alias';
  readonly offset: number;
  readonly sort: AnySort;
  readonly target:
    | { readonly kind: 'export'; readonly instance: number; readonly name: string }
    | { readonly kind: 'core export'; readonly instance: number; readonly name: string }
    | { readonly kind: 'outer'; readonly count: number; readonly index: number };
}

export interface CoreTypeDefinition {
  readonly kind: 'core type';
  readonly offset: number;
  readonly type: CoreTypeDef;
}
export interface TypeDefinition {
  readonly kind: 'type';
  readonly offset: number;
  readonly type: TypeDef;
}
export interface ImportDefinition {
  readonly kind: 'import';
  readonly offset: number;
  readonly name: ExternNameDecl;
  readonly type: ExternTypeDef;
}
/** An export inside a component or instance type. */
export interface ExportDeclaration {
  readonly kind: 'export';
  readonly offset: number;
  readonly name: ExternNameDecl;
  readonly type: ExternTypeDef;
}

/** What stands inside a component type (`import` only there) or instance type. */
export type Declaration = CoreTypeDefinition | TypeDefinition | AliasDef | ImportDefinition | ExportDeclaration;

export type StringEncoding = 'utf8' | 'utf16' | 'latin1+utf16';

/** Canonical options in the order written. Specification: Binary, "canonopt". */
export type CanonOption =
  | { readonly kind: 'encoding'; readonly offset: number; readonly encoding: StringEncoding }
  | { readonly kind: 'memory'; readonly offset: number; readonly index: number }
  | { readonly kind: 'realloc'; readonly offset: number; readonly index: number }
  | { readonly kind: 'post-return'; readonly offset: number; readonly index: number }
  | { readonly kind: 'async'; readonly offset: number }
  | { readonly kind: 'callback'; readonly offset: number; readonly index: number };

/** Specification: Binary, "canon". Opcodes in the order of the binary format; `type` is a component type index. */
export type Canon =
  | { readonly kind: 'lift'; readonly func: number; readonly options: readonly CanonOption[]; readonly type: number }
  | { readonly kind: 'lower'; readonly func: number; readonly options: readonly CanonOption[] }
  | { readonly kind: 'resource.new'; readonly type: number }
  | { readonly kind: 'resource.drop'; readonly type: number }
  | { readonly kind: 'resource.rep'; readonly type: number }
  | { readonly kind: 'task.cancel' }
  | { readonly kind: 'subtask.cancel'; readonly async: boolean }
  | { readonly kind: 'task.return'; readonly result: ValTypeRef | undefined; readonly options: readonly CanonOption[] }
  | { readonly kind: 'context.get'; readonly type: 'i32' | 'i64'; readonly slot: number }
  | { readonly kind: 'context.set'; readonly type: 'i32' | 'i64'; readonly slot: number }
  | { readonly kind: 'thread.yield'; readonly cancellable: boolean }
  | { readonly kind: 'subtask.drop' }
  | { readonly kind: 'stream.new' | 'future.new'; readonly type: number }
  | {
      readonly kind: 'stream.read' | 'stream.write' | 'future.read' | 'future.write';
      readonly type: number;
      readonly options: readonly CanonOption[];
    }
  | {
      readonly kind: 'stream.cancel-read' | 'stream.cancel-write' | 'future.cancel-read' | 'future.cancel-write';
      readonly type: number;
      readonly async: boolean;
    }
  | {
      readonly kind: 'stream.drop-readable' | 'stream.drop-writable' | 'future.drop-readable' | 'future.drop-writable';
      readonly type: number;
    }
  | { readonly kind: 'error-context.new' | 'error-context.debug-message'; readonly options: readonly CanonOption[] }
  | { readonly kind: 'error-context.drop' }
  | { readonly kind: 'waitable-set.new' }
  | { readonly kind: 'waitable-set.wait' | 'waitable-set.poll'; readonly cancellable: boolean; readonly memory: number }
  | { readonly kind: 'waitable-set.drop' }
  | { readonly kind: 'waitable.join' }
  | { readonly kind: 'backpressure.inc' }
  | { readonly kind: 'backpressure.dec' }
  | { readonly kind: 'thread.index' }
  | { readonly kind: 'thread.new-indirect'; readonly type: number; readonly table: number }
  | { readonly kind: 'thread.resume-later' }
  | { readonly kind: 'thread.suspend'; readonly cancellable: boolean }
  | {
      readonly kind:
        | 'thread.suspend-then-resume'
        | 'thread.yield-then-resume'
        | 'thread.suspend-then-promote'
        | 'thread.yield-then-promote';
      readonly cancellable: boolean;
    };

export type Definition =
  | { readonly kind: 'core module'; readonly offset: number; readonly start: number; readonly end: number }
  | {
      readonly kind: 'core instance';
      readonly offset: number;
      readonly expr:
        | {
            readonly kind: 'instantiate';
            readonly module: number;
            readonly args: readonly { readonly name: string; readonly instance: number }[];
          }
        | {
            readonly kind: 'exports';
            readonly exports: readonly { readonly name: string; readonly sort: CoreSort; readonly index: number }[];
          };
    }
  | CoreTypeDefinition
  | { readonly kind: 'component'; readonly offset: number; readonly component: Component }
  | {
      readonly kind: 'instance';
      readonly offset: number;
      readonly expr:
        | {
            readonly kind: 'instantiate';
            readonly component: number;
            readonly args: readonly { readonly name: string; readonly sort: AnySort; readonly index: number }[];
          }
        | {
            readonly kind: 'exports';
            readonly exports: readonly {
              readonly name: ExternNameDecl;
              readonly sort: AnySort;
              readonly index: number;
            }[];
          };
    }
  | AliasDef
  | TypeDefinition
  | { readonly kind: 'canon'; readonly offset: number; readonly canon: Canon }
  | {
      readonly kind: 'start';
      readonly offset: number;
      readonly func: number;
      readonly args: readonly number[];
      readonly results: number;
    }
  | ImportDefinition
  | {
      readonly kind: 'export';
      readonly offset: number;
      readonly name: ExternNameDecl;
      readonly sort: AnySort;
      readonly index: number;
      readonly type: ExternTypeDef | undefined;
    };

export interface CustomSection {
  readonly kind: 'custom';
  readonly name: string;
  /** Offset of the section's id byte. */
  readonly offset: number;
  /** The payload after the name, as a range of the outermost binary. */
  readonly start: number;
  readonly end: number;
  /** How many entries of `definitions` came before it: where to put it back. */
  readonly after: number;
}

/** One section as it stood in the binary, for tools that write the same bytes again. */
export interface SectionRange {
  readonly id: number;
  readonly offset: number;
  readonly end: number;
  /** How many definitions it holds (0 for a custom section). */
  readonly count: number;
}

/** A decoded component. `definitions` refer to ranges of `bytes`, which is the outermost binary for nested components too. */
export interface Component {
  readonly kind: 'component';
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly start: number;
  readonly end: number;
  readonly definitions: readonly Definition[];
  readonly customs: readonly CustomSection[];
  readonly sections: readonly SectionRange[];
}
