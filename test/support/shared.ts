/** The folder of data beside the repository: found by `TENON_SHARED`, or at `../shared`. Nothing of it is copied here. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const SHARED = process.env['TENON_SHARED'] ?? resolve(import.meta.dirname, '../../../shared');

/** The option of a test that needs a part of the folder: skipped, with the reason, where that is absent. */
export function needs(part: string): { readonly skip: string | false } {
  const path = join(SHARED, part);
  return { skip: existsSync(path) ? false : `not run: ${path} is absent (set TENON_SHARED)` };
}
