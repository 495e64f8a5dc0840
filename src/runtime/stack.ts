/**
 * Stacks that suspend (JSPI): how they start, wait and go on. Everything that a stack has in the control memory goes with it: frames,
 * context slots of their instances, what its calls must undo.
 *
 * A resumed stack always starts in a microtask with no other guest below it, so its frames go to the bottom of the call stack. A trap
 * on a stack of its own is known to JavaScript only through a rejected promise, whose handlers may run later than other jobs;
 * therefore whoever started or resumed a stack looks whether it ended or suspended, and ends its stores if neither.
 */
import type { Flat } from '../abi/js/border.ts';
import { adoptTrap, makeTrap, type Trap } from '../error/trap.ts';
import { invariant } from '../util/invariant.ts';
import { abandonAbove, attach, type BorrowEntries, detachAbove } from './borrow-log.ts';
import { CALL_STACK, CALL_TOP, CLOSED, CONTEXT_0, control, FRAME_SIZE, PENDING, SUSPENDABLE } from './control.ts';
import { asTrap, unwind } from './failure.ts';
import { callTop, popTo, pushFrame } from './frames.ts';
import { canSuspend, jspi } from './jspi.ts';
import { Refused } from './refused.ts';
import { type Activity, scheduler } from './scheduler.ts';
import { condemnAbove, labelsAbove, onStoreEnd, type Store, storeOf, TOLD } from './store.ts';

/** Stacks that may be suspended at once in this thread; V8 ends the process at about 32,000. */
export const MAX_SUSPENDED = 20_000;

/** What a suspended function does when its stack goes on: gives its core result, or asks to suspend again. */
export type Continuation = () => Flat | undefined;

/** Words of a context (two slots of 64 bits). */
const CONTEXT_WORDS = 4;
const FRAME_WORDS = FRAME_SIZE >> 2;

interface Saved {
  /** The words of each frame, outermost first. */
  readonly frames: readonly number[];
  /** The context of each frame's instance. */
  readonly contexts: readonly number[];
  readonly borrows: BorrowEntries;
  readonly base: number;
}

type State = 'fresh' | 'running' | 'suspended' | 'going' | 'ended';

const placeholders = new WeakSet<object>();

/** Whether an error is the trap of a stack of its own that was only seen to have trapped: its stores end by themselves. */
export function isPlaceholder(error: unknown): boolean {
  return typeof error === 'object' && error !== null && placeholders.has(error);
}

const stacks = new Map<number, Stack>();
const suspended = new Set<Stack>();
let nextToken = 1;
/** The stack that runs, if it is one that can suspend. */
let running: Stack | undefined;

function takeToken(): number {
  const token = nextToken;
  nextToken = nextToken >= 0x7fff_ffff ? 1 : nextToken + 1;
  return token;
}

/** How many stacks are suspended now. */
export function suspendedCount(): number {
  return suspended.size;
}

/** One stack: from the call of a promised function to its end. */
export class Stack {
  /** By which wasm tells JavaScript which stack it is about. */
  readonly token: number = takeToken();
  /** Called with the core results while the guest is still on the stack. */
  readonly onEnd: (...results: Flat[]) => void;
  /** Called with the trap that ended it, after its stores have ended; never in the job in which it trapped. */
  readonly onTrap: (trap: Trap) => void;
  /** Stores that ended with it when it trapped. */
  #condemned: readonly Store[] | undefined;
  #placeholder: Trap | undefined;
  /** Names of the instances on it when it trapped. */
  #labels: readonly string[] = [];
  #state: State = 'fresh';
  #base: number = CALL_STACK;
  #saved: Saved | undefined;
  #closes = false;
  #continue: Continuation | undefined;
  #resolve: ((token: number) => void) | undefined;

  constructor(onEnd: (...results: Flat[]) => void, onTrap: (trap: Trap) => void) {
    this.onEnd = onEnd;
    this.onTrap = onTrap;
  }

  get state(): State {
    return this.#state;
  }

  /** Where its frames begin on the call stack. */
  get base(): number {
    return this.#base;
  }

  /** Slots of the instances on it, outermost first, while it is suspended. */
  get slots(): readonly number[] {
    return this.#saved?.frames.filter((_, i) => i % FRAME_WORDS === 0) ?? [];
  }

