/**
 * Makes the programs that are not stored: with the toolchains of this folder's `package.json` and `requirements.txt`. What is made
 * lies in `.cache/guests`, by the digest of everything it was made of, so a second run makes nothing.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { SHARED } from '../support/shared.ts';
import { HERE, type Recipe, type Source } from './cases.ts';

const execute = promisify(execFile);
const ROOT = join(HERE, '../..');
export const CACHE = join(ROOT, '.cache/guests');
export const VENV = join(CACHE, 'venv');
const MODULES = join(HERE, 'node_modules');

/** The folder of the shared corpus, or why there is none. */
export function corpus(): { readonly folder: string } | { readonly missing: string } {
  const shared = SHARED;
  const folder = join(shared, 'corpus');
  return existsSync(folder)
    ? { folder }
    : { missing: 'the shared corpus is absent: set TENON_SHARED to the folder that has corpus/' };
}

/** Why programs of npm's toolchains cannot be made here, for the option `skip` of tests; or false. */
export function npmMissing(): string | false {
  return existsSync(MODULES) ? false : 'not run: the packages of test/guests are not installed (npm run test:guests)';
}

/** Path of a program, made first if need be. */
export async function locate(source: Source): Promise<string> {
  switch (source.from) {
    case 'repository':
      return join(ROOT, source.file);
    case 'corpus': {
      const found = corpus();
      if ('missing' in found) {
        throw new Error(found.missing);
      }
      return join(found.folder, source.file);
    }
    case 'npm':
      return join(MODULES, source.file);
    case 'build':
      return await make(source.recipe, source.file);
  }
}

/** The one function of both JavaScript toolchains. */
interface Componentizer {
  componentize(options: Readonly<Record<string, unknown>>): Promise<{ readonly component: Uint8Array }>;
}

/** What a recipe is given: the source, and an empty folder to work in. It answers the path of the program. */
type Make = (source: string, work: string) => Promise<string>;

const RECIPES: Readonly<Record<Recipe, Make>> = {
  starling: async (source, work) => {
    const { componentize } = await load<Componentizer>('@bytecodealliance/componentize-js/src/componentize.js');
    const options = { sourcePath: source, witPath: wit(source, work), worldName: 'command' };
    const { component } = await componentize({ ...options, disableFeatures: ['http', 'fetch-event'] });
    return written(work, component);
  },
  'starling-fetch': async (source, work) => {
    const { componentize } = await load<Componentizer>('@bytecodealliance/componentize-js/src/componentize.js');
    const options = { sourcePath: source, witPath: wit(source, work), worldName: 'command' };
    const { component } = await componentize({ ...options, disableFeatures: ['fetch-event'] });
    return written(work, component);
  },
  'starling-serve': async (source, work) => {
    const { componentize } = await load<Componentizer>('@bytecodealliance/componentize-js/src/componentize.js');
    // The engine's own handler is of this version.
    const options = { sourcePath: source, witPath: wit(source, work, '0.2.10'), worldName: 'proxy' };
    return written(work, (await componentize(options)).component);
  },
  quickjs: async (source, work) => {
    const { componentize } = await load<Componentizer>('componentize-qjs/index.js');
    const jsSource = readFileSync(source, 'utf8');
    const { component } = await componentize({ jsSource, witPath: wit(source, work), world: 'command', sync: true });
    return written(work, component);
  },
  python: async (source, work) => {
    const [folder, name] = [join(source, '..'), basename(source, '.py')];
    const tool = join(VENV, process.platform === 'win32' ? 'Scripts' : 'bin', 'componentize-py');
    const output = join(work, 'program.wasm');
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
    const args = ['-d', wit(source, work), '-w', 'command', 'componentize', '-p', folder, name, '-o', output];
    await execute(tool, args, { cwd: work, env });
    return output;
  },
  assemblyscript: async (source, work) => {
    const output = join(work, 'program.wasm');
    const folder = join(source, '..');
    // The compiler takes paths relative to the folder that it runs in, and none other.
    const config = relative(folder, join(MODULES, '@assemblyscript/wasi-shim/asconfig.json'));
    const asc = join(MODULES, 'assemblyscript/bin/asc.js');
    await node(folder, asc, basename(source), '--config', config, '--optimize', '--outFile', output);
    return output;
  },
  command: (source, work) => link(work, COMMANDS[basename(source, '.wat')] ?? [], source),
  prolog: (source, work) => {
    // The interpreter is text inside the package's JavaScript; it is the longer one of two modules there.
    const text = readFileSync(join(MODULES, 'trealla/trealla.js'), 'utf8');
    const modules = [...text.matchAll(/AGFzbQ[A-Za-z0-9+/]{10000,}=*/g)].map((match) =>
      Buffer.from(match[0], 'base64'),
    );
    const longest = modules.sort((a, b) => b.length - a.length)[0];
    if (longest === undefined) {
      throw new Error('trealla.js holds no module');
    }
    writeFileSync(join(work, 'interpreter.wasm'), longest);
    return link(work, [[source, 'trealla']], undefined, join(work, 'interpreter.wasm'));
  },
};

