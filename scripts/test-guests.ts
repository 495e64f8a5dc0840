/**
 * `npm run test:guests`: installs the public toolchains and programs of `test/guests` (about 400 MB to download, once), makes the
 * programs that are not stored, and compares what each does under Tenon with what was recorded from a peer. The asynchronous guests need
 * a compiler for Rust: where there is none and none can be installed, their tests say that they did not run.
 * Arguments: parts of test names, to run only those.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { loadManifest } from '../test/guests/cases.ts';
import { flowMissing, makeFlow, RUST_PACKAGES, rustTools } from '../test/guests/flow/make.ts';
import { HTTP_GUESTS } from '../test/guests/http/guests.ts';
import { installWasiLibrary, wasiLibrary } from '../test/guests/net/library.ts';
import { netGuest, netMissing } from '../test/guests/net/make.ts';
import { CACHE, locate, VENV } from '../test/guests/recipes.ts';
import { wasiGuest, wasiMissing } from '../test/guests/wasi/make.ts';
import { inRoot, run, runScript } from './project.ts';

const GUESTS = inRoot('test/guests');

await installNode();
await installPython();
await installRust();
await makeAll();
await makeAsynchronous();
await makeOthers();
const names = process.argv.slice(2).flatMap((name) => ['--name', name]);
const { code } = await runScript('scripts/test.ts', ['test/guests/', ...names], { show: true });
process.exitCode = code;

/** Runs a step of the installation; nothing can go on without it. */
async function step(what: string, command: string, args: readonly string[], cwd = inRoot()): Promise<void> {
  console.log(`guests: ${what}`);
  const { code, output } = await run(command, args, { cwd });
  if (code !== 0) {
    console.error(`${output}\nguests: ${what} failed: ${command} ${args.join(' ')}`);
    process.exit(1);
  }
}

/** What is installed is written down in the cache, so that it is installed once for each version of the lists. */
async function once(stamp: string, list: string, present: string, install: () => Promise<void>): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const mark = `${CACHE}/${stamp}.installed`;
  const wanted = readFileSync(list, 'utf8');
  if (existsSync(present) && existsSync(mark) && readFileSync(mark, 'utf8') === wanted) {
    return;
  }
  await install();
  writeFileSync(mark, wanted);
}

async function installNode(): Promise<void> {
  await once('npm', `${GUESTS}/package-lock.json`, `${GUESTS}/node_modules`, () =>
    step('npm ci in test/guests', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], GUESTS),
  );
}

async function installPython(): Promise<void> {
  await once('python', `${GUESTS}/requirements.txt`, VENV, async () => {
    const made = await run('python3', ['-m', 'venv', '--clear', VENV]);
    if (made.code !== 0) {
      // Debian keeps `venv` in a package of its own.
      await step('apt-get update', 'apt-get', ['update', '-qq']);
      await step('python3-venv', 'apt-get', [
        'install',
        '-y',
        '-qq',
        '--no-install-recommends',
        'python3',
        'python3-venv',
      ]);
      await step('a Python environment', 'python3', ['-m', 'venv', '--clear', VENV]);
    }
    await step('pip install', `${VENV}/bin/pip`, [
      'install',
      '-q',
      '--disable-pip-version-check',
      '-r',
      `${GUESTS}/requirements.txt`,
    ]);
  });
}

/** Debian's compiler, which comes with the sources of its library. Only the asynchronous guests need it. */
async function installRust(): Promise<void> {
  const tools = rustTools();
  if ('cargo' in tools) return;
  const packages = [...RUST_PACKAGES, ...(tools.includes('cargo') ? ['cargo-web'] : [])];
  console.log(`guests: no ${tools.join(', no ')}: apt-get install ${packages.join(' ')}`);
  await run('apt-get', ['update', '-qq']);
  const install = ['install', '-y', '-qq', '--no-install-recommends', ...packages];
  const done = await run('apt-get', install);
  if (done.code !== 0) console.error(done.output.trimEnd());
}

async function makeAsynchronous(): Promise<void> {
  const missing = flowMissing();
  if (missing === false) await makeFlow((line) => console.log(`guests: ${line}`));
  else console.error(`guests: THE ASYNCHRONOUS GUESTS ARE NOT TESTED, ${missing}`);
}

/** The guest that calls every function of WASI, and that of the network, whose C library is fetched; both in Rust as well. */
async function makeOthers(): Promise<void> {
  const unmade = wasiMissing();
  if (unmade !== false) console.error(`guests: THE FUNCTIONS OF WASI ARE NOT COMPARED, ${unmade}`);
  else await wasiGuest();
  if (wasiLibrary() === undefined) {
    console.log('guests: no wasi-libc for wasm32-wasip2: apt-get download wasi-libc');
    await installWasiLibrary().catch((error: unknown) => console.error(`${error}`));
  }
  const missing = netMissing();
  if (missing !== false) console.error(`guests: THE CONVERSATIONS OF THE NETWORK ARE NOT TESTED, ${missing}`);
  else await netGuest();
}

/** Programs are made before the tests, two at a time, so that the time of a test is the time of its program. */
async function makeAll(): Promise<void> {
  const queue = [
    ...Object.entries(loadManifest().guests).filter(([, guest]) => guest.source.from === 'build'),
    ...Object.entries(HTTP_GUESTS),
  ];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const start = performance.now();
      const made = await locate(next[1].source).then(
        () => 'is there',
        (error: unknown) => `could not be made, its tests will fail: ${error}`,
      );
      console.log(`guests: ${next[0]} ${made} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}
