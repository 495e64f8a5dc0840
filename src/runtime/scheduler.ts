/**
 * Who goes on next. It holds the baton of this thread: at most one stack runs, and what the specification does in one go is not
 * interrupted. Specification: CanonicalABI.md, `Store.tick`, `Thread.resume`, the loop at the end of `canon_lift`.
 *
 * The specification resumes a thread like a subroutine, and control comes back when the thread blocks. A suspended stack of the engine
 * can only go on in a job of its own. So what would be nested calls there are obligations here, the last one first: whoever blocks or
 * ends gives the baton to the top obligation, and only without any to whichever thread is ready. Ready threads go on in the order in
 * which they became ready.
 */

import { Few } from '../util/few.ts';
import { CALL_STACK } from './control.ts';
import { callTop } from './frames.ts';
import { onHostIdle, type Store } from './store.ts';

/** Something that can go on: a thread that is blocked, or a stack that waits for what it started. */
export interface Activity {
  /** The store whose guest it is, where it is one's. */
  readonly store?: Store | undefined;
  /** Whether what it waits for has come about. */
  ready(): boolean;
  /** Goes on. Answers true if that happens in a job of its own, which ends with {@link Scheduler.kick}. */
  resume(): boolean;
}

/** A task of a synchronous function that has blocked: until it returns, only threads of its own instance run. */
export interface SyncScope {
  /** Whether it has returned by now, or never will. */
  over(): boolean;
  /** Whether its instance cannot be entered, since the host keeps it waiting. */
  closed(): boolean;
  /** Whether an activity is of a thread of its instance. */
  holds(activity: Activity): boolean;
  /** Nothing can ever make it return: gives what goes on with the trap. */
  fail(): Activity;
}

type Obligation =
  | { readonly kind: 'run' | 'return'; readonly activity: Activity }
  | { readonly kind: 'sync'; readonly scope: SyncScope };

/** After so many resumptions the event loop has its turn. */
const TURNS = 200;

type Macrotask = (callback: () => void) => void;

/** Timers of browsers wait for milliseconds; messages do not. */
function byMessage(): Macrotask {
  const { port1, port2 } = new MessageChannel();
  const callbacks: (() => void)[] = [];
  port1.onmessage = () => callbacks.shift()?.();
  return (callback) => {
    callbacks.push(callback);
    port2.postMessage(undefined);
  };
}

/** A promise that is resolved: what is hung on it is the next job. */
const now = /* @__PURE__ */ Promise.resolve();

let macrotask: Macrotask | undefined;

function inMacrotask(callback: () => void): void {
  macrotask ??= (globalThis as { setImmediate?: Macrotask }).setImmediate ?? byMessage();
  macrotask(callback);
}

export class Scheduler {
  readonly #queue = new Few<Activity>();
  readonly #stalled = new Few<Activity>();
  readonly #obligations: Obligation[] = [];
  #moving = false;
  #running = false;
  #scheduled = false;
  #turns = 0;
  /** Called when nothing can go on by itself, and now and then while something always can. */
  onPause: (() => void) | undefined;
  /** Called when an instance may be entered again that the host kept closed, as long as something waits for one. */
  onOpen: (() => void) | undefined;
  #calls = 0;

  constructor() {
    onHostIdle(() => this.schedule());
  }

  /** A call of the host's is under way. */
  callBegins(): void {
    this.#calls++;
  }

  callEnds(): void {
    this.#calls--;
  }

  /** Whether a call of the host's is under way. */
  get hasCalls(): boolean {
    return this.#calls > 0;
  }

  /** How deep the obligations are: what lies above belongs to what was started since. */
  get depth(): number {
    return this.#obligations.length;
  }

  /** False while a stack of its own is about to go on, or while something is owed. */
  get free(): boolean {
    return !this.#moving && this.#obligations.length === 0;
  }

  /** A thread may go on; looked at again when its turn comes. */
  enqueue(activity: Activity): void {
    this.#queue.add(activity);
    this.schedule();
  }

