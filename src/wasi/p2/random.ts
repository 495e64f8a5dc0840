/** `wasi:random`: `random`, `insecure` and `insecure-seed`, all three from the host's secure generator. */
import type { HostRandom } from '../../host/host.ts';
import { violated } from './guard.ts';

/** Bytes of one request: 64 MiB. */
const MAX_BYTES = 1n << 26n;

const noRandom: HostRandom = { fill: () => violated('the program was granted no random numbers') };

/** The interfaces of `wasi:random`; without `random`, asking is a trap. */
export function makeRandom(random: HostRandom = noRandom) {
  const bytes = (len: bigint): Uint8Array => {
    if (len > MAX_BYTES) violated(`${len} random bytes at once, where ${MAX_BYTES} are the most`);
    const target = new Uint8Array(Number(len));
    random.fill(target);
    return target;
  };
  const word = (): bigint => new DataView(bytes(8n).buffer).getBigUint64(0, true);
  return {
    'wasi:random/random': { getRandomBytes: bytes, getRandomU64: word },
    'wasi:random/insecure': { getInsecureRandomBytes: bytes, getInsecureRandomU64: word },
    'wasi:random/insecure-seed': { insecureSeed: (): [bigint, bigint] => [word(), word()] },
  };
}
