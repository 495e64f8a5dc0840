/**
 * The types of one module or module type: those that it defines, and those that it gets because a function states its type in place.
 * Specification: core 3.0, "Text format, type uses". Types may refer to later ones, so that they are read twice: once as written, to
 * find equal ones and count, and again when all identifiers are known.
 */
import type { CoreFuncType, RecType, SubType } from '../../types/core-type.ts';
import { Cursor, nodeError, type Ref } from '../cursor.ts';
import { IndexSpace } from '../index-space.ts';
import { nameAnnotation } from '../name-annotation.ts';
import type { Id, Node } from '../node.ts';
import { type Named, type ParsedSubType, type ResolveType, subType, valTypes } from './types.ts';

/** `typeuse`: a reference, a type in place, or both. */
export interface TypeUse {
  readonly node: Node;
  readonly ref: Ref | undefined;
  /** Identifiers of the parameters written in place. */
  readonly names: readonly Named[];
  /** Whether parameters or results were written in place. */
  readonly inPlace: boolean;
  readonly results: number;
  /** Equal for types in place that are written alike. */
  readonly key: string;
  readonly signature: (resolve: ResolveType) => CoreFuncType;
}

interface Group {
  readonly explicit: boolean;
  readonly read: () => readonly ParsedSubType[];
  types: readonly ParsedSubType[] | undefined;
}

function signature(owner: Cursor['owner'], items: readonly Node[], resolve: ResolveType): CoreFuncType {
  const c = new Cursor(owner, 0, items);
  const params = valTypes(c, 'param', resolve).map((p) => p.type);
  return { kind: 'func', params, results: valTypes(c, 'result', resolve).map((r) => r.type) };
}

export class TypeTable {
  readonly space: IndexSpace;
  readonly #byKey = new Map<string, number>();
  readonly #symbols = new Map<string, number>();
  readonly #groups: Group[] = [];
  /** The group of each type and its place there; undefined for an alias. */
  readonly #places: (readonly [Group, number] | undefined)[] = [];

  /** Whether a type stated in place twice is one type. */
  readonly #share: boolean;

  constructor(space: IndexSpace, share: boolean) {
    this.space = space;
    this.#share = share;
  }

  /** What a reference means. */
  readonly resolve: ResolveType = (ref) => this.space.resolve(ref);

