/** Component instances: instantiated components and bundles of items. Specification: Binary, "instance". */
import { Substitution } from '../types/component-type.ts';
import type { Definition } from '../types/definition.ts';
import type { ExternType, InstanceType } from '../types/extern-type.ts';
import { Environment, noVariables } from './environment.ts';
import { itemOfSort } from './extern.ts';
import { LIMITS } from './limits.ts';
import { NameSet } from './name-set.ts';
import { checkExternName } from './names.ts';
import { reasons } from './reasons.ts';
import type { Scope } from './scope.ts';
import { externInfo } from './type-info.ts';
import { checkTypeSize } from './value-type.ts';

type InstanceDefinition = Extract<Definition, { readonly kind: 'instance' }>;
type Instantiate = Extract<InstanceDefinition['expr'], { readonly kind: 'instantiate' }>;
type Bundle = Extract<InstanceDefinition['expr'], { readonly kind: 'exports' }>;

function collectArgs(scope: Scope, expr: Instantiate, offset: number): Map<string, ExternType> {
  scope.checkCount('instantiation argument', expr.args.length, LIMITS.instantiationArgs, offset);
  const args = new Map<string, ExternType>();
  for (const { name, sort, index } of expr.args) {
    const item = itemOfSort(scope, sort, index, 'an instantiation argument', offset);
    if (args.has(name)) scope.fail(reasons.duplicateArg(name), offset);
    args.set(name, item);
  }
  return args;
}

/** What is supplied for a type import takes its place in all later imports and in the exports. */
function instantiate(scope: Scope, expr: Instantiate, offset: number): InstanceType {
  const component = scope.component(expr.component, offset);
  const { hasResource, size } = externInfo(component);
  if (hasResource) scope.charge(size, offset);
  const args = collectArgs(scope, expr, offset);
  const supplied = new Environment(component.importedResources, undefined);
  for (const [name, type] of component.imports) {
    const arg = args.get(name);
    if (arg === undefined) scope.fail(reasons.missingArg(name), offset);
    const problem = scope.session.subtyping.extern(arg, type, noVariables(), supplied);
    if (problem !== undefined) scope.fail(reasons.argMismatch(name, problem), offset);
  }
  if (supplied.bindings.size === 0 && component.definedResources.length === 0)
    return { kind: 'instance', exports: component.exports, resources: [] };
  const substitution = new Substitution({ replace: supplied.bindings, fresh: component.definedResources });
  const exports = substitution.externs(component.exports);
  for (const resource of substitution.made) scope.definedResources.push(resource);
  return { kind: 'instance', exports, resources: [] };
}

function bundle(scope: Scope, expr: Bundle, offset: number): InstanceType {
  scope.checkCount('instantiation export', expr.exports.length, LIMITS.instantiationExports, offset);
  const names = new NameSet();
  const exports = new Map<string, ExternType>();
  for (const { name, sort, index } of expr.exports) {
    scope.within(`export ${JSON.stringify(name.name)}`, () => {
      const item = itemOfSort(scope, sort, index, 'an instance', offset);
      checkExternName(scope, names, 'export', name, item, false);
      exports.set(name.name, item);
    });
  }
  return { kind: 'instance', exports, resources: [] };
}

/** `instance ::= ie:<instanceexpr>` */
export function validateInstance(scope: Scope, definition: InstanceDefinition): void {
  const { expr, offset } = definition;
  const type = expr.kind === 'instantiate' ? instantiate(scope, expr, offset) : bundle(scope, expr, offset);
  checkTypeSize(scope, type, offset);
  scope.addExtern(type, offset);
}
