/** The shared corpus of real guests: found by `TENON_SHARED` or beside the repository. Its files are never copied here. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Component, ComponentError, type Imports, type Instance, Linker, type LinkOptions } from '../../src/index.ts';
import { SHARED } from './shared.ts';

const FOLDER = join(SHARED, 'corpus');

/** Why tests of the corpus cannot run here, or false. The form of `test`'s option `skip`. */
export const corpusMissing: string | false = existsSync(FOLDER)
  ? false
  : `the shared corpus is absent (${FOLDER}): set TENON_SHARED to the folder that has corpus/`;

/** The bytes of a file of the corpus. */
export function corpusFile(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(FOLDER, name)));
}

/** Whether the corpus is here and has that file. */
export function hasCorpusFile(name: string): boolean {
  return existsSync(join(FOLDER, name));
}

/** Lines of a text file of the corpus, without the last line's end. */
export function corpusLines(name: string): readonly string[] {
  return readFileSync(join(FOLDER, name), 'utf8').trimEnd().split('\n');
}

/** Loads a component of the corpus and instantiates it; from a pool, an instance that has had a tenant before. */
export async function corpusInstance(name: string, imports: Imports, options: LinkOptions = {}): Promise<Instance> {
  const component = await Component.load(corpusFile(name));
  const pre = await new Linker().defineAll(imports).link(component, options);
  const { pool } = pre;
  if (pool === undefined) return pre.instantiate();
  if (pool.refused !== undefined) throw new Error(`${name}: ${pool.refused}`);
  pre.instantiate()[Symbol.dispose]();
  const tenant = pre.instantiate();
  if (pool.reused !== 1) throw new Error(`${name}: the pool has kept nothing`);
  return tenant;
}

/** How a value stands in the recordings: JSON, with what JSON has no form for replaced. */
export type Replacer = (value: unknown) => unknown;

/** Lines `name value` of calls, as the recordings of the corpus have them; an `err` is the payload of a ComponentError. */
export class Recording {
  readonly lines: string[] = [];
  readonly #replace: Replacer;

  constructor(replace: Replacer) {
    this.#replace = (value) => replace(ArrayBuffer.isView(value) ? Array.from(value as unknown as number[]) : value);
  }

  /** Makes a call and writes its line. Anything but a WIT error is thrown again. */
  async call<T>(name: string, call: () => T | Promise<T>): Promise<T> {
    let value: unknown;
    try {
      value = await call();
    } catch (error) {
      if (!(error instanceof ComponentError)) throw new Error(`"${name}" failed`, { cause: error });
      value = { err: error.payload };
    }
    this.lines.push(`${name} ${JSON.stringify(value, (_, inner) => this.#replace(inner)) ?? 'none'}`);
    return value as T;
  }
}
