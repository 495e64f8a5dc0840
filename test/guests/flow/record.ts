/**
 * Writes what the peer answers to the calls of `recorded.ts`: the command `wasmtime`, 48 or newer, of the path. Never run by the tests.
 * Arguments: names of suites, to record only those.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { composed } from './make.ts';
import { NEVER, recordedFile, SUITES } from './recorded.ts';

const FEATURES = ['component-model-async', 'component-model-async-stackful', 'component-model-more-async-builtins'];
const FLAGS = FEATURES.map((feature) => `${feature}=y`).join();
/** After so many milliseconds nothing more is expected: the calls take a few. */
const PATIENCE = 10_000;

const wanted = process.argv.slice(2);
for (const [name, { guests, calls }] of Object.entries(SUITES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const file = compiled(await composed(...guests));
  const text = calls.map((call) => `${call} => ${answer(file, call)}\n`).join('');
  const target = recordedFile(name);
  const known = existsSync(target) ? readFileSync(target, 'utf8') : undefined;
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
  console.log(`${known === undefined ? 'new    ' : known === text ? 'same   ' : 'CHANGED'} ${name}`);
}

/** What takes long to compile is compiled once for all calls, so that the patience is for the call alone. */
function compiled(file: string): string {
  const target = file.replace(/\.wasm$/, '.cwasm');
  execFileSync('wasmtime', ['compile', '-W', FLAGS, file, '-o', target]);
  return target;
}

function answer(file: string, call: string): string {
  const args = ['run', '--allow-precompiled', '-W', FLAGS, '--invoke', call, file];
  const { status, stdout, stderr, error } = spawnSync('wasmtime', args, {
    encoding: 'utf8',
    timeout: PATIENCE,
    input: '',
  });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT') return NEVER;
  if (error !== undefined) throw error;
  return status === 0 ? stdout.trimEnd() : `trap: ${reasonOf(stderr)}`;
}

/** The last cause, which is the trap. */
function reasonOf(report: string): string {
  const causes = report.slice(0, report.indexOf('Stack backtrace')).match(/^ {4}\d+: .*$/gm) ?? [];
  const last = causes.at(-1)?.replace(/^ {4}\d+: (?:wasm trap: )?/, '');
  if (last === undefined) throw new Error(`no cause in: ${report}`);
  return last;
}
