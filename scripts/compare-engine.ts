/**
 * `node scripts/compare-engine.ts [--count N] [--seed S]`: mutates the core modules of the suites and of the corpus and compares what
 * Tenon says of them with what the engine says: verdicts, and the imports and exports of what both accept.
 */
import { parseArgs } from 'node:util';
import { compareMutants, realModules } from '../test/support/engine-verdict.ts';
import { needs } from '../test/support/shared.ts';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
});
const { skip } = needs('conformance');
if (skip !== false) {
  console.error(skip);
  process.exit(1);
}
const { compared, accepted, undecodable, different } = compareMutants(
  realModules(),
  Number(values.count),
  Number(values.seed),
);
for (const line of different) console.log(line);
console.log(
  `${compared} compared, ${accepted} valid, ${undecodable} refused by decoding alone, ${different.length} judged differently`,
);
if (different.length > 0) process.exitCode = 1;
