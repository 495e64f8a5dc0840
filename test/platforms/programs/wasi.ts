/** Programs of several toolchains, built ahead of time, on WASI without a machine: files in memory, standard streams of the web. */
import assert from 'node:assert/strict';
import { createWasi, exitOf, type Input, MemoryFiles } from 'tenon/wasi';
import * as c from '../built/c-hello-p2/c-hello-p2.js';
import * as cpp from '../built/cpp-wc-p2/cpp-wc-p2.js';
import * as go from '../built/go-hello-p2/go-hello-p2.js';
import * as js from '../built/js-cmd-qjs/js-cmd-qjs.js';
import * as rust from '../built/rust-hello-p2/rust-hello-p2.js';

interface Command {
  instantiate(imports: object): Promise<{ readonly promised: object }>;
}

interface Ended {
  readonly code: number;
  readonly out: readonly string[];
  readonly files: MemoryFiles;
}

/** Runs a program with a directory `/data`, and gives the lines that it writes. */
async function run(command: Command, args: readonly string[], stdin: Input): Promise<Ended> {
  const files = new MemoryFiles({ '/home/data': { directory: true }, '/home/secret': 'secret' });
  const decoder = new TextDecoder();
  let out = '';
  const stdout = (bytes: Uint8Array): void => {
    out += decoder.decode(bytes, { stream: true });
  };
  const env = { GREETING: 'hi' };
  const dirs = [{ host: '/home/data', guest: '/data' }];
  using wasi = createWasi({ args: ['program', ...args], env, dirs }, { files, stdin, stdout });
  const { promised } = await command.instantiate(wasi);
  const found = Object.entries(promised).find(([name]) => name.startsWith('wasi:cli/run@'));
  assert.equal(found !== undefined, true);
  const main = found![1] as { run(): Promise<void> };
  let code = 0;
  try {
    await main.run();
  } catch (error) {
    const exit = exitOf(error);
    if (exit === undefined) throw error;
    code = exit.exitCode;
  }
  return { code, out: out.trimEnd().split('\n'), files };
}

/** Text that comes in two pieces, each after a while. */
function slow(first: string, second: string): ReadableStream<Uint8Array> {
  const pieces = [first, second].map((piece) => new TextEncoder().encode(piece));
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  });
}

// ---- what they write was recorded under another runtime

const words = await run(cpp, ['x', 'y'], 'a b a\nc a b\n');
assert.deepEqual(words.out, ['lines 2 distinct 3', '3 a', '2 b', '1 c', 'ctor 13', 'derived args 2']);
assert.equal(words.code, 0);

const counted = await run(rust, ['fs', '/data'], 'a b a');
assert.deepEqual(counted.out.slice(0, 5), [
  'args ["fs", "/data"] env Some("hi")',
  '2 a',
  '1 b',
  'time ok true',
  'rust file',
]);

const goes = await run(go, ['fs', '/data'], 'a b\na\n');
assert.deepEqual(JSON.parse(goes.out[0]!), { args: ['fs', '/data'], greeting: 'hi', words: { a: 2, b: 1 } });
assert.deepEqual(goes.out.slice(1, 3), ['goroutines 14 true', 'go file']);

const script = await run(js, ['one'], 'hey\n');
assert.equal(script.out.includes('clock ok: true'), true);
assert.equal(script.out.includes('preopens: /data'), true);

// ---- a program that waits for its input, works on files, and is kept inside its directory

const waits = await run(c, ['fs', '/data'], slow('he', 'y'));
const end = ['stdin 3 bytes', 'size 14', 'entries 1', 'read line 1', 'outside: Capabilities insufficient'];
assert.deepEqual(waits.out.slice(-5), end);
assert.equal(waits.files.readText('/home/secret'), 'secret');

// ---- a page asks its server, as its program would

interface Http {
  readonly Fields: new () => object;
  readonly OutgoingRequest: new (headers: object) => Record<string, (value: unknown) => void>;
}
interface Body {
  stream(): { blockingRead(length: bigint): Promise<Uint8Array> };
}
interface Handler {
  handle(request: object): {
    subscribe(): { block(): Promise<void> };
    get(): { val: { val: { status(): number; consume(): Body } } };
  };
}

if ('document' in globalThis) {
  const grant = { network: { http: [location.host] } };
  using wasi = createWasi(grant, { fetch });
  const { Fields, OutgoingRequest } = wasi['wasi:http/types'] as unknown as Http;
  const request = new OutgoingRequest(new Fields());
  request.setScheme!({ tag: 'HTTP' });
  request.setAuthority!(location.host);
  request.setPathWithQuery!('/programs/assert.js');
  const future = (wasi['wasi:http/outgoing-handler'] as unknown as Handler).handle(request);
  await future.subscribe().block();
  const answer = future.get().val.val;
  assert.equal(answer.status(), 200);
  const text = new TextDecoder().decode(await answer.consume().stream().blockingRead(60n));
  assert.equal(text.includes('AssertionError'), true);
}

console.log('wasi');
