/** Puts functions that may have to wait behind the shims that do (`link/shim.ts`, `blockingShims`). */
import { control } from './control.ts';
import { importsOf } from './module-cache.ts';
import type { CoreFunction } from './prepared.ts';
import { resumed, waitImport } from './stack.ts';

/** The same functions, behind the functions of `shims`. */
export function behindWaitShims(
  shims: WebAssembly.Module,
  functions: readonly CoreFunction[],
): readonly CoreFunction[] {
  const host: Record<string, WebAssembly.ImportValue> = {};
  for (const [i, fn] of functions.entries()) host[`e${i}`] = fn as WebAssembly.ImportValue;
  const tenon: Record<string, WebAssembly.ImportValue> = {
    control: control.memory,
    wait: waitImport as WebAssembly.ImportValue,
  };
  for (const { name } of importsOf(shims))
    if (name.startsWith('go-on:')) tenon[name] = resumed as WebAssembly.ImportValue;
  const { exports } = new WebAssembly.Instance(shims, { tenon, host });
  return functions.map((_, i) => exports[`s${i}`] as CoreFunction);
}
