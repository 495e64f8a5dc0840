/**
 * The index spaces of a component or type while it is printed: how many entries each has, and how an entry is called. Without a name
 * an entry is its number, and a definition shows its number as a comment.
 */
import type { AnySort } from '../../types/definition.ts';
import { comment, identifier, quoteName } from './literal.ts';

/**
 * How names are shown: as identifiers, which a parser writes into the name section, or as comments, because the name section stands
 * in the text by itself.
 */
export type NameStyle = 'identifiers' | 'comments';

export type ItemNames = ReadonlyMap<AnySort, ReadonlyMap<number, string>>;

export const NO_NAMES: ItemNames = new Map();

export class PrintScope {
  readonly #style: NameStyle;
  readonly #names: ItemNames;
  readonly #sizes = new Map<AnySort, number>();
  /** Identifiers by sort: two entries cannot share one. */
  readonly #taken = new Map<AnySort, Map<string, number>>();

  constructor(style: NameStyle = 'comments', names: ItemNames = NO_NAMES) {
    this.#style = style;
    this.#names = names;
    for (const [sort, map] of names) this.#taken.set(sort, firstUses(map));
  }

  /** The identifier of an entry without its name annotation; undefined if it has none. */
  #id(sort: AnySort, index: number): { readonly id: string; readonly annotated: boolean } | undefined {
    const name = this.#names.get(sort)?.get(index);
    if (name === undefined) return undefined;
    // What begins like a made-up identifier never stands for itself.
    const unique = name !== '' && !name.startsWith('#') && this.#taken.get(sort)?.get(name) === index;
    return unique ? { id: identifier(name), annotated: false } : { id: madeUp(sort, index, name), annotated: true };
  }

  /** Adds an entry: what stands behind the keyword of its definition, with a space in front. */
  define(sort: AnySort): string {
    const index = this.#sizes.get(sort) ?? 0;
    this.#sizes.set(sort, index + 1);
    return this.definition(sort, index);
  }

  /** What stands behind the keyword of a definition that has this index. */
  definition(sort: AnySort, index: number): string {
    const number = ` (;${index};)`;
    const name = this.#names.get(sort)?.get(index);
    if (name === undefined) return number;
    if (this.#style === 'comments') return `${number} ${comment(`$${name}`)}`;
    const { id, annotated } = this.#id(sort, index)!;
    return annotated ? ` ${id} (@name ${quoteName(name)})${number}` : ` ${id}${number}`;
  }

  /** A reference to an entry. What does not stand before it has no identifier yet. */
  ref(sort: AnySort, index: number): string {
    const name = index < this.size(sort) ? this.#names.get(sort)?.get(index) : undefined;
    if (name === undefined) return String(index);
    return this.#style === 'comments' ? `${index} ${comment(`$${name}`)}` : this.#id(sort, index)!.id;
  }

  /** How many entries a sort has so far. */
  size(sort: AnySort): number {
    return this.#sizes.get(sort) ?? 0;
  }
}

function firstUses(names: ReadonlyMap<number, string>): Map<string, number> {
  const first = new Map<string, number>();
  for (const [index, name] of names) if (!first.has(name)) first.set(name, index);
  return first;
}

/** An identifier that no name can have been given: names of toolchains do not begin so, and the index makes it unique. */
function madeUp(sort: AnySort, index: number, name: string): string {
  return identifier(`#${sort.replace(' ', '-')}${index}${name === '' ? '' : ` ${name}`}`);
}
