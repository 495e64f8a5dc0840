/** `tenon serve` under attack by clients, and by programs that only wait or write: it stays small, answers others, and ends as it should. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HARM, HOSTILE_HANDLER } from '../support/hostile-handler.ts';
import { type Server, serve } from './server.ts';
import { corpusGuest, guest } from './tenon.ts';

const hostile = guest('hostile-handler.wasm', HOSTILE_HANDLER);
const rust = corpusGuest('rust-http2.wasm');

/** Mebibytes that a server may take more than before, whatever is done to it: what waits to be collected, and what sockets hold. */
const FLAT = 250;
/** The same where thousands of requests are under way, each with an instance of its own: 0.1 MB for each. */
const CROWDED = 500;

const sockets = new Set<Socket>();
after(() => {
  for (const socket of sockets) socket.destroy();
});

/** A client that sends what it likes. */
function client(server: Server): Socket {
  const socket = connect(server.port, '127.0.0.1');
  sockets.add(socket);
  // Whoever is refused may be told so by a reset.
  socket.on('error', () => {});
  return socket;
}

function request(path: string, ...fields: readonly string[]): string {
  return ['GET /', path, ' HTTP/1.1\r\nhost: a\r\n', ...fields.map((field) => `${field}\r\n`), '\r\n'].join('');
}

/** All that a client hears until its connection ends, by whatever. */
async function heard(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (data) => {
    text += String(data);
  });
  socket.resume();
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

async function statusOf(server: Server, path: string): Promise<number> {
  const answer = await fetch(server.url + path);
  await answer.arrayBuffer();
  return answer.status;
}

/** Others are answered: 20 at once, who ask for what does no harm. */
async function answersOthers(server: Server): Promise<void> {
  const path = server.process.spawnargs.includes(hostile) ? 'x' : '';
  const found = await Promise.all(Array.from({ length: 20 }, () => statusOf(server, path)));
  assert.deepEqual(new Set(found), new Set([200]));
}

/** A server that has answered, and what it had at most until then. */
async function ready(...args: string[]): Promise<readonly [Server, number | undefined]> {
  const server = await serve(...args);
  await answersOthers(server);
  return [server, server.peak()];
}

function assertFlat(server: Server, before: number | undefined, most: number): void {
  const peak = server.peak();
  if (before === undefined || peak === undefined) return;
  assert.ok(peak - before < most, `${Math.round(peak - before)} MB more than before`);
}

async function ends(server: Server): Promise<void> {
  await answersOthers(server);
  assert.equal(await server.stop(), 0, server.stderr().slice(-2000));
}

describe('40,000 requests that wait', () => {
  for (const [flags, least] of [
    [[], 512],
    [['--concurrency', '100000'], 2000],
  ] as const) {
    test(`${flags.join(' ') || 'without a flag'}: those that may wait end at their time, all others are told to come again`, async () => {
      const [server, before] = await ready('--timeout', '4', ...flags, hostile);
      const counts = new Map<string, number>();
      await Promise.all(
        Array.from({ length: 40 }, async () => {
          const socket = client(server);
          socket.write(request(HARM.wait).repeat(1000));
          let left = 1000;
          let rest = '';
          for await (const data of socket) {
            const answers = (rest + String(data)).split('\r\n\r\n');
            rest = answers.pop() ?? '';
            for (const answer of answers) {
              const status = /^HTTP\/1\.1 (\d+)/m.exec(answer)?.[1] ?? answer;
              if (status === '503') assert.match(answer, /\r\nretry-after: \d+/i);
              counts.set(status, (counts.get(status) ?? 0) + 1);
              left--;
            }
            if (left === 0) break;
          }
        }),
      );
      const waited = counts.get('504') ?? 0;
      assert.ok(waited >= least, `${waited} waited`);
      assert.deepEqual(counts, new Map([...counts].filter(([status]) => status === '503' || status === '504')));
      assert.equal(waited + (counts.get('503') ?? 0), 40_000);
      assertFlat(server, before, CROWDED);
      await ends(server);
    });
  }
});

describe('a program that writes without end', () => {
  for (const [harm, stream] of [
    [HARM.stdout, 'stdout'],
    [HARM.stderr, 'stderr'],
  ] as const) {
    test(`to ${stream}, which nobody reads: it waits until its time is over, and nobody else does`, async () => {
      const [server, before] = await ready('--timeout', '2', hostile);
      server.process[stream]?.pause();
      const harmed = statusOf(server, harm);
      await answersOthers(server);
      assert.equal(await harmed, 504);
      assertFlat(server, before, FLAT);
      server.process[stream]?.resume();
      await ends(server);
    });

    test(`to ${stream}, which is read: it ends when its time is over`, async () => {
      const [server, before] = await ready('--timeout', '2', hostile);
      const harmed = statusOf(server, harm);
      await answersOthers(server);
      assert.equal(await harmed, 504);
      assertFlat(server, before, FLAT);
      await ends(server);
    });
  }

  test('to a client that does not read: it waits, and ends when its time is over', async () => {
    const [server, before] = await ready('--timeout', '2', hostile);
    const deaf = Array.from({ length: 20 }, () => {
      const socket = client(server);
      socket.write(request(HARM.body));
      return socket.pause();
    });
    await answersOthers(server);
    await sleep(2500);
    assertFlat(server, before, FLAT);
    // Cut short: the last chunk, which says that the body is whole, never came.
    for (const socket of deaf) {
      const text = await heard(socket);
      assert.match(text, /^HTTP\/1\.1 200 /);
      assert.ok(!text.endsWith('\r\n0\r\n\r\n'));
    }
    await ends(server);
  });
});

