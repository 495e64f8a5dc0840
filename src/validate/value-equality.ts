/**
 * Equality of value and function types. Specification: Explainer, "Type Checking": value types have no proper subtypes, functions
 * match exactly, parameter names included. Resources are equal by what both sides' environments make of them.
 */
import type { FuncType, NamedType, ResourceType, ValueType } from '../types/value-type.ts';
import type { Problem } from './core-subtype.ts';
import type { Environment } from './environment.ts';
import { typeInfo } from './type-info.ts';

export function typeName(type: ValueType): string {
  return type.kind === 'fixed-list' ? 'fixed-length list' : type.kind;
}

export function isPrimitive(type: ValueType): boolean {
  switch (type.kind) {
    case 'record':
    case 'variant':
    case 'list':
    case 'fixed-list':
    case 'map':
    case 'tuple':
    case 'flags':
    case 'enum':
    case 'option':
    case 'result':
    case 'own':
    case 'borrow':
    case 'stream':
    case 'future':
      return false;
    default:
      return true;
  }
}

function within(context: string, problem: Problem): Problem {
  return problem === undefined ? undefined : `${context}: ${problem}`;
}

/** Why two resource types are not the same. */
export function resourceProblem(
  found: ResourceType,
  expected: ResourceType,
  from: Environment,
  to: Environment,
): Problem {
  if (from.resolve(found) === to.resolve(expected)) return undefined;
  const named = found.name !== undefined && expected.name !== undefined;
  const names = named ? ` (expected \`${expected.name}\`, found \`${found.name}\`)` : '';
  return `resource types are not the same${names}`;
}

/** Why a function does not match. */
export function funcProblem(found: FuncType, expected: FuncType, from: Environment, to: Environment): Problem {
  if (found.async !== expected.async)
    return `expected ${expected.async ? 'an async' : 'a synchronous'} function, found ${found.async ? 'an async' : 'a synchronous'} one`;
  if (found.params.length !== expected.params.length)
    return `expected ${expected.params.length} parameters, found ${found.params.length}`;
  for (const [i, param] of expected.params.entries()) {
    const other = found.params[i]!;
    if (other.name !== param.name) return `expected parameter named \`${param.name}\`, found \`${other.name}\``;
    const problem = valueProblem(other.type, param.type, from, to);
    if (problem !== undefined) return `type mismatch in function parameter \`${param.name}\`: ${problem}`;
  }
  if (found.result === undefined && expected.result === undefined) return undefined;
  if (found.result === undefined) return 'expected a result, found none';
  // The reference suite asks for the same words where the expected side has no result.
  if (expected.result === undefined) return 'expected a result, found none: only the function supplied has a result';
  return within('type mismatch with result type', valueProblem(found.result, expected.result, from, to));
}

/** Value types have no proper subtypes: this is equality. */
export function valueProblem(found: ValueType, expected: ValueType, from: Environment, to: Environment): Problem {
  const plain = !typeInfo(found).hasResource && !typeInfo(expected).hasResource;
  if ((plain && found === expected) || to.knows('equal', found, expected, from)) return undefined;
  const problem = kindProblem(found, expected, from, to);
  if (problem === undefined && typeInfo(found).depth > 1) to.remember('equal', found, expected, from);
  return problem;
}

function kindProblem(found: ValueType, expected: ValueType, from: Environment, to: Environment): Problem {
  if (found.kind !== expected.kind) {
    if (isPrimitive(found) && isPrimitive(expected))
      return `expected primitive \`${typeName(expected)}\` found primitive \`${typeName(found)}\``;
    return `expected ${typeName(expected)}, found ${typeName(found)}`;
  }
  switch (expected.kind) {
    case 'record':
      return recordProblem((found as typeof expected).fields, expected.fields, from, to);
    case 'variant':
      return variantProblem(found as typeof expected, expected, from, to);
    case 'tuple':
      return tupleProblem((found as typeof expected).types, expected.types, from, to);
    case 'list':
      return within(
        'type mismatch in list element',
        valueProblem((found as typeof expected).element, expected.element, from, to),
      );
    case 'fixed-list': {
      const other = found as typeof expected;
      if (other.length !== expected.length)
        return `expected a list of length ${expected.length}, found ${other.length}`;
      return within('type mismatch in list element', valueProblem(other.element, expected.element, from, to));
    }
    case 'map': {
      const other = found as typeof expected;
      const key = within('type mismatch in map key', valueProblem(other.key, expected.key, from, to));
      return key ?? within('type mismatch in map value', valueProblem(other.value, expected.value, from, to));
    }
    case 'option':
      return within('type mismatch in option', valueProblem((found as typeof expected).type, expected.type, from, to));
    case 'result':
      return resultProblem(found as typeof expected, expected, from, to);
    case 'flags':
    case 'enum': {
      const labels = (found as typeof expected).labels;
      const same = labels.length === expected.labels.length && labels.every((label, i) => label === expected.labels[i]);
      return same ? undefined : `mismatch in ${expected.kind} elements`;
    }
    case 'own':
    case 'borrow':
      return resourceProblem((found as typeof expected).resource, expected.resource, from, to);
    case 'stream':
    case 'future':
      return elementProblem(found as typeof expected, expected, from, to);
    default:
      return undefined;
  }
}

