/** Exports of a component. Specification: Binary, "export". Names and visibility are checked where all exports are added. */
import type { Definition } from '../types/definition.ts';
import type { ExternType } from '../types/extern-type.ts';
import { Environment, noVariables } from './environment.ts';
import { copyEntity, itemOfSort, resolveExternType } from './extern.ts';
import { reasons } from './reasons.ts';
import type { Scope } from './scope.ts';
import { addExport } from './type.ts';
import { typeInfo } from './type-info.ts';

type ExportDefinition = Extract<Definition, { readonly kind: 'export' }>;

/** The type of an export without an ascription: what it exports, under a new name. */
function inferred(scope: Scope, definition: ExportDefinition, item: ExternType): ExternType {
  switch (item.kind) {
    case 'type':
      return { kind: 'type', bound: 'eq', type: copyEntity(item.type) };
    case 'value':
      if (typeInfo(item.type).hasBorrow) scope.fail(reasons.borrowInValue(), definition.offset);
      return item;
    default:
      return item;
  }
}

function ascribed(scope: Scope, definition: ExportDefinition, item: ExternType): ExternType {
  const { type: def, offset, name } = definition;
  if (def === undefined) return inferred(scope, definition, item);
  const { type, made } = resolveExternType(scope, def, name.name, offset);
  const problem = scope.session.subtyping.extern(item, type, noVariables(), new Environment(made, undefined));
  if (problem !== undefined) scope.fail(reasons.ascription(problem), offset);
  for (const resource of made) scope.definedResources.push(resource);
  return type;
}

/** `export ::= na:<nameattributes> si:<sortidx> et?:<externtype>?` */
export function validateExport(scope: Scope, definition: ExportDefinition): void {
  scope.within(`export ${JSON.stringify(definition.name.name)}`, () => {
    const item = itemOfSort(scope, definition.sort, definition.index, 'an export', definition.offset);
    addExport(scope, definition, ascribed(scope, definition, item));
    // Exporting a value is its one use: the new index is used as well.
    if (item.kind === 'value') scope.values.at(-1)!.used = true;
  });
}
