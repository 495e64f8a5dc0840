/**
 * `wasi:keyvalue` (0.2.0-draft2): `store`, `atomics`, `batch`, over the stores that are granted. Calls of one store take effect one after the
 * other, each as a whole; numbers of `increment` are decimal text.
 */
import { ComponentError } from '../../error/error.ts';
import { type MaybePromise, then } from '../../host/host.ts';
import { type Change, type KeyValueStore, type Stored, StoreError } from '../../host/key-value.ts';

/** How a granted store is used: what may be done, and who is told. */
export interface OpenStore {
  readonly store: KeyValueStore;
  /** Throws ComponentError (`access-denied`) where it may not be written. */
  readonly wants: (write: boolean) => void;
  /** Bytes and keys that the program may still add. */
  readonly left: { bytes: number; keys: number };
}

/** Bytes of a key, bytes of a value, keys of one answer. */
const MAX_KEY = 8192;
const MAX_VALUE = 64 * 1024 * 1024;
const PAGE = 1000;

const [LEAST, MOST] = [-(2n ** 63n), 2n ** 63n - 1n];
const IS_NUMBER = /^-?[0-9]{1,19}$/;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function other(reason: string): ComponentError {
  return new ComponentError({ tag: 'other', val: reason });
}

function told(error: unknown): unknown {
  return error instanceof StoreError ? other(error.message) : error;
}

/** What a store throws, as a guest is told of it. */
function telling<T>(operation: () => MaybePromise<T>): MaybePromise<T> {
  try {
    const value = operation();
    if (!(value instanceof Promise)) return value;
    return value.catch((error: unknown) => {
      throw told(error);
    });
  } catch (error) {
    throw told(error);
  }
}

/** Does it for each, one after the other. */
function eachOf<T>(items: readonly T[], work: (item: T) => MaybePromise<void>, from = 0): MaybePromise<void> {
  for (let i = from; i < items.length; i++) {
    const done = work(items[i]!);
    if (done instanceof Promise) return done.then(() => eachOf(items, work, i + 1));
  }
}

/** The resource `bucket`. */
export class Bucket {
  #open!: OpenStore;

  static of(open: OpenStore): Bucket {
    const bucket = new Bucket();
    bucket.#open = open;
    return bucket;
  }

  /** What stands under a key. */
  static read(bucket: Bucket, key: string): MaybePromise<Stored | undefined> {
    const { store, wants } = bucket.#open;
    wants(false);
    if (key.length > MAX_KEY) return undefined;
    return telling(() => store.get(key));
  }

  /** Lets `change` decide what becomes of a key, within the quota. */
  static change(bucket: Bucket, key: string, change: (old: Stored | undefined) => Change): MaybePromise<void> {
    const { store, wants, left } = bucket.#open;
    wants(true);
    const bytes = key.length > MAX_KEY ? key.length : encoder.encode(key).length;
    if (bytes > MAX_KEY) throw other(`a key of more than ${MAX_KEY} bytes`);
    let [moreBytes, moreKeys] = [0, 0];
    const counted = (old: Stored | undefined): Change => {
      const next = change(old);
      if (next === 'keep') return next;
      const before = old === undefined ? 0 : bytes + old.value.length;
      const after = next === 'delete' ? 0 : bytes + next.value.length;
      moreBytes = after - before;
      moreKeys = (next === 'delete' ? 0 : 1) - (old === undefined ? 0 : 1);
      if (next !== 'delete' && next.value.length > MAX_VALUE) throw other(`a value of more than ${MAX_VALUE} bytes`);
      if (moreBytes > 0 && moreBytes > left.bytes) throw other('the quota of bytes is used up');
      if (moreKeys > 0 && moreKeys > left.keys) throw other('the quota of keys is used up');
      return next;
    };
    const done = telling(() => store.update(key, counted));
    return then(done, () => {
      left.bytes -= moreBytes;
      left.keys -= moreKeys;
    });
  }

  get(key: string): MaybePromise<Uint8Array | undefined> {
    return then(Bucket.read(this, key), (found) => found?.value);
  }

  set(key: string, value: Uint8Array): MaybePromise<void> {
    return Bucket.change(this, key, () => ({ value }));
  }

  delete(key: string): MaybePromise<void> {
    return Bucket.change(this, key, () => 'delete');
  }

  exists(key: string): MaybePromise<boolean> {
    return then(Bucket.read(this, key), (found) => found !== undefined);
  }

