/**
 * Subtyping of component-level types. Specification: Explainer, "Type Checking".
 *
 * Both sides may stand under binders of abstract resources. Each side has an environment; a resource that an environment lists as
 * a variable is bound to what stands against it where it is introduced, which is always before its uses. Pairs that match are
 * remembered, so that types which share parts cost what they take in the binary.
 */
import type { ComponentType, ExternType, ExternTypes, InstanceType, TypeEntity } from '../types/extern-type.ts';
import { externSort, isValueType } from '../types/extern-type.ts';
import { moduleProblem, type Problem } from './core-subtype.ts';
import type { CoreTypes } from './core-types.ts';
import { Environment, type Rule } from './environment.ts';
import { externInfo } from './type-info.ts';
import { funcProblem, isPrimitive, resourceProblem, typeName, valueProblem } from './value-equality.ts';

function entityName(entity: TypeEntity): string {
  return isValueType(entity) ? 'defined type' : entity.kind;
}

/** The first name of `found` that `expected` has not. */
function surplus(found: ExternTypes, expected: ExternTypes): string | undefined {
  if (found.size <= expected.size) return undefined;
  return [...found.keys()].find((name) => !expected.has(name));
}

/** Says why one type is not a subtype of another. "Found" is the supposed subtype, "expected" the supertype. */
export class Subtyping {
  readonly #coreTypes: CoreTypes;
  /** Pairs without resources that match under each rule, by the expected type: no environment has a say in them. */
  readonly #closed = { subtype: new WeakMap<object, WeakSet<object>>(), equal: new WeakMap<object, WeakSet<object>>() };

  constructor(coreTypes: CoreTypes) {
    this.#coreTypes = coreTypes;
  }

  extern(found: ExternType, expected: ExternType, from: Environment, to: Environment): Problem {
    return this.#extern('subtype', found, expected, from, to);
  }

  #extern(rule: Rule, found: ExternType, expected: ExternType, from: Environment, to: Environment): Problem {
    if (found.kind === 'func' && expected.kind === 'func') return funcProblem(found, expected, from, to);
    if (found.kind === 'instance' && expected.kind === 'instance')
      return this.#once(rule, found, expected, from, to, () => this.#instance(rule, found, expected, from, to));
    if (found.kind === 'component' && expected.kind === 'component')
      return this.#once(rule, found, expected, from, to, () => this.#component(rule, found, expected, from, to));
    if (found.kind === 'core module' && expected.kind === 'core module') {
      const problem = moduleProblem(this.#coreTypes, found, expected);
      return problem ?? (rule === 'equal' ? moduleProblem(this.#coreTypes, expected, found) : undefined);
    }
    if (found.kind === 'value' && expected.kind === 'value') return valueProblem(found.type, expected.type, from, to);
    if (found.kind === 'type' && expected.kind === 'type') return this.#entity(found.type, expected.type, from, to);
    return `expected ${externSort(expected)}, found ${externSort(found)}`;
  }

  /** Compares two types unless they were found to match before. */
  #once<T extends InstanceType | ComponentType>(
    rule: Rule,
    found: T,
    expected: T,
    from: Environment,
    to: Environment,
    compare: () => Problem,
  ): Problem {
    const closed = !externInfo(found).hasResource && !externInfo(expected).hasResource;
    const memory = this.#closed[rule];
    if (closed ? found === expected || memory.get(expected)?.has(found) : to.knows(rule, found, expected, from))
      return undefined;
    const problem = compare();
    if (problem !== undefined) return problem;
    if (!closed) to.remember(rule, found, expected, from);
    else if (memory.has(expected)) memory.get(expected)!.add(found);
    else memory.set(expected, new WeakSet([found]));
    return undefined;
  }

  /** A type bound asks for equality, but that `sub` bounds introduce resources. */
  #entity(found: TypeEntity, expected: TypeEntity, from: Environment, to: Environment): Problem {
    const problem = this.#entityProblem(found, expected, from, to);
    if (problem === undefined) to.bindings.set(expected, found);
    return problem;
  }

