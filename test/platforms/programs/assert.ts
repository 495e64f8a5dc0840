/** What the programs need of `node:assert/strict`, for platforms without it. */

class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}n` : inner));
  return text === undefined ? String(value) : text;
}

function fail(what: string): never {
  throw new AssertionError(what);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b) || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Map || a instanceof Set) return same([...a], [...(b as Set<unknown>)]);
  const keys = Object.keys(a);
  const record = (value: object): Record<string, unknown> => value as Record<string, unknown>;
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && same(record(a)[key], record(b)[key]));
}

type Expected = RegExp | ((error: unknown) => boolean) | (new (...args: never[]) => unknown) | object | undefined;

function check(error: unknown, expected: Expected): void {
  if (expected === undefined) return;
  if (expected instanceof RegExp) {
    if (!expected.test(String(error))) fail(`${error} does not match ${expected}`);
  } else if (typeof expected !== 'function') {
    for (const [key, value] of Object.entries(expected)) {
      const found: unknown = (error as Record<string, unknown>)[key];
      const fits = value instanceof RegExp ? value.test(String(found)) : same(found, value);
      if (!fits) fail(`the error has ${key} ${show(found)}, expected ${show(value)}: ${error}`);
    }
  } else if (expected.prototype !== undefined && error instanceof expected) return;
  else if (expected.prototype instanceof Error || expected === Error) fail(`${error} is no ${expected.name}`);
  else if ((expected as (error: unknown) => boolean)(error) !== true) fail(`${error} is another error`);
}

function ok(value: unknown, message = `${show(value)} is not true`): void {
  if (!value) fail(message);
}

function throws(body: () => unknown, expected?: Expected): void {
  let error: unknown;
  try {
    body();
  } catch (thrown) {
    error = thrown;
    check(error, expected);
    return;
  }
  fail('nothing was thrown');
}

async function rejects(body: Promise<unknown> | (() => Promise<unknown>), expected?: Expected): Promise<void> {
  try {
    await (typeof body === 'function' ? body() : body);
  } catch (error) {
    check(error, expected);
    return;
  }
  fail('nothing was rejected');
}

const assert = Object.assign(ok, {
  ok,
  equal(a: unknown, b: unknown): void {
    if (!Object.is(a, b)) fail(`${show(a)} is not ${show(b)}`);
  },
  notEqual(a: unknown, b: unknown): void {
    if (Object.is(a, b)) fail(`${show(a)} is what it should not be`);
  },
  deepEqual(a: unknown, b: unknown): void {
    if (!same(a, b)) fail(`${show(a)} is not ${show(b)}`);
  },
  match(text: string, pattern: RegExp): void {
    if (!pattern.test(text)) fail(`${show(text)} does not match ${pattern}`);
  },
  throws,
  rejects,
});

// biome-ignore lint/style/noDefaultExport: it stands for a module that has one.
export default assert;
