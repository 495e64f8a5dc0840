/** `tenon serve` and its clients, message by message: framing, trailers, 100-continue, both directions at once. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect as connect2 } from 'node:http2';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { before, describe, test } from 'node:test';
import { certificateSkip, makeCertificate } from '../support/certificate.ts';
import { ECHO_HANDLER } from '../support/echo-handler.ts';
import { type Server, serve } from './server.ts';
import { file, guest } from './tenon.ts';

const echo = guest('echo-handler.wasm', ECHO_HANDLER);

describe('HTTP/1.1', () => {
  let server: Server;
  before(async () => {
    server = await serve(echo);
  });

  test('trailers go both ways, behind the body', async () => {
    const asked = request(server.url, { method: 'POST', headers: { trailer: 'x-sum, x-other' } });
    asked.write('hello, ');
    asked.write('x'.repeat(100_000));
    asked.addTrailers({ 'x-sum': '7', 'x-other': 'some' });
    asked.end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of answer) text += String(chunk);
    assert.equal(answer.statusCode, 200);
    assert.equal(text, `hello, ${'x'.repeat(100_000)}`);
    assert.deepEqual({ ...answer.trailers }, { 'x-sum': '7', 'x-other': 'some' });
  });

  test('both directions at once: what is sent later answers what came before', async () => {
    const asked = request(server.url, { method: 'POST' });
    asked.write('0');
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    for (let i = 1; i <= 5; i++) {
      const [piece] = (await once(answer, 'data')) as [Buffer];
      assert.equal(String(piece), `${i - 1}`);
      asked.write(`${i}`);
    }
    asked.end();
    let rest = '';
    for await (const chunk of answer) rest += String(chunk);
    assert.equal(rest, '5');
  });

  /** What is heard byte by byte, without the date, from a connection that ends by itself. */
  async function heard(...sent: readonly string[]): Promise<string> {
    const socket = connect(server.port, '127.0.0.1');
    const closed = once(socket, 'close');
    let text = '';
    socket.on('data', (data) => {
      text += String(data);
    });
    for (const part of sent) {
      socket.write(part);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await closed;
    return text.replace(/date: .*\r\n/i, '');
  }

  const head = 'POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n';

  test('bytes: chunks and trailers', async () => {
    const chunked = 'HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';
    const end = '0\r\nx-end: yes\r\n\r\n';
    assert.equal(await heard(`${head}content-length: 0\r\n\r\n`), chunked + end);
    assert.equal(await heard(`${head}content-length: 5\r\n\r\nhello`), `${chunked}5\r\nhello\r\n${end}`);
    const asked = `${head}transfer-encoding: chunked\r\n\r\n`;
    assert.equal(
      await heard(asked, '5\r\nhello\r\n', '6\r\n, you!\r\n', '0\r\n\r\n'),
      `${chunked}5\r\nhello\r\n6\r\n, you!\r\n${end}`,
    );
    assert.equal(
      await heard(asked, '5\r\nhello\r\n', '0\r\nX-Sum: 7\r\n\r\n'),
      `${chunked}5\r\nhello\r\n0\r\nx-sum: 7\r\n\r\n`,
    );
  });

  test('bytes: 100-continue, when the program is there to read', async () => {
    const text = await heard(`${head}expect: 100-continue\r\ncontent-length: 5\r\n\r\n`, 'hello');
    assert.match(text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[\s\S]*hello/);
  });

  test('an old client, of HTTP/1.0: no chunks, and the connection ends', async () => {
    const text = await heard('POST / HTTP/1.0\r\ncontent-length: 5\r\n\r\nhello');
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
    assert.doesNotMatch(text, /transfer-encoding/i);
    assert.ok(text.endsWith('\r\n\r\nhello'), text);
  });

  test('curl: trailers of the answer', () => {
    const script = 'printf "hello" | curl -sS -D - -T - -H "Transfer-Encoding: chunked" "$0"';
    const text = execFileSync('sh', ['-c', script, server.url], { encoding: 'utf8' });
    assert.match(text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    assert.ok(text.endsWith('x-end: yes\r\nhello') || text.endsWith('hellox-end: yes\r\n'), text);
  });
});

describe('HTTP/2', { skip: certificateSkip }, () => {
  test('trailers go both ways, amid others on the same connection', async () => {
    const { cert, key, certPem } = makeCertificate(dirname(file('folder', '')));
    const server = await serve('--tls-cert', cert, '--tls-key', key, echo);
    const client = connect2(server.url, { ca: certPem });
    const ask = async (i: number): Promise<void> => {
      const stream = client.request({ ':path': '/', ':method': 'POST' }, { waitForTrailers: true });
      stream.once('wantTrailers', () => stream.sendTrailers({ 'x-sum': `${i}` }));
      const body = Buffer.alloc(50_000, `${i}, `);
      stream.end(body);
      const trailers = once(stream, 'trailers');
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      assert.ok(body.equals(Buffer.concat(chunks)));
      assert.equal(((await trailers)[0] as Record<string, unknown>)['x-sum'], `${i}`);
    };
    await Promise.all(Array.from({ length: 20 }, (_, i) => ask(i)));
    client.close();
    assert.equal(await server.stop(), 0);
  });
});
