/**
 * How long after its limit an infinite loop ends under `tenon serve`, seen by its client, while 50 requests wait on the same thread:
 * `node scripts/loop-limit.ts [TIMES]`, 50 times where nothing is said. Fails where one takes more than 20 ms beyond its limit, or where
 * one of the others is not answered.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseText } from '../src/text/parse.ts';
import { HARM, HOSTILE_HANDLER } from '../test/support/hostile-handler.ts';
import { type ServerProcess, serveTenon } from '../test/support/server-process.ts';

/** Milliseconds. */
const BOUND = 20;
const WAITING = 50;

const times = Number(process.argv[2] ?? 50);
assert.ok(Number.isInteger(times) && times > 0, 'TIMES is a whole number above 0');

function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode));
    }).once('error', reject);
  });
}

/** Milliseconds from the loop's request to its answer. */
async function once(server: ServerProcess, status: number): Promise<number> {
  const began = performance.now();
  const loop = statusOf(server.url + HARM.compute).then((found) => {
    assert.equal(found, status);
    return performance.now() - began;
  });
  // It computes by now, and they find nobody who listens.
  await sleep(30);
  const others = Array.from({ length: WAITING }, () => statusOf(`${server.url}x`));
  const took = await loop;
  for (const found of await Promise.all(others)) assert.equal(found, 200);
  return took;
}

const folder = mkdtempSync(join(tmpdir(), 'tenon-loop-'));
const file = join(folder, 'handler.wasm');
writeFileSync(file, parseText(HOSTILE_HANDLER).bytes);
try {
  for (const [flags, limit, status] of [
    [['--max-cpu', '100ms'], 100, 500],
    [['--timeout', '0.5'], 500, 504],
  ] as const) {
    const server = await serveTenon([...flags, file]);
    const over: number[] = [];
    // The first loads what says that a limit was met.
    await once(server, status);
    for (let i = 0; i < times; i++) over.push((await once(server, status)) - limit);
    assert.equal(await server.stop(), 0);
    over.sort((a, b) => a - b);
    const [median = 0, worst = 0] = [over[over.length >> 1], over.at(-1)];
    const found = `${flags.join(' ')}: ended ${median.toFixed(1)} ms after its limit (median), ${worst.toFixed(1)} ms (worst of ${times})`;
    console.log(`${found}; ${times * WAITING} others answered`);
    if (worst > BOUND) {
      console.log(`more than ${BOUND} ms`);
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
