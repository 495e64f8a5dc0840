/** Key-value stores of a grant: each has a name, by which the program opens it, and a place. */
import { UsageError } from '../error/error.ts';
import { bad, count, fieldsOf, member, object, placeOptions, size, text } from './check.ts';

/** The most that a program may add to a store; what is undefined has no limit. */
export interface StoreQuota {
  /** Bytes of keys and values. */
  readonly bytes: number | undefined;
  readonly keys: number | undefined;
}

export interface StoreGrant {
  /** A file of SQLite on the host; undefined where the store is in memory and forgotten at the end. */
  readonly sqlite: string | undefined;
  readonly readonly: boolean;
  readonly quota: StoreQuota;
}

/** A store as people write it. */
export type StoreGrantInput =
  | 'memory'
  | {
      readonly sqlite?: string | undefined;
      readonly readonly?: boolean | undefined;
      readonly quota?: { readonly bytes?: number | string | undefined; readonly keys?: number | undefined } | undefined;
    };

/** What a store in memory holds where nothing else is said. */
export const IN_MEMORY: StoreQuota = { bytes: 64 * 1024 * 1024, keys: 65_536 };

function checkStore(name: string, value: unknown): StoreGrant {
  const path = member('keyvalue', name);
  text(name, path);
  if (value === 'memory') return { sqlite: undefined, readonly: false, quota: IN_MEMORY };
  if (typeof value === 'string') throw bad(path, '"memory", or a table with `sqlite`', value);
  const fields = fieldsOf(value, path, ['sqlite', 'readonly', 'quota']);
  const sqlite = fields['sqlite'] === undefined ? undefined : text(fields['sqlite'], `${path}.sqlite`);
  const readonly = fields['readonly'] ?? false;
  if (sqlite === '') throw bad(`${path}.sqlite`, 'a path', sqlite);
  if (typeof readonly !== 'boolean') throw bad(`${path}.readonly`, 'a boolean', readonly);
  if (readonly && sqlite === undefined) throw bad(`${path}.readonly`, 'false: a store in memory is empty', readonly);
  const most = fieldsOf(fields['quota'], `${path}.quota`, ['bytes', 'keys']);
  const least = sqlite === undefined ? IN_MEMORY : { bytes: undefined, keys: undefined };
  const quota = {
    bytes: size(most['bytes'], `${path}.quota.bytes`) ?? least.bytes,
    keys: count(most['keys'], `${path}.quota.keys`) ?? least.keys,
  };
  return { sqlite, readonly, quota };
}

export function checkStores(value: unknown): Readonly<Record<string, StoreGrant>> {
  const stores = Object.entries(object(value, 'keyvalue'));
  return Object.fromEntries(stores.map(([name, store]) => [name, checkStore(name, store)]));
}

/** The flag that grants a store; without its quota. */
export function storeFlag(name: string, { sqlite, readonly }: Pick<StoreGrant, 'sqlite' | 'readonly'>): string {
  return `--keyvalue ${name}=${sqlite === undefined ? 'memory' : `sqlite:${sqlite}${readonly ? ':ro' : ''}`}`;
}

/**
 * Parses `NAME=memory[:bytes=SIZE][:keys=N]` or `NAME=sqlite:PATH[:ro][:bytes=SIZE][:keys=N]`. Throws a UsageError (`bad-store`).
 */
export function parseStoreFlag(flag: string): readonly [name: string, store: StoreGrantInput] {
  const refused = (expected: string): UsageError =>
    new UsageError('bad-store', 'a key-value store cannot be granted', {
      expected,
      found: JSON.stringify(flag),
      hint: 'for example default=memory, default=sqlite:./app.db or users=sqlite:./app.db:ro',
    });
  const cut = flag.indexOf('=');
  if (cut < 0 || flag.includes('\0')) throw refused('NAME=memory or NAME=sqlite:PATH');
  const name = flag.slice(0, cut);
  const { place, readonly, limits } = placeOptions(flag.slice(cut + 1), 'keys', refused);
  if (place === 'memory') {
    if (readonly) throw refused('a store in memory that may be written: it is empty');
    return [name, { quota: limits }];
  }
  const sqlite = /^sqlite:(.+)$/s.exec(place)?.[1];
  if (sqlite === undefined) throw refused('NAME=memory or NAME=sqlite:PATH');
  return [name, { sqlite, readonly, quota: limits }];
}