describe('a flood of fields', () => {
  const field = (i: number): string => `x-${i}: ${'y'.repeat(100)}`;
  for (const [what, sent] of [
    ['a head of a megabyte', request('x', ...Array.from({ length: 10_000 }, (_, i) => field(i)))],
    ['one field of a megabyte', request('x', `x: ${'y'.repeat(1 << 20)}`)],
    ['a name of a megabyte', request('x', `${'y'.repeat(1 << 20)}: x`)],
    ['a path of a megabyte', request('x'.repeat(1 << 20))],
    ['60,000 fields of four bytes', request(HARM.wait, ...Array.from({ length: 60_000 }, () => 'a:'))],
  ] as const) {
    test(`${what}: 431, on 50 connections at once`, async () => {
      const [server, before] = await ready(hostile);
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => {
          const socket = client(server);
          socket.write(sent);
          return heard(socket);
        }),
      );
      // Whoever still sends when it is refused may lose the answer to the reset that ends its connection.
      for (const text of answers) assert.ok(text === '' || text.startsWith('HTTP/1.1 431 '), text.slice(0, 100));
      assert.ok(answers.some((text) => text !== ''));
      assertFlat(server, before, FLAT);
      await ends(server);
    });
  }

  test('fields without end, and trailers without end', async () => {
    const [server, before] = await ready('--timeout', '2', hostile);
    const chunked = 'POST /x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n';
    await Promise.all(
      ['GET /x HTTP/1.1\r\nhost: a\r\n', chunked].map(async (head) => {
        const socket = client(server);
        socket.resume();
        socket.setMaxListeners(0);
        socket.write(head);
        for (let i = 0; i < 100_000 && !socket.closed; i++) {
          if (socket.write(`${field(i)}\r\n`)) continue;
          await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve));
        }
        assert.ok(socket.closed, 'its connection has ended');
      }),
    );
    assertFlat(server, before, FLAT);
    await ends(server);
  });
});

/** Sends a character of `text` now and then, over and over, until the connection ends. Resolves with what was heard. */
async function trickle(socket: Socket, head: string, text: string): Promise<string> {
  socket.write(head);
  let i = 0;
  const drip = setInterval(() => socket.write(text[i++ % text.length] ?? ''), 100);
  try {
    return await heard(socket);
  } finally {
    clearInterval(drip);
  }
}

describe('clients that are slow', { skip: rust.skip }, () => {
  test('heads that never end: 408 after 10 s; others are answered meanwhile', async () => {
    const [server, before] = await ready(rust.path);
    const began = performance.now();
    const slow = Promise.all(
      Array.from({ length: 500 }, () => trickle(client(server), 'GET / HTTP/1.1\r\nhost: a\r\n', 'x: y\r\n')),
    );
    for (let i = 0; i < 8; i++) {
      await sleep(1000);
      await answersOthers(server);
    }
    const answers = await slow;
    const took = performance.now() - began;
    assert.deepEqual(new Set(answers.map((text) => text.slice(0, 12))), new Set(['HTTP/1.1 408']));
    assert.ok(took > 9000 && took < 15_000, `${took} ms`);
    assertFlat(server, before, FLAT);
    await ends(server);
  });

  test('bodies that never end: cut off when their time is over', async () => {
    const [server, before] = await ready('--timeout', '2', rust.path);
    const head = 'POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n';
    const slow = Promise.all(Array.from({ length: 200 }, () => trickle(client(server), head, 'abc')));
    await answersOthers(server);
    for (const text of await slow) assert.match(text, /^HTTP\/1\.1 (?:201|504) /);
    assertFlat(server, before, FLAT);
    await ends(server);
  });

  test('answers that are read slowly arrive whole, at the pace of who reads', async () => {
    const [server, before] = await ready(rust.path);
    const size = 16 << 20;
    const body = Buffer.alloc(size, 'tenon, ');
    const slow = Promise.all(
      Array.from({ length: 30 }, async () => {
        const socket = client(server);
        socket.write(`POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: ${size}\r\nconnection: close\r\n\r\n`);
        socket.write(body);
        const chunks: Buffer[] = [];
        let read = 0;
        for await (const chunk of socket) {
          chunks.push(chunk as Buffer);
          read += (chunk as Buffer).length;
          if (read > 1 << 18) {
            read = 0;
            await sleep(50);
          }
        }
        return unchunked(Buffer.concat(chunks));
      }),
    );
    await answersOthers(server);
    for (const got of await slow) assert.ok(body.equals(got), `${got.length} of ${size} bytes`);
    assertFlat(server, before, FLAT);
    await ends(server);
  });
});

/** The body of an answer that came in chunks. */
function unchunked(answer: Buffer): Buffer {
  let at = answer.indexOf('\r\n\r\n') + 4;
  assert.match(answer.toString('latin1', 0, at), /^HTTP\/1\.1 201 [\s\S]*\r\ntransfer-encoding: chunked\r\n/i);
  const parts: Buffer[] = [];
  for (;;) {
    const end = answer.indexOf('\r\n', at);
    const length = Number.parseInt(answer.toString('latin1', at, end), 16);
    if (!(length > 0)) return Buffer.concat(parts);
    parts.push(answer.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
}
