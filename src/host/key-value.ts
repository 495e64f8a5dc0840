/** Stores of keys and values as a platform gives them, typed by resource and not by WASI version. */
import type { MaybePromise } from './host.ts';

/** A value, and which one it is of all that its key had: what was written anew is another, also where the bytes are the same. */
export interface Stored {
  readonly value: Uint8Array;
  readonly version: bigint;
}

/** What becomes of a key: new bytes, nothing, or what it is. */
export type Change = { readonly value: Uint8Array } | 'delete' | 'keep';

/** A store failed in a way that the guest is told about. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

export interface KeyValueStore {
  get(key: string): MaybePromise<Stored | undefined>;
  /**
   * Lets `change` decide what becomes of a key; nothing else is done to the store meanwhile. What `change` throws is thrown, and nothing is
   * changed. Throws StoreError.
   */
  update(key: string, change: (old: Stored | undefined) => Change): MaybePromise<void>;
  /** Up to `most` keys behind `after`, without the first `skip` of them, in an order that stays. */
  keys(after: string | undefined, most: number, skip?: number): MaybePromise<readonly string[]>;
  close(): void;
}

/** A platform that may have stores that stay. */
export interface KeyValueHost {
  /**
   * Opens those in a file of SQLite that have one name; it is made where it is not there and may be written. Throws UsageError
   * (`no-store`).
   */
  readonly openSqlite?: (path: string, name: string, readonly: boolean) => KeyValueStore;
}
