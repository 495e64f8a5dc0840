/** A stack that waits for a promise of the host's, with its instances closed meanwhile. One object for all waits of a stack. */
import type { Flat, HostCall, Settle } from '../abi/js/border.ts';
import { type Activity, scheduler } from './scheduler.ts';
import type { Store } from './store.ts';

/** A stack that can be asked to suspend. */
interface Asked extends Activity {
  readonly canGo: boolean;
  go(): boolean;
  ask(then: () => Flat | undefined, closes: boolean): void;
}

export class HostWait {
  /** Undefined once it has died: what the host still holds of the wait then holds nothing else. */
  #stack: Asked | undefined;
  #settle: Settle | undefined;
  #pointer: Flat = 0;
  #call: HostCall | undefined;
  #path: string | undefined;
  #host: Store | undefined;
  #settled = false;
  #ok = false;
  #value: unknown;

  constructor(stack: Asked) {
    this.#stack = stack;
  }

  /** The function of the host's that it waits for, while it does. */
  get path(): string | undefined {
    return this.#path;
  }

  /** As `awaitHost` of `stack.ts`. `host` is told. */
  begin(
    path: string,
    until: Promise<unknown>,
    host: Store | undefined,
    settle: Settle,
    pointer: Flat,
    call: HostCall | undefined,
  ): void {
    this.#settle = settle;
    this.#pointer = pointer;
    this.#call = call;
    this.#path = path;
    this.#host = host;
    this.#settled = false;
    this.#stack?.ask(this.#after, call === undefined);
    host?.hostBegins();
    until.then(this.#fulfilled, this.#rejected);
  }

  readonly #after = (): Flat | undefined => {
    const value = this.#value;
    const call = this.#call;
    this.#path = undefined;
    this.#value = undefined;
    this.#call = undefined;
    const flat = this.#settle?.(this.#ok, value, this.#pointer);
    call?.end();
    return flat;
  };

  readonly #fulfilled = (value: unknown): void => this.#end(true, value);

  readonly #rejected = (error: unknown): void => this.#end(false, error);

  #end(ok: boolean, value: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#ok = ok;
    this.#value = value;
    this.#host?.hostAnswers();
    this.#host = undefined;
    const stack = this.#stack;
    if (stack === undefined) return;
    if (stack.canGo && scheduler.take()) stack.go();
    else scheduler.enqueueNow(stack);
  }

  /** The stack has died: the host may take its time, or never answer. */
  abandon(): void {
    if (this.#path !== undefined && !this.#settled) this.#host?.hostEnds();
    this.#settled = true;
    this.#stack = undefined;
    this.#settle = undefined;
    this.#call = undefined;
    this.#host = undefined;
    this.#value = undefined;
  }
}
