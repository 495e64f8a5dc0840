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
import type { Store } from './store.ts';
import { Subtask } from './subtask.ts';

/** What a host function sees of its call; the signal is made when it is asked for. */
class Call implements HostCall {
  readonly undo: (() => void)[] = [];
  #controller: AbortController | undefined;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#controller?.abort(reason);
  }

  end(): void {
    for (const undo of this.undo.splice(0)) undo();
  }
}

export function hostCall(): HostCall {
  return new Call();
}

/** What the parameters lend belongs to the call; undefined: they are lifted. */
export function lendTo(call: HostCall | undefined): void {
  rememberIn(call === undefined ? undefined : (call as Call).undo);
}

/** The promise of a host function has settled: its result is lowered when no guest runs. */
class Settled implements Activity {
  readonly store: Store;
  readonly #slot: number;
  readonly #path: string;
  readonly #deliver: () => void;

  constructor(store: Store, slot: number, path: string, deliver: () => void) {
    this.store = store;
    this.#slot = slot;
    this.#path = path;
    this.#deliver = deliver;
  }

  ready(): boolean {
    if (componentState(this.#slot)?.closed !== true) return true;
    scheduler.stall(this);
    return false;
  }

  resume(): boolean {
    if (componentState(this.#slot)?.store.alive !== true) return false;
    pushFrame(this.#slot);
    try {
      this.#deliver();
      popTo(CALL_STACK);
    } catch (error) {
      unwind(error, this.#path, CALL_STACK, 0);
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
  const call = hostCall as Call;
  const component = componentState(env.slot);
  invariant(component !== undefined, 'an instance that calls a function of an async type');
  const subtask = new Subtask(`the host function ${env.path}`);
  subtask.started();
  subtask.lends(() => call.end());
  const { store } = component;
  const ended = (failure: Trap): void => call.abort(failure);
  const settled = (ok: boolean, value: unknown): void => {
    store.hostEnds();
    store.hostCalls.delete(ended);
    if (subtask.resolved) return;
    const deliver = (): void => {
      if (subtask.resolved) return;
      const flat = settle(ok, value);
      subtask.resolve(isAsync || flat === undefined ? [] : [flat]);
    };
    scheduler.enqueueNow(new Settled(store, env.slot, env.path, deliver));
  };
  store.hostBegins();
  store.hostCalls.add(ended);
  promise.then(
    (value) => settled(true, value),
    (error) => settled(false, error),
  );
  // The host is told, and not waited for: whatever it answers later is for nobody.
  subtask.onCancel = () => {
    store.hostCalls.delete(ended);
    subtask.resolve(undefined);
    call.abort(new DOMException('the guest has cancelled the call', 'AbortError'));
  };
  return answer(component, subtask, isAsync, zero);
}
