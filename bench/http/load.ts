/** Load by `wrk`, or where there is none by a client of our own in a worker, which is slower than wrk and so shows smaller differences. */
import { spawn, spawnSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';

export interface Load {
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

function errorsIn(text: string): number {
  const sockets = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  const failed = sockets === null ? 0 : sockets.slice(1).reduce((sum, n) => sum + Number(n), 0);
  return failed + Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0);
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
  return {
    requestsPerSecond: Number(rate[1]),
    p50: latency(text, 50),
    p99: latency(text, 99),
    errors: errorsIn(text),
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
