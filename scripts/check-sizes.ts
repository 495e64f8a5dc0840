/**
 * What may not grow unseen: the package as users download it, its parts after a build, and the exceptions to the limits of file
 * and function length. The limits of length themselves (600 lines, 70 lines) are rules of the linter.
 */
import { existsSync, statSync } from 'node:fs';
import { files, inRoot, report, run } from './project.ts';
import { read } from './source.ts';

const KB = 1024;
/** Limits in bytes. Raise one only with the reason in CHANGELOG.md. */
const PACKED = 1000 * KB;
const UNPACKED = 5000 * KB;
const COMMITTED_FILE = 300 * KB;

const problems: string[] = [];

// A function or file may be long if it is a table: the linter is told so in a comment that starts with that word.
for (const file of files('src/**/*.ts')) {
  for (const [index, line] of read(file).split('\n').entries()) {
    const reason = /biome-ignore(?:-all|-start)?\s+lint\/\w+\/noExcessiveLinesPer\w+:\s*(.*)/.exec(line)?.[1];
    if (reason !== undefined && !reason.startsWith('table ')) {
      problems.push(`${file}:${index + 1}: only tables may be longer: "table of ..." and why, or split it`);
    }
  }
}

const tracked = await run('git', ['ls-files', '-z']);
const committed = tracked.code === 0 ? tracked.output.split('\0').filter((file) => existsSync(inRoot(file))) : [];
for (const file of committed) {
  const size = file === '' || file === 'package-lock.json' ? 0 : statSync(inRoot(file)).size;
  if (size > COMMITTED_FILE) {
    problems.push(
      `${file}: ${kb(size)}, more than ${kb(COMMITTED_FILE)}: large guests are built or downloaded on demand`,
    );
  }
}

const built = existsSync(inRoot('dist'));
const packed = await pack();
if (built && packed !== undefined) {
  if (packed.size > PACKED) {
    problems.push(`package: ${kb(packed.size)} to download, more than ${kb(PACKED)}`);
  }
  if (packed.unpackedSize > UNPACKED) {
    problems.push(`package: ${kb(packed.unpackedSize)} unpacked, more than ${kb(UNPACKED)}`);
  }
  for (const { path } of packed.files) {
    if (/^(src|test|scripts|tools|node_modules)\/|\.test\.|\.tgz$/.test(path)) {
      problems.push(`package: ships ${path}, which users do not need`);
    }
  }
}
const size = packed === undefined ? 'unknown' : `${kb(packed.size)} packed, ${kb(packed.unpackedSize)} unpacked`;
report('sizes', problems, `${committed.length} committed files; package ${built ? size : 'not built, not weighed'}`);

interface Packed {
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

async function pack(): Promise<Packed | undefined> {
  const { code, output } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=silent']);
  const start = output.search(/^[[{]/m);
  if (code !== 0 || start < 0) {
    problems.push(`npm pack failed: ${output.trim()}`);
    return undefined;
  }
  const parsed = JSON.parse(output.slice(start)) as readonly Packed[] | Record<string, Packed>;
  return Object.values(parsed)[0];
}

function kb(bytes: number): string {
  return `${Math.round(bytes / KB)} kB`;
}
