/**
 * All that instances of one component are made from: a plan, what its imports are bound to, and everything that can be compiled before an
 * instance is asked for. Made in process (`prepare.ts`), or written out ahead of time as a module (`src/bindgen/esm`) and completed when
 * that is linked (`built.ts`). Plain data, compiled modules, and functions.
 */
import type { AdapterSpec } from '../abi/fused/adapter.ts';
import type { BorderEnv, ExportBorder, Flat, ImportBorder } from '../abi/js/border.ts';
import type { ExportShape } from '../link/export-shape.ts';
import type { ImportPath, Plan, PlanFunc, PlanResource } from '../link/plan.ts';
import type { ShimSource } from '../link/shims.ts';
import type { FuncType, FutureType, StreamType } from '../types/value-type.ts';
import type { Bindings } from './bind.ts';
import type { Kit } from './kit.ts';
import type { LiveFunc } from './live.ts';

/** How calls are carried: by generated code, or all by the interpreter (the oracle of the tests). */
export type Mode = 'generated' | 'interpreted';
/** What calls between components and over the host's border do besides calling. */
export type Flavour = 'plain' | 'counted';

export type Lift = Extract<PlanFunc, { kind: 'lift' }>;

/** What instances need of a plan. */
export type RunnablePlan = Pick<
  Plan,
  'instances' | 'resources' | 'canons' | 'steps' | 'maySuspend' | 'isConcurrent' | 'usesContext'
> & {
  /** Asked for only where adapters are emitted. */
  readonly callsOut?: Plan['callsOut'];
};

/** What a border function has to be given besides its code: what its signature mentions that has an identity, by first appearance. */
export interface PlannedBorder {
  readonly resources: readonly PlanResource[];
  readonly ends: readonly (StreamType | FutureType)[];
}

/** A lowered import that a host function is for. */
export interface PlannedHost extends PlannedBorder {
  readonly canon: number;
  readonly path: ImportPath;
  /** What stands for its core result while it is not known. */
  readonly zero: 0 | 0n | undefined;
}

export interface PlannedExport extends PlannedBorder {
  /** Position in the module of promised entries; undefined where a call never has to wait, or where it is of an async type. */
  readonly entry: number | undefined;
}

/** Makes one border function. */
export type Factory<Border> = (env: BorderEnv) => Border;

export interface PreparedHost extends PlannedHost {
  /** Whether its lists of numbers are views of the guest's memory, which end when it returns. */
  readonly lends?: boolean;
  readonly factory: Factory<ImportBorder>;
  readonly fn: (...args: unknown[]) => unknown;
}

export interface PreparedExport extends PlannedExport {
  readonly factory: Factory<ExportBorder>;
}

/** One call between components: inside the plan (`lift`), or to a live instance. `M`: how modules are at hand. */
export interface PlannedCall<M> {
  readonly canon: number;
  readonly callee: Lift | LiveFunc;
  readonly type: FuncType;
  /** Position in the group's adapter module, or undefined where the interpreter carries the call. */
  readonly adapter: number | undefined;
  /** Whether the callee may have to wait. */
  readonly maySuspend: boolean;
  /** Whether its function asks to wait, and needs a shim that does; adapters of whole calls wait by themselves. */
  readonly mustBeAwaited: boolean;
  /** For a live edge: the shim that calls through the edge's table slot. */
  readonly edge: M | undefined;
}

/** The canon functions of one step of the plan. `H`: what is known of host functions. */
export interface PlannedGroup<M, H> {
  readonly hosts: readonly H[];
  /** Canons whose functions may have to wait, in the order of the functions of `shims`. */
  readonly blocking: readonly number[];
  readonly shims: M | undefined;
  readonly calls: readonly PlannedCall<M>[];
  /** What the adapters of `adapterModule` are for. */
  readonly adapters: readonly AdapterSpec[];
  readonly adapterModule: M | undefined;
}

export type PreparedCall = PlannedCall<WebAssembly.Module>;
export type PreparedGroup = PlannedGroup<WebAssembly.Module, PreparedHost>;

export interface Prepared {
  readonly plan: RunnablePlan;
  readonly bindings: Bindings;
  readonly groups: readonly PreparedGroup[];
  /** The exports as the host sees them. */
  readonly shape: readonly ExportShape[];
  readonly exports: ReadonlyMap<PlanFunc, PreparedExport>;
  readonly entries: WebAssembly.Module | undefined;
  readonly mode: Mode;
  readonly flavour: Flavour;
  readonly shims: ShimSource;
  readonly kit: Kit;
}

export type CoreFunction = (...args: Flat[]) => Flat | undefined;
