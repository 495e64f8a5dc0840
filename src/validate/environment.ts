/** What is known on one side of a comparison of types. Specification: Explainer, "Type Checking". */
import type { ResourceType } from '../types/value-type.ts';

/** Whether the found type may be a subtype or must be equal: what an `eq` bound asks for. */
export type Rule = 'subtype' | 'equal';

type Pairs = Map<object, Map<object, Environment>>;

/** Abstract resources in scope and what they stand for, by resource and by type entity. */
export class Environment {
  readonly bindings = new Map<object, object>();
  /** Pairs of types that match, by the expected one: bindings are only ever added, so that they go on matching. */
  readonly #known: Readonly<Record<Rule, Pairs>> = { subtype: new Map(), equal: new Map() };
  readonly #variables: ReadonlySet<ResourceType>;
  readonly #outer: Environment | undefined;
  /** What the variables may stand for, each for another, where types must be equal; otherwise they may stand for anything. */
  readonly #partners: Set<ResourceType> | undefined;

  constructor(
    variables: Iterable<ResourceType>,
    outer: Environment | undefined,
    partners: Iterable<ResourceType> | undefined = undefined,
  ) {
    this.#variables = new Set(variables);
    this.#outer = outer;
    this.#partners = partners === undefined ? undefined : new Set(partners);
  }

  /** True if the pair was found to match, with `from` on the other side. */
  knows(rule: Rule, found: object, expected: object, from: Environment): boolean {
    return this.#known[rule].get(expected)?.get(found) === from;
  }

  remember(rule: Rule, found: object, expected: object, from: Environment): void {
    const known = this.#known[rule].get(expected) ?? new Map<object, Environment>();
    this.#known[rule].set(expected, known.set(found, from));
  }

  resolve(resource: ResourceType): ResourceType {
    const bound = this.bindings.get(resource);
    if (bound !== undefined) return bound as ResourceType;
    return this.#outer === undefined ? resource : this.#outer.resolve(resource);
  }

  /** Binds an unbound variable; false if `resource` is none, or may not stand for `actual`. */
  bind(resource: ResourceType, actual: ResourceType): boolean {
    if (!this.#variables.has(resource)) return this.#outer?.bind(resource, actual) ?? false;
    if (this.bindings.has(resource)) return false;
    if (this.#partners !== undefined && !this.#partners.delete(actual)) return false;
    this.bindings.set(resource, actual);
    return true;
  }
}

/** An environment of its own for a side without binders. */
export function noVariables(): Environment {
  return new Environment([], undefined);
}
