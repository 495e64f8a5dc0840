/** Runs `bin/tenon.js` as a child process, as a shell would. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { assemble } from '../support/assemble.ts';
import { SHARED } from '../support/shared.ts';

const root = join(import.meta.dirname, '../..');
const script = join(root, 'bin/tenon.js');

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs the command line to its end. */
export function tenon(words: readonly string[], { input = '', env = {}, cwd = root }: RunOptions = {}): Outcome {
  const { status, signal, stdout, stderr, error } = spawnSync(process.execPath, [script, ...words], {
    input,
    cwd,
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, ...env },
  });
  if (error !== undefined) throw error;
  return { code: status, signal, stdout, stderr };
}

/** Starts the command line; its streams are pipes. */
export function start(words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [script, ...words], { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
}

/** The end of a process that was started. */
export function ended(child: ChildProcess): Promise<Pick<Outcome, 'code' | 'signal'>> {
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
}

/** A program of the repository's example, by name. */
export function example(name: string): string {
  return join('examples/composed', name);
}

const folder = mkdtempSync(join(tmpdir(), 'tenon-cli-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a file for this run of the tests and gives its path. */
export function file(name: string, contents: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, contents);
  return path;
}

/** A guest in the text format, as a file. */
export function guest(name: string, text: string): string {
  return file(name, assemble(text));
}

const corpus = join(SHARED, 'corpus');

/** A real guest that is kept outside the repository, and why a test that needs it cannot run. */
export function corpusGuest(name: string): { readonly path: string; readonly skip: string | false } {
  const path = join(corpus, name);
  return { path, skip: existsSync(path) ? false : `the corpus has no ${path}` };
}
