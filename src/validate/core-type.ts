/** Core type definitions: recursion groups and module types. Specification: Binary, "core:type". */
import type { CoreExternType, Limits, MemoryType, RecType, TableType } from '../types/core-type.ts';
import type { CoreTypeDefinition, ModuleDeclaration, ModuleTypeDef } from '../types/definition.ts';
import type { CoreExtern, CoreImport, ModuleType } from '../types/extern-type.ts';
import { unreachable } from '../util/invariant.ts';
import { checkExternProposals, checkRecProposals } from './core-proposals.ts';
import { mapValType } from './core-types.ts';
import { LIMITS } from './limits.ts';
import { type Reason, reasons } from './reasons.ts';
import type { Scope } from './scope.ts';

/** Canonical numbers of an index space of core types; undefined where the index names a module type. */
export type TypeSpace = (number | undefined)[];

function numberOf(scope: Scope, space: TypeSpace, index: number, offset: number): number {
  const id = space[index];
  if (id === undefined) scope.fail(reasons.unknownIndex('type', index), offset);
  return id;
}

function funcExtern(scope: Scope, space: TypeSpace, kind: 'func' | 'tag', index: number, offset: number): CoreExtern {
  const typeId = numberOf(scope, space, index, offset);
  const extern = scope.session.coreTypes.funcExtern(typeId);
  if (extern === undefined) scope.fail(reasons.notCoreFuncType(index), offset);
  if (kind === 'func') return extern;
  if (extern.type.results.length > 0) scope.fail(reasons.tagResults(), offset);
  return { ...extern, kind };
}

/** Frees a core import's or export's type from its index space. */
export function resolveCoreExtern(scope: Scope, space: TypeSpace, type: CoreExternType, offset: number): CoreExtern {
  const resolve = (index: number) => numberOf(scope, space, index, offset);
  switch (type.kind) {
    case 'func':
    case 'tag':
      return funcExtern(scope, space, type.kind, type.typeIndex, offset);
    case 'table':
      return { ...type, element: mapValType(type.element, resolve) as TableType['element'] };
    case 'memory':
      return type;
    case 'global':
      return { ...type, type: mapValType(type.type, resolve) };
    default:
      return unreachable(type);
  }
}

function limitsProblem(limits: Limits, max: bigint, tooLarge: Reason): Reason | undefined {
  if (limits.max !== undefined && limits.min > limits.max) return reasons.limitsOrder();
  if (limits.min > max || (limits.max !== undefined && limits.max > max)) return tooLarge;
  return undefined;
}

function memoryProblem({ limits }: MemoryType): Reason | undefined {
  if (limits.shared && limits.max === undefined) return reasons.sharedWithoutMax();
  const max = limits.is64 ? 1n << 48n : 1n << 16n;
  return limitsProblem(limits, max, reasons.memorySize(`${max}`));
}

function tableProblem(type: TableType): Reason | undefined {
  const max = type.limits.is64 ? (1n << 64n) - 1n : (1n << 32n) - 1n;
  return limitsProblem(type.limits, max, reasons.tableSize(`${max}`));
}

function checkCoreExtern(scope: Scope, type: CoreExternType, offset: number): void {
  checkExternProposals(scope, type, offset);
  const problem = type.kind === 'memory' ? memoryProblem(type) : type.kind === 'table' ? tableProblem(type) : undefined;
  if (problem !== undefined) scope.fail(problem, offset);
}

/** Adds the types of a group to an index space. */
export function defineRec(scope: Scope, space: TypeSpace, rec: RecType, offset: number): void {
  const ids = scope.session.coreTypes.define(rec, space);
  if ('code' in ids) scope.fail(ids, offset);
  for (const id of ids) space.push(id);
}

