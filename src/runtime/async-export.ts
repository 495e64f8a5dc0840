/**
 * How the host calls a function of an async type: a promise, and a signal that cancels. Concurrent calls are tasks of the same instance.
 * docs/guide-js.md, "Asynchronous functions".
 */
import type { ExportBorder, Flat } from '../abi/js/border.ts';
import { describeValue } from '../abi/js/check.ts';
import { UsageError } from '../error/error.ts';
import type { Trap } from '../error/trap.ts';
import { rememberIn } from './borrow-log.ts';
import { CALL_STACK } from './control.ts';
import { discard } from './discard.ts';
import type { AnyFunction } from './exports.ts';
import { unwind } from './failure.ts';
import { callTop } from './frames.ts';
import { type Callee, type Caller, type LiftedTask, requestCancellation, startTask } from './lift.ts';
import { scheduler } from './scheduler.ts';
import { isPlaceholder, mustHaveStack } from './stack.ts';
import type { StoreWatcher } from './store.ts';

/** What a call may be given behind its arguments. */
export interface CallOptions {
  /** Cancels the call: its promise is rejected with the signal's reason, and the guest is asked to end early. */
  readonly signal?: AbortSignal;
}

/** Does `body` now if guests are on the stack (it is nested then) or none is about to go on; else when its turn comes. */
function inTurn(body: () => void): void {
  if (scheduler.free || callTop() !== CALL_STACK) {
    body();
    return;
  }
  scheduler.enqueue({
    ready: () => true,
    resume() {
      body();
      return false;
    },
  });
}

// Shared: of many calls that wait, none needs arrays of its own.
const NO_ARGUMENTS: readonly unknown[] = [];
const NOTHING: readonly (() => void)[] = [];

/** What a promise is resolved with: boxed, so that it asks nothing of a value while a guest is on the stack. */
interface Boxed {
  readonly value: unknown;
}

const unbox = ({ value }: Boxed): unknown => value;

/** One call under way. */
class HostCaller implements Caller, StoreWatcher, EventListenerObject {
  readonly #callee: Callee;
  readonly #border: ExportBorder;
  #args: readonly unknown[];
  readonly #resolve: (boxed: Boxed) => void;
  readonly #reject: (error: unknown) => void;
  #undo = NOTHING;
  #settled = false;
  #answered = false;
  #task: LiftedTask | undefined;
  #signal: AbortSignal | undefined;

  constructor(
    callee: Callee,
    border: ExportBorder,
    args: readonly unknown[],
    resolve: (boxed: Boxed) => void,
    reject: (error: unknown) => void,
  ) {
    this.#callee = callee;
    this.#border = border;
    this.#args = args;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(signal: AbortSignal | undefined): void {
    const { store } = this.#callee.component;
    if (!store.alive || signal?.aborted === true) {
      this.#over();
      this.#reject(store.alive ? signal?.reason : store.deadTrap(this.#callee.path));
      return;
    }
    store.watchers.add(this);
    scheduler.callBegins();
    if (signal !== undefined) {
      this.#signal = signal;
      signal.addEventListener('abort', this);
    }
    const top = callTop();
    try {
      if (this.#callee.entries !== undefined) mustHaveStack(this.#callee.path);
      this.#task = startTask(this.#callee, this);
      // Where it has blocked and nothing is ready, somebody should know.
      scheduler.schedule();
    } catch (error) {
      this.#over();
      this.#fail(isPlaceholder(error) ? undefined : unwind(error, this.#callee.path, top, 0));
    }
  }

  /** Specification: `on_start`. */
  start(task: LiftedTask): readonly Flat[] {
    this.#task = task;
    const undo: (() => void)[] = [];
    const args = this.#args;
    this.#args = NO_ARGUMENTS;
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
      this.#giveBack();
      this.#fail(new DOMException('the call was cancelled', 'AbortError'));
      return;
    }
    // What it lends goes back before anybody learns of the result.
    this.#giveBack();
    rememberIn([]);
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
  }

  #giveBack(): void {
    const undo = this.#undo;
    this.#undo = NOTHING;
    for (const each of undo) each();
  }

  refused(error: unknown): void {
    this.#over();
    this.#giveBack();
    this.#fail(error);
  }

  /** The guest has answered, whether or not anybody waits for it. */
  #over(): void {
    if (!this.#answered) this.#callee.component.store.callEnds();
    this.#answered = true;
  }

  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    scheduler.callEnds();
    this.#callee.component.store.watchers.delete(this);
    this.#signal?.removeEventListener('abort', this);
  }

  /** The call ends with an error; without one the store will say why. */
  #fail(error: unknown): void {
    if (error === undefined || this.#settled) return;
    this.#settle();
    this.#reject(error);
  }

  ended(failure: Trap): void {
    this.#fail(failure);
  }

  /** The signal has fired. */
  handleEvent(): void {
    const task = this.#task;
    this.#settle();
    this.#reject(this.#signal?.reason);
    if (task === undefined) return;
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

function signalOf(args: readonly unknown[], params: number, path: string): AbortSignal | undefined {
  const options = args[params];
  const signal: unknown = typeof options === 'object' && options !== null ? (options as CallOptions).signal : undefined;
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw new UsageError('bad-signal', `the signal of a call of ${path} is no AbortSignal`, {
    found: describeValue(signal),
  });
}

/** The host's function for an export of an async type of `params` parameters. */
export function asyncExport(callee: Callee, border: ExportBorder, params: number): AnyFunction {
  const call = (args: readonly unknown[]): Promise<unknown> => {
    const signal = signalOf(args, params, callee.path);
    signal?.throwIfAborted();
    callee.component.store.callBegins(callee.path);
    const { promise, resolve, reject } = Promise.withResolvers<Boxed>();
    const caller = new HostCaller(callee, border, args, resolve, reject);
    inTurn(() => caller.begin(signal));
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
