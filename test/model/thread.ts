/**
 * Threads and tasks. Specification: CanonicalABI.md, "Stack Switching", "Threads", "Tasks".
 * A stack that can switch is a generator here: it yields when the thread blocks, and what it yields is the thread to switch to.
 */
import type { ComponentInstance } from './state.ts';
import { specifies, trapIf } from './trap.ts';
import type { FuncType } from './types.ts';
import type { Value } from './values.ts';

/** Runs until it blocks; goes on with whether it was cancelled. */
export type Blocking<T> = Generator<Thread | undefined, T, boolean>;

export class Thread {
  readonly task: Task;
  /** It is the how manieth of its store. */
  readonly serial: number;
  cancellable = false;
  index: number | undefined;
  readonly storage: [number, number] = [0, 0];
  /** Finds how schedules name it: until it has begun, its argument may change. */
  findLabel: (() => number) | undefined;
  readonly #stack: Blocking<void>;
  #running = false;
  #readyFunc: (() => boolean) | undefined;

  constructor(task: Task, body: () => Blocking<void>) {
    this.task = task;
    this.serial = task.inst.store.threads++;
    this.#stack = body();
  }

  get label(): number | undefined {
    return this.findLabel?.();
  }

  get running(): boolean {
    return this.#running;
  }

  get suspended(): boolean {
    return !this.running && this.#readyFunc === undefined;
  }

  get waiting(): boolean {
    return !this.running && this.#readyFunc !== undefined;
  }

  get ready(): boolean {
    return this.waiting && (this.#readyFunc?.() === true || this.#cancelIsDue);
  }

  /** Whether a cancellation that is pending wakes it. See `Rules`. */
  get #cancelIsDue(): boolean {
    const { task } = this;
    return task.inst.store.choices.rules === 'corrected' && task.state === 'pending-cancel' && task.mayWake(this);
  }

  #startWaiting(readyFunc: () => boolean): void {
    specifies(this.#readyFunc === undefined, 'a thread that starts to wait does not wait yet');
    this.#readyFunc = readyFunc;
    this.task.inst.store.waiting.push(this);
  }

  #stopWaiting(cancelled: boolean): void {
    specifies(this.waiting && (cancelled || this.ready), 'a thread that stops to wait is ready or cancelled');
    this.#readyFunc = undefined;
    const { waiting } = this.task.inst.store;
    waiting.splice(waiting.indexOf(this), 1);
  }

  resumeLater(): void {
    specifies(this.suspended, 'a thread that is resumed later is suspended');
    this.#startWaiting(() => true);
  }

  /** Control comes back when it, or the last thread that it switches to, blocks or ends. */
  resume(cancelled: boolean): void {
    specifies(!this.running, 'a thread that is resumed does not run');
    specifies(this.cancellable || !cancelled, 'a thread that is cancelled is cancellable');
    if (this.waiting) this.#stopWaiting(cancelled);
    const { store } = this.task.inst;
    const before = store.current;
    let sent = cancelled;
    let thread: Thread | undefined = this;
    while (thread !== undefined) {
      if (thread.#cancelIsDue) sent = thread.task.deliverPendingCancel(true);
      thread.#running = true;
      store.current = thread;
      const step: IteratorResult<Thread | undefined, void> = thread.#stack.next(sent);
      store.current = before;
      // A thread that has ended counts as running: it is never resumed again.
      thread.#running = step.done === true;
      thread = step.done === true ? undefined : step.value;
      sent = false;
    }
  }

  *#block(cancellable: boolean, switchTo?: Thread): Blocking<boolean> {
    this.cancellable = cancellable;
    return yield switchTo;
  }

  *suspend(cancellable: boolean): Blocking<boolean> {
    if (this.task.deliverPendingCancel(cancellable)) return true;
    return yield* this.#block(cancellable);
  }

  *waitUntil(readyFunc: () => boolean, cancellable = false): Blocking<boolean> {
    if (this.task.deliverPendingCancel(cancellable)) return true;
    if (readyFunc() && this.task.inst.store.choices.goesOn(this)) return false;
    this.#startWaiting(readyFunc);
    return yield* this.#block(cancellable);
  }

  yield(cancellable: boolean): Blocking<boolean> {
    return this.waitUntil(() => true, cancellable);
  }

  *suspendThenResume(cancellable: boolean, other: Thread): Blocking<boolean> {
    specifies(other.suspended, 'a thread that is switched to is suspended');
    if (this.task.deliverPendingCancel(cancellable)) return true;
    return yield* this.#block(cancellable, other);
  }

  *yieldThenResume(cancellable: boolean, other: Thread): Blocking<boolean> {
    specifies(other.suspended, 'a thread that is switched to is suspended');
    if (this.task.deliverPendingCancel(cancellable)) return true;
    this.#startWaiting(() => true);
    return yield* this.#block(cancellable, other);
  }

  *suspendThenPromote(cancellable: boolean, other: Thread): Blocking<boolean> {
    if (this.task.deliverPendingCancel(cancellable)) return true;
    if (!other.ready) return yield* this.suspend(cancellable);
    other.#stopWaiting(false);
    return yield* this.suspendThenResume(cancellable, other);
  }

  *yieldThenPromote(cancellable: boolean, other: Thread): Blocking<boolean> {
    if (this.task.deliverPendingCancel(cancellable)) return true;
    if (!other.ready) return yield* this.yield(cancellable);
    other.#stopWaiting(false);
    return yield* this.yieldThenResume(cancellable, other);
  }
}

