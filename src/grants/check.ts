/** What the parts of a grant are checked with. Every error names the key that cannot be used. */
import { UsageError } from '../error/error.ts';

/** The error of a part of a grant that cannot be used. `path` is its key, such as `dirs[0].host`. */
export function bad(path: string, expected: string, found: unknown, hint?: string): UsageError {
  return new UsageError('bad-grant', `the grant's ${path} cannot be used`, {
    expected,
    found: typeof found === 'string' ? JSON.stringify(found) : found === null ? 'null' : typeof found,
    hint,
  });
}

/** The key that an error of a grant names. */
export function keyOf(error: UsageError): string | undefined {
  return /^the grant's (.+?) cannot be (?:used|granted)/.exec(error.message)?.[1];
}

/** `path` with one more name. */
export function member(path: string, name: string): string {
  const text = /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
  return path === '' ? text : `${path}.${text}`;
}

type Fields = Readonly<Record<string, unknown>>;

/** An object; nothing is an empty one. */
export function object(value: unknown, path: string): Fields {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(path, 'an object', value);
  return value as Fields;
}

/** An object that has no keys but `names`. */
export function fieldsOf(value: unknown, path: string, names: readonly string[]): Fields {
  const fields = object(value, path === '' ? 'whole' : path);
  for (const name of Object.keys(fields)) {
    if (!names.includes(name)) throw bad(member(path, name), `one of ${names.join(', ')}`, name);
  }
  return fields;
}

/** A list; nothing is an empty one. */
export function list(value: unknown, path: string): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw bad(path, 'a list', value);
  return value;
}

/** Text that a program receives as a C string. */
export function text(value: unknown, path: string): string {
  if (typeof value !== 'string') throw bad(path, 'a string', value);
  if (value.includes('\0')) throw bad(path, 'a string without NUL', value);
  if (!value.isWellFormed()) throw bad(path, 'a string without lone surrogates', value);
  return value;
}

/** One of `words`; the first where nothing is said. */
export function oneOf<T extends string>(value: unknown, path: string, words: readonly [T, ...T[]]): T {
  if (value === undefined) return words[0];
  const word = words.find((each) => each === value);
  if (word === undefined) throw bad(path, words.map((each) => JSON.stringify(each)).join(' or '), value);
  return word;
}

/** A whole number from 0 on; undefined where nothing is said. */
export function count(value: unknown, path: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw bad(path, 'a whole number from 0 on', typeof value === 'number' ? String(value) : value);
  }
  return value;
}

const SUFFIXES: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** A number of bytes as text: digits, and K, M or G. */
export function parseSize(size: string): number | undefined {
  const match = /^(\d+)([KMG]?)(?:i?B)?$/i.exec(size);
  if (match === null) return undefined;
  const bytes = Number(match[1]) * SUFFIXES[(match[2] ?? '').toUpperCase()]!;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** A number of bytes, as number or text. */
export function size(value: unknown, path: string): number | undefined {
  if (typeof value !== 'string') return count(value, path);
  const bytes = parseSize(value);
  if (bytes === undefined) throw bad(path, 'bytes, or a number with K, M or G such as "10M"', value);
  return bytes;
}

/** What stands behind a place on a command line. */
export interface PlaceOptions<Counted extends string> {
  readonly place: string;
  /** `:ro` */
  readonly readonly: boolean;
  readonly limits: { readonly [Name in Counted | 'bytes']?: number };
}

/** Splits `PLACE[:ro][:bytes=SIZE][:COUNTED=N]`; `refused` makes the error of limits that cannot be. */
export function placeOptions<Counted extends 'files' | 'keys'>(
  text: string,
  counted: Counted,
  refused: (expected: string) => UsageError,
): PlaceOptions<Counted> {
  // The last one first.
  const option = new RegExp(`^(.*):(?:(ro)|(bytes|${counted})=([^:]*))$`, 's');
  let place = text;
  let readonly = false;
  const limits: { [Name in Counted | 'bytes']?: number } = {};
  for (let match = option.exec(place); match !== null; match = option.exec(place)) {
    place = match[1]!;
    if (match[2] !== undefined) {
      readonly = true;
      continue;
    }
    const [name, value] = [match[3] as Counted | 'bytes', match[4]!];
    const limit = name === 'bytes' || /^\d+$/.test(value) ? parseSize(value) : undefined;
    if (limit === undefined)
      throw refused(name === 'bytes' ? 'bytes=SIZE, such as bytes=10M' : `${name}=N, a whole number`);
    if (limits[name] !== undefined) throw refused(`${name} once`);
    limits[name] = limit;
  }
  return { place, readonly, limits };
}
