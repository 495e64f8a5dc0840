/**
 * `node scripts/model-check.ts [--count N] [--seed S] [--interpreted] [--reached] [--json]`: random schedules of calls, reads, writes, cancels
 * and drops over two to four component instances, carried out by Tenon and judged by the model in `test/model` (docs/model-check.md). A
 * schedule that fails is made small and printed, with what both did. Prints a table of what was reached, and fails as well if anything that
 * so many schedules can reach was not; `--reached` lists it all, `--json` prints failing schedules as `test/model/fixtures/regressions.json`
 * has them.
 */
import { parseArgs } from 'node:util';
import { compareSeed, newTally, type Tally } from '../test/model/schedules/compare.ts';
import { GROUPS, groupOf, required } from '../test/model/schedules/coverage.ts';
import { TenonSubject } from '../test/support/model-driver.ts';

/** From so many schedules on, everything must have been reached. */
const ENOUGH = 20_000;
/** After so many failures no more are looked for. */
const MOST_FAILURES = 5;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '50000' },
    seed: { type: 'string', default: '1' },
    interpreted: { type: 'boolean', default: false },
    reached: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const count = Number(values.count);
const first = Number(values.seed);

/** Carries the schedules out; answers how many diverge. */
async function search(subject: TenonSubject, tally: Tally): Promise<number> {
  let shown = performance.now();
  let failures = 0;
  for (let seed = first; seed < first + count && failures < MOST_FAILURES; seed++) {
    const failure = await compareSeed(subject, seed, tally);
    if (failure !== undefined) {
      failures++;
      console.error(`seed ${seed} diverges from the specification; the smallest that does:\n${failure.report}\n`);
      if (values.json) console.log(JSON.stringify({ name: '', schedule: failure.schedule }));
    }
    if (performance.now() - shown > 1_000 && process.stderr.isTTY) {
      shown = performance.now();
      process.stderr.write(`\r${seed - first + 1} of ${count}`);
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r');
  return failures;
}

/** What was reached, group by group: how much of what must be, and what least often. */
function printTable({ reached }: Tally, wanted: readonly string[]): void {
  const rows = GROUPS.map((group) => {
    const all = wanted.filter((item) => groupOf(item) === group);
    const found = all.filter((item) => reached.has(item));
    const [rarest] = found.toSorted((a, b) => (reached.get(a) ?? 0) - (reached.get(b) ?? 0));
    const least = rarest === undefined ? '' : `${reached.get(rarest)} × ${rarest}`;
    return [group, `${found.length} of ${all.length}`, least];
  });
  const all = [['what', 'reached', 'least often, in schedules'], ...rows];
  const width = (column: number): number => Math.max(...all.map((row) => (row[column] ?? '').length));
  for (const [group = '', found = '', rarest] of all)
    console.log(`${group.padEnd(width(0))}  ${found.padStart(width(1))}  ${rarest}`);
}

function printAll({ reached }: Tally): void {
  for (const group of GROUPS) {
    console.log(`${group}:`);
    const items = [...reached].filter(([item]) => groupOf(item) === group).sort(([, a], [, b]) => b - a);
    for (const [item, times] of items) console.log(`${String(times).padStart(8)}  ${item}`);
  }
}

const tally = newTally();
const began = performance.now();
const failures = await search(new TenonSubject({ mode: values.interpreted ? 'interpreted' : 'generated' }), tally);
const seconds = ((performance.now() - began) / 1000).toFixed(0);
const wanted = required();
const absent = wanted.filter((item) => !tally.reached.has(item));
const average = (total: number): string => (total / Math.max(1, tally.schedules)).toFixed(1);

if (values.reached) printAll(tally);
printTable(tally, wanted);
if (absent.length > 0 && (values.reached || count >= ENOUGH)) console.log(`not reached: ${absent.join('; ')}`);
console.log(
  `on average ${average(tally.steps)} steps of ${average(tally.begun)} tasks and threads, ${average(tally.callbacks)} callbacks; the longest ${tally.longest} steps`,
);
console.log(
  `${tally.schedules} schedules in ${seconds} s: ${failures} diverge, ${tally.unspecified} lead to what the specification does not define`,
);
if (failures > 0 || (count >= ENOUGH && absent.length > 0)) process.exitCode = 1;
