/** Requests to others that fail: servers that misbehave, programs that forget, certificates that are wrong. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { certificateSkip, makeCertificate } from '../../../test/support/certificate.ts';
import {
  answerOf,
  bodyOf,
  echo,
  HttpScene,
  raw,
  response,
  serving,
  waitFor,
  write,
} from '../../../test/support/http-scene.ts';
import { ComponentError } from '../../error/error.ts';

describe('servers that misbehave', () => {
  async function outcome(says: string | ((socket: import('node:net').Socket) => void), options = {}): Promise<unknown> {
    await using server = await raw((socket, heard) => {
      if (!heard.endsWith('\r\n\r\n')) return;
      if (typeof says === 'string') socket.end(says);
      else says(socket);
    });
    using scene = new HttpScene();
    const settings = new scene.types.RequestOptions();
    const { firstByte, betweenBytes } = options as { firstByte?: bigint; betweenBytes?: bigint };
    settings.setFirstByteTimeout(firstByte);
    settings.setBetweenBytesTimeout(betweenBytes);
    const answer = await scene.ask({ authority: server.authority }, undefined, settings);
    if (answer.tag === 'err') return answer.val;
    const { text, failure, trailers } = await scene.read(answer.val.consume());
    if (failure !== undefined) assert.deepEqual(trailers, failure);
    return failure === undefined ? text : [text, failure];
  }

  const head = 'HTTP/1.1 200 OK\r\n';
  const INCOMPLETE = { tag: 'HTTP-response-incomplete' };
  const PROTOCOL = { tag: 'HTTP-protocol-error' };
  const SILENT = { tag: 'connection-read-timeout' };
  for (const [what, says, expected, options] of [
    ['a body without a length ends with its connection', `${head}\r\nall of it`, 'all of it'],
    ['a body that is shorter than its length', `${head}content-length: 10\r\n\r\nshort`, ['short', INCOMPLETE]],
    ['a chunk that never ends', `${head}transfer-encoding: chunked\r\n\r\n5\r\nab`, ['ab', INCOMPLETE]],
    ['no answer', '', { tag: 'connection-terminated' }],
    ['half a head', 'HTTP/1.1 20', { tag: 'connection-terminated' }],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n', PROTOCOL],
    ['two lengths', `${head}content-length: 1\r\ncontent-length: 2\r\n\r\nab`, PROTOCOL],
    ['a length and chunks', `${head}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, PROTOCOL],
    ['a length that is none', `${head}content-length: -5\r\n\r\n`, PROTOCOL],
    ['a line feed in a field', `${head}x: a\nb\r\n\r\n`, PROTOCOL],
    [
      'a head without end',
      `${head}${'x: 0123456789\r\n'.repeat(20_000)}`,
      { tag: 'HTTP-response-header-section-size', val: undefined },
    ],
    [
      'more fields than are kept',
      `${head}${'a:\r\n'.repeat(5000)}\r\n`,
      { tag: 'HTTP-response-header-section-size', val: undefined },
    ],
    ['many fields', `${head}${'a:\r\n'.repeat(2500)}content-length: 2\r\n\r\nok`, 'ok'],
    [
      'answers before the answer',
      `HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${head}content-length: 2\r\n\r\nok`,
      'ok',
    ],
    ['too many of them', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1000), PROTOCOL],
    [
      'another protocol that nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
      { tag: 'HTTP-upgrade-failed' },
    ],
    ['an answer that does not begin', () => {}, SILENT, { firstByte: 50_000_000n }],
    [
      'a body that does not go on',
      (s) => s.write(`${head}content-length: 9\r\n\r\nhi`),
      ['hi', SILENT],
      { betweenBytes: 50_000_000n },
    ],
    ['a connection that is cut', (s) => s.resetAndDestroy(), { tag: 'connection-terminated' }],
  ] as readonly (readonly [string, Parameters<typeof outcome>[0], unknown, object?])[])
    test(what, async () => assert.deepEqual(await outcome(says, options), expected));

  test('nobody listens, and nobody is there', async () => {
    await using server = await raw(() => {});
    await server[Symbol.asyncDispose]();
    using scene = new HttpScene('inherit');
    const refused = await scene.ask({ authority: server.authority });
    assert.deepEqual(refused, { tag: 'err', val: { tag: 'connection-refused' } });
    const unknown = (await scene.ask({ authority: 'nowhere.invalid' })).val as { tag: string };
    assert.equal(unknown.tag, 'DNS-error');
    using slow = new HttpScene('inherit', { lookup: () => {} });
    const options = new slow.types.RequestOptions();
    options.setConnectTimeout(30_000_000n);
    const late = await slow.ask({ authority: 'slow.example' }, undefined, options);
    assert.deepEqual(late, { tag: 'err', val: { tag: 'connection-timeout' } });
  });

  test('an answer before the request is whole', async () => {
    await using server = await raw((socket, heard) => {
      if (heard.includes('\r\n\r\n'))
        socket.end(`HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno`);
    });
    using scene = new HttpScene();
    const request = scene.request({ method: 'POST', authority: server.authority });
    const body = request.body();
    const future = scene.handle(request);
    const stream = body.write();
    write(stream, 'x'.repeat(1000));
    const answer = response(await answerOf(future));
    assert.equal(answer.status(), 413);
    assert.equal((await scene.read(answer.consume())).text, 'no');
    await assert.rejects(async () => {
      for (;;) {
        await waitFor(stream.subscribe());
        stream.write(Buffer.alloc(Number(stream.checkWrite())));
      }
    }, ComponentError);
    stream[Symbol.dispose]();
    body[Symbol.dispose]();
  });

  test('a kept connection that ends as the next request goes out: what may be repeated is', async () => {
    let requests = 0;
    await using server = await raw((socket, heard) => {
      if (!heard.endsWith('\r\n\r\n')) return;
      requests++;
      const again = heard.split('GET').length > 2;
      if (again) socket.destroy();
      else socket.write(`${head}content-length: 2\r\n\r\nok`);
    });
    using scene = new HttpScene();
    for (let i = 0; i < 3; i++) {
      const answer = response(await scene.ask({ authority: server.authority }));
      assert.equal((await scene.read(answer.consume())).text, 'ok');
    }
    assert.equal(requests, 5);
  });
});

describe('what is left', () => {
  test('whoever forgets an answer ends its connection', async () => {
    let closed = 0;
    await using server = await serving((request, answer) => {
      answer.on('close', () => closed++);
      if (request.url === '/begun') answer.write('begun');
    });
    using scene = new HttpScene();
    const future = scene.handle(scene.request({ authority: server.authority }));
    await setTimeout(30);
    future[Symbol.dispose]();
    response(await scene.ask({ authority: server.authority, path: '/begun' }))[Symbol.dispose]();
    const begun = scene.handle(scene.request({ authority: server.authority, path: '/begun' }));
    await waitFor(begun.subscribe());
    begun[Symbol.dispose]();
    while (closed < 3) await setTimeout(1);
    assert.equal(scene.client.count, 0);
  });

  test('the end of a program ends its requests', async () => {
    let closed = 0;
    await using server = await serving((_request, answer) => {
      answer.on('close', () => closed++);
    });
    const scene = new HttpScene();
    for (let i = 0; i < 10; i++) scene.handle(scene.request({ authority: server.authority }));
    await setTimeout(50);
    assert.equal(scene.client.count, 10);
    scene[Symbol.dispose]();
    assert.equal(scene.client.count, 0);
    while (closed < 10) await setTimeout(1);
  });

  test('a request can be asked for its answer once', async () => {
    await using server = await serving((_request, answer) => void answer.end());
    using scene = new HttpScene();
    const future = scene.handle(scene.request({ authority: server.authority }));
    assert.equal(future.get(), undefined);
    await waitFor(future.subscribe());
    assert.equal(future.get()?.tag, 'ok');
    assert.deepEqual(future.get(), { tag: 'err', val: undefined });
  });

  test('a hundred programs at once', async () => {
    await using server = await serving(async (request, answer) => {
      await setTimeout(50);
      answer.end(await bodyOf(request));
    });
    const scenes = Array.from({ length: 100 }, () => new HttpScene());
    const texts = await Promise.all(
      scenes.map(async (scene, i) => {
        const answer = response(await scene.ask({ method: 'POST', authority: server.authority }, `${i}`));
        return (await scene.read(answer.consume())).text;
      }),
    );
    assert.deepEqual(
      texts,
      Array.from({ length: 100 }, (_, i) => `${i}`),
    );
    for (const scene of scenes) scene[Symbol.dispose]();
  });
});

test('more trailers than are kept are an error behind the body, and none is dropped in silence', async () => {
  async function trailersOf(count: number): Promise<unknown> {
    await using server = await raw((socket, heard) => {
      if (!heard.endsWith('\r\n\r\n')) return;
      const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n';
      socket.end(`${head}${Array.from({ length: count }, (_, i) => `a${i}:\r\n`).join('')}\r\n`);
    });
    using scene = new HttpScene();
    const { text, trailers } = await scene.read(response(await scene.ask({ authority: server.authority })).consume());
    assert.equal(text, 'ok');
    return trailers;
  }
  assert.equal(Object.keys((await trailersOf(2500)) as object).length, 2500);
  assert.deepEqual(await trailersOf(5000), { tag: 'HTTP-response-trailer-section-size', val: undefined });
});

describe('TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-tls-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('certificates are checked, by the name that was asked for', { skip: certificateSkip }, async () => {
    const { keyPem: key, certPem: ca } = makeCertificate(folder);
    const server = createServer({ key, cert: ca }, (_request, answer) => void answer.end('secret')).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    try {
      const lookup: LookupFunction = (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]);
      const rules = { http: ['localhost:*', '*=loopback:*'] };
      using trusting = new HttpScene(rules, { ca, lookup });
      const asked = { scheme: 'HTTPS', authority: `localhost:${port}` } as const;
      for (let i = 0; i < 2; i++)
        assert.equal((await trusting.read(response(await trusting.ask(asked)).consume())).text, 'secret');
      const other = await trusting.ask({ ...asked, authority: `other.example:${port}` });
      assert.deepEqual(other, { tag: 'err', val: { tag: 'TLS-certificate-error' } });
      using doubting = new HttpScene(rules);
      assert.deepEqual(await doubting.ask(asked), { tag: 'err', val: { tag: 'TLS-certificate-error' } });
      await using plain = await serving(echo);
      const wrong = await trusting.ask({ ...asked, authority: plain.authority });
      assert.deepEqual(wrong, { tag: 'err', val: { tag: 'TLS-protocol-error' } });
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});
