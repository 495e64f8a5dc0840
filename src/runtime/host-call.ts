/**
 * Calls of host functions of an async type: a subtask without a task. Specification: CanonicalABI.md, `canon_lower` of what the host
 * implements.
 */
import type { BorderEnv, Flat, HostCall, Settle } from '../abi/js/border.ts';
import type { Trap } from '../error/trap.ts';
import { invariant } from '../util/invariant.ts';
import { rememberIn } from './borrow-log.ts';
import { componentState } from './component-state.ts';
import { CALL_STACK } from './control.ts';
import { unwind } from './failure.ts';
import { popTo, pushFrame } from './frames.ts';
import { answer, type Zero } from './lower.ts';
import { type Activity, scheduler } from './scheduler.ts';
import type { Store, StoreWatcher } from './store.ts';
import { Subtask } from './subtask.ts';

const NOTHING: (() => void)[] = [];

/** What a host function sees of its call; the signal is made when it is asked for. */
class Call implements HostCall {
  #undo = NOTHING;
  #controller: AbortController | undefined;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#controller?.abort(reason);
  }

  /** Its own list of what it must undo. */
  get list(): (() => void)[] {
    if (this.#undo === NOTHING) this.#undo = [];
    return this.#undo;
  }

  get lends(): boolean {
    return this.#undo.length > 0;
  }

  end(): void {
    const undo = this.#undo;
    this.#undo = NOTHING;
    for (const each of undo) each();
  }
}

export function hostCall(): HostCall {
  return new Call();
}

/** What the parameters lend belongs to the call; undefined: they are lifted. */
export function lendTo(call: HostCall | undefined): void {
  rememberIn(call === undefined ? undefined : (call as Call).list);
}

/** A call that the host has answered with a promise. When that settles, the result is lowered as soon as no guest runs. */
class PendingCall implements Activity, StoreWatcher {
  readonly store: Store;
  readonly subtask: Subtask;
  readonly #env: BorderEnv;
  readonly #call: Call;
  readonly #settle: Settle;
  readonly #isAsync: boolean;
  #ok = false;
  #value: unknown;

  constructor(env: BorderEnv, store: Store, call: Call, settle: Settle, isAsync: boolean) {
    this.store = store;
    this.subtask = new Subtask(`the host function ${env.path}`);
    this.#env = env;
    this.#call = call;
    this.#settle = settle;
    this.#isAsync = isAsync;
    this.subtask.started();
    if (call.lends) this.subtask.lends(() => call.end());
    store.hostBegins();
    store.dependents.add(this);
  }

  settled(ok: boolean, value: unknown): void {
    this.store.hostEnds();
    this.store.dependents.delete(this);
    if (this.subtask.resolved) return;
    this.#ok = ok;
    this.#value = value;
    scheduler.enqueueNow(this);
  }

  /** The host is told, and not waited for: whatever it answers later is for nobody. */
  cancel(): void {
    this.store.dependents.delete(this);
    this.subtask.resolve(undefined);
    this.#call.abort(new DOMException('the guest has cancelled the call', 'AbortError'));
  }

  /** The guest is gone. */
  ended(failure: Trap): void {
    this.#call.abort(failure);
  }

  ready(): boolean {
    if (componentState(this.#env.slot)?.closed !== true) return true;
    scheduler.stall(this);
    return false;
  }

  resume(): boolean {
    if (!this.store.alive || this.subtask.resolved) return false;
    pushFrame(this.#env.slot);
    try {
      const flat = this.#settle(this.#ok, this.#value);
      this.subtask.resolve(this.#isAsync || flat === undefined ? [] : [flat]);
      popTo(CALL_STACK);
    } catch (error) {
      unwind(error, this.#env.path, CALL_STACK, 0);
    }
    return false;
  }
}

/** A host function has answered a promise: the core result of the lower, or what stands for it until the stack goes on. */
export function awaitHostCall(
  env: BorderEnv,
  promise: Promise<unknown>,
  hostCall: HostCall,
  settle: Settle,
  isAsync: boolean,
  zero: Zero,
): Flat | undefined {
  const component = componentState(env.slot);
  invariant(component !== undefined, 'an instance that calls a function of an async type');
  const pending = new PendingCall(env, component.store, hostCall as Call, settle, isAsync);
  promise.then(
    (value) => pending.settled(true, value),
    (error) => pending.settled(false, error),
  );
  pending.subtask.onCancel = () => pending.cancel();
  return answer(component, pending.subtask, isAsync, zero);
}