  /**
   * Runs `call`, which must call a promised function with the token, in a frame of `slot`, until it ends, suspends or traps: then its
   * stores are condemned, and why is known in a later job. Throws what `call` throws before it is on the stack.
   */
  start(slot: number, thread: number, call: (token: number) => unknown): void {
    const base = pushFrame(slot, thread);
    const suspendable = control.i32[SUSPENDABLE >> 2] ?? 0;
    const before = running;
    this.#base = base;
    this.#state = 'running';
    stacks.set(this.token, this);
    running = this;
    control.i32[SUSPENDABLE >> 2] = 1;
    try {
      const ended = call(this.token) as Promise<unknown>;
      if (this.#state === 'running') this.#died();
      ended.then(undefined, (error) => this.#failed(error));
    } catch (error) {
      this.#state = 'ended';
      stacks.delete(this.token);
      throw error instanceof Refused ? error : unwind(error, undefined, base, suspendable);
    } finally {
      running = before;
      popTo(base);
      control.i32[SUSPENDABLE >> 2] = suspendable;
    }
  }

  #died(): void {
    this.#state = 'ended';
    stacks.delete(this.token);
    this.#labels = labelsAbove(this.#base);
    this.#condemned = condemnAbove(this.#base);
    abandonAbove(this.#base);
  }

  /** Throws, after {@link start}, if it has trapped: why is not known yet, and is written into the trap once it is. */
  throwIfTrapped(): void {
    if (this.#condemned === undefined) return;
    this.#placeholder ??= makeTrap('core-trap', { reason: 'a component that was called has trapped' });
    placeholders.add(this.#placeholder);
    throw this.#placeholder;
  }

  #failed(error: unknown): void {
    const trap = asTrap(error, undefined);
    trap.components ??= this.#labels;
    if (this.#placeholder !== undefined) {
      const { code, reason, path, hint } = trap;
      adoptTrap(this.#placeholder, code, { reason, path, hint, cause: trap.cause });
      this.#placeholder.components = trap.components;
    }
    for (const store of this.#condemned ?? []) store.end(trap);
    this.onTrap(trap);
  }

  /** The end of its outermost function, on the guest's stack. */
  finish(results: Flat[]): void {
    this.onEnd(...results);
    this.#state = 'ended';
    stacks.delete(this.token);
  }

  /** What it does when it goes on; `closes` where no other call may enter its instances meanwhile. */
  ask(then: Continuation, closes: boolean): void {
    this.#continue = then;
    this.#closes = closes;
    control.i32[PENDING >> 2] = 1;
  }

  /** Puts its part of the control memory away and suspends. */
  suspend(): Promise<number> {
    invariant(this.#continue !== undefined, 'a stack suspends because it asked to');
    const s = control.i32;
    s[PENDING >> 2] = 0;
    const top = callTop();
    const frames = Array.from(s.subarray(this.#base >> 2, top >> 2));
    const contexts: number[] = [];
    for (let i = 0; i < frames.length; i += FRAME_WORDS) {
      const context = ((frames[i] ?? 0) + CONTEXT_0) >> 2;
      for (let word = 0; word < CONTEXT_WORDS; word++) contexts.push(s[context + word] ?? 0);
      if (this.#closes) s[((frames[i] ?? 0) + CLOSED) >> 2] = 1;
    }
    this.#saved = { frames, contexts, borrows: detachAbove(this.#base), base: this.#base };
    popTo(this.#base);
    this.#state = 'suspended';
    suspended.add(this);
    onStoreEnd(TOLD.stacks, unwindStacks);
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** False while another stack keeps one of its instances closed. */
  get mayGoOn(): boolean {
    return this.#closes || this.#doomed || !this.slots.some((slot) => control.i32[(slot + CLOSED) >> 2] !== 0);
  }

  get #doomed(): boolean {
    return this.slots.some((slot) => storeOf(slot)?.alive !== true);
  }

  /** Whether a store that ended is on it. */
  touches(ended: (slot: number) => boolean): boolean {
    return this.slots.some(ended);
  }

  /** Lets it go on in the next microtask. Answers false if it goes on already. */
  go(): boolean {
    if (this.#state !== 'suspended') return false;
    this.#state = 'going';
    beforeResumption?.();
    this.#resolve?.(this.token);
    queueMicrotask(() => {
      this.#went();
      scheduler.kick();
    });
    return true;
  }

  /** On the stack again: takes its part of the control memory back and does what it suspended for. Throws if a store died meanwhile. */
  resumed(): Flat | undefined {
    const saved = this.#saved;
    const then = this.#continue;
    invariant(saved !== undefined && then !== undefined, 'a stack is resumed once for each time it is suspended');
    suspended.delete(this);
    this.#saved = undefined;
    this.#continue = undefined;
    this.#resolve = undefined;
    this.#state = 'running';
    this.#base = CALL_STACK;
    running = this;
    const s = control.i32;
    const { frames, contexts } = saved;
    s.set(frames, CALL_STACK >> 2);
    s[CALL_TOP >> 2] = CALL_STACK + 4 * frames.length;
    s[SUSPENDABLE >> 2] = 1;
    for (let i = 0; i < frames.length; i += FRAME_WORDS) {
      const slot = frames[i] ?? 0;
      if (this.#closes) s[(slot + CLOSED) >> 2] = 0;
      const from = (i / FRAME_WORDS) * CONTEXT_WORDS;
      for (let word = 0; word < CONTEXT_WORDS; word++) s[((slot + CONTEXT_0) >> 2) + word] = contexts[from + word] ?? 0;
    }
    attach(saved.borrows, CALL_STACK - saved.base);
    if (this.#closes) scheduler.opened();
    for (let i = 0; i < frames.length; i += FRAME_WORDS) {
      const store = storeOf(frames[i] ?? 0);
      if (store !== undefined && !store.alive) throw store.deadTrap(undefined);
    }
    return then();
  }

  /** The job right after a resumption: a stack that neither ended nor suspended again has trapped. */
  #went(): void {
    if (running === this) {
      running = undefined;
      if (this.#state === 'running') this.#died();
      popTo(CALL_STACK);
    }
    control.i32[SUSPENDABLE >> 2] = 0;
  }
}

let beforeResumption: (() => void) | undefined;

/** Installs what is called before any stack goes on, or takes it away. */
export function onResumption(listener: (() => void) | undefined): void {
  beforeResumption = listener;
}

/** The stack that runs and can suspend here and now, or undefined. */
export function suspendableStack(): Stack | undefined {
  return control.i32[SUSPENDABLE >> 2] === 0 ? undefined : running;
}

/** The trap of what would have to wait where nothing can. */
export function wouldBlock(what: string): Error {
  return makeTrap('would-block', {
    reason: `cannot block a synchronous task before returning: ${what} is not ready`,
    hint: canSuspend
      ? 'call the export through `instance.promised`, whose stack can wait'
      : 'this engine has no JSPI (WebAssembly.promising), so no call can wait',
  });
}

/**
 * Asks the shim that called to suspend; `then` runs when the stack goes on. Throws the trap `would-block` where the stack cannot suspend.
 * `closes` where no other call may enter its instances meanwhile.
 */
export function askToSuspend(then: Continuation, what: string, closes: boolean): Stack {
  const stack = suspendableStack();
  if (stack === undefined || !canSuspend) throw wouldBlock(what);
  if (suspended.size >= MAX_SUSPENDED)
    throw makeTrap('too-many-suspended', { hint: `at most ${MAX_SUSPENDED} calls may wait at once` });
  stack.ask(then, closes);
  return stack;
}

/** The form of a core function that runs on a stack which can suspend. */
export function promisingOf(fn: (...args: never[]) => unknown): (...args: unknown[]) => unknown {
  return jspi.promising === undefined ? (fn as (...args: unknown[]) => unknown) : jspi.promising(fn);
}

/** What shims import as their wait: the one import that suspends. Its result is the token for {@link resumed}. */
export const waitImport: unknown = /* @__PURE__ */ makeWait();

function makeWait(): unknown {
  if (jspi.Suspending === undefined) {
    return (): never => {
      throw wouldBlock('what it waits for');
    };
  }
  return new jspi.Suspending((): Promise<number> => {
    invariant(running !== undefined, 'a stack that suspends runs');
    return running.suspend();
  });
}

/** Called by the shim once its stack goes on. */
export function resumed(token: number): Flat | undefined {
  const stack = stacks.get(token);
  if (stack === undefined) throw makeTrap('core-trap', { reason: 'resumed twice' });
  return stack.resumed();
}

/** The import by which a promised entry hands over the core results, still on the guest's stack. */
export function finishStack(token: number, ...results: Flat[]): void {
  const stack = stacks.get(token);
  if (stack === undefined) throw makeTrap('core-trap', { reason: 'finished twice' });
  stack.finish(results);
}

/** A stack that waits for the host. */
class HostWait implements Activity {
  readonly #stack: Stack;
  constructor(stack: Stack) {
    this.#stack = stack;
  }
  ready(): boolean {
    return true;
  }
  resume(): boolean {
    return this.#stack.go();
  }
}

/** Asks to suspend until a promise settles, with the instances of the stack closed: for host functions that are synchronous to the guest. */
export function awaitHost(
  until: Promise<unknown>,
  what: string,
  then: (ok: boolean, value: unknown) => Flat | undefined,
): void {
  let ok = true;
  let value: unknown;
  let wait: HostWait;
  try {
    wait = new HostWait(askToSuspend(() => then(ok, value), what, true));
  } catch (error) {
    // Nobody will look at it any more; the trap says what happened.
    until.catch(() => {});
    throw error;
  }
  const settled = (success: boolean, result: unknown): void => {
    ok = success;
    value = result;
    store?.hostEnds();
    scheduler.enqueueNow(wait);
  };
  const store = storeOf(control.i32[(callTop() - FRAME_SIZE) >> 2] ?? 0);
  store?.hostBegins();
  until.then(
    (result) => settled(true, result),
    (error) => settled(false, error),
  );
}

/** Suspended stacks of stores that end go on once more, to unwind. */
class Unwinding extends HostWait {}

function unwindStacks(store: Store): void {
  const ended = (slot: number): boolean => storeOf(slot) === store;
  for (const stack of suspended) if (stack.touches(ended)) scheduler.enqueue(new Unwinding(stack));
  // Who waits for one of its instances meets a dead store.
  scheduler.opened();
}
