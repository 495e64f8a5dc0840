/**
 * Everything that can be compiled before an instance is asked for: border functions by signature, shims, adapters. Depends on the
 * plan and on what its imports are bound to (host or live instance), not on any instance of this component.
 */
import { emitAdapters } from '../abi/fused/adapter.ts';
import type { ExportBorder, ImportBorder } from '../abi/js/border.ts';
import type { Plan, PlanFunc } from '../link/plan.ts';
import { blockingShims, edgeShim, promisedEntries } from '../link/shim.ts';
import { emitShim, type ShimKey, type ShimSource } from '../link/shims.ts';
import { invariant } from '../util/invariant.ts';
import { type Bindings, pathKey } from './bind.ts';
import {
  type DraftExport,
  type DraftGroup,
  type DraftHost,
  draftExports,
  draftGroups,
  shimKeys,
  whatMustWait,
} from './draft.ts';
import { canSuspend } from './jspi.ts';
import type { Kit } from './kit.ts';
import { cachedModule, moduleOfSignatures } from './module-cache.ts';
import type { Factory, Flavour, Mode, Prepared, PreparedExport, PreparedGroup, PreparedHost } from './prepared.ts';
import { refuseWaiting } from './refuse-waiting.ts';

/** Where border functions come from: generated, interpreted, or written out ahead of time. */
export interface Borders {
  exports(drafts: readonly DraftExport[]): readonly Factory<ExportBorder>[];
  imports(drafts: readonly DraftHost[]): readonly Factory<ImportBorder>[];
}

export interface PrepareOptions {
  readonly mode: Mode;
  readonly flavour: Flavour;
  readonly borders: Borders;
  readonly kit: Kit;
}

const shimModules = /* @__PURE__ */ new Map<ShimKey, WebAssembly.Module>();

/** Shims, compiled once in this thread. */
export const shimModule: ShimSource = (key) => {
  let module = shimModules.get(key);
  if (module === undefined) {
    module = cachedModule(emitShim(key));
    shimModules.set(key, module);
  }
  return module;
};

/** What a host's function is bound to. */
function hostFunction(bindings: Bindings, { path }: DraftHost): PreparedHost['fn'] {
  const binding = bindings.functions.get(pathKey(path));
  invariant(binding?.kind === 'host', 'a lowered import is bound');
  return binding.fn;
}

/** Compiles the modules of groups, and gives their host functions what they are bound to. */
export function compileGroups(
  drafts: readonly DraftGroup[],
  bindings: Bindings,
  borders: Pick<Borders, 'imports'>,
): readonly PreparedGroup[] {
  return drafts.map(({ hosts, blocking, waiting, calls, adapters }) => {
    const factories = borders.imports(hosts);
    return {
      hosts: hosts.map((host, i) => ({
        ...host,
        fn: hostFunction(bindings, host),
        lends: host.signature.lends === true,
        factory: factories[i]!,
      })),
      blocking,
      shims: waiting.length === 0 ? undefined : moduleOfSignatures('shims', blockingShims, waiting),
      calls: calls.map((call) => ({ ...call, edge: call.edge && cachedModule(edgeShim(call.edge)) })),
      adapters,
      adapterModule: adapters.length === 0 ? undefined : cachedModule(emitAdapters(adapters).bytes),
    };
  });
}

/** Compiles what `plan` needs. */
export function prepare(plan: Plan, bindings: Bindings, options: PrepareOptions): Prepared {
  const { mode, flavour, borders, kit } = options;
  refuseWaiting(whatMustWait(plan));
  const drafts = draftGroups(plan, bindings.functions, { mode, flavour, suspends: canSuspend });
  const { shape, exports, entries } = draftExports(plan);
  const factories = borders.exports([...exports.values()]);
  for (const key of shimKeys(plan, drafts)) shimModule(key);
  return {
    plan,
    bindings,
    groups: compileGroups(drafts, bindings, borders),
    shape,
    exports: new Map<PlanFunc, PreparedExport>(
      [...exports].map(([func, draft], i) => [func, { ...draft, factory: factories[i]! }]),
    ),
    entries: entries.length === 0 ? undefined : moduleOfSignatures('entries', promisedEntries, entries),
    mode,
    flavour,
    shims: shimModule,
    kit,
  };
}
