/** `wasi:cli/environment`. There is no working directory: programs take the first preopened one. */

import type { Grant } from '../../grants/grant.ts';
import type { Opened } from '../open-grant.ts';

/** The interface `wasi:cli/environment`. */
export function makeEnvironment({ args, env }: Pick<Grant, 'args' | 'env'>, asked?: Opened['asked']) {
  return {
    getEnvironment(): [string, string][] {
      asked?.('environment');
      return env.map(([name, value]) => [name, value]);
    },
    getArguments(): string[] {
      asked?.('arguments');
      return [...args];
    },
    initialCwd: (): string | undefined => undefined,
  };
}
