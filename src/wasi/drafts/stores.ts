/** The key-value stores of a grant: opened with it, shared by all programs that are given it, closed with it. */
import { ComponentError, UsageError } from '../../error/error.ts';
import type { Use } from '../../grants/audit.ts';
import type { Denial } from '../../grants/network-policy.ts';
import { type StoreGrant, storeFlag } from '../../grants/stores.ts';
import type { KeyValueHost, KeyValueStore } from '../../host/key-value.ts';
import { MemoryStore } from '../../host/memory/key-value.ts';
import type { OpenStore } from './keyvalue.ts';

/** Names that the program was denied and that were told, at most: it may ask for as many as it likes. */
const MOST_SAID = 100;

/** Who has the stores, and who is told of their use. */
export interface StoreOptions {
  readonly host: KeyValueHost;
  readonly onDenied?: ((denial: Denial) => void) | undefined;
  readonly onUse?: ((use: Use) => void) | undefined;
}

export class Stores {
  readonly #open = new Map<string, OpenStore>();
  readonly #options: StoreOptions;
  readonly #said = new Set<string>();

  /** Throws UsageError (`no-store`). */
  constructor(grants: Readonly<Record<string, StoreGrant>>, options: StoreOptions) {
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
    const what = `open the key-value store ${JSON.stringify(name)}`;
    this.#deny(name, what, 'no store of that name was granted', { sqlite: undefined, readonly: false });
    throw new ComponentError({ tag: 'access-denied' });
  }

  #wants(name: string, { readonly, sqlite }: StoreGrant, write: boolean): void {
    const allowed = !write || !readonly;
    this.#options.onUse?.({ kind: 'store', name, write, allowed });
    if (allowed) return;
    const what = `write to the key-value store ${JSON.stringify(name)}`;
    this.#deny(name, what, 'it was granted read-only', { sqlite, readonly: false });
    throw new ComponentError({ tag: 'access-denied' });
  }

  #deny(name: string, what: string, why: string, grant: Pick<StoreGrant, 'sqlite' | 'readonly'>): void {
    if (this.#said.has(name) || this.#said.size >= MOST_SAID) return;
    this.#said.add(name);
    this.#options.onDenied?.({ of: 'keyvalue', what, why, grant: storeFlag(name, grant) });
  }

  close(): void {
    for (const { store } of this.#open.values()) store.close();
  }
}

function storeOf(name: string, { sqlite, readonly }: StoreGrant, { host }: StoreOptions): KeyValueStore {
  if (sqlite === undefined) return new MemoryStore();
  if (host.openSqlite !== undefined) return host.openSqlite(sqlite, name, readonly);
  throw new UsageError('no-store', `the key-value store ${JSON.stringify(name)} cannot be opened`, {
    expected: 'a store in memory: this platform has no SQLite',
    found: `sqlite ${JSON.stringify(sqlite)}`,
  });
}
