/** `wasi:config/store` (0.2.0-draft, 0.2.0-rc.1): values that whoever runs the program has set. */
import type { Grant } from '../../grants/grant.ts';
import type { Opened } from '../open-grant.ts';

/** The interface `wasi:config/store`. What is not granted is not there. */
export function makeConfig({ config }: Pick<Grant, 'config'>, asked?: Opened['asked']) {
  const values = new Map(config);
  return {
    'wasi:config/store': {
      get(key: string): string | undefined {
        asked?.('config');
        return values.get(key);
      },
      getAll(): [string, string][] {
        asked?.('config');
        return [...values];
      },
    },
  };
}