/** What a reactor's driver is linked with, besides the reactor: a source and the module name that it stands for. */
const COMMANDS: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  perl: [[join(HERE, 'src/perl-host.wat'), 'env']],
  ruby: [
    [join(HERE, 'src/ruby-js.wat'), 'rb-js-abi-host'],
    [join(HERE, 'src/ruby-abi.wat'), 'canonical_abi'],
  ],
  webp: [],
};

const REACTORS: Readonly<Record<string, string>> = {
  perl: '@6over3/zeroperl-ts/dist/esm/zeroperl.wasm',
  ruby: '@ruby/3.4-wasm-wasi/dist/ruby.wasm',
  webp: '@cwasm/webp/webp.wasm',
};

/** Joins core modules to one: what stands for the imports that are not WASI, and the driver that makes a command of a reactor. */
async function link(
  work: string,
  hosts: readonly (readonly [string, string])[],
  driver: string | undefined,
  guest = join(MODULES, REACTORS[basename(driver ?? '', '.wat')] ?? ''),
): Promise<string> {
  const tools = join(MODULES, 'binaryen/bin');
  const parts: string[] = [];
  for (const [source, name] of driver === undefined ? hosts : [[driver, 'driver'] as const, ...hosts]) {
    const output = join(work, `${name}.wasm`);
    await node(HERE, join(tools, 'wasm-as'), '-all', source, '-o', output);
    parts.push(output, name);
  }
  const output = join(work, 'program.wasm');
  await node(HERE, join(tools, 'wasm-merge'), '-all', ...parts, guest, 'guest', '-o', output);
  return output;
}

async function make(recipe: Recipe, file: string): Promise<string> {
  const source = join(HERE, file);
  const target = join(CACHE, `${basename(file).replace(/\.\w+$/, '')}-${recipe}-${digestOf(recipe, source)}.wasm`);
  if (!existsSync(target)) {
    mkdirSync(CACHE, { recursive: true });
    const work = mkdtempSync(join(tmpdir(), 'tenon-make-'));
    try {
      const made = await RECIPES[recipe](source, work);
      cpSync(made, `${target}.part`);
      renameSync(`${target}.part`, target);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  return target;
}

/** The source with what stands beside it, this file, and the versions of the tools. */
function digestOf(recipe: Recipe, source: string): string {
  const hash = createHash('sha256').update(recipe);
  const folder = join(source, '..');
  const inputs = readdirSync(folder)
    .filter((name) => /\.(js|ts|py|wit|wat)$/.test(name))
    .sort()
    .map((name) => join(folder, name));
  for (const input of [
    ...inputs,
    join(HERE, 'recipes.ts'),
    join(HERE, 'package.json'),
    join(HERE, 'requirements.txt'),
  ]) {
    hash.update(basename(input)).update(readFileSync(input));
  }
  return hash.digest('hex').slice(0, 12);
}

const WASI = '0.2.12';

/** The world beside a source, with the packages of WASI as its dependencies, under the name of another version where it says so. */
function wit(source: string, work: string, version = WASI): string {
  const folder = join(work, 'wit');
  mkdirSync(folder);
  cpSync(join(source, '../world.wit'), join(folder, 'world.wit'));
  cpSync(join(MODULES, '@bytecodealliance/jco/lib/wit/builtin', WASI), join(folder, 'deps'), { recursive: true });
  if (version !== WASI) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name);
      if (entry.isFile()) writeFileSync(file, readFileSync(file, 'utf8').replaceAll(WASI, version));
    }
  }
  return folder;
}

function written(work: string, bytes: Uint8Array): string {
  const output = join(work, 'program.wasm');
  writeFileSync(output, bytes);
  return output;
}

async function node(cwd: string, script: string, ...args: string[]): Promise<void> {
  await execute(process.execPath, [script, ...args], { cwd });
}

async function load<T>(file: string): Promise<T> {
  return (await import(pathToFileURL(join(MODULES, file)).href)) as T;
}
