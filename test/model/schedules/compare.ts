/** Carries random schedules out on another runtime and judges each; a failure is made small and told. */
import { check, type Observed, significant, type Verdict } from './check.ts';
import { reached } from './coverage.ts';
import { generate } from './generate.ts';
import { printRecord, printSchedule } from './print.ts';
import type { Schedule, TraceRecord } from './schedule.ts';
import { shrink } from './shrink.ts';

/** Another runtime. */
export interface Subject {
  run(schedule: Schedule): Promise<Observed>;
}

/** Counts of many schedules. */
export interface Tally {
  schedules: number;
  /** Schedules of which the specification says nothing, where they were made or where the other runtime led them. */
  unspecified: number;
  /** Steps that guests took, tasks and threads that began, and events that callbacks got. */
  steps: number;
  begun: number;
  callbacks: number;
  /** Steps of the longest schedule. */
  longest: number;
  readonly reached: Map<string, number>;
}

export interface Failure {
  readonly seed: number;
  /** The smallest schedule that fails. */
  readonly schedule: Schedule;
  readonly report: string;
}

export function newTally(): Tally {
  return { schedules: 0, unspecified: 0, steps: 0, begun: 0, callbacks: 0, longest: 0, reached: new Map() };
}

/** Carries the schedule of a seed out. Answers what is wrong, if anything is. */
export async function compareSeed(subject: Subject, seed: number, tally: Tally): Promise<Failure | undefined> {
  const { schedule, unspecified } = generate(seed);
  if (unspecified !== undefined) {
    tally.unspecified++;
    return undefined;
  }
  const observed = await subject.run(schedule);
  const verdict = check(schedule, observed);
  tally.schedules++;
  if (verdict.kind === 'unspecified') tally.unspecified++;
  count(tally, observed.trace);
  if (verdict.kind === 'allowed') {
    for (const item of reached(schedule, observed.trace, verdict.outcome, verdict.saw))
      tally.reached.set(item, (tally.reached.get(item) ?? 0) + 1);
  }
  if (verdict.kind !== 'diverges') return undefined;
  const small = await shrink(schedule, async (smaller) => (await judge(subject, smaller)).verdict.kind === 'diverges');
  const last = await judge(subject, small);
  if (last.verdict.kind === 'diverges')
    return { seed, schedule: small, report: explain(small, last.observed, last.verdict) };
  return { seed, schedule, report: `does not fail when it is repeated\n${explain(schedule, observed, verdict)}` };
}

function count(tally: Tally, trace: readonly TraceRecord[]): void {
  const of = (...kinds: readonly TraceRecord[0][]): number => trace.filter(([kind]) => kinds.includes(kind)).length;
  const steps = of('result');
  tally.steps += steps;
  tally.begun += of('start', 'thread', 'dtor');
  tally.callbacks += of('callback');
  tally.longest = Math.max(tally.longest, steps);
}

/** Carries a schedule out. Answers what is wrong, if anything is. */
export async function compareSchedule(subject: Subject, schedule: Schedule): Promise<string | undefined> {
  const { observed, verdict } = await judge(subject, schedule);
  return verdict.kind === 'diverges' ? explain(schedule, observed, verdict) : undefined;
}

async function judge(subject: Subject, schedule: Schedule): Promise<{ observed: Observed; verdict: Verdict }> {
  const observed = await subject.run(schedule);
  return { observed, verdict: check(schedule, observed) };
}

/** The schedule, and both logs side by side from where they part. */
function explain(schedule: Schedule, observed: Observed, verdict: Verdict & { readonly kind: 'diverges' }): string {
  const trace = significant(observed);
  const show = (records: readonly TraceRecord[]): string =>
    records.map((record) => printRecord(schedule, record)).join('\n') || '  (nothing)';
  return [
    printSchedule(schedule),
    '--- both did',
    show(trace.slice(0, verdict.at)),
    `--- then the model: ${verdict.why}`,
    show(verdict.model.slice(verdict.at)),
    '--- and the other',
    show(trace.slice(verdict.at)),
    observed.trap === undefined ? '' : `  traps: ${observed.trap.message}`,
  ].join('\n');
}
