/** Core types in components, module types above all. Specification: Explainer, "Core Type Definitions". */
import type { CoreExternType } from '../../types/core-type.ts';
import type { CoreTypeDefinition, ModuleDeclaration } from '../../types/definition.ts';
import { unreachable } from '../../util/invariant.ts';
import { PrintScope } from './component-scope.ts';
import { quoteName } from './literal.ts';
import { globalTypeText, memoryTypeText, subTypeText, tableTypeText } from './module-types.ts';
import type { TextWriter } from './text-writer.ts';

type RecType = Extract<CoreTypeDefinition['type'], { readonly kind: 'rec' }>['rec'];

/** `(core type …)`, or `(core rec (type …)*)` for a group. */
export function coreTypeDefinition(out: TextWriter, { type }: CoreTypeDefinition, scope: PrintScope): void {
  if (type.kind === 'rec') {
    out.write(recText(type.rec, scope, 'core '));
    return;
  }
  out.open(`core type${scope.define('core type')} `).open('module');
  const inner = new PrintScope();
  for (const declaration of type.declarations) out.line(declarationText(declaration, inner));
  if (type.declarations.length > 0) out.closeOnNewLine();
  else out.close();
  out.close();
}

/** The types of a group may refer to each other. */
function recText({ explicit, types }: RecType, scope: PrintScope, prefix: string): string {
  const ref = (index: number): string => scope.ref('core type', index);
  const heads = types.map(() => scope.define('core type'));
  const texts = types.map((type, i) => `type${heads[i]} ${subTypeText(type, ref)}`);
  if (!explicit && texts.length === 1) return `(${prefix}${texts[0]})`;
  return `(${prefix}rec${texts.map((text) => ` (${text})`).join('')})`;
}

function declarationText(declaration: ModuleDeclaration, scope: PrintScope): string {
  switch (declaration.kind) {
    case 'import':
      return `(import ${quoteName(declaration.module)} ${quoteName(declaration.name)} ${externText(declaration.type, scope)})`;
    case 'export':
      return `(export ${quoteName(declaration.name)} ${externText(declaration.type, scope)})`;
    case 'type':
      return recText(declaration.type, scope, '');
    case 'outer-alias':
      return `(alias outer ${declaration.count} ${declaration.index} (type${scope.define('core type')}))`;
    default:
      return unreachable(declaration);
  }
}

/** `core:externtype` */
function externText(type: CoreExternType, scope: PrintScope): string {
  const ref = (index: number): string => scope.ref('core type', index);
  switch (type.kind) {
    case 'func':
      return type.exact === true
        ? `(func (exact (type ${ref(type.typeIndex)})))`
        : `(func (type ${ref(type.typeIndex)}))`;
    case 'tag':
      return `(tag (type ${ref(type.typeIndex)}))`;
    case 'table':
      return `(table ${tableTypeText(type, ref)})`;
    case 'memory':
      return `(memory ${memoryTypeText(type)})`;
    case 'global':
      return `(global ${globalTypeText(type, ref)})`;
    default:
      return unreachable(type);
  }
}
