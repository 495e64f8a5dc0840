/** Node's clocks and random bytes. */
import type { HostClocks, HostRandom } from '../host.ts';

/** How far the fine clock may stray from the system's before it is set again, in nanoseconds. */
const STRAY = 5_000_000n;

/** The system's clocks. The monotonic one starts near zero, so that it does not tell how long the machine has been up. */
export function nodeClocks(): HostClocks {
  const start = process.hrtime.bigint() - 1n;
  const coarse = (): bigint => BigInt(Date.now()) * 1_000_000n;
  let offset = coarse() - process.hrtime.bigint();
  return {
    monotonic: () => process.hrtime.bigint() - start,
    monotonicResolution: 1n,
    wall() {
      // Date counts milliseconds; the steady clock fills in what lies between, until the system's clock is set.
      const fine = process.hrtime.bigint() + offset;
      const system = coarse();
      const stray = fine - system;
      if (stray < STRAY && stray > -STRAY) return fine;
      offset += system - fine;
      return system;
    },
    wallResolution: 1_000_000n,
    cpu() {
      const { user, system } = process.cpuUsage();
      return BigInt(user + system) * 1000n;
    },
  };
}

/** The most that `getRandomValues` takes at once. */
const CHUNK = 65_536;

export const nodeRandom: HostRandom = {
  fill(target) {
    for (let at = 0; at < target.length; at += CHUNK) {
      crypto.getRandomValues(target.subarray(at, at + CHUNK) as Uint8Array<ArrayBuffer>);
    }
  },
};
