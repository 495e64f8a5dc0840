/**
 * The limits of time and fuel of one store. docs/limits.md says what counts.
 *
 * Time for computing is given by calls: each that begins has as much as `limits.cpu` says, and calls of a store that are under way together
 * share what they have. Fuel is the store's, for as long as it lives.
 */

import { lifted } from '../abi/lifted.ts';
import { adoptLimit, type LimitFacts } from '../error/limit.ts';
import { makeTrap, type Trap } from '../error/trap.ts';
import { CALL_STACK } from './control.ts';
import { engineTrap, onLimit } from './failure.ts';
import { slotsAbove } from './frames.ts';
import { clock, enterRun, isRunning, leaveRun, overdue, type Timed } from './interruption.ts';
import { type Store, storeOf } from './store.ts';
import type { StoreMeter } from './store-meter.ts';

/** What a meter measures by. */
export interface MeterLimits {
  /** Milliseconds of computing for a call. */
  readonly cpu: number;
  /** Milliseconds of a call from its begin to its end. */
  readonly time: number;
  /** Whether either is limited. */
  readonly isTimed: boolean;
  readonly fuel: bigint | undefined;
  /** Bytes of strings and lists that are lifted for a call. */
  readonly lifted: number;
}

/** A call under way. */
interface Call {
  readonly until: number;
}

const FOREVER = Number.POSITIVE_INFINITY;

export class Meter implements StoreMeter, Timed {
  left: number;
  until: number = FOREVER;
  isOver = false;
  readonly #store: Store;
  readonly #limits: MeterLimits;
  readonly #fuel: BigInt64Array | undefined;
  /** Those that may wait and have an end in time, in the order in which they began, which is that of their ends. */
  readonly #calls = new Set<Call>();
  /** How many calls are under way, synchronous ones among them. */
  #under = 0;
  readonly #countsBytes: boolean;
  /** How many bytes may still be lifted, while none of its guests runs. */
  #bytes: number;
  /** What others may lift, who were entered before it. */
  readonly #outer: { readonly left: number; readonly most: number }[] = [];
  /** Computed since it was given time anew. */
  #used = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(store: Store, limits: MeterLimits, fuel: BigInt64Array | undefined) {
    this.#store = store;
    this.#limits = limits;
    this.#fuel = fuel;
    this.left = limits.cpu;
    this.#bytes = limits.lifted;
    this.#countsBytes = limits.lifted !== FOREVER;
    if (fuel !== undefined) fuel[0] = limits.fuel ?? 0n;
    if (Number.isFinite(limits.time)) store.onEnd.push(() => this.#disarm());
    onLimit(limitMet);
  }

  charge(milliseconds: number): void {
    this.left -= milliseconds;
    this.#used += milliseconds;
  }

