/** `tenon serve` with a real component and real clients. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { get, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { before, describe, test } from 'node:test';
import { SPINNING_HANDLER } from '../support/spinning-handler.ts';
import { program } from './guests.ts';
import { type Server, serve } from './server.ts';
import { corpusGuest, guest, tenon } from './tenon.ts';

/** The whole answer to bytes that are sent as they are. */
async function raw(url: string, bytes: string): Promise<string> {
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(bytes);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

const rust = corpusGuest('rust-http2.wasm');
const { skip } = rust;

describe('a component of the corpus', { skip }, () => {
  let server: Server;
  before(async () => {
    server = await serve('--access-log', rust.path);
  });

  test('answers fetch: status, headers, body', async () => {
    const answer = await fetch(server.url);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('x-guest'), 'rust-http2');
    assert.equal(await answer.text(), 'hello from rust\n');
    const info = await fetch(`${server.url}info?a=b&c`, { method: 'POST', headers: { 'X-One': '1', 'x-two': '2' } });
    assert.equal(await info.text(), 'POST /info [a=b&c] x-one=1,x-two=2\n');
    assert.equal((await fetch(`${server.url}nothing`)).status, 404);
  });

  test('curl: a method of its own, and a body that is announced by 100-continue', () => {
    const curl = (...args: string[]): string => execFileSync('curl', ['-sS', ...args], { encoding: 'utf8' });
    assert.equal(curl('-X', 'PURGE', `${server.url}info`), 'other PURGE /info [] \n');
    const body = 'x'.repeat(100_000);
    assert.equal(curl('-H', 'Expect: 100-continue', '--data-binary', body, `${server.url}echo`), body);
  });

  test('a body goes in and out as it comes', async () => {
    const echo = request(`${server.url}echo`, { method: 'POST' });
    echo.flushHeaders();
    const [answer] = (await once(echo, 'response')) as [IncomingMessage];
    assert.equal(answer.statusCode, 201);
    for (const word of ['one', 'two', 'three']) {
      echo.write(word);
      const [chunk] = (await once(answer, 'data')) as [Buffer];
      assert.equal(String(chunk), word);
    }
    echo.end();
    await once(answer, 'end');
  });

  test('large bodies are echoed byte for byte', async () => {
    const body = Buffer.alloc(8 << 20);
    for (let i = 0; i < body.length; i++) body[i] = (i * 31 + (i >> 8)) & 255;
    const answer = await fetch(`${server.url}echo`, { method: 'POST', body });
    assert.ok(Buffer.from(await answer.arrayBuffer()).equals(body));
  });

  test('a trap and an error are a 500 for that request alone, and are explained on stderr', async () => {
    const others = Promise.all(Array.from({ length: 8 }, () => fetch(`${server.url}stream?5`).then((a) => a.text())));
    assert.equal((await fetch(`${server.url}trap`)).status, 500);
    assert.equal((await fetch(`${server.url}fail`)).status, 500);
    for (const text of await others) assert.equal(text, 'chunk 0\nchunk 1\nchunk 2\nchunk 3\nchunk 4\n');
    assert.match(server.stderr(), /^GET \/trap failed\ntrap\[unreachable\]: /m);
    assert.match(server.stderr(), /^GET \/fail failed\n.*internal-error/m);
    assert.equal(await (await fetch(server.url)).text(), 'hello from rust\n');
  });

  test('requests to others are refused', async () => {
    assert.equal(await (await fetch(`${server.url}forward?127.0.0.1:1/x`)).text(), 'ErrorCode::HttpRequestDenied\n');
  });

  test('a client that goes early ends its own request', async () => {
    const call = get(`${server.url}stream?1000`);
    const [answer] = (await once(call, 'response')) as [IncomingMessage];
    await once(answer, 'data');
    call.destroy();
    assert.equal(await (await fetch(server.url)).text(), 'hello from rust\n');
    assert.doesNotMatch(server.stderr(), /stream\?1000 failed/);
  });

  test('malformed HTTP is refused before any instance is made', async () => {
    assert.match(await raw(server.url, 'GET\r\n\r\n'), /^HTTP\/1\.1 400 /);
    assert.match(
      await raw(server.url, `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`),
      /^HTTP\/1\.1 431 /,
    );
    const smuggled =
      'POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n';
    assert.match(await raw(server.url, smuggled), /^HTTP\/1\.1 400 /);
  });

  test('a line for each request', () => {
    assert.match(server.stdout(), /^\S+Z POST \/info\?a=b&c 200 \d+\.\d ms$/m);
  });

  test('SIGTERM: what is under way is finished, and the exit code is 0', async () => {
    const last = fetch(`${server.url}stream?10`).then((answer) => answer.text());
    await fetch(server.url).then((answer) => answer.text());
    const code = server.stop();
    assert.match(await last, /chunk 9\n$/);
    assert.equal(await code, 0);
  });
});