/** Gives the arguments. */
export type OnStart = () => readonly Value[];
/** Takes the results; undefined: it was cancelled. */
export type OnResolve = (results: readonly Value[] | undefined) => void;
export type OnCancel = () => void;

/** The canonical options that a task must know of. */
export interface LiftOptions {
  readonly async: boolean;
  readonly callback: boolean;
  readonly encoding: 'utf8' | 'utf16';
}

export type TaskState = 'initial' | 'started' | 'pending-cancel' | 'cancel-delivered' | 'resolved';

export class Task {
  readonly ft: FuncType;
  readonly opts: LiftOptions;
  readonly inst: ComponentInstance;
  state: TaskState = 'initial';
  numBorrows = 0;
  implicitThread: Thread | undefined;
  readonly threads: Thread[] = [];
  readonly #onStart: OnStart;
  readonly #onResolve: OnResolve;

  constructor(ft: FuncType, opts: LiftOptions, inst: ComponentInstance, onStart: OnStart, onResolve: OnResolve) {
    this.ft = ft;
    this.opts = opts;
    this.inst = inst;
    this.#onStart = onStart;
    this.#onResolve = onResolve;
  }

  get needsExclusive(): boolean {
    specifies(this.ft.async, 'only a task of an asynchronous function may need the lock');
    return !this.opts.async || this.opts.callback;
  }

  #hasBackpressure(): boolean {
    return this.inst.backpressure > 0 || (this.needsExclusive && this.inst.exclusiveThread !== undefined);
  }

  *enterImplicitThread(thread: Thread): Blocking<boolean> {
    const { inst } = this;
    this.implicitThread = thread;
    if (this.ft.async) {
      if (this.#hasBackpressure() || inst.numWaitingToEnter > 0) {
        inst.store.saw(this.#whyItWaits());
        inst.numWaitingToEnter++;
        const cancelled = yield* thread.waitUntil(() => !this.#hasBackpressure(), true);
        inst.numWaitingToEnter--;
        if (cancelled) {
          this.cancel();
          return false;
        }
      }
      if (this.needsExclusive) {
        specifies(inst.exclusiveThread === undefined, 'the lock is free when a task enters');
        inst.exclusiveThread = thread;
      }
    }
    this.registerThread(thread);
    return true;
  }

  #whyItWaits(): string {
    if (this.inst.backpressure > 0) return 'enter: waits for backpressure';
    return this.#hasBackpressure() ? 'enter: waits for the lock' : 'enter: waits behind others';
  }

  registerThread(thread: Thread): void {
    this.threads.push(thread);
    thread.index = this.inst.threads.add(thread);
  }

  exitImplicitThread(): void {
    specifies(this.implicitThread !== undefined, 'a task that exits has entered');
    this.unregisterThread(this.implicitThread);
    if (this.ft.async && this.needsExclusive) {
      specifies(this.inst.exclusiveThread === this.implicitThread, 'a task that exits holds the lock');
      this.inst.exclusiveThread = undefined;
    }
  }

  unregisterThread(thread: Thread): void {
    this.threads.splice(this.threads.indexOf(thread), 1);
    if (this.threads.length === 0) {
      trapIf(this.state !== 'resolved', 'task-unresolved');
      specifies(this.numBorrows === 0, 'a task that has ended holds no borrows');
    }
    specifies(thread.index !== undefined, 'a thread that ends is registered');
    this.inst.threads.remove(thread.index);
  }

  requestCancellation(): void {
    const { store } = this.inst;
    if (this.state === 'initial') {
      this.state = 'cancel-delivered';
      store.saw('cancel: before it started');
      this.implicitThread?.resume(true);
      return;
    }
    specifies(this.state === 'started', 'a task that is asked to cancel has started');
    const cancellable = this.threads.filter((thread) => thread.cancellable);
    const candidates = cancellable.filter((thread) => this.mayWake(thread));
    if (candidates.length > 0) {
      this.state = 'cancel-delivered';
      store.saw('cancel: wakes a thread');
      store.choices.thread('cancel', candidates).resume(true);
    } else {
      this.state = 'pending-cancel';
      store.saw(cancellable.length > 0 ? 'cancel: pending behind the lock' : 'cancel: pending');
    }
  }

  /** Whether a cancellation may be delivered to the thread, which is blocked. */
  mayWake(thread: Thread): boolean {
    if (!thread.cancellable || (thread.running && this.inst.store.choices.rules === 'corrected')) return false;
    const { exclusiveThread } = this.inst;
    if (thread !== this.implicitThread || !this.ft.async || !this.needsExclusive) return true;
    return exclusiveThread === undefined || exclusiveThread === thread;
  }

  deliverPendingCancel(cancellable: boolean): boolean {
    if (!cancellable || this.state !== 'pending-cancel') return false;
    this.state = 'cancel-delivered';
    this.inst.store.saw('cancel: delivered late');
    return true;
  }

  start(): readonly Value[] {
    specifies(this.state === 'initial', 'a task starts once');
    this.state = 'started';
    return this.#onStart();
  }

  return(results: readonly Value[]): void {
    trapIf(this.state === 'resolved', 'task-return-resolved');
    trapIf(this.numBorrows > 0, 'borrows-remain');
    this.#onResolve(results);
    this.state = 'resolved';
  }

  cancel(): void {
    trapIf(this.state !== 'cancel-delivered', 'task-cancel-undelivered');
    trapIf(this.numBorrows > 0, 'borrows-remain');
    this.#onResolve(undefined);
    this.state = 'resolved';
  }
}
