/** One function of an instance, without making the others. */
import { promisedFunction } from './export-functions.ts';
import type { AnyFunction } from './exports.ts';
import { type Instance, runOf } from './instance.ts';

/**
 * One function of an exported interface in its promised form, without making the others: for who calls one function of each of very many
 * instances. Undefined where there is no such function.
 * @throws Trap `store-dead` if the instance was disposed of
 */
export function promisedFunctionOf(instance: Instance, from: string, name: string): AnyFunction | undefined {
  const run = runOf(instance);
  for (const item of run.prepared.shape) {
    if (item.kind !== 'instance' || item.name !== from) continue;
    for (const inner of item.exports)
      if (inner.kind === 'func' && inner.name === name) return promisedFunction(run, inner.func, inner.path);
  }
  return undefined;
}
