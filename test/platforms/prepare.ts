/**
 * Makes the folder that every platform runs from: the packed package, components built by its command, the programs, and the reference
 * suite with every component of it built.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { buildComponent } from '../../src/bindgen/bindgen.ts';
import { Linker } from '../../src/runtime/linker.ts';
import { runScript } from '../../src/wast/wast.ts';
import { ofBuilt } from '../support/built-program.ts';
import { CLASS_PROGRAM } from '../support/class-program.ts';
import { SUITE, suiteFiles } from '../support/conformance.ts';
import { corpusMissing } from '../support/corpus.ts';
import { installPacked, packedEnv } from '../support/packed.ts';
import { SHARED } from '../support/shared.ts';
import { WORD_PROGRAM } from '../support/word-program.ts';
import { GUESTS } from './guests.ts';

const PROGRAMS = join(import.meta.dirname, 'programs');

function programs(): Readonly<Record<string, string>> {
  const own = (name: string): string => readFileSync(join(PROGRAMS, `${name}.ts`), 'utf8');
  return {
    api: own('api'),
    assert: own('assert'),
    classes: ofBuilt(CLASS_PROGRAM, 'classes', '../built/classes'),
    conformance: own('conformance'),
    wasi: own('wasi'),
    words: ofBuilt(WORD_PROGRAM, 'words', '../built/words'),
  };
}

/** The programs that print something, and what; of the suite the last line. */
export const PRINTED: Readonly<Record<string, RegExp>> = {
  api: /^api$/m,
  classes: /^classes$/m,
  wasi: /^wasi$/m,
  words: /^words \d+$/m,
  conformance: /^(\d+) of \1 directives passed; \d+ instances were made$/m,
};

async function writePrograms(app: string): Promise<void> {
  mkdirSync(join(app, 'programs'));
  for (const [name, source] of Object.entries(programs())) {
    writeFileSync(join(app, `programs/${name}.ts`), source);
    const { code } = await transform(source, { loader: 'ts', target: 'es2024', format: 'esm' });
    writeFileSync(join(app, `programs/${name}.js`), code);
  }
}

function buildGuests(app: string): void {
  mkdirSync(join(app, 'guests'));
  for (const [name, text] of Object.entries(GUESTS)) {
    const file = join(app, `guests/${name}.wat`);
    writeFileSync(file, text);
    const words = ['build', file, '-o', join(app, 'built', name), '--name', name];
    execFileSync(join(app, 'node_modules/.bin/tenon'), words, { env: packedEnv, stdio: 'pipe' });
  }
}

/** Programs of the shared corpus that `wasi` runs. */
const CORPUS_PROGRAMS = ['c-hello-p2', 'cpp-wc-p2', 'go-hello-p2', 'js-cmd-qjs', 'rust-hello-p2'];

function buildCorpus(app: string): void {
  for (const name of CORPUS_PROGRAMS) {
    const words = ['build', join(SHARED, 'corpus', `${name}.wasm`), '-o', join(app, 'built', name), '--name', name];
    execFileSync(join(app, 'node_modules/.bin/tenon'), words, { env: packedEnv, stdio: 'pipe' });
  }
}

async function buildSuite(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const scripts: string[] = [];
  const built: Record<string, string> = {};
  for (const [group, name] of suiteFiles()) {
    const script = `${group}/${name}`;
    scripts.push(script);
    mkdirSync(join(folder, group), { recursive: true });
    cpSync(join(SUITE, script), join(folder, script));
    await runScript(readFileSync(join(SUITE, script), 'utf8'), {
      file: script,
      async start(component, imports, options, bytes) {
        const digest = createHash('sha256').update(bytes).digest('hex');
        const target = built[digest] ?? `built/${Object.keys(built).length}`;
        if (built[digest] === undefined) {
          mkdirSync(join(folder, target), { recursive: true });
          for (const file of buildComponent(component)) writeFileSync(join(folder, target, file.name), file.content);
          built[digest] = target;
        }
        return (await new Linker().defineAll(imports).link(component, options)).instantiate();
      },
    });
  }
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ scripts, built }));
}

/** Makes the folder. */
export async function prepareApp(app: string): Promise<void> {
  rmSync(app, { recursive: true, force: true });
  installPacked(app);
  buildGuests(app);
  if (corpusMissing === false) buildCorpus(app);
  await writePrograms(app);
  if (existsSync(SUITE)) await buildSuite(join(app, 'programs/suite'));
}
