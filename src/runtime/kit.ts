/**
 * The parts of the runtime that only some components need, as a component is given them: in process all (`full-kit.ts`), ahead of time
 * those that it uses, so that its bundle holds no others.
 */

import type { AbiContext, HandleHooks } from '../abi/context.ts';
import type { BorderEnv, BorderResource, ExportBorder, HostEnd } from '../abi/js/border.ts';
import type { PlanResource } from '../link/plan.ts';
import type { ShimSource } from '../link/shims.ts';
import type { ResourceType, ValueType } from '../types/value-type.ts';
import type { CanonKind } from './canon/kind.ts';
import type { AnyFunction, ClassMaker } from './exports.ts';
import type { Instantiation } from './instantiate.ts';
import type { LiveFunc } from './live.ts';
import type { LinearMemory } from './memory.ts';
import type { Payload, TypeScope } from './payload.ts';
import type { CoreFunction, Lift, PreparedGroup } from './prepared.ts';
import type { GuestResource, RuntimeResource } from './resource.ts';
import type { Side } from './side.ts';
import type { Store } from './store.ts';
import type { SyncEnds } from './sync-end.ts';

/** Makes the core function of a canon other than lower. */
export type CanonMaker = (run: Instantiation, canon: never) => CoreFunction;

/** An export of a synchronous type, for a call that may have to wait. */
export interface SuspendableExport {
  readonly func: Lift;
  readonly path: string;
  /** Makes its border function; its objects' methods answer promises. */
  readonly border: () => ExportBorder;
}

/** What an instance knows of its concurrency. */
export interface Concurrent {
  /** Makes it that of a fresh instance in another store; only where nothing of it is under way. */
  renew(store: Store): void;
}

export interface Kit {
  /** Makes the core functions of one step (`group.ts`); with it what that needs. */
  readonly makeGroup?: (run: Instantiation, canons: readonly number[], group: PreparedGroup) => void;
  readonly canons?: { readonly [K in CanonKind]?: CanonMaker };
  /** Makes the functions by which components call each other (`connect.ts`). */
  readonly connect?: (
    run: Instantiation,
    group: PreparedGroup,
    made: (canon: number, fn: CoreFunction) => void,
  ) => void;
  /** Puts what may have to wait behind shims that do (`wait-shims.ts`). */
  readonly wait?: (shims: WebAssembly.Module, functions: readonly CoreFunction[]) => readonly CoreFunction[];
  /** The environment of a host function that is lent views: they end when it returns. */
  readonly lending?: (env: BorderEnv) => BorderEnv;
  /** Views on linear memories that options name. */
  readonly memory?: (memory: WebAssembly.Memory) => LinearMemory;
  readonly realloc?: (side: Side) => AbiContext['realloc'];
  /** Calls in context slots of their own. */
  readonly freshContext?: (slot: number, call: () => unknown) => unknown;
  /** Makes the runtime identity of a defined resource. */
  readonly defineResource?: (run: Instantiation, plan: PlanResource) => GuestResource;
  /** The conversions of a resource at a border function. */
  readonly border?: (resource: RuntimeResource, env: BorderEnv, promised: boolean) => BorderResource;
  /** How handles change at a border function, for what its code does not do itself: ends of streams and futures, error contexts. */
  readonly hooks?: (
    borders: ReadonlyMap<ResourceType, BorderResource>,
    side: Side,
    types: TypeScope,
    path: string,
  ) => HandleHooks;
  /** Throws what a stream or future of the host's would throw when it is given to a guest. */
  readonly checkEnd?: (type: HostEnd, value: unknown, types: TypeScope, path: string) => void;
  /** Makes the table of what handles stand for that JavaScript holds; the instantiation keeps it. */
  readonly objects?: (slots: readonly number[]) => unknown;
  /** Makes the classes of exported resources. */
  readonly classes?: (resourceOf: (resource: PlanResource) => RuntimeResource) => ClassMaker;
  /** Disposes what a store owned of the host when it ends. */
  readonly disposeHostHandles?: (store: Store) => void;
  /** The promised form of an export whose call may have to wait. */
  readonly promised?: (run: Instantiation, exported: SuspendableExport) => AnyFunction;
  /** The host's function for an export of an async type. */
  readonly asyncExport?: (
    run: Instantiation,
    exported: SuspendableExport,
  ) => { readonly call: AnyFunction; readonly callee: LiveFunc['callee'] };
  readonly concurrency?: {
    /** Gives an instance what it needs to know of its concurrency. */
    begin(slot: number, store: Store, label: string, usesContext: boolean): Concurrent;
    /** The innermost call is over: ends its thread if something asked for it, and takes its frame. */
    leaveFrame(): void;
    /** By which adapters and shims end synchronous calls. */
    ends(shims: ShimSource): SyncEnds;
  };
  readonly payload?: (type: ValueType | undefined, scope: TypeScope) => Payload;
  readonly trapOnDeadlock?: (store: Store) => void;
}
