/**
 * A component as its host sees it: the objects that it takes and gives, their functions and classes, and types with their names.
 * Plain data between `collect.ts`, which reads a component, and the printers. Option, result and the other specialised types stay.
 */
import type { PrimitiveKind } from '../types/value-type.ts';
import type { InterfaceDocs, TypeDocs } from '../wit-component/package-docs.ts';

export type Side = 'imports' | 'exports';

export interface JsField {
  readonly name: string;
  readonly type: JsType;
}

export interface JsCase {
  readonly name: string;
  readonly type: JsType | undefined;
}

/** A value type; `named` stands where the component has a name for it. */
export type JsType =
  | { readonly kind: 'primitive'; readonly name: PrimitiveKind }
  | { readonly kind: 'named'; readonly decl: TypeDecl }
  | { readonly kind: 'handle'; readonly resource: ResourceDecl | undefined }
  | { readonly kind: 'record'; readonly fields: readonly JsField[] }
  | { readonly kind: 'variant'; readonly cases: readonly JsCase[] }
  | { readonly kind: 'enum'; readonly labels: readonly string[] }
  | { readonly kind: 'flags'; readonly labels: readonly string[] }
  | { readonly kind: 'tuple'; readonly types: readonly JsType[] }
  | { readonly kind: 'list'; readonly element: JsType; readonly length: number | undefined }
  | { readonly kind: 'map'; readonly key: JsType; readonly value: JsType }
  | { readonly kind: 'option'; readonly type: JsType }
  | { readonly kind: 'result'; readonly ok: JsType | undefined; readonly err: JsType | undefined }
  | { readonly kind: 'stream' | 'future'; readonly element: JsType | undefined };

/** A value type with a name. */
export interface TypeDecl {
  readonly kind: 'type';
  readonly scope: ScopeDecl;
  readonly label: string;
  readonly type: JsType;
  readonly docs: TypeDocs | undefined;
}

/** A resource type, at the place where it was named first. */
export interface ResourceDecl {
  readonly kind: 'resource';
  readonly scope: ScopeDecl;
  readonly label: string;
  readonly docs: string | undefined;
  /** Functions of it, of every interface that has some. */
  readonly members: FuncDecl[];
}

export interface FuncDecl {
  readonly kind: 'func';
  /** As the component has it: `get-it`, `[method]counter.get`. */
  readonly name: string;
  /** Its path, as in errors: `ns:pkg/iface@1.0.0#get-it`. */
  readonly path: string;
  readonly async: boolean;
  readonly params: readonly JsField[];
  readonly result: JsType | undefined;
  readonly docs: string | undefined;
}

export type Item =
  | { readonly kind: 'type'; readonly decl: TypeDecl }
  /** The name under which a scope has a resource; `decl` may be of another scope. */
  | { readonly kind: 'resource'; readonly label: string; readonly decl: ResourceDecl }
  | { readonly kind: 'func'; readonly func: FuncDecl }
  | { readonly kind: 'instance'; readonly scope: ScopeDecl }
  | { readonly kind: 'module' | 'component'; readonly name: string };

/** An interface, or all that a component imports or exports. */
export interface ScopeDecl {
  readonly side: Side;
  /** The extern name of an interface; undefined for the outermost scope of a side. */
  readonly name: string | undefined;
  readonly parent: ScopeDecl | undefined;
  readonly docs: string | undefined;
  /** The comment where the world imports or exports it. */
  readonly worldDocs: string | undefined;
  /** In the order of the component. */
  readonly items: Item[];
}

export interface HostWorld {
  readonly docs: string | undefined;
  readonly imports: ScopeDecl;
  readonly exports: ScopeDecl;
}

/** What `comments.ts` knows of one scope. */
export interface ScopeComments extends Pick<InterfaceDocs, 'docs' | 'types'> {
  readonly funcs: ReadonlyMap<string, string>;
}

/** A type behind its names. */
export function behindNames(type: JsType): Exclude<JsType, { readonly kind: 'named' }> {
  let at = type;
  while (at.kind === 'named') at = at.decl.type;
  return at;
}
