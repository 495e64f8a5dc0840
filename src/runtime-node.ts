/** `tenon/runtime` on Node, and where Node's modules are: core modules are read from files, too. */
import { readFile } from 'node:fs/promises';
import { type Built, type BuiltOptions, linkBuilt, type ModuleGiven } from './runtime/built.ts';
import type { InstancePre } from './runtime/instance.ts';
import type { AnyWorld, Imports, WorldTypes } from './runtime/world.ts';

export * from './runtime/runtime.ts';

async function read(url: URL): Promise<ModuleGiven> {
  return url.protocol === 'file:' ? new Uint8Array(await readFile(url)) : fetch(url);
}

/** As in `runtime.ts`. */
export function link<W extends WorldTypes = AnyWorld>(
  built: Built,
  imports?: Imports,
  options?: BuiltOptions,
): Promise<InstancePre<W>> {
  return linkBuilt<W>(built, imports, options, read);
}
