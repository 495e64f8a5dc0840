/**
 * `npm run bench`: Tenon, what it is compared with, and what it must show (docs/performance.md). Exits 1 if a row is above a bound
 * or missing. Contenders of a row take turns in one process; each row has a process of its own.
 */
import { fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { withRows } from './document.ts';
import { installPeers, jcoVersion } from './peers/install.ts';
import { wasmtimeVersion } from './peers/wasmtime.ts';
import { allMet, compared, failedResult, middle, printed, type Report, type Result, summary } from './report.ts';
import type { Row } from './row.ts';
import { ROWS } from './rows/all.ts';
import type { Request } from './run-row.ts';

const HELP = `npm run bench -- [options]
  --only NAME     rows whose name contains NAME (may be given again)
  --quick         fewer and shorter measurements
  --repeat N      each row in N processes; the one with the middle ratio counts (memory and code lie elsewhere in each)
  --json FILE     writes the results
  --compare FILE  prints the change of each row since the results in FILE
  --markdown FILE writes the rows into the table of a document (docs/performance.md); others stay as they are
  --from FILE     measures nothing; takes the results of a run that were written by --json
  --no-fail       exits 0 though a row is above its bound or missing
  --no-peers      without jco and Wasmtime; installs nothing
  --built         Tenon as the built package (npm run build), not from source
  --profile DIR   writes a CPU profile of each row's process
  --list          prints the names of the rows`;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
    repeat: { type: 'string', default: '1' },
    json: { type: 'string' },
    compare: { type: 'string' },
    markdown: { type: 'string' },
    from: { type: 'string' },
    'no-fail': { type: 'boolean', default: false },
    'no-peers': { type: 'boolean', default: false },
    built: { type: 'boolean', default: false },
    profile: { type: 'string' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function measured(row: Row): Promise<Result> {
  const request: Request = {
    row: row.name,
    quick: options.quick,
    peers: !options['no-peers'],
    form: options.built ? 'built' : 'source',
  };
  const execArgv = ['--expose-gc'];
  if (options.profile !== undefined) execArgv.push('--cpu-prof', `--cpu-prof-dir=${resolve(options.profile)}`);
  return new Promise((done) => {
    const child = fork(resolve(import.meta.dirname, 'run-row.ts'), [JSON.stringify(request)], { execArgv });
    let result: Result | undefined;
    child.on('message', (message) => {
      result = message as Result;
    });
    child.on('exit', (code) => done(result ?? failedResult(row, `its process ended with ${code}`)));
  });
}

/** The row's results in several processes; of these, the one with the middle ratio. */
async function repeated(row: Row): Promise<Result> {
  const runs: Result[] = [];
  const times = row.contenders === undefined ? 1 : Math.max(1, Number(options.repeat));
  for (let i = 0; i < times; i++) runs.push(await measured(row));
  return middle(runs);
}

async function report(rows: readonly Row[]): Promise<Report> {
  const peers = !options['no-peers'];
  const [before = 0] = loadavg();
  const results: Result[] = [];
  for (const row of rows) {
    const result = await repeated(row);
    results.push(result);
    console.log(printed(result));
  }
  return {
    node: process.version,
    v8: process.versions.v8,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    load: before,
    tenon: options.built ? 'built package' : 'sources',
    jco: (peers ? jcoVersion() : undefined) ?? null,
    wasmtime: (peers ? wasmtimeVersion : undefined) ?? null,
    quick: options.quick,
    rows: results,
  };
}

function readReport(file: string): Report {
  return JSON.parse(readFileSync(file, 'utf8')) as Report;
}

function writeTable(file: string, results: Report): void {
  const names = ROWS.map(({ name }) => name);
  writeFileSync(file, withRows(readFileSync(file, 'utf8'), results, names));
}

async function main(): Promise<void> {
  const wanted = options.only.map((name) => name.toLowerCase());
  const rows = ROWS.filter(({ name }) => wanted.length === 0 || wanted.some((w) => name.toLowerCase().includes(w)));
  if (options.help) return console.log(HELP);
  if (options.list) return console.log(rows.map((row) => row.name).join('\n'));
  if (rows.length === 0) throw new Error(`no row has ${options.only.join(' or ')} in its name; --list lists them`);
  const before = options.compare === undefined ? undefined : readReport(options.compare);
  const missing = options['no-peers'] ? 'not asked for' : options.from === undefined ? installPeers() : undefined;
  const now = options.from === undefined ? await report(rows) : readReport(options.from);
  console.log(`\nNode ${now.node}, V8 ${now.v8}, ${now.cpu}; Tenon: ${now.tenon}`);
  if (now.load > now.cores / 2) {
    console.log(
      `the machine was busy: load ${now.load.toFixed(1)} on ${now.cores} cores; measure again when it is not`,
    );
  }
  console.log(`jco: ${now.jco ?? `absent (${missing ?? 'not installed'})`}; Wasmtime: ${now.wasmtime ?? 'absent'}`);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(now, null, 2)}\n`);
  if (options.markdown !== undefined) writeTable(options.markdown, now);
  if (before !== undefined) console.log(`\nsince ${options.compare}:\n${compared(before, now)}`);
  console.log(summary(now.rows));
  if (!allMet(now.rows) && !options['no-fail']) process.exitCode = 1;
}

await main();