  #entityProblem(found: TypeEntity, expected: TypeEntity, from: Environment, to: Environment): Problem {
    if (isValueType(expected)) {
      if (!isValueType(found)) return `expected defined type, found ${entityName(found)}`;
      if (isPrimitive(expected) && !isPrimitive(found)) return `expected primitive, found ${typeName(found)}`;
      return valueProblem(found, expected, from, to);
    }
    if (expected.kind === 'resource') {
      if (found.kind !== 'resource') return `expected resource, found ${entityName(found)}`;
      if (to.bind(expected.resource, from.resolve(found.resource))) return undefined;
      return resourceProblem(found.resource, expected.resource, from, to);
    }
    if (found.kind !== expected.kind) return `expected ${entityName(expected)}, found ${entityName(found)}`;
    return this.#boundType(found as typeof expected, expected, from, to);
  }

  /** Types of functions, and types that bind resources of their own, which are equal if some renaming of those makes them so. */
  #boundType(found: TypeEntity, expected: TypeEntity, from: Environment, to: Environment): Problem {
    if (found.kind === 'func' && expected.kind === 'func') return funcProblem(found, expected, from, to);
    if (found.kind === 'component' && expected.kind === 'component')
      return this.#extern('equal', found, expected, from, to);
    if (found.kind !== 'instance' || expected.kind !== 'instance') return undefined;
    return this.#once('equal', found, expected, from, to, () => {
      const inner = new Environment(expected.resources, to, found.resources);
      return this.#instance('equal', found, expected, from, inner);
    });
  }

  /** An instance may export more. The abstract resources of `expected` must be variables of `to`. */
  #instance(rule: Rule, found: InstanceType, expected: InstanceType, from: Environment, to: Environment): Problem {
    return this.#exports(rule, found.exports, expected.exports, from, to, 'instance export');
  }

  #exports(
    rule: Rule,
    found: ExternTypes,
    expected: ExternTypes,
    from: Environment,
    to: Environment,
    what: string,
  ): Problem {
    for (const [name, type] of expected) {
      const offered = found.get(name);
      if (offered === undefined) return `missing expected export \`${name}\``;
      const problem = this.#extern(rule, offered, type, from, to);
      if (problem !== undefined) return `type mismatch in ${what} \`${name}\`: ${problem}`;
    }
    const more = rule === 'equal' ? surplus(found, expected) : undefined;
    return more === undefined ? undefined : `an export \`${more}\` that was not expected`;
  }

  /** A component may import less and export more. */
  #component(rule: Rule, found: ComponentType, expected: ComponentType, from: Environment, to: Environment): Problem {
    if (rule === 'equal') return this.#equalComponent(found, expected, from, to);
    const inner = new Environment(found.importedResources, from);
    const outer = new Environment([], to);
    for (const [name, type] of found.imports) {
      const supplied = expected.imports.get(name);
      if (supplied === undefined) return `missing expected import \`${name}\``;
      const problem = this.extern(supplied, type, outer, inner);
      if (problem !== undefined) return `type mismatch in import \`${name}\`: ${problem}`;
    }
    const exported = new Environment(expected.definedResources, outer);
    return this.#exports('subtype', found.exports, expected.exports, inner, exported, 'component export');
  }

  #equalComponent(found: ComponentType, expected: ComponentType, from: Environment, to: Environment): Problem {
    const imported = new Environment(expected.importedResources, to, found.importedResources);
    for (const [name, type] of expected.imports) {
      const other = found.imports.get(name);
      if (other === undefined) return `missing expected import \`${name}\``;
      const problem = this.#extern('equal', other, type, from, imported);
      if (problem !== undefined) return `type mismatch in import \`${name}\`: ${problem}`;
    }
    const more = surplus(found.imports, expected.imports);
    if (more !== undefined) return `an import \`${more}\` that was not expected`;
    const exported = new Environment(expected.definedResources, imported, found.definedResources);
    return this.#exports('equal', found.exports, expected.exports, from, exported, 'component export');
  }
}
