/**
 * `node scripts/fuzz-grammar.ts [--count N] [--seed S]`: changes texts and binaries of the reference suites by their grammar, then
 * parses, validates, links and instantiates what comes out. Nothing but a typed error may come out, no input may take a second, and
 * what validates instantiates, fails to link, or traps in its own start function. Prints how the inputs ended, by code.
 */
import { parseArgs } from 'node:util';
import { tryGrammar } from '../test/support/fuzz-grammar.ts';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
});
const count = Number(values.count);
let shown = performance.now();
const { ends, slowest, failures } = await tryGrammar(Number(values.seed), count, (i) => {
  if (!process.stderr.isTTY || performance.now() - shown < 1_000) return;
  shown = performance.now();
  process.stderr.write(`\r${i} of ${count}`);
});
if (process.stderr.isTTY) process.stderr.write('\r');
for (const [code, times] of [...ends].sort((a, b) => b[1] - a[1])) console.log(`${String(times).padStart(8)}  ${code}`);
for (const { input, problem } of failures) console.error(`\n${problem}\n${input}`);
console.log(`${count} inputs, the slowest took ${slowest.toFixed(0)} ms; ${failures.length} failures`);
process.exit(failures.length === 0 ? 0 : 1);
