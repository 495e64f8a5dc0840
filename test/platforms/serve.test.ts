/** `tenon serve` and clients that are programs of their own: undici, a browser, wrk. `npm run test:platforms` installs them. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { serve } from '../cli/server.ts';
import { assemble } from '../support/assemble.ts';
import { type Certificate, certificateSkip, makeCertificate } from '../support/certificate.ts';
import { corpusMissing } from '../support/corpus.ts';
import { ECHO_HANDLER } from '../support/echo-handler.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { SHARED } from '../support/shared.ts';
import { launch } from './browser.ts';
import { onPath, PLATFORMS } from './platforms.ts';

const WITHOUT = (process.env['TENON_WITHOUT'] ?? '').split(',');
const leftOut = (name: string): string | false => WITHOUT.includes(name) && `${name} was left out by TENON_WITHOUT`;
const rust = join(SHARED, 'corpus/rust-http2.wasm');

const folder = mkdtempSync(join(tmpdir(), 'tenon-clients-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const echo = join(folder, 'echo.wasm');
writeFileSync(echo, assemble(ECHO_HANDLER));
let certificate: Certificate;
before(() => {
  if (certificateSkip === false) certificate = makeCertificate(folder);
});

async function secure(component: string, ...flags: string[]): Promise<ServerProcess> {
  return serve('--tls-cert', certificate.cert, '--tls-key', certificate.key, ...flags, component);
}

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array> & { text(): Promise<string>; bytes(): Promise<Uint8Array>; destroy(): void };
  readonly trailers: Readonly<Record<string, string>>;
}

interface Dispatcher {
  close(): Promise<void>;
}

interface Undici {
  readonly request: (url: string, options: object) => Promise<Answer>;
  readonly Agent: new (options: object) => Dispatcher;
}

const undiciAt = join(import.meta.dirname, 'node_modules/undici/index.js');

describe('undici', { skip: leftOut('undici') || corpusMissing || certificateSkip }, () => {
  test('is there', () => assert.ok(existsSync(undiciAt), 'undici is not installed: nothing was tried with it'));

  for (const [version, options, start] of [
    ['HTTP/1.1', { pipelining: 8, connections: 4 }, (component: string) => serve(component)],
    ['HTTP/2', { allowH2: true, connections: 1, pipelining: 100 }, (component: string) => secure(component)],
  ] as const) {
    test(`${version}: a hundred requests at once, bodies both ways, a trap, a client that goes`, async () => {
      const { Agent, request } = (await import(undiciAt)) as Undici;
      const server = await start(rust);
      const dispatcher = new Agent({ ...options, connect: { ca: certificate.certPem } });
      const ask = (path: string, given: object = {}) => request(server.url + path, { dispatcher, ...given });

      await Promise.all(
        Array.from({ length: 100 }, async (_, i) => {
          const { statusCode, headers, body } = await ask(`info?${i}`, { headers: { 'x-i': `${i}` } });
          const found = [statusCode, headers['x-guest'], await body.text()];
          assert.deepEqual(found, [200, 'rust-http2', `GET /info [${i}] x-i=${i}\n`]);
        }),
      );

      const bytes = Buffer.alloc(4 << 20, 'tenon, ');
      const chunks = Array.from({ length: 64 }, (_, i) => bytes.subarray(i << 16, (i + 1) << 16));
      const echoed = await ask('echo', { method: 'POST', body: Readable.from(chunks) });
      assert.equal(echoed.statusCode, 201);
      assert.ok(bytes.equals(await echoed.body.bytes()));

      const trapped = await ask('trap');
      assert.equal(trapped.statusCode, 500);
      await trapped.body.text();

      const early = await ask('stream?1000');
      for await (const _ of early.body) break;
      early.body.destroy();
      const next = await ask('');
      assert.equal(await next.body.text(), 'hello from rust\n');
      await dispatcher.close();
      assert.equal(await server.stop(), 0);
      assert.doesNotMatch(server.stderr(), /stream\?1000 failed/);
    });
  }

  test('HTTP/1.1: trailers of an answer', async () => {
    const { Agent, request } = (await import(undiciAt)) as Undici;
    const server = await serve(echo);
    const dispatcher = new Agent({});
    const { statusCode, body, trailers } = await request(server.url, { dispatcher, method: 'POST', body: 'hello' });
    assert.equal(statusCode, 200);
    assert.equal(await body.text(), 'hello');
    assert.deepEqual({ ...trailers }, { 'x-end': 'yes' });
    await dispatcher.close();
    assert.equal(await server.stop(), 0);
  });
});

/** What a page finds when it asks where it comes from. */
interface Seen {
  readonly protocol: string;
  readonly greeting: string;
  readonly guest: string | null;
  readonly echoed: number;
  readonly pieces: number;
  readonly trapped: number;
  readonly aborted: string;
  readonly streamed: string;
}

