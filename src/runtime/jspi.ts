/** The engine's stacks that suspend (JSPI), where it has them. */

interface JspiNamespace {
  readonly Suspending?: new (fn: (...args: never[]) => unknown) => object;
  readonly promising?: (fn: (...args: never[]) => unknown) => (...args: unknown[]) => Promise<unknown>;
}

export const jspi = WebAssembly as unknown as JspiNamespace;

/** Whether the engine can suspend a wasm stack. */
export const canSuspend: boolean = /* @__PURE__ */ (() =>
  jspi.Suspending !== undefined && jspi.promising !== undefined)();
