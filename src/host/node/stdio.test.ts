import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const top = mkdtempSync(join(tmpdir(), 'tenon-stdio-'));
after(() => rmSync(top, { recursive: true, force: true }));
const HOST = join(import.meta.dirname, 'host.ts');
const STREAMS = join(import.meta.dirname, '../streams.ts');
const unix = process.platform === 'win32' ? 'needs a shell with pipes' : false;

/** Writes a program that has `host` and `until`, and gives the shell words that run it. */
function program(name: string, body: string): string {
  const file = join(top, `${name}.ts`);
  writeFileSync(
    file,
    `import { nodeHost } from ${JSON.stringify(HOST)};
import { until } from ${JSON.stringify(STREAMS)};
const host = nodeHost({ onBrokenPipe: (stream) => { process.stderr.write('broken ' + stream + '\\n'); } });
${body}`,
  );
  return `'${process.execPath}' --no-warnings '${file}'`;
}

interface Ended {
  readonly out: string;
  readonly err: string;
  readonly code: number | null;
}

/** Runs a shell command; `feed` gets its standard input. Fails after 20 seconds. */
function shell(command: string, feed?: (input: NodeJS.WritableStream) => void): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', command], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data) => {
      out += data;
    });
    child.stderr.on('data', (data) => {
      err += data;
    });
    child.stdin.on('error', () => {});
    const limit = setTimeout(() => {
      process.kill(-child.pid!, 'SIGKILL');
      reject(new Error(`${command} does not end; it wrote ${JSON.stringify({ out, err })}`));
    }, 20_000);
    child.on('close', (code) => {
      clearTimeout(limit);
      resolve({ out, err, code });
    });
    if (feed === undefined) child.stdin.end();
    else feed(child.stdin);
  });
}

const readAll = `
const stdin = host.stdin();
let all = ''; let waits = 0;
for (;;) {
  const bytes = stdin.read(10);
  if (bytes === undefined) break;
  if (bytes.length === 0) { waits++; await until(stdin); }
  all += Buffer.from(bytes).toString();
}
console.log(JSON.stringify({ all, waits, terminal: stdin.terminal }));
stdin.close();`;

test('standard input from a file, a pipe, a socket and nothing', { skip: unix }, async () => {
  const run = program('read', readAll);
  const text = 'one line and another\n';
  writeFileSync(join(top, 'in.txt'), text);
  assert.deepEqual(JSON.parse((await shell(`${run} < ${top}/in.txt`)).out), { all: text, waits: 0, terminal: false });
  const piped = JSON.parse((await shell(`(echo one; sleep 0.3; echo two) | ${run}`)).out);
  assert.equal(piped.all, 'one\ntwo\n');
  const socket = JSON.parse(
    (
      await shell(run, (input) => {
        input.write('first ');
        setTimeout(() => input.end('second'), 300);
      })
    ).out,
  );
  assert.equal(socket.all, 'first second');
  assert.ok(socket.waits > 0);
  assert.equal(JSON.parse((await shell(`${run} < /dev/null`)).out).all, '');
  assert.equal(JSON.parse((await shell(`${run} <&-`)).out).all, '');
});

test('what a pipe holds already is read without waiting', { skip: unix }, async () => {
  const run = program('prompt', `await new Promise((go) => setTimeout(go, 400));${readAll}`);
  const { waits, all } = JSON.parse((await shell(`echo there | ${run}`)).out);
  assert.deepEqual({ waits, all }, { waits: process.platform === 'linux' ? 0 : waits, all: 'there\n' });
});

test('a program that has ended is not kept by an input that stays open', { skip: unix }, async () => {
  for (const close of ['', 'stdin.close();']) {
    const run = program(
      `leave${close.length}`,
      `const stdin = host.stdin();
       const cancel = stdin.subscribe(() => { console.log('woken'); });
       setTimeout(() => { cancel(); ${close} console.log('done'); }, 50);`,
    );
    const { out } = await shell(`${run} < <(exec sleep 30 2>/dev/null)`);
    assert.equal(out, 'done\n');
    const socket = await shell(run, () => {});
    assert.equal(socket.out, 'done\n');
  }
});

