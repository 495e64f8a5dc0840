/** Requests to others against real servers: what is sent, what comes back, and what is refused. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { failsWith } from '../../../test/support/fails-with.ts';
import {
  answerOf,
  bodyOf,
  echo,
  entries,
  HttpScene,
  raw,
  response,
  serving,
  waitFor,
  writeAll,
} from '../../../test/support/http-scene.ts';
import { ComponentError } from '../../error/error.ts';
import type { OutputStream } from './streams.ts';

function write(stream: OutputStream, text: string): void {
  assert.ok(stream.checkWrite() >= text.length);
  stream.write(Buffer.from(text));
}

test('a request as it arrives, and its answer', async () => {
  let seen: unknown;
  await using server = await serving((request, answer) => {
    seen = { method: request.method, url: request.url, headers: request.headers };
    answer.writeHead(201, { 'x-one': 'a', 'x-two': ['b', 'c'] });
    answer.end('hello');
  });
  using scene = new HttpScene();
  const answer = response(await scene.ask({ authority: server.authority, path: '/a?b=c', headers: { 'X-Mine': 'ü' } }));
  assert.equal(answer.status(), 201);
  const fields = answer.headers();
  assert.equal(Buffer.from(fields.get('x-one')[0]!).toString(), 'a');
  assert.deepEqual(fields.get('X-Two').map(String), ['b', 'c']);
  assert.ok(!fields.has('connection') && !fields.has('transfer-encoding'));
  assert.deepEqual(await scene.read(answer.consume()), { text: 'hello', failure: undefined, trailers: undefined });
  const { method, url, headers } = seen as { method: string; url: string; headers: Record<string, string> };
  assert.equal(`${method} ${url}`, 'GET /a?b=c');
  assert.equal(headers['host'], server.authority);
  assert.equal(Buffer.from(headers['x-mine']!, 'latin1').toString(), 'ü');
  assert.equal(headers['content-length'], undefined);
  assert.equal(headers['transfer-encoding'], undefined);
});

describe('bodies', () => {
  test('a short one has its length', async () => {
    await using server = await serving(async (request, answer) => {
      const framing = `${request.headers['content-length']} ${request.headers['transfer-encoding']} `;
      answer.end(framing + (await bodyOf(request)));
    });
    using scene = new HttpScene();
    for (const [method, body, expected] of [
      ['POST', 'short', '5 undefined short'],
      ['POST', '', '0 undefined '],
      ['PUT', undefined, '0 undefined '],
      ['GET', 'odd', '3 undefined odd'],
      ['MKCOL', 'tea', '3 undefined tea'],
    ] as const) {
      const answer = response(await scene.ask({ method, authority: server.authority }, body));
      assert.equal((await scene.read(answer.consume())).text, expected, method);
    }
  });

  test('a long one goes in chunks, and comes back with back-pressure all the way', async () => {
    await using server = await serving(echo);
    using scene = new HttpScene();
    const request = scene.request({ method: 'POST', authority: server.authority });
    const body = request.body();
    const future = scene.handle(request);
    const text = 'abcdefgh'.repeat(500_000);
    const writing = writeAll(body, Buffer.from(text)).then(() => scene.types.OutgoingBody.finish(body, undefined));
    const answer = response(await answerOf(future));
    const read = await scene.read(answer.consume());
    await writing;
    assert.equal(read.text.length, text.length);
    assert.ok(read.text === text);
  });

  test('a GET with a body in pieces is framed too: nothing of it is taken for another request', async () => {
    let heard = '';
    await using server = await raw((socket, all) => {
      heard = all;
      if (all.endsWith('0\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
    using scene = new HttpScene();
    const request = scene.request({ authority: server.authority });
    const body = request.body();
    const future = scene.handle(request);
    const stream = body.write();
    write(stream, 'GET /evil HTTP/1.1\r\n\r\n');
    await setTimeout(20);
    await waitFor(stream.subscribe());
    write(stream, 'more');
    stream[Symbol.dispose]();
    scene.types.OutgoingBody.finish(body, undefined);
    response(await answerOf(future));
    assert.match(heard, /^GET \/ HTTP\/1\.1\r\nhost: [^\r]*\r\ntransfer-encoding: chunked\r\n/i);
    assert.ok(heard.endsWith('16\r\nGET /evil HTTP/1.1\r\n\r\n\r\n4\r\nmore\r\n0\r\n\r\n'), heard);
  });

  test('trailers, both ways', async () => {
    await using server = await serving(async (request, answer) => {
      answer.writeHead(200, { trailer: 'x-sum' });
      answer.write(await bodyOf(request));
      answer.addTrailers({ 'x-sum': `got ${request.trailers['x-mine']}` });
      answer.end();
    });
    using scene = new HttpScene();
    const request = scene.request({ method: 'POST', authority: server.authority });
    const body = request.body();
    const future = scene.handle(request);
    await writeAll(body, Buffer.from('text'));
    scene.types.OutgoingBody.finish(body, scene.fields({ 'x-mine': '7' }));
    const read = await scene.read(response(await answerOf(future)).consume());
    assert.deepEqual(read, { text: 'text', failure: undefined, trailers: { 'x-sum': 'got 7' } });
  });

  test('as long as its content-length says, or not at all', async () => {
    let cut = 0;
    await using server = await serving((request, answer) => {
      request.on('close', () => {
        if (!request.complete) cut++;
      });
      request.on('end', () => answer.end('whole'));
      request.resume();
    });
    using scene = new HttpScene();
    const headers = { 'content-length': '5' };
    const whole = response(await scene.ask({ method: 'POST', authority: server.authority, headers }, 'whole'));
    assert.equal((await scene.read(whole.consume())).text, 'whole');
    const request = scene.request({ method: 'POST', authority: server.authority, headers });
    const body = request.body();
    const future = scene.handle(request);
    await writeAll(body, Buffer.from('cut'));
    await setTimeout(20);
    failsWith(() => scene.types.OutgoingBody.finish(body, undefined), { tag: 'HTTP-request-body-size', val: 3n });
    assert.equal((await answerOf(future)).tag, 'err');
    while (cut === 0) await setTimeout(1);
    for (const wrong of ['five', '', '5, 5', '-1', '+5', '0x5'])
      failsWith(() => scene.fields({ 'content-length': wrong }), { tag: 'invalid-syntax' });
    const fields = scene.fields(headers);
    failsWith(() => fields.append('content-length', Buffer.from('6')), { tag: 'invalid-syntax' });
  });

  test('a slow reader makes the other side wait', async () => {
    let written = 0;
    const all = 64 * 1024 * 1024;
    await using server = await serving((_request, answer) => {
      answer.writeHead(200);
      const more = (): void => {
        while (written < all) {
          written += 65_536;
          if (!answer.write(Buffer.alloc(65_536))) {
            answer.once('drain', more);
            return;
          }
        }
        answer.end();
      };
      more();
    });
    using scene = new HttpScene();
    const answer = response(await scene.ask({ authority: server.authority }));
    const body = answer.consume();
    const stream = body.stream();
    await stream.blockingRead(10n);
    await setTimeout(200);
    const before = written;
    assert.ok(before < all / 2, `${before} bytes were sent to who reads 10`);
    let length = 10;
    while (length < all) length += ((await stream.blockingRead(65_536n)) as Uint8Array).length;
    assert.equal(length, all);
    stream[Symbol.dispose]();
    body[Symbol.dispose]();
  });
});

describe('what may be asked', () => {
  async function denied(scene: HttpScene, authority: string, more: object = {}): Promise<unknown> {
    try {
      const future = scene.handle(scene.request({ authority, ...more }));
      return (await answerOf(future)).val;
    } catch (error) {
      assert.ok(error instanceof ComponentError, String(error));
      return error.payload;
    }
  }

  test('nothing, where nothing was granted', async () => {
    await using server = await serving(echo);
    using scene = new HttpScene('none');
    assert.deepEqual(await denied(scene, server.authority), { tag: 'HTTP-request-denied' });
    assert.equal(server.connections(), 0);
    assert.deepEqual(scene.denials, [
      {
        what: `request http://localhost:${server.port}`,
        why: 'no rule allows it',
        grant: `--http GET@http://localhost:${server.port}`,
      },
    ]);
  });

  test('methods, schemes, ports and hosts of a rule, and no others', async () => {
    await using server = await serving(echo);
    using scene = new HttpScene({ http: [`GET,HEAD@http://localhost:${server.port}`] });
    response(await scene.ask({ authority: server.authority }));
    response(await scene.ask({ method: 'HEAD', authority: server.authority }));
    for (const [authority, more] of [
      [server.authority, { method: 'POST' }],
      [server.authority, { method: 'get' }],
      [server.authority, { scheme: 'HTTPS' }],
      ['localhost:1', {}],
      ['localhost', {}],
      ['127.0.0.1.example:80', {}],
    ] as const)
      assert.deepEqual(await denied(scene, authority, more), { tag: 'HTTP-request-denied' }, authority);
    assert.equal(server.connections(), 2, 'those of the two that were granted');
  });

  test('addresses in any spelling are the address', async () => {
    await using server = await serving(echo);
    using scene = new HttpScene({ http: ['127.0.0.1:*'] });
    for (const host of ['127.0.0.1', '0177.0.0.1', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]'])
      response(await scene.ask({ authority: `${host}:${server.port}` }));
    using other = new HttpScene({ http: ['*:*'] });
    for (const host of ['127.0.0.1', '0177.0.0.1', '2130706433', '[::1]', '[::ffff:7f00:1]', '169.254.169.254'])
      assert.deepEqual(await denied(other, `${host}:${server.port}`), { tag: 'HTTP-request-denied' }, host);
  });

  test('a name that leads to an address which no rule names', async () => {
    await using server = await serving(echo);
    const lookup: LookupFunction = (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]);
    using scene = new HttpScene({ http: ['inside.example:*'] }, { lookup });
    assert.deepEqual(await denied(scene, `inside.example:${server.port}`), { tag: 'destination-IP-prohibited' });
    assert.equal(server.connections(), 0);
    assert.match(scene.denials[0]!.grant, /^--http GET@http:\/\/inside\.example=127\.0\.0\.1:\d+$/);
    using granted = new HttpScene({ http: ['inside.example=127.0.0.1:*'] }, { lookup });
    response(await granted.ask({ authority: `inside.example:${server.port}` }));
  });

  test('a name that changes its address between check and use', async () => {
    await using server = await serving(echo);
    const answers = ['127.0.0.1', '127.0.0.2'];
    let asked = 0;
    const lookup: LookupFunction = (_name, _options, done) =>
      done(null, [{ address: answers[Math.min(asked++, 1)]!, family: 4 }]);
    using scene = new HttpScene({ http: ['turns.example=127.0.0.1:*'] }, { lookup });
    const answer = await scene.ask({ authority: `turns.example:${server.port}`, headers: { 'x-a': '1' } });
    response(answer).consume()[Symbol.dispose]();
    assert.equal(asked, 1, 'the address that was checked is the one that is connected to');
    assert.deepEqual(await denied(scene, `turns.example:${server.port}`), { tag: 'destination-IP-prohibited' });
    assert.equal(asked, 2);
  });

  test('a connection that is kept serves no request that might not have made it', async () => {
    await using server = await serving((request, answer) => {
      request.resume();
      answer.end('ok');
    });
    const lookup: LookupFunction = (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]);
    using scene = new HttpScene({ http: ['GET@kept.example=127.0.0.1:*', 'POST@kept.example:*'] }, { lookup });
    const authority = `kept.example:${server.port}`;
    await scene.read(response(await scene.ask({ authority })).consume());
    await scene.read(response(await scene.ask({ authority })).consume());
    assert.equal(server.connections(), 1, 'kept');
    assert.deepEqual(await denied(scene, authority, { method: 'POST' }), { tag: 'destination-IP-prohibited' });
  });

  test('redirects are the program’s to follow, and judged anew', async () => {
    await using target = await serving(echo);
    await using server = await serving((_request, answer) => {
      answer.writeHead(302, { location: `http://${target.authority}/` });
      answer.end();
    });
    using scene = new HttpScene({ http: [`localhost:${server.port}`] });
    const answer = response(await scene.ask({ authority: server.authority }));
    assert.equal(answer.status(), 302);
    const { location } = entries(answer.headers())!;
    assert.deepEqual(await denied(scene, new URL(location!).host), { tag: 'HTTP-request-denied' });
    assert.equal(target.connections(), 0);
  });

  test('what is no request', async () => {
    using scene = new HttpScene('inherit');
    for (const [asked, code] of [
      [{ method: 'CONNECT', authority: 'a.example:443' }, 'HTTP-request-method-invalid'],
      [{ authority: 'user:secret@a.example' }, 'HTTP-request-URI-invalid'],
      [{ authority: 'a.example:0' }, 'HTTP-request-URI-invalid'],
      [{ authority: 'a.example:99999' }, 'HTTP-request-URI-invalid'],
      [{ authority: 'a.example', path: 'http://other.example/' }, 'HTTP-request-URI-invalid'],
      [{ authority: 'a.example', path: '*' }, 'HTTP-request-URI-invalid'],
      [{ authority: 'a%2eexample' }, 'HTTP-request-URI-invalid'],
    ] as const)
      failsWith(() => scene.handle(scene.request(asked)), { tag: code });
    const request = scene.request({ authority: 'a.example' });
    request.setScheme({ tag: 'other', val: 'gopher' });
    failsWith(() => scene.handle(request), { tag: 'HTTP-protocol-error' });
    const nowhere = scene.request({ authority: 'a.example' });
    nowhere.setAuthority(undefined);
    failsWith(() => scene.handle(nowhere), { tag: 'HTTP-request-URI-invalid' });
    for (const path of ['/a b', '/a\r\nhost: x', '/a#b', '/\0'])
      assert.throws(() => scene.request({ authority: 'a.example', path }), ComponentError);
    for (const name of ['host', 'connection', 'transfer-encoding', 'upgrade'])
      failsWith(() => scene.fields({ [name]: 'x' }), { tag: 'forbidden' });
    for (const value of ['a\r\nb: c', 'a\nb', 'a\0'])
      failsWith(() => scene.fields({ 'x-a': value }), { tag: 'invalid-syntax' });
    assert.equal(scene.client.count, 0);
  });
});

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

describe('TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-tls-'));
  const file = (name: string): string => join(folder, name);
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-keyout', file('key.pem'), '-out', file('cert.pem'), ...subject],
  ]);
  const skip = made.status === 0 ? false : 'not run: no openssl to make a certificate with';
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('certificates are checked, by the name that was asked for', { skip }, async () => {
    const [key, ca] = [readFileSync(file('key.pem')), readFileSync(file('cert.pem'), 'utf8')];
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
