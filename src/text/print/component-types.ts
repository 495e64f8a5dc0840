/** Types of components, instances and core modules, and what imports and exports are, as text. Specification: Explainer, "Type Definitions". */
import type {
  AliasDef,
  AnySort,
  Declaration,
  ExternNameDecl,
  ExternTypeDef,
  TypeDef,
  TypeDefinition,
} from '../../types/definition.ts';
import { unreachable } from '../../util/invariant.ts';
import { coreTypeDefinition } from './component-core-types.ts';
import { PrintScope } from './component-scope.ts';
import { quoteName } from './literal.ts';
import type { TextWriter } from './text-writer.ts';
import { defValType, funcType, resourceType, valType } from './value-types.ts';

/** `<externnamelit> <attribute>*` */
export function externName(decl: ExternNameDecl): string {
  let text = quoteName(decl.name);
  if (decl.implements !== undefined) text += ` (implements ${quoteName(decl.implements)})`;
  if (decl.versionSuffix !== undefined) text += ` (versionsuffix ${quoteName(decl.versionSuffix)})`;
  if (decl.externalId !== undefined) text += ` (external-id ${quoteName(decl.externalId)})`;
  return text;
}

/** The sort that an import or export of this type adds to. */
export function sortOf(type: ExternTypeDef): AnySort {
  return type.kind;
}

/** `externtype` with what stands behind the sort: the definition's index, or nothing in an ascription. */
export function externType(type: ExternTypeDef, scope: PrintScope, head = ''): string {
  switch (type.kind) {
    case 'core module':
      return `(core module${head} (type ${scope.ref('core type', type.index)}))`;
    case 'func':
    case 'component':
    case 'instance':
      return `(${type.kind}${head} (type ${scope.ref('type', type.index)}))`;
    case 'value':
      if (type.bound === 'eq') return `(value${head} (eq ${scope.ref('value', type.index)}))`;
      return `(value${head} ${valueBound(type.type, scope)})`;
    case 'type':
      if (type.bound === 'sub-resource') return `(type${head} (sub resource))`;
      return `(type${head} (eq ${scope.ref('type', type.index)}))`;
    default:
      return unreachable(type);
  }
}

/** A bare index would be taken for the value's own. */
function valueBound(type: Parameters<typeof valType>[0], scope: PrintScope): string {
  const text = valType(type, scope);
  return type.kind === 'index' ? `(type ${text})` : text;
}

/** `(alias …)`, defining what it names. */
export function aliasText({ sort, target }: AliasDef, scope: PrintScope): string {
  const of = targetText(target, sort, scope);
  return `(alias ${of} (${sort}${scope.define(sort)}))`;
}

function targetText(target: AliasDef['target'], sort: AnySort, scope: PrintScope): string {
  switch (target.kind) {
    case 'export':
      return `export ${scope.ref('instance', target.instance)} ${quoteName(target.name)}`;
    case 'core export':
      return `core export ${scope.ref('core instance', target.instance)} ${quoteName(target.name)}`;
    case 'outer':
      return target.count === 0 ? `outer 0 ${scope.ref(sort, target.index)}` : `outer ${target.count} ${target.index}`;
    default:
      return unreachable(target);
  }
}

/** `(type <id>? <deftype>)`; the type cannot refer to itself. */
export function typeDefinition(out: TextWriter, { type }: TypeDefinition, scope: PrintScope): void {
  const body = simpleType(type, scope);
  out.open(`type${scope.define('type')} `);
  if (body !== undefined) out.write(body);
  else scopeType(out, type as Extract<TypeDef, { readonly kind: 'component' | 'instance' }>);
  out.close();
}

/** A type that stands on one line; undefined for those with declarations. */
function simpleType(type: TypeDef, scope: PrintScope): string | undefined {
  switch (type.kind) {
    case 'component':
    case 'instance':
      return undefined;
    case 'func':
      return funcType(type, scope);
    case 'resource':
      return resourceType(type, scope);
    default:
      return defValType(type, scope);
  }
}

function scopeType(
  out: TextWriter,
  type: { readonly kind: string; readonly declarations: readonly Declaration[] },
): void {
  const scope = new PrintScope();
  out.open(type.kind);
  for (const declaration of type.declarations) {
    out.newline();
    declarationText(out, declaration, scope);
  }
  if (type.declarations.length > 0) out.closeOnNewLine();
  else out.close();
}

function declarationText(out: TextWriter, declaration: Declaration, scope: PrintScope): void {
  switch (declaration.kind) {
    case 'core type':
      coreTypeDefinition(out, declaration, scope);
      return;
    case 'type':
      typeDefinition(out, declaration, scope);
      return;
    case 'alias':
      out.write(aliasText(declaration, scope));
      return;
    case 'import':
    case 'export':
      out.write(namedExtern(declaration.kind, declaration.name, declaration.type, scope));
      return;
    default:
      unreachable(declaration);
  }
}

/** An import, or an export inside a type. */
export function namedExtern(
  keyword: 'import' | 'export',
  name: ExternNameDecl,
  type: ExternTypeDef,
  scope: PrintScope,
): string {
  // The type refers to what stands before it.
  const head = scope.define(sortOf(type));
  return `(${keyword} ${externName(name)} ${externType(type, scope, head)})`;
}