  enter(): void {
    if (this.#countsBytes) this.#enterBytes();
    if (this.#limits.isTimed) enterRun(this);
  }

  leave(): void {
    if (this.#countsBytes) this.#leaveBytes();
    if (this.#limits.isTimed) leaveRun(this, true);
  }

  get countsCalls(): boolean {
    return this.#limits.isTimed || this.#countsBytes;
  }

  #enterBytes(): void {
    this.#outer.push({ ...lifted });
    lifted.left = this.#bytes;
    lifted.most = this.#limits.lifted;
  }

  #leaveBytes(): void {
    const outer = this.#outer.pop();
    if (outer === undefined) return;
    this.#bytes = lifted.left;
    lifted.left = outer.left;
    lifted.most = outer.most;
  }

  get isInside(): boolean {
    return !this.#limits.isTimed || isRunning();
  }

  explain(error: unknown): unknown {
    if (engineTrap(error)?.code !== 'unreachable') return error;
    const facts = timeFacts() ?? this.fuelFacts;
    return facts === undefined ? error : adoptLimit(error as WebAssembly.RuntimeError, facts);
  }

  /** How much is left of the fuel; below zero where it has run out. */
  get fuel(): bigint | undefined {
    return this.#fuel?.[0];
  }

  set fuel(units: bigint | undefined) {
    if (this.#fuel !== undefined && units !== undefined) this.#fuel[0] = units;
  }

  /** A call more is under way: it brings time for itself. */
  #give(): void {
    const { cpu, lifted: bytes } = this.#limits;
    this.#bytes = this.#under > 0 ? Math.min(this.#bytes + bytes, bytes * (this.#under + 1)) : bytes;
    if (this.#under > 0) this.left = Math.min(this.left + cpu, cpu * (this.#under + 1));
    else {
      this.left = cpu;
      this.#used = 0;
    }
  }

  callBegins(): object {
    this.#give();
    this.#under++;
    if (this.#limits.time === FOREVER) return this;
    const call = { until: clock() + this.#limits.time };
    this.#calls.add(call);
    this.#arm();
    return call;
  }

  callEnds(call: object): void {
    this.#under--;
    // What goes on after it, on nobody's behalf, has what is left for one.
    this.left = Math.min(this.left, this.#limits.cpu * Math.max(1, this.#under));
    if (call === this) return;
    this.#calls.delete(call as Call);
    this.#arm();
  }

  call<T>(body: () => T): T {
    const { time, isTimed } = this.#limits;
    const now = isTimed ? clock() : 0;
    const { until } = this;
    this.#give();
    this.until = Math.min(until, now + time);
    this.#under++;
    if (this.#countsBytes) this.#enterBytes();
    if (isTimed) enterRun(this, now);
    try {
      return body();
    } finally {
      this.#under--;
      this.until = until;
      if (isTimed) leaveRun(this, this.#under > 0);
      if (this.#countsBytes) this.#leaveBytes();
    }
  }

  /** Sees to it that somebody looks when the first of the calls has taken too long. */
  #arm(): void {
    let first: Call | undefined;
    for (const call of this.#calls) {
      first = call;
      break;
    }
    this.until = first?.until ?? FOREVER;
    if (this.until === FOREVER) this.#disarm();
    else this.#timer ??= setTimeout(() => this.#look(), Math.max(0, this.until - clock()));
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    this.#timer = undefined;
    const { time } = this.#limits;
    const late = clock() - this.until;
    if (late < 0) this.#arm();
    else this.#store.end(this.#trap({ limit: 'time', allowed: time, used: time + late }));
  }

  #trap(facts: LimitFacts): Trap {
    return adoptLimit(makeTrap('unreachable'), facts);
  }

  /** What was met, of the run that is to end. */
  factsAfter(elapsed: number): LimitFacts {
    const { cpu, time } = this.#limits;
    const computed = this.left - elapsed;
    const waited = this.until - clock();
    return computed <= waited
      ? { limit: 'cpu', allowed: cpu, used: this.#used + elapsed }
      : { limit: 'time', allowed: time, used: time - waited };
  }

  /** Whether its fuel ran out, and why the store ends is not known yet. */
  get fuelFacts(): LimitFacts | undefined {
    const fuel = this.#fuel?.[0];
    if (fuel === undefined || fuel >= 0n || this.#store.ended) return undefined;
    const allowed = Number(this.#limits.fuel);
    return { limit: 'fuel', allowed, used: allowed - Number(fuel) };
  }
}

function timeFacts(): LimitFacts | undefined {
  const late = overdue();
  return late && (late.timed as Meter).factsAfter(late.elapsed);
}

/** Of the store whose code ran last. */
function fuelFacts(): LimitFacts | undefined {
  const slot = slotsAbove(CALL_STACK).at(-1);
  const meter = slot === undefined ? undefined : storeOf(slot)?.meter;
  return meter instanceof Meter ? meter.fuelFacts : undefined;
}

/** What a trap of metered code comes of, if a limit was met. */
function limitMet(): ((real: WebAssembly.RuntimeError, path: string | undefined) => Trap) | undefined {
  const facts = timeFacts() ?? fuelFacts();
  return facts && ((real, path) => adoptLimit(real, facts, { path }));
}
