/** What a guest answers must not end the server, whenever Node finds something wrong with it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { HttpFields, HttpServerRequest } from '../http.ts';
import { type HttpServer, listenHttp } from './http-server.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('answers that Node refuses', () => {
  let server: HttpServer;
  let handle: (request: HttpServerRequest) => void;
  before(async () => {
    const options = { host: '127.0.0.1', port: 0, headersTimeout: 1000, requestTimeout: 1000, maxHeaderSize: 16_384 };
    server = await listenHttp(options, (request) => handle(request));
  });
  after(async () => {
    server.close();
    await server.drain();
  });

  /** All that the client hears. */
  async function heard(answer: (request: HttpServerRequest) => void): Promise<string> {
    handle = answer;
    const { port } = new URL(server.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
    let text = '';
    socket.on('data', (data) => {
      text += String(data);
    });
    await once(socket, 'close');
    return text;
  }

  const announced: HttpFields = [
    ['content-length', '5'],
    ['trailer', 'x-sum'],
  ];

  test('trailers are announced only where some can come: behind chunks', async () => {
    for (const later of [false, true]) {
      const text = await heard((request) => {
        const { sink, finish } = bodyOf(request, announced);
        sink.write(bytes('hello'));
        if (later) setTimeout(() => finish([['x-sum', '1']]), 20);
        else finish(undefined);
      });
      assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
      assert.match(text, /\r\ncontent-length: 5\r\n/i);
      assert.doesNotMatch(text, /trailer|x-sum/i);
      assert.ok(text.endsWith('\r\n\r\nhello'), text);
    }
    const chunked = await heard((request) => {
      const { sink, finish } = bodyOf(request, announced.slice(1));
      sink.write(bytes('hello'));
      finish([['x-sum', '1']]);
    });
    assert.match(chunked, /\r\ntrailer: x-sum\r\n/);
    assert.ok(chunked.endsWith('5\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n'), chunked);
    const short = await heard((request) => bodyOf(request, announced.slice(1)).finish(undefined));
    assert.match(short, /^HTTP\/1\.1 200 OK\r\n/);
    assert.doesNotMatch(short, /trailer/i);
  });

  test('a head that cannot be sent ends its own connection', async () => {
    // None of these gets past `wasi:http/types`.
    for (const field of [
      ['a b', 'x'],
      ['x', 'a\r\nb: c'],
    ] as const)
      assert.equal(await heard((request) => void request.respond(200, [field])), '');
  });
});

function bodyOf(request: HttpServerRequest, fields: HttpFields) {
  const body = request.respond(200, fields);
  return { sink: body.sink, finish: (trailers: HttpFields | undefined) => body.finish(trailers) };
}
