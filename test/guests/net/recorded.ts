/** Where the peer's outcomes stand. */
import { join } from 'node:path';
import { HERE } from '../cases.ts';

export function recordedFile(name: string): string {
  return join(HERE, 'expected/net', `${name.replace(/[^A-Za-z0-9]+/g, '-').toLowerCase()}.txt`);
}
