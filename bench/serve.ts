/**
 * `node bench/serve.ts`: `tenon serve` beside a bare `node:http` that sends the same headers and body, and `wasmtime serve`, in one run.
 * Every server is up all the time; one after the other has the load, round for round. What it must show are the bounds below.
 */
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { sharedFile } from './guest.ts';
import { hasWrk, type Load, load } from './http/load.ts';
import { bareServer, type Running, tenonServer, wasmtimeServer } from './http/server.ts';
import { loadTenon } from './peers/tenon.ts';
import { wasmtimeVersion } from './peers/wasmtime.ts';

const HELP = `node bench/serve.ts [options]
  --seconds N   how long each has the load, in each round (3)
  --rounds N    how many rounds; the median counts (5)
  --only NAME   only servers whose name contains NAME, besides the bare one (may be given again)
  --no-fail     exits 0 though something is beyond its bound`;

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', multiple: true, default: [] },
    'no-fail': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const file = sharedFile('corpus/rust-http2.wasm');
const ALWAYS = '1000000000';

interface Contender {
  readonly name: string;
  readonly start: () => Promise<Running>;
}

const BARE = 'node:http, bare';
const FRESH = 'tenon';
const REUSED = 'tenon --reuse';
const WORKERS = 'tenon --reuse --workers 2';
const WASMTIME_FRESH = 'wasmtime';
const WASMTIME_REUSED = 'wasmtime, reuse';

const CONTENDERS: readonly Contender[] = [
  { name: BARE, start: bareServer },
  { name: FRESH, start: () => tenonServer(file) },
  { name: REUSED, start: () => tenonServer(file, '--reuse', ALWAYS) },
  { name: WORKERS, start: () => tenonServer(file, '--reuse', ALWAYS, '--workers', '2') },
  ...(wasmtimeVersion === undefined
    ? []
    : [
        { name: WASMTIME_FRESH, start: () => wasmtimeServer(file, '--max-instance-reuse-count', '1') },
        { name: WASMTIME_REUSED, start: () => wasmtimeServer(file, '--max-instance-reuse-count', '100000') },
      ]),
];

interface Measured {
  readonly name: string;
  readonly loads: Load[];
  /** At concurrency 1. */
  readonly alone: Load[];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** What `of` answers relative to the first contender, round for round: what the machine does besides hits both. */
function ratio(measured: readonly Measured[], of: string, to: string, value: (m: Measured) => readonly Load[]): number {
  const one = measured.find(({ name }) => name === of);
  const other = measured.find(({ name }) => name === to);
  if (one === undefined || other === undefined) return Number.NaN;
  return median(value(one).map((l, i) => l.requestsPerSecond / (value(other)[i]?.requestsPerSecond ?? Number.NaN)));
}

async function measure(contenders: readonly Contender[]): Promise<readonly Measured[]> {
  const servers: Running[] = [];
  for (const { start } of contenders) servers.push(await start());
  const measured = contenders.map(({ name }): Measured => ({ name, loads: [], alone: [] }));
  const seconds = Number(options.seconds);
  try {
    for (const { url } of servers) await load(url, 32, 2);
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const [i, { url }] of servers.entries()) measured[i]!.loads.push(await load(url, 32, seconds));
      for (const [i, { url }] of servers.entries()) measured[i]!.alone.push(await load(url, 1, 1));
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
  return measured;
}

/** The slowest start of an instance in a hundred, in microseconds: taken from the pool after another was given back and made fresh. */
async function startP99(): Promise<number> {
  const { Component, Linker, createWasi } = await loadTenon('source');
  const component = await Component.load(new Uint8Array(readFileSync(file)));
  const pre = await new Linker().defineAll(createWasi()).link(component, { pool: true });
  const times: number[] = [];
  for (let i = 0; i < 6000; i++) {
    const begin = performance.now();
    pre.instantiate()[Symbol.dispose]();
    if (i >= 1000) times.push((performance.now() - begin) * 1000);
    if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length * 0.99)] ?? Number.NaN;
}

interface Bound {
  readonly what: string;
  readonly value: number;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly unit: string;
}

function bounds(measured: readonly Measured[], start: number): readonly Bound[] {
  const under = (of: string, to: string): number => ratio(measured, of, to, ({ loads }) => loads);
  const alone = (of: string): number => {
    const each = measured.find(({ name }) => name === of)?.alone ?? [];
    const bare = measured.find(({ name }) => name === BARE)?.alone ?? [];
    return median(each.map(({ p50 }, i) => p50 - (bare[i]?.p50 ?? Number.NaN)));
  };
  const all: readonly Bound[] = [
    { what: 'fresh, of bare', value: under(FRESH, BARE), atLeast: 0.12, unit: '' },
    { what: 'fresh, of wasmtime', value: under(FRESH, WASMTIME_FRESH), atLeast: 1, unit: '' },
    { what: 'reused, of bare', value: under(REUSED, BARE), atLeast: 0.5, unit: '' },
    { what: '2 workers reused, of wasmtime reused', value: under(WORKERS, WASMTIME_REUSED), atLeast: 1, unit: '' },
    { what: 'start of an instance, p99', value: start, atMost: 1000, unit: ' µs' },
    { what: 'added latency alone, fresh', value: alone(FRESH), atMost: 300, unit: ' µs' },
    { what: 'added latency alone, reused', value: alone(REUSED), atMost: 300, unit: ' µs' },
  ];
  return all;
}

/** Nothing is known where the peer is absent or a server was not asked for: it is said, not left out. */
function isKnown({ value }: Bound): boolean {
  return !Number.isNaN(value);
}

function isMet({ value, atLeast = -Infinity, atMost = Infinity }: Bound): boolean {
  return value >= atLeast && value <= atMost;
}

function print(measured: readonly Measured[], bound: readonly Bound[]): void {
  const of = (values: readonly number[], digits = 0): string => median(values).toFixed(digits);
  const rows = measured.map(({ name, loads, alone }) => [
    name,
    of(loads.map((l) => l.requestsPerSecond)),
    `${(ratio(measured, name, BARE, (m) => m.loads) * 100).toFixed(1)} %`,
    of(loads.map((l) => l.p50)),
    of(loads.map((l) => l.p99)),
    of(alone.map((l) => l.p50)),
    String(loads.reduce((sum, l) => sum + l.errors, 0)),
  ]);
  const head = ['server', 'requests/s', 'of bare', 'p50 µs', 'p99 µs', 'alone, p50 µs', 'errors'];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  console.log([line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n'));
  console.log('');
  for (const each of bound) {
    const limit = each.atLeast === undefined ? `at most ${each.atMost}` : `at least ${each.atLeast}`;
    const verdict = isMet(each) ? 'holds' : 'DOES NOT HOLD';
    const value = isKnown(each) ? `${each.value.toFixed(each.unit === '' ? 3 : 0)}${each.unit}` : 'NOT MEASURED';
    console.log(`${each.what}: ${value}, ${limit}${isKnown(each) ? `: ${verdict}` : ''}`);
  }
}

if (options.help) console.log(HELP);
else {
  const wanted = CONTENDERS.filter(
    ({ name }) => name === BARE || options.only.length === 0 || options.only.some((part) => name.includes(part)),
  );
  const client = hasWrk ? 'wrk -t1 -c32' : 'a client of our own (no wrk found), 32 connections';
  console.log(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}; ${client}`,
  );
  console.log('');
  const measured = await measure(wanted);
  const bound = bounds(measured, await startP99());
  print(measured, bound);
  if (!options['no-fail'] && !bound.filter(isKnown).every(isMet)) process.exitCode = 1;
}
