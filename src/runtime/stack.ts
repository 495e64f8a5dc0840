/**
 * Stacks that suspend (JSPI): how they start, wait and go on. Everything that a stack has in the control memory goes with it: frames,
 * context slots of their instances, what its calls must undo.
 *
 * A resumed stack always starts in a microtask with no other guest below it, so its frames go to the bottom of the call stack. A trap
 * on a stack of its own is known to JavaScript only through a rejected promise, whose handlers may run later than other jobs;
 * therefore whoever started or resumed a stack looks whether it ended or suspended, and ends its stores if neither.
 */
import type { Flat, HostCall, Settle } from '../abi/js/border.ts';
import { adoptTrap, makeTrap, type Trap } from '../error/trap.ts';
import { Few } from '../util/few.ts';
import { invariant } from '../util/invariant.ts';
import { abandonAbove, attach, type BorrowEntries, detachAbove, NO_BORROWS } from './borrow-log.ts';
import { maxSuspended, tooManySuspended } from './call-limit.ts';
import {
  CALL_STACK,
  CALL_TOP,
  CLOSED,
  CONTEXT_0,
  control,
  FRAME_SIZE,
  FRAME_THREAD,
  PENDING,
  STORE,
  STORE_STATE,
  SUSPENDABLE,
} from './control.ts';
import { asTrap, type ExplainTrap, limitMetNow, unwind } from './failure.ts';
import { callTop, popTo, pushFrame, slotsAbove } from './frames.ts';
import { HostWait } from './host-wait.ts';
import { canSuspend, jspi } from './jspi.ts';
import { Refused } from './refused.ts';
import { type Activity, scheduler } from './scheduler.ts';
import { condemnAbove, labelsAbove, onStoreEnd, type Store, storeOf, TOLD } from './store.ts';
import type { StoreMeter } from './store-meter.ts';

/**
 * Stacks that may be suspended at once in this thread; V8 ends the process at about 32,000, and where each comes with a memory of its own
 * at about 14,000 (docs/engine.md, "JSPI").
 */
export const MAX_SUSPENDED = 12_000;

/** What a suspended function does when its stack goes on: gives its core result, or asks to suspend again. */
export type Continuation = () => Flat | undefined;

/** Words of a context (two slots of 64 bits). */
const CONTEXT_WORDS = 4;
/** Words that a frame takes while its stack is suspended. */
const SAVED_FRAME = 2 + CONTEXT_WORDS;

/** The context slots of each frame's instance from `base` to `top`, as words. */
function contextsBetween(base: number, top: number): readonly number[] {
  const s = control.i32;
  const contexts: number[] = [];
  for (let frame = base; frame < top; frame += FRAME_SIZE) {
    const context = ((s[frame >> 2] ?? 0) + CONTEXT_0) >> 2;
    for (let word = 0; word < CONTEXT_WORDS; word++) contexts.push(s[context + word] ?? 0);
  }
  return contexts;
}

/** Puts back what {@link contextsBetween} gave, for the frames from `base` on. */
function setContexts(base: number, contexts: readonly number[]): void {
  const s = control.i32;
  for (let i = 0, frame = base; i < contexts.length; frame += FRAME_SIZE) {
    const context = ((s[frame >> 2] ?? 0) + CONTEXT_0) >> 2;
    for (let word = 0; word < CONTEXT_WORDS; word++) s[context + word] = contexts[i++] ?? 0;
  }
}

type State = 'fresh' | 'running' | 'suspended' | 'going' | 'ended';

const placeholders = new WeakSet<object>();

/** Whether an error is the trap of a stack of its own that was only seen to have trapped: its stores end by themselves. */
export function isPlaceholder(error: unknown): boolean {
  return typeof error === 'object' && error !== null && placeholders.has(error);
}

const stacks = new Map<number, Stack>();
let nextToken = 1;
/** A promise that is resolved: what is hung on it is the next job. */
const now = /* @__PURE__ */ Promise.resolve();
/** The stack that runs, if it is one that can suspend. */
let running: Stack | undefined;
/** The last that was let go on. */
let going: Stack | undefined;

function takeToken(): number {
  const token = nextToken;
  nextToken = nextToken >= 0x7fff_ffff ? 1 : nextToken + 1;
  return token;
}

