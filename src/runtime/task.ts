/**
 * Tasks and their threads. Specification: CanonicalABI.md, "Thread State", "Task State".
 *
 * A thread that has no stack of its own while it waits (one that has not begun, or waits between callbacks) goes on by a plain call. One
 * that waits amid its code has a suspended stack, which goes on in a job of its own. A synchronous call makes neither task nor thread until
 * something asks for the current one.
 */
import { makeTrap } from '../error/trap.ts';
import { invariant } from '../util/invariant.ts';
import { type ComponentState, componentState } from './component-state.ts';
import { FRESH } from './context-slots.ts';
import { CALL_STACK, control, DEFERRED, FRAME_SIZE, FRAME_THREAD, RETURNED } from './control.ts';
import { unwind } from './failure.ts';
import { callTop, popTo } from './frames.ts';
import { type Activity, type SyncScope, scheduler } from './scheduler.ts';
import { isPlaceholder, type Stack, type WaitedFor, wordsOf } from './stack.ts';
import type { Store } from './store.ts';

/** Specification: `Task.State`. */
export type TaskState = 'initial' | 'started' | 'pending-cancel' | 'cancel-delivered' | 'resolved';

const BORROWS_SIZE = 16;

let tasksMade = 0;

/** How many tasks have been made in this thread. */
export function taskCount(): number {
  return tasksMade;
}

export class Task {
  readonly component: ComponentState;
  /** For messages. */
  readonly path: string;
  /** Whether its function is of an async type. */
  readonly async: boolean;
  /** Whether it may run only while no other such task of its instance does. */
  readonly needsExclusive: boolean;
  state: TaskState = 'initial';
  readonly threads = new Set<Thread>();
  implicit: Thread | undefined;
  /** While it is a synchronous task that has blocked. */
  scope: SyncScope | undefined;
  #borrows = 0;

  constructor(component: ComponentState, path: string, async: boolean, needsExclusive: boolean) {
    tasksMade++;
    this.component = component;
    this.path = path;
    this.async = async;
    this.needsExclusive = needsExclusive;
  }

