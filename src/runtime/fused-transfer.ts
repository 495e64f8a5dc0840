/** Carries the values of a call that has a task by the functions of its adapter (`abi/fused/async-adapter.ts`). */
import type { BorderEnv, Flat } from '../abi/js/border.ts';
import { invariant } from '../util/invariant.ts';
import { forgetLends, remember, takeLends } from './borrow-log.ts';
import { callTop } from './frames.ts';
import type { LiftedTask } from './lift.ts';
import type { Transfer } from './lower.ts';
import { giveBorrowIn, lend, type RuntimeResource } from './resource.ts';
import type { Subtask } from './subtask.ts';

type Carry = (...args: Flat[]) => Flat | readonly Flat[] | undefined;

/** The results of a core function, however many. */
function list(results: Flat | readonly Flat[] | undefined): readonly Flat[] {
  if (results === undefined) return [];
  return typeof results === 'object' ? results : [results];
}

export class FusedTransfer implements Transfer {
  /** Stands for the adapter in the log of what a call must undo. */
  readonly owner: BorderEnv;
  readonly #spills: boolean;
  readonly #from: number;
  readonly #to: number;
  #params: Carry | undefined;
  #results: Carry | undefined;
  /** Whose parameters are on their way. */
  #call: { readonly subtask: Subtask; readonly task: LiftedTask } | undefined;

  /** `spills`: the caller passes a pointer for the result, last. `from` and `to` are the slots of caller and callee. */
  constructor(owner: BorderEnv, spills: boolean, from: number, to: number) {
    this.owner = owner;
    this.#spills = spills;
    this.#from = from;
    this.#to = to;
  }

  /** Gives it the functions `p<i>` and `r<i>`. */
  carryBy(params: Carry, results: Carry): void {
    this.#params = params;
    this.#results = results;
  }

  params(flat: readonly Flat[], subtask: Subtask, task: LiftedTask): readonly Flat[] {
    this.#call = { subtask, task };
    const args = list(this.#params?.(...flat));
    this.#call = undefined;
    for (const giveBack of takeLends(callTop())) subtask.lends(giveBack);
    forgetLends();
    return args;
  }

  results(given: readonly Flat[], flat: readonly Flat[]): readonly Flat[] {
    return list(this.#spills ? this.#results?.(...given, flat.at(-1)!) : this.#results?.(...given));
  }

  /** Lends a handle for the call whose parameters are on their way: to its task, until its subtask's end is delivered, if it has one. */
  borrow(index: number, resource: RuntimeResource): number {
    const { rep, giveBack } = lend(this.#from, index, resource);
    if (this.#call === undefined) remember(this.owner, giveBack);
    else this.#call.subtask.lends(giveBack);
    if (resource.kind === 'guest' && resource.slot === this.#to) return rep;
    invariant(this.#call !== undefined, 'a call that has no task yet lends only to the instance whose resource it is');
    return giveBorrowIn(this.#to, resource, rep, this.#call.task.borrowScope);
  }
}