/** How many stacks are suspended now. */
let suspendedNow = 0;
/** How many times a stack was suspended. */
let suspensions = 0;

/** Those that are suspended and in several stores. */
const mixed = new Few<Stack>();

/** Whether an instance of the store is on a suspended stack. */
const isOn = (store: Store) => (stack: Stack) => stack.slots.some((slot) => storeOf(slot) === store);

/** The suspended stacks that are in a store, in the order in which they suspended. */
function stacksIn(store: Store): readonly Stack[] {
  const shared = mixed.isEmpty ? [] : [...mixed].filter(isOn(store));
  const own = store.stacks === undefined ? [] : [...store.stacks];
  return shared.length === 0 ? own : [...own, ...shared].sort((a, b) => a.since - b.since);
}

/** Whether a call into a store has not ended: on the stack that runs, or on one that is suspended. */
export function isEntered(store: Store): boolean {
  if (store.stacks?.isEmpty === false || mixed.some(isOn(store))) return true;
  return slotsAbove(CALL_STACK).some((slot) => storeOf(slot) === store);
}

/** The stacks that are suspended, in the order in which they suspended. */
export function suspendedStacks(): Iterable<Stack> {
  if (suspendedNow === 0) return [];
  return [...stacks.values()].filter((stack) => stack.isSuspended).sort((a, b) => a.since - b.since);
}

/** Refuses a call of the host's that needs a stack where there are as many as may be: before anything was called. */
export function mustHaveStack(path: string): void {
  if (stacks.size >= MAX_SUSPENDED) throw tooManySuspended(path, MAX_SUSPENDED);
}

/** How many stacks are suspended now. */
export function suspendedCount(): number {
  return suspendedNow;
}

/** One stack: from the call of a promised function to its end. As an activity: it goes on. */
export class Stack implements Activity {
  /** By which wasm tells JavaScript which stack it is about. */
  readonly token: number = takeToken();
  /** Called with the core results while the guest is still on the stack. */
  readonly onEnd: (...results: Flat[]) => void;
  /** Called with the trap that ended it, after its stores have ended; never in the job in which it trapped. */
  readonly onTrap: (trap: Trap) => void;
  /** The call that it is for, where no thread says. */
  readonly path: string | undefined;
  /** Whether it is only the inner part of a call that waits on another stack. */
  readonly isInner: boolean;
  /** The store of whoever runs on it first, whose limit it counts for. */
  #store: Store | undefined;
  /** Of the store of whoever runs on it first. */
  #meter: StoreMeter | undefined;
  /** Whether its meter runs since it went on. */
  #isMetered = false;
  /** What it met, if it trapped since it met a limit. */
  #explain: ExplainTrap | undefined;
  /** How many stacks of that store may be suspended. */
  #most = MAX_SUSPENDED;
  /** Stores that ended with it when it trapped. */
  #condemned: readonly Store[] | undefined;
  #placeholder: Trap | undefined;
  /** Names of the instances on it when it trapped. */
  #labels: readonly string[] = [];
  #state: State = 'fresh';
  #base: number = CALL_STACK;
  /** While it is suspended: for each frame, outermost first, its slot, its thread and the context of its instance. Only grows. */
  readonly #saved: number[] = [];
  /** How many words of that count. */
  #savedWords = 0;
  #borrows: BorrowEntries = NO_BORROWS;
  #closes = false;
  #continue: Continuation | undefined;
  #resolve: ((token: number) => void) | undefined;
  /** Which suspension of all it is in, or was last. */
  since = 0;
  /** Those that are suspended in the same store, while it is. */
  #peers: Few<Stack> | undefined;
  /** How it waits for the host, made when it first does. */
  #host: HostWait | undefined;
  /** The trap of the inner part of a call on it, which ended a store of both. */
  innerTrap: Trap | undefined;

  constructor(
    onEnd: (...results: Flat[]) => void,
    onTrap: (trap: Trap) => void,
    path: string | undefined,
    isInner = false,
  ) {
    this.onEnd = onEnd;
    this.onTrap = onTrap;
    this.path = path;
    this.isInner = isInner;
  }

  get state(): State {
    return this.#state;
  }

