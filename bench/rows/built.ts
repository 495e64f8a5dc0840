/** What `tenon build` writes, minified as a bundler would: the component's own code, and what it takes of the runtime. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { guest } from '../guest.ts';
import type { Contender, Effort } from '../measure.ts';
import { atMost, type Row, TENON } from '../row.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const RUNTIME = 'tenon/runtime';

/** Kilobytes of the module, and of the module with its runtime. */
async function weigh(): Promise<{ readonly own: number; readonly whole: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-built-'));
  try {
    const file = join(folder, 'add.wasm');
    writeFileSync(file, guest('built-add'));
    const args = [join(ROOT, 'bin/tenon.js'), 'build', file, '-o', folder];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`nothing was built: ${stderr}`);
    const bundled = async (more: { external: string[] } | { alias: Record<string, string> }): Promise<number> => {
      const { outputFiles } = await build({
        entryPoints: [join(folder, 'add.js')],
        bundle: true,
        minify: true,
        format: 'esm',
        platform: 'neutral',
        write: false,
        ...more,
      });
      return outputFiles[0]!.contents.length / 1000;
    };
    return {
      own: await bundled({ external: [RUNTIME] }),
      whole: await bundled({ alias: { [RUNTIME]: join(ROOT, 'src/runtime/runtime.ts') } }),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Sizes do not vary. */
function effort(): Effort {
  return { warmUp: 0, rounds: 1, budget: 0 };
}

async function contenders(size: (weighed: { own: number; whole: number }) => number): Promise<readonly Contender[]> {
  const weighed = size(await weigh());
  return [{ name: TENON, sample: () => weighed }];
}

export const builtRows: readonly Row[] = [
  {
    name: 'tenon build of one add, its own code',
    unit: 'kB',
    claims: [atMost(2, 'kB')],
    effort,
    contenders: () => contenders(({ own }) => own),
  },
  {
    name: 'tenon build, shared runtime minified',
    unit: 'kB',
    claims: [atMost(20, 'kB')],
    effort,
    contenders: () => contenders(({ own, whole }) => whole - own),
  },
];