describe('limits', { skip }, () => {
  test('too many at once are answered 503 with a Retry-After', async () => {
    const server = await serve('--concurrency', '1', rust.path);
    const first = await fetch(`${server.url}stream?20`);
    const second = await fetch(server.url);
    assert.equal(second.status, 503);
    assert.equal(second.headers.get('retry-after'), '1');
    await first.text();
    assert.equal((await fetch(server.url)).status, 200);
    assert.equal(await server.stop('SIGINT'), 0);
  });

  test('an answer that takes too long is cut off', async () => {
    const server = await serve('--timeout', '0.2', rust.path);
    const slow = await fetch(`${server.url}stream?100`);
    await assert.rejects(slow.text());
    assert.equal((await fetch(server.url)).status, 200);
    assert.match(server.stderr(), /GET \/stream\?100 failed\n.*no answer within 200 ms/);
    assert.equal(await server.stop(), 0);
  });

  test('instances that answer several requests', async () => {
    const server = await serve('--reuse', '3', rust.path);
    for (let i = 0; i < 10; i++) assert.equal(await (await fetch(server.url)).text(), 'hello from rust\n');
    assert.equal(await server.stop(), 0);
  });
});

describe('a program that computes without end', () => {
  const path = guest('spinning-handler.wasm', SPINNING_HANDLER);

  for (const [flags, status, said] of [
    [['--max-cpu', '100ms'], 500, /^GET \/spin failed\ntrap\[cpu-limit\]: .*100 ms[\s\S]* at spin /m],
    [['--timeout', '0.2'], 504, /^GET \/spin failed\n.*no answer within 200 ms/m],
    [['--fuel', '1000000'], 500, /^GET \/spin failed\ntrap\[fuel-limit\]: .*1000000/m],
  ] as const) {
    test(`is ended by ${flags.join(' ')}: ${status}, and 50 others are answered`, async () => {
      const server = await serve(...flags, path);
      const spinning = fetch(`${server.url}spin`);
      const others = Array.from({ length: 50 }, () => fetch(server.url));
      assert.equal((await spinning).status, status);
      for (const answer of await Promise.all(others)) assert.equal(answer.status, 200);
      assert.match(server.stderr(), said);
      assert.equal(server.stderr().match(/failed/g)?.length, 1);
      assert.equal(await server.stop(), 0);
    });
  }
});

describe('what cannot be served', () => {
  const run = guest('serve-run.wasm', program('i32.const 0'));

  test('a component without a handler', () => {
    const { code, stderr } = tenon(['serve', '--addr', '127.0.0.1:0', run]);
    assert.equal(code, 1);
    assert.match(stderr, /^error\[no-handler\]: .*serve-run\.wasm handles no HTTP requests/);
  });

  test('command lines that say nothing', () => {
    for (const args of [
      [],
      [run, 'more'],
      ['--addr', 'here', run],
      ['--reuse', '0', run],
      ['--concurrency', '1.5', run],
    ])
      assert.equal(tenon(['serve', ...args]).code, 2, args.join(' '));
  });
});
