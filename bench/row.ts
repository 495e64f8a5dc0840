/** What a row of the benchmark is: what it measures, and what it must show. */
import type { Contender, Effort } from './measure.ts';

/** What a measurement is compared with: another contender, an amount, or the sum of both. */
export interface Against {
  readonly peer?: string;
  readonly plus?: number;
  /** How it reads in the table. */
  readonly text: string;
}

/** Tenon takes at most `bound` times what it is compared with. */
export interface Claim {
  readonly against: Against;
  readonly bound: number;
}

export interface Row {
  readonly name: string;
  readonly unit: Unit;
  /** The first is the row's own; the others are listed with it. */
  readonly claims: readonly Claim[];
  /** Why Tenon's side cannot be measured yet. What `contenders` gives is measured all the same. */
  readonly notYet?: string;
  /** Measured as it stands in each round; the one called `tenon` is Tenon. */
  readonly contenders?: (settings: Settings) => Promise<readonly Contender[]>;
  /** Other amounts of work than for calls: rows that load or start something. */
  readonly effort?: (quick: boolean) => Effort;
  /** What stands for a contender's measurements. Default: their median. */
  readonly stands?: 'median' | 'mean' | 'p99';
}

export type Unit = 'ns' | 'µs' | 'ms' | 'kB' | 'GB/s';

/** What a run was asked for. */
export interface Settings {
  readonly effort: Effort;
  /** Whether peers that must be installed (jco) or found (Wasmtime) take part. */
  readonly peers: boolean;
  /** Where Tenon comes from. */
  readonly form: Form;
}

export type Form = 'source' | 'built';

export const TENON = 'tenon';
export const JCO = 'jco';
export const JCO_BEST = 'jco, best flags';
export const WASMTIME = 'wasmtime';

/** At most `bound` times a peer. */
export function times(bound: number, peer: string): Claim {
  return { against: { peer, text: peer }, bound };
}

/** At most `amount` above a peer. */
export function above(amount: number, unit: Unit, peer: string): Claim {
  return { against: { peer, plus: amount, text: `${peer} + ${amount} ${unit}` }, bound: 1 };
}

/** At most `amount`. */
export function atMost(amount: number, unit: Unit): Claim {
  return { against: { plus: amount, text: `${amount} ${unit}` }, bound: 1 };
}

/** At least `factor` times faster than jco at its default. */
export function fasterThanJco(factor: number): Claim {
  return { against: { peer: JCO, text: JCO }, bound: 1 / factor };
}

export const fasterThanWasmtime: Claim = { against: { peer: WASMTIME, text: WASMTIME }, bound: 1 };
