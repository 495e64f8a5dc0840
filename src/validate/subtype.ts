/**
 * Subtyping of component-level types. Specification: Explainer, "Type Checking".
 *
 * Both sides may stand under binders of abstract resources. Each side has an environment; a resource that an environment lists as
 * a variable is bound to what stands against it where it is introduced, which is always before its uses.
 */
import type { ComponentType, ExternType, InstanceType, TypeEntity } from '../types/extern-type.ts';
import { externSort, isValueType } from '../types/extern-type.ts';
import type { FuncType, NamedType, ResourceType, ValueType } from '../types/value-type.ts';
import { moduleProblem, type Problem } from './core-subtype.ts';
import type { CoreTypes } from './core-types.ts';
import { typeInfo } from './type-info.ts';

/** Abstract resources in scope on one side and what they stand for, by resource and by type entity. */
export class Environment {
  readonly bindings = new Map<object, object>();
  /** Pairs of value types found equal, by the supertype's side: bindings are only ever added, so that they stay equal. */
  readonly #equal = new Map<ValueType, Map<ValueType, Environment>>();
  readonly #variables: ReadonlySet<ResourceType>;
  readonly #outer: Environment | undefined;

  constructor(variables: Iterable<ResourceType>, outer: Environment | undefined) {
    this.#variables = new Set(variables);
    this.#outer = outer;
  }

  knowsEqual(found: ValueType, expected: ValueType, from: Environment): boolean {
    return this.#equal.get(expected)?.get(found) === from;
  }

  rememberEqual(found: ValueType, expected: ValueType, from: Environment): void {
    const known = this.#equal.get(expected) ?? new Map<ValueType, Environment>();
    this.#equal.set(expected, known.set(found, from));
  }

  resolve(resource: ResourceType): ResourceType {
    const bound = this.bindings.get(resource);
    if (bound !== undefined) return bound as ResourceType;
    return this.#outer === undefined ? resource : this.#outer.resolve(resource);
  }

  /** Binds an unbound variable; false if `resource` is none. */
  bind(resource: ResourceType, actual: ResourceType): boolean {
    if (!this.#variables.has(resource)) return this.#outer?.bind(resource, actual) ?? false;
    if (this.bindings.has(resource)) return false;
    this.bindings.set(resource, actual);
    return true;
  }
}

/** An environment of its own for a side without binders. */
export function noVariables(): Environment {
  return new Environment([], undefined);
}

function entityName(entity: TypeEntity): string {
  return isValueType(entity) ? 'defined type' : entity.kind;
}

function typeName(type: ValueType): string {
  return type.kind === 'fixed-list' ? 'fixed-length list' : type.kind;
}

function isPrimitive(type: ValueType): boolean {
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

/** Says why one type is not a subtype of another. "Found" is the supposed subtype, "expected" the supertype. */
export class Subtyping {
  readonly #coreTypes: CoreTypes;

  constructor(coreTypes: CoreTypes) {
    this.#coreTypes = coreTypes;
  }

  extern(found: ExternType, expected: ExternType, from: Environment, to: Environment): Problem {
    if (found.kind === 'func' && expected.kind === 'func') return this.func(found, expected, from, to);
    if (found.kind === 'instance' && expected.kind === 'instance') return this.instance(found, expected, from, to);
    if (found.kind === 'component' && expected.kind === 'component') return this.component(found, expected, from, to);
    if (found.kind === 'core module' && expected.kind === 'core module')
      return moduleProblem(this.#coreTypes, found, expected);
    if (found.kind === 'value' && expected.kind === 'value') return this.value(found.type, expected.type, from, to);
    if (found.kind === 'type' && expected.kind === 'type') return this.#entity(found.type, expected.type, from, to);
    return `expected ${externSort(expected)}, found ${externSort(found)}`;
  }

  #entity(found: TypeEntity, expected: TypeEntity, from: Environment, to: Environment): Problem {
    const problem = this.#entityProblem(found, expected, from, to);
    if (problem === undefined) to.bindings.set(expected, found);
    return problem;
  }

  #entityProblem(found: TypeEntity, expected: TypeEntity, from: Environment, to: Environment): Problem {
    if (isValueType(expected)) {
      if (!isValueType(found)) return `expected defined type, found ${entityName(found)}`;
      if (isPrimitive(expected) && !isPrimitive(found)) return `expected primitive, found ${typeName(found)}`;
      return this.value(found, expected, from, to);
    }
    if (expected.kind === 'resource') {
      if (found.kind !== 'resource') return `expected resource, found ${entityName(found)}`;
      const actual = from.resolve(found.resource);
      if (to.bind(expected.resource, actual)) return undefined;
      return this.#resource(found.resource, expected.resource, from, to);
    }
    if (found.kind === 'func' && expected.kind === 'func') return this.func(found, expected, from, to);
    // A type bound is equality: subtypes of each other.
    if (found.kind === 'instance' && expected.kind === 'instance')
      return this.#typeOfInstance(found, expected, from, to) ?? this.#typeOfInstance(expected, found, to, from);
    if (found.kind === 'component' && expected.kind === 'component')
      return (
        this.component(found, expected, from, to) ?? this.component(expected, found, to, new Environment([], from))
      );
    return `expected ${entityName(expected)}, found ${entityName(found)}`;
  }

  #resource(found: ResourceType, expected: ResourceType, from: Environment, to: Environment): Problem {
    if (from.resolve(found) === to.resolve(expected)) return undefined;
    return `resource types are not the same${this.#resourceNames(found, expected)}`;
  }

