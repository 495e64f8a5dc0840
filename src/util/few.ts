/** A set of mostly one: that one stands in a field, and only what joins it in a `Set`. Keeps the order of joining. */
export class Few<T extends object> {
  #one: T | undefined;
  #others: Set<T> | undefined;

  get size(): number {
    return (this.#one === undefined ? 0 : 1) + (this.#others?.size ?? 0);
  }

  get isEmpty(): boolean {
    return this.#one === undefined && (this.#others === undefined || this.#others.size === 0);
  }

  /** The one that joined first. */
  get first(): T | undefined {
    if (this.#one !== undefined || this.#others === undefined) return this.#one;
    for (const other of this.#others) return other;
    return undefined;
  }

  add(item: T): void {
    if (this.#one === item) return;
    if (this.#one === undefined && (this.#others === undefined || this.#others.size === 0)) {
      this.#one = item;
      return;
    }
    this.#others ??= new Set();
    this.#others.add(item);
  }

  delete(item: T): void {
    if (this.#one === item) this.#one = undefined;
    else if (this.#others !== undefined && this.#others.size > 0) this.#others.delete(item);
  }

  clear(): void {
    this.#one = undefined;
    this.#others = undefined;
  }

  /** Calls `each` for those there are now and those that join meanwhile, until it answers true. */
  some(each: (item: T) => boolean): boolean {
    const one = this.#one;
    if (one !== undefined && each(one)) return true;
    const others = this.#others;
    if (others === undefined || others.size === 0) return false;
    for (const other of others) if (each(other)) return true;
    return false;
  }

  *[Symbol.iterator](): Generator<T> {
    if (this.#one !== undefined) yield this.#one;
    if (this.#others !== undefined) yield* this.#others;
  }
}
