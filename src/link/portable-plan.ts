/**
 * A plan as plain data that can be kept outside of the process: a structured clone of it is as good. The bytes of the component are left
 * out, and put back when it is used.
 */
import type { ModuleRef, Plan } from './plan.ts';

export interface PortablePlan {
  readonly plan: Plan;
  /** The modules of the plan whose bytes were left out. */
  readonly modules: readonly ModuleRef[];
}

/** Something in a plan cannot leave the process. */
class NotPortable extends Error {}

type Plain = Record<string, unknown>;

/** Copies plain data; what is one object stays one. */
class Copier {
  readonly modules: ModuleRef[] = [];
  readonly #bytes: Uint8Array;
  readonly #copies = new Map<object, unknown>();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  copy(value: unknown): unknown {
    if (typeof value === 'function' || typeof value === 'symbol') throw new NotPortable();
    if (typeof value !== 'object' || value === null) return value;
    const known = this.#copies.get(value);
    return known ?? this.#object(value);
  }

  #object(value: object): unknown {
    if (value instanceof Uint8Array) throw new NotPortable();
    if (Array.isArray(value)) {
      const copy: unknown[] = [];
      this.#copies.set(value, copy);
      for (const item of value) copy.push(this.copy(item));
      return copy;
    }
    if (value instanceof Map) {
      const copy = new Map<unknown, unknown>();
      this.#copies.set(value, copy);
      for (const [key, item] of value) copy.set(this.copy(key), this.copy(item));
      return copy;
    }
    if (value instanceof Set) {
      const copy = new Set<unknown>();
      this.#copies.set(value, copy);
      for (const item of value) copy.add(this.copy(item));
      return copy;
    }
    return this.#plain(value as Plain);
  }

  #plain(value: Plain): unknown {
    if (Object.getPrototypeOf(value) !== Object.prototype) throw new NotPortable();
    const copy: Plain = {};
    this.#copies.set(value, copy);
    for (const [key, item] of Object.entries(value)) {
      if (item === this.#bytes) this.modules.push(copy as unknown as ModuleRef);
      else copy[key] = this.copy(item);
    }
    return copy;
  }
}

/** The plan of the component that `bytes` are; undefined where it holds what cannot leave the process, such as other components. */
export function portablePlan(plan: Plan, bytes: Uint8Array): PortablePlan | undefined {
  const copier = new Copier(bytes);
  try {
    return { plan: copier.copy(plan) as Plan, modules: copier.modules };
  } catch (error) {
    if (error instanceof NotPortable) return undefined;
    throw error;
  }
}

/** The plan again: `bytes` are those of the same component. What was portable is used up. */
export function revivePlan({ plan, modules }: PortablePlan, bytes: Uint8Array<ArrayBuffer>): Plan {
  for (const module of modules) (module as { bytes: Uint8Array<ArrayBuffer> }).bytes = bytes;
  return plan;
}
