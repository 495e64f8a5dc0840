/**
 * Component instances and their store. Specification: CanonicalABI.md, "Component Instances", "Embedding API".
 * Where the specification leaves a choice, `Choices` makes it.
 */
import type { ErrorContext } from './canon-others.ts';
import type { ResourceHandle } from './resource.ts';
import { Table } from './table.ts';
import type { Blocking, Thread } from './thread.ts';
import { specifies } from './trap.ts';
import type { CoreValue } from './types.ts';
import type { Waitable, WaitableSet } from './waitable.ts';

/** A function of core wasm. It blocks where it calls a built-in that does. */
export type CoreFunc = (args: readonly CoreValue[]) => Blocking<readonly CoreValue[]>;

/** Where a thread is chosen: by the host's tick, while a synchronous task is blocked, to be woken by a cancellation. */
export type ThreadChoice = 'tick' | 'sync-task' | 'cancel';

/**
 * The specification's text as it is, or corrected where something contradicts it that decides over it, or where it asserts what need not
 * hold:
 * - `cancel-stream.wast`: a stream's copy that is cancelled after it has made progress reports CANCELLED, the text has COMPLETED;
 * - `sync-streams.wast`: see `Choices.holderGoesOn`;
 * - the text's own next version (pull request #707): a cancellation that could not be delivered to a thread that waits for its next event,
 *   since another held the lock, is delivered once the lock is free; the text has it wait until the thread blocks again;
 * - `canon_subtask_cancel` asserts that the event that it delivers is there, and of the end: it may be of the start, where that was not
 *   delivered yet, or may have gone to a waiter on the set that the subtask is in. It answers how the subtask has ended, once it has;
 * - `request_cancellation` asserts that the thread that it wakes is blocked: one that runs counts as cancellable from its last wait on.
 */
export type Rules = 'text' | 'corrected';

/** What a host may mean to do: call, or cancel a call. */
export type HostAct = 'call' | 'cancel';

/** What the specification leaves open. */
export interface Choices {
  readonly rules: Rules;
  thread(at: ThreadChoice, candidates: readonly Thread[]): Thread;
  /** Which event is delivered first, by the handles of what has one. */
  event(handles: readonly number[]): number;
  /** Whether a thread goes on at once, where what it begins to wait for has come about already. */
  goesOn(thread: Thread): boolean;
  /**
   * By the corrected rules: whether a thread that holds the lock and is ready goes on before the caller of a task that waits for the lock, and
   * after it the task, if it may enter then. The text has the caller go on first; `sync-streams.wast` counts on the other order.
   */
  holderGoesOn(holder: Thread): boolean;
  /** Whether an error context keeps its message. */
  keepsMessage(): boolean;
  /** Whether the host does at once what it means to do; else some time before all has settled. */
  readonly hostActsAtOnce: boolean;
  /** Whether a call that the host means to make, and then to cancel, is not made at all. */
  hostForgets(label: number): boolean;
  /** Whether the host now does what it means to do about the call of that label, before `ready` threads go on. */
  hostActs(kind: HostAct, label: number, ready: readonly Thread[]): boolean;
}

export type Handle = ResourceHandle | Waitable | WaitableSet | ErrorContext;

const PAGE = 65536;

export class ComponentInstance {
  readonly store: Store;
  readonly number: number;
  readonly handles = new Table<Handle>('unknown-handle');
  readonly threads = new Table<Thread>('unknown-thread');
  readonly memory = new DataView(new ArrayBuffer(PAGE));
  mayLeave = true;
  backpressure = 0;
  numWaitingToEnter = 0;
  exclusiveThread: Thread | undefined;
  /** The guest's allocator. */
  realloc: CoreFunc | undefined;

  constructor(store: Store, number: number) {
    this.store = store;
    this.number = number;
  }
}

export class Store {
  readonly choices: Choices;
  readonly waiting: Thread[] = [];
  /** The thread that runs. */
  current: Thread | undefined;
  /** How many threads there have been: the next one's number. */
  threads = 0;
  /** Finds the label of the task that is made next, for whoever follows a schedule. */
  announced: (() => number) | undefined;
  /**
   * Whether the host waits for a synchronous call on a stack that cannot be switched: then nobody else goes on when it blocks, and it traps.
   * That is the embedding's to choose, since it need not be able to switch stacks.
   */
  hostWaits = false;
  /** Notes what was reached. */
  readonly saw: (situation: string) => void;

  constructor(choices: Choices, saw: (situation: string) => void = () => {}) {
    this.choices = choices;
    this.saw = saw;
  }

  get currentThread(): Thread {
    specifies(this.current !== undefined, 'a thread runs');
    return this.current;
  }

  get currentInstance(): ComponentInstance {
    return this.currentThread.task.inst;
  }

  readyThreads(): readonly Thread[] {
    return this.waiting.filter((thread) => thread.ready);
  }

  /** Lets one thread go on that is ready. Answers false if none is. */
  tick(): boolean {
    specifies(this.current === undefined, 'only the host ticks');
    const candidates = this.readyThreads();
    if (candidates.length === 0) return false;
    this.choices.thread('tick', candidates).resume(false);
    return true;
  }
}
