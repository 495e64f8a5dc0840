/** The type section, with component and instance types. Specification: Binary, "type", "componenttype", "instancetype". */
import type {
  ComponentTypeDef,
  Declaration,
  ExportDeclaration,
  ImportDefinition,
  InstanceTypeDef,
  TypeDefinition,
} from '../types/definition.ts';
import type { ComponentType, ExternType, InstanceType, TypeEntity } from '../types/extern-type.ts';
import { unreachable } from '../util/invariant.ts';
import { aliasLabel, validateAlias } from './alias.ts';
import { validateCoreType } from './core-type.ts';
import { resolveExternType } from './extern.ts';
import { LIMITS } from './limits.ts';
import { checkExternName } from './names.ts';
import { reasons } from './reasons.ts';
import { Scope } from './scope.ts';
import { checkTypeSize, growType, resolveDefValType, resolveFuncType, resolveResourceType } from './value-type.ts';
import { checkVisibility, isNamedByExport } from './visibility.ts';

function open(parent: Scope, kind: 'component type' | 'instance type', offset: number): Scope {
  const scope = new Scope(parent.session, kind, parent);
  if (scope.typeDepth > LIMITS.depth) parent.fail(reasons.typeDepth(LIMITS.depth), offset);
  return scope;
}

function isEqTo({ type }: ImportDefinition, test: (index: number) => boolean): boolean {
  return type.kind === 'type' && type.bound === 'eq' && test(type.index);
}

/** `importdecl ::= na:<nameattributes> et:<externtype>`, in component types and as definition. */
export function validateImport(scope: Scope, definition: ImportDefinition): void {
  const { name, offset } = definition;
  scope.within(`import ${JSON.stringify(name.name)}`, () => {
    const { type, made } = resolveExternType(scope, definition.type, name.name, offset);
    for (const resource of made) scope.importedResources.add(resource);
    scope.checkCount('import', scope.imports.size + 1, LIMITS.imports, offset);
    // The name is judged before visibility, as the reference suite expects of names that are wrong in both ways.
    checkExternName(scope, scope.importNames, 'import', name, type);
    if (isEqTo(definition, (index) => isNamedByExport(scope, scope.type(index, offset))))
      scope.fail(reasons.notVisible('type', 'import'), offset);
    checkVisibility(scope, 'import', type, offset);
    growType(scope, type, offset);
    scope.imports.set(name.name, type);
    scope.addExtern(type, offset);
  });
}

/** `exportdecl ::= na:<nameattributes> et:<externtype>` */
function exportDeclaration(scope: Scope, declaration: ExportDeclaration): void {
  const { name, offset } = declaration;
  scope.within(`export ${JSON.stringify(name.name)}`, () => {
    const { type, made } = resolveExternType(scope, declaration.type, name.name, offset);
    for (const resource of made) scope.definedResources.push(resource);
    addExport(scope, declaration, type);
  });
}

/** Records an export of any scope and adds the index that it introduces. */
export function addExport(
  scope: Scope,
  definition: Pick<ExportDeclaration, 'name' | 'offset'>,
  type: ExternType,
): void {
  const { name, offset } = definition;
  scope.checkCount('export', scope.exports.size + 1, LIMITS.exports, offset);
  checkExternName(scope, scope.exportNames, 'export', name, type);
  checkVisibility(scope, 'export', type, offset);
  growType(scope, type, offset);
  scope.exports.set(name.name, type);
  scope.addExtern(type, offset);
}

function declare(scope: Scope, declaration: Declaration): void {
  switch (declaration.kind) {
    case 'core type':
      scope.within(scope.nextLabel('core type'), () => validateCoreType(scope, declaration));
      return;
    case 'type':
      validateType(scope, declaration);
      return;
    case 'alias':
      scope.within(aliasLabel(scope, declaration.sort), () => validateAlias(scope, declaration));
      return;
    case 'import':
      validateImport(scope, declaration);
      return;
    case 'export':
      exportDeclaration(scope, declaration);
      return;
    default:
      unreachable(declaration);
  }
}

function componentType(parent: Scope, def: ComponentTypeDef, offset: number): ComponentType {
  parent.checkCount('component type declaration', def.declarations.length, LIMITS.declarations, offset);
  const scope = open(parent, 'component type', offset);
  for (const declaration of def.declarations) declare(scope, declaration);
  return {
    kind: 'component',
    imports: scope.imports,
    exports: scope.exports,
    importedResources: [...scope.importedResources],
    definedResources: scope.definedResources,
  };
}

function instanceType(parent: Scope, def: InstanceTypeDef, offset: number): InstanceType {
  parent.checkCount('instance type declaration', def.declarations.length, LIMITS.declarations, offset);
  const scope = open(parent, 'instance type', offset);
  for (const declaration of def.declarations) declare(scope, declaration);
  return { kind: 'instance', exports: scope.exports, resources: scope.definedResources };
}

function resolve(scope: Scope, { type, offset }: TypeDefinition): TypeEntity {
  switch (type.kind) {
    case 'func':
      return resolveFuncType(scope, type, offset);
    case 'resource':
      return resolveResourceType(scope, type, offset);
    case 'component':
      return componentType(scope, type, offset);
    case 'instance':
      return instanceType(scope, type, offset);
    default:
      return resolveDefValType(scope, type, offset);
  }
}

/** `type ::= dt:<deftype>` */
export function validateType(scope: Scope, definition: TypeDefinition): void {
  scope.within(scope.nextLabel('type'), () => {
    const entity = resolve(scope, definition);
    checkTypeSize(scope, entity, definition.offset);
    scope.addType(entity, definition.offset);
  });
}
