/** Core instances: instantiated modules and bundles of core items. Specification: Binary, "core:instance". */
import type { CoreSort } from '../types/core-type.ts';
import type { Definition } from '../types/definition.ts';
import type { CoreExtern, CoreInstanceType } from '../types/extern-type.ts';
import { unreachable } from '../util/invariant.ts';
import { coreExternProblem } from './core-subtype.ts';
import { LIMITS } from './limits.ts';
import { reasons } from './reasons.ts';
import type { Scope } from './scope.ts';

type CoreInstanceDefinition = Extract<Definition, { readonly kind: 'core instance' }>;
type Instantiate = Extract<CoreInstanceDefinition['expr'], { readonly kind: 'instantiate' }>;
type Bundle = Extract<CoreInstanceDefinition['expr'], { readonly kind: 'exports' }>;

function instantiate(scope: Scope, expr: Instantiate, offset: number): CoreInstanceType {
  const module = scope.coreModule(expr.module, offset);
  scope.checkCount('core instantiation argument', expr.args.length, LIMITS.instantiationArgs, offset);
  const args = new Map<string, CoreInstanceType>();
  for (const arg of expr.args) {
    const instance = scope.coreInstance(arg.instance, offset);
    if (args.has(arg.name)) scope.fail(reasons.duplicateCoreArg(arg.name), offset);
    args.set(arg.name, instance);
  }
  for (const { module: from, name, type } of module.imports) {
    const instance = args.get(from);
    if (instance === undefined) scope.fail(reasons.missingCoreArg(from), offset);
    const item = instance.exports.get(name);
    if (item === undefined) scope.fail(reasons.missingCoreItem(from, name), offset);
    const problem = coreExternProblem(scope.session.coreTypes, item, type);
    if (problem !== undefined) scope.fail(reasons.coreArgMismatch(from, name, problem), offset);
  }
  return { exports: module.exports };
}

function coreItem(scope: Scope, sort: CoreSort, index: number, offset: number): CoreExtern {
  switch (sort) {
    case 'func':
      return { kind: 'func', ...scope.coreFunc(index, offset) };
    case 'table':
      return scope.coreTable(index, offset);
    case 'memory':
      return scope.coreMemory(index, offset);
    case 'global':
      return scope.coreGlobal(index, offset);
    case 'tag':
      return { kind: 'tag', ...scope.coreTag(index, offset) };
    case 'type':
    case 'module':
    case 'instance':
      return scope.fail(reasons.coreExportSort(sort), offset);
    default:
      return unreachable(sort);
  }
}

function bundle(scope: Scope, expr: Bundle, offset: number): CoreInstanceType {
  scope.checkCount('instantiation export', expr.exports.length, LIMITS.instantiationExports, offset);
  const exports = new Map<string, CoreExtern>();
  for (const { name, sort, index } of expr.exports) {
    const item = coreItem(scope, sort, index, offset);
    if (exports.has(name)) scope.fail(reasons.duplicateExport(name), offset);
    exports.set(name, item);
  }
  return { exports };
}

/** `core:instance ::= ie:<core:instanceexpr>` */
export function validateCoreInstance(scope: Scope, definition: CoreInstanceDefinition): void {
  const { expr, offset } = definition;
  scope.checkCount('instance', scope.instances.length + scope.coreInstances.length + 1, LIMITS.instances, offset);
  scope.coreInstances.push(
    expr.kind === 'instantiate' ? instantiate(scope, expr, offset) : bundle(scope, expr, offset),
  );
}
