/**
 * `node bench/serve-profile.ts`: what `tenon serve` does with its processor time under load, in microseconds a request, beside a bare
 * `node:http` that answers the same. By Linux's `perf`, which sees the kernel and the engine's own threads, too.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sharedFile } from './guest.ts';
import { load } from './http/load.ts';
import { started } from './http/server.ts';

const HELP = `node bench/serve-profile.ts [options]
  --seconds N     how long each server has the load (6)
  --functions N   also the N functions of each server that most time is spent in or for

needs Linux and its tool perf (Debian: apt-get install linux-perf)`;

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '6' },
    functions: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
});

/** Samples a second. */
const RATE = 1999;

const PLACES = {
  sending: 'writing to sockets (kernel)',
  waking: 'reading and waking (kernel)',
  native: "Node's parser and event loop",
  node: "Node's HTTP server",
  garbage: 'garbage, also on other threads',
  guest: 'the guest',
  borders: 'borders, suspension, instances',
  wasi: 'WASI',
  server: 'the server',
} as const;

type Place = keyof typeof PLACES;

/** Where the time of a sample belongs. `frames` are the functions that were active, the innermost first. */
function placeOf(thread: string, frames: readonly string[], inKernel: boolean): Place {
  if (!thread.includes('Main')) return 'garbage';
  if (
    inKernel &&
    frames.some((frame) => /^(?:ksys_|__x64_sys_|__GI___libc_)?write(?:v)?$|^sock_write|^tcp_sendmsg/.test(frame))
  ) {
    return 'sending';
  }
  if (inKernel && frames.some((frame) => /^uv__|^sock_read|^do_epoll/.test(frame))) return 'waking';
  if (frames.some((frame) => /Heap::(?:Scavenge|Collect|PerformGarbage)|Scavenger|MarkCompact/.test(frame)))
    return 'garbage';
  const nearest = frames.find((frame) =>
    /^(?:JS:|wasm-function|RegExp|Builtins_Wasm(?:Promising|Suspend|Resume|ReturnPromise))/.test(frame),
  );
  if (nearest === undefined) return 'native';
  if (/ node:/.test(nearest)) return 'node';
  if (/^(?:JS:)?wasm-function/.test(nearest)) return 'guest';
  const room = /\/src\/(\w+)\//.exec(nearest)?.[1];
  if (room === 'wasi') return 'wasi';
  // What the borders generate has no file.
  return room === undefined || /^(?:abi|runtime|link|core)$/.test(room) ? 'borders' : 'server';
}

interface Spent {
  /** Microseconds a request. */
  readonly places: ReadonlyMap<Place, number>;
  readonly functions: ReadonlyMap<string, number>;
}

/** From what `perf script` writes: a head with the thread's name, then a line for each frame. */
function spent(script: string, requests: number): Spent {
  const each = 1e6 / RATE / requests;
  const places = new Map<Place, number>();
  const functions = new Map<string, number>();
  for (const block of script.split('\n\n')) {
    const [head = '', ...lines] = block.trim().split('\n');
    if (lines.length === 0) continue;
    const frames = lines.map((line) => line.trim().replace(/^[0-9a-f]+ /, ''));
    const place = placeOf(head.trim().split(/\s+/)[0]!, frames, /^\s*ffffffff/.test(lines[0]!));
    places.set(place, (places.get(place) ?? 0) + each);
    const nearest = frames.find((frame) => /^JS:|^wasm-function/.test(frame)) ?? frames[0]!;
    const name = nearest.replace(/file:\/\/.*\/(?=(?:src|bench)\/)/, '');
    functions.set(name, (functions.get(name) ?? 0) + each);
  }
  return { places, functions };
}

async function profile(program: readonly string[]): Promise<Spent> {
  const dir = mkdtempSync(join(tmpdir(), 'tenon-profile-'));
  const server = await started(process.execPath, [
    '--perf-basic-prof',
    '--interpreted-frames-native-stack',
    ...program,
  ]);
  const map = `/tmp/perf-${server.pid}.map`;
  try {
    await load(server.url, 32, 3);
    const data = join(dir, 'perf.data');
    const perf = spawn(
      'perf',
      ['record', '-q', '-g', '-e', 'cpu-clock', '-F', `${RATE}`, '-p', `${server.pid}`, '-o', data],
      {
        stdio: ['ignore', 'ignore', 'ignore'],
      },
    );
    const seconds = Number(options.seconds);
    const { requestsPerSecond } = await load(server.url, 32, seconds);
    perf.kill('SIGINT');
    await once(perf, 'close');
    const script = execFileSync('perf', ['script', '-i', data, '-F', 'comm,ip,sym'], {
      encoding: 'utf8',
      maxBuffer: 1 << 30,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return spent(script, requestsPerSecond * seconds);
  } finally {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
    rmSync(map, { force: true });
  }
}

async function main(): Promise<void> {
  if (spawnSync('perf', ['--version']).error !== undefined) throw new Error(HELP);
  const tenon = [join(import.meta.dirname, '../bin/tenon.js'), 'serve', '--addr', '127.0.0.1:0'];
  const file = sharedFile('corpus/rust-http2.wasm');
  const columns: readonly (readonly [string, Spent])[] = [
    ['node:http, bare', await profile([join(import.meta.dirname, 'http/bare.ts')])],
    ['tenon --reuse', await profile([...tenon, '--reuse', '1000000000', file])],
    ['tenon', await profile([...tenon, file])],
  ];
  const row = (name: string, value: (spent: Spent) => number): void =>
    console.log(`| ${name} | ${columns.map(([, each]) => value(each).toFixed(1)).join(' | ')} |`);
  console.log(`| µs a request | ${columns.map(([name]) => name).join(' | ')} |`);
  console.log(`| --- |${' --- |'.repeat(columns.length)}`);
  for (const [place, name] of Object.entries(PLACES)) row(name, ({ places }) => places.get(place as Place) ?? 0);
  row('all', ({ places }) => [...places.values()].reduce((total, each) => total + each, 0));
  for (const [name, { functions }] of columns) {
    const shown = [...functions].sort(([, a], [, b]) => b - a).slice(0, Number(options.functions));
    if (shown.length > 0) console.log(`\n${name}`);
    for (const [what, us] of shown) console.log(`${us.toFixed(2).padStart(8)}  ${what}`);
  }
}

if (options.help) console.log(HELP);
else await main();
