/** Load for a server, and what became of it: a large body that is echoed, and many requests of which one in ten traps. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';

const CHUNK = 64 * 1024;

/** Chunks that differ from each other, the same in every run. */
function* chunksOf(bytes: number, seed: number): Generator<Buffer> {
  let state = seed >>> 0 || 1;
  for (let left = bytes; left > 0; left -= CHUNK) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK, left));
    for (let i = 0; i + 4 <= chunk.length; i += 4) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      chunk.writeInt32LE(state, i);
    }
    chunk.fill(state & 255, chunk.length & ~3);
    yield chunk;
  }
}

/** Sends a body to `/echo` as fast as it is taken, and compares what comes back. Milliseconds that it took. */
export async function echo(url: string, bytes: number, seed = 1): Promise<number> {
  const begin = performance.now();
  const call = request(`${url}echo`, { method: 'POST', headers: { 'content-length': bytes } });
  const sent = createHash('sha256');
  const got = createHash('sha256');
  const answer = once(call, 'response') as Promise<[IncomingMessage]>;
  const received = answer.then(async ([message]) => {
    assert.equal(message.statusCode, 201);
    let length = 0;
    for await (const chunk of message) {
      got.update(chunk as Buffer);
      length += (chunk as Buffer).length;
    }
    assert.equal(length, bytes);
  });
  for (const chunk of chunksOf(bytes, seed)) {
    sent.update(chunk);
    if (!call.write(chunk)) await Promise.race([once(call, 'drain'), received]);
  }
  call.end();
  await received;
  assert.equal(got.digest('hex'), sent.digest('hex'));
  return performance.now() - begin;
}

export interface LoadOutcome {
  /** Requests that should succeed, and did. */
  readonly answered: number;
  /** Requests whose program trapped, and that were told so. */
  readonly trapped: number;
  /** What went otherwise, the first twenty: nothing, if all is well. */
  readonly lost: readonly string[];
}

function get(url: string, agent: Agent): Promise<{ readonly status: number | undefined; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const call = request(url, { agent }, (message) => {
      let text = '';
      message.on('data', (chunk) => {
        text += String(chunk);
      });
      message.on('end', () => resolve({ status: message.statusCode, text }));
      message.on('error', reject);
    });
    call.on('error', reject);
    call.end();
  });
}

/** Requests by 32 clients for so many seconds; one in ten goes to `/trap`. */
export async function mixedLoad(url: string, seconds: number): Promise<LoadOutcome> {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const end = performance.now() + seconds * 1000;
  let count = 0;
  let answered = 0;
  let trapped = 0;
  const lost: string[] = [];
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      const isTrap = ++count % 10 === 0;
      try {
        const { status, text } = await get(isTrap ? `${url}trap` : url, agent);
        if (isTrap && status === 500) trapped++;
        else if (!isTrap && status === 200 && text === 'hello from rust\n') answered++;
        else if (lost.length < 20) lost.push(`${isTrap ? '/trap' : '/'}: ${status} ${text}`);
      } catch (error) {
        if (lost.length < 20) lost.push(`${isTrap ? '/trap' : '/'}: ${error}`);
      }
    }
  };
  await Promise.all(Array.from({ length: 32 }, client));
  agent.destroy();
  return { answered, trapped, lost };
}
