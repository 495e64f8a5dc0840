/** What a thread that is about to take a step finds around it: for whoever thinks of a step. */
import { ErrorContext } from '../canon-others.ts';
import { ResourceHandle } from '../resource.ts';
import type { ComponentInstance } from '../state.ts';
import { CopyEnd } from '../stream.ts';
import type { Task, Thread } from '../thread.ts';
import { typeKey } from '../types.ts';
import { Subtask, Waitable, WaitableSet } from '../waitable.ts';
import type { Random } from './random.ts';
import type { Command, Operand } from './schedule.ts';
import { ELEMENTS, LAYOUT } from './world.ts';

/** What has a handle, with that handle. */
export type Held<T> = readonly [index: number, held: T];

/** Gives names to what steps bring forth: which slot of which instance holds what. */
export interface Names {
  /** Slots that a step may write. */
  fresh(instance: number, count: number): number;
  /** A slot that holds the number. */
  slotOf(instance: number, value: number): number | undefined;
  label(): number;
}

/** Where results will have been written that hold handles. */
export interface Note {
  readonly instance: number;
  readonly pointer: number;
}

export class Scene {
  readonly label: number;
  readonly thread: Thread;
  readonly random: Random;
  readonly names: Names;
  readonly handles: readonly (readonly [number, unknown])[];

  constructor(label: number, thread: Thread, random: Random, names: Names) {
    this.label = label;
    this.thread = thread;
    this.random = random;
    this.names = names;
    this.handles = thread.task.inst.handles.entries();
  }

  get task(): Task {
    return this.thread.task;
  }

  get inst(): ComponentInstance {
    return this.thread.task.inst;
  }

  /** Whether this thread runs what a synchronous caller waits for. */
  get mustReturn(): boolean {
    return !this.task.ft.async;
  }

  get isMain(): boolean {
    return this.task.implicitThread === this.thread;
  }

  /** A handle as a slot, where one holds it. */
  ref(index: number): Operand {
    const slot = this.names.slotOf(this.inst.number, index);
    return slot === undefined ? index : `s${slot}`;
  }

  #held<T>(is: (handle: unknown) => handle is T, wanted: (held: T) => boolean): Held<T>[] {
    return this.handles.flatMap(([index, handle]) =>
      is(handle) && wanted(handle) ? [[index, handle] as Held<T>] : [],
    );
  }

  ends(wanted: (end: CopyEnd) => boolean = () => true): Held<CopyEnd>[] {
    return this.#held((handle) => handle instanceof CopyEnd, wanted);
  }

  subtasks(wanted: (subtask: Subtask) => boolean = () => true): Held<Subtask>[] {
    return this.#held((handle) => handle instanceof Subtask, wanted);
  }

  waitables(wanted: (waitable: Waitable) => boolean = () => true): Held<Waitable>[] {
    return this.#held((handle) => handle instanceof Waitable, wanted);
  }

  sets(wanted: (set: WaitableSet) => boolean = () => true): Held<WaitableSet>[] {
    return this.#held((handle) => handle instanceof WaitableSet, wanted);
  }

  resources(name: string, wanted: (handle: ResourceHandle) => boolean = () => true): Held<ResourceHandle>[] {
    return this.#held(
      (handle) => handle instanceof ResourceHandle,
      (handle) => (handle.rt.name === 'thing' ? name === 'thing' : name === 'local') && wanted(handle),
    );
  }

  errorContexts(): Held<ErrorContext>[] {
    return this.#held(
      (handle) => handle instanceof ErrorContext,
      () => true,
    );
  }

  otherThreads(wanted: (thread: Thread) => boolean): Held<Thread>[] {
    return this.inst.threads.entries().filter(([, thread]) => thread !== this.thread && wanted(thread));
  }

  /** The address of a piece of memory for a buffer. */
  piece(): number {
    return LAYOUT.scratch + LAYOUT.piece * this.random.below(LAYOUT.pieces - 2);
  }

  /** A step whose results go into `count` fresh slots. */
  naming(count: number, op: string, ...args: Operand[]): Command {
    return { op, args, to: this.names.fresh(this.inst.number, count) };
  }
}

/** The name of an end's element type in operations. */
export function elementOf(end: CopyEnd): string {
  const what = end.kind.startsWith('stream') ? 'stream' : 'future';
  const key = typeKey(end.shared.type);
  return Object.keys(ELEMENTS[what]).find((name) => typeKey(ELEMENTS[what][name]) === key) ?? 'none';
}
