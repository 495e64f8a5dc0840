/** Components in the form that `tenon build` gives them, from the sources: written to a folder, imported, instantiated. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildComponent } from '../../src/bindgen/esm/build.ts';
import type { BuiltOptions } from '../../src/runtime/built.ts';
import type { Component } from '../../src/runtime/component.ts';
import { fuse } from '../../src/runtime/fuse.ts';
import type { Instance } from '../../src/runtime/instance.ts';
import type { Imports, InstancePre, LinkOptions } from '../../src/runtime/linker.ts';

const RUNTIME = new URL('../../src/runtime-node.ts', import.meta.url).href;

/** What a built module exports. */
export interface BuiltModule {
  instantiate(imports?: Imports, options?: BuiltOptions): Promise<Instance>;
  link(imports?: Imports, options?: BuiltOptions): Promise<InstancePre>;
}

let folder: string | undefined;
let count = 0;

/** Writes the files of a component into a folder of their own; gives the folder. */
export function writeBuilt(component: Component, name = 'component', runtime = RUNTIME): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'built-'));
    folder = made;
    process.on('exit', () => rmSync(made, { recursive: true, force: true }));
  }
  const target = join(folder, String(count++));
  mkdirSync(target);
  writeFileSync(join(target, 'package.json'), '{ "type": "module" }');
  for (const file of buildComponent(component, { name, runtime })) writeFileSync(join(target, file.name), file.content);
  return target;
}

/** The built module of a component. */
export async function built(component: Component, name = 'component'): Promise<BuiltModule> {
  return import(pathToFileURL(join(writeBuilt(component, name), `${name}.js`)).href);
}

/** Builds and instantiates; exports of live instances among the imports are fused. */
export async function startBuilt(component: Component, imports: Imports, options: LinkOptions): Promise<Instance> {
  const { trapOnDeadlock = false } = options;
  return (await built(component)).instantiate(imports, { fuse, trapOnDeadlock });
}
