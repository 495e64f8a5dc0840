/**
 * `npm run conformance:wasi -- PATH`: the official suite of WASI, WebAssembly/wasi-testsuite, by its own runner. PATH is a checkout of its
 * branch `prod/testsuite-base`, which carries prebuilt programs. Fails unless every program of preview 1 was run and passed. Needs
 * Python 3.12 or newer; what the runner imports is installed into a folder of its own below `node_modules/.cache`.
 */
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { inRoot, run } from './project.ts';

/** Programs of preview 1 that the suite holds. */
const PROGRAMS = 72;
const PYTHONS = [
  'python3',
  'python3.14',
  'python3.13',
  'python3.12',
  ...globSync(`${process.env['HOME'] ?? ''}/.pyenv/versions/3.1[2-9]*/bin/python3`),
];
const IS_NEW = 'import sys; sys.exit(0 if sys.version_info >= (3, 12) else 1)';

interface Suite {
  readonly name: string;
  readonly failed: number;
  readonly skipped: number;
  readonly passed: number;
  readonly tests: readonly { readonly name: string; readonly outcome: string; readonly failures: readonly unknown[] }[];
}

function stop(message: string): never {
  console.error(message);
  process.exit(2);
}

async function worked(command: string, args: readonly string[]): Promise<boolean> {
  return (await run(command, args)).code === 0;
}

/** A Python with what the runner imports. */
async function python(): Promise<string> {
  const folder = inRoot('node_modules', '.cache', 'wasi-testsuite');
  const own = join(folder, 'bin', 'python');
  if (existsSync(own) && (await worked(own, ['-c', 'import colorama, requests']))) return own;
  for (const candidate of PYTHONS) {
    if (!(await worked(candidate, ['-c', IS_NEW]))) continue;
    console.error('installing what the runner imports ...');
    rmSync(folder, { recursive: true, force: true });
    const isMade = await worked(candidate, ['-m', 'venv', folder]);
    if (isMade && (await worked(own, ['-m', 'pip', 'install', '--quiet', 'colorama', 'requests']))) return own;
    stop(`${candidate} cannot install colorama and requests, which the runner imports`);
  }
  return stop('no Python 3.12 or newer found, which the runner of the suite needs');
}

const [checkout] = process.argv.slice(2);
if (checkout === undefined || !existsSync(join(checkout, 'run-tests'))) {
  stop(
    'usage: npm run conformance:wasi -- PATH\n' +
      'PATH: a checkout of the branch prod/testsuite-base of WebAssembly/wasi-testsuite, with its programs and its runner',
  );
}
const interpreter = await python();
const scratch = mkdtempSync(join(tmpdir(), 'tenon-wasi-'));
try {
  const report = join(scratch, 'report.json');
  const { output } = await run(
    interpreter,
    ['run-tests', '-r', inRoot('test', 'wasi', 'tenon.py'), '--disable-colors', '--json-output-location', report],
    { cwd: resolve(checkout), env: { TENON: `"${process.execPath}" "${inRoot('bin', 'tenon.js')}"` } },
  );
  if (!existsSync(report)) stop(`the runner gave no report:\n${output}`);
  const { results } = JSON.parse(readFileSync(report, 'utf8')) as { results: readonly Suite[] };
  const suites = results.filter(({ name }) => name.includes('wasm32-wasip1'));
  let passed = 0;
  for (const suite of suites) {
    passed += suite.passed;
    console.log(`${suite.name}: ${suite.passed} of ${suite.tests.length}`);
    for (const { name, outcome, failures } of suite.tests) {
      if (outcome !== 'pass') console.log(`  ${name}: ${outcome} ${JSON.stringify(failures)}`);
    }
  }
  console.log(`${passed} of ${PROGRAMS} programs of preview 1 pass`);
  process.exitCode = passed === PROGRAMS ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
