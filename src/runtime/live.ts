/**
 * What instances export, known by brand: a function or class of an instance that is given as an import is recognised here and
 * joined to the importing guest without JavaScript in between.
 */
import type { OptionShape } from '../abi/context.ts';
import type { FuncType } from '../types/value-type.ts';
import type { Callee } from './lift.ts';
import type { LinearMemory } from './memory.ts';
import type { TypeScope } from './payload.ts';
import type { RuntimeResource } from './resource.ts';
import type { Store } from './store.ts';

type CoreFunction = (...args: never[]) => unknown;

/** An exported function of a running instance, with all that a fused call needs. */
export interface LiveFunc {
  readonly type: FuncType;
  /** The runtime identity of what `type` mentions. */
  readonly types: TypeScope;
  /** What it is an export of, and as what. */
  readonly origin: { readonly run: object; readonly func: object; readonly path: string };
  readonly core: CoreFunction;
  readonly shape: OptionShape;
  readonly memory: LinearMemory | undefined;
  readonly realloc: CoreFunction | undefined;
  readonly postReturn: CoreFunction | undefined;
  readonly slot: number;
  readonly store: Store;
  /** Of a function of an async type. */
  readonly callee: Callee | undefined;
  readonly maySuspend: boolean;
  readonly isConcurrent: boolean;
  readonly usesContext: boolean;
  /** The functions for the host. */
  readonly call: (...args: unknown[]) => unknown;
  readonly promised: (...args: unknown[]) => Promise<unknown>;
}

// biome-ignore lint/complexity/noBannedTypes: functions of any signature are looked up.
const functions = new WeakMap<Function, LiveFunc>();
// biome-ignore lint/complexity/noBannedTypes: classes are looked up.
const classes = new WeakMap<Function, RuntimeResource>();

/** Brands an exported function. */
export function brandFunction(fn: (...args: unknown[]) => unknown, live: LiveFunc): void {
  functions.set(fn, live);
}

/** Brands an exported resource class. */
// biome-ignore lint/complexity/noBannedTypes: classes are looked up.
export function brandClass(cls: Function, resource: RuntimeResource): void {
  classes.set(cls, resource);
}

export function liveFunction(value: unknown): LiveFunc | undefined {
  return typeof value === 'function' ? functions.get(value) : undefined;
}

export function liveClass(value: unknown): RuntimeResource | undefined {
  return typeof value === 'function' ? classes.get(value) : undefined;
}
