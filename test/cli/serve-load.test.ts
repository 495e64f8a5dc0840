/** Short forms of `scripts/serve-load.ts`: a body that is echoed at constant memory, and load of which one request in ten traps. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { echo, mixedLoad } from '../support/serve-load.ts';
import { serve } from './server.ts';
import { corpusGuest } from './tenon.ts';

const rust = corpusGuest('rust-http2.wasm');

/** Mebibytes that 256 MiB of echo may take more than 32: were a body kept, it would be all of it. */
const MOST_MORE = 100;

describe('load', { skip: rust.skip }, () => {
  for (const flags of [[], ['--reuse', '100'], ['--workers', '2']]) {
    test(`one request in ten traps, ${flags.join(' ') || 'fresh instances'}: no other is lost`, async () => {
      const server = await serve(...flags, rust.path);
      const { answered, trapped, lost } = await mixedLoad(server.url, 3);
      assert.deepEqual(lost, []);
      assert.ok(trapped > 10);
      assert.ok(Math.abs(answered / trapped - 9) < 1, `${answered} answered, ${trapped} trapped`);
      assert.equal(await server.stop(), 0);
    });
  }

  test('a large body is echoed at constant memory', async () => {
    const server = await serve(rust.path);
    await echo(server.url, 32 << 20, 7);
    const before = server.peak();
    await echo(server.url, 256 << 20, 8);
    const peak = server.peak();
    if (before !== undefined && peak !== undefined) assert.ok(peak - before < MOST_MORE, `${peak - before} MB more`);
    assert.equal(await server.stop(), 0);
  });
});
