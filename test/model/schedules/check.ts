/**
 * Whether what another runtime did with a schedule is what the specification allows. The model carries the same schedule out and makes, at
 * each choice that the specification leaves open, the one that the other's trace shows.
 */

import type { Rules } from '../state.ts';
import { type TrapName, Unspecified } from '../trap.ts';
import { type Choice, Divergence, FollowingChoices, SameChoices } from './choices.ts';
import { type Outcome, runModel } from './run.ts';
import { Director, type Schedule, type TraceRecord } from './schedule.ts';

/** What another runtime did. */
export interface Observed {
  readonly trace: readonly TraceRecord[];
  /** Whether the trap that ended it is the one that the model expects; undefined: it ended without one. */
  readonly trap: ObservedTrap | undefined;
  /** Whether its error contexts keep their messages. */
  readonly keepsMessage: boolean;
}

export interface ObservedTrap {
  readonly message: string;
  readonly fits: (name: TrapName) => boolean;
}

export type Verdict =
  | { readonly kind: 'allowed'; readonly outcome: Outcome; readonly saw: readonly string[] }
  | {
      readonly kind: 'diverges';
      readonly why: string;
      /** How far both went together. */
      readonly at: number;
      /** What the model did up to there, and would do next. */
      readonly model: readonly TraceRecord[];
    }
  /** The specification asserts what does not hold. */
  | { readonly kind: 'unspecified'; readonly why: string };

/**
 * Compares what is recorded with what another recorded before. When the host begins a step does not count, since what it means to do may
 * have to wait; what it then does shows in what the guests do.
 */
class FollowingDirector extends Director {
  readonly #expected: readonly TraceRecord[];
  readonly #endsInTrap: boolean;
  readonly seen: TraceRecord[] = [];

  constructor(schedule: Schedule, expected: readonly TraceRecord[], endsInTrap: boolean) {
    super(schedule);
    this.#expected = expected;
    this.#endsInTrap = endsInTrap;
  }

  get upcoming(): TraceRecord | undefined {
    return this.ahead(0);
  }

  /** What comes after so many more. */
  ahead(count: number): TraceRecord | undefined {
    return this.#expected[this.seen.length + count];
  }

  override record(record: TraceRecord): void {
    if (record[0] === 'host') return;
    const { upcoming } = this;
    // A host that learns of a trap late, or of one early, has let more or less settle.
    if (upcoming === undefined && this.#endsInTrap && isEmptySettled(record)) return;
    this.seen.push(record);
    if (JSON.stringify(record) !== JSON.stringify(upcoming))
      throw new Divergence(upcoming === undefined ? 'it ends here' : 'it does something else');
  }
}

/** After so many ways to go on where a trace does not tell, none is looked for any more. */
const MOST_PLANS = 3000;

/** Judges what was observed. */
export function check(schedule: Schedule, observed: Observed, rules: Rules = 'corrected'): Verdict {
  const expected = significant(observed);
  let best: Verdict | undefined;
  let plan: readonly number[] | undefined = [];
  for (let tried = 0; plan !== undefined && tried < MOST_PLANS; tried++) {
    const { verdict, open } = followOnce(schedule, { ...observed, trace: expected }, plan, rules);
    if (verdict.kind === 'allowed') return verdict;
    if (best === undefined || isNearer(verdict, best)) best = verdict;
    plan = nextPlan(plan, open);
  }
  return best as Verdict;
}

/** What the specification says nothing about explains more than what it forbids; of that, what goes further together. */
function isNearer(verdict: Verdict, best: Verdict): boolean {
  if (best.kind !== 'diverges' || verdict.kind !== 'diverges') return best.kind === 'diverges';
  return verdict.at > best.at;
}

/** What counts of a trace. */
export function significant({ trace, trap }: Observed): readonly TraceRecord[] {
  const records = trace.filter((record) => record[0] !== 'host');
  return trap === undefined
    ? records
    : records.slice(0, records.findLastIndex((record) => !isEmptySettled(record)) + 1);
}

function isEmptySettled(record: TraceRecord): boolean {
  return record[0] === 'settled' && record[1].length === 0;
}

/** Depth first: the last place that still has another way takes it. */
function nextPlan(plan: readonly number[], open: readonly number[]): readonly number[] | undefined {
  for (let i = open.length - 1; i >= 0; i--) {
    const taken = plan[i] ?? 0;
    if (taken + 1 < (open[i] ?? 0)) return [...open.slice(0, i).map((_, j) => plan[j] ?? 0), taken + 1];
  }
  return undefined;
}

interface Followed {
  readonly verdict: Verdict;
  readonly open: readonly number[];
}

function followOnce(schedule: Schedule, observed: Observed, plan: readonly number[], rules: Rules): Followed {
  const director = new FollowingDirector(schedule, observed.trace, observed.trap !== undefined);
  const choices = new FollowingChoices((ahead = 0) => director.ahead(ahead), observed.keepsMessage, plan, rules);
  const saw: string[] = [];
  const diverges = (why: string): Followed => ({
    verdict: { kind: 'diverges', why, at: Math.max(0, director.seen.length - 1), model: director.seen },
    open: choices.open,
  });
  try {
    const outcome = runModel(director, choices, (situation) => saw.push(situation));
    const why = director.upcoming === undefined ? endsAlike(outcome, observed) : 'it goes on here';
    if (why !== undefined) return diverges(why);
    return { verdict: { kind: 'allowed', outcome, saw }, open: choices.open };
  } catch (error) {
    if (error instanceof Divergence) return diverges(error.message);
    if (error instanceof Unspecified)
      return { verdict: { kind: 'unspecified', why: error.message }, open: choices.open };
    throw error;
  }
}

function endsAlike(outcome: Outcome, { trap }: Observed): string | undefined {
  if (outcome.trap === undefined) return trap === undefined ? undefined : `it traps here: ${trap.message}`;
  if (trap === undefined) return `the model traps here: ${outcome.trap}`;
  const { orElse } = outcome;
  if (orElse !== undefined && trap.fits(orElse)) return undefined;
  return trap.fits(outcome.trap) ? undefined : `the model traps with ${outcome.trap}, it with: ${trap.message}`;
}

/** Carries a schedule out with the very choices that another made. Throws a {@link Divergence} where there are others to make. */
export function repeat(
  schedule: Schedule,
  choices: readonly Choice[],
  rules: Rules = 'corrected',
): { trace: readonly TraceRecord[]; outcome: Outcome; saw: readonly string[] } {
  const director = new Director(schedule);
  const saw: string[] = [];
  const outcome = runModel(director, new SameChoices(choices, rules), (situation) => saw.push(situation));
  return { trace: director.trace, outcome, saw };
}
