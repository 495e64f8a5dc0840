/**
 * Schedules: what the host does, and what each task and thread of the guests does, step by step. A director hands out the steps to
 * whoever carries a schedule out and writes down what they report.
 */
import { type Family, FUNCS, type Func, LAYOUT, SIGNATURES, type SignatureName, STRINGS } from './world.ts';

/** A number, or the number that a slot holds. */
export type Operand = number | `s${number}`;

/**
 * One step of a guest; its results go into the slots from `to` on. `finish` ends a core function: with its first operand, and 16 times its
 * second. `call` names an instance by one more than its number, and the host by 0.
 */
export interface Command {
  readonly op: string;
  readonly args: readonly Operand[];
  readonly to?: number;
}

/** What a task or thread does. What a function was called with goes into the slots from `argsTo` on. */
export interface Script {
  readonly argsTo?: number;
  readonly commands: readonly Command[];
}

/**
 * What the host does: calls an export (on a stack that can wait; or, after all has settled, synchronously), asks such a call to cancel, ends
 * a call of its own function, or lets everything go on that can.
 */
export type HostStep =
  | {
      readonly kind: 'call';
      readonly instance: number;
      readonly func: string;
      readonly label: number;
      readonly promised: boolean;
    }
  | { readonly kind: 'cancel' | 'resolve'; readonly label: number }
  | { readonly kind: 'settle' };

export interface Schedule extends Family {
  /** Of what it was made. */
  readonly seed: number;
  readonly host: readonly HostStep[];
  /** By label. */
  readonly scripts: Readonly<Record<string, Script>>;
}

/** How the host's call of a function of the signature `values` is made. */
export const HOST_VALUES = [0x1_0000_0002n, STRINGS[1].text, [7, 8]] as const;

/** What a thread says when it asks for its next step. Beginnings of functions are numbered from `start` on. */
export const REPORT = { callback: 1, result: 2, thread: 3, dtor: 4, start: 16 } as const;

/**
 * What happened, in order. `host`: the host does its step of that number. `settled`: nothing can go on; which calls of the host have ended
 * since. `start`, `callback`, `thread`, `dtor`, `result`: what a thread reports, by its label. `show`: bytes of its memory.
 */
export type TraceRecord =
  | readonly ['host', step: number]
  | readonly ['settled', ended: readonly Ended[]]
  | readonly ['start' | 'callback' | 'thread' | 'dtor', label: number, ...values: number[]]
  | readonly ['result', label: number, step: number, ...values: number[]]
  | readonly ['show', label: number, bytes: string];

/** With what a call of the host ended. */
export type Ended = readonly [label: number, value: string];

/** A step as it is carried out. */
export interface Step {
  readonly op: string;
  readonly args: readonly number[];
}

interface Running {
  readonly func: Func | undefined;
  readonly task: number;
  next: number;
  last: Command | undefined;
}

/** Hands out commands and keeps the trace. */
export class Director {
  readonly schedule: Schedule;
  readonly trace: TraceRecord[] = [];
  readonly #slots = new Map<number, number>();
  readonly #running = new Map<number, Running>();
  readonly #taskOf = new Map<number, number>();
  readonly #resolved = new Set<number>();
  readonly #cancelled = new Set<number>();
  #ended: Ended[] = [];

  constructor(schedule: Schedule) {
    this.schedule = schedule;
  }

  record(record: TraceRecord): void {
    this.trace.push(record);
  }

  show(label: number, bytes: Uint8Array): void {
    this.record(['show', label, bytes.reduce((text, byte) => text + byte.toString(16).padStart(2, '0'), '')]);
  }

  /** The host has asked a call to cancel: from now on it is not interested in how that ends. */
  cancelled(label: number): void {
    this.#cancelled.add(label);
  }

  /** A call of the host has ended. */
  ended(label: number, value: string): void {
    this.#ended.push([label, value]);
  }

  settled(): void {
    const ended = this.#ended.filter(([label]) => !this.#cancelled.has(label)).sort(([a], [b]) => a - b);
    this.#ended = [];
    this.record(['settled', ended]);
  }

