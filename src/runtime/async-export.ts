/**
 * How the host calls a function of an async type: a promise, and a signal that cancels. Concurrent calls are tasks of the same instance.
 * docs/guide-js.md, "Asynchronous functions".
 */
import type { ExportBorder, Flat } from '../abi/js/border.ts';
import { describeValue } from '../abi/js/check.ts';
import { UsageError } from '../error/error.ts';
import type { Trap } from '../error/trap.ts';
import { rememberIn, type Undo } from './borrow-log.ts';
import { callBegins, callEnds } from './call-limit.ts';
import { calleeOf } from './callee.ts';
import { discard } from './discard.ts';
import type { AnyFunction } from './exports.ts';
import { unwind } from './failure.ts';
import { callTop } from './frames.ts';
import type { Instantiation } from './instantiate.ts';
import type { SuspendableExport } from './kit.ts';
import { type Callee, type Caller, type LiftedTask, requestCancellation, startTask } from './lift.ts';
import { scheduler } from './scheduler.ts';
import { isPlaceholder, mustHaveStack } from './stack.ts';
import type { Store, StoreWatcher } from './store.ts';
import { inTurn } from './turn.ts';

/** What a call may be given behind its arguments. */
export interface CallOptions {
  /** Cancels the call: its promise is rejected with the signal's reason, and the guest is asked to end early. */
  readonly signal?: AbortSignal;
}

// Shared: of many calls that wait, none needs arrays of its own.
const NO_ARGUMENTS: readonly unknown[] = [];
const NOTHING: Undo[] = [];

/** What a promise is resolved with: boxed, so that it asks nothing of a value while a guest is on the stack. */
interface Boxed {
  readonly value: unknown;
}

const unbox = ({ value }: Boxed): unknown => value;

/** One call under way. */
class HostCaller implements Caller, StoreWatcher, EventListenerObject {
  readonly #callee: Callee;
  /** That of the instance which was called: the callee may be another tenant's by now. */
  readonly #store: Store;
  /** What its store's meter knows it by. */
  readonly #call: object | undefined;
  readonly #border: ExportBorder;
  readonly #resolve: (boxed: Boxed) => void;
  readonly #reject: (error: unknown) => void;
  readonly #signal: AbortSignal | undefined;
  #args: readonly unknown[];
  #undo = NOTHING;
  #begun = false;
  #settled = false;
  #aborted = false;
  #answered = false;
  #watches = false;
  #task: LiftedTask | undefined;

  constructor(
    callee: Callee,
    store: Store,
    call: object | undefined,
    border: ExportBorder,
    args: readonly unknown[],
    signal: AbortSignal | undefined,
    resolve: (boxed: Boxed) => void,
    reject: (error: unknown) => void,
  ) {
    this.#callee = callee;
    this.#store = store;
    this.#call = call;
    this.#border = border;
    this.#args = args;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    signal?.addEventListener('abort', this);
  }

  /** Its turn has come; what was cancelled before does not begin. */
  begin(): void {
    const { entries, path } = this.#callee;
    const store = this.#store;
    if (this.#settled || store.ended) {
      this.#over();
      if (store.ended) this.#fail(store.deadTrap(path));
      return;
    }
    // It has trapped, and will say why.
    if (!store.alive) {
      this.#goesOn();
      return;
    }
    this.#begun = true;
    scheduler.callBegins();
    const top = callTop();
    try {
      if (entries !== undefined) mustHaveStack(path);
      this.#task = startTask(this.#callee, this);
      if (this.#aborted) cancel(this.#task);
    } catch (error) {
      this.#over();
      this.#fail(isPlaceholder(error) ? undefined : unwind(error, path, top, 0));
    }
    if (!this.#settled) this.#goesOn();
  }

  /** It has blocked, or trapped for a reason that its store will tell. */
  #goesOn(): void {
    this.#watches = true;
    this.#store.watch(this);
    // Where nothing is ready, somebody should know.
    scheduler.schedule();
  }

  /** Specification: `on_start`. */
  start(): readonly Flat[] {
    const args = this.#args;
    this.#args = NO_ARGUMENTS;
    const undo: Undo[] = [];
    rememberIn(undo);
    try {
      return this.#border.start((_token, ...flat) => flat, 0, args) as readonly Flat[];
    } finally {
      rememberIn(undefined);
      if (undo.length > 0) this.#undo = undo;
    }
  }

  /** Specification: `on_resolve`. */
  resolve(flat: readonly Flat[] | undefined): void {
    this.#over();
    if (flat === undefined) {
      this.#undoAll();
      this.#fail(new DOMException('the call was cancelled', 'AbortError'));
      return;
    }
    rememberIn(this.#undo === NOTHING ? [] : this.#undo);
    try {
      const value = this.#border.finish(...flat);
      if (this.#settled) discard(value);
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
    this.#over();
    this.#undoAll(true);
    this.#fail(error);
  }

  #undoAll(refused = false): void {
    if (this.#undo.length === 0) return;
    for (const undo of this.#undo.splice(0)) undo(refused);
  }

  /** The guest has answered, or was not called: whether or not anybody waits for it. */
  #over(): void {
    if (!this.#answered) callEnds(this.#store, this.#call);
    this.#answered = true;
  }

  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    if (this.#begun) scheduler.callEnds();
    if (this.#watches) this.#store.watchers.delete(this);
    this.#signal?.removeEventListener('abort', this);
  }

  /** The call ends with an error; without one the store will say why. */
  #fail(error: unknown): void {
    if (error === undefined || this.#settled) return;
    this.#settle();
    this.#reject(error);
  }

  /** Its store has ended. */
  ended(failure: Trap): void {
    failure.path ??= this.#callee.path;
    this.#fail(failure);
  }

  /** The signal has fired. */
  handleEvent(): void {
    this.#aborted = true;
    this.#settle();
    this.#reject(this.#signal?.reason);
    if (this.#task !== undefined) cancel(this.#task);
  }
}

function cancel(task: LiftedTask): void {
  inTurn(() => {
    const top = callTop();
    try {
      requestCancellation(task);
    } catch (error) {
      if (!isPlaceholder(error)) unwind(error, task.path, top, 0);
    }
  });
}

function signalOf(args: readonly unknown[], params: number, path: string): AbortSignal | undefined {
  const options = args[params];
  const signal: unknown = typeof options === 'object' && options !== null ? (options as CallOptions).signal : undefined;
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw new UsageError('bad-signal', `the signal of a call of ${path} is no AbortSignal`, {
    found: describeValue(signal),
  });
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
  const { store } = callee.component;
  const call = (args: readonly unknown[]): Promise<unknown> => {
    const signal = signalOf(args, params, callee.path);
    signal?.throwIfAborted();
    const begun = callBegins(store, callee.path);
    const { promise, resolve, reject } = Promise.withResolvers<Boxed>();
    const caller = new HostCaller(callee, store, begun, border, args, signal, resolve, reject);
    inTurn(() => caller.begin());
    return promise.then(unbox);
  };
  return (...args) => {
    try {
      return call(args);
    } catch (error) {
      return Promise.reject(error);
    }
  };
}
