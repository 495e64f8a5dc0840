/**
 * Who computes in this thread, told to a watchdog in another thread, which ends it at its deadline. Both share three words:
 *   0 STATE     the number of the run that computes, 0 for none, negative once it is to end: metered code looks at it (`src/core/meter.ts`)
 *   1 DEADLINE  of that run, in milliseconds of this thread's clock; odd, so that it is never 0
 *   2 WAKE      when the watchdog wakes up by itself; 0 for never
 * The watchdog changes STATE only from the number that it saw to a negative one: a run that has ended meanwhile is not hit, and neither is
 * the next. It sleeps until the deadline that it saw last, so entering a guest tells it something only where it would wake up too late.
 *
 * Runs nest where the host's functions call guests. The outer one's time goes on, but it ends only once it runs again: whoever is called has a
 * deadline of its own.
 */
import { UsageError } from '../error/error.ts';

/** Whose time is measured. */
export interface Timed {
  /** How long it may still compute, in milliseconds. */
  left: number;
  /** When it must have ended, by this thread's clock. */
  until: number;
  /** Its time was over while another computed. */
  isOver: boolean;
  /** It has computed for so long. */
  charge(milliseconds: number): void;
}

const STATE = 0;
const DEADLINE = 1;
const WAKE = 2;

const OVER = -0x8000_0000;
const MOST_RUNS = 0x7fff_ffff;

/** Starts the watchdog of this thread on the shared memory; resolves once it looks. */
export type StartWatchdog = (memory: SharedArrayBuffer, origin: number) => Promise<void>;

let startWatchdog: StartWatchdog | undefined;
let memory: WebAssembly.Memory | undefined;
let words = new Int32Array(3);
let started: Promise<void> | undefined;

/** Says how a watchdog is started on this platform. */
export function setWatchdog(start: StartWatchdog): void {
  startWatchdog = start;
}

/** What metered modules import. */
export function interruptionMemory(): WebAssembly.Memory {
  if (memory === undefined) {
    memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    words = new Int32Array(memory.buffer, 0, 3);
  }
  return memory;
}

/**
 * Resolves once the watchdog of this thread looks: before, a run would end late.
 * @throws UsageError `no-watchdog` where the platform has none, or no shared memory
 */
export function watchdog(): Promise<void> {
  if (startWatchdog === undefined || typeof SharedArrayBuffer === 'undefined')
    throw new UsageError(
      'no-watchdog',
      'limits of time need a thread of their own and shared memory, which are not there',
      {
        hint: 'use limits.fuel, which needs neither',
      },
    );
  started ??= startWatchdog(interruptionMemory().buffer as unknown as SharedArrayBuffer, performance.timeOrigin);
  return started;
}

/** The clock by which runs are measured, in milliseconds. */
export function clock(): number {
  return performance.now();
}

const runs: Timed[] = [];
const since: number[] = [];
let depth = 0;
let lastRun = 0;

/** Tells of the run that computes from now on, and was entered at `begun`. */
function publish(timed: Timed, now: number, begun: number): void {
  const left = Math.min(timed.left - (now - begun), timed.until - now);
  if (timed.isOver || left <= 0) {
    words[STATE] = OVER;
    return;
  }
  lastRun = lastRun === MOST_RUNS ? 1 : lastRun + 1;
  const deadline = left === Number.POSITIVE_INFINITY ? 0 : Math.ceil(now + left) | 1;
  Atomics.store(words, DEADLINE, deadline);
  Atomics.store(words, STATE, lastRun);
  if (deadline === 0) return;
  const wake = Atomics.load(words, WAKE);
  if (wake !== 0 && ((deadline - wake) | 0) >= 0) return;
  Atomics.store(words, WAKE, deadline);
  Atomics.notify(words, WAKE);
}

/** `timed` computes from now on. */
export function enterRun(timed: Timed, now: number = clock()): void {
  if (depth > 0 && words[STATE]! < 0) runs[depth - 1]!.isOver = true;
  runs[depth] = timed;
  since[depth] = now;
  depth++;
  publish(timed, now, now);
}

/** `timed` computes no more, if it did; `charges` where it matters for how long. */
export function leaveRun(timed: Timed, charges: boolean): void {
  if (depth === 0 || runs[depth - 1] !== timed) return;
  words[STATE] = 0;
  depth--;
  runs.pop();
  if (depth === 0 && !charges) return;
  const now = clock();
  // What was entered again while it ran has been running all the while.
  if (!runs.includes(timed)) timed.charge(now - since[depth]!);
  if (depth > 0) publish(runs[depth - 1]!, now, since[depth - 1]!);
}

/** Whether one computes. */
export function isRunning(): boolean {
  return depth > 0;
}

/** The run that is to end, and for how long it has computed since it was entered; undefined where none is. */
export function overdue(): { readonly timed: Timed; readonly elapsed: number } | undefined {
  if (depth === 0 || words[STATE]! >= 0) return undefined;
  return { timed: runs[depth - 1]!, elapsed: clock() - since[depth - 1]! };
}

/**
 * What the watchdog does, in its own thread. Stands alone: it may be carried there as text. `ready` is called when it looks.
 */
export function watch(shared: SharedArrayBuffer, origin: number, ready: () => void): never {
  const seen = new Int32Array(shared, 0, 3);
  const now = (): number => performance.timeOrigin + performance.now() - origin;
  ready();
  for (;;) {
    const run = Atomics.load(seen, 0);
    const deadline = run > 0 ? Atomics.load(seen, 1) : 0;
    const left = deadline === 0 ? Number.POSITIVE_INFINITY : (deadline - (Math.floor(now()) | 0)) | 0;
    if (left <= 0) {
      // Only if the deadline was this run's.
      if (Atomics.load(seen, 0) === run) Atomics.compareExchange(seen, 0, run, run | -0x8000_0000);
      continue;
    }
    Atomics.store(seen, 2, deadline);
    // What was entered before that was told may be due earlier.
    const next = Atomics.load(seen, 0) > 0 ? Atomics.load(seen, 1) : 0;
    if (next !== 0 && (deadline === 0 || ((next - deadline) | 0) < 0)) continue;
    Atomics.wait(seen, 2, deadline, left);
  }
}
