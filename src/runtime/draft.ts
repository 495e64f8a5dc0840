/**
 * What has to be made for a plan before an instance is asked for, nothing of it emitted: groups of core functions, and what shims,
 * adapters and border functions are emitted from. In process they are compiled at once (`prepare.ts`), ahead of time written out
 * (`src/bindgen/esm`).
 */
import type { OptionShape, Signature } from '../abi/context.ts';
import { flattenFuncType } from '../abi/flatten.ts';
import { type AdapterSpec, canFuse, isDirect, lends } from '../abi/fused/adapter.ts';
import type { WasmSignature } from '../core/builder.ts';
import { mayBlock, mustSuspend, Sight } from '../link/analyse.ts';
import { type ExportShape, exportShape } from '../link/export-shape.ts';
import type { Plan, PlanCanon, PlanFunc, PlanItem, PlanResource } from '../link/plan.ts';
import { entryShimKey, returnShimKey, type ShimKey } from '../link/shims.ts';
import { signatureEnds, signatureResources } from '../types/resources-of.ts';
import type { FuncType } from '../types/value-type.ts';
import { type Bindings, pathKey, showPath } from './bind.ts';
import { CALLBACK } from './callback.ts';
import { blockingSignature, returnedBy } from './canon/signatures.ts';
import type { LiveFunc } from './live.ts';
import { zeroOf } from './lower.ts';
import type {
  Flavour,
  Lift,
  Mode,
  PlannedBorder,
  PlannedCall,
  PlannedExport,
  PlannedGroup,
  PlannedHost,
  RunnablePlan,
} from './prepared.ts';

export interface DraftHost extends PlannedHost {
  readonly signature: Signature;
}

export interface DraftExport extends PlannedExport {
  readonly signature: Signature;
}

/** A call; of an edge's shim the signature. */
export type DraftCall = PlannedCall<WasmSignature>;

export interface DraftGroup
  extends Pick<PlannedGroup<WasmSignature, DraftHost>, 'hosts' | 'blocking' | 'calls' | 'adapters'> {
  /** The signatures of the functions of `blocking`. */
  readonly waiting: readonly WasmSignature[];
}

export interface DraftOptions {
  readonly mode: Mode;
  readonly flavour: Flavour;
  /** Whether the engine that will run it can suspend stacks. */
  readonly suspends: boolean;
}

/** Keys of live instances' memories begin here; those of the plan's own are below. */
const LIVE_KEYS = 1_000_000;

function borderOf(type: FuncType): PlannedBorder {
  return { resources: signatureResources(type) as readonly PlanResource[], ends: signatureEnds(type) };
}

/** The core type of one side of a function. */
function coreSignature(type: FuncType, side: 'lift' | 'lower', shape: OptionShape): WasmSignature {
  return flattenFuncType(type, side, shape);
}

class Drafter {
  readonly #plan: RunnablePlan;
  readonly #sight: Sight;
  readonly #functions: Bindings['functions'];
  readonly #options: DraftOptions;

  constructor(plan: RunnablePlan, functions: Bindings['functions'], options: DraftOptions) {
    this.#plan = plan;
    this.#sight = new Sight(plan.canons);
    this.#functions = functions;
    this.#options = options;
  }

  group(canons: readonly number[]): DraftGroup {
    const hosts: DraftHost[] = [];
    const shims: { canon: number; signature: WasmSignature }[] = [];
    const calls: DraftCall[] = [];
    const specs: AdapterSpec[] = [];
    for (const index of canons) {
      const canon = this.#plan.canons[index]!;
      if (canon.kind === 'builtin' && mayBlock(canon.canon))
        shims.push({ canon: index, signature: blockingSignature(canon) });
      if (canon.kind !== 'lower') continue;
      const { func, options } = canon;
      const { type } = func;
      const core = coreSignature(type, 'lower', options.shape);
      const live = func.kind === 'import' ? this.#live(func.path) : undefined;
      if (func.kind === 'import' && live === undefined) {
        // Functions of a synchronous type know it themselves.
        const zero = type.async ? zeroOf(core.results[0]) : undefined;
        const binding = this.#functions.get(pathKey(func.path));
        const lends = binding?.kind === 'host' && binding.lends === true;
        const signature = { type, options: options.shape, lends };
        hosts.push({ canon: index, path: func.path, zero, signature, ...borderOf(type) });
      } else {
        const call = this.#call(index, canon, live ?? (func as Lift), specs);
        calls.push(call);
        if (!call.mustBeAwaited) continue;
      }
      shims.push({ canon: index, signature: core });
    }
    return {
      hosts,
      blocking: shims.map(({ canon }) => canon),
      waiting: shims.map(({ signature }) => signature),
      calls,
      adapters: specs,
    };
  }

