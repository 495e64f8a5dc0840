/** `tenon serve` as a process of its own, for tests and scripts: its address, what it printed, the memory that it has. */
import { type ChildProcess, type IOType, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { invariant } from '../../src/util/invariant.ts';

const MB = 1024 * 1024;
const script = join(import.meta.dirname, '../../bin/tenon.js');

/** How much of what it prints is kept. */
const MOST_KEPT = 1 << 20;

export interface ServerProcess {
  readonly url: string;
  /** Of `--admin`, where that was asked for; else ''. */
  readonly admin: string;
  readonly port: number;
  readonly process: ChildProcess;
  /** What it printed so far, the first megabyte of it. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Mebibytes that the process has now; undefined where the system does not say. */
  readonly resident: () => number | undefined;
  /** The most that it had. */
  readonly peak: () => number | undefined;
  /** Sends a signal, and gives the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface ServerOptions {
  /** Where its output goes: a pipe that is read, if nothing else is said. */
  readonly stdout?: IOType | number;
}

function statusOf(pid: number | undefined, name: string): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return found === null ? undefined : (Number(found[1]) * 1024) / MB;
}

/** Starts a program that names its address on standard error, and waits until it has. */
export async function startServer(words: readonly string[], options: ServerOptions = {}): Promise<ServerProcess> {
  const child = spawn(process.execPath, words, { stdio: ['ignore', options.stdout ?? 'pipe', 'pipe'] });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (data) => {
    if (stdout.length < MOST_KEPT) stdout += String(data);
  });
  const hasAdmin = words.includes('--admin');
  const [url, admin] = await new Promise<(string | undefined)[]>((resolve, reject) => {
    child.stderr?.on('data', (data) => {
      if (stderr.length < MOST_KEPT) stderr += String(data);
      const found = /^Serving HTTP on (https?:\/\/\S+:\d+\/)\n(?:Admin on (http:\/\/\S+:\d+\/)\n)?/.exec(stderr);
      if (found !== null && (!hasAdmin || found[2] !== undefined)) resolve(found.slice(1));
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`it ended: ${stderr}`)));
  });
  invariant(url !== undefined, 'a server that serves has named its address');
  return {
    url,
    admin: admin ?? '',
    port: Number(new URL(url).port),
    process: child,
    stdout: () => stdout,
    stderr: () => stderr,
    resident: () => statusOf(child.pid, 'VmRSS'),
    peak: () => statusOf(child.pid, 'VmHWM'),
    async stop(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill(signal);
      const [code] = (await once(child, 'exit')) as [number | null];
      return code;
    },
  };
}

/** Starts `tenon serve` from source on a free port. */
export function serveTenon(words: readonly string[], options: ServerOptions = {}): Promise<ServerProcess> {
  return startServer([script, 'serve', '--addr', '127.0.0.1:0', ...words], options);
}
