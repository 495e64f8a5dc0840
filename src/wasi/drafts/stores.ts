/** The key-value stores of a grant: opened with it, shared by all programs that are given it, closed with it. */
import { ComponentError, UsageError } from '../../error/error.ts';
import type { StoreGrant } from '../../grants/stores.ts';
import type { KeyValueStore } from '../../host/key-value.ts';
import { MemoryStore } from '../../host/memory/key-value.ts';
import type { WasiOptions } from '../open-grant.ts';
import type { OpenStore } from './keyvalue.ts';

/** Names that the program was denied and that were told, at most: it may ask for as many as it likes. */
const MOST_SAID = 100;

export class Stores {
  readonly #open = new Map<string, OpenStore>();
  readonly #options: Pick<WasiOptions, 'onDenied' | 'onUse'>;
  readonly #said = new Set<string>();

  /** Throws UsageError (`no-store`). */
  constructor(grants: Readonly<Record<string, StoreGrant>>, options: WasiOptions) {
    this.#options = options;
    try {
      for (const [name, grant] of Object.entries(grants)) {
        const left = {
          bytes: grant.quota.bytes ?? Number.POSITIVE_INFINITY,
          keys: grant.quota.keys ?? Number.POSITIVE_INFINITY,
        };
        const wants = (write: boolean): void => this.#wants(name, grant, write);
        this.#open.set(name, { store: storeOf(name, grant, options), wants, left });
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Throws ComponentError (`access-denied`) where none of that name is granted. */
  open(identifier: string): OpenStore {
    const found = this.#open.get(identifier);
    if (found !== undefined) return found;
    const name = identifier.slice(0, 100);
    this.#options.onUse?.({ kind: 'store', name, write: true, allowed: false });
    this.#deny(name, `open the key-value store ${JSON.stringify(name)}`, 'no store of that name was granted', 'memory');
    throw new ComponentError({ tag: 'access-denied' });
  }

  #wants(name: string, { readonly, sqlite }: StoreGrant, write: boolean): void {
    const allowed = !write || !readonly;
    this.#options.onUse?.({ kind: 'store', name, write, allowed });
    if (allowed) return;
    const what = `write to the key-value store ${JSON.stringify(name)}`;
    this.#deny(name, what, 'it was granted read-only', `sqlite:${sqlite}`);
    throw new ComponentError({ tag: 'access-denied' });
  }

  #deny(name: string, what: string, why: string, place: string): void {
    if (this.#said.has(name) || this.#said.size >= MOST_SAID) return;
    this.#said.add(name);
    this.#options.onDenied?.({ of: 'keyvalue', what, why, grant: `--keyvalue ${name}=${place}` });
  }

  close(): void {
    for (const { store } of this.#open.values()) store.close();
  }
}

function storeOf(name: string, { sqlite, readonly }: StoreGrant, { host }: WasiOptions): KeyValueStore {
  if (sqlite === undefined) return new MemoryStore();
  if (host.openSqlite !== undefined) return host.openSqlite(sqlite, name, readonly);
  throw new UsageError('no-store', `the key-value store ${JSON.stringify(name)} cannot be opened`, {
    expected: 'a store in memory: this platform has no SQLite',
    found: `sqlite ${JSON.stringify(sqlite)}`,
  });
}
