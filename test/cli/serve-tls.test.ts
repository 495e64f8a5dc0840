/** `tenon serve` over TLS: HTTP/2 and HTTP/1.1 on one port, with real clients. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';
import { dirname } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { certificateSkip, makeCertificate } from '../support/certificate.ts';
import { type Server, serve } from './server.ts';
import { corpusGuest, file, tenon } from './tenon.ts';

const rust = corpusGuest('rust-http2.wasm');
const skip = rust.skip || certificateSkip;

interface Answer {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  const head = once(stream, 'response');
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [[headers]] = await Promise.all([head, once(stream, 'end')]);
  return { headers: headers as Answer['headers'], body: Buffer.concat(chunks) };
}

describe('TLS', { skip }, () => {
  let cert = '';
  let key = '';
  let server: Server;
  let url = '';
  let client: ClientHttp2Session;

  before(async () => {
    let certPem = '';
    ({ cert, key, certPem } = makeCertificate(dirname(file('folder', ''))));
    server = await serve('--tls-cert', cert, '--tls-key', key, rust.path);
    url = server.url;
    client = connect(url, { ca: certPem });
  });
  after(() => {
    client?.destroy();
  });

  const ask = (headers: OutgoingHttpHeaders): ClientHttp2Stream => client.request(headers);

  test('HTTP/2: status, fields, body', async () => {
    const { headers, body } = await answerOf(ask({ ':path': '/' }));
    assert.equal(headers[':status'], 200);
    assert.equal(headers['x-guest'], 'rust-http2');
    assert.equal(String(body), 'hello from rust\n');
    const info = await answerOf(ask({ ':path': '/info?a=b', ':method': 'POST', 'x-one': '1' }).end());
    assert.equal(String(info.body), 'POST /info [a=b] x-one=1\n');
  });

  test('HEAD is answered without a body, and the program does not fail', async () => {
    const { headers, body } = await answerOf(ask({ ':path': '/', ':method': 'HEAD' }));
    assert.equal(headers[':status'], 200);
    assert.equal(headers['x-guest'], 'rust-http2');
    assert.equal(body.length, 0);
    assert.doesNotMatch(server.stderr(), /HEAD \/ failed/);
  });

  test('a large body is echoed byte for byte, amid others on the same connection', async () => {
    const bytes = Buffer.alloc(4 << 20, 'tenon, ');
    const echo = ask({ ':path': '/echo', ':method': 'POST' });
    const others = Array.from({ length: 8 }, () => answerOf(ask({ ':path': '/stream?3' })));
    echo.end(bytes);
    assert.ok((await answerOf(echo)).body.equals(bytes));
    for (const { body } of await Promise.all(others)) assert.equal(String(body), 'chunk 0\nchunk 1\nchunk 2\n');
  });

  test('a trap is a 500 for its stream alone', async () => {
    const other = answerOf(ask({ ':path': '/stream?5' }));
    assert.equal((await answerOf(ask({ ':path': '/trap' }))).headers[':status'], 500);
    assert.match(String((await other).body), /chunk 4\n$/);
  });

  test('a client that takes its stream back ends its own request', async () => {
    const stream = ask({ ':path': '/stream?1000' });
    await once(stream, 'data');
    stream.close(8);
    await once(stream, 'close');
    assert.equal((await answerOf(ask({ ':path': '/' }))).headers[':status'], 200);
    assert.doesNotMatch(server.stderr(), /stream\?1000 failed/);
  });

  test('curl, with both versions', () => {
    const curl = (...args: string[]): string =>
      execFileSync('curl', ['-sS', '--cacert', cert, '-w', '%{http_version}', ...args, url], { encoding: 'utf8' });
    assert.equal(curl('--http1.1'), 'hello from rust\n1.1');
    assert.equal(curl('--http2'), 'hello from rust\n2');
  });

  test('a flood of streams that are taken back ends its connection, and others go on', async () => {
    const flood = connect(url, { ca: readFileSync(cert) });
    flood.on('error', () => {});
    await once(flood, 'connect');
    // It may end with an error, which `once` would take for a failure.
    const closed = new Promise((resolve) => flood.once('close', resolve));
    const again = setInterval(() => {
      for (let i = 0; i < 100 && !flood.closed && !flood.destroyed; i++) {
        const stream = flood.request({ ':path': '/' });
        stream.on('error', () => {});
        stream.close(8);
      }
    }, 5);
    await closed;
    clearInterval(again);
    assert.equal((await answerOf(ask({ ':path': '/' }))).headers[':status'], 200);
  });

  test('certificates that cannot be used', () => {
    const other = file('other.pem', '');
    execFileSync('openssl', ['ecparam', '-genkey', '-name', 'prime256v1', '-noout', '-out', other]);
    const refused = (...flags: string[]) => tenon(['serve', '--addr', '127.0.0.1:0', ...flags, rust.path]);
    const unfit = refused('--tls-cert', cert, '--tls-key', other);
    assert.equal(unfit.code, 1);
    assert.match(unfit.stderr, /^error\[bad-certificate\]: .*other\.pem is not the key of .*cert\.pem/);
    const missing = refused('--tls-cert', `${cert}.none`, '--tls-key', key);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /^error\[bad-certificate\]: --tls-cert: .* cannot be read; found ENOENT/);
    const broken = refused('--tls-cert', cert, '--tls-key', cert);
    assert.equal(broken.code, 1);
    assert.match(broken.stderr, /^error\[bad-certificate\]: --tls-key: .* cannot be used; expected a private key/);
    for (const flag of ['--tls-cert', '--tls-key']) {
      const alone = refused(flag, cert);
      assert.equal(alone.code, 2);
      assert.match(alone.stderr, new RegExp(`^error\\[missing-flag\\]: ${flag} without --tls-`));
    }
  });

  test('SIGTERM: what is under way is finished, and the exit code is 0', async () => {
    const stream = ask({ ':path': '/stream?10' });
    const last = answerOf(stream);
    await once(stream, 'response');
    const ended = server.stop();
    assert.match(String((await last).body), /chunk 9\n$/);
    assert.equal(await ended, 0);
  });
});
