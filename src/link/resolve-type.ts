/** Turns decoded types into resolved ones while a plan is made. Assumes a valid component. Specification: Binary, "Type Definitions". */
import type { DefValType, FuncTypeDef, ValTypeRef } from '../types/definition.ts';
import type { FuncType, PrimitiveKind, ValueType } from '../types/value-type.ts';
import { invariant, unreachable } from '../util/invariant.ts';
import type { TypeValue } from './plan.ts';

const primitives = new Map<PrimitiveKind, ValueType>();

function primitive(kind: PrimitiveKind): ValueType {
  let type = primitives.get(kind);
  if (type === undefined) {
    type = { kind };
    primitives.set(kind, type);
  }
  return type;
}

/** The value type that `ref` stands for among `types`. */
export function resolveValType(ref: ValTypeRef, types: readonly TypeValue[]): ValueType {
  if (ref.kind === 'primitive') return primitive(ref.primitive);
  const type = types[ref.index];
  invariant(type?.kind === 'value', `type ${ref.index} is a value type`);
  return type.type;
}

function optional(ref: ValTypeRef | undefined, types: readonly TypeValue[]): ValueType | undefined {
  return ref === undefined ? undefined : resolveValType(ref, types);
}

export function resolveFuncType(def: FuncTypeDef, types: readonly TypeValue[]): FuncType {
  return {
    kind: 'func',
    async: def.async,
    params: def.params.map((p) => ({ name: p.name, type: resolveValType(p.type, types) })),
    result: optional(def.result, types),
  };
}

export function resolveDefValType(def: DefValType, types: readonly TypeValue[]): ValueType {
  switch (def.kind) {
    case 'primitive':
      return primitive(def.primitive);
    case 'record':
      return { kind: 'record', fields: def.fields.map((f) => ({ name: f.name, type: resolveValType(f.type, types) })) };
    case 'variant':
      return { kind: 'variant', cases: def.cases.map((c) => ({ name: c.name, type: optional(c.type, types) })) };
    case 'list':
      return { kind: 'list', element: resolveValType(def.element, types) };
    case 'fixed-list':
      return { kind: 'fixed-list', element: resolveValType(def.element, types), length: def.length };
    case 'map':
      return { kind: 'map', key: resolveValType(def.key, types), value: resolveValType(def.value, types) };
    case 'tuple':
      return { kind: 'tuple', types: def.types.map((t) => resolveValType(t, types)) };
    case 'flags':
    case 'enum':
      return { kind: def.kind, labels: def.labels };
    case 'option':
      return { kind: 'option', type: resolveValType(def.type, types) };
    case 'result':
      return { kind: 'result', ok: optional(def.ok, types), err: optional(def.err, types) };
    case 'own':
    case 'borrow': {
      const type = types[def.index];
      invariant(type?.kind === 'resource', `type ${def.index} is a resource`);
      return { kind: def.kind, resource: type.resource };
    }
    case 'stream':
    case 'future':
      return { kind: def.kind, element: optional(def.element, types) };
    default:
      return unreachable(def);
  }
}
