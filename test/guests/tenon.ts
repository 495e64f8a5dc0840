/** Runs a prepared case with the command line of this checkout. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Prepared } from './cases.ts';
import { type Outcome, TRAP_EXIT } from './outcome.ts';

const LAUNCHER = join(import.meta.dirname, '../../bin/tenon.js');

/** `seconds` ends a program that does not end by itself: that is an error, not an outcome. */
export async function runTenon(file: string, prepared: Prepared, seconds = 120): Promise<Outcome> {
  const flags = [
    ...prepared.dirs.flatMap((dir) => ['--dir', `${dir.host}::${dir.guest}${dir.readonly ? ':ro' : ''}`]),
    ...Object.entries(prepared.env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
  ];
  const stdin = openSync(prepared.stdin, 'r');
  try {
    const args = [LAUNCHER, 'run', ...flags, file, ...prepared.args];
    const child = spawn(process.execPath, args, { stdio: [stdin, 'pipe', 'pipe'], cwd: prepared.scratch });
    const [stdout, stderr, code] = await Promise.all([
      collect(child.stdout),
      collect(child.stderr),
      ended(child, seconds),
    ]);
    return { exit: code === TRAP_EXIT ? 'trap' : code, stdout, stderr, files: prepared.files() };
  } finally {
    closeSync(stdin);
  }
}

async function collect(stream: NodeJS.ReadableStream | null): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) {
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}

function ended(child: ReturnType<typeof spawn>, seconds: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the program did not end within ${seconds} s`));
    }, seconds * 1000);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      return code === null ? reject(new Error(`ended by ${signal}`)) : resolve(code);
    });
  });
}
