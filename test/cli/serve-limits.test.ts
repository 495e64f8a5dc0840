/** `tenon serve` under attack by the component that it serves: each request's harm is its own, and the process lives and answers others. */
import assert from 'node:assert/strict';

import { describe, test } from 'node:test';
import { HARM, HOSTILE_HANDLER } from '../support/hostile-handler.ts';
import { type Server, serve } from './server.ts';
import { corpusGuest, guest, tenon } from './tenon.ts';

const rust = corpusGuest('rust-http2.wasm');
const path = guest('hostile-handler.wasm', HOSTILE_HANDLER);

/** What others do meanwhile, or afterwards. */
const HARMLESS = 'x';

/** Mebibytes that a server may take more than before, whatever a request does: its own memory, and what waits to be collected. */
const FLAT = 250;

async function statusOf(server: Server, harm: string): Promise<number> {
  const answer = await fetch(server.url + harm);
  await answer.arrayBuffer().catch(() => {});
  return answer.status;
}

async function answersOthers(server: Server): Promise<void> {
  assert.equal(await statusOf(server, HARMLESS), 200);
}

async function ends(server: Server): Promise<void> {
  await answersOthers(server);
  assert.equal(await server.stop(), 0, server.stderr());
}

/** How much the process may have now, if the system says how much it has. */
function assertFlat(server: Server, before: number | undefined): void {
  const peak = server.peak();
  if (before === undefined || peak === undefined) return;
  assert.ok(peak - before < FLAT, `${Math.round(peak - before)} MB more than before`);
}

describe('sizes of requests', { skip: rust.skip }, () => {
  /** Sends a body that says its length, or comes in chunks. */
  async function echoed(server: Server, size: number, chunked: boolean): Promise<[number, number]> {
    const bytes = new Uint8Array(size);
    const body = chunked ? new Blob([bytes]).stream() : bytes;
    const answer = await fetch(`${server.url}echo`, { method: 'POST', body, duplex: 'half' } as RequestInit);
    return [
      answer.status,
      await answer.arrayBuffer().then(
        (got) => got.byteLength,
        () => -1,
      ),
    ];
  }

  test('--max-body: 413 before an instance is made where the length is said, and an error for the program that reads more elsewhere', async () => {
    const server = await serve('--max-body', '1M', rust.path);
    const most = 1 << 20;
    for (const chunked of [false, true]) assert.deepEqual(await echoed(server, most, chunked), [201, most]);
    assert.deepEqual(await echoed(server, most + 1, false), [413, 'the body is too long\n'.length]);
    const [status, length] = await echoed(server, 4 * most, true);
    // This program takes the error for the end.
    assert.ok(status === 201 && length <= most, `${status} ${length}`);
    assert.deepEqual(await echoed(server, 10, false), [201, 10]);
    assert.equal(await server.stop(), 0);
  });

  test('--max-headers', async () => {
    const server = await serve('--max-headers', '2K', rust.path);
    const status = async (length: number): Promise<number> => {
      const answer = await fetch(server.url, { headers: { 'x-long': 'x'.repeat(length) } });
      await answer.arrayBuffer();
      return answer.status;
    };
    assert.equal(await status(1000), 200);
    assert.equal(await status(3000), 431);
    assert.equal(await server.stop(), 0);
    for (const size of ['1', '2M', 'x']) {
      const { code, stderr } = tenon(['serve', '--max-headers', size, rust.path]);
      assert.equal(code, 2);
      assert.match(stderr, /^error\[bad-size\]: --max-headers/);
    }
  });
});

describe('a program that takes without end', () => {
  for (const [harm, flags, said] of [
    [HARM.compute, ['--max-cpu', '200ms'], /trap\[cpu-limit\]: .*where limits\.cpu allows 200 ms/],
    [HARM.memory, ['--max-memory', '64M'], /trap\[unreachable\]/],
    [HARM.waits, [], /trap\[handle-limit\]: .*limits\.handles allows 10000/],
    [HARM.handles, [], /trap\[handle-limit\]: .*limits\.handles allows 10000/],
    [HARM.handles, ['--max-handles', '1000'], /trap\[handle-limit\]: .*limits\.handles allows 1000/],
    [HARM.hoard, ['--max-handles', '20'], /trap\[handle-limit\]/],
    [HARM.hoard, [], /trap\[lift-limit\]: .*limits\.lifted allows 16777216 bytes/],
    [HARM.repeated, [], /trap\[lift-limit\]: .*limits\.lifted allows 16777216 bytes/],
    [HARM.repeated, ['--max-lifted', '8M'], /trap\[lift-limit\]: .*limits\.lifted allows 8388608 bytes/],
    [HARM.endlessFields, [], /trap\[host-error\]: fields of more than 1048576 bytes/],
  ] as const) {
    test(`${harm}, ${flags.join(' ') || 'without a flag'}: 500, and 50 others are answered`, async () => {
      const server = await serve(...flags, path);
      await answersOthers(server);
      const before = server.peak();
      const harmed = fetch(server.url + harm);
      const others = Array.from({ length: 50 }, () => statusOf(server, HARMLESS));
      assert.equal((await harmed).status, 500);
      assert.deepEqual(new Set(await Promise.all(others)), new Set([200]));
      assert.match(server.stderr(), said);
      assert.equal(server.stderr().match(/failed/g)?.length, 1);
      assertFlat(server, before);
      await ends(server);
    });
  }
});
