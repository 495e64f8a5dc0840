/** `tenon serve` as a child process. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { after } from 'node:test';
import { start } from './tenon.ts';

export interface Server {
  readonly url: string;
  /** Of `--admin`, where that was asked for. */
  readonly admin: string;
  readonly process: ChildProcess;
  /** What it printed so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Sends a signal, and gives the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

const running = new Set<ChildProcess>();
after(() => {
  for (const each of running) each.kill('SIGKILL');
});

/** Starts `tenon serve` on a free port of this machine, and waits until it serves. */
export async function serve(...args: string[]): Promise<Server> {
  const child = start(['serve', '--addr', '127.0.0.1:0', ...args]);
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (data) => {
    stdout += String(data);
  });
  const hasAdmin = args.includes('--admin');
  const [url, admin] = await new Promise<string[]>((resolve, reject) => {
    child.stderr?.on('data', (data) => {
      stderr += String(data);
      const found =
        /^Serving HTTP on (http:\/\/127\.0\.0\.1:\d+\/)\n(?:Admin on (http:\/\/127\.0\.0\.1:\d+\/)\n)?/.exec(stderr);
      if (found !== null && (!hasAdmin || found[2] !== undefined)) resolve(found.slice(1));
    });
    child.once('exit', () => reject(new Error(`it ended: ${stderr}`)));
  });
  return {
    url: url!,
    admin: admin ?? '',
    process: child,
    stdout: () => stdout,
    stderr: () => stderr,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const [code] = (await once(child, 'exit')) as [number | null];
      running.delete(child);
      return code;
    },
  };
}