  /** Address of the count of borrows that it has not dropped: what handle entries name as their scope. */
  get borrowScope(): number {
    if (this.#borrows === 0) this.#borrows = control.allocate(BORROWS_SIZE);
    return this.#borrows;
  }

  /** Specification: the traps of `Task.return_` and `Task.cancel`. */
  mustHoldNoBorrows(): void {
    if (this.#borrows === 0) return;
    if (control.i32[this.#borrows >> 2] !== 0) throw makeTrap('borrows-remain');
    control.release(this.takeBorrows(), BORROWS_SIZE);
  }

  /** The place of the count, which is the caller's to give back; 0: it has none. */
  takeBorrows(): number {
    const borrows = this.#borrows;
    this.#borrows = 0;
    return borrows;
  }

  /** Specification: `Task.deliver_pending_cancel`. */
  deliverPendingCancel(cancellable: boolean): boolean {
    if (!cancellable || this.state !== 'pending-cancel') return false;
    this.state = 'cancel-delivered';
    return true;
  }

  /** Puts a thread into its table: those of calls that began before must be there. */
  register(thread: Thread): void {
    this.threads.add(thread);
    thread.index = this.component.threads.add(thread);
  }

  /** Specification: `Task.unregister_thread`. */
  unregister(thread: Thread): void {
    invariant(thread.index !== undefined, 'a registered thread');
    materialiseAbove(CALL_STACK, this.component);
    this.threads.delete(thread);
    if (this.threads.size === 0 && this.state !== 'resolved')
      throw makeTrap('task-unresolved', {
        path: this.path,
        hint: 'an asynchronous export must call task.return or task.cancel before its last thread ends',
      });
    this.component.threads.remove(thread.index);
    thread.index = undefined;
    thread.release();
  }

  /** The thread that a cancellation wakes, if any may be. Specification: `Task.request_cancellation`. */
  cancelCandidate(): Thread | undefined {
    const { exclusive } = this.component;
    const locked = this.needsExclusive && exclusive !== 0 && exclusive !== this.implicit?.number;
    for (const thread of this.threads) {
      if (thread.cancellable && !(locked && thread === this.implicit)) return thread;
    }
    return undefined;
  }
}

/** How a thread goes on that waits. */
type Resumption =
  | { readonly kind: 'stack'; readonly stack: Stack }
  | { readonly kind: 'call'; readonly run: (cancelled: boolean) => void };

type ThreadState = 'running' | 'suspended' | 'waiting';

/** What a thread waits for, in words for messages about deadlocks. */
export interface Wait {
  /** Whether it has come about; without it the thread is suspended until another resumes it. */
  readonly ready?: (() => boolean) | undefined;
  readonly cancellable: boolean;
  readonly what: WaitedFor;
}

const threads: (Thread | undefined)[] = [undefined];
const freeNumbers: number[] = [];

export class Thread implements Activity {
  readonly task: Task;
  /** By which frames name it. */
  readonly number: number;
  /** In its instance's table of threads. */
  index: number | undefined;
  /** Whether a cancellation wakes it. */
  cancellable = false;
  /** Whether it was woken by a cancellation. */
  cancelled = false;
  /** Its context slots while it has no stack. */
  context: ArrayLike<number> = FRESH;
  #state: ThreadState = 'running';
  #wait: Wait | undefined;
  #resumption: Resumption | undefined;
  #failure: Error | undefined;

  constructor(task: Task) {
    this.task = task;
    this.number = freeNumbers.pop() ?? threads.length;
    threads[this.number] = this;
  }

  /** It has ended: frames may name another by its number. */
  release(): void {
    if (threads[this.number] !== this) return;
    threads[this.number] = undefined;
    freeNumbers.push(this.number);
  }

  /** Its store has ended, and it will never go on. Frames may still name it until the store is released. */
  abandon(): void {
    if (threads[this.number] !== this) return;
    threads[this.number] = undefined;
    const { number, task } = this;
    const borrows = task.implicit === this ? task.takeBorrows() : 0;
    this.store.whenReleased(() => {
      freeNumbers.push(number);
      if (borrows !== 0) control.release(borrows, BORROWS_SIZE);
    });
  }

  get store(): Store {
    return this.task.component.store;
  }

  get state(): ThreadState {
    return this.#state;
  }

  /** What it waits for. */
  get waitsFor(): string {
    return wordsOf(this.#wait?.what ?? 'nothing');
  }

  /** It blocks, and will go on as said. */
  block(wait: Wait, resumption: Resumption): void {
    this.#state = wait.ready === undefined ? 'suspended' : 'waiting';
    this.#wait = wait;
    this.#resumption = resumption;
    this.cancellable = wait.cancellable;
    this.cancelled = false;
    if (wait.ready?.() === true) scheduler.enqueue(this);
  }

  /** Specification: `Thread.resume_later`, and what stops the wait of a thread that is switched to. */
  makeReady(): void {
    invariant(this.#state !== 'running' && this.#wait !== undefined, 'a blocked thread');
    this.#state = 'waiting';
    this.#wait = { ...this.#wait, ready: () => true };
    scheduler.enqueue(this);
  }

  /** Whether what it waits for has come about, whoever else runs. Specification: `Thread.ready`. */
  get isReady(): boolean {
    if (this.#state !== 'waiting' || !this.task.component.store.alive) return false;
    if (this.#wait?.ready?.() === true) return true;
    // A cancellation that could not be delivered while another held the lock.
    return this.cancellable && this.task.state === 'pending-cancel' && this.task.cancelCandidate() === this;
  }

  ready(): boolean {
    if (!this.isReady) return false;
    const resumption = this.#resumption;
    const free = resumption?.kind === 'stack' ? resumption.stack.mayGoOn : !this.task.component.closed;
    if (!free) scheduler.stall(this);
    return free;
  }

  /** Whether control comes back at once, once it has blocked again or ended. */
  get resumesByCall(): boolean {
    return this.#resumption?.kind === 'call';
  }

  /** Goes on only to trap. */
  fail(trap: Error): boolean {
    this.#failure = trap;
    return this.resumeWith(false);
  }

  /** Throws the trap for which it was resumed. */
  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Goes on; as {@link Activity.resume}. */
  resume(): boolean {
    const cancelled = this.task.deliverPendingCancel(this.cancellable);
    try {
      return this.resumeWith(cancelled);
    } catch (error) {
      // Nobody is on the stack to whom it could be thrown.
      if (!isPlaceholder(error)) unwind(error, this.task.path, CALL_STACK, 0);
      return false;
    }
  }

  /** Goes on, woken by a cancellation or not. Throws what a plain call throws. */
  resumeWith(cancelled: boolean): boolean {
    const resumption = this.#resumption;
    if (this.#state === 'running' || resumption === undefined || !this.task.component.store.alive) return false;
    scheduler.remove(this);
    this.#state = 'running';
    this.#wait = undefined;
    this.#resumption = undefined;
    this.cancellable = false;
    this.cancelled = cancelled;
    if (resumption.kind === 'stack') return resumption.stack.go();
    resumption.run(cancelled);
    return false;
  }
}

/** The thread that a frame names. */
export function threadByNumber(number: number): Thread | undefined {
  return threads[number];
}

/** A task for a synchronous call that has none yet. */
function materialise(component: ComponentState, frame: number): Thread {
  const task = new Task(component, component.label, false, false);
  task.state = 'started';
  const thread = new Thread(task);
  task.implicit = thread;
  task.register(thread);
  control.i32[(frame + FRAME_THREAD) >> 2] = thread.number;
  return thread;
}

/** Makes the thread of an adapter's call, whose frame names its record; `returned` where its task has returned already. */
type MakeThread = (frame: number, returned: boolean) => Thread;

const records = new Map<number, MakeThread>();

/** Says how the threads of the calls of an adapter are made; undefined: none of its calls will ever be on a stack again. */
export function onRecord(record: number, make: MakeThread | undefined): void {
  if (make === undefined) records.delete(record);
  else records.set(record, make);
}

/**
 * Gives every call from `base` on its thread whose instance has concurrency (or only those of one), outermost first: as if each had begun
 * with its call.
 */
export function materialiseAbove(base: number, only?: ComponentState): void {
  const top = callTop();
  for (let frame = base; frame < top; frame += FRAME_SIZE) {
    const word = control.i32[(frame + FRAME_THREAD) >> 2] ?? 0;
    if (word > 0) continue;
    const slot = control.i32[frame >> 2] ?? 0;
    if (only !== undefined && only.slot !== slot) continue;
    if (word < 0) {
      const thread = records.get(-word & ~(DEFERRED | RETURNED))?.(frame, (-word & RETURNED) !== 0);
      invariant(thread !== undefined, 'the record of a frame is known');
      control.i32[(frame + FRAME_THREAD) >> 2] = thread.number;
      continue;
    }
    const component = componentState(slot);
    if (component !== undefined) materialise(component, frame);
  }
}

/** The thread that runs in an instance; its call is the innermost. */
export function currentThread(component: ComponentState): Thread {
  const frame = callTop() - FRAME_SIZE;
  invariant(control.i32[frame >> 2] === component.slot, 'the innermost call is into the instance whose code runs');
  const number = control.i32[(frame + FRAME_THREAD) >> 2] ?? 0;
  if (number <= 0) materialiseAbove(CALL_STACK);
  const thread = threads[control.i32[(frame + FRAME_THREAD) >> 2] ?? 0];
  invariant(thread !== undefined, 'a frame names a live thread');
  return thread;
}

/** The end of a synchronous call whose thread was asked for. Answers as {@link Scheduler.leaveSync}. */
export function endSyncThread(number: number): number {
  const thread = threads[number];
  if (thread === undefined) return scheduler.depth;
  const { task } = thread;
  const depth = task.scope === undefined ? scheduler.depth : scheduler.leaveSync(task.scope);
  task.state = 'resolved';
  task.unregister(thread);
  return depth;
}

/** The innermost call, of a synchronous function, is over: ends its thread if something asked for it. */
export function endFrameThread(): number {
  const word = (callTop() - FRAME_SIZE + FRAME_THREAD) >> 2;
  const thread = control.i32[word] ?? 0;
  if (thread === 0) return scheduler.depth;
  const depth = endSyncThread(thread);
  control.i32[word] = 0;
  return depth;
}

/** The same, and takes its frame. */
export function leaveFrame(): number {
  const depth = endFrameThread();
  popTo(callTop() - FRAME_SIZE);
  return depth;
}
