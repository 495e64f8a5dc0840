/** `wasi:clocks`: `monotonic-clock`, `wall-clock`, and `timezone`, which knows UTC only. */
import { READY } from '../../host/streams.ts';
import type { GrantedClocks } from '../clocks-random.ts';
import { violated } from './guard.ts';
import { Pollable } from './poll.ts';

/** A point in time, as `wall-clock.datetime`. */
export interface Datetime {
  readonly seconds: bigint;
  readonly nanoseconds: number;
}

const SECOND = 1_000_000_000n;
const LAST = 2n ** 64n - 1n;

/** Nanoseconds since 1970 as a datetime; times before 1970 have none. */
export function datetime(nanoseconds: bigint): Datetime | undefined {
  if (nanoseconds < 0n) return undefined;
  return { seconds: nanoseconds / SECOND, nanoseconds: Number(nanoseconds % SECOND) };
}

/** A clock that the grant does not give. */
const noClocks: GrantedClocks = {
  monotonic: () => violated('the program was granted no clock'),
  monotonicResolution: 1n,
  wall: () => violated('the program was granted no clock'),
  wallResolution: 1n,
  cpu: () => undefined,
  stands: false,
  until: () => violated('the program was granted no clock'),
};

/** The interfaces of `wasi:clocks`; without `clocks`, reading one is a trap. */
export function makeClocks(clocks: GrantedClocks = noClocks) {
  const now = clocks.monotonic;
  return {
    'wasi:clocks/monotonic-clock': {
      now: (): bigint => now(),
      resolution: (): bigint => clocks.monotonicResolution,
      subscribeInstant: (when: bigint): Pollable => new Pollable(clocks.until(when)),
      subscribeDuration(when: bigint): Pollable {
        if (when === 0n) return new Pollable(READY);
        const deadline = now() + when;
        return new Pollable(clocks.until(deadline > LAST ? LAST : deadline));
      },
    },
    'wasi:clocks/wall-clock': {
      now: (): Datetime => datetime(clocks.wall()) ?? violated("the system's clock stands before 1970"),
      resolution: (): Datetime | undefined => datetime(clocks.wallResolution),
    },
    'wasi:clocks/timezone': {
      display: (_when: Datetime) => ({ utcOffset: 0, name: 'UTC', inDaylightSavingTime: false }),
      utcOffset: (_when: Datetime): number => 0,
    },
  };
}
