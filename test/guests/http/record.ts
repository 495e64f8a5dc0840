/** Writes what the peer answers: the command `wasmtime`, 48 or newer, of the path. Never run by the tests. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { locate } from '../recipes.ts';
import { ASKED, answering, outcome, recordedFile } from './asked.ts';
import { HTTP_GUESTS } from './guests.ts';

await using server = await answering();
const program = await locate(HTTP_GUESTS.fetch.source);
for (const [name, asked] of Object.entries(ASKED)) {
  const text = await outcome('wasmtime', ['run', '-S', 'http,inherit-network', program], asked, server.url);
  mkdirSync(dirname(recordedFile(name)), { recursive: true });
  writeFileSync(recordedFile(name), text);
  console.log(`${name}: ${JSON.stringify(text)}`);
}
