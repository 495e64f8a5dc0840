/** What operates `tenon serve`: probes and counters, workers, a file that changes, logs for machines. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Server, serve } from './server.ts';
import { corpusGuest, file, tenon } from './tenon.ts';

const rust = corpusGuest('rust-http2.wasm');
const { skip } = rust;
const ADMIN = ['--admin', '127.0.0.1:0'];

async function text(url: string): Promise<string> {
  return (await fetch(url)).text();
}

/** Asks until an answer is as it should be. */
async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (await holds()) return;
    await sleep(50);
  }
  assert.fail(`it never came to be that ${what}`);
}

/** Samples by name and labels; every line is as the text format of Prometheus wants it. */
async function metrics(server: Server): Promise<ReadonlyMap<string, number>> {
  const answer = await fetch(`${server.admin}metrics`);
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  const body = await answer.text();
  assert.match(body, /\n$/);
  const samples = new Map<string, number>();
  const kinds = new Map<string, string>();
  for (const line of body.trimEnd().split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line);
    if (comment !== null) {
      if (comment[1] === 'TYPE') kinds.set(comment[2]!, comment[3]!);
      continue;
    }
    const [, name, labels = '', value] =
      /^([a-z_]+)(\{[a-z]+="[^"\\\n]+"\})? (\d+(?:\.\d+)?(?:e-?\d+)?)$/.exec(line) ?? [];
    assert.ok(name !== undefined, line);
    assert.ok(kinds.has(name) || kinds.get(name.replace(/_(?:bucket|sum|count)$/, '')) === 'histogram', line);
    assert.ok(!samples.has(name + labels), `twice: ${line}`);
    samples.set(name + labels, Number(value));
  }
  return samples;
}

function pidsOf(server: Server): readonly number[] {
  const { pid } = server.process;
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
}

describe('an admin port', { skip }, () => {
  test('counts what became of requests', async () => {
    const server = await serve(...ADMIN, rust.path);
    for (const path of ['', '', 'nothing', 'trap']) await text(server.url + path);
    await until('all are counted', async () => (await metrics(server)).get('tenon_http_requests_active') === 0);
    const found = await metrics(server);
    assert.equal(found.get('tenon_http_responses_total{code="2xx"}'), 2);
    assert.equal(found.get('tenon_http_responses_total{code="4xx"}'), 1);
    assert.equal(found.get('tenon_http_responses_total{code="5xx"}'), 1);
    assert.equal(found.get('tenon_http_requests_total{outcome="answered"}'), 3);
    assert.equal(found.get('tenon_http_requests_total{outcome="failed"}'), 1);
    assert.equal(found.get('tenon_http_request_duration_seconds_count'), 4);
    assert.equal(found.get('tenon_http_request_duration_seconds_bucket{le="+Inf"}'), 4);
    assert.equal(found.get('tenon_instance_start_seconds_count'), 4);
    assert.equal(found.get('tenon_workers'), 1);
    assert.ok(found.get('process_resident_memory_bytes')! > 1e7);
    await server.stop();
  });

  test('classes of durations only grow', async () => {
    const server = await serve(...ADMIN, rust.path);
    for (let i = 0; i < 20; i++) await text(`${server.url}stream?2`);
    const found = await metrics(server);
    const classes = [...found].filter(([name]) => name.startsWith('tenon_http_request_duration_seconds_bucket'));
    assert.ok(classes.length > 10);
    for (const [i, [name, value]] of classes.entries()) assert.ok(i === 0 || value >= classes[i - 1]![1], name);
    await server.stop();
  });

  test('refused, late and gone', async () => {
    const server = await serve(...ADMIN, '--concurrency', '1', '--timeout', '0.5', rust.path);
    const slow = get(`${server.url}stream?1000`);
    const [answer] = (await once(slow, 'response')) as [IncomingMessage];
    await once(answer, 'data');
    const refused = await fetch(server.url);
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get('retry-after'), '1');
    slow.destroy();
    await until(
      'the client is gone',
      async () => (await metrics(server)).get('tenon_http_requests_total{outcome="gone"}') === 1,
    );
    await text(`${server.url}stream?1000`).catch(() => {});
    await until(
      'it is late',
      async () => (await metrics(server)).get('tenon_http_requests_total{outcome="late"}') === 1,
    );
    assert.equal((await metrics(server)).get('tenon_http_requests_total{outcome="refused"}'), 1);
    await server.stop();
  });

  test('probes: alive until the end, ready until the begin of it', async () => {
    const server = await serve(...ADMIN, rust.path);
    assert.equal(await text(`${server.admin}healthz`), 'ok\n');
    assert.equal(await text(`${server.admin}readyz?verbose`), 'ok\n');
    assert.equal((await fetch(`${server.admin}nothing`)).status, 404);
    const post = await fetch(`${server.admin}metrics`, { method: 'POST' });
    assert.equal(post.status, 405);
    assert.equal(post.headers.get('allow'), 'GET, HEAD');
    assert.equal((await fetch(`${server.admin}healthz`, { method: 'HEAD' })).status, 200);
    const slow = text(`${server.url}stream?20`);
    await until('it is under way', async () => (await metrics(server)).get('tenon_http_requests_active') === 1);
    const ended = server.stop();
    await until('it is not ready', async () => (await fetch(`${server.admin}readyz`)).status === 503);
    assert.equal(await text(`${server.admin}healthz`), 'ok\n');
    assert.match(await slow, /chunk 19\n$/);
    assert.equal(await ended, 0);
  });

  test('an address that cannot be had', async () => {
    const server = await serve(...ADMIN, rust.path);
    const taken = new URL(server.admin).host;
    const { code, stderr } = tenon(['serve', '--addr', '127.0.0.1:0', '--admin', taken, rust.path]);
    assert.equal(code, 1);
    assert.match(stderr, /^error\[cannot-listen\]: cannot listen on 127\.0\.0\.1:\d+; found EADDRINUSE/);
    await server.stop();
  });
});

