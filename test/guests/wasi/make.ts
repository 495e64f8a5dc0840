/** Makes the program of `src/wasi`, in Rust. What is made lies in `.cache/guests` by the digest of its sources. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HERE } from '../cases.ts';
import { rustTools, wasmTools } from '../flow/make.ts';
import { CACHE } from '../recipes.ts';

const execute = promisify(execFile);
const SOURCE = join(HERE, 'src/wasi');
const TARGET = 'wasm32-unknown-unknown';

function target(): string {
  const hash = createHash('sha256');
  const sources = readdirSync(join(SOURCE, 'src')).sort();
  for (const name of ['Cargo.toml', 'Cargo.lock', ...sources.map((each) => `src/${each}`)]) {
    hash.update(readFileSync(join(SOURCE, name)));
  }
  return join(CACHE, `wasi-${hash.digest('hex').slice(0, 12)}.wasm`);
}

function missing(): readonly string[] {
  const rust = rustTools();
  return [...('cargo' in rust ? [] : rust), ...(wasmTools() === undefined ? ['wasm-tools'] : [])];
}

/** Why the program cannot be made here, for the option `skip` of tests; or false. */
export function wasiMissing(): string | false {
  if (existsSync(target()) || missing().length === 0) return false;
  return `not run: no ${missing().join(', no ')} (npm run test:guests installs them where it can)`;
}

let made: Promise<string> | undefined;

/** Path of the program, made first if need be. */
export function wasiGuest(): Promise<string> {
  made ??= make();
  return made;
}

async function make(): Promise<string> {
  const file = target();
  if (existsSync(file)) return file;
  const [rust, tools] = [rustTools(), wasmTools()];
  if (!('cargo' in rust) || tools === undefined) throw new Error(`there is no ${missing().join(', no ')}`);
  const folder = join(CACHE, 'wasi-target');
  const env = {
    ...process.env,
    RUSTC: rust.rustc,
    RUSTC_BOOTSTRAP: '1',
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: rust.linker,
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: `--remap-path-prefix=${SOURCE}=wasi`,
    CARGO_TARGET_DIR: folder,
  };
  const args = ['build', '--quiet', '--locked', '-Zbuild-std=std,panic_abort', '--release', '--target', TARGET];
  mkdirSync(CACHE, { recursive: true });
  await execute(rust.cargo, args, { cwd: SOURCE, env, maxBuffer: 1 << 24 });
  await execute(tools, ['component', 'new', join(folder, TARGET, 'release/every.wasm'), '-o', `${file}.part`]);
  renameSync(`${file}.part`, file);
  return file;
}
