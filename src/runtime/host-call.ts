/**
 * Calls of host functions of an async type: a subtask without a task. Specification: CanonicalABI.md, `canon_lower` of what the host
 * implements.
 */
import type { BorderEnv, Flat, HostCall, Settle } from '../abi/js/border.ts';
import { invariant } from '../util/invariant.ts';
import { rememberIn } from './borrow-log.ts';
import { type ComponentState, componentState } from './component-state.ts';
import { CALL_STACK } from './control.ts';
import { unwind } from './failure.ts';
import { popTo, pushFrame } from './frames.ts';
import { answer, type Zero } from './lower.ts';
import { type Activity, scheduler } from './scheduler.ts';
import { awaitHost } from './stack.ts';
import type { Store } from './store.ts';
import { Subtask } from './subtask.ts';
import { currentThread, materialiseAbove } from './task.ts';

/** What a host function sees of its call; the signal is made when it is asked for. */
class Call implements HostCall {
  #undo: (() => void)[] | undefined;
  #controller: AbortController | undefined;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  abort(): void {
    this.#controller?.abort(new DOMException('the guest has cancelled the call', 'AbortError'));
  }

  /** Where the ends of what it borrows are put down. */
  borrows(): (() => void)[] {
    this.#undo ??= [];
    return this.#undo;
  }

  end(): void {
    const undo = this.#undo;
    this.#undo = undefined;
    if (undo !== undefined) for (const each of undo) each();
  }
}

export function hostCall(): HostCall {
  return new Call();
}

/** What the parameters lend belongs to the call; undefined: they are lifted. */
export function lendTo(call: HostCall | undefined): void {
  rememberIn(call === undefined ? undefined : (call as Call).borrows());
}

/** A call that the host has answered with a promise. As an activity: the promise has settled, and its result is lowered when no guest runs. */
class HostSubtask extends Subtask implements Activity {
  readonly #component: ComponentState;
  readonly #call: Call;
  readonly #settle: Settle;
  readonly #isAsync: boolean;
  #ok = false;
  #value: unknown;

  constructor(component: ComponentState, path: string, call: Call, settle: Settle, isAsync: boolean) {
    super(path);
    this.#component = component;
    this.#call = call;
    this.#settle = settle;
    this.#isAsync = isAsync;
  }

  get store(): Store {
    return this.#component.store;
  }

  begin(promise: Promise<unknown>): void {
    this.started();
    this.store.hostBegins();
    promise.then(
      (value) => this.#settled(true, value),
      (error) => this.#settled(false, error),
    );
  }

  #settled(ok: boolean, value: unknown): void {
    if (this.resolved) {
      this.store.hostEnds();
      return;
    }
    this.#ok = ok;
    this.#value = value;
    this.store.hostAnswers();
    scheduler.enqueueNow(this);
  }

  ready(): boolean {
    if (!this.#component.closed) return true;
    scheduler.stall(this);
    return false;
  }

  resume(): boolean {
    const { slot, store } = this.#component;
    if (!store.alive || this.resolved) return false;
    pushFrame(slot);
    try {
      const flat = this.#settle(this.#ok, this.#value);
      this.resolve(this.#isAsync || flat === undefined ? [] : [flat]);
      popTo(CALL_STACK);
    } catch (error) {
      unwind(error, this.path, CALL_STACK, 0);
    }
    return false;
  }

  /** The host is told, and not waited for: whatever it answers later is for nobody. */
  override requestEnd(): void {
    this.resolve(undefined);
    this.#call.abort();
  }

  override deliverResolve(): void {
    super.deliverResolve();
    this.#call.end();
  }
}

/**
 * The caller waits for the promise, and for nothing else: no subtask need be made of the call, and its stack goes on by itself. A task of a
 * synchronous function must say that it has blocked, and cannot do so.
 */
function awaitOnStack(env: BorderEnv, promise: Promise<unknown>, call: HostCall, settle: Settle): void {
  const ended = (ok: boolean, value: unknown): Flat | undefined => {
    const flat = settle(ok, value);
    call.end();
    return flat;
  };
  awaitHost(promise, env.path, ended, false);
  materialiseAbove(CALL_STACK);
}

/** A host function has answered a promise: the core result of the lower, or what stands for it until the stack goes on. */
export function awaitHostCall(
  env: BorderEnv,
  promise: Promise<unknown>,
  call: HostCall,
  settle: Settle,
  isAsync: boolean,
  zero: Zero,
): Flat | undefined {
  const component = componentState(env.slot);
  invariant(component !== undefined, 'an instance that calls a function of an async type');
  if (!isAsync && currentThread(component).task.async) {
    awaitOnStack(env, promise, call, settle);
    return zero;
  }
  const subtask = new HostSubtask(component, env.path, call as Call, settle, isAsync);
  subtask.begin(promise);
  return answer(component, subtask, isAsync, zero);
}
