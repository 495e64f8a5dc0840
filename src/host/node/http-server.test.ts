/** What a guest answers must not end the server, whenever Node finds something wrong with it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { HttpFailure, type HttpFields, type HttpServerRequest } from '../http.ts';
import { type HttpServer, listenHttp } from './http-server.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

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

/** All that a client hears that sends this. */
async function hears(sent: string): Promise<string> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.write(sent);
  let text = '';
  socket.on('data', (data) => {
    text += String(data);
  });
  await once(socket, 'close');
  return text;
}

describe('answers that Node refuses', () => {
  /** All that the client hears. */
  function heard(answer: (request: HttpServerRequest) => void): Promise<string> {
    handle = answer;
    return hears('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
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

describe('messages of many fields', () => {
  const many = 'a: b\r\n'.repeat(2500);

  /** The status of what it answers to bytes that a client sends. */
  async function statusOf(sent: string): Promise<string | undefined> {
    return /^HTTP\/1\.1 (\d+)/.exec(await hears(sent))?.[1];
  }

  test('all of them arrive: none is dropped in silence', async () => {
    let counted = 0;
    handle = (request) => {
      counted = request.headers.filter(([name]) => name === 'a').length;
      request.respond(200, []).finish(undefined);
    };
    assert.equal(await statusOf(`GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${many}\r\n`), '200');
    assert.equal(counted, 2500);
  });

  test('and all trailers', async () => {
    let counted: number | undefined;
    handle = (request) => {
      const { source, trailers } = request.body;
      const read = (): void => {
        if (source.read(1024) === undefined) trailers.subscribe(end);
        else source.subscribe(read);
      };
      const end = (): void => {
        counted = trailers.result()?.length;
        request.respond(200, []).finish(undefined);
      };
      source.subscribe(read);
    };
    const head = 'POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n';
    assert.equal(await statusOf(`${head}1\r\nx\r\n0\r\n${many}\r\n`), '200');
    assert.equal(counted, 2500);
  });

  test('too many are refused, in the head and behind the body, since each takes far more than it is long', async () => {
    const tooMany = 'a:\r\n'.repeat(3001);
    handle = () => assert.fail('no request is handed on');
    assert.equal(await statusOf(`GET / HTTP/1.1\r\nhost: a\r\n${tooMany}\r\n`), '431');
    assert.equal(await statusOf(`GET / HTTP/1.1\r\n${tooMany.repeat(4)}\r\n`), '431');
    let failure: unknown;
    handle = (request) => {
      const { source, trailers } = request.body;
      const end = (): void => {
        try {
          trailers.result();
        } catch (error) {
          failure = error;
        }
        request.respond(200, []).finish(undefined);
      };
      const read = (): void => {
        if (source.read(1024) === undefined) trailers.subscribe(end);
        else source.subscribe(read);
      };
      source.subscribe(read);
    };
    const head = 'POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n';
    assert.equal(await statusOf(`${head}1\r\nx\r\n0\r\n${tooMany}\r\n`), '200');
    assert.ok(failure instanceof HttpFailure);
    assert.equal(failure.code.tag, 'HTTP-request-trailer-section-size');
  });

  test('more bytes than are allowed are refused in the head, and fail the body behind which they come', async () => {
    const large = `x: ${'y'.repeat(1000)}\r\n`.repeat(20);
    handle = () => assert.fail('no request is whole');
    assert.equal(await statusOf(`GET / HTTP/1.1\r\nhost: a\r\n${large}\r\n`), '431');
    const failed = new Promise((resolve) => {
      handle = ({ body: { source } }) => {
        const read = (): void => {
          try {
            source.read(1024);
          } catch (error) {
            resolve(error);
            return;
          }
          source.subscribe(read);
        };
        source.subscribe(read);
      };
    });
    const head = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n';
    assert.equal(await statusOf(`${head}1\r\nx\r\n0\r\n${large}\r\n`), '431');
    assert.ok((await failed) instanceof Error);
  });
});

function bodyOf(request: HttpServerRequest, fields: HttpFields) {
  const body = request.respond(200, fields);
  return { sink: body.sink, finish: (trailers: HttpFields | undefined) => body.finish(trailers) };
}
