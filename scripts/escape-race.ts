/**
 * Tries to lead a guest's file operations out of their directory: another process swaps a directory, and a file, for symbolic
 * links to the outside while this one opens paths through them.
 *
 *   node scripts/escape-race.ts [COUNT=50000]
 *
 * Prints what happened; fails if anything outside was read or changed. A control, which resolves with `realpath` and then opens,
 * shows that the race is real.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostFile, OpenOptions } from '../src/host/host.ts';
import { HostError } from '../src/host/host.ts';
import type { NodeDirectory } from '../src/host/node/directory.ts';
import { openNodeDirectory } from '../src/host/node/host.ts';

export interface RaceResult {
  /** Opens that gave the file inside. */
  readonly inside: number;
  /** Opens that were refused because the path led out at that moment. */
  readonly refused: number;
  /** Opens that found nothing, or something in between. */
  readonly other: number;
  /** Opens, or looks, that reached the outside: must be 0. */
  readonly leaked: number;
  /** Whether anything outside was changed: must be false. */
  readonly damaged: boolean;
}

const SECRET = 'the secret outside';
const OPEN: OpenOptions = {
  follow: true,
  create: false,
  directory: false,
  exclusive: false,
  truncate: false,
  read: true,
  write: false,
  sync: 'none',
};

/** Runs in the other process: never ends by itself. */
function swapForever(inside: string): void {
  const at = (name: string): string => join(inside, name);
  for (;;) {
    for (const name of ['dir', 'dir/sub', 'file']) {
      const kept = `${name}.kept`;
      renameSync(at(name), at(kept));
      renameSync(at(`${name}.link`), at(name));
      renameSync(at(name), at(`${name}.link`));
      renameSync(at(kept), at(name));
    }
  }
}

function prepare(root: string): { inside: string; outside: string } {
  const inside = join(root, 'in');
  const outside = join(root, 'out');
  mkdirSync(join(inside, 'dir/sub'), { recursive: true });
  mkdirSync(join(outside, 'sub'), { recursive: true });
  for (const name of ['file', 'dir/file', 'dir/sub/file']) writeFileSync(join(inside, name), 'inside');
  for (const name of ['file', 'sub/file']) writeFileSync(join(outside, name), SECRET);
  symlinkSync('../out', join(inside, 'dir.link'));
  symlinkSync(join(outside, 'sub'), join(inside, 'dir/sub.link'));
  symlinkSync('../out/file', join(inside, 'file.link'));
  return { inside, outside };
}

/** What is outside, to compare. */
function picture(outside: string): string {
  return readdirSync(outside, { recursive: true, withFileTypes: true })
    .map(
      (entry) =>
        `${entry.parentPath}/${entry.name}=${entry.isFile() ? readFileSync(join(entry.parentPath, entry.name)) : ''}`,
    )
    .sort()
    .join('\n');
}

const PATHS = ['dir/file', 'dir/sub/file', 'file', 'dir/sub/../file', 'dir/../dir/sub/./file'] as const;

/** One attempt of every kind that could reach outside; answers whether it did. */
function tryOnce(directory: NodeDirectory, path: string, round: number): 'inside' | 'leaked' {
  const file = directory.openAt(path, OPEN) as HostFile;
  const target = new Uint8Array(SECRET.length);
  const text = Buffer.from(target.subarray(0, file.readInto(target, 0n) as number)).toString();
  file.close();
  if (text === SECRET) return 'leaked';
  if (directory.statAt(path, true).size === BigInt(SECRET.length)) return 'leaked';
  const made = `dir/sub/made${round % 8}`;
  for (const change of [
    () => directory.createDirectoryAt(made),
    () => directory.removeDirectoryAt(made),
    () => directory.symlinkAt('x', made),
    () => directory.unlinkFileAt(made),
    () => directory.linkAt('dir/file', true, directory, made),
    () => directory.renameAt(made, directory, 'dir/moved'),
    () => directory.unlinkFileAt('dir/moved'),
  ]) {
    try {
      change();
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
    }
  }
  return 'inside';
}

/** Makes `count` attempts while another process swaps. */
export async function race(count: number): Promise<RaceResult> {
  const root = mkdtempSync(join(tmpdir(), 'tenon-race-'));
  const { inside, outside } = prepare(root);
  const before = picture(outside);
  const directory = openNodeDirectory(inside, { mutable: true });
  const swapper = await startSwapper(inside);
  const result = { inside: 0, refused: 0, other: 0, leaked: 0 };
  try {
    for (let round = 0; round < count; round++) {
      try {
        result[tryOnce(directory, PATHS[round % PATHS.length] ?? 'file', round)]++;
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        result[error.code === 'not-permitted' ? 'refused' : 'other']++;
      }
    }
    return { ...result, damaged: picture(outside) !== before };
  } finally {
    await stop(swapper);
    directory.close();
    rmSync(root, { recursive: true, force: true });
  }
}

/** The same race against `realpath`, then a check, then open: how often that leaks. */
export async function control(count: number): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), 'tenon-race-'));
  const { inside } = prepare(root);
  const base = realpathSync(inside);
  const swapper = await startSwapper(inside);
  let leaked = 0;
  try {
    for (let round = 0; round < count; round++) {
      try {
        const path = join(base, PATHS[round % PATHS.length] ?? 'file');
        if (!realpathSync(path).startsWith(`${base}/`)) continue;
        const fd = openSync(path, 'r');
        const target = Buffer.alloc(SECRET.length);
        readSync(fd, target);
        closeSync(fd);
        if (target.toString() === SECRET) leaked++;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      }
    }
    return leaked;
  } finally {
    await stop(swapper);
    rmSync(root, { recursive: true, force: true });
  }
}

async function startSwapper(inside: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [import.meta.filename, '--swap', inside], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await new Promise((resolve, reject) => {
    child.stdout?.once('data', resolve);
    child.once('exit', reject);
  });
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

if (import.meta.main) {
  const [first = '50000', second = ''] = process.argv.slice(2);
  if (first === '--swap') {
    process.stdout.write('ready\n');
    swapForever(second);
  } else {
    const result = await race(Number(first));
    console.log(result);
    console.log(`control (realpath, then open): ${await control(Number(first))} leaks`);
    if (result.leaked > 0 || result.damaged) process.exitCode = 1;
  }
}
