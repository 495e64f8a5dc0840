/**
 * Writes the expected outcomes: runs every case in the peer, PyPI's wasmtime in the version of `requirements-record.txt`. Never run by
 * the tests. Arguments: names of guests, to record only those. The folder of the peer's Python environment is made when it is absent.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type CaseSpec, expectedFile, HERE, loadManifest, prepare, saveManifest } from './cases.ts';
import { masked, type Outcome, printOutcome } from './outcome.ts';
import { CACHE, locate } from './recipes.ts';

const PEER = join(CACHE, 'peer');
const manifest = loadManifest();
const wanted = process.argv.slice(2);
let version = manifest.peer;

if (!existsSync(PEER)) {
  execFileSync('python3', ['-m', 'venv', PEER]);
  execFileSync(join(PEER, 'bin/pip'), ['install', '-q', '-r', join(HERE, 'requirements-record.txt')]);
}
for (const [name, guest] of Object.entries(manifest.guests)) {
  if (wanted.length > 0 && !wanted.includes(name)) {
    continue;
  }
  const file = await locate(guest.source);
  for (const [caseName, spec] of Object.entries(guest.cases)) {
    const target = expectedFile(name, caseName);
    const text = record(file, spec, guest.mask);
    const known = existsSync(target) ? readFileSync(target, 'utf8') : undefined;
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
    console.log(
      `${known === undefined ? 'new    ' : known === text ? 'same   ' : 'CHANGED'} ${name}/${caseName}: ${text.split('\n')[0]}`,
    );
  }
}
if (version !== manifest.peer) {
  saveManifest({ ...manifest, peer: version });
}

function record(file: string, spec: CaseSpec, mask: readonly string[] | undefined): string {
  const prepared = prepare(spec);
  try {
    const [stdout, stderr] = [join(prepared.scratch, 'stdout'), join(prepared.scratch, 'stderr')];
    const dirs = prepared.dirs.map((dir) => [dir.host, dir.guest, !dir.readonly]);
    const request = JSON.stringify({
      file,
      args: prepared.args,
      env: prepared.env,
      stdin: prepared.stdin,
      stdout,
      stderr,
      dirs,
    });
    const answer = execFileSync(join(PEER, 'bin/python'), [join(HERE, 'peer.py'), request], { encoding: 'utf8' });
    const { peer, exit } = JSON.parse(answer) as { peer: string; exit: Outcome['exit'] };
    version = peer;
    const outcome = { exit, stdout: readFileSync(stdout), stderr: readFileSync(stderr), files: prepared.files() };
    return printOutcome(masked(outcome, mask));
  } finally {
    prepared.done();
  }
}