  /** How a reference reads: numbers as they are, identifiers as numbers that no index can be. */
  readonly #symbolic: ResolveType = (ref) => {
    if (ref.id === undefined) return ref.index;
    const symbol = this.#symbols.get(ref.id) ?? -1 - this.#symbols.size;
    this.#symbols.set(ref.id, symbol);
    return symbol;
  };

  /** `(type $id? <subtype>)`, behind the keyword. */
  define(field: Cursor): void {
    this.#defineGroup([field], false);
  }

  /** `(rec (type …)*)`, behind the keyword. */
  defineRec(rec: Cursor): void {
    const fields: Cursor[] = [];
    while (!rec.done) fields.push(rec.list('type'));
    this.#defineGroup(fields, true);
  }

  #defineGroup(fields: readonly Cursor[], explicit: boolean): void {
    const bodies = fields.map((field) => {
      const id = field.takeId();
      const index = this.space.add(id, nameAnnotation(field) ?? id?.name);
      return { index, owner: field.owner, items: field.rest() };
    });
    const read = (resolve: ResolveType): ParsedSubType[] =>
      bodies.map(({ owner, items }) => {
        const c = new Cursor(owner, 0, items);
        const parsed = subType(c, resolve);
        c.finish();
        return parsed;
      });
    if (!explicit) this.#remember(read(this.#symbolic)[0]!.type, bodies[0]!.index);
    this.#push({ explicit, read: () => read(this.resolve), types: undefined }, fields.length);
  }

  #push(group: Group, size: number): void {
    this.#groups.push(group);
    for (let i = 0; i < size; i++) this.#places.push([group, i]);
  }

  #remember({ composite, final, supertypes, shared }: SubType, index: number): void {
    if (composite.kind !== 'func' || !final || supertypes.length > 0 || shared) return;
    const key = JSON.stringify([composite.params, composite.results]);
    if (!this.#byKey.has(key)) this.#byKey.set(key, index);
  }

  /** A type as defined; undefined if there is none of this index. Only when all types are defined. */
  type(index: number): ParsedSubType | undefined {
    const place = this.#places[index];
    if (place === undefined) return undefined;
    const [group, i] = place;
    group.types ??= group.read();
    return group.types[i];
  }

  /** A function type; undefined if the index is of none. */
  funcType(index: number): CoreFuncType | undefined {
    const composite = this.type(index)?.type.composite;
    return composite?.kind === 'func' ? composite : undefined;
  }

  /** Reads a type use; {@link intern} gives its index. */
  read(c: Cursor): TypeUse {
    const node = c.peek() ?? c.owner;
    const explicit = c.takeList('type');
    const ref = explicit?.ref('a type');
    explicit?.finish();
    const items: Node[] = [];
    for (const keyword of ['param', 'result']) while (c.isList(keyword)) items.push(c.take());
    if (c.isList('param')) throw c.unexpected('no more parameters behind the results');
    const owner = c.owner;
    const names = valTypes(new Cursor(owner, 0, items), 'param', this.#symbolic);
    const { params, results } = signature(owner, items, this.#symbolic);
    return {
      node,
      ref,
      names,
      inPlace: items.length > 0,
      results: results.length,
      key: JSON.stringify([params, results]),
      signature: (resolve) => signature(owner, items, resolve),
    };
  }

  /** The index of a type use; adds a type if there is none like it. */
  intern(use: TypeUse): number {
    if (use.ref !== undefined) return this.space.resolve(use.ref);
    const known = this.#byKey.get(use.key);
    if (known !== undefined) return known;
    const index = this.space.add(undefined);
    if (this.#share) this.#byKey.set(use.key, index);
    const read = (): readonly ParsedSubType[] => [
      {
        type: { final: true, supertypes: [], shared: false, composite: use.signature(this.resolve) },
        fields: [],
        params: [],
      },
    ];
    this.#push({ explicit: false, read, types: undefined }, 1);
    return index;
  }

  /** Throws if a type in place is not the one that the reference beside it names. Only when all types are defined. */
  check(use: TypeUse): void {
    if (use.ref === undefined || !use.inPlace) return;
    const index = this.space.resolve(use.ref);
    if (index >= this.space.size) throw nodeError('unknown-id', `unknown type: there is no type ${index}`, use.node);
    const named = this.funcType(index);
    if (named === undefined) return;
    if (JSON.stringify(use.signature(this.resolve)) !== JSON.stringify(named))
      throw nodeError('type-mismatch', 'inline function type does not match the type that it references', use.node);
  }

  /** Adds a type of another scope, which is in none of the groups. */
  alias(id: Id | undefined): void {
    this.space.add(id);
    this.#places.push(undefined);
  }

  /** How many groups there are: definitions, `rec` groups, types stated in place. */
  get groups(): number {
    return this.#groups.length;
  }

  /** One group. Only when all types are defined. */
  group(index: number): RecType {
    const group = this.#groups[index]!;
    group.types ??= group.read();
    return { explicit: group.explicit, types: group.types.map((t) => t.type) };
  }

  /** All groups in order. */
  recTypes(): readonly RecType[] {
    return this.#groups.map((_, index) => this.group(index));
  }

  /** The identifiers of the fields of structures or of the parameters of functions, by type index. */
  members(kind: 'fields' | 'params'): ReadonlyMap<number, IndexSpace> {
    const spaces = new Map<number, IndexSpace>();
    for (const index of this.#places.keys()) {
      const members = this.type(index)?.[kind] ?? [];
      if (members.length === 0) continue;
      const space = new IndexSpace(kind === 'fields' ? 'field' : 'parameter');
      for (const member of members) space.add(member.id, member.name);
      spaces.set(index, space);
    }
    return spaces;
  }
}