/** Runs in the page. */
async function askAsPage(): Promise<Seen> {
  const greeting = await fetch('/');
  const [{ nextHopProtocol: protocol } = { nextHopProtocol: '' }] = performance.getEntriesByType(
    'navigation',
  ) as PerformanceNavigationTiming[];
  const large = new Uint8Array(4 << 20).map((_, i) => i * 7);
  const echo = new Uint8Array(await (await fetch('/echo', { method: 'POST', body: large })).arrayBuffer());
  let pieces = 0;
  const reader = (await fetch('/stream?20')).body!.getReader();
  while (!(await reader.read()).done) pieces++;
  const leave = new AbortController();
  const long = await fetch('/stream?1000', { signal: leave.signal });
  leave.abort();
  const aborted = await long.text().catch((error: Error) => error.name);
  let streamed = '';
  // Browsers send a body as it comes over HTTP/2 only.
  if (protocol === 'h2') {
    const body = new Blob(['a body ', 'that comes']).stream();
    streamed = await (await fetch('/echo', { method: 'POST', body, duplex: 'half' } as RequestInit)).text();
  }
  return {
    protocol,
    greeting: await greeting.text(),
    guest: greeting.headers.get('x-guest'),
    echoed: echo.every((byte, i) => byte === large[i]) ? echo.length : -1,
    pieces,
    trapped: (await fetch('/trap')).status,
    aborted,
    streamed,
  };
}

const chromium = PLATFORMS.find(({ name }) => name === 'Chromium')?.program;

describe('a page of Chromium', { skip: leftOut('Chromium') || corpusMissing || certificateSkip }, () => {
  test('is there', () => assert.ok(chromium !== undefined, 'Chromium is not installed: nothing was tried with it'));

  for (const [protocol, start, streamed] of [
    ['http/1.1', () => serve(rust), ''],
    ['h2', () => secure(rust), 'a body that comes'],
  ] as const) {
    test(`${protocol}: text, bodies both ways, an answer in pieces, a trap, an answer that is left`, async () => {
      const server = await start();
      const browser = await launch(chromium!);
      try {
        const page = await browser.newPage({ ignoreHTTPSErrors: true });
        await page.goto(server.url);
        const { pieces, ...seen } = await page.evaluate(askAsPage);
        assert.deepEqual(seen, {
          protocol,
          greeting: 'hello from rust\n',
          guest: 'rust-http2',
          echoed: 4 << 20,
          trapped: 500,
          aborted: 'AbortError',
          streamed,
        });
        assert.ok(pieces > 1, `${pieces} pieces`);
      } finally {
        await browser.close();
      }
      assert.equal(await server.stop(), 0);
      assert.doesNotMatch(server.stderr(), /stream\?1000 failed/);
    });
  }
});

const wrk = onPath('wrk');

describe('wrk', { skip: leftOut('wrk') || corpusMissing }, () => {
  test('is there', () => assert.ok(wrk !== undefined, 'wrk is not installed: nothing was tried with it'));

  for (const flags of [[], ['--reuse', '100'], ['--workers', '2']]) {
    test(`${flags.join(' ') || 'fresh instances'}: 32 connections for 3 s, each request answered 200`, async () => {
      const server = await serve(...flags, rust);
      const { stdout } = await promisify(execFile)(wrk!, ['-t2', '-c32', '-d3s', server.url]);
      assert.match(stdout, /^ +[1-9]\d* requests in /m);
      assert.doesNotMatch(stdout, /Non-2xx|Socket errors/);
      assert.equal(await server.stop(), 0);
      assert.doesNotMatch(server.stderr(), /failed/);
    });
  }
});
