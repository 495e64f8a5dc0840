/** The package as users get it: built, packed, and installed into a folder. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** The environment of its programs: npm's own program does not care which Node runs it; what it starts must be this one. */
export const packedEnv = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };

/** Builds and packs the package, and installs it into `home`, a folder that is made. */
export function installPacked(home: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'tarball-'));
  try {
    execFileSync(process.execPath, [join(ROOT, 'scripts/build.ts')], { cwd: ROOT, stdio: 'pipe' });
    const pack = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder];
    execFileSync('npm', pack, { cwd: ROOT, env: packedEnv, stdio: 'pipe' });
    const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    if (tarball === undefined) throw new Error('npm pack made no tarball');
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'package.json'), '{ "name": "app", "type": "module", "private": true }');
    const install = ['install', '--silent', '--no-audit', '--no-fund', '--offline', join(folder, tarball)];
    execFileSync('npm', install, { cwd: home, env: packedEnv, stdio: 'pipe' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