function recordProblem(
  found: readonly NamedType[],
  expected: readonly NamedType[],
  from: Environment,
  to: Environment,
): Problem {
  if (found.length !== expected.length) return `expected ${expected.length} fields, found ${found.length}`;
  for (const [i, field] of expected.entries()) {
    const other = found[i]!;
    if (other.name !== field.name) return `expected field name \`${field.name}\`, found \`${other.name}\``;
    const problem = valueProblem(other.type, field.type, from, to);
    if (problem !== undefined) return `type mismatch in record field \`${field.name}\`: ${problem}`;
  }
  return undefined;
}

function variantProblem(
  found: Extract<ValueType, { kind: 'variant' }>,
  expected: Extract<ValueType, { kind: 'variant' }>,
  from: Environment,
  to: Environment,
): Problem {
  if (found.cases.length !== expected.cases.length)
    return `expected ${expected.cases.length} cases, found ${found.cases.length}`;
  for (const [i, one] of expected.cases.entries()) {
    const other = found.cases[i]!;
    if (other.name !== one.name) return `expected case named \`${one.name}\`, found \`${other.name}\``;
    if (one.type === undefined) {
      if (other.type !== undefined)
        return `expected case \`${one.name}\` to have no type, found ${typeName(other.type)}`;
      continue;
    }
    if (other.type === undefined) return `expected case \`${one.name}\` to have a type, found none`;
    const problem = valueProblem(other.type, one.type, from, to);
    if (problem !== undefined) return `type mismatch in variant case \`${one.name}\`: ${problem}`;
  }
  return undefined;
}

function tupleProblem(
  found: readonly ValueType[],
  expected: readonly ValueType[],
  from: Environment,
  to: Environment,
): Problem {
  if (found.length !== expected.length) return `expected ${expected.length} types, found ${found.length}`;
  for (const [i, type] of expected.entries()) {
    const problem = valueProblem(found[i]!, type, from, to);
    if (problem !== undefined) return `type mismatch in tuple field ${i}: ${problem}`;
  }
  return undefined;
}

function resultProblem(
  found: Extract<ValueType, { kind: 'result' }>,
  expected: Extract<ValueType, { kind: 'result' }>,
  from: Environment,
  to: Environment,
): Problem {
  for (const part of ['ok', 'err'] as const) {
    const wanted = expected[part];
    const other = found[part];
    if (wanted === undefined && other === undefined) continue;
    if (wanted === undefined) return `expected ${part} type to not be present`;
    if (other === undefined) return `expected ${part} type, but found none`;
    const problem = valueProblem(other, wanted, from, to);
    if (problem !== undefined) return `type mismatch in ${part} variant: ${problem}`;
  }
  return undefined;
}

function elementProblem(
  found: Extract<ValueType, { kind: 'stream' | 'future' }>,
  expected: Extract<ValueType, { kind: 'stream' | 'future' }>,
  from: Environment,
  to: Environment,
): Problem {
  const what = expected.kind;
  if (found.element === undefined && expected.element === undefined) return undefined;
  if (expected.element === undefined) return `expected ${what} without an element type, found one with`;
  if (found.element === undefined) return `expected ${what} with an element type, found one without`;
  return within(`type mismatch in ${what} element`, valueProblem(found.element, expected.element, from, to));
}
