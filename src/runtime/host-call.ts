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
import { answer } from './lower.ts';
import { type Activity, scheduler } from './scheduler.ts';
import { awaitHost } from './stack.ts';
import type { Store, StoreWatcher } from './store.ts';
import { Subtask } from './subtask.ts';
import { currentThread, materialiseAbove } from './task.ts';

const NOTHING: (() => void)[] = [];

/** What a host function sees of its call; the signal is made when it is asked for, and only then must the call know that its guest is gone. */
class Call implements HostCall, StoreWatcher {
  #undo = NOTHING;
  #controller: AbortController | undefined;
  /** While the host has not answered yet. */
  #store: Store | undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#store?.ended === true) this.ended(this.#store.failure ?? this.#store.deadTrap(undefined));
      else this.#store?.dependents.add(this);
    }
    return this.#controller.signal;
  }

  /** The host has answered with a promise, to a guest of `store`. */
  pend(store: Store): void {
    this.#store = store;
    if (this.#controller !== undefined) store.dependents.add(this);
  }

  /** Nobody waits for the promise any more. */
  settled(): void {
    if (this.#controller !== undefined) this.#store?.dependents.delete(this);
    this.#store = undefined;
  }

  abort(reason: Error): void {
    this.#controller?.abort(reason);
  }

  /** The guest is gone. */
  ended(failure: Trap): void {
    this.abort(failure);
  }

  /** Its own list of what it must undo. */
  get list(): (() => void)[] {
    if (this.#undo === NOTHING) this.#undo = [];
    return this.#undo;
  }

  end(): void {
    this.settled();
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

/** What a promise of the host's holds of a call, until it settles or nobody waits for it any more: the host may never answer. */
interface Held {
  subtask: HostSubtask | undefined;
}

/** A call that the host has answered with a promise. As an activity: that has settled, and the result is lowered when no guest runs. */
class HostSubtask extends Subtask implements Activity, StoreWatcher {
  readonly store: Store;
  readonly #env: BorderEnv;
  readonly #call: Call;
  readonly #settle: Settle;
  readonly #pointer: Flat;
  readonly #held: Held = { subtask: this };
  #ok = false;
  #value: unknown;

  constructor(env: BorderEnv, store: Store, call: Call, settle: Settle, pointer: Flat) {
    super(env.path);
    this.store = store;
    this.#env = env;
    this.#call = call;
    this.#settle = settle;
    this.#pointer = pointer;
  }

  override get what(): string {
    return `the result of the host function ${this.path}`;
  }

  begin(promise: Promise<unknown>): void {
    this.started();
    this.#call.pend(this.store);
    this.store.hostBegins();
    const held = this.#held;
    promise.then(
      (value) => held.subtask?.settled(true, value),
      (error) => held.subtask?.settled(false, error),
    );
  }

  settled(ok: boolean, value: unknown): void {
    this.#held.subtask = undefined;
    this.store.dependents.delete(this);
    this.#call.settled();
    if (this.resolved) {
      this.store.hostEnds();
      return;
    }
    this.#ok = ok;
    this.#value = value;
    this.store.hostAnswers();
    scheduler.enqueueNow(this);
  }

  /** Its store has ended. */
  override abandon(failure: Trap): void {
    super.abandon(failure);
    if (this.#held.subtask === undefined) return;
    this.#held.subtask = undefined;
    this.#call.settled();
    this.store.hostEnds();
  }

  ended(failure: Trap): void {
    this.abandon(failure);
  }

  /** The host is told, and not waited for: whatever it answers later is for nobody. */
  override requestEnd(): void {
    this.resolve(undefined);
    this.#call.settled();
    this.#call.abort(new DOMException('the guest has cancelled the call', 'AbortError'));
  }

  override deliverResolve(): void {
    super.deliverResolve();
    this.#call.end();
  }

  ready(): boolean {
    if (componentState(this.#env.slot)?.closed !== true) return true;
    scheduler.stall(this);
    return false;
  }

  resume(): boolean {
    if (!this.store.alive || this.resolved) return false;
    const { slot, path, context } = this.#env;
    pushFrame(slot);
    try {
      const flat = this.#settle(this.#ok, this.#value, this.#pointer);
      this.resolve(context.options.async || flat === undefined ? [] : [flat]);
      popTo(CALL_STACK);
    } catch (error) {
      unwind(error, path, CALL_STACK, 0);
    }
    return false;
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
  hostCall: HostCall,
  settle: Settle,
  pointer: Flat,
): Flat | undefined {
  const component = componentState(env.slot);
  invariant(component !== undefined, 'an instance that calls a function of an async type');
  const call = hostCall as Call;
  const isAsync = env.context.options.async;
  if (!isAsync && currentThread(component).task.async) {
    awaitHost(env.path, promise, settle, pointer, call);
    call.pend(component.store);
    materialiseAbove(CALL_STACK);
    return env.zero;
  }
  const subtask = new HostSubtask(env, component.store, call, settle, pointer);
  subtask.begin(promise);
  // It has no handle by which it would hear of its store's end.
  if (!isAsync) component.store.dependents.add(subtask);
  return answer(component, subtask, isAsync, env.zero);
}
