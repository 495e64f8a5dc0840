/**
 * The index spaces of one component, component type, instance type or module type, and what has been defined in it. Identifiers are
 * looked up in the enclosing scopes too: what is found there comes in by an outer alias. Specification: Explainer, "Alias Definitions".
 *
 * A field is handled in two steps. First it is read: types and instances written in place are set before it, inline exports behind
 * everything. Then references are resolved and the definitions added in that order, so that an index is known when it is asked for.
 */
import { type ComponentNames, NAMED_SORTS } from '../../binary/names.ts';
import type { AnySort, Declaration, Definition } from '../../types/definition.ts';
import { nodeError, type Ref } from '../cursor.ts';
import { IndexSpace, unknownId } from '../index-space.ts';
import type { Id } from '../node.ts';

/** Known when the definitions before it have their indices. */
export type Late<T> = () => T;

/** What stands in a component or in a type. */
export type Item = Definition | Declaration;

const OUTER_SORTS: readonly AnySort[] = ['core module', 'core type', 'type', 'component'];

export class Scope {
  readonly parent: Scope | undefined;
  readonly #id: string | undefined;
  readonly items: Item[] = [];
  readonly #spaces: ReadonlyMap<AnySort, IndexSpace> = new Map(NAMED_SORTS.map((sort) => [sort, new IndexSpace(sort)]));
  /** Inline exports, which stand behind everything else. */
  readonly exports: Late<void>[] = [];

  constructor(parent: Scope | undefined, id: string | undefined) {
    this.parent = parent;
    this.#id = id;
  }

  /** What the name section of the component says; `component` is its own name. */
  names(component: string | undefined): ComponentNames {
    return { component, items: new Map([...this.#spaces].map(([sort, space]) => [sort, new Map(space.names)])) };
  }

  space(sort: AnySort): IndexSpace {
    return this.#spaces.get(sort)!;
  }

  /** Adds a definition that has an index. */
  define(item: Item, sort: AnySort, id?: Id, name?: string): number {
    this.items.push(item);
    return this.space(sort).add(id, name ?? id?.name);
  }

  /** Reads one field and adds what it defines. */
  field(read: (field: Field) => Late<void>): void {
    const field = new Field(this);
    const self = read(field);
    for (const define of [...field.types, ...field.instances]) define();
    self();
  }

  /** The scopes from this one outwards. */
  #chain(): Scope[] {
    const chain: Scope[] = [];
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) chain.push(scope);
    return chain;
  }

  /** The index that a reference means, through an outer alias if need be. */
  resolve(sort: AnySort, ref: Ref): number {
    if (ref.id === undefined) return ref.index;
    for (const [count, scope] of this.#chain().entries()) {
      const index = scope.space(sort).find(ref.id);
      if (index === undefined) continue;
      if (count === 0) return index;
      if (!OUTER_SORTS.includes(sort))
        throw nodeError('outer-sort', `outer item \`${ref.id}\` is not a module, type, or component`, ref.node);
      const target = { kind: 'outer', count, index } as const;
      // Every use has its own alias: giving it the identifier would hide a later definition of that name.
      return this.define({ kind: 'alias', offset: ref.node.offset, sort, target }, sort);
    }
    throw unknownId(sort, ref);
  }

  /** `outer <count> <index>` as written: the count may be the identifier of an enclosing scope. */
  outer(sort: AnySort, outer: Ref, ref: Ref): { readonly count: number; readonly index: number } {
    const chain = this.#chain();
    const count = outer.id === undefined ? outer.index : chain.findIndex((scope) => scope.#id === outer.id);
    if (count < 0)
      throw nodeError('unknown-id', `outer component \`${outer.id}\` not found: failed to find name`, outer.node);
    // Numbers are left to validation.
    if (outer.id === undefined && ref.id === undefined) return { count, index: ref.index };
    const scope = chain[count];
    if (scope === undefined)
      throw nodeError('outer-count', `outer count of \`${count}\` is too large: ${chain.length} scopes`, outer.node);
    return { count, index: scope.space(sort).resolve(ref) };
  }

  /** The index of an export of a component instance: an alias for each name. */
  exportOf(sort: AnySort, ref: Ref, names: readonly string[]): number {
    if (names.length === 0) return this.resolve(sort, ref);
    let instance = this.resolve('instance', ref);
    for (const [i, name] of names.entries()) {
      const of = i === names.length - 1 ? sort : 'instance';
      const target = { kind: 'export', instance, name } as const;
      instance = this.define({ kind: 'alias', offset: ref.node.offset, sort: of, target }, of);
    }
    return instance;
  }

  /** The index of an export of a core instance. */
  coreExportOf(sort: AnySort, ref: Ref, name: string | undefined): number {
    if (name === undefined) return this.resolve(sort, ref);
    const instance = this.resolve('core instance', ref);
    const target = { kind: 'core export', instance, name } as const;
    return this.define({ kind: 'alias', offset: ref.node.offset, sort, target }, sort);
  }
}

/** One field while it is read: what has to be defined before it. */
export class Field {
  readonly scope: Scope;
  readonly types: Late<void>[] = [];
  readonly instances: Late<void>[] = [];

  constructor(scope: Scope) {
    this.scope = scope;
  }

  /** Defines something in front of the field; answers its index. */
  before(list: Late<void>[], define: Late<number>): Late<number> {
    let index = -1;
    list.push(() => {
      index = define();
    });
    return () => index;
  }
}
