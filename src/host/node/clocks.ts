/** Node's clocks and random bytes. */
import { openSync, readSync } from 'node:fs';
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

let urandom: number | undefined;

/** The kernel's generator. Reading it directly spares a short program the loading of Node's crypto, a tenth of its start. */
function fromKernel(target: Uint8Array): boolean {
  if (process.platform !== 'linux') return false;
  try {
    urandom ??= openSync('/dev/urandom', 'r');
    for (let at = 0; at < target.length; ) {
      const read = readSync(urandom, target, at, target.length - at, null);
      if (read === 0) return false;
      at += read;
    }
    return true;
  } catch {
    return false;
  }
}

export const nodeRandom: HostRandom = {
  fill(target) {
    if (fromKernel(target)) return;
    for (let at = 0; at < target.length; at += CHUNK) {
      crypto.getRandomValues(target.subarray(at, at + CHUNK) as Uint8Array<ArrayBuffer>);
    }
  },
};
