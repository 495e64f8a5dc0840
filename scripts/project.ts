/**
 * What every script of the project shares: where the repository is, which files it has, and how to run a program in it.
 * Not part of the package.
 */
import { spawn } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Absolute path of a file of the repository. */
export function inRoot(...parts: string[]): string {
  return join(ROOT, ...parts);
}

/** Files that match, relative to the repository, sorted, with forward slashes; never what was installed or built. */
export function files(...patterns: string[]): string[] {
  const found = globSync(patterns, {
    cwd: ROOT,
    exclude: (name) => /(^|[\\/])(node_modules|dist|\.cache)$/.test(name),
  });
  return found.map((file) => file.replaceAll('\\', '/')).sort();
}

export function relativeToRoot(path: string): string {
  return relative(ROOT, path).replaceAll('\\', '/');
}

export interface Finished {
  readonly code: number;
  readonly output: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Show the output as it comes instead of only collecting it. */
  readonly show?: boolean;
}

/** The environment of a child: the tools of `node_modules/.bin` come first, so that `node` is the pinned one. */
export function environment(extra: Readonly<Record<string, string>> = {}): Record<string, string | undefined> {
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  return { ...inherited, PATH: `${inRoot('node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`, ...extra };
}

/** Runs a program to its end; a program that cannot be started counts as failed with code 127. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? ROOT,
      env: environment(options.env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      if (options.show) {
        process.stdout.write(chunk);
      }
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) => resolve({ code: 127, output: `${output}${error.message}\n` }));
    child.on('close', (code, signal) => resolve({ code: code ?? (signal === null ? 1 : 128), output }));
  });
}

/** Runs one of this folder's scripts, or any other TypeScript file, on the Node that runs now. */
export function runScript(file: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Finished> {
  return run(process.execPath, [inRoot(file), ...args], options);
}

/** A program that npm installed for the project, such as `tsc`. */
export function tool(name: string): string {
  const suffix = process.platform === 'win32' ? '.cmd' : '';
  return inRoot('node_modules', '.bin', `${name}${suffix}`);
}

export function exists(file: string): boolean {
  return existsSync(inRoot(file));
}

/** Ends a checking script: prints what is wrong, or one line of what was checked, and sets the exit code. */
export function report(subject: string, problems: readonly string[], checked: string): void {
  if (problems.length > 0) {
    console.error(problems.join('\n'));
    console.error(`\n${subject}: ${problems.length} problem${problems.length === 1 ? '' : 's'}`);
    process.exitCode = 1;
    return;
  }
  console.log(`${subject}: ${checked}`);
}
