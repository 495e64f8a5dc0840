/**
 * `node bench/validate.ts [FILE] [RUNS]`: what `Component.load` takes (decoding, validating, compiling) against `WebAssembly.compile` of
 * the same core modules alone, all of them at once. Alternating, with bytes the engine has not seen before each time, median of RUNS
 * (40) after 20 that do not count. Exits 1 above 1.5 times for the default file.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { decodeComponent } from '../src/binary/decode.ts';
import { decodeModule } from '../src/core/decode.ts';
import { Component } from '../src/node.ts';
import type { Component as ComponentData } from '../src/types/definition.ts';
import { SHARED } from '../test/support/shared.ts';

const [file = join(SHARED, 'corpus/py-cmd.wasm'), runs = '40'] = process.argv.slice(2);
const BOUND = 1.5;
const WARM_UP = 20;
/** Between runs, in milliseconds. */
const PAUSE = 30;

if (!existsSync(file)) {
  console.log(`not run: ${file} is absent`);
  process.exit(0);
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function coreModules(component: ComponentData): Range[] {
  return component.definitions.flatMap((d): Range[] => {
    if (d.kind === 'component') return coreModules(d.component);
    return d.kind === 'core module' ? [d] : [];
  });
}

const original = new Uint8Array(readFileSync(file));
const modules = coreModules(decodeComponent(original));
/** Where the name of each module's last custom section stands. */
const names = modules.map(({ start, end }) => {
  const section = decodeModule(original, start, end).sections.findLast(({ id }) => id === 0);
  if (section === undefined) throw new Error('a module without a custom section cannot be made unique');
  return section.start + 1;
});

/** A copy whose modules the engine has not seen: the name of a custom section is another in each. */
let copies = 0;
function fresh(): Uint8Array<ArrayBuffer> {
  const bytes = original.slice();
  const name = Buffer.from(String(copies++).padStart(4, '0'));
  for (const at of names) bytes.set(name, at);
  return bytes;
}

async function time(run: (bytes: Uint8Array<ArrayBuffer>) => Promise<unknown>): Promise<number> {
  const bytes = fresh();
  // What the engine still does for the run before, on threads of its own, is not this run's.
  await setTimeout(PAUSE);
  const begin = performance.now();
  await run(bytes);
  return performance.now() - begin;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

const compile: number[] = [];
const load: number[] = [];
let first = '';
for (let i = -WARM_UP; i < Number(runs); i++) {
  const alone = await time((bytes) =>
    Promise.all(modules.map(({ start, end }) => WebAssembly.compile(bytes.subarray(start, end)))),
  );
  const whole = await time((bytes) => Component.load(bytes));
  if (i === -WARM_UP) first = `; the first time ${(whole / alone).toFixed(1)} times`;
  if (i < 0) continue;
  compile.push(alone);
  load.push(whole);
}
const ratio = median(load) / median(compile);
console.log(
  `${(original.length / 2 ** 20).toFixed(1)} MiB, ${modules.length} core modules: compiled in ${median(compile).toFixed(1)} ms, loaded in ${median(load).toFixed(1)} ms, ratio ${ratio.toFixed(2)}${first}`,
);
if (process.argv.length <= 2 && ratio > BOUND) {
  console.log(`more than ${BOUND} times`);
  process.exitCode = 1;
}
