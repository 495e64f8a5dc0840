/** A store of keys and values in memory. */
import type { Change, KeyValueStore, Stored } from '../key-value.ts';

/** Where in a sorted list the first key behind `after` stands. */
function behind(sorted: readonly string[], after: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class MemoryStore implements KeyValueStore {
  readonly #entries = new Map<string, Stored>();
  /** All keys; made when they are asked for, and forgotten when there are others. */
  #sorted: readonly string[] | undefined;
  #version = 0n;

  get(key: string): Stored | undefined {
    return this.#entries.get(key);
  }

  update(key: string, change: (old: Stored | undefined) => Change): void {
    const old = this.#entries.get(key);
    const next = change(old);
    if (next === 'keep' || (next === 'delete' && old === undefined)) return;
    if (next === 'delete') this.#entries.delete(key);
    else this.#entries.set(key, { value: next.value, version: ++this.#version });
    if (next === 'delete' || old === undefined) this.#sorted = undefined;
  }

  keys(after: string | undefined, most: number, skip = 0): readonly string[] {
    this.#sorted ??= [...this.#entries.keys()].sort();
    const from = skip + (after === undefined ? 0 : behind(this.#sorted, after));
    return this.#sorted.slice(from, from + most);
  }

  close(): void {
    this.#entries.clear();
    this.#sorted = undefined;
  }
}
