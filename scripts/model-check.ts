/**
 * `node scripts/model-check.ts [--count N] [--seed S] [--interpreted] [--reached] [--json]`: random schedules of calls, reads, writes, cancels and
 * drops over two to four component instances, carried out by Tenon and judged by the model in `test/model`. A schedule that fails is made
 * small and printed, with what both did. Fails as well if anything that so many schedules can reach was not; `--reached` lists what was,
 * `--json` prints failing schedules as `test/model/fixtures/regressions.json` has them.
 */
import { parseArgs } from 'node:util';
import { compareSeed, newTally } from '../test/model/schedules/compare.ts';
import { required } from '../test/model/schedules/coverage.ts';
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
const subject = new TenonSubject({ mode: values.interpreted ? 'interpreted' : 'generated' });
const tally = newTally();
const began = performance.now();
let shown = began;
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

const wanted = required();
const absent = wanted.filter((item) => !tally.reached.has(item));
if (values.reached) {
  for (const [item, times] of [...tally.reached].sort((a, b) => b[1] - a[1]))
    console.log(`${String(times).padStart(8)}  ${item}`);
}
if (absent.length > 0 && (values.reached || count >= ENOUGH)) console.log(`not reached: ${absent.join('; ')}`);
const seconds = ((performance.now() - began) / 1000).toFixed(0);
console.log(
  `${tally.schedules} schedules in ${seconds} s, ${failures} diverge; ${wanted.length - absent.length} of ${wanted.length} situations reached; ${tally.unspecified} schedules led to what the specification does not define`,
);
if (failures > 0 || (count >= ENOUGH && absent.length > 0)) process.exitCode = 1;
