/**
 * `wasi:keyvalue` (0.2.0-draft2): `store`, `atomics`, `batch`, over the stores that are granted. Calls of one store take effect one after the
 * other, each as a whole; numbers of `increment` are decimal text.
 */
import { ComponentError } from '../../error/error.ts';
import { type MaybePromise, then } from '../../host/host.ts';
import { type Change, type KeyValueStore, type Stored, StoreError } from '../../host/key-value.ts';
import { failingAs } from '../p2/guard.ts';

/** How a granted store is used: what may be done, and who is told. */
export interface OpenStore {
  readonly store: KeyValueStore;
  /** Throws ComponentError (`access-denied`) where it may not be written. */
  readonly wants: (write: boolean) => void;
  /** Bytes and keys that the program may still add. */
  readonly left: { bytes: number; keys: number };
}

/** Bytes of a key, of a value, and of all values of one answer; keys of one answer. */
const MAX_KEY = 8192;
const MAX_VALUE = 64 * 1024 * 1024;
const MAX_ANSWER = 64 * 1024 * 1024;
const PAGE = 1000;
/** Keys that a cursor skips, at most. */
const MOST_SKIPPED = 2n ** 31n;

/** Numbers of `increment`. */
interface Range {
  readonly least: bigint;
  readonly most: bigint;
  readonly name: string;
}

const SIGNED: Range = { least: -(2n ** 63n), most: 2n ** 63n - 1n, name: 's64' };
const UNSIGNED: Range = { least: 0n, most: 2n ** 64n - 1n, name: 'u64' };
const IS_NUMBER = /^-?[0-9]{1,20}$/;

/** What the error of a store or a swap says. */
interface ErrorPayload {
  readonly tag: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function other(reason: string): ComponentError {
  return new ComponentError({ tag: 'other', val: reason });
}

/** What a store throws, as a guest is told of it. */
function told(error: unknown): unknown {
  return error instanceof StoreError ? other(error.message) : error;
}

/** What it throws where a swap is not made, as a guest is told of it. */
function notSwapped(error: unknown): unknown {
  if (!(error instanceof ComponentError) || (error.payload as ErrorPayload).tag === 'cas-failed') return error;
  return new ComponentError({ tag: 'store-error', val: error.payload });
}

/** Does it for each, one after the other. */
function eachOf<T>(items: readonly T[], work: (item: T) => MaybePromise<void>, from = 0): MaybePromise<void> {
  for (let i = from; i < items.length; i++) {
    const done = work(items[i]!);
    if (done instanceof Promise) return done.then(() => eachOf(items, work, i + 1));
  }
}

/** What the resource `bucket` has in every draft. */
class AnyBucket {
  #open!: OpenStore;

  static open<B extends AnyBucket>(bucket: B, open: OpenStore): B {
    bucket.#open = open;
    return bucket;
  }

  /** What stands under a key. */
  static read(bucket: AnyBucket, key: string): MaybePromise<Stored | undefined> {
    const { store, wants } = bucket.#open;
    wants(false);
    if (key.length > MAX_KEY) return undefined;
    return failingAs(() => store.get(key), told);
  }

  /** Lets `change` decide what becomes of a key, within the quota. */
  static change(bucket: AnyBucket, key: string, change: (old: Stored | undefined) => Change): MaybePromise<void> {
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
    const done = failingAs(() => store.update(key, counted), told);
    return then(done, () => {
      left.bytes -= moreBytes;
      left.keys -= moreKeys;
    });
  }

  get(key: string): MaybePromise<Uint8Array | undefined> {
    return then(AnyBucket.read(this, key), (found) => found?.value);
  }

  set(key: string, value: Uint8Array): MaybePromise<void> {
    return AnyBucket.change(this, key, () => ({ value }));
  }

  delete(key: string): MaybePromise<void> {
    return AnyBucket.change(this, key, () => 'delete');
  }

  exists(key: string): MaybePromise<boolean> {
    return then(AnyBucket.read(this, key), (found) => found !== undefined);
  }

