/** Offsets of a rewritten binary against those of its original. */

/** A run of bytes that was copied: `length` bytes from `from` (original) to `to` (rewritten). */
export interface CopiedRun {
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

/** Where bytes of a rewritten module came from. Runs are in order in both binaries and do not overlap. */
export class OffsetMap {
  readonly #runs: readonly CopiedRun[];

  constructor(runs: readonly CopiedRun[]) {
    this.#runs = runs;
  }

  /** The offset in the original module, or undefined for bytes that the rewrite wrote itself. */
  original(offset: number): number | undefined {
    const run = this.#last((r) => r.to <= offset);
    return run === undefined || offset >= run.to + run.length ? undefined : run.from + (offset - run.to);
  }

  /** The same, and for bytes that the rewrite wrote itself the offset of what they stand before. */
  nearest(offset: number): number | undefined {
    return this.original(offset) ?? this.#runs.find((r) => r.to > offset)?.from;
  }

  /** The offset in the rewritten module, or undefined for bytes that were left out. */
  rewritten(offset: number): number | undefined {
    const run = this.#last((r) => r.from <= offset);
    return run === undefined || offset >= run.from + run.length ? undefined : run.to + (offset - run.from);
  }

  /** The last of the runs that begin early enough. */
  #last(begins: (run: CopiedRun) => boolean): CopiedRun | undefined {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (begins(this.#runs[middle]!)) low = middle + 1;
      else high = middle;
    }
    return this.#runs[low - 1];
  }
}
