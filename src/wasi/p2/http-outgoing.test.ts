/** Requests to others against real servers: what is sent, what comes back, and what is refused. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createPlain } from 'node:http';
import type { LookupFunction } from 'node:net';
import { describe, test } from 'node:test';
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
  write,
  writeAll,
} from '../../../test/support/http-scene.ts';
import { ComponentError } from '../../error/error.ts';

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
  assert.deepEqual(
    fields.get('X-Two').map((value) => String(Buffer.from(value))),
    ['b', 'c'],
  );
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
        of: 'network',
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

  test('nor does one stand in the way of a request that may reach another address', async () => {
    const server = createPlain((request, answer) => answer.end(request.socket.localAddress)).listen(0, '0.0.0.0');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const lookup: LookupFunction = (_name, _options, done) =>
      done(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.2', family: 4 },
      ]);
    using scene = new HttpScene({ http: ['GET@two.example=127.0.0.1:*', 'POST@two.example=127.0.0.2:*'] }, { lookup });
    try {
      for (let i = 0; i < 2; i++) {
        for (const [method, expected] of [
          ['GET', '127.0.0.1'],
          ['POST', '127.0.0.2'],
        ] as const) {
          const answer = response(await scene.ask({ method, authority: `two.example:${port}` }));
          assert.equal((await scene.read(answer.consume())).text, expected);
        }
      }
    } finally {
      server.close();
      server.closeAllConnections();
    }
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

  test('text that is not ASCII', async () => {
    await using server = await serving((request, answer) => {
      answer.end(`${request.headers.host} ${request.url}`);
    });
    const lookup: LookupFunction = (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]);
    using scene = new HttpScene('inherit', { lookup });
    const { port } = server;
    for (const [host, path, expected] of [
      ['例え.example', '/', `xn--r8jz45g.example:${port} /`],
      ['BÜCHER.example', '/é%20?例=え', `xn--bcher-kva.example:${port} /%C3%A9%20?%E4%BE%8B=%E3%81%88`],
    ] as const) {
      const answer = response(await scene.ask({ authority: `${host}:${port}`, path }));
      assert.equal((await scene.read(answer.consume())).text, expected);
    }
    // The same where the head goes out by itself, with nobody to be told of an error.
    const request = scene.request({ method: 'POST', authority: `例え.example:${port}`, path: '/例' });
    const body = request.body();
    const future = scene.handle(request);
    await setTimeout(30);
    scene.types.OutgoingBody.finish(body, undefined);
    response(await answerOf(future));
  });

  test('trailers that are announced where none can come', async () => {
    await using server = await serving(async (request, answer) => {
      answer.end(`${request.headers.trailer} ${await bodyOf(request)}`);
    });
    using scene = new HttpScene();
    for (const later of [false, true]) {
      const headers = { 'content-length': '5', trailer: 'x-sum' };
      const request = scene.request({ method: 'POST', authority: server.authority, headers });
      const body = request.body();
      const future = scene.handle(request);
      if (later) await setTimeout(30);
      await writeAll(body, Buffer.from('hello'));
      scene.types.OutgoingBody.finish(body, scene.fields({ 'x-sum': '1' }));
      const answer = response(await answerOf(future));
      assert.equal((await scene.read(answer.consume())).text, 'undefined hello');
    }
  });

  test('more at once than there may be', async () => {
    await using server = await serving(() => {});
    using scene = new HttpScene();
    for (let i = 0; i < 1024; i++) scene.handle(scene.request({ method: 'POST', authority: server.authority }));
    const one = await scene.ask({ method: 'POST', authority: server.authority });
    assert.deepEqual(one, { tag: 'err', val: { tag: 'connection-limit-reached' } });
    assert.equal(scene.client.count, 1024);
  });

  test('what is no request', async () => {
    using scene = new HttpScene('inherit');
    for (const [asked, code] of [
      [{ method: 'CONNECT', authority: 'a.example:443' }, 'HTTP-request-method-invalid'],
      [{ authority: 'user:secret@a.example' }, 'HTTP-request-URI-invalid'],
      [{ authority: 'a.example:0' }, 'HTTP-request-URI-invalid'],
      [{ authority: 'a.example:99999' }, 'HTTP-request-URI-invalid'],
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
    for (const path of ['/a b', '/a\r\nhost: x', '/a#b', '/\0', 'http://other.example/'])
      assert.throws(() => scene.request({ authority: 'a.example', path }), ComponentError);
    for (const name of ['host', 'connection', 'transfer-encoding', 'upgrade'])
      failsWith(() => scene.fields({ [name]: 'x' }), { tag: 'forbidden' });
    for (const value of ['a\r\nb: c', 'a\nb', 'a\0'])
      failsWith(() => scene.fields({ 'x-a': value }), { tag: 'invalid-syntax' });
    assert.equal(scene.client.count, 0);
  });
});
