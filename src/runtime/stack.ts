/**
 * Stacks that suspend: promised calls, what they wait for, and which component instances are closed meanwhile. An instance on a
 * suspended stack is closed: promised calls into it queue, synchronous ones are refused, destructors queue. JSPI alone would let
 * a second call in, which would overwrite the guest's shadow stack (docs/engine.md, "JSPI").
 *
 * A resumed stack always starts in a microtask with no other wasm below it, so its frames go to the bottom of the call stack. A
 * trap on a resumed stack is known to JavaScript only through a rejected promise, whose handlers may run later than other jobs;
 * therefore the job right after every resumption looks whether the stack ended as it should, and ends its stores if not.
 */
import type { BorderEnv, ExportBorder, Flat } from '../abi/js/border.ts';
import { makeTrap } from '../error/trap.ts';
import { abandonAbove, attach, type BorrowEntries, detachAbove } from './borrow-log.ts';
import { CALL_STACK, CALL_TOP, CLOSED, control, PENDING, STORE, SUSPENDABLE } from './control.ts';
import { unwind } from './failure.ts';
import { type GuestResource, isClosed, setDtorRunner } from './resource.ts';
import { endStoresAbove, onStoreEnd, storeAt } from './store.ts';

/** Stacks that may be suspended at once in this thread; V8 ends the process at about 32,000. */
export const MAX_SUSPENDED = 20_000;

interface JspiNamespace {
  readonly Suspending?: new (fn: (...args: never[]) => unknown) => object;
  readonly promising?: (fn: (...args: never[]) => unknown) => (...args: unknown[]) => Promise<unknown>;
}

const jspi = WebAssembly as unknown as JspiNamespace;

/** Whether the engine can suspend a wasm stack (JSPI). */
export const canSuspend: boolean = jspi.Suspending !== undefined && jspi.promising !== undefined;

/** One promised call. */
export interface Run {
  readonly border: ExportBorder;
  /** Where its frames begin on the call stack. */
  base: number;
  outcome: { readonly ok: boolean; readonly value: unknown } | undefined;
  suspended: boolean;
}

interface Suspension {
  readonly run: Run;
  readonly frames: readonly number[];
  readonly borrows: BorrowEntries;
  readonly base: number;
  readonly returnPointer: number;
  /** Settles when the stack may go on. */
  readonly until: Promise<unknown>;
  ok: boolean;
  value: unknown;
  resolve: (token: number) => void;
}

const runs = new Map<number, Run>();
const suspensions = new Map<number, Suspension>();
let nextToken = 1;
let running: Run | undefined;
let asked: Suspension | undefined;

function takeToken(): number {
  const token = nextToken;
  nextToken = nextToken >= 0x7fff_ffff ? 1 : nextToken + 1;
  return token;
}

/** How many stacks are suspended now. */
export function suspendedCount(): number {
  return suspensions.size;
}

/** Asks the shim that called to suspend until `until` settles. Throws the trap `would-block` where the stack cannot suspend. */
export function suspend(until: Promise<unknown>, returnPointer: number, waitsFor: string): void {
  const s = control.i32;
  const run = running;
  if (s[SUSPENDABLE >> 2] === 0 || run === undefined || !canSuspend) {
    // Nobody will look at it any more; the trap says what happened.
    until.catch(() => {});
    throw makeTrap('would-block', {
      reason: `cannot block a synchronous task before returning: ${waitsFor} is not ready`,
      hint: canSuspend
        ? 'call the export through `instance.promised`, whose stack can wait'
        : 'this engine has no JSPI (WebAssembly.promising), so no call can wait',
    });
  }
  if (suspensions.size >= MAX_SUSPENDED) {
    throw makeTrap('too-many-suspended', { hint: `at most ${MAX_SUSPENDED} calls may wait at once` });
  }
  const top = s[CALL_TOP >> 2] ?? run.base;
  const frames = Array.from(s.subarray(run.base >> 2, top >> 2));
  asked = {
    run,
    frames,
    borrows: detachAbove(run.base),
    base: run.base,
    returnPointer,
    until,
    ok: true,
    value: undefined,
    resolve: () => {},
  };
  s[PENDING >> 2] = 1;
}

