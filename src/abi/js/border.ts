/**
 * The contract between generated (or interpreted) border functions and the runtime: what a border function is given (`env`),
 * and what it calls when something is out of the ordinary (`BorderRuntime`). One `BorderEnv` per border function and instance.
 */
import type { Control } from '../../runtime/control.ts';
import type { FutureType, StreamType } from '../../types/value-type.ts';
import type { AbiContext } from '../context.ts';

/** Core numbers as JavaScript sees them: i64 is a bigint. */
export type Flat = number | bigint;

/** What the host gives of its own for a handle that only JavaScript keeps. */
export type HostEnd = StreamType | FutureType | { readonly kind: 'error-context' };

/** Resource conversions of one border: the n-th resource type of the signature, in the order of first appearance in the type. */
export interface BorderResource {
  /** Takes the handle out of the guest's table and gives the object that the host sees. */
  liftOwn(index: number): object;
  /** The object that the host sees until the call ends. */
  liftBorrow(index: number): object;
  /**
   * Of a host's resource, what borrows as parameters of a synchronous import need: its number in handle tables, and its objects by rep.
   * Of any other the number is none, and {@link liftBorrow} is called.
   */
  readonly number: number;
  readonly objects: readonly (object | undefined)[];
  /** Throws a ValueError if `value` is not an object of this resource. */
  lowerOwn(value: unknown, path: string): number;
  lowerBorrow(value: unknown, path: string): number;
  /** Throws what lowering would throw, and changes nothing. */
  check(value: unknown, path: string, kind: 'own' | 'borrow'): void;
}

export interface BorderEnv {
  /** WIT path for messages, such as `ns:pkg/iface@1.0.0#func`. */
  readonly path: string;
  /** Byte address of the component instance's slot in the control memory. */
  readonly slot: number;
  /** Export: byte address of its store record. An import finds it by the slot: pooled instances have another for each tenant. */
  readonly store: number;
  /** Memory, realloc and handle hooks of this side; `handles` convert from and to the host's objects. */
  readonly context: AbiContext;
  readonly resources: readonly BorderResource[];
  /** The streams and futures of the signature, in the order of first appearance in the type. */
  readonly ends: readonly (StreamType | FutureType)[];
  /** Throws what lowering a stream, future or error context of the host's would throw, and changes nothing. */
  checkEnd(type: HostEnd, value: unknown, path: string): void;
  /** Export: the core function. */
  readonly core: ((...args: Flat[]) => Flat | undefined) | undefined;
  readonly postReturn: ((...args: Flat[]) => void) | undefined;
  /** Export that lends its result: takes it while it is the guest's. Never throws. */
  readonly use?: (value: unknown) => void;
  /** Import: the host's function, called with the lifted values. */
  readonly host: ((...args: unknown[]) => unknown) | undefined;
  /** Import: what stands for its core result while it is not known. */
  readonly zero: 0 | 0n | undefined;
  /** Kept alive by the border function: what owns the instance's state. */
  readonly owner?: object;
}

/** What the runtime does for border functions. */
export interface BorderRuntime {
  readonly control: Control;
  /** The instance cannot be entered (store dead, instance busy): throws the error that says why. */
  refuse(env: BorderEnv): never;
  /** A call failed after `enter`: unwinds the call stack to `top`, restores `suspendable`, poisons unless a ValueError, gives the error to throw. */
  failed(env: BorderEnv, error: unknown, top: number, suspendable: number): unknown;
  /** The same for a call that {@link BorderRuntime.failed} cannot find on the call stack, since its instance calls nobody. */
  failedLeaf(env: BorderEnv, error: unknown): unknown;
  /** The call stack of component instances is full: throws. */
  overflow(env: BorderEnv): never;
  /** Import called while MAY_LEAVE is 0: throws the trap. */
  cannotLeave(env: BorderEnv): never;
  /** Import: the host function threw `error` and the type has no `err` for it (or `error` is no such value): gives the trap to throw. */
  hostThrew(env: BorderEnv, error: unknown): unknown;
  /** Import: what the host function answered could not be lowered, since it does not fit or the guest failed: gives the trap to throw. */
  hostValue(env: BorderEnv, error: unknown): unknown;
  /** Import: the host function returned while the store was dead (it swallowed a trap): gives the trap to throw. */
  poisoned(env: BorderEnv): unknown;
  /** Import: the host function answered a promise. Sets PENDING, or throws the trap `would-block`; `settle` gives the core result. */
  pending(env: BorderEnv, promise: Promise<unknown>, settle: Settle, pointer: Flat): void;
  /**
   * Import of an async-typed function: the host function answered a promise. Gives the core result: of a synchronous lower after PENDING,
   * of an asynchronous one the state of the new subtask.
   */
  pendingAsync(
    env: BorderEnv,
    promise: Promise<unknown>,
    call: HostCall,
    settle: Settle,
    pointer: Flat,
  ): Flat | undefined;
  /** Import of an async-typed function: a new call. */
  hostCall(): HostCall;
  /** What is lent from here on belongs to the call, until {@link lifted}. */
  lending(call: HostCall): void;
  lifted(): void;
  /** Export: the call's thread was asked for by something; ends it. `thread` is what its frame holds. */
  endThread(thread: number): void;
  /** Ends what {@link BorderResource} lent for this call: borrows that the host holds become unusable, lends are returned. */
  endBorrows(env: BorderEnv): void;
}

/** How a promise ended, lowered: gives the core result of the import. `pointer` is where a result in memory goes. */
export type Settle = (ok: boolean, value: unknown, pointer: Flat) => Flat | undefined;

/** One call of a host function of an async type, as the host sees it: its last argument. */
export interface HostCall {
  /** Aborts when the guest cancels the call. */
  readonly signal: AbortSignal;
  /** Ends what the call borrowed. */
  end(): void;
}

/** The functions of one export, made by an emitted (or interpreted) factory. */
export interface ExportBorder {
  /** The synchronous entry; undefined for a function of an async type. */
  readonly call: ((...args: unknown[]) => unknown) | undefined;
  /**
   * The first half of a promised call: lowers `args` and calls `entry(token, ...flat)`, which runs the core function on a JSPI
   * stack and then `finish`. Gives what `entry` gives. Does not enter or leave; the runtime does.
   */
  readonly start: (
    entry: (token: number, ...flat: Flat[]) => unknown,
    token: number,
    args: readonly unknown[],
  ) => unknown;
  /**
   * The second half: called on the guest's stack with the core results (of an asynchronous lift: with what it gave to `task.return`); lifts,
   * runs post-return, gives the value. Throws ComponentError.
   */
  readonly finish: (...results: Flat[]) => unknown;
}

/** The functions of one import, given to the shim in core wasm. */
export interface ImportBorder {
  /** Lifts, calls the host, lowers. Where the host answers a promise: `pending`, then returns 0 (or nothing). */
  readonly enter: (...flat: Flat[]) => Flat | undefined;
}

export type ExportFactory = (runtime: BorderRuntime, env: BorderEnv) => ExportBorder;
export type ImportFactory = (runtime: BorderRuntime, env: BorderEnv) => ImportBorder;
