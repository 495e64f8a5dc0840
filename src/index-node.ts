/** The package's entry point on Node: everything of `index.ts`, and files. */
import { readFile } from 'node:fs/promises';
import { setFileReader } from './runtime/source.ts';

setFileReader(async (path) => new Uint8Array(await readFile(path)));

export * from './index.ts';