  /** A thread reports what it has come to, and asks what to do. */
  next(label: number, report: number, values: readonly number[]): Step {
    const running = this.#report(label, report, values);
    const command = this.commandOf(label, running.next++) ?? this.#ending(label, running);
    running.last = command;
    const args = command.args.map((operand) => this.#valueOf(operand));
    if (command.op === 'thread.new') this.#taskOf.set(args[1] ?? 0, this.#taskOf.get(label) ?? label);
    return { op: command.op, args };
  }

  /** The step of a script, if it has that many. */
  protected commandOf(label: number, step: number): Command | undefined {
    return this.schedule.scripts[label]?.commands[step];
  }

  #report(label: number, report: number, values: readonly number[]): Running {
    const known = this.#running.get(label);
    if (report === REPORT.result && known !== undefined) {
      this.record(['result', label, known.next - 1, ...values.slice(0, 3)]);
      const op = known.last?.op ?? '';
      this.#store(known.last?.to, namedResults(op, values));
      if (op.startsWith('task.return') || op === 'task.cancel') this.#resolved.add(known.task);
      return known;
    }
    if (report === REPORT.callback) this.record(['callback', label, ...values.slice(0, 3)]);
    else if (report === REPORT.thread) this.record(['thread', label]);
    else if (report === REPORT.dtor) this.record(['dtor', label]);
    else this.record(['start', label, ...values]);
    if (known !== undefined) return known;
    const task = this.#taskOf.get(label) ?? label;
    const running = { func: FUNCS[report - REPORT.start], task, next: 0, last: undefined };
    this.#running.set(label, running);
    if (report >= REPORT.start) this.#store(this.argsTo(label), values);
    return running;
  }

  protected argsTo(label: number): number | undefined {
    return this.schedule.scripts[label]?.argsTo;
  }

  #store(to: number | undefined, values: readonly number[]): void {
    if (to !== undefined) for (const [i, value] of values.entries()) this.#slots.set(to + i, value);
  }

  /** What a slot holds; nothing was stored there: 0. */
  slot(number: number): number {
    return this.#slots.get(number) ?? 0;
  }

  #valueOf(operand: Operand): number {
    return typeof operand === 'number' ? operand : this.slot(Number(operand.slice(1)));
  }

  /** The function that a label has begun in. */
  funcOf(label: number): Func | undefined {
    return this.#running.get(label)?.func;
  }

  /** Whether the task of a label has returned or was cancelled, as far as its steps tell. */
  hasResolved(label: number): boolean {
    return this.#resolved.has(this.#taskOf.get(label) ?? label);
  }

  /** What a thread does when its script is at its end: it returns what says nothing. */
  #ending(label: number, { func }: Running): Command {
    if (func === undefined) return { op: 'finish', args: [0] };
    const { flavour, signature } = func;
    if (flavour === 'sync' || flavour === 'blocking') return { op: 'finish', args: [plainResult(signature, label)] };
    if (this.hasResolved(label)) return { op: 'finish', args: [0] };
    return defaultReturn(signature, label);
  }
}

/** What of an operation's results goes into slots: both ends of a stream or future; the handle of a subtask, which stands above its state. */
function namedResults(op: string, [first = 0, second = 0]: readonly number[]): readonly number[] {
  if (op.startsWith('call-async')) return [first >>> 4];
  return op.includes('.new.') ? [first, second] : [first];
}

/** The core result of a synchronous lift: a number, or the address of zeros. */
export function plainResult(signature: SignatureName, label: number): number {
  return SIGNATURES[signature].result?.kind === 'u32' ? label : LAYOUT.nothing;
}

/** The `task.return` that says least. */
export function defaultReturn(signature: SignatureName, label: number): Command {
  const args: Readonly<Record<SignatureName, readonly number[]>> = {
    plain: [],
    u32: [label],
    borrow: [label],
    values: [STRINGS[0].at, STRINGS[0].text.length, label, 0],
    own: [0, 0],
    stream: [0, 0],
    future: [0, 0],
    ends: [0, 0],
  };
  return { op: `task.return.${signature}`, args: args[signature] };
}
