/** One index space: how many entries it has, and which identifiers and names they were given. */
import { nodeError, type Ref } from './cursor.ts';
import type { Id } from './node.ts';

export class IndexSpace {
  /** How messages call its entries. */
  readonly sort: string;
  readonly #ids = new Map<string, number>();
  /** What name sections say: index and name, in the order of the indices. */
  readonly names: [index: number, name: string][] = [];
  #size = 0;

  constructor(sort: string) {
    this.sort = sort;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds an entry; `name` is what the name section says instead of the identifier. */
  add(id: Id | undefined, name: string | undefined = id?.name): number {
    const index = this.#size++;
    if (id !== undefined) this.bind(id, index);
    if (name !== undefined) this.names.push([index, name]);
    return index;
  }

  /** Gives an entry that is there already (or will be) an identifier. */
  bind(id: Id, index: number): void {
    if (this.#ids.has(id.name))
      throw nodeError('duplicate-id', `duplicate ${this.sort} identifier: \`$${id.name}\` is taken`, id);
    this.#ids.set(id.name, index);
  }

  find(id: string): number | undefined {
    return this.#ids.get(id);
  }

  /** The index that a reference means; numbers are taken as they are. */
  resolve(ref: Ref): number {
    if (ref.id === undefined) return ref.index;
    const index = this.#ids.get(ref.id);
    if (index === undefined) throw unknownId(this.sort, ref);
    return index;
  }
}

/** An identifier that nothing defines. */
export function unknownId(sort: string, ref: Ref): Error {
  return nodeError('unknown-id', `unknown ${sort}: failed to find name \`$${ref.id}\``, ref.node);
}
