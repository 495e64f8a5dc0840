/** What a program sees of requests over HTTP/2, and what its clients see of its answers. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type ClientHttp2Session, connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { certificateSkip, makeCertificate } from '../../../test/support/certificate.ts';
import type { HttpFields, HttpServerRequest } from '../http.ts';
import { type HttpServer, listenHttp, type TlsIdentity } from './http-server.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const texts = (fields: HttpFields): [string, string][] =>
  fields.map(([name, value]) => [name, String(Buffer.from(value, 'latin1'))]);

/** Reads a body to its end. */
async function drained({ body }: HttpServerRequest): Promise<string> {
  let text = '';
  for (;;) {
    await new Promise<void>((resolve) => void body.source.subscribe(resolve));
    const chunk = body.source.read(1024);
    if (chunk === undefined) return text;
    text += String(Buffer.from(chunk));
  }
}

describe('HTTP/2', { skip: certificateSkip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-http2-'));
  let tls: TlsIdentity;
  let server: HttpServer;
  let client: ClientHttp2Session;
  let handle: (request: HttpServerRequest) => void;

  before(async () => {
    const { certPem, keyPem } = makeCertificate(folder);
    tls = { cert: certPem, key: keyPem };
    const times = { headersTimeout: 5000, requestTimeout: 5000, maxHeaderSize: 16_384 };
    server = await listenHttp({ host: '127.0.0.1', port: 0, ...times, tls }, (request) => handle(request));
    client = connect(server.url, { ca: tls.cert });
    await once(client, 'connect');
  });
  after(async () => {
    client.destroy();
    server.close();
    await server.drain();
    rmSync(folder, { recursive: true, force: true });
  });

  test('what begins with a colon is no field, and crumbs of a cookie are one', async () => {
    const seen = new Promise<HttpServerRequest>((resolve) => {
      handle = (request) => {
        request.respond(204, []).finish(undefined);
        resolve(request);
      };
    });
    const stream = client.request({ ':path': '/a?b', ':authority': 'here', cookie: ['a=1', 'b=2'], 'x-one': '1' });
    stream.resume();
    const { method, scheme, authority, path, headers } = await seen;
    assert.deepEqual([method, scheme, authority, path], ['GET', 'https', 'here', '/a?b']);
    assert.deepEqual(texts(headers), [
      ['x-one', '1'],
      ['cookie', 'a=1; b=2'],
    ]);
  });

  test('trailers go both ways', async () => {
    let got: Promise<[string, HttpFields | undefined]> | undefined;
    handle = (request) => {
      const out = request.respond(200, [['x-head', '1']]);
      out.sink.write(bytes('body'));
      got = drained(request).then((text) => {
        out.finish([['x-after', '2']]);
        return [text, request.body.trailers.result()];
      });
    };
    const stream = client.request({ ':path': '/', ':method': 'POST' }, { waitForTrailers: true });
    stream.once('wantTrailers', () => stream.sendTrailers({ 'x-sum': '3' }));
    stream.end('hello');
    stream.resume();
    const [trailers] = (await once(stream, 'trailers')) as [Record<string, unknown>];
    assert.equal(trailers['x-after'], '2');
    const [text, sent] = await got!;
    assert.equal(text, 'hello');
    assert.deepEqual(texts(sent ?? []), [['x-sum', '3']]);
  });

  test('fields that the protocol forbids end their stream, and not the server', async () => {
    handle = (request) => request.respond(200, [['connection', 'close']]).finish(undefined);
    const stream = client.request({ ':path': '/' });
    await assert.rejects(once(stream, 'response'), /INTERNAL_ERROR/);
    handle = (request) => request.respond(200, []).finish(undefined);
    const next = client.request({ ':path': '/' });
    const [headers] = (await once(next, 'response')) as [Record<string, unknown>];
    assert.equal(headers[':status'], 200);
    next.resume();
  });

  test('clients are told how many streams they may open', async () => {
    if (client.remoteSettings.maxConcurrentStreams === undefined) await once(client, 'remoteSettings');
    assert.equal(client.remoteSettings.maxConcurrentStreams, 128);
    assert.equal(client.remoteSettings.maxHeaderListSize, 16_384);
  });

  test('who sends no whole head in time is ended, and so is a connection without requests', async () => {
    const times = { headersTimeout: 100, requestTimeout: 200, maxHeaderSize: 16_384 };
    const hasty = await listenHttp({ host: '127.0.0.1', port: 0, ...times, tls }, (request) => handle(request));
    const slow = connectTls({ port: Number(new URL(hasty.url).port), host: '127.0.0.1', ca: tls.cert });
    slow.write('GET / HTTP/1.1\r\nhost: a\r\n');
    let heard = '';
    slow.on('data', (data) => {
      heard += String(data);
    });
    const idle = connect(hasty.url, { ca: tls.cert });
    await Promise.all([once(slow, 'close'), once(idle, 'close')]);
    assert.match(heard, /^HTTP\/1\.1 408 /);
    await hasty.drain();
  });
});
