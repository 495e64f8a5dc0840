/**
 * Everything that can be compiled before an instance is asked for: border functions by signature, shims, adapters. Depends on the
 * plan and on what its imports are bound to (host or live instance), not on any instance of this component.
 */
import type { OptionShape, Signature } from '../abi/context.ts';
import { flattenFuncType } from '../abi/flatten.ts';
import { type AdapterModule, type AdapterSpec, canFuse, emitAdapters, isDirect } from '../abi/fused/adapter.ts';
import type { ExportFactory, ImportFactory } from '../abi/js/border.ts';
import { compileExports, compileImports } from '../abi/js/compile.ts';
import { interpretExport, interpretImport } from '../abi/js/interpret.ts';
import { compileImportLater } from '../abi/js/lazy.ts';
import type { WasmSignature } from '../core/builder.ts';
import { LinkError } from '../error/error.ts';
import { mayBlock } from '../link/analyse.ts';
import type { Plan, PlanCanon, PlanFunc, PlanItem } from '../link/plan.ts';
import { blockingShims, edgeShim, promisedEntries } from '../link/shim.ts';
import type { FuncType } from '../types/value-type.ts';
import { type Binding, type Bindings, pathKey } from './bind.ts';
import { blockingSignature } from './canon/builtins.ts';
import { canSuspend } from './jspi.ts';
import type { LiveFunc } from './live.ts';
import { cachedModule } from './module-cache.ts';

/** How calls are carried: by generated code, or all by the interpreter (the oracle of the tests). */
export type Mode = 'generated' | 'interpreted';
/** What calls between components and over the host's border do besides calling. */
export type Flavour = 'plain' | 'counted';

export interface PrepareOptions {
  readonly mode: Mode;
  readonly flavour: Flavour;
}

export interface PreparedHost {
  readonly canon: number;
  readonly factory: ImportFactory;
  readonly binding: Extract<Binding, { kind: 'host' }>;
}

/** One call between components: inside the plan (`lift`), or to a live instance. */
export interface PreparedCall {
  readonly canon: number;
  readonly callee: Extract<PlanFunc, { kind: 'lift' }> | LiveFunc;
  readonly type: FuncType;
  /** Position in the group's adapter module, or undefined where the interpreter carries the call. */
  readonly adapter: number | undefined;
  /** Whether the callee may have to wait. */
  readonly maySuspend: boolean;
  /** Whether its function asks to wait, and needs a shim that does; adapters of whole calls wait by themselves. */
  readonly mustBeAwaited: boolean;
  /** For a live edge: the shim that calls through the edge's table slot. */
  readonly edge: WebAssembly.Module | undefined;
}

/** The canon functions of one step of the plan. */
export interface PreparedGroup {
  readonly hosts: readonly PreparedHost[];
  /** Canons whose functions may have to wait, in the order of the functions of `shims`. */
  readonly blocking: readonly number[];
  readonly shims: WebAssembly.Module | undefined;
  readonly calls: readonly PreparedCall[];
  readonly adapters: AdapterModule | undefined;
  readonly adapterModule: WebAssembly.Module | undefined;
}

export interface PreparedExport {
  readonly factory: ExportFactory;
  /** Position in the module of promised entries. */
  readonly entry: number;
}

export interface Prepared {
  readonly plan: Plan;
  readonly bindings: Bindings;
  readonly groups: readonly PreparedGroup[];
  readonly exports: ReadonlyMap<PlanFunc, PreparedExport>;
  readonly entries: WebAssembly.Module | undefined;
  readonly options: PrepareOptions;
}

type Lift = Extract<PlanFunc, { kind: 'lift' }>;

/** Up to so many host functions are generated ahead; of more, each when it is called first. */
const FEW_IMPORTS = 16;

/** Keys of live instances' memories begin here; those of the plan's own are below. */
const LIVE_KEYS = 1_000_000;

class Preparer {
  readonly #plan: Plan;
  readonly #bindings: Bindings;
  readonly #options: PrepareOptions;

  constructor(plan: Plan, bindings: Bindings, options: PrepareOptions) {
    this.#plan = plan;
    this.#bindings = bindings;
    this.#options = options;
  }

