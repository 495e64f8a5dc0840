/**
 * The main job in one page: four components written in four languages, linked live, run on a real text. Prints what the program
 * prints, then each part's language, size, and how long it took to start.
 */
import { readFileSync } from 'node:fs';
import { Component, createWasi, type Instance, Linker } from '../../src/node.ts';

const PARTS = [
  { name: 'style', language: 'AssemblyScript', imports: [] },
  { name: 'words', language: 'C', imports: ['style'] },
  { name: 'stats', language: 'WebAssembly text', imports: [] },
  { name: 'report', language: 'Rust', imports: ['words', 'stats', 'style'] },
] as const;

const here = (file: string): URL => new URL(file, import.meta.url);

interface Started {
  readonly instance: Instance;
  readonly bytes: number;
  readonly load: number;
  readonly link: number;
}

async function start(part: (typeof PARTS)[number], started: ReadonlyMap<string, Started>, wasi: Record<string, unknown>): Promise<Started> {
  const begin = performance.now();
  const bytes = new Uint8Array(readFileSync(here(`${part.name}.wasm`)));
  const component = await Component.load(bytes);
  const loaded = performance.now();
  const linker = new Linker().defineAll(wasi);
  for (const name of part.imports) linker.instance(started.get(name)!.instance);
  const instance = (await linker.link(component)).instantiate();
  return { instance, bytes: bytes.length, load: loaded - begin, link: performance.now() - loaded };
}

const text = readFileSync(here('input.txt'));
console.log(`Four components, linked live, count the words of examples/composed/input.txt (${text.length} bytes):\n`);

using wasi = createWasi({ args: ['report', '--top', '7'], stdio: { stdout: 'inherit', stderr: 'inherit' } }, { stdin: text });
const started = new Map<string, Started>();
for (const part of PARTS) started.set(part.name, await start(part, started, wasi));

const begin = performance.now();
const { run } = started.get('report')!.instance.promised['wasi:cli/run'] as { run(): Promise<void> };
await run();
const ran = performance.now() - begin;

console.log('\npart    language          size       load     link and instantiate');
for (const { name, language } of PARTS) {
  const { bytes, load, link } = started.get(name)!;
  console.log(`${name.padEnd(7)} ${language.padEnd(17)} ${`${(bytes / 1000).toFixed(1)} kB`.padEnd(10)} ${`${load.toFixed(1)} ms`.padEnd(8)} ${link.toFixed(1)} ms`);
}
console.log(`\nThe program ran in ${ran.toFixed(1)} ms. The same from the command line:`);
console.log('  npx tenon run --plug examples/composed/style.wasm --plug examples/composed/words.wasm \\');
console.log('    --plug examples/composed/stats.wasm examples/composed/report.wasm --top 7 < examples/composed/input.txt');
