/** How the `realloc` of a guest in tests takes memory: so that values end at page ends, or memory grows while they are written. */
import type { LinearMemory } from '../../src/runtime/memory.ts';

const PAGE = 65_536;
/** Below it nothing is allocated. */
const FLOOR = 1_024;

/**
 * `up`: from the beginning on; `down`: from the end of the last page, so that what is first ends with the memory; `edge`: from just before
 * a page's end on; `grow`: each at the end of a new page.
 */
export const POLICIES = ['up', 'down', 'edge', 'grow'] as const;
export type Policy = (typeof POLICIES)[number];

/** One allocation. */
export interface Span {
  readonly at: number;
  readonly size: number;
}

export class Allocator {
  readonly #memory: LinearMemory;
  readonly #wide: boolean;
  readonly #policy: Policy;
  /** Where it goes on: upwards, or downwards. */
  top: number;
  /** Everything that was allocated. */
  readonly spans: Span[] = [];

  constructor(memory: LinearMemory, width: '32' | '64', policy: Policy = 'up') {
    this.#memory = memory;
    this.#wide = width === '64';
    this.#policy = policy;
    const end = memory.u8.length;
    this.top = policy === 'down' ? end : policy === 'edge' ? end - 48 : FLOOR;
  }

  /** Makes the memory larger by so many pages. */
  grow(pages: number): void {
    this.#memory.memory.grow((this.#wide ? BigInt(pages) : pages) as number);
  }

  allocate(align: number, size: number): number {
    const at = this.#place(align, size);
    this.spans.push({ at, size });
    return at;
  }

  #place(align: number, size: number): number {
    if (this.#policy === 'grow') return this.#atNewEnd(align, size);
    if (this.#policy === 'down') {
      if (this.top - size < FLOOR) return this.#atNewEnd(align, size);
      this.top = Math.floor((this.top - size) / align) * align;
      return this.top;
    }
    const at = Math.ceil(this.top / align) * align;
    this.top = at + size;
    const missing = this.top - this.#memory.u8.length;
    if (missing > 0) this.grow(Math.ceil(missing / PAGE));
    return at;
  }

  #atNewEnd(align: number, size: number): number {
    this.grow(Math.max(1, Math.ceil(size / PAGE)));
    const at = Math.floor((this.#memory.u8.length - size) / align) * align;
    this.top = at;
    return at;
  }
}
