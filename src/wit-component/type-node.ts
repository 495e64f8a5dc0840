/**
 * The types of a component as WIT sees them: which name was given where, and which type is another name of which. The validator's
 * types forget this on purpose. Everything here reads a component that was found valid.
 */
import { ValidationError } from '../error/error.ts';
import type { AnySort, Component, DefValType, FuncTypeDef, TypeDef } from '../types/definition.ts';

/** Where types have names: an interface that the component imports or exports, or its world. */
export interface Owner {
  readonly kind: 'interface' | 'world';
  /** Full name of an interface, or the label of an inline one. */
  readonly name: string;
}

/** What a type index stands for. `of` is the type that it is another name of. */
export interface TypeNode {
  readonly def:
    | { readonly kind: 'alias'; readonly of: TypeNode }
    | { readonly kind: 'resource' }
    | { readonly kind: 'value'; readonly type: DefValType; readonly scope: Scope }
    | { readonly kind: 'func'; readonly type: FuncTypeDef; readonly scope: Scope }
    | { readonly kind: 'declared'; readonly type: Extract<TypeDef, { declarations: unknown }>; readonly scope: Scope };
  /** Set when an import or export gives it a name. */
  owner: Owner | undefined;
  name: string | undefined;
}

export function node(def: TypeNode['def']): TypeNode {
  return { def, owner: undefined, name: undefined };
}

export type Extern =
  | { readonly sort: 'type'; readonly type: TypeNode }
  | { readonly sort: 'func'; readonly type: TypeNode | undefined }
  | { readonly sort: 'instance'; readonly exports: Externs }
  | { readonly sort: 'component'; readonly component: Component | undefined; readonly scope: Scope }
  | { readonly sort: 'module' }
  | { readonly sort: 'other' };

export interface NamedExport {
  readonly extern: Extern;
  readonly implements: string | undefined;
  readonly externalId: string | undefined;
}

export type Externs = ReadonlyMap<string, NamedExport>;

const MAX_STEPS = 1_000_000;

/** The index spaces of one component, or of one component or instance type. */
export class Scope {
  readonly parent: Scope | undefined;
  readonly types: TypeNode[] = [];
  readonly funcs: (TypeNode | undefined)[] = [];
  readonly instances: Externs[] = [];
  readonly components: Extract<Extern, { sort: 'component' }>[] = [];
  readonly #budget: { left: number };

  constructor(parent: Scope | undefined) {
    this.parent = parent;
    this.#budget = parent === undefined ? { left: MAX_STEPS } : parent.#budget;
  }

  /** Counts one definition: a component that instantiates others twice on each of many levels would never end. */
  step(): void {
    if (--this.#budget.left >= 0) return;
    throw new ValidationError('too-complex', 'the component takes too many steps to describe', {
      expected: `at most ${MAX_STEPS} definitions, counting each instantiation`,
      hint: 'tenon validate checks it without describing it',
    });
  }

  outer(count: number): Scope {
    let scope: Scope = this;
    for (let i = 0; i < count; i++) scope = scope.parent ?? scope;
    return scope;
  }

  add(extern: Extern): void {
    switch (extern.sort) {
      case 'type':
        this.types.push(extern.type);
        return;
      case 'func':
        this.funcs.push(extern.type);
        return;
      case 'instance':
        this.instances.push(extern.exports);
        return;
      case 'component':
        this.components.push(extern);
        return;
      default:
        return;
    }
  }

  item(sort: AnySort, index: number): Extern {
    switch (sort) {
      case 'type': {
        const type = this.types[index];
        return type === undefined ? { sort: 'other' } : { sort: 'type', type };
      }
      case 'func':
        return { sort: 'func', type: this.funcs[index] };
      case 'instance':
        return { sort: 'instance', exports: this.instances[index] ?? new Map() };
      case 'component':
        return this.components[index] ?? { sort: 'other' };
      default:
        return { sort: 'other' };
    }
  }
}
