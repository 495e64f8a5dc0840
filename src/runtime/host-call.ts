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
import { answer } from './lower.ts';
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
  readonly #pointer: Flat;
  readonly #isAsync: boolean;
  #ok = false;
  #value: unknown;

  constructor(component: ComponentState, env: BorderEnv, call: Call, settle: Settle, pointer: Flat) {
    super(env.path);
    this.#component = component;
    this.#call = call;
    this.#settle = settle;
    this.#pointer = pointer;
    this.#isAsync = env.context.options.async;
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
      const flat = this.#settle(this.#ok, this.#value, this.#pointer);
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
 * A host function of an async type has answered a promise: the core result of the lower, or what stands for it until the stack goes on.
 * A caller that waits for it makes no subtask, and its stack goes on by itself; but a task of a synchronous function must say that it has
 * blocked, and cannot wait so.
 */
export function awaitHostCall(
  env: BorderEnv,
  promise: Promise<unknown>,
  call: HostCall,
  settle: Settle,
  pointer: Flat,
): Flat | undefined {
  const component = componentState(env.slot);
  invariant(component !== undefined, 'an instance that calls a function of an async type');
  const isAsync = env.context.options.async;
  if (!isAsync && currentThread(component).task.async) {
    awaitHost(env.path, promise, settle, pointer, call);
    materialiseAbove(CALL_STACK);
    return env.zero;
  }
  const subtask = new HostSubtask(component, env, call as Call, settle, pointer);
  subtask.begin(promise);
  return answer(component, subtask, isAsync, env.zero);
}
