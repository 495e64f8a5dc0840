/**
 * `node scripts/fuzz-bytes.ts [--count N] [--seed S]`: damages real components and loads, links and instantiates them. Nothing but a
 * typed error may come out, and no input may take a second. Prints how each ended, by code.
 */
import { parseArgs } from 'node:util';
import { damage, random, samples, tryComponent } from '../test/support/mutate.ts';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
});
const count = Number(values.count);
const next = random(Number(values.seed));
const inputs = samples();
const ends = new Map<string, number>();
let slowest = 0;
let shown = performance.now();

for (let i = 0; i < count; i++) {
  const sample = inputs[Math.floor(next() * inputs.length)]!;
  const bytes = damage(sample, next);
  const begin = performance.now();
  try {
    const end = await tryComponent(bytes);
    ends.set(end, (ends.get(end) ?? 0) + 1);
  } catch (error) {
    console.error(`input ${i} of seed ${values.seed}, made of ${sample.name}, ended in an untyped error:`, error);
    process.exit(1);
  }
  const took = performance.now() - begin;
  slowest = Math.max(slowest, took);
  if (took > 1_000) {
    console.error(`input ${i} of seed ${values.seed}, made of ${sample.name}, took ${took.toFixed(0)} ms`);
    process.exit(1);
  }
  if (performance.now() - shown > 1_000 && process.stderr.isTTY) {
    shown = performance.now();
    process.stderr.write(`\r${i} of ${count}`);
  }
}
if (process.stderr.isTTY) process.stderr.write('\r');
for (const [code, times] of [...ends].sort((a, b) => b[1] - a[1])) console.log(`${String(times).padStart(8)}  ${code}`);
console.log(
  `${count} inputs, ${inputs.length} components, the slowest took ${slowest.toFixed(0)} ms; no untyped error`,
);
