/** A page's or worker's host: clocks, random numbers and the console are the web's, files lie in memory. It has no sockets. */
import type { FileStat } from '../host.ts';
import type { HttpHost } from '../http-client.ts';
import type { MemoryFiles } from '../memory/files.ts';
import { bytesSource } from '../streams.ts';
import { sipHash } from './digest.ts';
import { type Fetch, FetchClient } from './fetch-client.ts';
import { consoleSink } from './stdio.ts';

/** The most that `getRandomValues` takes at once. */
const CHUNK = 65_536;

function fill(target: Uint8Array): void {
  for (let at = 0; at < target.length; at += CHUNK) {
    crypto.getRandomValues(target.subarray(at, at + CHUNK) as Uint8Array<ArrayBuffer>);
  }
}

/** Makes a host on `files`; requests to others go by `fetch`, if there is one. */
export function webHost(files: MemoryFiles, fetch?: Fetch): HttpHost {
  const start = performance.now();
  let key: BigUint64Array | undefined;
  return {
    clocks: {
      // Milliseconds with fractions; never zero, and never more exact than pages that are not isolated are told.
      monotonic: () => BigInt(Math.round((performance.now() - start) * 1e6)) + 1n,
      monotonicResolution: 100_000n,
      wall: () => BigInt(Date.now()) * 1_000_000n,
      wallResolution: 1_000_000n,
      cpu: () => undefined,
    },
    random: { fill },
    ...(fetch === undefined ? {} : { httpClient: () => new FetchClient(fetch) }),
    openDirectory: (path, how) => files.openDirectory(path, how),
    stdin: () => bytesSource(),
    stdout: () => consoleSink((line) => console.log(line)),
    stderr: () => consoleSink((line) => console.error(line)),
    digest(stat) {
      key ??= crypto.getRandomValues(new BigUint64Array(4));
      return digest(key, stat);
    },
  };
}

function digest(key: BigUint64Array, stat: FileStat): readonly [bigint, bigint] {
  const { device, inode, size, modified, changed, type } = stat;
  const bytes = new TextEncoder().encode([device, inode, size, modified, changed, type].join(':'));
  const [a = 0n, b = 0n, c = 0n, d = 0n] = key;
  return [sipHash(a, b, bytes), sipHash(c, d, bytes)];
}
