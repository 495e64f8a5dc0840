/** The form of a core function that runs on a stack of its own. */
import type { Flat } from '../abi/js/border.ts';
import type { WasmSignature } from '../core/builder.ts';
import { entryShimKey, type ShimSource } from '../link/shims.ts';
import { finishStack, promisingOf } from './stack.ts';

type CoreFunction = (...args: Flat[]) => Flat | undefined;

/** Called with a stack's token in front of the arguments. */
export type PromisedEntry = (token: number, ...args: Flat[]) => unknown;

/** The promised form of `f`, made when it is called first. */
export function promisedEntryOf(shims: ShimSource, signature: WasmSignature, f: CoreFunction): PromisedEntry {
  let made: PromisedEntry | undefined;
  return (token, ...args) => {
    if (made === undefined) {
      const imports = { core: { f: f as WebAssembly.ImportValue }, tenon: { done: finishStack } };
      const { p } = new WebAssembly.Instance(shims(entryShimKey(signature)), imports).exports;
      made = promisingOf(p as (...args: never[]) => unknown);
    }
    return made(token, ...args);
  };
}
