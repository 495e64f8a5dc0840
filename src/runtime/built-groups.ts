/** What completes the modules of components that import something, or whose parts call each other. */
import type { ExportShape } from '../link/export-shape.ts';
import type { PlanFunc } from '../link/plan.ts';
import { invariant } from '../util/invariant.ts';
import { type Bindings, bind, pathKey } from './bind.ts';
import type { Built, BuiltGroup } from './built.ts';
import type { PreparedGroup } from './prepared.ts';
import type { Imports } from './world.ts';

function* exportedOf(shape: readonly ExportShape[]): Generator<PlanFunc> {
  for (const item of shape) {
    if (item.kind === 'func') yield item.func;
    else if (item.kind === 'instance') yield* exportedOf(item.exports);
  }
}

/** Binds the imports of a component to what the host gives. Throws as `bind` does. */
export function bindImports({ plan, imports, shape }: Built, given: Imports, fuses: boolean): Bindings {
  invariant(imports !== undefined, 'a component with imports');
  const offers = new Map(Object.entries(given));
  return bind({ imports, canons: plan.canons, exported: exportedOf(shape) }, offers, fuses);
}

/** Gives host functions what they are bound to, and finds the modules by their names. */
export function completeGroups(
  groups: readonly BuiltGroup[],
  bindings: Bindings,
  module: (name: string) => WebAssembly.Module,
): readonly PreparedGroup[] {
  return groups.map(({ hosts, shims, calls, adapterModule, ...group }) => ({
    ...group,
    hosts: hosts.map((host) => {
      const binding = bindings.functions.get(pathKey(host.path));
      invariant(binding?.kind === 'host', 'a lowered import is bound');
      return { ...host, fn: binding.fn };
    }),
    shims: shims === undefined ? undefined : module(shims),
    calls: calls.map((call) => ({ ...call, edge: undefined })),
    adapterModule: adapterModule === undefined ? undefined : module(adapterModule),
  }));
}