/** The one import that suspends: closes the instances of the stack and waits. Its result is the token for `resumed`. */
function wait(): Promise<number> {
  const suspension = asked;
  asked = undefined;
  if (suspension === undefined) throw makeTrap('core-trap', { reason: 'nothing to wait for' });
  const s = control.i32;
  s[PENDING >> 2] = 0;
  for (const slot of suspension.frames) s[(slot + CLOSED) >> 2] = 1;
  s[CALL_TOP >> 2] = suspension.base;
  suspension.run.suspended = true;
  const token = takeToken();
  suspensions.set(token, suspension);
  const go = (ok: boolean, value: unknown): void => {
    suspension.ok = ok;
    suspension.value = value;
    suspension.resolve(token);
    queueMicrotask(() => afterResumption(suspension.run));
  };
  suspension.until.then(
    (value) => go(true, value),
    (error) => go(false, error),
  );
  return new Promise((resolve) => {
    suspension.resolve = resolve;
  });
}

/** The form of a core function that runs on a stack which can suspend. */
export function promisingOf(fn: (...args: unknown[]) => unknown): (...args: unknown[]) => unknown {
  return jspi.promising === undefined ? fn : jspi.promising(fn as (...args: never[]) => unknown);
}

/** What shims import as their wait. */
export const waitImport: unknown =
  jspi.Suspending === undefined
    ? (): never => {
        throw makeTrap('would-block');
      }
    : new jspi.Suspending(wait);

let beforeResumption: (() => void) | undefined;

/** Installs what is called before any stack goes on, or takes it away. */
export function onResumption(listener: (() => void) | undefined): void {
  beforeResumption = listener;
}

/** Called by the shim once its stack goes on: opens the instances again. Throws if the store died meanwhile. */
export function resumed(token: number): { ok: boolean; value: unknown; returnPointer: number } {
  beforeResumption?.();
  const suspension = suspensions.get(token);
  if (suspension === undefined) throw makeTrap('core-trap', { reason: 'resumed twice' });
  suspensions.delete(token);
  const { run, frames } = suspension;
  running = run;
  run.suspended = false;
  run.base = CALL_STACK;
  const s = control.i32;
  for (const [i, slot] of frames.entries()) {
    s[(CALL_STACK >> 2) + i] = slot;
    s[(slot + CLOSED) >> 2] = 0;
  }
  s[CALL_TOP >> 2] = CALL_STACK + 4 * frames.length;
  s[SUSPENDABLE >> 2] = 1;
  attach(suspension.borrows, CALL_STACK - suspension.base);
  for (const slot of frames) {
    const store = storeAt(s[(slot + STORE) >> 2] ?? 0);
    if (store !== undefined && !store.alive) throw store.deadTrap(undefined);
  }
  return suspension;
}

/** The job right after a resumption: a stack that neither finished nor suspended again has trapped. */
function afterResumption(run: Run): void {
  if (running === run) {
    running = undefined;
    if (run.outcome === undefined && !run.suspended) failRun(CALL_STACK);
    control.i32[CALL_TOP >> 2] = CALL_STACK;
  }
  control.i32[SUSPENDABLE >> 2] = 0;
  drain();
}

function failRun(base: number): void {
  endStoresAbove(base, undefined);
  abandonAbove(base);
}

// ---- promised calls

/** Runs a promised call on a JSPI stack; the caller has made sure that the instance may be entered. */
export function startRun(
  border: ExportBorder,
  env: BorderEnv,
  entry: (...args: unknown[]) => unknown,
  args: readonly unknown[],
): { run: Run; ended: Promise<unknown> } {
  const s = control.i32;
  const base = s[CALL_TOP >> 2] ?? CALL_STACK;
  const suspendable = s[SUSPENDABLE >> 2] ?? 0;
  const run: Run = { border, base, outcome: undefined, suspended: false };
  const token = takeToken();
  runs.set(token, run);
  const before = running;
  running = run;
  s[base >> 2] = env.slot;
  s[CALL_TOP >> 2] = base + 4;
  s[SUSPENDABLE >> 2] = 1;
  let ended: Promise<unknown>;
  try {
    ended = border.start(entry as (token: number, ...flat: Flat[]) => unknown, token, args) as Promise<unknown>;
    if (run.outcome === undefined && !run.suspended) failRun(base);
  } catch (error) {
    throw unwind(error, env.path, base, suspendable);
  } finally {
    if (run.outcome === undefined && !run.suspended) runs.delete(token);
    running = before;
    control.i32[CALL_TOP >> 2] = base;
    control.i32[SUSPENDABLE >> 2] = suspendable;
  }
  return { run, ended };
}

