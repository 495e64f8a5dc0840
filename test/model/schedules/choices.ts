/** Who makes the choices that the specification leaves open: chance, a record of choices, or what another runtime was seen to do. */

import type { Choices, HostAct, Rules, ThreadChoice } from '../state.ts';
import type { Thread } from '../thread.ts';
import type { Random } from './random.ts';
import type { TraceRecord } from './schedule.ts';

export type ChoiceKind = ThreadChoice | 'event' | 'goes-on' | 'holder' | 'message';

/**
 * A choice that was made: of what kind, among which, and which. Threads go by their serial numbers, events by the handle of what they are
 * of; whether a thread goes on, or a message is kept, is 0 or 1. What has no alternative is no choice.
 */
export type Choice = readonly [kind: ChoiceKind, among: readonly number[], chosen: number];

/** What another runtime does cannot be what the model does, or a record of choices does not fit. */
export class Divergence extends Error {}

const EITHER: readonly number[] = [0, 1];

abstract class RecordedChoices implements Choices {
  readonly rules: Rules;
  readonly made: Choice[] = [];

  constructor(rules: Rules) {
    this.rules = rules;
  }

  /** `threads` are those that the numbers stand for, or the one that may go on. */
  protected abstract choose(kind: ChoiceKind, among: readonly number[], threads: readonly Thread[]): number;

  #make(kind: ChoiceKind, among: readonly number[], threads: readonly Thread[]): number {
    const chosen = this.choose(kind, among, threads);
    this.made.push([kind, among, chosen]);
    return chosen;
  }

  thread(at: ThreadChoice, candidates: readonly Thread[]): Thread {
    const sorted = [...candidates].sort((a, b) => a.serial - b.serial);
    const serials = sorted.map((thread) => thread.serial);
    const chosen = sorted.length === 1 ? serials[0] : this.#make(at, serials, sorted);
    return sorted.find((thread) => thread.serial === chosen) as Thread;
  }

  event(handles: readonly number[]): number {
    const sorted = [...handles].sort((a, b) => a - b);
    return sorted.length === 1 ? (sorted[0] as number) : this.#make('event', sorted, []);
  }

  goesOn(thread: Thread): boolean {
    return this.#make('goes-on', EITHER, [thread]) === 1;
  }

  holderGoesOn(holder: Thread): boolean {
    return this.#make('holder', EITHER, [holder]) === 1;
  }

  keepsMessage(): boolean {
    return this.#make('message', EITHER, []) === 1;
  }

  readonly hostActsAtOnce: boolean = true;

  hostActs(_kind: HostAct, _label: number, _ready: readonly Thread[]): boolean {
    return true;
  }

  hostForgets(_label: number): boolean {
    return false;
  }
}

export class RandomChoices extends RecordedChoices {
  readonly #random: Random;

  constructor(random: Random, rules: Rules = 'corrected') {
    super(rules);
    this.#random = random;
  }

  protected choose(_kind: ChoiceKind, among: readonly number[]): number {
    return this.#random.pick(among);
  }
}

/** Makes the choices again that were made before; they must be the same ones to make. */
export class SameChoices extends RecordedChoices {
  readonly #choices: readonly Choice[];

  constructor(choices: readonly Choice[], rules: Rules) {
    super(rules);
    this.#choices = choices;
  }

  protected choose(kind: ChoiceKind, among: readonly number[]): number {
    const recorded = this.#choices[this.made.length];
    const found = JSON.stringify([kind, among]);
    const expected = JSON.stringify(recorded?.slice(0, 2));
    if (recorded === undefined || found !== expected)
      throw new Divergence(`choice ${this.made.length}: ${found} here, ${expected ?? 'none'} in the record`);
    return recorded[2];
  }
}

/**
 * Chooses what a trace shows: whose report comes next has gone on. Where the trace does not tell (a trap came first, or a thread goes on
 * that may have let nobody go on between), `plan` does; `open` lists how many ways there were at each such place.
 */
export class FollowingChoices extends RecordedChoices {
  readonly open: number[] = [];
  readonly #next: (ahead?: number) => TraceRecord | undefined;
  readonly #keepsMessage: boolean;
  readonly #plan: readonly number[];

  constructor(
    next: (ahead?: number) => TraceRecord | undefined,
    keepsMessage: boolean,
    plan: readonly number[],
    rules: Rules,
  ) {
    super(rules);
    this.#next = next;
    this.#keepsMessage = keepsMessage;
    this.#plan = plan;
  }

  protected choose(kind: ChoiceKind, among: readonly number[], threads: readonly Thread[]): number {
    if (kind === 'message') return Number(this.#keepsMessage);
    const record = this.#next();
    if (record === undefined) return among[this.#planned(among.length)] as number;
    if (kind === 'goes-on' || kind === 'holder') return isOf(record, threads[0]) ? 1 - this.#planned(2) : 0;
    if (kind === 'event') return this.#event(record, among);
    // Threads that have not begun find their label in memory, where several may find the same.
    const likely = among.filter((_, i) => isOf(record, threads[i]));
    if (likely.length === 0) {
      const labels = threads.map((thread) => thread.label ?? '?').join(' or ');
      throw new Divergence(`${WHERE[kind]}, ${labels} can go on, but next is ${JSON.stringify(record)}`);
    }
    return likely[likely.length === 1 ? 0 : this.#planned(likely.length)] as number;
  }

  /** What the host of another runtime does may have to wait until a stack has been switched. */
  override readonly hostActsAtOnce: boolean = false;

  /** What the host does may show nothing at first: a call that waits to enter. */
  override hostActs(kind: HostAct, label: number, ready: readonly Thread[]): boolean {
    const record = this.#next();
    if (record === undefined) return this.#planned(2) === 0;
    if (kind === 'call' && record[0] === 'start' && record[1] === label) return true;
    const other = ready.some((thread) => isOf(record, thread));
    return (this.#planned(2) === 0) !== other;
  }

  /** What is cancelled before its turn may not show at all. The definition's host acts at once. */
  override hostForgets(label: number): boolean {
    if (this.rules === 'text') return false;
    for (let ahead = 0; ; ahead++) {
      const record = this.#next(ahead);
      if (record === undefined) return this.#planned(2) === 0;
      if (record[0] === 'start' && record[1] === label) return false;
    }
  }

  #event(record: TraceRecord, among: readonly number[]): number {
    const handle = record[0] === 'result' ? record[4] : record[0] === 'callback' ? record[3] : undefined;
    if (handle === undefined || !among.includes(handle as number))
      throw new Divergence(
        `events of the handles ${among.join(', ')} are pending, but next is ${JSON.stringify(record)}`,
      );
    return handle as number;
  }

  #planned(ways: number): number {
    this.open.push(ways);
    return this.#plan[this.open.length - 1] ?? 0;
  }
}

const WHERE = {
  tick: 'when the host lets one go on',
  'sync-task': 'while a synchronous task is blocked',
  cancel: 'when a cancellation wakes one',
} as const;

function isOf(record: TraceRecord, thread: Thread | undefined): boolean {
  return record[0] !== 'host' && record[0] !== 'settled' && record[1] === thread?.label;
}
