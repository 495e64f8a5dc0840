/**
 * `node scripts/fuzz-abi.ts [--count N] [--seed S] [--only KIND] [--reached]`: calls of generated types and values, by adapters between
 * guests (`adapter`), by border functions of exports and imports (`export`, `import`; generated in process, and as `tenon build` writes
 * them), compared with the plain interpreter; and through two whole components and back (`chain`), compared with what was given
 * (docs/conformance.md). The first call that differs is made small and printed, with the seed
 * that shows it again. Prints a table of what was covered, and fails as well if anything that so many calls can cover was not.
 */
import { parseArgs } from 'node:util';
import { KINDS, type Kind } from '../test/support/fuzz-abi/case.ts';
import { ENOUGH, groupOf, type Reached, required } from '../test/support/fuzz-abi/coverage.ts';
import { search } from '../test/support/fuzz-abi/search.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '12000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    reached: { type: 'boolean', default: false },
  },
});
const kinds: readonly Kind[] = values.only === undefined ? KINDS : KINDS.filter((kind) => kind === values.only);
if (kinds.length === 0) {
  console.error(`--only ${values.only}: there are ${KINDS.join(', ')}`);
  process.exit(2);
}
const count = Number(values.count);

/** How much of each group was covered, and what least often. */
function printTable(reached: Reached, wanted: readonly string[]): void {
  const groups = [...new Set(wanted.map(groupOf))].filter((group) => !group.endsWith(', end'));
  const rows = groups.map((group) => {
    const all = wanted.filter((item) => groupOf(item) === group);
    const found = all.filter((item) => reached.has(item));
    const [rarest = ''] = found.toSorted((a, b) => reached.get(a)! - reached.get(b)!);
    return [
      group,
      `${found.length} of ${all.length}`,
      `${reached.get(rarest) ?? 0} × ${rarest.slice(group.length + 2)}`,
    ];
  });
  print([['what', 'covered', 'least often'], ...rows]);
}

/** How the calls ended, by kind. */
function printEnds(reached: Reached): void {
  const ends = [...reached].filter(([item]) => groupOf(item).endsWith(', end'));
  const codes = [...new Set(ends.map(([item]) => item.slice(item.indexOf(':') + 2)))];
  const rows = codes.map((code) => [code, ...kinds.map((kind) => String(reached.get(`${kind}, end: ${code}`) ?? 0))]);
  print([['ended in', ...kinds], ...rows.toSorted((a, b) => Number(b[1]) - Number(a[1]))]);
}

function print(rows: readonly (readonly string[])[]): void {
  const width = (column: number): number => Math.max(...rows.map((row) => row[column]!.length));
  for (const row of rows)
    console.log(
      row
        .map((cell, i) => cell.padEnd(width(i)))
        .join('  ')
        .trimEnd(),
    );
  console.log();
}

let shown = performance.now();
const began = shown;
const {
  coverage,
  count: done,
  problem,
} = await search(kinds, Number(values.seed), count, (i) => {
  if (!process.stderr.isTTY || performance.now() - shown < 1_000) return;
  shown = performance.now();
  process.stderr.write(`\r${i} of ${count}`);
});
if (process.stderr.isTTY) process.stderr.write('\r');
const { reached } = coverage;
const wanted = required(kinds);
if (values.reached)
  for (const [item, times] of [...reached].toSorted()) console.log(`${String(times).padStart(8)}  ${item}`);
printTable(reached, wanted);
printEnds(reached);
const absent = wanted.filter((item) => !reached.has(item));
const enough = count >= ENOUGH * kinds.length && problem === undefined;
if (enough && absent.length > 0) console.error(`not covered: ${absent.join('; ')}`);
if (problem !== undefined) console.error(`${problem}\n`);
const seconds = ((performance.now() - began) / 1000).toFixed(0);
console.log(`${done} calls in ${seconds} s: ${problem === undefined ? 'no difference' : 'the next one differs'}`);
if (problem !== undefined || (enough && absent.length > 0)) process.exitCode = 1;