/** The import by which a promised call's entry hands over the core results, still on the guest's stack. */
export function finishRun(token: number, ...results: Flat[]): void {
  const run = runs.get(token);
  if (run === undefined) throw makeTrap('core-trap', { reason: 'finished twice' });
  runs.delete(token);
  try {
    run.outcome = { ok: true, value: run.border.finish(...results) };
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) throw error;
    run.outcome = { ok: false, value: error };
  }
}

/** Forgets a run that ended in a trap. */
export function forgetRun(run: Run): void {
  for (const [token, other] of runs) if (other === run) runs.delete(token);
}

// ---- who waits for a closed instance

interface Waiter {
  readonly slot: number;
  readonly go: () => void;
}

const waiters: Waiter[] = [];
const dtors: { resource: GuestResource; rep: number }[] = [];

/** Calls `go` once the instance may be entered (or its store is dead), in the order of asking. */
export function whenOpen(slot: number, go: () => void): void {
  waiters.push({ slot, go });
}

/** Whether a new call into the instance must queue. */
export function mustQueue(slot: number): boolean {
  return isClosed(slot) || waiters.some((w) => w.slot === slot);
}

function enterable(slot: number): boolean {
  return !isClosed(slot) || storeAt(control.i32[(slot + STORE) >> 2] ?? 0)?.alive !== true;
}

/** Runs what waited for instances that are open now. */
export function drain(): void {
  for (let i = 0; i < dtors.length; ) {
    const next = dtors[i];
    if (next === undefined || !enterable(next.resource.slot)) {
      i++;
      continue;
    }
    dtors.splice(i, 1);
    try {
      callDtor(next.resource, next.rep);
    } catch {
      // The store has ended with the reason; nobody waits for a queued destructor.
    }
  }
  for (let i = 0; i < waiters.length; ) {
    const next = waiters[i];
    if (next === undefined || !enterable(next.slot)) {
      i++;
      continue;
    }
    waiters.splice(i, 1);
    next.go();
  }
}

/** For adapters that meet a closed instance: asks the shim to suspend until it is open. */
export function awaitOpen(slot: number): void {
  if (enterable(slot)) return;
  suspend(
    new Promise<void>((resolve) => whenOpen(slot, resolve)),
    0,
    'the called component instance, which waits inside a host call,',
  );
}

// ---- destructors

/** Queues a destructor whose instance is closed. */
export function queueDtor(resource: GuestResource, rep: number): void {
  dtors.push({ resource, rep });
}

function callDtor(resource: GuestResource, rep: number): void {
  const { dtor, slot, store } = resource;
  if (dtor === undefined || !store.alive) return;
  const s = control.i32;
  const base = s[CALL_TOP >> 2] ?? CALL_STACK;
  const suspendable = s[SUSPENDABLE >> 2] ?? 0;
  s[base >> 2] = slot;
  s[CALL_TOP >> 2] = base + 4;
  s[SUSPENDABLE >> 2] = 0;
  try {
    dtor(rep);
  } catch (error) {
    throw unwind(error, `the destructor of ${resource.name}`, base, suspendable);
  } finally {
    control.i32[CALL_TOP >> 2] = base;
    control.i32[SUSPENDABLE >> 2] = suspendable;
  }
}

setDtorRunner((resource, rep) => {
  if (isClosed(resource.slot)) queueDtor(resource, rep);
  else callDtor(resource, rep);
});

// A store that ends lets everybody go on who waits for one of its instances: they meet a dead store.
onStoreEnd(() => queueMicrotask(drain));
