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
    const run = this.#runs.find((r) => offset >= r.to && offset < r.to + r.length);
    return run === undefined ? undefined : run.from + (offset - run.to);
  }

  /** The offset in the rewritten module, or undefined for bytes that were left out. */
  rewritten(offset: number): number | undefined {
    const run = this.#runs.find((r) => offset >= r.from && offset < r.from + r.length);
    return run === undefined ? undefined : run.to + (offset - run.from);
  }
}
