/** Equality of resolved types, resources compared by the caller's rule. Specification: Subtyping (functions and values match exactly). */
import { unreachable } from '../util/invariant.ts';
import type { FuncType, NamedType, ResourceType, ValueType } from './value-type.ts';

/** Whether two resource types stand for the same. */
export type SameResource = (a: ResourceType, b: ResourceType) => boolean;

/** Pairs known to be equal, so that types which share parts are walked once. */
type Seen = Map<ValueType, Set<ValueType>>;

/** Whether two function types are the same, parameter names and asyncness included. */
export function sameFuncType(a: FuncType, b: FuncType, same: SameResource): boolean {
  const seen: Seen = new Map();
  return (
    a.async === b.async && sameNamed(a.params, b.params, same, seen) && sameOptional(a.result, b.result, same, seen)
  );
}

function sameNamed(a: readonly NamedType[], b: readonly NamedType[], same: SameResource, seen: Seen): boolean {
  return a.length === b.length && a.every((x, i) => x.name === b[i]!.name && sameType(x.type, b[i]!.type, same, seen));
}

function sameOptional(a: ValueType | undefined, b: ValueType | undefined, same: SameResource, seen: Seen): boolean {
  if (a === undefined || b === undefined) return a === b;
  return sameType(a, b, same, seen);
}

function sameLabels(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}

function sameType(a: ValueType, b: ValueType, same: SameResource, seen: Seen): boolean {
  if (a.kind !== b.kind) return false;
  const known = seen.get(a);
  if (known?.has(b) === true) return true;
  const equal = sameParts(a, b, same, seen);
  if (equal) {
    if (known === undefined) seen.set(a, new Set([b]));
    else known.add(b);
  }
  return equal;
}

/** `b` has the kind of `a`; the casts say so where the type system cannot follow. */
function sameParts(a: ValueType, b: ValueType, same: SameResource, seen: Seen): boolean {
  switch (a.kind) {
    case 'record':
      return sameNamed(a.fields, (b as typeof a).fields, same, seen);
    case 'variant': {
      const cases = (b as typeof a).cases;
      return (
        a.cases.length === cases.length &&
        a.cases.every((c, i) => c.name === cases[i]!.name && sameOptional(c.type, cases[i]!.type, same, seen))
      );
    }
    case 'list':
      return sameType(a.element, (b as typeof a).element, same, seen);
    case 'fixed-list':
      return a.length === (b as typeof a).length && sameType(a.element, (b as typeof a).element, same, seen);
    case 'map':
      return sameType(a.key, (b as typeof a).key, same, seen) && sameType(a.value, (b as typeof a).value, same, seen);
    case 'tuple': {
      const types = (b as typeof a).types;
      return a.types.length === types.length && a.types.every((t, i) => sameType(t, types[i]!, same, seen));
    }
    case 'flags':
    case 'enum':
      return sameLabels(a.labels, (b as typeof a).labels);
    case 'option':
      return sameType(a.type, (b as typeof a).type, same, seen);
    case 'result':
      return sameOptional(a.ok, (b as typeof a).ok, same, seen) && sameOptional(a.err, (b as typeof a).err, same, seen);
    case 'own':
    case 'borrow':
      return same(a.resource, (b as typeof a).resource);
    case 'stream':
    case 'future':
      return sameOptional(a.element, (b as typeof a).element, same, seen);
    case 'bool':
    case 's8':
    case 'u8':
    case 's16':
    case 'u16':
    case 's32':
    case 'u32':
    case 's64':
    case 'u64':
    case 'f32':
    case 'f64':
    case 'char':
    case 'string':
    case 'error-context':
      return true;
    default:
      return unreachable(a);
  }
}
