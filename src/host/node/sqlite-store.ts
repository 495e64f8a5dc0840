/**
 * Stores of keys and values in a file of SQLite, by Node's own module, which is loaded when the first is opened. Several may share a file,
 * under names of their own, and several processes too: a call waits while another process writes, and the thread does not.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { UsageError } from '../../error/error.ts';
import type { MaybePromise } from '../host.ts';
import { type Change, type KeyValueStore, type Stored, StoreError } from '../key-value.ts';

/** Keys are bytes, so that they are compared as such, and NUL is a character like others. A deleted key keeps no version: `sequence` does. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS tenon_keyvalue (
    store TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY (store, key)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS tenon_keyvalue_sequence (last INTEGER NOT NULL);
  INSERT INTO tenon_keyvalue_sequence SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM tenon_keyvalue_sequence);`;

/** Milliseconds: how often a call is tried again while another process writes, and how long at most. */
const AGAIN = 5;
const LONGEST = 5000;

const BUSY = 5;
const LOCKED = 6;

interface SqliteError {
  readonly errcode?: number;
  readonly errstr?: string;
}

function isBusy(error: unknown): boolean {
  const code = (error as SqliteError | null)?.errcode;
  return code !== undefined && ((code & 0xff) === BUSY || (code & 0xff) === LOCKED);
}

/** What a guest is told: SQLite's words, and no path. */
function failure(error: unknown): unknown {
  const { errcode, errstr } = (error ?? {}) as SqliteError;
  return errcode === undefined ? error : new StoreError(errstr ?? 'the store failed', { cause: error });
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A statement that is compiled when it is first used. */
type Lazy = () => StatementSync;

export class SqliteStore implements KeyValueStore {
  readonly #database: DatabaseSync;
  readonly #name: string;
  readonly #select: Lazy;
  readonly #insert: Lazy;
  readonly #delete: Lazy;
  readonly #next: Lazy;
  readonly #all: Lazy;
  readonly #list: Lazy;

  constructor(database: DatabaseSync, name: string) {
    this.#database = database;
    this.#name = name;
    const lazy = (sql: string): Lazy => {
      let made: StatementSync | undefined;
      return () => {
        if (made === undefined) {
          made = database.prepare(sql);
          made.setReadBigInts(true);
        }
        return made;
      };
    };
    this.#select = lazy('SELECT value, version FROM tenon_keyvalue WHERE store = ? AND key = ?');
    this.#insert = lazy('INSERT OR REPLACE INTO tenon_keyvalue (store, key, value, version) VALUES (?, ?, ?, ?)');
    this.#delete = lazy('DELETE FROM tenon_keyvalue WHERE store = ? AND key = ?');
    this.#next = lazy('UPDATE tenon_keyvalue_sequence SET last = last + 1 RETURNING last');
    const page = 'ORDER BY key LIMIT ? OFFSET ?';
    this.#all = lazy(`SELECT key FROM tenon_keyvalue WHERE store = ? ${page}`);
    this.#list = lazy(`SELECT key FROM tenon_keyvalue WHERE store = ? AND key > ? ${page}`);
  }

  get(key: string): MaybePromise<Stored | undefined> {
    return patiently(() => this.#get(encoder.encode(key)));
  }

  #get(key: Uint8Array): Stored | undefined {
    const row = this.#select().get(this.#name, key);
    return row === undefined
      ? undefined
      : { value: row['value'] as unknown as Uint8Array, version: row['version'] as bigint };
  }

  update(key: string, change: (old: Stored | undefined) => Change): MaybePromise<void> {
    const bytes = encoder.encode(key);
    return patiently(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const next = change(this.#get(bytes));
        if (next === 'delete') this.#delete().run(this.#name, bytes);
        else if (next !== 'keep') {
          const version = this.#next().get()?.['last'] as bigint;
          this.#insert().run(this.#name, bytes, next.value, version);
        }
        this.#database.exec('COMMIT');
      } catch (error) {
        // Some failures have ended it already.
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  keys(after: string | undefined, most: number, skip = 0): MaybePromise<readonly string[]> {
    return patiently(() => {
      const found =
        after === undefined
          ? this.#all().all(this.#name, most, skip)
          : this.#list().all(this.#name, encoder.encode(after), most, skip);
      return found.map((row) => decoder.decode(row['key'] as unknown as Uint8Array));
    });
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

/** Does it, now or as soon as no other process writes. */
function patiently<T>(operation: () => T): MaybePromise<T> {
  try {
    return operation();
  } catch (error) {
    if (!isBusy(error)) throw failure(error);
  }
  const until = performance.now() + LONGEST;
  return new Promise((resolve, reject) => {
    const again = (): void => {
      try {
        resolve(operation());
      } catch (error) {
        if (isBusy(error) && performance.now() < until) setTimeout(again, AGAIN);
        else reject(failure(error) as Error);
      }
    };
    setTimeout(again, AGAIN);
  });
}

/** As {@link KeyValueHost.openSqlite}. */
export function openSqlite(path: string, name: string, readonly: boolean): KeyValueStore {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: readonly, timeout: LONGEST, allowExtension: false });
    if (!readonly) {
      // Readers go on while somebody writes, and what is written survives the end of the process.
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
      database.exec(SCHEMA);
    }
    database.prepare('SELECT 1 FROM tenon_keyvalue LIMIT 1').get();
    // From now on this thread waits for nobody.
    database.exec('PRAGMA busy_timeout = 0');
    return new SqliteStore(database, name);
  } catch (error) {
    database?.close();
    throw new UsageError('no-store', `the key-value store in ${JSON.stringify(path)} cannot be opened`, {
      expected: readonly
        ? 'a file of SQLite that holds such stores'
        : 'a file of SQLite, or a new one in a folder that exists',
      found: (error as SqliteError).errstr ?? (error as Error).message,
      cause: error,
    });
  }
}
