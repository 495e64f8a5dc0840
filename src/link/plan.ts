/**
 * The Plan: one flat list of instantiation steps for a component and everything nested in it. Nested components are inlined, so
 * every pair of lift and lower is known. Plain data; a function of the component and of the components given for its imports.
 * Who runs it: `src/runtime/instantiate.ts`. Specification: Explainer, "Instance definitions"; CanonicalABI.md.
 */
import type { OptionShape } from '../abi/context.ts';
import type { CoreSort } from '../types/core-type.ts';
import type { Canon, Component } from '../types/definition.ts';
import type { FuncType, ResourceType, ValueType } from '../types/value-type.ts';

/** The way to an import: its name, then the names of exports within it. */
export type ImportPath = readonly string[];

/** A resource type of the plan: fresh for each definition met while inlining, one for each imported name. */
export interface PlanResource extends ResourceType {
  /** Position in `Plan.resources`. */
  readonly index: number;
  readonly origin:
    | { readonly kind: 'defined'; readonly instance: number; readonly dtor: CoreRef | undefined }
    | { readonly kind: 'imported'; readonly path: ImportPath };
}

/** Where a core item comes from at instantiation. */
export type CoreRef =
  | { readonly kind: 'export'; readonly sort: CoreSort; readonly instance: number; readonly name: string }
  | { readonly kind: 'canon'; readonly canon: number };

/** Canonical options with their operands found. */
export interface PlanOptions {
  readonly shape: OptionShape;
  readonly memory: CoreRef | undefined;
  readonly realloc: CoreRef | undefined;
  readonly postReturn: CoreRef | undefined;
  readonly callback: CoreRef | undefined;
}

/** A component function. */
export type PlanFunc =
  | {
      readonly kind: 'lift';
      readonly type: FuncType;
      readonly core: CoreRef;
      readonly options: PlanOptions;
      /** The component instance whose function it is. */
      readonly instance: number;
    }
  | { readonly kind: 'import'; readonly type: FuncType; readonly path: ImportPath };

/** A core function made by a `canon` definition, other than lift. */
export type PlanCanon =
  | { readonly kind: 'lower'; readonly func: PlanFunc; readonly options: PlanOptions; readonly instance: number }
  | { readonly kind: 'resource.drop'; readonly resource: PlanResource; readonly instance: number }
  | { readonly kind: 'resource.new' | 'resource.rep'; readonly resource: PlanResource; readonly instance: number }
  | {
      readonly kind: 'context.get' | 'context.set';
      readonly type: 'i32' | 'i64';
      readonly slot: number;
      readonly instance: number;
    }
  /** A built-in of concurrency. */
  | {
      readonly kind: 'builtin';
      readonly canon: Canon;
      readonly instance: number;
      /** What the stream or future carries, or what `task.return` returns. */
      readonly type: ValueType | undefined;
      readonly options: PlanOptions | undefined;
      /** `thread.new-indirect`: where its function stands, and the type of what it starts with. */
      readonly table: CoreRef | undefined;
      readonly start: 'i32' | 'i64' | undefined;
    };

/** A core module to instantiate: bytes of a component, or an import; in a plan that was written out, a file. */
export type ModuleRef =
  | { readonly kind: 'file'; readonly name: string }
  | { readonly kind: 'static'; readonly bytes: Uint8Array<ArrayBuffer>; readonly start: number; readonly end: number }
  | { readonly kind: 'import'; readonly path: ImportPath };

/** The values under one module name of a core instantiation. */
export type CoreInstanceValue =
  | { readonly kind: 'real'; readonly instance: number }
  | { readonly kind: 'virtual'; readonly exports: ReadonlyMap<string, CoreRef> };

export type PlanStep =
  /** Makes the runtime identity of a defined resource. */
  | { readonly kind: 'resource'; readonly resource: number }
  /** Makes core functions of `canons`; what they refer to exists by now. */
  | { readonly kind: 'canons'; readonly canons: readonly number[] }
  | {
      readonly kind: 'instantiate';
      /** Position among the plan's core instances. */
      readonly core: number;
      readonly module: ModuleRef;
      readonly args: readonly { readonly name: string; readonly value: CoreInstanceValue }[];
      readonly instance: number;
    };

export type TypeValue =
  | { readonly kind: 'value'; readonly type: ValueType }
  | { readonly kind: 'func'; readonly type: FuncType }
  | { readonly kind: 'resource'; readonly resource: PlanResource }
  /** A component or instance type: only its definition counts when a plan is made. */
  | {
      readonly kind: 'shape';
      readonly evaluate: ShapeEvaluator;
      /** Names that an instance type exports. */
      readonly names: ReadonlySet<string> | undefined;
    };

/** Makes the item that an import of a component or instance type stands for. */
export type ShapeEvaluator = (path: ImportPath) => PlanItem;

/** A component-level value: what an index or a name stands for. */
export type PlanItem =
  | { readonly kind: 'func'; readonly func: PlanFunc }
  | { readonly kind: 'instance'; readonly exports: ReadonlyMap<string, PlanItem> }
  | { readonly kind: 'type'; readonly type: TypeValue }
  | { readonly kind: 'module'; readonly module: ModuleRef }
  | { readonly kind: 'component'; readonly component: Component; readonly instantiate: ComponentInstantiator };

/** Inlines one instantiation of a component. */
export type ComponentInstantiator = (args: ReadonlyMap<string, PlanItem>) => PlanItem;

/** A component instance of the plan. */
export interface PlanInstance {
  readonly parent: number | undefined;
  /** For stacks: the name path, such as `root > $b`. */
  readonly label: string;
}

export interface Plan {
  readonly instances: readonly PlanInstance[];
  readonly resources: readonly PlanResource[];
  readonly canons: readonly PlanCanon[];
  readonly steps: readonly PlanStep[];
  readonly coreInstances: number;
  /** What the component imports, by name. */
  readonly imports: ReadonlyMap<string, PlanItem>;
  readonly exports: ReadonlyMap<string, PlanItem>;
  /** Whether a call into the component instance may have to wait: it reaches a host function or a built-in that blocks. */
  readonly maySuspend: readonly boolean[];
  /** Whether it has anything to do with concurrency, so that its calls may be asked for their thread. */
  readonly isConcurrent: readonly boolean[];
  /** True where a component instance uses the context built-ins. */
  readonly usesContext: readonly boolean[];
  /** Whether an instance calls anything outside of itself while it runs. */
  readonly callsOut: readonly boolean[];
}
