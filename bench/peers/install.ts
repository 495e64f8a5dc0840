/** Installs the peers that the benchmark's own package.json names: once for each version of that list. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const BENCH = resolve(import.meta.dirname, '..');
const LOCK = resolve(BENCH, 'package-lock.json');
const MARK = resolve(BENCH, 'node_modules/.installed');

/** Gives the reason where they could not be installed. */
export function installPeers(): string | undefined {
  const wanted = readFileSync(LOCK, 'utf8');
  if (existsSync(MARK) && readFileSync(MARK, 'utf8') === wanted) return undefined;
  console.error('installing the peers (about 340 MB, once)');
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, stderr, error } = spawnSync('npm', args, {
    cwd: BENCH,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) return `npm ci: ${error?.message ?? stderr.trim()}`;
  writeFileSync(MARK, wanted);
  return undefined;
}

/** The version of jco that is installed. */
export function jcoVersion(): string | undefined {
  const path = resolve(BENCH, 'node_modules/@bytecodealliance/jco/package.json');
  if (!existsSync(path)) return undefined;
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