describe('workers', { skip }, () => {
  test('answer on one port, and are counted together; one that ends is replaced', async () => {
    const server = await serve(...ADMIN, '--workers', '2', rust.path);
    const before = pidsOf(server);
    assert.equal(before.length, 2);
    await Promise.all(Array.from({ length: 40 }, () => text(server.url)));
    const first = await metrics(server);
    assert.equal(first.get('tenon_workers'), 2);
    assert.equal(first.get('tenon_http_requests_total{outcome="answered"}'), 40);
    process.kill(before[0]!, 'SIGKILL');
    await until('it is replaced', async () => (await metrics(server)).get('tenon_worker_restarts_total') === 1);
    for (let i = 0; i < 10; i++) assert.equal(await text(server.url), 'hello from rust\n');
    await until('there are two again', async () => (await metrics(server)).get('tenon_workers') === 2);
    assert.match(server.stderr(), /^worker \d+ ended with SIGKILL; another takes its place$/m);
    assert.ok(!pidsOf(server).includes(before[0]!));
    assert.equal(await server.stop(), 0);
  });

  test('SIGTERM: what is under way is finished', async () => {
    const server = await serve('--workers', '2', rust.path);
    const begun = await Promise.all(Array.from({ length: 6 }, () => fetch(`${server.url}stream?10`)));
    const pids = pidsOf(server);
    const ended = server.stop();
    for (const answer of begun) assert.match(await answer.text(), /chunk 9\n$/);
    assert.equal(await ended, 0);
    for (const pid of pids) assert.throws(() => process.kill(pid, 0), /ESRCH/);
  });

  test('one that does not answer any more is killed', async () => {
    const server = await serve(...ADMIN, '--workers', '2', '--timeout', '0.5', rust.path);
    const [stuck] = pidsOf(server);
    process.kill(stuck!, 'SIGSTOP');
    await until('it is replaced', async () => (await metrics(server)).get('tenon_worker_restarts_total') === 1);
    assert.match(server.stderr(), /^worker \d+ has not answered for 6 s; it is killed$/m);
    assert.equal(await server.stop(), 0);
  });

  test('what cannot be served is said once', () => {
    const { code, stderr } = tenon(['serve', '--workers', '2', file('none.wasm', 'nothing')]);
    assert.equal(code, 1);
    assert.equal(stderr.match(/error\[/g)?.length, 1, stderr);
    const bad = tenon(['serve', '--workers', '0', rust.path]);
    assert.equal(bad.code, 2);
    assert.match(bad.stderr, /^error\[bad-number\]: --workers/);
  });
});

describe('a file that changes', { skip }, () => {
  for (const workers of ['1', '2']) {
    test(`no request is lost, with ${workers} at work`, async () => {
      const served = file(`watched-${workers}.wasm`, readFileSync(rust.path));
      const server = await serve(...ADMIN, '--watch', '--workers', workers, served);
      let asked = 0;
      let isOver = false;
      const clients = Array.from({ length: 4 }, async () => {
        for (; !isOver; asked++) assert.equal(await text(server.url), 'hello from rust\n');
      });
      const reloads = async (): Promise<number> => (await metrics(server)).get('tenon_reloads_total')!;
      const next = join(dirname(served), `next-${workers}.wasm`);
      for (let i = 1; i <= 3; i++) {
        if (i % 2 === 0) writeFileSync(served, readFileSync(rust.path));
        else {
          copyFileSync(rust.path, next);
          renameSync(next, served);
        }
        await until('it is taken', async () => (await reloads()) === i * Number(workers));
      }
      writeFileSync(served, 'nothing');
      await until('the error is said', () => /error\[is-[a-z]+\]/.test(server.stderr()));
      const before = asked;
      await until('the old one goes on', () => asked > before + 20);
      assert.equal(server.stderr().match(/error\[/g)?.length, 1, server.stderr());
      isOver = true;
      await Promise.all(clients);
      assert.equal(await server.stop(), 0);
    });
  }

  test('a request that is under way is finished by the old one', async () => {
    const served = file('watched.wasm', readFileSync(rust.path));
    const server = await serve(...ADMIN, '--watch', served);
    const slow = text(`${server.url}stream?30`);
    writeFileSync(served, readFileSync(rust.path));
    await until('it is taken', async () => (await metrics(server)).get('tenon_reloads_total') === 1);
    assert.match(await slow, /chunk 29\n$/);
    await server.stop();
  });
});

describe('logs for machines', { skip }, () => {
  test('one object a line', async () => {
    const server = await serve('--access-log', '--log-format', 'json', rust.path);
    await text(`${server.url}info?"x`);
    await text(`${server.url}trap`);
    await until('both are there', () => server.stdout().split('\n').length === 3);
    const [info, trap] = server
      .stdout()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.match(info.time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.deepEqual([info.method, info.path, info.status, info.outcome], ['GET', '/info?%22x', 200, 'answered']);
    assert.ok(info.ms >= 0);
    assert.deepEqual([trap.path, trap.status, trap.outcome], ['/trap', 500, 'failed']);
    const lines = server
      .stderr()
      .trimEnd()
      .split('\n')
      .filter((line) => line.startsWith('{'));
    const [failure] = lines.map((line) => JSON.parse(line));
    assert.equal(failure.error.code, 'unreachable');
    assert.ok(failure.error.frames.length > 0);
    await server.stop();
    const bad = tenon(['serve', '--log-format', 'xml', rust.path]);
    assert.equal(bad.code, 2);
    assert.match(bad.stderr, /^error\[bad-format\]/);
  });
});
