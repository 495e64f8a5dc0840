/** Whole programs: what `tenon run` costs above a bare `node -e 0` of the same Node, from the second run on. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { sharedFile } from '../guest.ts';
import type { Contender, Effort } from '../measure.ts';
import { jcoCommand, jcoPresent } from '../peers/jco.ts';
import { wasmtime, wasmtimeVersion } from '../peers/wasmtime.ts';
import { above, fasterThanJco, JCO, type Row, type Settings, TENON, WASMTIME } from '../row.ts';

const BARE = 'node -e 0';
const ROOT = resolve(import.meta.dirname, '../..');
const INPUT = 'a b a';

function effort(quick: boolean): Effort {
  return quick ? { warmUp: 2, rounds: 8, budget: 0 } : { warmUp: 2, rounds: 24, budget: 0 };
}

/** The package as it is published, whatever form other rows measure. */
function build(): void {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts/build.ts')], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the package was not built: ${stderr}`);
}

/** Milliseconds of a program of this Node. */
function timeNode(args: readonly string[], env: NodeJS.ProcessEnv): number {
  const begin = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { input: INPUT, env });
  if (status !== 0) throw new Error(`${args.join(' ')}: exit ${status}: ${stderr}`);
  return performance.now() - begin;
}

/** Contenders that run a command; each has an empty cache at first, which the rounds that do not count fill. */
function running(file: string, settings: Settings): readonly Contender[] {
  build();
  const cache = mkdtempSync(join(tmpdir(), 'bench-programs-'));
  process.on('exit', () => rmSync(cache, { recursive: true, force: true }));
  const env = { ...process.env, TENON_BUILT: '1', XDG_CACHE_HOME: cache };
  const contenders: Contender[] = [
    { name: TENON, sample: () => timeNode([join(ROOT, 'bin/tenon.js'), 'run', file], env) },
    { name: BARE, sample: () => timeNode(['-e', '0'], env) },
  ];
  if (settings.peers && jcoPresent) {
    contenders.push({ name: JCO, every: 6, sample: () => timeNode([jcoCommand, 'run', file], env) });
  }
  if (settings.peers && wasmtimeVersion !== undefined) {
    contenders.push({ name: WASMTIME, every: 2, sample: () => wasmtime(['run', '-C', 'cache=y', file], INPUT) });
  }
  return contenders;
}

export const programRows: readonly Row[] = [
  {
    name: 'tenon run of rust-hello-p2, second run',
    unit: 'ms',
    claims: [above(25, 'ms', BARE), fasterThanJco(20)],
    effort,
    contenders: async (settings) => running(sharedFile('corpus/rust-hello-p2.wasm'), settings),
  },
  {
    name: 'tenon run of py-cmd, second run',
    unit: 'ms',
    claims: [above(200, 'ms', BARE), fasterThanJco(10)],
    effort,
    contenders: async (settings) => running(sharedFile('corpus/py-cmd.wasm'), settings),
  },
];
