/**
 * The types of one module or module type: those that it defines, and those that it gets because a function states its type in place.
 * Specification: core 3.0, "Text format, type uses". An implicit type is found again by how it is written.
 */
import type { CoreFuncType, RecType, SubType } from '../../types/core-type.ts';
import { type Cursor, nodeError, type Ref } from '../cursor.ts';
import { IndexSpace } from '../index-space.ts';
import type { Id, Node } from '../node.ts';
import { type NamedValType, type ParsedSubType, type ResolveType, subType, valTypes } from './types.ts';

/** `typeuse`: a reference, a type in place, or both. */
export interface TypeUse {
  readonly node: Node;
  readonly ref: Ref | undefined;
  readonly params: readonly NamedValType[];
  readonly results: readonly NamedValType[];
}

/** What was written, free of the numbering. */
interface Written extends TypeUse {
  readonly key: string;
}

/** One definition to be parsed once all identifiers are known. */
type Pending = (resolve: ResolveType) => { readonly rec: RecType; readonly parsed: readonly ParsedSubType[] };

export class TypeTable {
  readonly space: IndexSpace;
  readonly #byKey = new Map<string, number>();
  readonly #interned = new Map<string, number>();
  readonly #pending: Pending[] = [];
  readonly #recs: RecType[] = [];
  readonly #types: SubType[] = [];
  /** Identifiers of the fields of structures, by type index. */
  readonly fields = new Map<number, IndexSpace>();

  constructor(space: IndexSpace) {
    this.space = space;
  }

  /** How a reference reads: numbers as they are, identifiers as numbers that no index can be. */
  #symbol(ref: Ref): number {
    if (ref.id === undefined) return ref.index;
    let symbol = this.#interned.get(ref.id);
    if (symbol === undefined) {
      symbol = -1 - this.#interned.size;
      this.#interned.set(ref.id, symbol);
    }
    return symbol;
  }

  readonly resolve: ResolveType = (ref) => this.space.resolve(ref);
  readonly #symbolic: ResolveType = (ref) => this.#symbol(ref);

  /** `(type $id? <subtype>)` */
  define(field: Cursor): void {
    this.#defineGroup([field], false);
  }

  /** `(rec (type …)*)` */
  defineRec(rec: Cursor): void {
    const fields: Cursor[] = [];
    while (!rec.done) fields.push(rec.list('type'));
    this.#defineGroup(fields, true);
  }

  #defineGroup(fields: readonly Cursor[], explicit: boolean): void {
    const bodies = fields.map((field) => {
      const id = field.takeId();
      const name = field.annotation('name');
      const index = this.space.add(id, name === undefined ? id?.name : nameAnnotation(name));
      const body = field.rest();
      return { index, body };
    });
    const cursors = (i: number): Cursor => fields[i]!.over(bodies[i]!.body);
    for (const [i, { index }] of bodies.entries()) {
      const { type } = subType(cursors(i), this.#symbolic);
      if (!explicit && type.composite.kind === 'func' && type.supertypes.length === 0 && !type.shared)
        this.#remember(JSON.stringify([type.composite.params, type.composite.results]), index);
    }
    this.#pending.push((resolve) => {
      const parsed = bodies.map((_, i) => {
        const cursor = cursors(i);
        const one = subType(cursor, resolve);
        cursor.finish();
        return one;
      });
      return { rec: { explicit, types: parsed.map((p) => p.type) }, parsed };
    });
  }

  #remember(key: string, index: number): void {
    if (!this.#byKey.has(key)) this.#byKey.set(key, index);
  }

  /** Reads a type use; {@link intern} gives its index. */
  read(c: Cursor): TypeUse {
    const node = c.peek() ?? c.owner;
    const explicit = c.takeList('type');
    const ref = explicit?.ref('a type');
    explicit?.finish();
    const params = valTypes(c, 'param', this.#symbolic);
    const results = valTypes(c, 'result', this.#symbolic);
    if (c.isList('param')) throw c.unexpected('no more parameters behind the results');
    return { node, ref, params, results };
  }

  /** The index of a type use; adds a type if there is none like it. */
  intern(use: TypeUse): number {
    const params = use.params.map((p) => p.type);
    const results = use.results.map((r) => r.type);
    if (use.ref !== undefined) {
      const index = this.space.resolve(use.ref);
      if (params.length + results.length > 0) this.#check(use, index);
      return index;
    }
    const key = JSON.stringify([params, results]);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const index = this.space.add(undefined);
    this.#byKey.set(key, index);
    this.#pending.push(() => {
      const composite: CoreFuncType = { kind: 'func', params: this.final(params), results: this.final(results) };
      const type: SubType = { final: true, supertypes: [], shared: false, composite };
      return { rec: { explicit: false, types: [type] }, parsed: [{ type, fields: [] }] };
    });
    return index;
  }

  /** Throws if the type in place is not the one that the reference names. */
  #check(use: TypeUse, index: number): void {
    const found = this.type(index)?.composite;
    if (found?.kind !== 'func') return;
    const stated = [this.final(use.params.map((p) => p.type)), this.final(use.results.map((r) => r.type))];
    if (JSON.stringify(stated) !== JSON.stringify([found.params, found.results]))
      throw nodeError('type-mismatch', 'inline function type does not match the type that it references', use.node);
  }

  /** Types as {@link read} gives them, with indices for symbols. */
  final<T>(types: readonly T[]): T[] {
    const names = new Map([...this.#interned].map(([name, symbol]) => [symbol, name]));
    const replace = (value: unknown): unknown => {
      if (typeof value !== 'object' || value === null) return value;
      if ('index' in value && typeof value.index === 'number' && value.index < 0) {
        const index = this.space.find(names.get(value.index)!);
        return { ...value, index: index ?? this.#unknown(names.get(value.index)!) };
      }
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replace(inner)]));
    };
    return types.map((type) => replace(type) as T);
  }
}
