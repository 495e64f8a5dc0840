/** The reference suite of the component model: where it stands, how much it holds, and a run of it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import '../../src/node.ts';
import type { LinkOptions } from '../../src/index.ts';
import type { Mode } from '../../src/runtime/prepared.ts';
import { runScript, type ScriptReport } from '../../src/wast/wast.ts';
import { startBuilt } from './built.ts';
import { MemoryCache } from './memory-cache.ts';
import { SHARED } from './shared.ts';

export const SUITE = join(SHARED, 'conformance/component-model');

/** What the suite is, for the record of a run. */
export const PINNED =
  'WebAssembly/component-model `test/` at `6d28164` (2026-08-21) merged with pull request #705, without `async/cancellable.wast`';

/** Files and directives of each folder: a run that sees fewer has failed. */
export const TOTALS: Readonly<Record<string, { readonly files: number; readonly directives: number }>> = {
  async: { files: 34, directives: 344 },
  binary: { files: 1, directives: 123 },
  linking: { files: 4, directives: 272 },
  resources: { files: 3, directives: 36 },
  validation: { files: 13, directives: 461 },
  values: { files: 8, directives: 221 },
};

export const FILES = 63;
export const DIRECTIVES = 1457;

/**
 * How calls are carried; by generated code too: `pooled`, in instances that have had another tenant before; `kept`, in components of which
 * all that can be was found out before; `built`, ahead of time; `metered`, with limits of time and fuel that nothing meets.
 */
export type Form = Mode | 'pooled' | 'kept' | 'built' | 'metered' | 'metered, pooled';

/** One script and how it ended. */
export interface Row extends ScriptReport {
  readonly folder: string;
  readonly file: string;
}

/** The scripts of the suite, as folder and file name. */
export function suiteFiles(): readonly (readonly [folder: string, file: string])[] {
  return Object.keys(TOTALS).flatMap((folder) =>
    readdirSync(join(SUITE, folder))
      .filter((name) => name.endsWith('.wast'))
      .sort()
      .map((file) => [folder, file] as const),
  );
}

/** Limits that nothing meets. */
export const AMPLE = { cpu: 600_000, time: 600_000, fuel: 2n ** 60n } as const;

/** Core modules that the host gives compiled cannot be limited. */
const GIVES_MODULE = /"simple-module"/;

function linkOptions(form: Exclude<Form, 'kept' | 'built'>, source: string): LinkOptions {
  if (form === 'pooled') return { pool: true };
  if (form === 'generated' || form === 'interpreted') return { mode: form };
  return { pool: form !== 'metered', limits: GIVES_MODULE.test(source) ? {} : AMPLE };
}

/** Runs one script. */
export async function runFile(folder: string, file: string, form: Form = 'generated'): Promise<Row> {
  const source = readFileSync(join(SUITE, folder, file), 'utf8');
  const name = `${folder}/${file}`;
  if (form === 'built') return { folder, file, ...(await runScript(source, { file: name, start: startBuilt })) };
  if (form !== 'kept') {
    const link = linkOptions(form, source);
    return { folder, file, ...(await runScript(source, { file: name, link })) };
  }
  const cache = new MemoryCache();
  await runScript(source, { file: name, cache });
  cache.expect();
  return { folder, file, ...(await runScript(source, { file: name, cache })) };
}

/** Runs all scripts, one after the other. */
export async function runSuite(form: Form = 'generated'): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [folder, file] of suiteFiles()) rows.push(await runFile(folder, file, form));
  return rows;
}
