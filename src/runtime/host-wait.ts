/** A stack that waits for a promise of the host's, with its instances closed meanwhile. One object for all waits of a stack. */
import type { Flat, Settle } from '../abi/js/border.ts';
import { type Activity, scheduler } from './scheduler.ts';
import type { Store } from './store.ts';

/** A stack that can be asked to suspend. */
interface Asked extends Activity {
  ask(then: () => Flat | undefined, closes: boolean): void;
}

export class HostWait {
  readonly #stack: Asked;
  #settle: Settle | undefined;
  #path = '';
  #host: Store | undefined;
  #settled = false;
  #ok = false;
  #value: unknown;

  constructor(stack: Asked) {
    this.#stack = stack;
  }

  /** The function of the host's that it waits for, while it does. */
  get path(): string | undefined {
    return this.#settle === undefined ? undefined : this.#path;
  }

  /** The stack will suspend until the promise settles; then `settle` gives the core result. `host` is told. */
  begin(until: Promise<unknown>, path: string, host: Store | undefined, settle: Settle): void {
    this.#settle = settle;
    this.#path = path;
    this.#host = host;
    this.#settled = false;
    this.#stack.ask(this.#after, true);
    host?.hostBegins();
    until.then(this.#fulfilled, this.#rejected);
  }

  readonly #after = (): Flat | undefined => {
    const settle = this.#settle;
    const value = this.#value;
    this.#settle = undefined;
    this.#value = undefined;
    return settle?.(this.#ok, value);
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
    scheduler.enqueueNow(this.#stack);
  }
}
