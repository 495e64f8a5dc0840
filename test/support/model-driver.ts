/** Carries schedules (`test/model`) out on Tenon: the components of the family, each step handed out by a function of the host. */
import { type Instance, type InstancePre, type LinkOptions, Trap } from '../../src/index.ts';
import type { Observed, ObservedTrap } from '../model/schedules/check.ts';
import type { Subject } from '../model/schedules/compare.ts';
import { describeResult } from '../model/schedules/run.ts';
import { Director, HOST_VALUES, type HostStep, type Schedule, type Step } from '../model/schedules/schedule.ts';
import { type Family, funcNamed, OPS } from '../model/schedules/world.ts';
import { TRAPS, type TrapName } from '../model/trap.ts';
import { assemble } from './assemble.ts';
import { turn } from './component.ts';
import { OPERANDS } from './model-guest.ts';
import { linkFamily } from './model-link.ts';
import { callNumber, familyText } from './model-text.ts';

/**
 * Codes of Tenon's traps for those of the model. The first goes with the words that the reference suite has for the trap, if it has any;
 * others are for cases that the suite does not have.
 */
const CODES: Readonly<Record<TrapName, readonly string[]>> = {
  'cannot-leave': ['cannot-leave'],
  'would-block': ['would-block'],
  'callback-code': ['callback-code'],
  'task-unresolved': ['task-unresolved'],
  'task-return-sync': ['task-return'],
  'task-return-type': ['task-return'],
  'task-return-options': ['task-return'],
  'task-return-resolved': ['task-return'],
  'task-cancel-sync': ['task-cancel', 'task-return'],
  'task-cancel-undelivered': ['task-cancel'],
  'borrows-remain': ['borrows-remain'],
  'uncaught-exception': ['uncaught-exception'],
  backpressure: ['backpressure'],
  unreachable: ['unreachable'],
  'unknown-handle': ['unknown-handle'],
  'not-a-resource': ['wrong-handle-type'],
  'wrong-resource': ['wrong-handle-type'],
  'handle-lent': ['handle-borrowed'],
  'not-owned': ['not-owned'],
  'not-a-set': ['wrong-handle-type'],
  'not-a-waitable': ['wrong-handle-type'],
  'waited-synchronously': ['waitable-in-use'],
  'set-not-empty': ['waitable-in-use'],
  'set-has-waiters': ['waitable-in-use'],
  'in-set': ['waitable-in-use'],
  'not-a-subtask': ['wrong-handle-type'],
  'subtask-resolved': ['subtask-cancel'],
  'subtask-cancel-twice': ['subtask-cancel'],
  'subtask-unresolved': ['subtask-unresolved'],
  'not-this-end': ['wrong-handle-type'],
  'element-type': ['element-type'],
  'end-busy': ['end-busy'],
  'stream-read-done': ['end-done'],
  'stream-write-done': ['end-done'],
  'future-read-done': ['end-done'],
  'future-write-done': ['end-done'],
  'not-copying': ['end-busy', 'end-done'],
  'same-instance': ['same-instance-copy'],
  'drop-busy': ['end-busy'],
  'future-unwritten': ['end-unwritten', 'end-busy'],
  'lift-busy': ['end-busy'],
  'lift-stream-done': ['end-done'],
  'lift-future-done': ['end-done'],
  'lift-stream-in-set': ['waitable-in-use'],
  'lift-future-in-set': ['waitable-in-use'],
  'buffer-too-long': ['buffer-too-long'],
  'buffer-unaligned': ['unaligned-pointer'],
  'buffer-out-of-bounds': ['memory-out-of-bounds'],
  'unknown-thread': ['unknown-thread'],
  'thread-not-suspended': ['thread-state'],
  'thread-function-absent': ['core-trap'],
  'thread-function-type': ['core-trap'],
  'pointer-unaligned': ['unaligned-pointer'],
  'pointer-out-of-bounds': ['memory-out-of-bounds'],
  'content-out-of-bounds': ['string-out-of-bounds', 'list-out-of-bounds', 'value-too-large'],
  'invalid-utf8': ['invalid-utf8', 'incomplete-utf8'],
  'invalid-case': ['invalid-discriminant'],
  'not-an-error-context': ['wrong-handle-type'],
};

function trapOf({ code, message }: Trap): ObservedTrap {
  return {
    message: `${code}: ${message}`,
    fits: (name) => {
      const [first, ...others] = CODES[name];
      return code === first ? message.includes(TRAPS[name] ?? '') : others.includes(code);
    },
  };
}

/** After so many steps something goes round in circles. */
const MOST_STEPS = 5000;

