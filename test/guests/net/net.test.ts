/** A program of Rust's standard library talks over the network, as it did under the peer. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Component, createWasi, Linker } from '../../../src/node.ts';
import { CONVERSATIONS, type Conversation, LOCAL } from './conversations.ts';
import { netGuest, netMissing } from './make.ts';
import { recordedFile } from './recorded.ts';
import { converse, filled, startPeers } from './talk.ts';

const LAUNCHER = join(import.meta.dirname, '../../../bin/tenon.js');
const skip = netMissing();

/** The peer's outcome, with what Tenon decided to do in its place. */
function expectedOf(name: string, { decided }: Conversation): string {
  let text = readFileSync(recordedFile(name), 'utf8');
  for (const [line, instead] of Object.entries(decided?.lines ?? {})) {
    assert.ok(text.includes(`${line}\n`), `the peer's outcome has the line ${line}`);
    text = text.replace(`${line}\n`, `${instead}\n`);
  }
  return text;
}

for (const [name, conversation] of Object.entries(CONVERSATIONS)) {
  test(`as recorded: ${name}`, { skip }, async () => {
    await using peers = await startPeers();
    const grant = conversation.denied === true ? [] : filled(conversation.grant ?? LOCAL, peers.ports);
    const args = [LAUNCHER, 'run', ...grant, await netGuest()];
    const { text, stderr } = await converse(process.execPath, args, conversation, peers);
    assert.equal(text, expectedOf(name, conversation), stderr);
    if (conversation.denied === true)
      assert.match(stderr, /denied\[network\].*\n.*next: allow it with --(?:net|listen) /);
    else assert.equal(stderr, '');
  });
}

test('a hundred instances wait side by side', { skip }, async () => {
  await using peers = await startPeers();
  const component = await Component.load(await netGuest());
  const run = async (): Promise<void> => {
    using wasi = createWasi({
      args: ['net', 'tcp-big', `127.0.0.1:${peers.ports['echo']}`, '1'],
      network: { connect: ['127.0.0.1/tcp'] },
    });
    const linker = new Linker();
    for (const [key, value] of Object.entries(wasi)) linker.define(key, value);
    using instance = (await linker.link(component)).instantiate();
    const name = component.exports.find((each) => each.name.startsWith('wasi:cli/run@'))!.name;
    await (instance.promised[name] as { run(): Promise<void> }).run();
  };
  // The event loop is free meanwhile: a timer keeps its time.
  let [late, ticks] = [0, 0];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    late = Math.max(late, now - last - 10);
    last = now;
    ticks++;
  }, 10);
  await Promise.all(Array.from({ length: 100 }, run));
  clearInterval(timer);
  assert.ok(ticks > 10, `${ticks} ticks, the latest ${late} ms late`);
});
