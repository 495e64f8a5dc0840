/**
 * Measuring: contenders take turns in one process, so that what else the machine does hits all of them alike. Each measured loop has
 * source of its own (identical bodies share the engine's feedback), is entered several times (a running wasm loop is not replaced by
 * faster code), and its result is kept (what nobody uses may be left out).
 */

/** One that is measured. */
export interface Contender {
  readonly name: string;
  /** One measurement, in the unit of the row. */
  readonly sample: () => number | Promise<number>;
  /** Takes part in one of so many rounds only: for what is started as a program of its own. Default 1. */
  readonly every?: number;
}

export interface Effort {
  /** Rounds that do not count. */
  readonly warmUp: number;
  readonly rounds: number;
  /** How long one measurement of a loop aims to take, in milliseconds. */
  readonly budget: number;
  /** Disturbed measurements count as they are: where the slowest of them are what is asked for. */
  readonly asTheyAre?: boolean;
}

export const FULL: Effort = { warmUp: 24, rounds: 61, budget: 4 };
export const QUICK: Effort = { warmUp: 8, rounds: 11, budget: 3 };

/** Median and quartiles of some measurements. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** The value below which `part` of the sorted values lie, between neighbours where it falls between. */
export function quantile(sorted: readonly number[], part: number): number {
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    count: sorted.length,
  };
}

/** Clears away what earlier measurements left, where the process was started with `--expose-gc`: garbage is its maker's cost. */
function collect(): void {
  (globalThis as { gc?: (options: object) => void }).gc?.({ type: 'minor' });
}

/** How often the system took the processor away. */
function taken(): number {
  return process.resourceUsage().involuntaryContextSwitches;
}

/** How often a measurement is taken again. */
const RETRIES = 3;

/** A measurement during which the system gave the processor to somebody else is taken again, a few times at most. */
async function undisturbed(sample: Contender['sample'], disturbances: () => number): Promise<number> {
  for (let left = RETRIES; ; left--) {
    collect();
    const before = disturbances();
    const value = await sample();
    if (left === 0 || disturbances() === before) return value;
  }
}

/** Measures all contenders in turns; another one begins each round. Gives every measurement that counts, by name. */
export async function alternate(
  contenders: readonly Contender[],
  effort: Effort,
  disturbances: () => number = taken,
): Promise<Map<string, number[]>> {
  const values = new Map<string, number[]>(contenders.map((c) => [c.name, []]));
  for (let round = -effort.warmUp; round < effort.rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(turn + round + effort.warmUp) % contenders.length]!;
      const every = contender.every ?? 1;
      if (every > 1 && (round < -1 || (round + every) % every !== every - 1)) continue;
      const once = round < 0 || effort.asTheyAre === true;
      const value = await (once ? contender.sample() : undisturbed(contender.sample, disturbances));
      if (round >= 0) values.get(contender.name)?.push(value);
    }
  }
  return values;
}

/** Results of measured loops end here. */
export const kept: { value: unknown } = { value: undefined };

let loops = 0;

/**
 * A loop of its own source: `(n) => number` runs `body` n times and answers `x`. The body sees the names of `given`, `i`, and `x`, in
 * which it leaves something of each result.
 */
export function loop(given: Readonly<Record<string, unknown>>, body: string): (n: number) => number {
  const source = `'use strict';
  // loop ${loops++}
  return (n) => { let x = 0; for (let i = 0; i < n; i++) { ${body} } return x; };`;
  return new Function(...Object.keys(given), source)(...Object.values(given)) as (n: number) => number;
}

/** The same for calls that answer promises. */
export function asyncLoop(given: Readonly<Record<string, unknown>>, body: string): (n: number) => Promise<number> {
  const source = `'use strict';
  // loop ${loops++}
  return async (n) => { let x = 0; for (let i = 0; i < n; i++) { ${body} } return x; };`;
  return new Function(...Object.keys(given), source)(...Object.values(given)) as (n: number) => Promise<number>;
}

const NS = 1e6;

/** How many turns fill the budget, as the last measurement suggests. */
class Turns {
  count = 1;
  readonly #budget: number;
  readonly #step: number;

  constructor(budget: number, step: number) {
    this.#budget = budget;
    this.#step = step;
  }

  learn(elapsed: number): void {
    const wanted = (this.count * this.#budget) / Math.max(elapsed, this.#budget / 64);
    if (elapsed < this.#budget / 2 || elapsed > this.#budget * 2) this.count = Math.max(1, Math.round(wanted));
  }

  /** Nanoseconds a turn; a turn of the loop is `step` turns of what is measured. */
  each(elapsed: number): number {
    return (elapsed * NS) / this.count / this.#step;
  }
}

/** Nanoseconds a turn of `body(n)`. `step`: how many of what is measured one turn of the loop does. */
export function timed(
  body: (n: number) => unknown,
  effort: Effort,
  step = 1,
  now: () => number = () => performance.now(),
): () => number {
  const turns = new Turns(effort.budget, step);
  return () => {
    const begin = now();
    kept.value = body(turns.count);
    const elapsed = now() - begin;
    const each = turns.each(elapsed);
    turns.learn(elapsed);
    return each;
  };
}

/** The same for a body that answers a promise. */
export function timedAsync(body: (n: number) => Promise<unknown>, effort: Effort, step = 1): () => Promise<number> {
  const turns = new Turns(effort.budget, step);
  return async () => {
    const begin = performance.now();
    kept.value = await body(turns.count);
    const elapsed = performance.now() - begin;
    const each = turns.each(elapsed);
    turns.learn(elapsed);
    return each;
  };
}

/** Milliseconds of one run. */
export async function once(run: () => unknown): Promise<number> {
  const begin = performance.now();
  kept.value = await run();
  return performance.now() - begin;
}