  /** The cursor is the last key that was given. */
  listKeys(cursor: string | undefined): MaybePromise<{ keys: string[]; cursor: string | undefined }> {
    const { store, wants } = this.#open;
    wants(false);
    return then(
      telling(() => store.keys(cursor, PAGE + 1)),
      (found) => {
        const keys = found.slice(0, PAGE);
        return { keys, cursor: found.length > PAGE ? keys.at(-1) : undefined };
      },
    );
  }
}

/** The resource `cas`: what stood under a key when it was made. */
export class Cas {
  #bucket!: Bucket;
  #key!: string;
  #seen: Stored | undefined;

  static new(bucket: Bucket, key: string): MaybePromise<Cas> {
    return then(Bucket.read(bucket, key), (seen) => Cas.#of(bucket, key, seen));
  }

  static #of(bucket: Bucket, key: string, seen: Stored | undefined): Cas {
    const cas = new Cas();
    cas.#bucket = bucket;
    cas.#key = key;
    cas.#seen = seen;
    return cas;
  }

  current(): Uint8Array | undefined {
    return this.#seen?.value;
  }

  /** Writes where the key still has what was seen; else throws the error with what it has now. */
  static swap(cas: Cas, value: Uint8Array): MaybePromise<void> {
    const swapped = (): MaybePromise<void> =>
      Bucket.change(cas.#bucket, cas.#key, (old) => {
        if (old?.version === cas.#seen?.version) return { value };
        throw new ComponentError({ tag: 'cas-failed', val: Cas.#of(cas.#bucket, cas.#key, old) });
      });
    return failing(swapped, (error) => {
      const { payload } = error;
      if ((payload as { readonly tag: string }).tag === 'cas-failed') return error;
      return new ComponentError({ tag: 'store-error', val: payload });
    });
  }
}

/** Gives errors that a guest is told of another form. */
function failing(
  operation: () => MaybePromise<void>,
  next: (error: ComponentError) => ComponentError,
): MaybePromise<void> {
  const other = (error: unknown): unknown => (error instanceof ComponentError ? next(error) : error);
  try {
    const done = operation();
    if (!(done instanceof Promise)) return done;
    return done.catch((error: unknown) => {
      throw other(error);
    });
  } catch (error) {
    throw other(error);
  }
}

/** What a key has after `delta` was added to it. */
function sum(old: Stored | undefined, delta: bigint): bigint {
  if (old === undefined) return delta;
  const text = old.value.length > 20 ? '' : decoder.decode(old.value);
  if (!IS_NUMBER.test(text)) throw other('the value is no whole number in decimal text');
  const next = BigInt(text) + delta;
  if (next < LEAST || next > MOST) throw other('the sum does not fit 64 bits');
  return next;
}

/** The interfaces of `wasi:keyvalue`; `open` throws ComponentError (`access-denied`, `no-such-store`). */
export function makeKeyValue(open: (identifier: string) => OpenStore) {
  return {
    'wasi:keyvalue/store': {
      Bucket,
      open: (identifier: string): Bucket => Bucket.of(open(identifier)),
    },
    'wasi:keyvalue/atomics': {
      Cas,
      increment(bucket: Bucket, key: string, delta: bigint): MaybePromise<bigint> {
        let next = 0n;
        const done = Bucket.change(bucket, key, (old) => {
          next = sum(old, delta);
          return { value: encoder.encode(`${next}`) };
        });
        return then(done, () => next);
      },
      swap: (cas: Cas, value: Uint8Array): MaybePromise<void> => Cas.swap(cas, value),
    },
    'wasi:keyvalue/batch': {
      getMany(bucket: Bucket, keys: readonly string[]): MaybePromise<([string, Uint8Array] | undefined)[]> {
        const found: ([string, Uint8Array] | undefined)[] = [];
        const done = eachOf(keys, (key) =>
          then(Bucket.read(bucket, key), (stored) => {
            found.push(stored === undefined ? undefined : [key, stored.value]);
          }),
        );
        return then(done, () => found);
      },
      setMany: (bucket: Bucket, pairs: readonly (readonly [string, Uint8Array])[]): MaybePromise<void> =>
        eachOf(pairs, ([key, value]) => bucket.set(key, value)),
      deleteMany: (bucket: Bucket, keys: readonly string[]): MaybePromise<void> =>
        eachOf(keys, (key) => bucket.delete(key)),
    },
  };
}
