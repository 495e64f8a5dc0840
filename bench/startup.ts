/**
 * `node bench/startup.ts [FILE] [RUNS]`: what `tenon run FILE` costs above a bare `node -e 0` of the same Node. Alternating, median of
 * RUNS (20), on the built package, after a first run that fills its code cache. Exits 1 above 40 ms for the default file.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SHARED } from '../test/support/shared.ts';

const ROOT = resolve(import.meta.dirname, '..');
const [file = join(SHARED, 'corpus/rust-hello-p2.wasm'), runs = '20'] = process.argv.slice(2);
const BOUND = 40;

if (!existsSync(file)) {
  console.log(`not run: ${file} is absent`);
  process.exit(0);
}
if (!existsSync(join(ROOT, 'dist/cli/main.cjs'))) {
  const built = spawnSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' });
  if (built.status !== 0) process.exit(1);
}

const cache = mkdtempSync(join(tmpdir(), 'startup-'));
const env = { ...process.env, TENON_BUILT: '1', XDG_CACHE_HOME: cache };

function time(args: readonly string[]): number {
  const begin = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { input: 'a b a', env });
  if (status !== 0) throw new Error(`exit ${status}: ${stderr}`);
  return performance.now() - begin;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

const bare: number[] = [];
const tenon: number[] = [];
const command = [join(ROOT, 'bin/tenon.js'), 'run', file];
const first = time(command);
for (let i = 0; i < Number(runs); i++) {
  bare.push(time(['-e', '0']));
  tenon.push(time(command));
}
rmSync(cache, { recursive: true });

const above = median(tenon) - median(bare);
console.log(
  `bare node -e 0: ${median(bare).toFixed(1)} ms, tenon run: ${median(tenon).toFixed(1)} ms, ${above.toFixed(1)} ms above (first run ever: ${first.toFixed(1)} ms)`,
);
if (process.argv.length <= 2 && above > BOUND) {
  console.log(`more than ${BOUND} ms`);
  process.exitCode = 1;
}