/** Collects imports and exports, which must have names of their own. */
export class ModuleTypeBuilder {
  readonly #scope: Scope;
  readonly #imports: CoreImport[] = [];
  readonly #importNames = new Map<string, Set<string>>();
  // Imports of one module mostly stand together.
  #lastModule: string | undefined;
  #lastNames = new Set<string>();
  readonly #exports = new Map<string, CoreExtern>();
  #memories = 0;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  addImport(module: string, name: string, type: CoreExtern, offset: number): void {
    if (module !== this.#lastModule) {
      this.#lastModule = module;
      this.#lastNames = this.#importNames.get(module) ?? new Set();
      this.#importNames.set(module, this.#lastNames);
    }
    const before = this.#lastNames.size;
    if (this.#lastNames.add(name).size === before) this.#scope.fail(reasons.duplicateImport(module, name), offset);
    if (type.kind === 'memory') this.#scope.checkCount('memory', ++this.#memories, LIMITS.moduleMemories, offset);
    this.#imports.push({ module, name, type });
  }

  addExport(name: string, type: CoreExtern, offset: number): void {
    const before = this.#exports.size;
    if (this.#exports.set(name, type).size === before) this.#scope.fail(reasons.duplicateExport(name), offset);
  }

  finish(): ModuleType {
    return { kind: 'core module', imports: this.#imports, exports: this.#exports };
  }
}

/** The scope `count` levels out, counted from a module type inside `scope`: level 0 is the module type itself. */
function outerCoreType(
  scope: Scope,
  space: TypeSpace,
  declaration: Extract<ModuleDeclaration, { kind: 'outer-alias' }>,
): number {
  const { count, index, offset } = declaration;
  if (count === 0) return numberOf(scope, space, index, offset);
  let target: Scope | undefined = scope;
  for (let i = 1; i < count && target !== undefined; i++) target = target.parent;
  if (target === undefined) scope.fail(reasons.outerCount(count), offset);
  const entry = target.coreTypes[index];
  if (entry === undefined) scope.fail(reasons.unknownIndex('type', index), offset);
  if (entry.kind === 'module') scope.fail(reasons.nestedModuleType(), offset);
  return entry.id;
}

function moduleDeclaration(
  scope: Scope,
  space: TypeSpace,
  builder: ModuleTypeBuilder,
  declaration: ModuleDeclaration,
): void {
  const { offset } = declaration;
  switch (declaration.kind) {
    case 'type':
      checkRecProposals(scope, declaration.type, offset);
      defineRec(scope, space, declaration.type, offset);
      scope.checkCount('type', space.length, LIMITS.types, offset);
      return;
    case 'outer-alias':
      space.push(outerCoreType(scope, space, declaration));
      return;
    case 'import':
      checkCoreExtern(scope, declaration.type, offset);
      builder.addImport(
        declaration.module,
        declaration.name,
        resolveCoreExtern(scope, space, declaration.type, offset),
        offset,
      );
      return;
    case 'export':
      checkCoreExtern(scope, declaration.type, offset);
      builder.addExport(declaration.name, resolveCoreExtern(scope, space, declaration.type, offset), offset);
      return;
    default:
      unreachable(declaration);
  }
}

function moduleType(scope: Scope, type: ModuleTypeDef, offset: number): ModuleType {
  scope.checkCount('module type declaration', type.declarations.length, LIMITS.moduleDeclarations, offset);
  const space: TypeSpace = [];
  const builder = new ModuleTypeBuilder(scope);
  for (const declaration of type.declarations) moduleDeclaration(scope, space, builder, declaration);
  return builder.finish();
}

/** `core:type ::= dt:<core:deftype>` */
export function validateCoreType(scope: Scope, definition: CoreTypeDefinition): void {
  const { type, offset } = definition;
  if (type.kind === 'module') {
    scope.addCoreType({ kind: 'module', type: moduleType(scope, type, offset) }, offset);
    return;
  }
  checkRecProposals(scope, type.rec, offset);
  const ids = scope.session.coreTypes.define(type.rec, scope.coreTypeIds);
  if ('code' in ids) scope.fail(ids, offset);
  for (const id of ids) scope.addCoreType({ kind: 'canonical', id }, offset);
}
