/** Seeded damage to real components, and what loading them may throw. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  Component,
  LinkError,
  Linker,
  MalformedError,
  Trap,
  UsageError,
  ValidationError,
  ValueError,
} from '../../src/index.ts';
import { SHARED } from './shared.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** Larger components would only make the same mistakes more slowly. */
const MAX_SIZE = 150_000;

/** A small generator of numbers, the same for the same seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Sample {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Small real components: the repository's own, and the corpus where it stands. */
export function samples(): readonly Sample[] {
  const found: Sample[] = [];
  for (const folder of [join(ROOT, 'examples/composed'), join(SHARED, 'corpus')]) {
    let names: string[];
    try {
      names = readdirSync(folder).filter((n) => n.endsWith('.wasm'));
    } catch {
      continue;
    }
    for (const name of names.sort()) {
      const path = join(folder, name);
      if (statSync(path).size <= MAX_SIZE) found.push({ name, bytes: new Uint8Array(readFileSync(path)) });
    }
  }
  return found;
}

/** Where the bytes that matter are: code and data are large and dull, headers and sections are small. */
function position(next: () => number, length: number): number {
  return Math.floor(next() ** 2 * length);
}

/** One to four changes: flipped bits, other bytes, removed or repeated runs, a cut. */
export function damage({ bytes }: Sample, next: () => number): Uint8Array<ArrayBuffer> {
  let out = bytes.slice();
  const times = 1 + Math.floor(next() * 4);
  for (let i = 0; i < times; i++) {
    const at = position(next, out.length);
    const kind = next();
    if (kind < 0.4) out[at] = (out[at] ?? 0) ^ (1 << Math.floor(next() * 8));
    else if (kind < 0.7) out[at] = Math.floor(next() * 256);
    else if (kind < 0.8) out[at] = [0x00, 0x7f, 0x80, 0xff][Math.floor(next() * 4)]!;
    else if (kind < 0.9) out = out.slice(0, at);
    else {
      const length = 1 + Math.floor(next() * 8);
      const run = kind < 0.95 ? out.slice(at, at + length) : new Uint8Array(0);
      const rest = out.slice(kind < 0.95 ? at : at + length);
      const joined = new Uint8Array(at + run.length + rest.length);
      joined.set(out.subarray(0, at));
      joined.set(run, at);
      joined.set(rest, at + run.length);
      out = joined;
    }
  }
  return out;
}

function isTyped(error: unknown): error is Error & { code: string } {
  const typed = [MalformedError, ValidationError, LinkError, UsageError, ValueError, Trap].some(
    (type) => error instanceof type,
  );
  return typed && typeof (error as { code?: unknown }).code === 'string';
}

/** An object, function and class that offers whatever is asked of it. */
function anything(): unknown {
  function Any(): undefined {
    return undefined;
  }
  Any.prototype = new Proxy({}, { get: (_, key) => (typeof key === 'string' ? () => undefined : undefined) });
  return new Proxy(Any, {
    get: (target, key) => (key === 'prototype' ? target.prototype : typeof key === 'string' ? anything() : undefined),
    has: () => true,
  });
}

/**
 * Loads, links and instantiates; answers `ok` or the code of the typed error. What loads is valid: it may not fit what it is given, or
 * trap in its own start function. Anything else that is thrown is thrown on.
 */
export async function tryComponent(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  let valid = false;
  try {
    const component = await Component.load(bytes);
    valid = true;
    const linker = new Linker();
    for (const { name } of component.imports) linker.define(name, anything());
    (await linker.link(component)).instantiate()[Symbol.dispose]();
    return 'ok';
  } catch (error) {
    if (isTyped(error) && (!valid || error instanceof LinkError || error instanceof Trap)) return error.code;
    throw error;
  }
}
