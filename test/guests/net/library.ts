/**
 * The C library that Rust's standard library needs on wasm32-wasip2: Debian's wasi-libc of 2024 or newer. `WASI_LIBC` may name its folder.
 * Where the system's is older, that of Debian's backports is unpacked into `.cache/guests`; nothing of the system is changed.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CACHE } from '../recipes.ts';

const execute = promisify(execFile);
const FOLDER = join(CACHE, 'wasi-libc');
const SOURCES = '/etc/apt/sources.list.d/debian.sources';

/** The folder of the library, or `undefined`. */
export function wasiLibrary(): string | undefined {
  const folders = [process.env['WASI_LIBC'] ?? '', '/usr/lib/wasm32-wasip2', join(FOLDER, 'usr/lib/wasm32-wasip2')];
  return folders.find((folder) => existsSync(join(folder, 'crt1-command.o')));
}

/** Fetches the package of the backports by the archive that this system names. Throws where there is none. */
export async function installWasiLibrary(): Promise<void> {
  const stanzas = readFileSync(SOURCES, 'utf8').split(/\n\s*\n/);
  const main = stanzas.find((stanza) => /^Suites:/m.test(stanza) && !/security/.test(stanza));
  const suite = /^Suites:\s*(\w+)/m.exec(main ?? '')?.[1];
  if (main === undefined || suite === undefined) throw new Error(`${SOURCES} names no archive`);
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(join(FOLDER, 'lists/partial'), { recursive: true });
  const list = join(FOLDER, 'backports.sources');
  writeFileSync(list, `${main.replace(/^Suites:.*$/m, `Suites: ${suite}-backports`)}\n`);
  const settings = [
    `Dir::Etc::SourceList=${list}`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::lists=${FOLDER}/lists`,
  ];
  const options = [...settings, `Dir::Cache=${FOLDER}`].flatMap((setting) => ['-o', setting]);
  await execute('apt-get', [...options, '-qq', 'update']);
  await execute('apt-get', [...options, '-qq', 'download', 'wasi-libc'], { cwd: FOLDER });
  const archive = readdirSync(FOLDER).find((name) => name.endsWith('.deb'));
  if (archive === undefined) throw new Error('apt-get left no package');
  await execute('dpkg-deb', ['-x', join(FOLDER, archive), FOLDER]);
}
