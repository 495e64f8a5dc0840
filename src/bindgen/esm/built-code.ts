/** What the module of a built component holds of its plan (`Built` in `src/runtime/built.ts`), as data and code that names data. */
import { emitAdapters } from '../../abi/fused/adapter.ts';
import type { ModuleRef, Plan, PlanCanon, PlanFunc, PlanItem, PlanStep } from '../../link/plan.ts';
import { blockingShims, promisedEntries } from '../../link/shim.ts';
import { emitShim } from '../../link/shims.ts';
import { FORMAT } from '../../runtime/built.ts';
import { type DraftExports, type DraftGroup, shimKeys, whatMustWait } from '../../runtime/draft.ts';
import type { BorderDeclarations } from './borders.ts';
import type { CoreFiles } from './core-files.ts';
import { fromRuntime, kitCode } from './kit-code.ts';
import { Code } from './literal.ts';

/** What a component is made of, with the names of files for its core modules. */
export interface Parts {
  readonly plan: Plan;
  readonly groups: readonly DraftGroup[];
  readonly exports: DraftExports;
  readonly borders: BorderDeclarations;
  readonly files: CoreFiles;
  /** The bytes of a core module of the plan. */
  readonly bytesOf: (ref: Extract<ModuleRef, { kind: 'static' }>) => Uint8Array<ArrayBuffer>;
}

/** The imports that binding looks at. */
function importItems(items: ReadonlyMap<string, PlanItem>): ReadonlyMap<string, unknown> {
  const kept = new Map<string, unknown>();
  for (const [name, item] of items) {
    if (item.kind === 'func' || item.kind === 'module') kept.set(name, item);
    else if (item.kind === 'instance') kept.set(name, { kind: item.kind, exports: importItems(item.exports) });
    else if (item.kind === 'type' && item.type.kind === 'resource') kept.set(name, item);
  }
  return kept;
}

/** A canon with what its maker looks at. */
function canonData(canon: PlanCanon): unknown {
  if (canon.kind !== 'builtin') return canon;
  const { kind, ...operands } = canon.canon;
  const flags: Record<string, unknown> = { kind };
  for (const name of ['async', 'cancellable'] as const)
    if (name in operands) flags[name] = operands[name as keyof typeof operands];
  return { ...canon, canon: flags };
}

/** One file for all mentions of a module, so that they are one object. */
class ModuleRefs {
  readonly #parts: Parts;
  readonly #byName = new Map<string, ModuleRef>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  of(ref: ModuleRef): ModuleRef {
    if (ref.kind !== 'static') return ref;
    const name = this.#parts.files.add('core', this.#parts.bytesOf(ref));
    let file = this.#byName.get(name);
    if (file === undefined) {
      file = { kind: 'file', name };
      this.#byName.set(name, file);
    }
    return file;
  }
}

function stepData(step: PlanStep, modules: ModuleRefs): unknown {
  return step.kind === 'instantiate' ? { ...step, module: modules.of(step.module) } : step;
}

function flags(values: readonly boolean[]): readonly boolean[] {
  return values.includes(true) ? values : [];
}

function planData({ plan }: Parts, modules: ModuleRefs): unknown {
  return {
    instances: plan.instances.map(({ label }) => ({ label })),
    resources: plan.resources,
    canons: plan.canons.map(canonData),
    steps: plan.steps.map((step) => stepData(step, modules)),
    maySuspend: flags(plan.maySuspend),
    isConcurrent: flags(plan.isConcurrent),
    usesContext: flags(plan.usesContext),
    // Adapters to live instances are emitted when they meet.
    callsOut: plan.imports.size > 0 ? plan.callsOut : undefined,
  };
}

function groupData(group: DraftGroup, { borders, files }: Parts): unknown {
  const { waiting, adapters } = group;
  return {
    hosts: group.hosts.map(({ signature, ...host }) => ({ ...host, factory: borders.import(signature) })),
    blocking: group.blocking,
    shims: waiting.length === 0 ? undefined : files.add('glue', blockingShims(waiting)),
    calls: group.calls,
    adapters,
    adapterModule: adapters.length === 0 ? undefined : files.add('glue', emitAdapters(adapters).bytes),
  };
}

function exportData({ plan, exports, borders }: Parts): ReadonlyMap<PlanFunc, unknown> {
  const data = new Map<PlanFunc, unknown>();
  for (const [func, { signature, ...planned }] of exports.exports) {
    const halves = planned.entry !== undefined || signature.type.async;
    const threads = func.kind === 'lift' && plan.isConcurrent[func.instance] === true;
    data.set(func, { ...planned, factory: borders.export(signature, { halves, threads }) });
  }
  return data;
}

function shimData({ plan, groups, files }: Parts): Record<string, string> | undefined {
  const keys = [...shimKeys(plan, groups)];
  if (keys.length === 0) return undefined;
  return Object.fromEntries(keys.map((key) => [key, files.add('glue', emitShim(key))]));
}

function checkCode(plan: Plan): Code | undefined {
  const what = whatMustWait(plan);
  return what === undefined ? undefined : new Code(`() => R.refuseWaiting(${JSON.stringify(what)})`);
}

/** Everything but the files, whose names are known once this is made. */
export function builtData(parts: Parts): Record<string, unknown> {
  const { plan, groups, exports, files } = parts;
  const hasImports = plan.imports.size > 0;
  return {
    format: FORMAT,
    check: checkCode(plan),
    plan: planData(parts, new ModuleRefs(parts)),
    imports: hasImports ? importItems(plan.imports) : undefined,
    bind: hasImports ? fromRuntime('bindImports') : undefined,
    groups: groups.length === 0 ? undefined : groups.map((group) => groupData(group, parts)),
    complete: groups.length === 0 ? undefined : fromRuntime('completeGroups'),
    shape: exports.shape,
    exports: exportData(parts),
    entries: exports.entries.length === 0 ? undefined : files.add('glue', promisedEntries(exports.entries)),
    shims: shimData(parts),
    kit: kitCode(plan, groups, exports),
  };
}
