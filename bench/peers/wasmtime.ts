/** Wasmtime, where it is on the PATH: a loop of a guest is timed from outside, by the difference of a long run and a short one. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Contender } from '../measure.ts';
import { WASMTIME } from '../row.ts';

function find(): string | undefined {
  const { status, stdout } = spawnSync('wasmtime', ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** Its name and version, or undefined where there is none. */
export const wasmtimeVersion: string | undefined = find();

let folder: string | undefined;
let files = 0;

/** A file of this process's own, gone when it ends. */
export function temporaryFile(bytes: Uint8Array, suffix: string): string {
  if (folder === undefined) {
    folder = mkdtempSync(join(tmpdir(), 'bench-wasmtime-'));
    process.on('exit', () => rmSync(folder!, { recursive: true, force: true }));
  }
  const path = join(folder, `${files++}${suffix}`);
  writeFileSync(path, bytes);
  return path;
}

/** Runs it to its end; gives the milliseconds that took. */
export function wasmtime(args: readonly string[], input = ''): number {
  const begin = performance.now();
  const { status, stderr } = spawnSync('wasmtime', args, { input });
  const elapsed = performance.now() - begin;
  if (status !== 0) throw new Error(`wasmtime ${args[0]}: exit ${status}: ${stderr}`);
  return elapsed;
}

const SHORT = 1000;

/** Nanoseconds a turn of the exported loop `name`, with `turns` turns that take a few hundred milliseconds. */
export function wasmtimeLoop(
  component: Uint8Array,
  name: string,
  turns: number,
  flags: readonly string[] = [],
): readonly Contender[] {
  if (wasmtimeVersion === undefined) return [];
  const file = temporaryFile(component, '.wasm');
  const compiled = file.replace(/\.wasm$/, '.cwasm');
  const run = (n: number): number =>
    wasmtime(['run', ...flags, '--allow-precompiled', '--invoke', `${name}(${n})`, compiled]) * 1e6;
  try {
    wasmtime(['compile', ...flags, file, '-o', compiled]);
    run(turns + SHORT);
  } catch (error) {
    console.error(`${WASMTIME} cannot take part: ${firstLines(error)}`);
    return [];
  }
  return [{ name: WASMTIME, every: 4, sample: () => (run(turns + SHORT) - run(SHORT)) / turns }];
}

/** What it says of its failure, without the stacks. */
function firstLines(error: unknown): string {
  return String(error).replace(/\n+Stack backtrace:.*$/s, '');
}
