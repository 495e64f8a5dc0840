/** Programs in JavaScript ask others over HTTP, as they did under the peer; a server asks another. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { locate, npmMissing } from '../recipes.ts';
import { ASKED, answering, outcome, recordedFile } from './asked.ts';
import { HTTP_GUESTS } from './guests.ts';

const LAUNCHER = join(import.meta.dirname, '../../../bin/tenon.js');
const skip = npmMissing();

for (const [name, asked] of Object.entries(ASKED)) {
  test(`as recorded: ${name}`, { skip }, async () => {
    await using server = await answering();
    const grants = ['--http', 'localhost:*', '--http', 'nowhere.invalid'];
    const args = [LAUNCHER, 'run', ...grants, await locate(HTTP_GUESTS.fetch.source)];
    assert.equal(await outcome(process.execPath, args, asked, server.url), readFileSync(recordedFile(name), 'utf8'));
  });
}

test('what was not granted is refused, and the flag is named', { skip }, async () => {
  await using server = await answering();
  const program = await locate(HTTP_GUESTS.fetch.source);
  const run = promisify(execFile);
  const { stdout, stderr } = await run(process.execPath, [LAUNCHER, 'run', program, 'GET', `${server.url}/`]);
  assert.match(stdout, /^failed: /);
  assert.match(stderr, new RegExp(`next: allow it with --http GET@${server.url}`));
});

test('a server passes requests on, bodies of many megabytes among them', { skip }, async () => {
  const large = Buffer.alloc(16 * 1024 * 1024, 'tenon ');
  const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  // Not an echo: the guest's engine, under the peer too, sends all of a large body before it reads the answer.
  const target = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    response.writeHead(200, { 'x-answer': request.method ?? '' });
    response.end(request.url === '/large' ? large : hash(Buffer.concat(chunks)));
  }).listen(0, '127.0.0.1');
  await once(target, 'listening');
  const { port } = target.address() as { port: number };
  const args = [LAUNCHER, 'serve', '--addr', '127.0.0.1:0', '--http', 'localhost:*'];
  const server = spawn(process.execPath, [...args, await locate(HTTP_GUESTS.proxy.source)]);
  try {
    const [line] = (await once(server.stderr.setEncoding('utf8'), 'data')) as [string];
    const url = /http:\S+/.exec(line)![0];
    const to = (path: string) => ({ 'x-target': `http://127.0.0.1:${port}${path}` });
    const short = await fetch(url, { method: 'POST', headers: to('/'), body: 'short' });
    const expected = `200 POST ${hash(Buffer.from('short'))}`;
    assert.equal(`${short.status} ${short.headers.get('x-answer')} ${await short.text()}`, expected);
    const up = await fetch(url, { method: 'POST', headers: to('/'), body: large });
    assert.equal(await up.text(), hash(large));
    const down = await fetch(url, { headers: to('/large') });
    assert.equal(hash(Buffer.from(await down.arrayBuffer())), hash(large));
    const refused = await fetch(url, { headers: { 'x-target': 'http://127.0.0.1:1/' } });
    assert.equal(refused.status, 502);
  } finally {
    server.kill();
    target.close();
    target.closeAllConnections();
  }
});
