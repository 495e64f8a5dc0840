/**
 * Names of imports and exports: grammar, uniqueness, what annotations demand of the type, attributes.
 * Specification: Binary, "Import and Export Definitions"; Explainer, "Name Uniqueness".
 */
import type { ExternNameDecl } from '../types/definition.ts';
import { type ExternName, isLabel, tryParseExternName } from '../types/extern-name.ts';
import type { ExternType, HandleType, ResourceRef } from '../types/extern-type.ts';
import { isCanonicalVersion, tryParseSemver } from '../types/semver.ts';
import type { FuncType, ValueType } from '../types/value-type.ts';
import type { NameSet } from './name-set.ts';
import { type Reason, reasons } from './reasons.ts';
import type { Scope } from './scope.ts';

export type NameRole = 'import' | 'export';

function ownedRef(type: ValueType | undefined): ResourceRef | undefined {
  return type?.kind === 'own' ? (type as HandleType).ref : undefined;
}

function checkResource(names: NameSet, ref: ResourceRef, expected: string): string | undefined {
  const label = names.labelOf(ref);
  if (label === undefined) return reasons.resourceUnnamed();
  return label === expected ? undefined : reasons.resourceOther(label);
}

function constructorProblem(names: NameSet, resource: string, type: FuncType): string | undefined {
  if (type.result === undefined) return reasons.constructorResults();
  const ref = ownedRef(type.result.kind === 'result' ? type.result.ok : type.result);
  return ref === undefined ? reasons.constructorResult() : checkResource(names, ref, resource);
}

function methodProblem(names: NameSet, resource: string, type: FuncType): string | undefined {
  const self = type.params[0];
  if (self === undefined) return reasons.methodNoParam();
  if (self.name !== 'self') return reasons.methodSelfName();
  if (self.type.kind !== 'borrow') return reasons.methodSelfType();
  return checkResource(names, (self.type as HandleType).ref, resource);
}

/** What is wrong between an annotated name and the type beside it. */
function annotationProblem(names: NameSet, name: ExternName, text: string, type: ExternType): Reason | undefined {
  if (name.kind === 'label' || name.kind === 'interface') return undefined;
  if (type.kind !== 'func') return reasons.notFunc(text);
  const problem = funcProblem(names, name, type);
  return problem === undefined ? undefined : reasons.annotated(text, problem);
}

function funcProblem(
  names: NameSet,
  name: Extract<ExternName, { readonly resource: string }>,
  type: FuncType,
): string | undefined {
  switch (name.kind) {
    case 'constructor':
      return constructorProblem(names, name.resource, type);
    case 'method':
      return methodProblem(names, name.resource, type);
    case 'static':
      return names.hasResource(name.resource) ? undefined : reasons.staticUnknown();
  }
}

function checkImplements(scope: Scope, decl: ExternNameDecl, value: string, name: ExternName, type: ExternType): void {
  scope.require('implements', 'the attribute `implements`', decl.offset);
  const parsed = tryParseExternName(value, scope.session.features);
  if (!parsed.ok) scope.fail(reasons.implementsInvalid(value, parsed.problem.message), decl.offset);
  if (parsed.value.kind !== 'interface') scope.fail(reasons.implementsNotInterface(value), decl.offset);
  if (name.kind === 'interface') scope.fail(reasons.implementsNotPlain(decl.name), decl.offset);
  if (type.kind !== 'instance') scope.fail(reasons.implementsNotInstance(decl.name), decl.offset);
}

function checkVersionSuffix(scope: Scope, decl: ExternNameDecl, suffix: string, name: ExternName): void {
  scope.require('canon-names', 'the attribute `versionsuffix`', decl.offset);
  const version = name.kind === 'interface' ? name.version : undefined;
  if (version === undefined || !isCanonicalVersion(version))
    scope.fail(reasons.versionSuffix(decl.name, suffix, 'the name has no canonical version'), decl.offset);
  const whole = tryParseSemver(version + suffix);
  if (!whole.ok) scope.fail(reasons.versionSuffix(decl.name, suffix, whole.message), decl.offset);
}

/**
 * Checks the name of an import or export against its type and takes it in `names`. `registers` is false for the exports of an
 * instance expression, which introduce no index and so name no resource.
 */
export function checkExternName(
  scope: Scope,
  names: NameSet,
  role: NameRole,
  decl: ExternNameDecl,
  type: ExternType,
  registers = true,
): void {
  const parsed = tryParseExternName(decl.name, scope.session.features);
  if (!parsed.ok) scope.fail(reasons.invalidName(role, decl.name, parsed.problem.message), decl.offset);
  const name = parsed.value;
  if (decl.implements !== undefined) checkImplements(scope, decl, decl.implements, name, type);
  if (decl.versionSuffix !== undefined) checkVersionSuffix(scope, decl, decl.versionSuffix, name);
  if (decl.externalId !== undefined) scope.require('implements', 'the attribute `external-id`', decl.offset);
  const problem = annotationProblem(names, name, decl.name, type);
  if (problem !== undefined) scope.fail(problem, decl.offset);
  const previous = names.claim(decl.name);
  if (previous !== undefined) scope.fail(reasons.nameConflict(role, decl.name, previous, 'name'), decl.offset);
  if (registers && name.kind === 'label' && type.kind === 'type' && type.type.kind === 'resource')
    names.nameResource(type.type, name.label);
}

/** Checks the labels of one record, variant, flags, enum or parameter list. `previousRole` is how conflicts call the earlier one. */
export function checkLabels(
  scope: Scope,
  labels: readonly string[],
  role: string,
  previousRole: string,
  offset: number,
): void {
  const keys = new Map<string, string>();
  for (const label of labels) {
    if (label === '') scope.fail(reasons.emptyLabel(role), offset);
    if (!isLabel(label)) scope.fail(reasons.labelNotKebab(role, label), offset);
    const previous = keys.get(label.toLowerCase());
    if (previous !== undefined) scope.fail(reasons.nameConflict(role, label, previous, previousRole), offset);
    keys.set(label.toLowerCase(), label);
  }
}