  /** A page of keys, and whether there are more. */
  static list(bucket: AnyBucket, after: string | undefined, skip = 0): MaybePromise<{ keys: string[]; more: boolean }> {
    const { store, wants } = bucket.#open;
    wants(false);
    return then(
      failingAs(() => store.keys(after, PAGE + 1, skip), told),
      (found) => ({ keys: found.slice(0, PAGE), more: found.length > PAGE }),
    );
  }
}

/** The resource `bucket`. */
export class Bucket extends AnyBucket {
  /** The cursor is the last key that was given. */
  listKeys(cursor: string | undefined): MaybePromise<{ keys: string[]; cursor: string | undefined }> {
    return then(AnyBucket.list(this, cursor), ({ keys, more }) => ({ keys, cursor: more ? keys.at(-1) : undefined }));
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
    return failingAs(swapped, notSwapped);
  }
}

/** What a key has after `delta` was added to it. */
function sum(old: Stored | undefined, delta: bigint, { least, most, name }: Range): bigint {
  if (old === undefined) return delta;
  const text = old.value.length > 21 ? '' : decoder.decode(old.value);
  if (!IS_NUMBER.test(text)) throw other('the value is no whole number in decimal text');
  const next = BigInt(text) + delta;
  if (next < least || next > most) throw other(`the sum does not fit ${name}`);
  return next;
}

const incrementIn =
  (range: Range) =>
  (bucket: AnyBucket, key: string, delta: bigint): MaybePromise<bigint> => {
    let next = 0n;
    const done = AnyBucket.change(bucket, key, (old) => {
      next = sum(old, delta, range);
      return { value: encoder.encode(`${next}`) };
    });
    return then(done, () => next);
  };

/** The interface `wasi:keyvalue/batch`. */
const batch = {
  getMany(bucket: AnyBucket, keys: readonly string[]): MaybePromise<([string, Uint8Array] | undefined)[]> {
    const found: ([string, Uint8Array] | undefined)[] = [];
    // One key may be asked for any number of times.
    let bytes = 0;
    const done = eachOf(keys, (key) =>
      then(AnyBucket.read(bucket, key), (stored) => {
        bytes += stored?.value.length ?? 0;
        if (bytes > MAX_ANSWER) throw other(`values of more than ${MAX_ANSWER} bytes at once`);
        found.push(stored === undefined ? undefined : [key, stored.value]);
      }),
    );
    return then(done, () => found);
  },
  setMany: (bucket: AnyBucket, pairs: readonly (readonly [string, Uint8Array])[]): MaybePromise<void> =>
    eachOf(pairs, ([key, value]) => bucket.set(key, value)),
  deleteMany: (bucket: AnyBucket, keys: readonly string[]): MaybePromise<void> =>
    eachOf(keys, (key) => bucket.delete(key)),
};

/** The resource `bucket` of the first draft, whose cursor is how many keys were given. */
class CountingBucket extends AnyBucket {
  listKeys(cursor: bigint | undefined): MaybePromise<{ keys: string[]; cursor: bigint | undefined }> {
    const given = cursor ?? 0n;
    const skip = given > MOST_SKIPPED ? MOST_SKIPPED : given;
    return then(AnyBucket.list(this, undefined, Number(skip)), ({ keys, more }) => ({
      keys,
      cursor: more ? skip + BigInt(keys.length) : undefined,
    }));
  }
}

/** The first draft, 0.2.0-draft, which programs for Wasmtime have: its numbers have no sign, and it has no `cas`. */
function firstDraft(open: (identifier: string) => OpenStore) {
  return {
    'wasi:keyvalue/store@0.2.0-draft': {
      Bucket: CountingBucket,
      open: (identifier: string): CountingBucket => AnyBucket.open(new CountingBucket(), open(identifier)),
    },
    'wasi:keyvalue/atomics@0.2.0-draft': { increment: incrementIn(UNSIGNED) },
    'wasi:keyvalue/batch@0.2.0-draft': batch,
  };
}

/** The interfaces of `wasi:keyvalue`; `open` throws ComponentError (`access-denied`, `no-such-store`). */
export function makeKeyValue(open: (identifier: string) => OpenStore) {
  return {
    'wasi:keyvalue/store': {
      Bucket,
      open: (identifier: string): Bucket => AnyBucket.open(new Bucket(), open(identifier)),
    },
    'wasi:keyvalue/atomics': {
      Cas,
      increment: incrementIn(SIGNED),
      swap: (cas: Cas, value: Uint8Array): MaybePromise<void> => Cas.swap(cas, value),
    },
    'wasi:keyvalue/batch': batch,
    ...firstDraft(open),
  };
}