  /** Until its code runs again. */
  get isSuspended(): boolean {
    return this.#state === 'suspended' || this.#state === 'going';
  }

  /** Where its frames begin on the call stack. */
  get base(): number {
    return this.#base;
  }

  /** Slots of the instances on it, outermost first, while it is suspended. */
  get slots(): readonly number[] {
    return this.#savedWord(0);
  }

  /** Numbers of the threads of its calls, outermost first, while it is suspended; not above 0 where a call has none. */
  get threads(): readonly number[] {
    return this.#savedWord(1);
  }

  #savedWord(offset: number): readonly number[] {
    const words: number[] = [];
    for (let i = offset; i < this.#savedWords; i += SAVED_FRAME) words.push(this.#saved[i] ?? 0);
    return words;
  }

  /** The host's function that keeps it waiting, if one does. */
  get waitsForHost(): string | undefined {
    return this.#host?.path;
  }

  /** The store of an instance on it. */
  storeOf(slot: number): Store | undefined {
    return this.#store?.record === control.i32[(slot + STORE) >> 2] ? this.#store : storeOf(slot);
  }

  get host(): HostWait {
    this.#host ??= new HostWait(this);
    return this.#host;
  }

  ready(): boolean {
    if (this.mayGoOn) return true;
    scheduler.stall(this);
    return false;
  }

  resume(): boolean {
    return this.go();
  }

