/**
 * Makes the program of `src/net`: Rust's standard library on wasm32-wasip2, whose network is wasi:sockets. It needs a compiler with the
 * sources of its library, wasm-tools, and a C library for that target. What is made lies in `.cache/guests` by the digest of its sources.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HERE } from '../cases.ts';
import { rustTools, wasmTools } from '../flow/make.ts';
import { CACHE } from '../recipes.ts';
import { wasiLibrary } from './library.ts';

const execute = promisify(execFile);
const SOURCE = join(HERE, 'src/net');
const LINK = join(import.meta.dirname, 'link.ts');
/** By its name, wasm-tools knows what it stands for. */
const ADAPTER = join(HERE, 'node_modules/@bytecodealliance/jco/lib/wasi_snapshot_preview1.command.wasm');
const TARGET = 'wasm32-wasip2';

interface Tools {
  readonly cargo: string;
  readonly rustc: string;
  readonly wasmLd: string;
  readonly wasmTools: string;
  /** The folder of the C library. */
  readonly library: string;
}

/** What makes the program, or the names of what is missing. */
function tools(): Tools | readonly string[] {
  const rust = rustTools();
  const [library, componentTools] = [wasiLibrary(), wasmTools()];
  if ('cargo' in rust && library !== undefined && componentTools !== undefined && existsSync(ADAPTER)) {
    return { cargo: rust.cargo, rustc: rust.rustc, wasmLd: rust.linker, wasmTools: componentTools, library };
  }
  return [
    ...('cargo' in rust ? [] : rust),
    ...(library === undefined ? [`wasi-libc for ${TARGET}`] : []),
    ...(componentTools === undefined ? ['wasm-tools'] : []),
    ...(existsSync(ADAPTER) ? [] : ['packages in test/guests']),
  ];
}

function target(): string {
  const hash = createHash('sha256');
  const inputs = [...['Cargo.toml', 'Cargo.lock', 'src/main.rs'].map((name) => join(SOURCE, name)), LINK];
  for (const input of inputs) hash.update(readFileSync(input));
  return join(CACHE, `net-${hash.digest('hex').slice(0, 12)}.wasm`);
}

/** Why the program cannot be made here, for the option `skip` of tests; or false. */
export function netMissing(): string | false {
  if (existsSync(target())) return false;
  const found = tools();
  return 'cargo' in found
    ? false
    : `not run: no ${found.join(', no ')} (npm run test:guests installs them where it can)`;
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
    `-C link-arg=${found.library}/crt1-command.o`,
    `-L native=${found.library}`,
    `--remap-path-prefix=${SOURCE}=net`,
  ];
  mkdirSync(CACHE, { recursive: true });
  const linker = join(CACHE, 'net-link');
  const command = [process.execPath, LINK, found.wasmLd, found.wasmTools, ADAPTER];
  writeFileSync(linker, `#!/bin/sh\nexec ${command.map((word) => `'${word}'`).join(' ')} "$@"\n`, { mode: 0o755 });
  const env = {
    ...process.env,
    RUSTC: found.rustc,
    RUSTC_BOOTSTRAP: '1',
    CARGO_TARGET_WASM32_WASIP2_LINKER: linker,
    CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS: flags.join(' '),
    CARGO_TARGET_DIR: join(CACHE, 'net-target'),
  };
  const args = ['build', '--quiet', '--locked', '-Zbuild-std=std,panic_abort', '--release', '--target', TARGET];
  await execute(found.cargo, args, { cwd: SOURCE, env, maxBuffer: 1 << 24 });
  cpSync(join(CACHE, 'net-target', TARGET, 'release/net.wasm'), `${file}.part`);
  renameSync(`${file}.part`, file);
  return file;
}
