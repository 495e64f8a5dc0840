/**
 * Writes what the peer does in each conversation: the command `wasmtime`, 48 or newer, of the path. Never run by the tests. Arguments:
 * names of conversations, to record only those.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CONVERSATIONS } from './conversations.ts';
import { netGuest } from './make.ts';
import { recordedFile } from './recorded.ts';
import { converse, startPeers } from './talk.ts';

const wanted = process.argv.slice(2);
const file = await netGuest();
for (const [name, conversation] of Object.entries(CONVERSATIONS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  await using peers = await startPeers();
  const flags = conversation.denied === true ? [] : ['-S', 'inherit-network=y,allow-ip-name-lookup=y'];
  const { text } = await converse('wasmtime', ['run', ...flags, file], conversation, peers);
  const target = recordedFile(name);
  const known = existsSync(target) ? readFileSync(target, 'utf8') : undefined;
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
  console.log(`${known === undefined ? 'new    ' : known === text ? 'same   ' : 'CHANGED'} ${name}`);
}
