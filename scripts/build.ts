/**
 * `npm run build`: the sources become `dist/`, which is all that the published package runs.
 * The entry points are not listed here: every `./dist/X.js` that `package.json` exports is made of `src/X.ts`. The library's entry
 * points share chunks; the command line is a bundle of its own, in one chunk for its start and one for each command loaded on demand.
 */
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { exists, files, inRoot, run, tool } from './project.ts';

/** A relative import of a source file, of values or of types. */
const IMPORT = /((?:from|import)\s*\(?\s*['"])(\.[^'"]*)\.ts(['"])/g;

interface Manifest {
  readonly exports: Exports;
}
type Exports = string | null | { readonly [condition: string]: Exports };

const manifest = JSON.parse(readFileSync(inRoot('package.json'), 'utf8')) as Manifest;
const library = [...new Set(targets(manifest.exports))].sort();
const missing = [...library, 'src/cli/main.ts'].filter((source) => !exists(source));

if (missing.length > 0) {
  for (const source of missing) {
    console.error(`build: package.json promises what ${source} should become, but that file does not exist`);
  }
  process.exitCode = 1;
} else {
  rmSync(inRoot('dist'), { recursive: true, force: true });
  await bundle(library, 'src', 'dist', 'chunks/');
  await commandLine();
  await declarations();
}

/** The sources of all JavaScript that the exports name. */
function targets(exported: Exports): string[] {
  if (typeof exported === 'string') {
    const name = /^\.\/dist\/(.*)\.js$/.exec(exported)?.[1];
    return name === undefined ? [] : [`src/${name}.ts`];
  }
  return Object.values(exported ?? {}).flatMap(targets);
}

async function bundle(entries: readonly string[], base: string, out: string, chunks: string): Promise<void> {
  const result = await build({
    absWorkingDir: inRoot(),
    entryPoints: [...entries],
    outbase: base,
    outdir: out,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2024',
    // Only node: modules stay outside; #imports are resolved by the package itself, on the platform that runs.
    platform: 'neutral',
    external: ['node:*', '#*'],
    conditions: ['tenon-source'],
    // Names stay, so that a stack can be read; the layout is a tenth of the package.
    minifyWhitespace: true,
    chunkNames: `${chunks}[name]-[hash]`,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  list(result.metafile);
}

/** The command line is one script, a function that `bin/tenon.js` runs from V8's code cache; parts that a command does not need stay asleep in it. */
async function commandLine(): Promise<void> {
  const result = await build({
    absWorkingDir: inRoot(),
    entryPoints: ['src/cli/main.ts'],
    outfile: 'dist/cli/main.cjs',
    bundle: true,
    format: 'cjs',
    target: 'es2024',
    platform: 'node',
    // A script has nobody who would load modules for it.
    supported: { 'dynamic-import': false },
    conditions: ['tenon-source'],
    define: { 'import.meta.url': '__moduleUrl' },
    banner: {
      js: "(function (require, module, exports, __filename) { const __moduleUrl = require('node:url').pathToFileURL(__filename).href;",
    },
    footer: { js: '})' },
    minifySyntax: true,
    minifyWhitespace: true,
    minifyIdentifiers: true,
    keepNames: false,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  list(result.metafile);
}

function list(metafile: Metafile): void {
  for (const [file, { bytes }] of Object.entries(metafile.outputs)) {
    console.log(`${String(Math.round(bytes / 1024)).padStart(6)} kB  ${file}`);
  }
}

/** Types, file by file as the sources stand, of what the entry points mention; imports in them name what lies in `dist`. */
async function declarations(): Promise<void> {
  const { code, output } = await run(tool('tsc'), ['-p', 'tsconfig.build.json']);
  if (code !== 0) {
    console.error(`build: declarations failed\n${output}`);
    process.exitCode = 1;
    return;
  }
  const mentioned = new Set<string>();
  const queue = library.map((source) => inRoot(declarationOf(source)));
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (mentioned.has(file) || !existsSync(file)) continue;
    mentioned.add(file);
    const folder = dirname(file);
    const text = readFileSync(file, 'utf8').replaceAll(IMPORT, (_, before: string, path: string, after: string) => {
      queue.push(join(folder, `${path}.d.ts`));
      return `${before}${path}.js${after}`;
    });
    writeFileSync(file, text);
  }
  let bytes = 0;
  for (const file of declarationFiles()) {
    if (mentioned.has(file)) bytes += statSync(file).size;
    else rmSync(file);
  }
  console.log(`${String(Math.round(bytes / 1024)).padStart(6)} kB  dist/**/*.d.ts`);
}

function declarationOf(source: string): string {
  return source.replace(/^src\//, 'dist/').replace(/\.ts$/, '.d.ts');
}

function declarationFiles(): string[] {
  return files('src/**/*.ts')
    .map((source) => declarationOf(source))
    .filter((file) => exists(file))
    .map((file) => inRoot(file));
}