  #resourceNames(found: ResourceType, expected: ResourceType): string {
    if (found.name === undefined || expected.name === undefined) return '';
    return ` (expected \`${expected.name}\`, found \`${found.name}\`)`;
  }

  #typeOfInstance(found: InstanceType, expected: InstanceType, from: Environment, to: Environment): Problem {
    return this.instance(found, expected, from, new Environment(expected.resources, to));
  }

  /** An instance may export more. The abstract resources of `expected` must be variables of `to`. */
  instance(found: InstanceType, expected: InstanceType, from: Environment, to: Environment): Problem {
    return this.#exports(found.exports, expected.exports, from, to, 'instance export');
  }

  #exports(
    found: InstanceType['exports'],
    expected: InstanceType['exports'],
    from: Environment,
    to: Environment,
    what: string,
  ): Problem {
    for (const [name, type] of expected) {
      const offered = found.get(name);
      if (offered === undefined) return `missing expected export \`${name}\``;
      const problem = this.extern(offered, type, from, to);
      if (problem !== undefined) return `type mismatch in ${what} \`${name}\`: ${problem}`;
    }
    return undefined;
  }

  /** A component may import less and export more. */
  component(found: ComponentType, expected: ComponentType, from: Environment, to: Environment): Problem {
    const inner = new Environment(found.importedResources, from);
    const outer = new Environment([], to);
    for (const [name, type] of found.imports) {
      const supplied = expected.imports.get(name);
      if (supplied === undefined) return `missing expected import \`${name}\``;
      const problem = this.extern(supplied, type, outer, inner);
      if (problem !== undefined) return `type mismatch in import \`${name}\`: ${problem}`;
    }
    const exported = new Environment(expected.definedResources, outer);
    return this.#exports(found.exports, expected.exports, inner, exported, 'component export');
  }

  func(found: FuncType, expected: FuncType, from: Environment, to: Environment): Problem {
    if (found.async !== expected.async)
      return `expected ${expected.async ? 'an async' : 'a synchronous'} function, found ${found.async ? 'an async' : 'a synchronous'} one`;
    if (found.params.length !== expected.params.length)
      return `expected ${expected.params.length} parameters, found ${found.params.length}`;
    for (const [i, param] of expected.params.entries()) {
      const other = found.params[i]!;
      if (other.name !== param.name) return `expected parameter named \`${param.name}\`, found \`${other.name}\``;
      const problem = this.value(other.type, param.type, from, to);
      if (problem !== undefined) return `type mismatch in function parameter \`${param.name}\`: ${problem}`;
    }
    if (found.result === undefined && expected.result === undefined) return undefined;
    if (found.result === undefined) return 'expected a result, found none';
    // The reference suite asks for the same words where the expected side has no result.
    if (expected.result === undefined) return 'expected a result, found none: only the function supplied has a result';
    return within('type mismatch with result type', this.value(found.result, expected.result, from, to));
  }

  /** Value types have no proper subtypes: this is equality. */
  value(found: ValueType, expected: ValueType, from: Environment, to: Environment): Problem {
    const plain = !typeInfo(found).hasResource && !typeInfo(expected).hasResource;
    if ((plain && found === expected) || to.knowsEqual(found, expected, from)) return undefined;
    const problem = this.#value(found, expected, from, to);
    if (problem === undefined && typeInfo(found).depth > 1) to.rememberEqual(found, expected, from);
    return problem;
  }

  #value(found: ValueType, expected: ValueType, from: Environment, to: Environment): Problem {
    if (found.kind !== expected.kind) {
      if (isPrimitive(found) && isPrimitive(expected))
        return `expected primitive \`${typeName(expected)}\` found primitive \`${typeName(found)}\``;
      return `expected ${typeName(expected)}, found ${typeName(found)}`;
    }
    switch (expected.kind) {
      case 'record':
        return this.#record((found as typeof expected).fields, expected.fields, from, to);
      case 'variant':
        return this.#variant(found as typeof expected, expected, from, to);
      case 'tuple':
        return this.#tuple((found as typeof expected).types, expected.types, from, to);
      case 'list':
        return within(
          'type mismatch in list element',
          this.value((found as typeof expected).element, expected.element, from, to),
        );
      case 'fixed-list': {
        const other = found as typeof expected;
        if (other.length !== expected.length)
          return `expected a list of length ${expected.length}, found ${other.length}`;
        return within('type mismatch in list element', this.value(other.element, expected.element, from, to));
      }
      case 'map': {
        const other = found as typeof expected;
        const key = within('type mismatch in map key', this.value(other.key, expected.key, from, to));
        return key ?? within('type mismatch in map value', this.value(other.value, expected.value, from, to));
      }
      case 'option':
        return within('type mismatch in option', this.value((found as typeof expected).type, expected.type, from, to));
      case 'result':
        return this.#result(found as typeof expected, expected, from, to);
      case 'flags':
      case 'enum': {
        const labels = (found as typeof expected).labels;
        const same =
          labels.length === expected.labels.length && labels.every((label, i) => label === expected.labels[i]);
        return same ? undefined : `mismatch in ${expected.kind} elements`;
      }
      case 'own':
      case 'borrow':
        return this.#resource((found as typeof expected).resource, expected.resource, from, to);
      case 'stream':
      case 'future':
        return this.#element(found as typeof expected, expected, from, to);
      default:
        return undefined;
    }
  }

  #record(found: readonly NamedType[], expected: readonly NamedType[], from: Environment, to: Environment): Problem {
    if (found.length !== expected.length) return `expected ${expected.length} fields, found ${found.length}`;
    for (const [i, field] of expected.entries()) {
      const other = found[i]!;
      if (other.name !== field.name) return `expected field name \`${field.name}\`, found \`${other.name}\``;
      const problem = this.value(other.type, field.type, from, to);
      if (problem !== undefined) return `type mismatch in record field \`${field.name}\`: ${problem}`;
    }
    return undefined;
  }

  #variant(
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
      const problem = this.value(other.type, one.type, from, to);
      if (problem !== undefined) return `type mismatch in variant case \`${one.name}\`: ${problem}`;
    }
    return undefined;
  }

  #tuple(found: readonly ValueType[], expected: readonly ValueType[], from: Environment, to: Environment): Problem {
    if (found.length !== expected.length) return `expected ${expected.length} types, found ${found.length}`;
    for (const [i, type] of expected.entries()) {
      const problem = this.value(found[i]!, type, from, to);
      if (problem !== undefined) return `type mismatch in tuple field ${i}: ${problem}`;
    }
    return undefined;
  }

  #result(
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
      const problem = this.value(other, wanted, from, to);
      if (problem !== undefined) return `type mismatch in ${part} variant: ${problem}`;
    }
    return undefined;
  }

  #element(
    found: Extract<ValueType, { kind: 'stream' | 'future' }>,
    expected: Extract<ValueType, { kind: 'stream' | 'future' }>,
    from: Environment,
    to: Environment,
  ): Problem {
    const what = expected.kind;
    if (found.element === undefined && expected.element === undefined) return undefined;
    if (expected.element === undefined) return `expected ${what} without an element type, found one with`;
    if (found.element === undefined) return `expected ${what} with an element type, found one without`;
    return within(`type mismatch in ${what} element`, this.value(found.element, expected.element, from, to));
  }
}
