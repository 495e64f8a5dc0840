/**
 * How the host calls a function of an async type: a promise, and a signal that cancels. Concurrent calls are tasks of the same instance.
 * docs/guide-js.md, "Asynchronous functions".
 */
import type { ExportBorder, Flat } from '../abi/js/border.ts';
import type { Trap } from '../error/trap.ts';
import { rememberIn } from './borrow-log.ts';
import { calleeOf } from './callee.ts';
import type { AnyFunction } from './exports.ts';
import { unwind } from './failure.ts';
import { callTop } from './frames.ts';
import type { Instantiation } from './instantiate.ts';
import type { SuspendableExport } from './kit.ts';
import { type Callee, type Caller, type LiftedTask, requestCancellation, startTask } from './lift.ts';
import { scheduler } from './scheduler.ts';
import { isPlaceholder } from './stack.ts';
import { inTurn } from './turn.ts';

/** What a call may be given behind its arguments. */
export interface CallOptions {
  /** Cancels the call: its promise is rejected with the signal's reason, and the guest is asked to end early. */
  readonly signal?: AbortSignal;
}

/** One call under way. */
class HostCaller implements Caller {
  readonly #callee: Callee;
  readonly #border: ExportBorder;
  readonly #args: readonly unknown[];
  readonly #resolve: (boxed: { value: unknown }) => void;
  readonly #reject: (error: unknown) => void;
  readonly #undo: (() => void)[] = [];
  readonly #signal: AbortSignal | undefined;
  #begun = false;
  #settled = false;
  #watches = false;
  #aborted = false;
  #task: LiftedTask | undefined;

  constructor(
    callee: Callee,
    border: ExportBorder,
    args: readonly unknown[],
    signal: AbortSignal | undefined,
    resolve: (boxed: { value: unknown }) => void,
    reject: (error: unknown) => void,
  ) {
    this.#callee = callee;
    this.#border = border;
    this.#args = args;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#abort);
  }

  /** Its turn has come; what was cancelled before does not begin. */
  begin(): void {
    if (this.#settled) return;
    const { store } = this.#callee.component;
    if (!store.alive) {
      this.#fail(store.deadTrap(this.#callee.path));
      return;
    }
    this.#begun = true;
    scheduler.callBegins();
    const top = callTop();
    try {
      this.#task = startTask(this.#callee, this);
      if (this.#aborted) this.#cancel(this.#task);
    } catch (error) {
      this.#fail(isPlaceholder(error) ? undefined : unwind(error, this.#callee.path, top, 0));
    }
    if (!this.#settled) this.#goesOn();
  }

  /** It has blocked, or trapped for a reason that its store will tell. */
  #goesOn(): void {
    const { store } = this.#callee.component;
    this.#watches = true;
    store.watch(this.#ended);
    // Where nothing is ready, somebody should know.
    scheduler.schedule();
  }

  /** Specification: `on_start`. */
  start(): readonly Flat[] {
    rememberIn(this.#undo);
    try {
      return this.#border.start((_token, ...flat) => flat, 0, this.#args) as readonly Flat[];
    } finally {
      rememberIn(undefined);
    }
  }

  /** Specification: `on_resolve`. */
  resolve(flat: readonly Flat[] | undefined): void {
    if (flat === undefined) {
      this.#undoAll();
      this.#fail(new DOMException('the call was cancelled', 'AbortError'));
      return;
    }
    rememberIn(this.#undo);
    try {
      const value = this.#border.finish(...flat);
      this.#settle();
      this.#resolve({ value });
    } catch (error) {
      // A trap is the guest's, and goes on through it.
      if (error instanceof WebAssembly.RuntimeError) throw error;
      this.#fail(error);
    } finally {
      rememberIn(undefined);
    }
    this.#undoAll();
  }

  refused(error: unknown): void {
    this.#undoAll();
    this.#fail(error);
  }

  #undoAll(): void {
    if (this.#undo.length === 0) return;
    for (const undo of this.#undo.splice(0)) undo();
  }

  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    if (this.#begun) scheduler.callEnds();
    if (this.#watches) this.#callee.component.store.watchers.delete(this.#ended);
    this.#signal?.removeEventListener('abort', this.#abort);
  }

  /** The call ends with an error; without one the store will say why. */
  #fail(error: unknown): void {
    if (error === undefined || this.#settled) return;
    this.#settle();
    this.#reject(error);
  }

  readonly #ended = (failure: Trap): void => {
    failure.path ??= this.#callee.path;
    this.#fail(failure);
  };

  readonly #abort = (): void => {
    this.#aborted = true;
    this.#settle();
    this.#reject(this.#signal?.reason);
    if (this.#task !== undefined) this.#cancel(this.#task);
  };

  #cancel(task: LiftedTask): void {
    inTurn(() => {
      const top = callTop();
      try {
        requestCancellation(task);
      } catch (error) {
        if (!isPlaceholder(error)) unwind(error, task.path, top, 0);
      }
    });
  }
}

function optionsOf(args: readonly unknown[], params: number): CallOptions {
  const options = args[params];
  return typeof options === 'object' && options !== null ? (options as CallOptions) : {};
}

/** The host's function for an export of an async type, and the same as components call it. */
export function asyncExport(
  run: Instantiation,
  { func, path, border }: SuspendableExport,
): { readonly call: AnyFunction; readonly callee: Callee } {
  const call = hostFunction(calleeOf(run, func, path, false), border(), func.type.params.length);
  return { call, callee: calleeOf(run, func, path, true) };
}

function hostFunction(callee: Callee, border: ExportBorder, params: number): AnyFunction {
  return async (...args) => {
    const { signal } = optionsOf(args, params);
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<{ value: unknown }>();
    const caller = new HostCaller(callee, border, args, signal, resolve, reject);
    inTurn(() => caller.begin());
    return (await promise).value;
  };
}
