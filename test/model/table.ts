/** Tables of handles and of threads. Specification: CanonicalABI.md, "Table State". */
import { type TrapName, trapIf } from './trap.ts';

/** The free list is last in, first out, and that is normative: guests see the indices. */
export class Table<T> {
  readonly #array: (T | undefined)[] = [undefined];
  readonly #free: number[] = [];
  readonly #unknown: TrapName;

  constructor(unknown: TrapName) {
    this.#unknown = unknown;
  }

  get(index: number): T {
    const element = this.#array[index];
    trapIf(element === undefined, this.#unknown);
    return element as T;
  }

  add(element: T): number {
    const index = this.#free.pop() ?? this.#array.length;
    this.#array[index] = element;
    return index;
  }

  remove(index: number): T {
    const element = this.get(index);
    this.#array[index] = undefined;
    this.#free.push(index);
    return element;
  }

  indexOf(element: T): number {
    return this.#array.indexOf(element);
  }

  /** What is in it, with the index of each. */
  entries(): readonly (readonly [index: number, element: T])[] {
    return this.#array.flatMap((element, index) => (element === undefined ? [] : [[index, element] as const]));
  }
}