  #live(path: readonly string[]): LiveFunc | undefined {
    const binding = this.#functions.get(pathKey(path));
    return binding?.kind === 'live' ? binding.live : undefined;
  }

  #call(
    index: number,
    canon: Extract<PlanCanon, { kind: 'lower' }>,
    callee: Lift | LiveFunc,
    specs: AdapterSpec[],
  ): DraftCall {
    const live = 'store' in callee ? callee : undefined;
    const lift = 'store' in callee ? undefined : callee;
    const type = canon.func.type;
    const spec: AdapterSpec = {
      type,
      lower: canon.options.shape,
      lift: live?.shape ?? (lift as Lift).options.shape,
      callerMemory: this.#memoryKey(canon.options.memory),
      calleeMemory: live === undefined ? this.#memoryKey((lift as Lift).options.memory) : this.#liveKey(live),
      maySuspend: live?.maySuspend ?? this.#plan.maySuspend[(lift as Lift).instance] === true,
      crossStore: live !== undefined,
      seesCaller: lift === undefined || (type.async && this.#sight.includes(lift.instance, canon.instance)),
      isConcurrent: live?.isConcurrent ?? this.#plan.isConcurrent[(lift as Lift).instance] === true,
      isLeaf: live === undefined && this.#plan.callsOut?.[(lift as Lift).instance] === false,
      context: live?.usesContext ?? this.#plan.usesContext[(lift as Lift).instance] === true,
      callerContext: this.#plan.usesContext[canon.instance] === true,
      flavour: this.#options.flavour,
    };
    const { mode, suspends } = this.#options;
    const fused = mode === 'generated' && canFuse(spec);
    return {
      canon: index,
      callee,
      type,
      adapter: fused ? specs.push(spec) - 1 : undefined,
      maySuspend: spec.maySuspend && suspends,
      // One that lends may yet have to be carried by parts: that depends on whose the resources are.
      mustBeAwaited: type.async ? !(fused && isDirect(spec)) || lends(type) : !fused && spec.maySuspend && suspends,
      edge: live === undefined || type.async ? undefined : coreSignature(type, 'lower', canon.options.shape),
    };
  }

  readonly #keys = new Map<string, number>();
  readonly #liveKeys = new Map<WebAssembly.Memory, number>();

  /** Memories of live instances are told apart by identity, and numbered in the order met, so that modules are cached alike. */
  #liveKey({ memory }: LiveFunc): number | undefined {
    if (memory === undefined) return undefined;
    let key = this.#liveKeys.get(memory.memory);
    if (key === undefined) {
      key = LIVE_KEYS + this.#liveKeys.size;
      this.#liveKeys.set(memory.memory, key);
    }
    return key;
  }

  #memoryKey(ref: { kind: string } | undefined): number | undefined {
    if (ref === undefined) return undefined;
    const text = JSON.stringify(ref);
    let key = this.#keys.get(text);
    if (key === undefined) {
      key = this.#keys.size;
      this.#keys.set(text, key);
    }
    return key;
  }
}

/** Drafts the groups of a plan, in the order of its steps. Functions that are bound to none of a live instance are host functions. */
export function draftGroups(
  plan: RunnablePlan,
  functions: Bindings['functions'],
  options: DraftOptions,
): readonly DraftGroup[] {
  const drafter = new Drafter(plan, functions, options);
  return plan.steps.flatMap((step) => (step.kind === 'canons' ? [drafter.group(step.canons)] : []));
}

