/** Which host functions are lent views in place of copies. */

type AnyFunction = (...args: never[]) => unknown;

const marked = /* @__PURE__ */ new WeakSet<AnyFunction>();

/**
 * Marks a host function: the lists of numbers among its arguments (`list<u8>` to `list<f64>`) are views of the guest's memory in place of
 * copies. A view ends when the function returns, and is empty from then on; it also ends when the guest's memory grows, which can happen only
 * if the function calls the guest. Gives the same function. Built components (`tenon build`) copy all the same.
 *
 * ```ts
 * const sum = lend((bytes: Uint8Array): number => bytes.reduce((a, b) => a + b, 0));
 * sum(Uint8Array.of(1, 2)); // 3
 * ```
 */
export function lend<F extends AnyFunction>(fn: F): F {
  marked.add(fn);
  return fn;
}

export function takesLent(fn: AnyFunction): boolean {
  return marked.has(fn);
}
