/**
 * `node test/guests/flow/stream.ts [SIZE] [PAIR...]`: components in two languages stream so many bytes (default 1G) to each other, each pair
 * in a process of its own. Says how long it took and how memory grew over the first 10 MB; ends with 1 if that is more than 30 MB, if a
 * linear memory grew, or if the bytes that arrived are not those that were sent. A PAIR is SOURCE:SINK, such as rust:c, composed to one
 * component, or SOURCE+SINK, instances in stores of their own.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { answerOf, apart, together } from './calls.ts';
import { type FlowGuest, flowGuest } from './make.ts';

const PAIRS = ['rust:c', 'c:rust', 'rust+c', 'c+rust', 'rust:js', 'js:rust', 'js+c', 'c+js'] as const;

/** What streams before memory is looked at: by then everything is compiled and every buffer is there. */
const FIRST = 10e6;
/** How much the process may grow after that. */
export const ALLOWED = 30e6;
/** How many bytes a source writes at a time. */
const PIECE = 65_536;
const WORD = 4;
const MULTIPLIER = 2_654_435_761;

export interface Streamed {
  readonly pair: string;
  readonly size: number;
  readonly seconds: number;
  /** By how many bytes the process grew at most, after the first 10 MB. */
  readonly grown: number;
  /** Linear memory of all guests after the first 10 MB, and at the end. */
  readonly memories: readonly [before: number, after: number];
  readonly answer: string;
}

/** The sum that a sink must answer: see `digest` in flow.wit. */
export function expectedAnswer(size: number): string {
  let sum = 0;
  for (let index = 0; index * WORD < size; index++) {
    const left = size - index * WORD;
    const word = Math.imul(index, MULTIPLIER);
    sum = ((sum << 5) | (sum >>> 27)) ^ (left < WORD ? word & (2 ** (8 * left) - 1) : word);
  }
  return `"${size} bytes, sum ${(sum >>> 0).toString(16).padStart(8, '0')}"`;
}

/** Remembers the memories of all core instances that are made from now on; answers their size in all. */
function watchMemories(): () => number {
  const memories = new Set<WebAssembly.Memory>();
  WebAssembly.Instance = class extends WebAssembly.Instance {
    constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
      super(module, imports);
      for (const item of Object.values(this.exports)) if (item instanceof WebAssembly.Memory) memories.add(item);
    }
  };
  return () => [...memories].reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}

/** Streams within this process. */
async function stream(pair: string, size: number): Promise<Streamed> {
  const [from, to] = pair.split(/[:+]/);
  const memories = watchMemories();
  const join = pair.includes('+') ? apart : together;
  const guests = await join(
    { trapOnDeadlock: true },
    'rust-pump',
    `${from}-source` as FlowGuest,
    `${to}-sink` as FlowGuest,
  );
  await answerOf(guests, `join(${FIRST}, ${PIECE})`);
  const before = { resident: process.memoryUsage.rss(), memories: memories() };
  let most = before.resident;
  const look = (): void => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  const timer = setInterval(look, 20);
  const start = performance.now();
  const answer = await answerOf(guests, `join(${size}, ${PIECE})`);
  const seconds = (performance.now() - start) / 1000;
  clearInterval(timer);
  look();
  const grown = most - before.resident;
  return { pair, size, seconds, grown, memories: [before.memories, memories()], answer };
}

/** Streams in a process of its own. */
export async function streamApart(pair: string, size: number): Promise<Streamed> {
  const args = [fileURLToPath(import.meta.url), '--here', pair, String(size)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Streamed;
}

/** What is wrong with a result, if anything is. */
export function complaints({ size, grown, memories: [before, after], answer }: Streamed): readonly string[] {
  const expected = expectedAnswer(size);
  return [
    ...(answer === expected ? [] : [`the sink answered ${answer}, not ${expected}`]),
    ...(grown <= ALLOWED ? [] : [`the process grew by ${megabytes(grown)}`]),
    ...(after === before ? [] : [`linear memories grew from ${megabytes(before)} to ${megabytes(after)}`]),
  ];
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function parseSize(text: string): number {
  const match = /^(\d+)([KMG]?)$/.exec(text);
  if (match === null) throw new Error(`"${text}" is no size: write bytes, or a number with K, M or G`);
  return Number(match[1]) * { '': 1, K: 1e3, M: 1e6, G: 1e9 }[match[2] as '' | 'K' | 'M' | 'G'];
}

async function main([text = '1G', ...pairs]: readonly string[]): Promise<void> {
  const size = parseSize(text);
  for (const name of ['rust-pump', 'c-sink', 'js-sink'] as const) await flowGuest(name);
  for (const pair of pairs.length === 0 ? PAIRS : pairs) {
    const result = await streamApart(pair, size);
    const wrong = complaints(result);
    const rate = megabytes(size / result.seconds);
    const memory = `grew by ${megabytes(result.grown)}, linear memories ${megabytes(result.memories[1])}`;
    console.log(`${pair.padEnd(8)} ${megabytes(size)} in ${result.seconds.toFixed(1)} s, ${rate}/s, ${memory}`);
    for (const line of wrong) console.error(`  ${line}`);
    if (wrong.length > 0) process.exitCode = 1;
  }
}

if (process.argv[2] === '--here') {
  const [, , , pair, size] = process.argv;
  process.stdout.write(JSON.stringify(await stream(pair!, Number(size))));
} else if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(process.argv.slice(2));
}
