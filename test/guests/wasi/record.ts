/**
 * Writes what the peer does in each case: the command `wasmtime`, 48 or newer, of the path. Never run by the tests. Arguments: names of
 * cases, to record only those.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Prepared } from '../cases.ts';
import { WASI_CASES, type WasiCase } from './cases.ts';
import { wasiGuest } from './make.ts';
import { play, playServed, recordedFile } from './play.ts';

const wanted = process.argv.slice(2);
const file = await wasiGuest();

/** Without `http` the program, which imports everything, would not begin. */
function call(prepared: Prepared, spec: WasiCase): [string, ...string[]] {
  const dirs = prepared.dirs.flatMap((dir) => ['--dir', `${dir.host}::${dir.guest}`]);
  const env = Object.entries(prepared.env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  return ['wasmtime', 'run', '-S', 'http', ...(spec.peer ?? []), ...dirs, ...env, file, ...prepared.args];
}

for (const [name, spec] of Object.entries(WASI_CASES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const text =
    spec.serves === true
      ? await playServed(['wasmtime', 'serve', '-S', 'cli', '--addr', '127.0.0.1:0', file])
      : (await play(spec, call)).text;
  const target = recordedFile(name);
  const known = existsSync(target) ? readFileSync(target, 'utf8') : undefined;
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
  console.log(
    `${known === undefined ? 'new    ' : known === text ? 'same   ' : 'CHANGED'} ${name}: ${text.split('\n')[0]}`,
  );
}
