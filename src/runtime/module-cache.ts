/** Modules that Tenon generates, compiled once for the same bytes. They are small; the least recently used are forgotten. */

const MAX_MODULES = 2_000;
const modules = new Map<string, WebAssembly.Module>();
const latin1 = /* @__PURE__ */ new TextDecoder('latin1');

/** The compiled module of `bytes`. */
export function cachedModule(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  const key = latin1.decode(bytes);
  let module = modules.get(key);
  if (module === undefined) {
    module = new WebAssembly.Module(bytes);
    if (modules.size >= MAX_MODULES) {
      const [oldest] = modules.keys();
      if (oldest !== undefined) modules.delete(oldest);
    }
  } else modules.delete(key);
  modules.set(key, module);
  return module;
}
