import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UsageError } from '../../error/error.ts';
import { createWasi } from '../../wasi-web.ts';
import type { FileStat } from '../host.ts';
import { MemoryFiles } from '../memory/files.ts';
import { webHost } from './host.ts';

const STAT: FileStat = {
  type: 'regular-file',
  device: 1n,
  inode: 2n,
  links: 1n,
  size: 3n,
  accessed: 4n,
  modified: 5n,
  changed: 6n,
};

describe('the host of the web', () => {
  test('clocks go on', async () => {
    const { clocks } = webHost(new MemoryFiles());
    const [from, wall] = [clocks.monotonic(), clocks.wall()];
    assert.ok(from > 0n && from < 1_000_000_000n, 'it starts near zero');
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(clocks.monotonic() - from >= 15_000_000n);
    assert.ok(clocks.wall() - wall >= 15_000_000n);
    assert.ok(BigInt(Date.now()) * 1_000_000n - clocks.wall() < 1_000_000_000n);
  });

  test('random bytes fill more than the platform gives at once', () => {
    const bytes = new Uint8Array(200_000);
    webHost(new MemoryFiles()).random.fill(bytes);
    for (const at of [0, 65_536, 131_072, 199_900]) {
      assert.ok(bytes.subarray(at, at + 100).some((byte) => byte !== 0));
    }
  });

  test('a digest tells versions of a file apart, and is another for each host', () => {
    const host = webHost(new MemoryFiles());
    const first = host.digest(STAT);
    assert.deepEqual(host.digest({ ...STAT }), first);
    assert.notDeepEqual(host.digest({ ...STAT, modified: 7n }), first);
    assert.notDeepEqual(webHost(new MemoryFiles()).digest(STAT), first);
  });

  test('directories are those of the files, without quotas', () => {
    const files = new MemoryFiles({ '/data': { directory: true } });
    using wasi = createWasi({ dirs: [{ host: '/data', guest: '/' }] }, { files });
    assert.ok('wasi:filesystem/preopens' in wasi);
    const fails = (code: string, dir: object): void => {
      assert.throws(
        () => createWasi({ dirs: [dir as { host: string; guest: string }] }, { files }),
        (error) => error instanceof UsageError && error.code === code,
      );
    };
    fails('no-directory', { host: '/other', guest: '/' });
    fails('bad-grant', { host: '/data', guest: '/', quota: { bytes: 10 } });
  });
});
