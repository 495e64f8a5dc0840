/** Runs one case of the program, in whichever host: what it printed and how it ended, as text. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { HERE, type Prepared, prepare } from '../cases.ts';
import { printOutcome, TRAP_EXIT } from '../outcome.ts';
import type { WasiCase } from './cases.ts';

/** The command line of a host for a prepared case. */
export type Call = (prepared: Prepared, spec: WasiCase) => readonly [command: string, ...args: string[]];

export function recordedFile(name: string): string {
  return join(HERE, 'expected/wasi', `${name}.txt`);
}

/** Starts a server and asks it once; `command` serves at a port that it names on standard error. */
export async function playServed([command, ...args]: readonly [string, ...string[]]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 60_000 });
  try {
    child.stderr.setEncoding('utf8');
    let said = '';
    let address: string | undefined;
    for await (const chunk of child.stderr as AsyncIterable<string>) {
      said += chunk;
      address = /http:\/\/([^/\s]*)\//.exec(said)?.[1];
      if (address !== undefined) break;
    }
    assert.ok(address !== undefined, said);
    return await askOnce(address);
  } finally {
    child.kill();
  }
}

async function askOnce(address: string): Promise<string> {
  const asked = request(`http://${address}/a%20path?q=1`, {
    method: 'PUT',
    headers: { 'X-Sent': 'field', Trailer: 'X-Last' },
  });
  asked.write('a body');
  asked.addTrailers({ 'X-Last': 'trailer' });
  asked.end(', whole');
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const body = await text(answer);
  return `status ${answer.statusCode}\nx-served: ${answer.headers['x-served']}\n${body}x-end: ${answer.trailers['x-end']}\n`;
}

export async function play(spec: WasiCase, call: Call): Promise<{ readonly text: string; readonly stderr: string }> {
  const prepared = prepare(spec);
  const server = await serve();
  const stdin = openSync(prepared.stdin, 'r');
  try {
    const { port } = server.address() as AddressInfo;
    const [command, ...args] = call(prepared, spec);
    const filled = args.map((each) => each.replace('{port}', `${port}`));
    const child = spawn(command, filled, { stdio: [stdin, 'pipe', 'pipe'], timeout: 60_000 });
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout!),
      text(child.stderr!),
      once(child, 'close'),
    ]);
    assert.doesNotMatch(stderr, /matching implementation was not found/);
    // The peer ends with 1 where its host trapped, and says so.
    const trapped = code === TRAP_EXIT || stderr.startsWith('Error: failed to run main module');
    const exit = trapped ? 'trap' : (code as number);
    // What a host says of a trap is its own.
    const said = exit === 'trap' ? '' : stderr;
    const outcome = { exit, stdout: Buffer.from(stdout), stderr: Buffer.from(said), files: prepared.files() } as const;
    return { text: printOutcome(outcome), stderr };
  } finally {
    closeSync(stdin);
    server.closeAllConnections();
    server.close();
    prepared.done();
  }
}

/** Whom the program asks over HTTP. */
async function serve(): Promise<Server> {
  const server = createServer(async (incoming, response) => {
    const [, what = '', status = '200'] = (incoming.url ?? '').split('/');
    const sent = await text(incoming).catch(() => '');
    response.statusCode = what === 'status' ? Number(status) : 200;
    switch (what) {
      case 'fields':
        response.setHeader('X-Two', ['a', 'b']).end();
        return;
      case 'trailers':
        response.writeHead(200, { Trailer: 'X-Last' }).write('body');
        response.addTrailers({ 'X-Last': 'trailer' });
        response.end();
        return;
      case 'cut':
        response.writeHead(200, { 'Content-Length': '100' }).write('begun', () => incoming.socket.destroy());
        return;
      case 'absent-length':
        response.write('one, ');
        response.end('two');
        return;
      case 'echo':
        response.setHeader('X-Trailer', `${incoming.trailers['x-sent']}`).end(sent);
        return;
      default:
        response.setHeader('X-Method', `${incoming.method}`).end(`${what} there`);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
