/** Load by `wrk`, or where there is none by a client of our own in a worker, which is slower than wrk and so shows smaller differences. */
import { spawn, spawnSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';

export interface Load {
  /** That were answered 200. */
  readonly requestsPerSecond: number;
  /** Latency in microseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Answers that were not 200, and connections that failed. */
  readonly errors: number;
}

export const hasWrk: boolean = spawnSync('wrk', ['--version']).error === undefined;

const UNITS: Readonly<Record<string, number>> = { us: 1, ms: 1000, s: 1_000_000 };

function latency(text: string, percent: number): number {
  const match = new RegExp(`^\\s+${percent}%\\s+([\\d.]+)(us|ms|s)$`, 'm').exec(text);
  return match === null ? Number.NaN : Number(match[1]) * UNITS[match[2]!]!;
}

function socketErrors(text: string): number {
  const sockets = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  return sockets === null ? 0 : sockets.slice(1).reduce((sum, n) => sum + Number(n), 0);
}

function numberIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}

async function byWrk(url: string, connections: number, seconds: number): Promise<Load> {
  const child = spawn('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', url]);
  let text = '';
  child.stdout.on('data', (data) => {
    text += String(data);
  });
  await new Promise((resolve) => child.once('close', resolve));
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(text);
  if (rate === null) throw new Error(`wrk answered: ${text}`);
  const refused = numberIn(text, /Non-2xx or 3xx responses: (\d+)/);
  const answered = numberIn(text, /(\d+) requests in/);
  return {
    requestsPerSecond: Number(rate[1]) * (1 - refused / answered),
    p50: latency(text, 50),
    p99: latency(text, 99),
    errors: socketErrors(text) + refused,
  };
}

function byWorker(url: string, connections: number, seconds: number): Promise<Load> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('client.ts', import.meta.url), { workerData: { url, connections, seconds } });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** Sends `GET` over that many connections, one after the other on each, for so long. */
export function load(url: string, connections: number, seconds: number): Promise<Load> {
  return hasWrk ? byWrk(url, connections, seconds) : byWorker(url, connections, seconds);
}
