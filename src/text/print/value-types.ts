/** Value types, function types and resource types as text. Specification: Explainer, "Type Definitions". */
import type { DefValType, FuncTypeDef, NamedTypeRef, ResourceTypeDef, ValTypeRef } from '../../types/definition.ts';
import { unreachable } from '../../util/invariant.ts';
import type { PrintScope } from './component-scope.ts';
import { quoteName } from './literal.ts';

/** `valtype` in place. */
export function valType(type: ValTypeRef, scope: PrintScope): string {
  return type.kind === 'primitive' ? type.primitive : scope.ref('type', type.index);
}

function optional(type: ValTypeRef | undefined, scope: PrintScope): string {
  return type === undefined ? '' : ` ${valType(type, scope)}`;
}

function named(keyword: string, items: readonly NamedTypeRef[], scope: PrintScope): string {
  return items.map(({ name, type }) => ` (${keyword} ${quoteName(name)} ${valType(type, scope)})`).join('');
}

function labels(items: readonly string[]): string {
  return items.map((label) => ` ${quoteName(label)}`).join('');
}

/** `defvaltype` */
export function defValType(type: DefValType, scope: PrintScope): string {
  switch (type.kind) {
    case 'primitive':
      return type.primitive;
    case 'record':
      return `(record${named('field', type.fields, scope)})`;
    case 'variant':
      return `(variant${type.cases.map((c) => ` (case ${quoteName(c.name)}${optional(c.type, scope)})`).join('')})`;
    case 'list':
      return `(list ${valType(type.element, scope)})`;
    case 'fixed-list':
      return `(list ${valType(type.element, scope)} ${type.length})`;
    case 'map':
      return `(map ${valType(type.key, scope)} ${valType(type.value, scope)})`;
    case 'tuple':
      return `(tuple${type.types.map((t) => ` ${valType(t, scope)}`).join('')})`;
    case 'flags':
    case 'enum':
      return `(${type.kind}${labels(type.labels)})`;
    case 'option':
      return `(option ${valType(type.type, scope)})`;
    case 'result':
      return `(result${optional(type.ok, scope)}${type.err === undefined ? '' : ` (error ${valType(type.err, scope)})`})`;
    case 'own':
    case 'borrow':
      return `(${type.kind} ${scope.ref('type', type.index)})`;
    case 'stream':
    case 'future':
      return `(${type.kind}${optional(type.element, scope)})`;
    default:
      return unreachable(type);
  }
}

/** `functype` */
export function funcType({ async, params, result }: FuncTypeDef, scope: PrintScope): string {
  const results = result === undefined ? '' : ` (result ${valType(result, scope)})`;
  return `(func${async ? ' async' : ''}${named('param', params, scope)}${results})`;
}

/** `resourcetype` */
export function resourceType({ rep, dtor }: ResourceTypeDef, scope: PrintScope): string {
  const destructor = dtor === undefined ? '' : ` (dtor (core func ${scope.ref('core func', dtor)}))`;
  return `(resource (rep ${rep})${destructor})`;
}
