/** A program that calls every function of WASI 0.2 is answered as it was under the peer. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Prepared } from '../cases.ts';
import { WASI_CASES, type WasiCase } from './cases.ts';
import { wasiGuest, wasiMissing } from './make.ts';
import { play, playServed, recordedFile } from './play.ts';

const LAUNCHER = join(import.meta.dirname, '../../../bin/tenon.js');
const skip = wasiMissing();

/** The peer's outcome, with what Tenon decided to do in its place. */
function expectedOf(name: string, { differs }: WasiCase): string {
  let text = readFileSync(recordedFile(name), 'utf8');
  for (const [line, instead] of Object.entries(differs?.lines ?? {})) {
    assert.ok(text.includes(`${line}\n`), `the peer's outcome has the line ${line}`);
    text = text.replace(`${line}\n`, instead === null ? '' : `${instead}\n`);
  }
  return text;
}

for (const [name, spec] of Object.entries(WASI_CASES)) {
  test(`as recorded: ${name}`, { skip }, async () => {
    const file = await wasiGuest();
    if (spec.serves === true) {
      const served = await playServed([process.execPath, LAUNCHER, 'serve', '--addr', '127.0.0.1:0', file]);
      assert.equal(served, expectedOf(name, spec));
      return;
    }
    const { text, stderr } = await play(spec, (prepared: Prepared) => {
      const dirs = prepared.dirs.flatMap((dir) => ['--dir', `${dir.host}::${dir.guest}`]);
      const env = Object.entries(prepared.env).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
      const flags = [...(spec.tenon ?? []), ...dirs, ...env];
      return [process.execPath, LAUNCHER, 'run', ...flags, file, ...prepared.args];
    });
    assert.equal(text, expectedOf(name, spec), stderr);
  });
}
