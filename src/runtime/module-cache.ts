/** Modules that Tenon generates, compiled once for the same bytes. They are small; the least recently used are forgotten. */

import type { WasmSignature } from '../core/builder.ts';
import { signatureKey } from '../link/shim.ts';

const MAX_MODULES = 2_000;
const modules = new Map<string, WebAssembly.Module>();
const latin1 = /* @__PURE__ */ new TextDecoder('latin1');

const imported = new WeakMap<WebAssembly.Module, readonly WebAssembly.ModuleImportDescriptor[]>();

/** What a module imports: asked for again for each instance. */
export function importsOf(module: WebAssembly.Module): readonly WebAssembly.ModuleImportDescriptor[] {
  let imports = imported.get(module);
  if (imports === undefined) {
    imports = WebAssembly.Module.imports(module);
    imported.set(module, imports);
  }
  return imports;
}

/** The compiled module of `bytes`. */
export function cachedModule(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  return cached(latin1.decode(bytes), () => bytes);
}

/** The compiled module that `make` gives for some signatures, under the name `what`; known ones are not even written. */
export function moduleOfSignatures(
  what: string,
  make: (signatures: readonly WasmSignature[]) => Uint8Array<ArrayBuffer>,
  signatures: readonly WasmSignature[],
): WebAssembly.Module {
  return cached(`${what} ${signatures.map(signatureKey).join(' ')}`, () => make(signatures));
}

function cached(key: string, make: () => Uint8Array<ArrayBuffer>): WebAssembly.Module {
  let module = modules.get(key);
  if (module === undefined) {
    module = new WebAssembly.Module(make());
    if (modules.size >= MAX_MODULES) {
      const [oldest] = modules.keys();
      if (oldest !== undefined) modules.delete(oldest);
    }
  } else modules.delete(key);
  modules.set(key, module);
  return module;
}