  /** Without JSPI nothing can wait amid its code: what may have to is refused, before anything is compiled. */
  #refuseWaiting(lifts: readonly Lift[]): void {
    if (canSuspend) return;
    const builtin = this.#plan.canons.find((c) => c.kind === 'builtin' && mayBlock(c.canon));
    const lower = this.#plan.canons.find((c) => c.kind === 'lower' && c.func.type.async && !c.options.shape.async);
    const stackful = lifts.find(({ type, options }) => type.async && options.shape.async && !options.shape.callback);
    const what =
      builtin?.kind === 'builtin'
        ? `the built-in ${builtin.canon.kind}`
        : lower !== undefined
          ? 'a synchronous call of a function of an async type'
          : stackful !== undefined
            ? 'an asynchronous lift without a callback'
            : undefined;
    if (what === undefined) return;
    throw new LinkError('needs-jspi', `the component needs ${what}, which may have to wait amid its code`, {
      expected: 'an engine with JSPI (WebAssembly.Suspending)',
      found: 'an engine without',
      hint: 'use Node 24 or newer; or a component whose exports are lifted with a callback',
    });
  }

  run(): Prepared {
    const lifts: Lift[] = [];
    for (const item of this.#plan.exports.values()) collectLifts(item, lifts);
    this.#refuseWaiting(lifts);
    const groups: PreparedGroup[] = [];
    for (const step of this.#plan.steps) if (step.kind === 'canons') groups.push(this.#group(step.canons));
    const exports = new Map<PlanFunc, PreparedExport>();
    const factories = this.#exportFactories(lifts.map((lift) => ({ type: lift.type, options: lift.options.shape })));
    for (const [entry, lift] of lifts.entries()) exports.set(lift, { factory: factories[entry]!, entry });
    const signatures = lifts.map((lift) => coreSignature(lift.type, 'lift', lift.options.shape));
    return {
      plan: this.#plan,
      bindings: this.#bindings,
      groups,
      exports,
      entries: lifts.length === 0 ? undefined : cachedModule(promisedEntries(signatures)),
      options: this.#options,
    };
  }

  #exportFactories(signatures: readonly Signature[]): readonly ExportFactory[] {
    return this.#options.mode === 'interpreted' ? signatures.map(interpretExport) : compileExports(signatures);
  }

  #importFactories(signatures: readonly Signature[]): readonly ImportFactory[] {
    if (this.#options.mode === 'interpreted') return signatures.map(interpretImport);
    if (signatures.length <= FEW_IMPORTS) return compileImports(signatures);
    return signatures.map((s) => compileImportLater(s, coreSignature(s.type, 'lower', s.options).params.length));
  }

  #group(canons: readonly number[]): PreparedGroup {
    const hosts: { canon: number; binding: PreparedHost['binding']; signature: Signature }[] = [];
    const shims: { canon: number; signature: WasmSignature }[] = [];
    const calls: PreparedCall[] = [];
    const specs: AdapterSpec[] = [];
    for (const index of canons) {
      const canon = this.#plan.canons[index]!;
      if (canon.kind === 'builtin' && mayBlock(canon.canon))
        shims.push({ canon: index, signature: blockingSignature(canon) });
      if (canon.kind !== 'lower') continue;
      const { type } = canon.func;
      const { shape } = canon.options;
      const binding = canon.func.kind === 'import' ? this.#bindings.functions.get(pathKey(canon.func.path)) : undefined;
      const callee = binding?.kind === 'live' ? binding.live : (canon.func as Lift);
      if (binding?.kind === 'host') hosts.push({ canon: index, binding, signature: { type, options: shape } });
      else {
        const call = this.#call(index, canon, callee, specs);
        calls.push(call);
        if (!call.mustBeAwaited) continue;
      }
      shims.push({ canon: index, signature: coreSignature(type, 'lower', shape) });
    }
    const adapters = specs.length === 0 ? undefined : emitAdapters(specs);
    const factories = this.#importFactories(hosts.map((h) => h.signature));
    return {
      hosts: hosts.map(({ canon, binding }, i) => ({ canon, binding, factory: factories[i]! })),
      blocking: shims.map(({ canon }) => canon),
      shims: shims.length === 0 ? undefined : cachedModule(blockingShims(shims.map(({ signature }) => signature))),
      calls,
      adapters,
      adapterModule: adapters === undefined ? undefined : cachedModule(adapters.bytes),
    };
  }

  #call(
    index: number,
    canon: Extract<PlanCanon, { kind: 'lower' }>,
    callee: Lift | LiveFunc,
    specs: AdapterSpec[],
  ): PreparedCall {
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
      isConcurrent: live?.isConcurrent ?? this.#plan.isConcurrent[(lift as Lift).instance] === true,
      context: live?.usesContext ?? this.#plan.usesContext[(lift as Lift).instance] === true,
      callerContext: this.#plan.usesContext[canon.instance] === true,
      flavour: this.#options.flavour,
    };
    const fused = this.#options.mode === 'generated' && canFuse(spec);
    return {
      canon: index,
      callee,
      type,
      adapter: fused ? specs.push(spec) - 1 : undefined,
      maySuspend: spec.maySuspend && canSuspend,
      mustBeAwaited: type.async ? !(fused && isDirect(spec)) : !fused && spec.maySuspend && canSuspend,
      edge:
        live === undefined || type.async
          ? undefined
          : cachedModule(edgeShim(coreSignature(type, 'lower', canon.options.shape))),
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

function collectLifts(item: PlanItem, into: Lift[]): void {
  if (item.kind === 'instance') for (const inner of item.exports.values()) collectLifts(inner, into);
  else if (item.kind === 'func' && item.func.kind === 'lift' && !into.includes(item.func)) into.push(item.func);
}

/** The core type of one side of a function. */
export function coreSignature(type: FuncType, side: 'lift' | 'lower', shape: OptionShape): WasmSignature {
  return flattenFuncType(type, side, shape);
}

/** Compiles what `plan` needs. */
export function prepare(plan: Plan, bindings: Bindings, options: PrepareOptions): Prepared {
  return new Preparer(plan, bindings, options).run();
}
