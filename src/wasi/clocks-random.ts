/** The clocks and random numbers that a grant gives: the host's, or such as are the same in every run. */
import { type ClocksGrant, clockRule, type RandomGrant, seedOf } from '../grants/time.ts';
import type { Host, HostClocks, HostRandom, Waitable } from '../host/host.ts';
import { timer } from '../host/streams.ts';

/** A program's clocks. */
export interface GrantedClocks extends HostClocks {
  /** Whether time goes on only by what the program waits for. */
  readonly stands: boolean;
  /** Ready when the monotonic clock has reached `deadline`. */
  until(deadline: bigint): Waitable;
}

/**
 * A time that stands. The monotonic clock goes on only by what the program waits for: a wait takes the time that it takes, and then
 * the clock stands where the wait was to end. So what a program reads depends on what it does, never on how fast it does it.
 */
function standing(clocks: HostClocks, wall: bigint): GrantedClocks {
  let now = 0n;
  return {
    stands: true,
    monotonic: () => now,
    monotonicResolution: 1n,
    wall: () => wall,
    wallResolution: 1n,
    cpu: () => now,
    until(deadline) {
      const real = timer(clocks.monotonic, clocks.monotonic() + (deadline > now ? deadline - now : 0n));
      return {
        ready() {
          if (now >= deadline) return true;
          if (!real.ready()) return false;
          now = deadline;
          return true;
        },
        subscribe: (done) => real.subscribe(done),
      };
    },
  };
}

/** The host's clocks, the time of day moved so that it is `wall` now. */
function moved(clocks: HostClocks, wall: bigint): HostClocks {
  const offset = wall - clocks.monotonic();
  return { ...clocks, wall: () => clocks.monotonic() + offset };
}

/** Undefined: no clock is granted. */
export function grantedClocks(host: Host, clocks: ClocksGrant): GrantedClocks | undefined {
  const rule = clockRule(clocks);
  switch (rule.kind) {
    case 'none':
      return undefined;
    case 'fixed':
      return standing(host.clocks, rule.at);
    case 'system':
    case 'from': {
      const own = rule.kind === 'from' ? moved(host.clocks, rule.at) : host.clocks;
      return { ...own, stands: false, until: (deadline) => timer(own.monotonic, deadline) };
    }
  }
}

const WORD = (1n << 64n) - 1n;

/**
 * SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014), each number as 8 bytes, little-endian; what
 * one request leaves of a number is not used. Whoever knows the seed knows all numbers: nothing for secrets.
 */
export function seededRandom(seed: bigint): HostRandom {
  let state = seed & WORD;
  const next = (): bigint => {
    state = (state + 0x9e3779b97f4a7c15n) & WORD;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & WORD;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & WORD;
    return z ^ (z >> 31n);
  };
  const word = new DataView(new ArrayBuffer(8));
  const bytes = new Uint8Array(word.buffer);
  return {
    fill(target) {
      for (let at = 0; at < target.length; at += 8) {
        word.setBigUint64(0, next(), true);
        target.set(bytes.subarray(0, Math.min(8, target.length - at)), at);
      }
    },
  };
}

/** Undefined: no random numbers are granted. */
export function grantedRandom(host: Host, random: RandomGrant): HostRandom | undefined {
  if (random === 'none') return undefined;
  const seed = seedOf(random);
  return seed === undefined ? host.random : seededRandom(seed);
}
