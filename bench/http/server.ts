/** Servers as processes of their own, which name their address on standard error. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Running {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const root = join(import.meta.dirname, '../..');

/** Starts a program and waits until it has named its address. */
export async function started(program: string, args: readonly string[]): Promise<Running> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  process.once('exit', () => child.kill('SIGKILL'));
  const url = await addressOf(child, program);
  return {
    url,
    pid: child.pid!,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

function addressOf(child: ChildProcess, program: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr?.on('data', (data) => {
      if (text.length < 65_536) text += String(data);
      const found = /Serving HTTP on (https?:\/\/\S+)/.exec(text);
      if (found !== null) resolve(found[1]!);
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`${program} ended: ${text}`)));
  });
}

/** `tenon serve` from source. */
export function tenonServer(file: string, ...flags: string[]): Promise<Running> {
  return started(process.execPath, [join(root, 'bin/tenon.js'), 'serve', '--addr', '127.0.0.1:0', ...flags, file]);
}

export function bareServer(): Promise<Running> {
  return started(process.execPath, [join(import.meta.dirname, 'bare.ts')]);
}

/** `wasmtime serve`; a port of its own, since it names none that it has picked. */
export function wasmtimeServer(file: string, ...flags: string[]): Promise<Running> {
  return started('wasmtime', ['serve', '-Scli', '--addr', '127.0.0.1:0', ...flags, file]);
}
