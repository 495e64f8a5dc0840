/** Requests by `fetch` against real servers, through the interfaces that a program has. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { bodyOf, entries, HttpScene, raw, response, serving } from '../../../test/support/http-scene.ts';
import { ComponentError } from '../../error/error.ts';
import type { NetworkGrantInput } from '../../grants/network.ts';
import { createWasi } from '../../wasi-web.ts';
import { type Fetch, FetchClient } from './fetch-client.ts';

const LOCAL: NetworkGrantInput = { http: ['localhost:*', '127.0.0.1:*'] };

/** Whether an error is the answer that no rule allows this. */
const DENIED = (error: unknown): boolean =>
  error instanceof ComponentError && (error.payload as { tag: string }).tag === 'HTTP-request-denied';

function scene(network = LOCAL, by: Fetch = fetch): HttpScene {
  return new HttpScene(network, {}, createWasi({ network }, { fetch: by }));
}

test('a request as it arrives, and its answer', async () => {
  let seen: unknown;
  await using server = await serving(async (request, answer) => {
    const { method, url, headers } = request;
    seen = {
      method,
      url,
      mine: headers['x-mine'],
      host: headers.host,
      cookie: headers.cookie,
      body: await bodyOf(request),
    };
    answer.writeHead(201, { 'x-one': 'ä' }).end('hello');
  });
  using guest = scene();
  const asked = { method: 'POST', authority: server.authority, path: '/a?b=c', headers: { 'x-mine': 'ü' } };
  const answer = response(await guest.ask(asked, 'text'));
  assert.equal(answer.status(), 201);
  assert.equal(entries(answer.headers())?.['x-one'], 'ä');
  assert.deepEqual(await guest.read(answer.consume()), { text: 'hello', failure: undefined, trailers: undefined });
  // Node gives the two bytes of a UTF-8 character as two characters.
  const mine = Buffer.from('ü').toString('latin1');
  const expected = { method: 'POST', url: '/a?b=c', mine, host: server.authority, cookie: undefined, body: 'text' };
  assert.deepEqual(seen, expected);
});

test('a large answer comes piece by piece, an unpacked one without what was said of the packed', async () => {
  const text = 'abcdefgh'.repeat(100_000);
  await using server = await serving((request, answer) => {
    if (request.url === '/plain') answer.end(text);
    else answer.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(text));
  });
  using guest = scene();
  for (const path of ['/plain', '/packed']) {
    const answer = response(await guest.ask({ authority: server.authority, path }));
    assert.equal(answer.headers().has('content-encoding'), false);
    assert.equal((await guest.read(answer.consume())).text, text);
  }
});

test('a redirect is an answer', async () => {
  await using server = await serving((_, answer) => answer.writeHead(302, { location: '/there' }).end());
  using guest = scene();
  const answer = response(await guest.ask({ authority: server.authority }));
  assert.equal(answer.status(), 302);
  assert.equal(entries(answer.headers())?.['location'], '/there');
});

describe('what goes wrong', () => {
  async function failureOf(guest: HttpScene, authority: string): Promise<string> {
    const answer = await guest.ask({ authority });
    assert.equal(answer.tag, 'err');
    return (answer.val as { tag: string }).tag;
  }

  test('nobody listens', async () => {
    const server = await serving(() => {});
    await server[Symbol.asyncDispose]();
    using guest = scene();
    assert.equal(await failureOf(guest, server.authority), 'internal-error');
  });

  test('an answer that does not begin, or does not go on', async () => {
    await using server = await raw((socket, heard) => {
      if (heard.startsWith('GET /some')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nsome');
    });
    using guest = scene();
    const options = new guest.types.RequestOptions();
    options.setConnectTimeout(20_000_000n);
    options.setFirstByteTimeout(20_000_000n);
    options.setBetweenBytesTimeout(40_000_000n);
    const none = await guest.ask({ authority: server.authority, path: '/none' }, undefined, options);
    assert.deepEqual(none, { tag: 'err', val: { tag: 'connection-read-timeout' } });
    const later = new guest.types.RequestOptions();
    later.setBetweenBytesTimeout(40_000_000n);
    const some = response(await guest.ask({ authority: server.authority, path: '/some' }, undefined, later));
    const read = await guest.read(some.consume());
    assert.equal(read.text, 'some');
    assert.deepEqual(read.failure, { tag: 'connection-read-timeout' });
    assert.deepEqual(read.trailers, { tag: 'connection-read-timeout' });
  });

  test('an answer that is cut short', async () => {
    await using server = await raw((socket) => {
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nsome');
    });
    using guest = scene();
    const read = await guest.read(response(await guest.ask({ authority: server.authority })).consume());
    assert.deepEqual(read.failure, { tag: 'HTTP-response-incomplete' });
  });

  test('what fetch does not send', async () => {
    await using server = await serving((_, answer) => answer.end('never'));
    using guest = scene();
    const answer = await guest.ask({ authority: server.authority }, 'a body of GET');
    assert.equal(answer.tag === 'err' && answer.val.tag, 'internal-error');
    assert.equal(server.connections(), 0);
  });

  test('what no rule allows is not asked', async () => {
    let asked = 0;
    using guest = scene({ http: ['example.com'] }, async () => {
      asked++;
      return new Response('');
    });
    for (const authority of ['localhost:80', 'example.com:81', '127.0.0.1']) {
      await assert.rejects(guest.ask({ authority, scheme: 'HTTPS' }), DENIED);
    }
    assert.equal(asked, 0);
    assert.equal((await guest.ask({ authority: 'example.com', scheme: 'HTTPS' })).tag, 'ok');
    assert.equal(asked, 1);
  });

  test('without a fetch nothing is asked', async () => {
    using guest = new HttpScene(LOCAL, {}, createWasi({ network: LOCAL }));
    await assert.rejects(guest.ask({ authority: 'localhost:80' }), DENIED);
  });
});

test('the program ends with what it began', async () => {
  let gone = 0;
  await using server = await serving((request, answer) => {
    answer.write('some');
    request.socket.once('close', () => gone++);
  });
  const guest = scene();
  response(await guest.ask({ authority: server.authority }));
  guest[Symbol.dispose]();
  while (gone === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const client = new FetchClient(() => new Promise(() => {}));
  const request = { method: 'GET', scheme: 'http', host: 'a', port: 80, authority: 'a', path: '/' } as const;
  const patience = { connectTimeout: 1000, firstByteTimeout: 1000, betweenBytesTimeout: 1000 };
  const exchange = client.send({ ...request, ...patience, headers: [], approves: () => true });
  exchange.body.finish(undefined);
  client.close();
  assert.equal(client.count, 0);
  assert.throws(() => exchange.response.result(), { name: 'HttpFailure', code: { tag: 'connection-terminated' } });
});
