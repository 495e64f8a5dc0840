/** The platforms: how each is found among what `npm run test:platforms` installs, and how it runs a program of the prepared folder. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runInBrowser } from './browser.ts';

const MODULES = join(import.meta.dirname, 'node_modules');

export interface Finished {
  readonly code: number | null;
  readonly output: string;
}

export interface Platform {
  readonly name: string;
  /** The program that runs it, or undefined where it is not installed. */
  readonly program: string | undefined;
  /** Runs `programs/NAME.js` of the prepared folder. */
  readonly run: (program: string, app: string, name: string) => Promise<Finished>;
}

/** The first file among packages of one scope, or of names that begin alike, which npm installs for this machine only. */
function installed(folder: string, prefix: string, file: string): string | undefined {
  const parent = join(MODULES, folder);
  if (!existsSync(parent)) return undefined;
  const names = readdirSync(parent).filter((name) => name.startsWith(prefix));
  return names.map((name) => join(parent, name, file)).find((path) => existsSync(path));
}

const suffix = process.platform === 'win32' ? '.exe' : '';

/** The first of some programs that is on the PATH. */
export function onPath(...names: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(process.platform === 'win32' ? ';' : ':');
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((path) => existsSync(path));
}

function runProgram(program: string, args: readonly string[], cwd: string): Promise<Finished> {
  return new Promise((resolve) => {
    const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
    const child = spawn(program, args, { cwd, env: { ...env, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** A platform whose program takes a file. */
function commandLine(name: string, program: string | undefined, ...args: readonly string[]): Platform {
  return { name, program, run: (found, app, file) => runProgram(found, [...args, `programs/${file}.js`], app) };
}

// Where a platform can be told to refuse code that is made of text, it is.
const NO_EVAL = '--disallow-code-generation-from-strings';

export const PLATFORMS: readonly Platform[] = [
  commandLine('Node 26', process.execPath, NO_EVAL),
  commandLine('Node 24', installed('', 'node-24-', `bin/node${suffix}`), NO_EVAL),
  commandLine('Deno', installed('@deno', '', `deno${suffix}`), 'run', '-A', '--quiet', `--v8-flags=${NO_EVAL}`),
  commandLine('Bun', installed('@oven', 'bun-', `bin/bun${suffix}`), 'run'),
  {
    name: 'Chromium',
    program: existsSync(join(MODULES, 'playwright-core')) ? onPath('chromium', 'chromium-browser') : undefined,
    run: runInBrowser,
  },
];
