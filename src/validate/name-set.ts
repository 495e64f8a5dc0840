/** The names of the imports, or of the exports, of one scope. Specification: Explainer, "Name Uniqueness". */

import { uniqueKey } from '../types/extern-name.ts';
import type { ResourceRef } from '../types/extern-type.ts';

/** The names of one namespace and the resources that they name. */
export class NameSet {
  readonly #keys = new Map<string, string>();
  readonly #labelOf = new Map<ResourceRef, string>();
  readonly #labels = new Set<string>();

  /** The earlier name with which `name` conflicts, if there is one; otherwise takes the name. */
  claim(name: string): string | undefined {
    const key = uniqueKey(name);
    const previous = this.#keys.get(key);
    if (previous === undefined) this.#keys.set(key, name);
    return previous;
  }

  nameResource(ref: ResourceRef, label: string): void {
    this.#labelOf.set(ref, label);
    this.#labels.add(label);
  }

  labelOf(ref: ResourceRef): string | undefined {
    return this.#labelOf.get(ref);
  }

  hasResource(label: string): boolean {
    return this.#labels.has(label);
  }
}