export interface DraftExports {
  readonly shape: readonly ExportShape[];
  readonly exports: ReadonlyMap<PlanFunc, DraftExport>;
  /** Core functions of exports on stacks of their own. */
  readonly entries: readonly WasmSignature[];
}

function collectLifts(item: PlanItem, into: Set<Lift>): void {
  if (item.kind === 'instance') for (const inner of item.exports.values()) collectLifts(inner, into);
  else if (item.kind === 'func' && item.func.kind === 'lift') into.add(item.func);
}

function liftsOf(plan: Plan): ReadonlySet<Lift> {
  const lifts = new Set<Lift>();
  for (const item of plan.exports.values()) collectLifts(item, lifts);
  return lifts;
}

/** Whether calls of an export may have to wait: for the host, or for their turn. */
function mayWait(plan: RunnablePlan, { instance }: Lift): boolean {
  return plan.maySuspend[instance] === true || plan.isConcurrent[instance] === true;
}

/** Drafts what the exports of a plan need. */
export function draftExports(plan: Plan): DraftExports {
  const exports = new Map<PlanFunc, DraftExport>();
  const entries: WasmSignature[] = [];
  const busy = new Set(plan.canons.map(({ instance }) => instance));
  for (const lift of liftsOf(plan)) {
    const { type, options } = lift;
    const suspends = !type.async && mayWait(plan, lift);
    const entry = suspends ? entries.push(coreSignature(type, 'lift', options.shape)) - 1 : undefined;
    const leaf = !busy.has(lift.instance);
    exports.set(lift, { signature: { type, options: options.shape, leaf }, entry, ...borderOf(type) });
  }
  return { shape: exportShape(plan.exports), exports, entries };
}

/** The shims that instances of a plan may ask for. */
export function shimKeys(plan: Plan, groups: readonly DraftGroup[]): ReadonlySet<ShimKey> {
  const keys = new Set<ShimKey>();
  const callees = new Set<Lift>([...liftsOf(plan)].filter(({ type }) => type.async));
  const ends = plan.isConcurrent.includes(true);
  for (const { adapters, calls } of groups) {
    if (adapters.length > 0) keys.add('closed');
    if (adapters.length > 0 && ends) keys.add('ends');
    for (const { callee, adapter } of calls)
      if (!('store' in callee) && (callee.type.async || adapter === undefined)) callees.add(callee);
  }
  for (const { type, options, instance } of callees) {
    if (plan.maySuspend[instance] !== true) continue;
    keys.add(entryShimKey(coreSignature(type, 'lift', options.shape)));
    if (options.callback !== undefined) keys.add(entryShimKey(CALLBACK));
  }
  for (const canon of plan.canons) {
    if (canon.kind === 'resource.drop') {
      const { origin } = canon.resource;
      if (origin.kind === 'defined' && origin.dtor === undefined) continue;
      keys.add('drop');
      if (ends) keys.add('ends');
    } else if (canon.kind === 'builtin') {
      if (canon.canon.kind === 'task.return') keys.add(returnShimKey(returnedBy(canon)));
      else if (canon.canon.kind === 'thread.new-indirect') keys.add(`thread ${canon.start!}`);
    }
  }
  return keys;
}

/** What a canon calls that can only wait on a stack which suspends. */
function waitsAmidCode(canon: PlanCanon, { instances }: RunnablePlan): string | undefined {
  if (canon.kind === 'builtin') return mustSuspend(canon.canon) ? `the built-in ${canon.canon.kind}` : undefined;
  if (canon.kind !== 'lower' || !canon.func.type.async || canon.options.shape.async) return undefined;
  const { func } = canon;
  const name = func.kind === 'import' ? showPath(func.path) : `an export of ${instances[func.instance]!.label}`;
  return `${name} (of an async type) synchronously`;
}

/** What of a plan has to wait amid its code, in words; without JSPI nothing can. */
export function whatMustWait(plan: RunnablePlan): string | undefined {
  for (const canon of plan.canons) {
    const what = waitsAmidCode(canon, plan);
    if (what !== undefined) return `component ${plan.instances[canon.instance]!.label} calls ${what}`;
  }
  return undefined;
}