  /** The same, at once where no guest is on the stack: one may be, since its call is just about to begin. */
  enqueueNow(activity: Activity): void {
    if (callTop() !== CALL_STACK) {
      this.enqueue(activity);
      return;
    }
    const isIdle = !this.#moving && !this.#running;
    // What comes alone need not queue.
    if (isIdle && this.#isEmpty && activity.ready()) {
      this.#running = true;
      try {
        this.#turns++;
        this.#moving = activity.resume();
      } finally {
        this.#running = false;
      }
      if (!this.#moving) this.#run();
      return;
    }
    this.#queue.add(activity);
    if (isIdle) this.#run();
  }

  /** The baton for a stack that can go on and does at once, if nothing else goes on now or is to. */
  take(): boolean {
    if (this.#moving || this.#running || callTop() !== CALL_STACK || !this.#isEmpty) return false;
    this.#turns++;
    this.#moving = true;
    return true;
  }

  get #isEmpty(): boolean {
    return this.#queue.isEmpty && this.#obligations.length === 0;
  }

  /** What is in the queue of those that may go on. */
  get queued(): Iterable<Activity> {
    return this.#queue;
  }

  /** What is ready but for an instance that the host keeps closed; looked at again when one is opened. */
  stall(activity: Activity): void {
    this.#stalled.add(activity);
  }

  readonly #opening: Activity = {
    ready: () => true,
    resume: () => {
      for (const activity of this.#stalled) this.enqueue(activity);
      this.#stalled.clear();
      this.onOpen?.();
      return false;
    },
  };

  /** Some instance may be entered again, or its store has ended. */
  opened(): void {
    if (this.onOpen !== undefined || !this.#stalled.isEmpty) this.enqueue(this.#opening);
  }

  /** Takes a thread out that was ready. */
  remove(activity: Activity): void {
    this.#queue.delete(activity);
    this.#stalled.delete(activity);
  }

  #acquit(obligation: Obligation): void {
    this.#obligations.splice(this.#obligations.lastIndexOf(obligation), 1);
  }

  /** Gives the baton to `activity` as soon as what runs now has blocked. */
  runNext(activity: Activity): void {
    this.#obligations.push({ kind: 'run', activity });
    this.schedule();
  }

  /** Whoever owns `activity` gets the baton back when everything above `depth` is done. */
  returnTo(activity: Activity, depth: number): void {
    this.#obligations.splice(depth, 0, { kind: 'return', activity });
    this.schedule();
  }

  /** A synchronous task has blocked. */
  enterSync(scope: SyncScope): void {
    if (this.#obligations.some((o) => o.kind === 'sync' && o.scope === scope)) return;
    this.#obligations.push({ kind: 'sync', scope });
    this.schedule();
  }

  /** A blocked synchronous task has returned. Answers how deep the obligations are that its caller may not go before. */
  leaveSync(scope: SyncScope): number {
    const at = this.#obligations.findLastIndex((o) => o.kind === 'sync' && o.scope === scope);
    if (at < 0) return this.depth;
    this.#acquit(this.#obligations[at]!);
    return at;
  }

  /** Looks for work in a job of its own, when no guest is on the stack. */
  schedule(): void {
    if (this.#scheduled || this.#moving || this.#running) return;
    this.#scheduled = true;
    if (this.#turns < TURNS) now.then(this.#soon);
    else {
      this.#turns = 0;
      inMacrotask(this.#scheduledRun);
    }
  }

  readonly #scheduledRun = (): void => {
    this.#scheduled = false;
    if (!this.#moving) this.#run();
  };

  /** What goes on after the host's calls have ended is not urgent: the host comes first with its next call. */
  readonly #soon = (): void => {
    if (this.#calls > 0 || this.#obligations.length > 0) this.#scheduledRun();
    else inMacrotask(this.#scheduledRun);
  };

  /** The end of a job in which a stack went on. */
  kick(): void {
    this.#moving = false;
    if (this.#scheduled) return;
    if (this.#isEmpty) this.onPause?.();
    else this.#run();
  }

  #run(): void {
    this.#running = true;
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        this.#turns++;
        if (next.resume()) {
          this.#moving = true;
          return;
        }
        if (this.#turns >= TURNS) break;
      }
    } finally {
      this.#running = false;
    }
    if (this.#turns >= TURNS) this.schedule();
    if (this.#obligations.length === 0) this.onPause?.();
  }

  #next(): Activity | undefined {
    for (;;) {
      if (this.#obligations.length === 0) return this.#takeReady(undefined);
      const top = this.#obligations.findLast((o) => o.kind !== 'sync' || o.scope.over() || !o.scope.closed());
      if (top === undefined) return this.#takeReady(undefined);
      if (top.kind !== 'sync') {
        this.#acquit(top);
        return top.activity;
      }
      const { scope } = top;
      const ready = scope.over() ? undefined : this.#takeReady(scope);
      if (ready !== undefined) return ready;
      this.#acquit(top);
      if (!scope.over()) return scope.fail();
    }
  }

  /** The first that is ready, of those of a scope's instance where there is one. */
  #takeReady(scope: SyncScope | undefined): Activity | undefined {
    if (this.#queue.isEmpty) return undefined;
    let found: Activity | undefined;
    this.#queue.some((activity) => {
      // What is not ready any more comes again when it is.
      const isReady = activity.ready();
      if (isReady && scope !== undefined && !scope.holds(activity)) return false;
      this.#queue.delete(activity);
      if (isReady) found = activity;
      return isReady;
    });
    return found;
  }
}

/** The one scheduler of this thread. */
export const scheduler = /* @__PURE__ */ new Scheduler();
