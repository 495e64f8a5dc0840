/** The package's version. */
import { readFileSync } from 'node:fs';

/** Reads it from the package.json above this file, in the sources as in the built package. */
export function version(): string {
  for (const up of ['../', '../../']) {
    try {
      const { name, version: found } = JSON.parse(readFileSync(new URL(`${up}package.json`, import.meta.url), 'utf8'));
      if (name === 'tenon') return String(found);
    } catch {
      // Not there: one folder further up.
    }
  }
  return 'unknown';
}