const writeAll = `
const stdout = host.stdout();
const bytes = Buffer.alloc(1_000_000, 'abcdefgh');
let waits = 0;
for (let at = 0; at < bytes.length; at += 4096) {
  stdout.check();
  stdout.write(bytes.subarray(at, at + 4096));
  const wait = until(stdout);
  if (wait !== undefined) { waits++; await wait; }
}
stdout.close();
process.stderr.write(JSON.stringify({ waits }));`;

test('standard output to a file, a slow pipe and a socket is complete', { skip: unix }, async () => {
  const run = program('write', writeAll);
  const whole = 'abcdefgh'.repeat(125_000);
  await shell(`${run} > ${top}/out.txt`);
  assert.equal(readFileSync(join(top, 'out.txt'), 'utf8'), whole);
  const slow = await shell(`${run} | (sleep 0.5; cat)`);
  assert.equal(slow.out, whole);
  assert.ok(JSON.parse(slow.err).waits > 0, 'the writer waited for the reader');
  const socket = await shell(run);
  assert.equal(socket.out, whole);
});

test('bytes under way arrive though the sink is closed', { skip: unix }, async () => {
  const run = program(
    'close',
    `const stdout = host.stdout();
     stdout.write(Buffer.alloc(500_000, 'x'));
     if (stdout.ready()) throw new Error('a pipe took it all');
     stdout.close();`,
  );
  const { out } = await shell(`${run} | (sleep 0.3; cat)`);
  assert.equal(out.length, 500_000);
});

test('a reader that goes away is told once, and ends the stream', { skip: unix }, async () => {
  const body = `
const stdout = host.stdout();
const codes = [];
for (let round = 0; round < 200; round++) {
  try {
    stdout.check();
    stdout.write(Buffer.alloc(60_000, 'x'));
    await until(stdout);
    await new Promise((go) => setTimeout(go, 1));
  } catch (error) {
    codes.push(error.code);
    if (codes.length === 3) break;
  }
}
process.stderr.write(codes.join() + '\\n');`;
  const { err } = await shell(`${program('broken', body)} | head -c 10 > /dev/null`);
  assert.equal(err, 'broken stdout\npipe,pipe,pipe\n');
});

test('clocks go on, random bytes differ', async () => {
  const { nodeHost } = await import('./host.ts');
  const { clocks, random, digest } = nodeHost();
  const [a, b] = [clocks.monotonic(), clocks.monotonic()];
  assert.ok(a > 0n && b >= a && b < 60_000_000_000n * 60n);
  assert.ok(Math.abs(Number(clocks.wall() / 1_000_000n) - Date.now()) < 1000);
  assert.ok((clocks.cpu() ?? 0n) > 0n);
  const bytes = [new Uint8Array(100_000), new Uint8Array(100_000)] as const;
  for (const each of bytes) random.fill(each);
  assert.notDeepEqual(bytes[0], bytes[1]);
  assert.ok(bytes[0].subarray(99_000).some((byte) => byte !== 0));
  const stat = {
    type: 'regular-file',
    device: 1n,
    inode: 2n,
    links: 1n,
    size: 3n,
    accessed: 0n,
    modified: 5n,
    changed: 6n,
  } as const;
  assert.deepEqual(digest(stat), digest({ ...stat, accessed: 9n }));
  assert.notDeepEqual(digest(stat), digest({ ...stat, modified: 7n }));
  assert.notDeepEqual(digest(stat), nodeHost().digest(stat));
});

test('a terminal is one', { skip: process.platform === 'linux' ? false : 'needs script(1) of Linux' }, async (t) => {
  const run = program(
    'tty',
    `const [stdin, stdout] = [host.stdin(), host.stdout()];
     process.stderr.write(JSON.stringify([stdin.terminal, stdout.terminal]) + '\\n');
     stdout.write(Buffer.from('prompt> '));
     let line = stdin.read(100);
     let waits = 0;
     while (line.length === 0) { waits++; await until(stdin); line = stdin.read(100); }
     stdout.write(Buffer.from('got ' + Buffer.from(line).toString().trim() + ' ' + (waits > 0) + '\\n'));
     stdin.close();`,
  );
  const found = await shell('command -v script');
  if (found.code !== 0) {
    t.skip('script(1) is not installed');
    return;
  }
  const { out } = await shell(`(sleep 0.8; echo hello; sleep 0.5) | script -qec "${run}" /dev/null`);
  assert.match(out, /\[true,true\]/);
  assert.match(out, /got hello true/);
});