  /**
   * Runs `call`, which must call a promised function with the token, in a frame of `slot`, until it ends, suspends or traps: then its
   * stores are condemned, and why is known in a later job. Throws what `call` throws before it is on the stack.
   */
  start(slot: number, thread: number, call: (token: number) => unknown): void {
    const base = pushFrame(slot, thread);
    const suspendable = control.i32[SUSPENDABLE >> 2] ?? 0;
    const before = running;
    const contexts = contextsBetween(before?.base ?? CALL_STACK, base);
    this.#base = base;
    this.#state = 'running';
    const store = storeOf(slot);
    this.#meter = store?.meter;
    if (!this.isInner) {
      this.#store = store;
      if (this.#store !== undefined) this.#most = maxSuspended(this.#store);
    }
    stacks.set(this.token, this);
    running = this;
    control.i32[SUSPENDABLE >> 2] = 1;
    this.#meter?.enter();
    try {
      const ended = call(this.token) as Promise<unknown>;
      if (this.#state === 'running') this.#died();
      ended.then(undefined, (error) => this.#failed(error));
    } catch (error) {
      this.#state = 'ended';
      stacks.delete(this.token);
      throw error instanceof Refused ? error : unwind(error, undefined, base, suspendable);
    } finally {
      this.#meter?.leave();
      running = before;
      popTo(base);
      control.i32[SUSPENDABLE >> 2] = suspendable;
      // If it has suspended, calls on it have not put the slots of their instances back.
      setContexts(before?.base ?? CALL_STACK, contexts);
    }
  }

  #died(): void {
    this.#state = 'ended';
    this.#host?.abandon();
    this.#host = undefined;
    stacks.delete(this.token);
    this.#labels = labelsAbove(this.#base);
    this.#explain = limitMetNow();
    this.#condemned = condemnAbove(this.#base);
    // Who waits for one of them is told once it is known why: until then nobody waits in vain.
    for (const store of this.#condemned) store.hostBegins();
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
    const trap = asTrap(error, undefined, () => this.#explain);
    trap.components ??= this.#labels;
    if (this.#placeholder !== undefined) {
      const { code, reason, path, hint } = trap;
      adoptTrap(this.#placeholder, code, reason, { path, hint, cause: trap.cause });
      this.#placeholder.components = trap.components;
      // Where it happened, not where it was seen.
      if (trap.stack !== undefined) this.#placeholder.stack = trap.stack;
    }
    for (const store of this.#condemned ?? []) store.end(trap);
    this.onTrap(trap);
    for (const store of this.#condemned ?? []) store.hostEnds();
  }

  /** The end of its outermost function, on the guest's stack. */
  finish(results: Flat[]): void {
    this.onEnd(...results);
    this.#state = 'ended';
    stacks.delete(this.token);
  }

  /** Traps where it would be one too many to wait. */
  mustSuspend(): void {
    const store = this.#store;
    if (suspendedNow < MAX_SUSPENDED && (store === undefined || store.suspended < this.#most)) return;
    const most = Math.min(MAX_SUSPENDED, this.#most);
    throw makeTrap('too-many-suspended', { hint: `at most ${most} calls may wait at once` });
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
    const top = callTop() >> 2;
    const saved = this.#saved;
    const home = this.storeOf(s[this.#base >> 2] ?? 0);
    let isMixed = false;
    let at = 0;
    for (let frame = this.#base >> 2; frame < top; frame += FRAME_SIZE >> 2) {
      const slot = s[frame] ?? 0;
      if (s[(slot + STORE) >> 2] !== home?.record) isMixed = true;
      saved[at++] = slot;
      saved[at++] = s[frame + (FRAME_THREAD >> 2)] ?? 0;
      const context = (slot + CONTEXT_0) >> 2;
      for (let word = 0; word < CONTEXT_WORDS; word++) saved[at++] = s[context + word] ?? 0;
      if (this.#closes) s[(slot + CLOSED) >> 2] = 1;
    }
    this.#savedWords = at;
    this.#borrows = detachAbove(this.#base);
    popTo(this.#base);
    this.#state = 'suspended';
    suspendedNow++;
    this.since = suspensions++;
    if (home !== undefined) home.stacks ??= new Few();
    this.#peers = (isMixed ? undefined : home?.stacks) ?? mixed;
    this.#peers.add(this);
    onStoreEnd(TOLD.stacks, unwindStacks);
    if (this.#store !== undefined) this.#store.suspended++;
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** False while another stack keeps one of its instances closed. */
  get mayGoOn(): boolean {
    if (this.#closes) return true;
    const s = control.i32;
    let isOpen = true;
    for (let at = 0; at < this.#savedWords; at += SAVED_FRAME) {
      const slot = this.#saved[at] ?? 0;
      // It only unwinds.
      if (s[((s[(slot + STORE) >> 2] ?? 0) + STORE_STATE) >> 2] !== 0) return true;
      if (s[(slot + CLOSED) >> 2] !== 0) isOpen = false;
    }
    return isOpen;
  }

  /** Whether it is suspended, and no instance of it is closed by another. */
  get canGo(): boolean {
    return this.#state === 'suspended' && this.mayGoOn;
  }

  /** Lets it go on in the next microtask. Answers false if it goes on already. */
  go(): boolean {
    if (this.#state !== 'suspended') return false;
    this.#state = 'going';
    going = this;
    beforeResumption?.();
    this.#resolve?.(this.token);
    now.then(this.#afterRun);
    return true;
  }

  /** On the stack again: takes its part of the control memory back and does what it suspended for. Throws if a store died meanwhile. */
  resumed(): Flat | undefined {
    const then = this.#continue;
    invariant(this.#state === 'going' && then !== undefined, 'a stack is resumed once for each time it is suspended');
    suspendedNow--;
    this.#peers?.delete(this);
    if (this.#store !== undefined) this.#store.suspended--;
    this.#continue = undefined;
    this.#resolve = undefined;
    this.#state = 'running';
    running = this;
    this.#isMetered = this.#meter !== undefined;
    this.#meter?.enter();
    const shift = CALL_STACK - this.#base;
    this.#base = CALL_STACK;
    const isAlive = this.#takeBack();
    attach(this.#borrows, shift);
    if (this.#closes) scheduler.opened();
    if (!isAlive) throwDead(slotsAbove(CALL_STACK), this.innerTrap);
    return then();
  }

  /** Puts frames and contexts back. Answers whether all its stores are alive. */
  #takeBack(): boolean {
    const s = control.i32;
    const saved = this.#saved;
    let isAlive = true;
    let frame = CALL_STACK >> 2;
    for (let at = 0; at < this.#savedWords; at += SAVED_FRAME) {
      const slot = saved[at] ?? 0;
      s[frame] = slot;
      s[frame + (FRAME_THREAD >> 2)] = saved[at + 1] ?? 0;
      frame += FRAME_SIZE >> 2;
      if (this.#closes) s[(slot + CLOSED) >> 2] = 0;
      const context = (slot + CONTEXT_0) >> 2;
      for (let word = 0; word < CONTEXT_WORDS; word++) s[context + word] = saved[at + 2 + word] ?? 0;
      if (s[((s[(slot + STORE) >> 2] ?? 0) + STORE_STATE) >> 2] !== 0) isAlive = false;
    }
    this.#savedWords = 0;
    s[CALL_TOP >> 2] = frame << 2;
    s[SUSPENDABLE >> 2] = 1;
    return isAlive;
  }

  readonly #afterRun = (): void => {
    this.#went();
    scheduler.kick();
  };

  /** The job right after a resumption: a stack that neither ended nor suspended again has trapped. */
  #went(): void {
    if (running === this) {
      running = undefined;
      if (this.#state === 'running') this.#died();
      if (this.#isMetered) this.#meter?.leave();
      this.#isMetered = false;
      popTo(CALL_STACK);
    }
    control.i32[SUSPENDABLE >> 2] = 0;
  }
}

function throwDead(slots: readonly number[], inner: Trap | undefined): void {
  for (const slot of slots) {
    const store = storeOf(slot);
    if (store !== undefined && !store.alive) throw inner ?? store.deadTrap(undefined);
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

/** What is waited for, in words for messages; or what has the words, if a message asks for them. */
export type WaitedFor = string | { readonly what: string };

export function wordsOf(what: WaitedFor): string {
  return typeof what === 'string' ? what : what.what;
}

function notReady(what: WaitedFor): string {
  return `cannot block a synchronous task before returning: ${wordsOf(what)} is not ready`;
}

/** The same trap where the stack can wait, but the type of the function promises that it does not wait for other guests. */
export function neverReady(what: WaitedFor): Error {
  return makeTrap('would-block', {
    reason: notReady(what),
    hint: 'declare the function `async func` in its WIT: only such a function may wait for others before it returns',
  });
}

/** The trap of what would have to wait where nothing can. */
export function wouldBlock(what: WaitedFor): Error {
  return makeTrap('would-block', {
    reason: notReady(what),
    hint: canSuspend
      ? 'call the export through `instance.promised`, whose stack can wait'
      : 'this engine has no JSPI (WebAssembly.promising), so no call can wait',
  });
}

/** The stack that runs, if it may suspend now; else throws why not. */
function suspendable(what: WaitedFor): Stack {
  const stack = suspendableStack();
  if (stack === undefined || !canSuspend) throw wouldBlock(what);
  stack.mustSuspend();
  return stack;
}

/**
 * Asks the shim that called to suspend; `then` runs when the stack goes on. Throws the trap `would-block` where the stack cannot suspend.
 * `closes` where no other call may enter its instances meanwhile.
 */
export function askToSuspend(then: Continuation, what: WaitedFor, closes: boolean): Stack {
  const stack = suspendable(what);
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
  const stack = going?.token === token ? going : stacks.get(token);
  if (stack === undefined) throw makeTrap('core-trap', { reason: 'resumed twice' });
  return stack.resumed();
}

/** The import by which a promised entry hands over the core results, still on the guest's stack. */
export function finishStack(token: number, ...results: Flat[]): void {
  const stack = going?.token === token ? going : stacks.get(token);
  if (stack === undefined) throw makeTrap('core-trap', { reason: 'finished twice' });
  stack.finish(results);
}

/**
 * Asks to suspend until a promise of the host's function `path` settles; then `settle` gives the core result. Without `call`, the function is
 * synchronous to the guest: no other call may enter the instances of the stack meanwhile. With it, the call ends when the result is there.
 */
export function awaitHost(
  path: string,
  until: Promise<unknown>,
  settle: Settle,
  pointer: Flat,
  call: HostCall | undefined,
): void {
  let stack: Stack;
  try {
    stack = suspendable(path);
  } catch (error) {
    // Nobody will look at it any more; the trap says what happened.
    until.catch(() => {});
    throw error;
  }
  const host = stack.storeOf(control.i32[(callTop() - FRAME_SIZE) >> 2] ?? 0);
  stack.host.begin(path, until, host, settle, pointer, call);
}

/** Suspended stacks of stores that end go on once more, to unwind. */
function unwindStacks(store: Store): void {
  for (const stack of stacksIn(store)) scheduler.enqueue(stack);
  // Who waits for one of its instances meets a dead store.
  scheduler.opened();
}
