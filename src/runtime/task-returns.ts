/** What the shims of `task.return` and the adapters of one instantiation share: keys of what is returned, and what delivers results. */
import type { StringEncoding } from '../types/definition.ts';
import type { Payload } from './payload.ts';
import type { CoreFunction } from './prepared.ts';

export class TaskReturns {
  readonly #keys: { readonly result: Payload; readonly options: readonly unknown[] }[] = [];
  /** The functions that deliver results. */
  readonly table: WebAssembly.Table = new WebAssembly.Table({ element: 'anyfunc', initial: 0 });

  /** A number for what a `task.return` with these options returns, or for one that names no memory; the same for equal ones. */
  key(result: Payload, memory?: WebAssembly.Memory, encoding?: StringEncoding): number {
    const options = memory === undefined ? [] : [memory, encoding];
    const at = this.#keys.findIndex(
      (k) =>
        k.options.length === options.length && k.options.every((o, i) => o === options[i]) && k.result.equals(result),
    );
    return (at < 0 ? this.#keys.push({ result, options }) - 1 : at) + 1;
  }

  /** Puts what delivers results into the table; answers where. */
  deliveredBy(deliver: CoreFunction): number {
    const at = this.table.grow(1);
    this.table.set(at, deliver);
    return at;
  }
}

const made = new WeakMap<object, TaskReturns>();

/** Those of an instantiation. */
export function returnsOf(run: object): TaskReturns {
  let returns = made.get(run);
  if (returns === undefined) {
    returns = new TaskReturns();
    made.set(run, returns);
  }
  return returns;
}
