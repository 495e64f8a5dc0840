/**
 * jco, at its default and at the documented options that make calls or code cheaper. Installed by the benchmark's own package.json;
 * the rest of the project does not know it. Components are transpiled in the form that takes imports from the caller.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Exports } from './tenon.ts';

type Options = Readonly<Record<string, unknown>>;
type Files = Record<string, Uint8Array>;
type Instantiate = (
  core: (name: string) => WebAssembly.Module,
  imports: Readonly<Record<string, unknown>>,
  instantiate?: (module: WebAssembly.Module, imports: WebAssembly.Imports) => WebAssembly.Instance,
) => Exports;

interface Jco {
  transpile(bytes: Uint8Array, options: Options): Promise<{ readonly files: Files | readonly [string, Uint8Array][] }>;
}

const BASE: Options = { name: 'guest', instantiation: 'sync', noTypescript: true };
/** Fewer checks of what is lifted, memories instead of calls, and wasm-opt: the options documented to make code faster. */
const BEST: Options = { ...BASE, validLiftingOptimization: true, multiMemory: true, optimize: true };

const MODULES = join(import.meta.dirname, '../node_modules/@bytecodealliance');

/** The command line. */
export const jcoCommand: string = join(MODULES, 'jco/dist/jco.js');

export const jcoPresent: boolean = existsSync(join(MODULES, 'jco'));

let folder: string | undefined;
let made = 0;

/** Where transpiled modules are written, to be imported; gone when the process ends. */
function freshFolder(): string {
  if (folder === undefined) {
    folder = mkdtempSync(join(tmpdir(), 'bench-jco-'));
    process.on('exit', () => rmSync(folder!, { recursive: true, force: true }));
  }
  return join(folder, String(made++));
}

export interface Transpiled {
  readonly instantiate: Instantiate;
  readonly core: (name: string) => WebAssembly.Module;
}

/** Transpiles a component and imports the result. */
export async function transpiled(component: Uint8Array, best: boolean): Promise<Transpiled> {
  const { transpile } = (await import(pathToFileURL(join(MODULES, 'jco/dist/api.js')).href)) as Jco;
  const { files } = await transpile(component, best ? BEST : BASE);
  const at = freshFolder();
  const modules = new Map<string, WebAssembly.Module>();
  for (const [name, bytes] of Array.isArray(files) ? files : Object.entries(files as Files)) {
    const path = join(at, name.replace(/\.js$/, '.mjs'));
    mkdirSync(dirname(path), { recursive: true });
    if (name.endsWith('.js')) writeFileSync(path, bytes);
    else if (name.endsWith('.wasm')) modules.set(name, new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>));
  }
  const { instantiate } = (await import(pathToFileURL(join(at, 'guest.mjs')).href)) as { instantiate: Instantiate };
  return { instantiate, core: (name) => modules.get(name)! };
}

/** An instance of a component. */
export async function jcoExports(
  component: Uint8Array,
  best: boolean,
  imports: Readonly<Record<string, unknown>> = {},
): Promise<Exports> {
  const { instantiate, core } = await transpiled(component, best);
  return instantiate(core, imports);
}

/** Imports of WASI, as jco gives them. */
export async function jcoWasi(): Promise<Readonly<Record<string, unknown>>> {
  const shim = createRequire(jcoCommand).resolve('@bytecodealliance/preview2-shim/instantiation');
  const { WASIShim } = (await import(pathToFileURL(shim).href)) as {
    WASIShim: new () => { getImportObject(): Record<string, unknown> };
  };
  return new WASIShim().getImportObject();
}
