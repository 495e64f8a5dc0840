/**
 * Makes the program of `src/net`: Rust's standard library on wasm32-wasip2, whose network is wasi:sockets. It needs a compiler with the
 * sources of its library, a C library for that target (Debian's wasi-libc of 2024 or newer), and the linker `wasm-component-ld` (crates.io).
 * What is made lies in `.cache/guests` by the digest of its sources.
 */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HERE } from '../cases.ts';
import { rustTools } from '../flow/make.ts';
import { CACHE } from '../recipes.ts';

const execute = promisify(execFile);
const SOURCE = join(HERE, 'src/net');
const TARGET = 'wasm32-wasip2';

interface Tools {
  readonly cargo: string;
  readonly rustc: string;
  readonly linker: string;
  /** What the linker calls. */
  readonly wasmLd: string;
  /** The folder of the C library. */
  readonly library: string;
}

function found(program: string): string | undefined {
  try {
    return execFileSync('which', [program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

/** What makes the program, or the names of what is missing. `WASI_LIBC` may name the folder of the C library. */
function tools(): Tools | readonly string[] {
  const rust = rustTools();
  if (!('cargo' in rust)) return rust;
  const linker = ['wasm-component-ld', join(homedir(), '.cargo/bin/wasm-component-ld')]
    .map((name) => (existsSync(name) ? name : found(name)))
    .find((each) => each !== undefined);
  const library = [process.env['WASI_LIBC'] ?? '', `/usr/lib/${TARGET}`].find((folder) =>
    existsSync(join(folder, 'crt1-command.o')),
  );
  const wasmLd = found(rust.linker);
  if (linker !== undefined && library !== undefined && wasmLd !== undefined) {
    return { cargo: rust.cargo, rustc: rust.rustc, linker, library, wasmLd };
  }
  return [
    ...(linker === undefined ? ['wasm-component-ld'] : []),
    ...(library === undefined ? [`wasi-libc for ${TARGET}`] : []),
    ...(wasmLd === undefined ? ['wasm-ld'] : []),
  ];
}

function target(): string {
  const hash = createHash('sha256');
  for (const name of ['Cargo.toml', 'src/main.rs']) hash.update(readFileSync(join(SOURCE, name)));
  return join(CACHE, `net-${hash.digest('hex').slice(0, 12)}.wasm`);
}

/** Why the program cannot be made here, for the option `skip` of tests; or false. */
export function netMissing(): string | false {
  if (existsSync(target())) return false;
  const found = tools();
  return 'cargo' in found
    ? false
    : `not run: no ${found.join(', no ')} (crates.io: wasm-component-ld; Debian: wasi-libc of backports)`;
}

let made: Promise<string> | undefined;

/** Path of the program, made first if need be. */
export function netGuest(): Promise<string> {
  made ??= make();
  return made;
}

async function make(): Promise<string> {
  const file = target();
  if (existsSync(file)) return file;
  const found = tools();
  if (!('cargo' in found)) throw new Error(`there is no ${found.join(', no ')}`);
  const flags = [
    '-C link-self-contained=no',
    `-C link-arg=--wasm-ld-path=${found.wasmLd}`,
    `-C link-arg=${found.library}/crt1-command.o`,
    `-L native=${found.library}`,
    `--remap-path-prefix=${SOURCE}=net`,
  ];
  const env = {
    ...process.env,
    RUSTC: found.rustc,
    RUSTC_BOOTSTRAP: '1',
    CARGO_TARGET_WASM32_WASIP2_LINKER: found.linker,
    CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS: flags.join(' '),
    CARGO_TARGET_DIR: join(CACHE, 'net-target'),
  };
  const args = ['build', '--quiet', '--locked', '-Zbuild-std=std,panic_abort', '--release', '--target', TARGET];
  mkdirSync(CACHE, { recursive: true });
  await execute(found.cargo, args, { cwd: SOURCE, env, maxBuffer: 1 << 24 });
  cpSync(join(CACHE, 'net-target', TARGET, 'release/net.wasm'), `${file}.part`);
  renameSync(`${file}.part`, file);
  return file;
}