/** One schedule under way: the host's functions, and the host's side of calls. */
class Session {
  readonly director: Director;
  readonly #schedule: Schedule;
  readonly #aborts = new Map<number, AbortController>();
  readonly #waits = new Map<number, (value: number) => void>();
  readonly #failures: unknown[] = [];
  #steps = 0;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
    this.director = new Director(schedule);
  }

  // ---- what the guests import

  next(instance: number, label: number, report: number, values: readonly number[]): readonly number[] {
    if (this.#steps++ > MOST_STEPS) throw new Error('the schedule does not end');
    const step = this.director.next(label, report, values);
    const operands = this.#operands(instance, label, step);
    return [OPS.indexOf(step.op), ...Array.from({ length: OPERANDS }, (_, i) => operands[i] ?? 0)];
  }

  /** Operands as the core module takes them: see `operation` in `model-guest.ts`. */
  #operands(instance: number, label: number, { op, args }: Step): readonly number[] {
    if (op === 'poke') return [args[0] ?? 0, args.length - 1, ...args.slice(1)];
    if (op === 'show') return [args[0] ?? 0, args[1] ?? 0, label];
    if (!op.startsWith('call')) return args;
    const [peer = 0, func = 0, ...rest] = args;
    const neighbour = peer === 0 ? undefined : peer - 1;
    return [callNumber(this.#schedule, instance, neighbour, func, op.startsWith('call-async')), ...rest];
  }

  wait(label: number): Promise<number> {
    return new Promise((resolve) => this.#waits.set(label, resolve));
  }

  // ---- the host

  async run(instance: Instance): Promise<Observed> {
    for (const [i, step] of this.#schedule.host.entries()) {
      this.director.record(['host', i]);
      // What the host does between two times that it lets go on happens in one job.
      const settles = step.kind === 'settle' || (step.kind === 'call' && !step.promised);
      if (settles) await this.#letGoOn(instance);
      if (step.kind !== 'settle' && instance.alive) this.#step(instance, step);
      if (this.#failures.length > 0 || !instance.alive) break;
    }
    await this.#letGoOn(instance);
    if (!instance.alive) this.#mustRefuse(instance);
    return { trace: this.director.trace, trap: this.#trap(), keepsMessage: true };
  }

  #step(instance: Instance, step: Exclude<HostStep, { kind: 'settle' }>): void {
    switch (step.kind) {
      case 'call':
        this.#call(instance, step);
        break;
      case 'cancel':
        this.director.cancelled(step.label);
        this.#aborts.get(step.label)?.abort();
        break;
      case 'resolve':
        this.#waits.get(step.label)?.(step.label + 1);
        this.#waits.delete(step.label);
        break;
      default:
        step satisfies never;
    }
  }

  /** Lets all jobs run until nothing happens any more. */
  async #letGoOn(instance: Instance): Promise<void> {
    for (let before = -1; before !== this.#steps; ) {
      before = this.#steps;
      await turn();
      await turn();
    }
    if (instance.alive) this.director.settled();
  }

  #call(instance: Instance, step: HostStep & { readonly kind: 'call' }): void {
    const { label } = step;
    const func = funcNamed(step.func);
    const name = `i${step.instance}-${step.func}`;
    const exports = func.flavour === 'sync' && step.promised ? instance.promised : instance.exports;
    const abort = new AbortController();
    this.#aborts.set(label, abort);
    const values = func.signature === 'values' ? HOST_VALUES : [];
    const options = func.flavour === 'sync' ? [] : [{ signal: abort.signal }];
    const ended = (value: unknown): void => this.director.ended(label, describeResult(value));
    const failed = (error: unknown): void => {
      if (!(error instanceof DOMException && error.name === 'AbortError')) this.#failures.push(error);
    };
    try {
      const result = (exports[name] as (...args: unknown[]) => unknown)(label, ...values, ...options);
      if (result instanceof Promise) result.then(ended, failed);
      else ended(result);
    } catch (error) {
      failed(error);
    }
  }

  /** Nobody may be there to be told of a trap: what later calls are refused with says why. */
  #mustRefuse(instance: Instance): void {
    try {
      (instance.exports['i0-sync-u32'] as (label: number) => unknown)(0);
    } catch (error) {
      if (!(error instanceof Trap) || error.code !== 'store-dead') throw error;
      this.#failures.push(error.cause ?? error);
      return;
    }
    throw new Error('an instance took a call after it had trapped');
  }

  /** The trap that ended the store: what was refused afterwards says nothing of it. */
  #trap(): ObservedTrap | undefined {
    const odd = this.#failures.find((failure) => !(failure instanceof Trap));
    if (odd !== undefined) throw odd;
    const traps = this.#failures as Trap[];
    const first = traps.find((trap) => trap.code !== 'store-dead') ?? traps[0];
    return first === undefined ? undefined : trapOf(first);
  }
}

/** Tenon, with components for schedules of two to four instances. */
export class TenonSubject implements Subject {
  readonly #options: LinkOptions;
  readonly #components = new Map<string, Promise<InstancePre>>();
  #session: Session | undefined;

  constructor(options: LinkOptions = {}) {
    this.#options = options;
  }

  /** Links the components of a family. Throws what linking throws. */
  async prepare(family: Family): Promise<void> {
    await this.#linked(family);
  }

  async run(schedule: Schedule): Promise<Observed> {
    const pre = await this.#linked(schedule);
    const session = new Session(schedule);
    this.#session = session;
    using instance = pre.instantiate();
    return await session.run(instance);
  }

  #linked(family: Family): Promise<InstancePre> {
    const key = `${family.instances} ${family.prompt}`;
    const known = this.#components.get(key) ?? this.#link(family);
    this.#components.set(key, known);
    return known;
  }

  #link(family: Family): Promise<InstancePre> {
    const session = (): Session => {
      if (this.#session === undefined) throw new Error('no schedule is under way');
      return this.#session;
    };
    const host = {
      next: (instance: number, label: number, report: number, ...values: number[]) =>
        session().next(instance, label, report, values),
      show: (label: number, bytes: Uint8Array) => session().director.show(label, bytes),
      wait: (label: number) => session().wait(label),
    };
    return linkFamily(assemble(familyText(family)), host, this.#options);
  }
}
