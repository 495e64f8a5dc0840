import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ALL, Guest, OUT } from '../../../test/support/preview1-guest.ts';
import { Trap } from '../../error/trap.ts';
import type { GrantInput } from '../../grants/grant.ts';
import { nodeHost } from '../../host/node/host.ts';
import { bytesSource, memorySink, Waiters } from '../../host/streams.ts';
import { exitOf } from '../p2/exit.ts';
import { createPreview1, MAY_WAIT } from './preview1.ts';

const top = mkdtempSync(join(tmpdir(), 'tenon-p1-'));
after(() => rmSync(top, { recursive: true, force: true }));
const shared = process.env['TENON_SHARED'] ?? join(import.meta.dirname, '../../../../shared');
const witx = join(shared, 'wit/preview1/wasi_snapshot_preview1.witx');
const corpus = join(shared, 'corpus');

test('all functions of the witx are there', { skip: existsSync(witx) ? false : `${witx} is absent` }, () => {
  using guest = new Guest();
  const names = [...readFileSync(witx, 'utf8').matchAll(/@interface func \(export "([a-z0-9_]+)"\)/g)].map(
    ([, name]) => name,
  );
  assert.equal(names.length, 46);
  assert.deepEqual([...guest.names].sort(), names.sort());
});

test('arguments and environment', () => {
  using guest = new Guest({ env: { A: '1', LONG: 'x y' } });
  assert.equal(guest.call('args_sizes_get', OUT, OUT + 4), 0);
  assert.deepEqual([guest.u32(), guest.u32(OUT + 4)], [2, 10]);
  assert.equal(guest.call('args_get', OUT, 2000), 0);
  assert.equal(guest.bytes(2000, 10).toString(), 'prog\0ärg\0');
  assert.deepEqual([guest.u32(), guest.u32(OUT + 4)], [2000, 2005]);
  assert.equal(guest.call('environ_sizes_get', OUT, OUT + 4), 0);
  assert.deepEqual([guest.u32(), guest.u32(OUT + 4)], [2, 13]);
  assert.equal(guest.call('environ_get', OUT, 2000), 0);
  assert.equal(guest.bytes(2000, 13).toString(), 'A=1\0LONG=x y\0');
});

test('clocks and random bytes', () => {
  using guest = new Guest();
  assert.equal(guest.call('clock_time_get', 0, 0n, OUT), 0);
  assert.ok(Math.abs(Number(guest.u64() / 1_000_000n) - Date.now()) < 5000);
  assert.equal(guest.call('clock_time_get', 1, 0n, OUT), 0);
  const first = guest.u64();
  guest.call('clock_time_get', 1, 0n, OUT);
  assert.ok(guest.u64() >= first);
  for (const id of [0, 1, 2, 3]) assert.equal(guest.call('clock_res_get', id, OUT), 0);
  assert.equal(guest.call('clock_time_get', 4, 0n, OUT), 28);
  assert.equal(guest.call('random_get', 100, 40_000), 0);
  assert.ok(guest.bytes(40_000, 100).some((byte) => byte !== 0));
  using bare = new Guest({ clocks: 'none', random: 'none' });
  assert.equal(bare.call('clock_time_get', 0, 0n, OUT), 58);
  assert.equal(bare.call('random_get', 100, 4), 58);
});

test('standard streams', () => {
  using guest = new Guest();
  assert.equal(guest.read(0, 4), 'from');
  assert.equal(guest.read(0), ' stdin');
  assert.equal(guest.read(0), '');
  assert.equal(guest.call('fd_write', 1, ...guest.vectors(guest.put('one '), guest.put(''), guest.put('two')), OUT), 0);
  assert.equal(guest.u32(), 7);
  assert.equal(guest.stdout.text(), 'one two');
  assert.equal(guest.write(0, 'x'), 8);
  assert.equal(guest.call('fd_read', 1, ...guest.vectors([0, 1]), OUT), 8);
  assert.equal(guest.call('fd_seek', 1, 0n, 0, OUT), 70);
  assert.equal(guest.call('fd_tell', 0, OUT), 70);
  assert.equal(guest.call('fd_fdstat_get', 1, OUT), 0);
  assert.equal(guest.view.getUint8(OUT), 0);
  assert.equal(guest.u64(OUT + 8) & 0x24n, 0n, 'no seek, no tell');
  assert.equal(guest.call('fd_filestat_get', 1, OUT), 0);
  assert.equal(guest.call('fd_prestat_get', 1, OUT), 54);
});

test('preopens are found, and end', () => {
  using guest = new Guest();
  assert.equal(guest.call('fd_prestat_get', 3, OUT), 0);
  assert.deepEqual([guest.u32(), guest.u32(OUT + 4)], [0, 5]);
  assert.equal(guest.call('fd_prestat_dir_name', 3, 2000, 4), 37);
  assert.equal(guest.call('fd_prestat_dir_name', 3, 2000, 5), 0);
  assert.equal(guest.bytes(2000, 5).toString(), '/data');
  assert.equal(guest.call('fd_prestat_get', 4, OUT), 8);
});

test('files are read, written, moved about in and appended to', () => {
  using guest = new Guest();
  const { errno, fd } = guest.open('new', 1 | 4);
  assert.deepEqual([errno, fd], [0, 4]);
  assert.equal(guest.open('new', 1 | 4).errno, 20);
  assert.equal(guest.write(fd, 'hello world'), 0);
  assert.equal(guest.call('fd_seek', fd, -5n, 2, OUT), 0);
  assert.equal(guest.u64(), 6n);
  assert.equal(guest.read(fd), 'world');
  assert.equal(guest.call('fd_seek', fd, -100n, 1, OUT), 28);
  assert.equal(guest.call('fd_seek', fd, 0n, 7, OUT), 28);
  assert.equal(guest.call('fd_tell', fd, OUT), 0);
  assert.equal(guest.u64(), 11n);
  assert.equal(guest.call('fd_pwrite', fd, ...guest.vectors(guest.put('J')), 0n, OUT), 0);
  assert.equal(guest.call('fd_pread', fd, ...guest.vectors([20_000, 3], [20_010, 2]), 0n, OUT), 0);
  assert.equal(guest.u32(), 5);
  assert.equal(guest.bytes(20_000, 3).toString() + guest.bytes(20_010, 2).toString(), 'Jello');
  assert.equal(guest.call('fd_fdstat_set_flags', fd, 1), 0);
  guest.call('fd_seek', fd, 0n, 0, OUT);
  assert.equal(guest.write(fd, '!'), 0);
  assert.equal(guest.call('fd_tell', fd, OUT), 0);
  assert.equal(guest.u64(), 12n);
  assert.equal(guest.call('fd_fdstat_set_flags', fd, 2), 28);
  assert.equal(readFileSync(join(guest.inside, 'new'), 'utf8'), 'Jello world!');
  assert.equal(guest.call('fd_filestat_set_size', fd, 3n), 0);
  assert.equal(guest.call('fd_allocate', fd, 0n, 5n), 0);
  assert.equal(readFileSync(join(guest.inside, 'new'), 'latin1'), 'Jel\0\0');
  assert.equal(guest.call('fd_advise', fd, 0n, 0n, 5), 0);
  assert.equal(guest.call('fd_advise', fd, 0n, 0n, 6), 28);
  for (const name of ['fd_sync', 'fd_datasync', 'fd_close']) assert.equal(guest.call(name, fd), 0);
  assert.equal(guest.call('fd_close', fd), 8);
});

test('attributes and timestamps', () => {
  using guest = new Guest();
  const path = guest.put('a.txt');
  assert.equal(guest.call('path_filestat_set_times', 3, 1, ...path, 5_000_000_000n, 6_000_000_000n, 1 | 4), 0);
  assert.equal(guest.call('path_filestat_get', 3, 1, ...path, OUT), 0);
  assert.deepEqual(
    [guest.view.getUint8(OUT + 16), guest.u64(OUT + 24), guest.u64(OUT + 32), guest.u64(OUT + 40), guest.u64(OUT + 48)],
    [4, 1n, 5n, 5_000_000_000n, 6_000_000_000n],
  );
  assert.notEqual(guest.u64(OUT + 8), 0n);
  const { fd } = guest.open('a.txt');
  assert.equal(guest.call('fd_filestat_set_times', fd, 0n, 7_000_000_000n, 4), 0);
  assert.equal(guest.call('fd_filestat_get', fd, OUT), 0);
  assert.deepEqual([guest.u64(OUT + 40), guest.u64(OUT + 48)], [5_000_000_000n, 7_000_000_000n]);
  assert.equal(guest.call('fd_filestat_set_times', fd, 0n, 0n, 1 | 2), 28);
  assert.equal(guest.call('fd_fdstat_get', fd, OUT), 0);
  assert.equal(guest.view.getUint8(OUT), 4);
});

/** Entries as `fd_readdir` gives them with a buffer of `size` bytes at a time. */
function listDirectory(guest: Guest, fd: number, size: number): string[] {
  const names: string[] = [];
  for (let cookie = 0n, rounds = 0; ; rounds++) {
    assert.ok(rounds < 1000);
    assert.equal(guest.call('fd_readdir', fd, 30_000, size, cookie, OUT), 0);
    const used = guest.u32();
    let at = 30_000;
    let took = 0;
    while (at + 24 <= 30_000 + used) {
      const length = guest.u32(at + 16);
      if (at + 24 + length > 30_000 + used) break;
      names.push(`${guest.bytes(at + 24, length)}:${guest.view.getUint8(at + 20)}`);
      cookie = guest.u64(at);
      at += 24 + length;
      took++;
    }
    if (used < size) return names;
    assert.ok(took > 0, 'an entry fits');
  }
}

test('directories are listed with large and small buffers', () => {
  using guest = new Guest();
  for (let index = 0; index < 50; index++) writeFileSync(join(guest.inside, `file-${index}`), '');
  const expected = ['.:3', '..:3', 'a.txt:4', 'sub:3', ...Array.from({ length: 50 }, (_, i) => `file-${i}:4`)].sort();
  assert.deepEqual(listDirectory(guest, 3, 20_000).sort(), expected);
  assert.deepEqual(listDirectory(guest, 3, 40).sort(), expected);
  assert.equal(guest.call('fd_readdir', 3, 30_000, 100, 2n ** 63n, OUT), 0);
  assert.equal(guest.u32(), 0);
  const { fd } = guest.open('a.txt');
  assert.equal(guest.call('fd_readdir', fd, 30_000, 100, 0n, OUT), 54);
});

test('paths: made, moved, linked, removed', () => {
  using guest = new Guest();
  const name = (text: string): [number, number] => guest.put(text);
  assert.equal(guest.call('path_create_directory', 3, ...name('dir')), 0);
  assert.equal(guest.call('path_create_directory', 3, ...name('dir')), 20);
  assert.equal(guest.call('path_rename', 3, ...name('a.txt'), 3, ...name('dir/b.txt')), 0);
  assert.equal(guest.call('path_link', 3, 0, ...name('dir/b.txt'), 3, ...name('c.txt')), 0);
  assert.equal(guest.call('path_symlink', ...name('dir/b.txt'), 3, ...name('link')), 0);
  assert.equal(guest.call('path_readlink', 3, ...name('link'), 20_000, 4, OUT), 0);
  assert.equal(guest.bytes(20_000, guest.u32()).toString(), 'dir/');
  assert.equal(guest.read(guest.open('link').fd), 'alpha');
  assert.equal(guest.open('link', 0, ALL, 0, 0).errno, 32);
  assert.equal(guest.call('path_unlink_file', 3, ...name('dir')), 31);
  assert.equal(guest.call('path_remove_directory', 3, ...name('dir')), 55);
  assert.equal(guest.call('path_unlink_file', 3, ...name('dir/b.txt')), 0);
  assert.equal(guest.call('path_remove_directory', 3, ...name('dir')), 0);
  assert.deepEqual(readdirSync(guest.inside).sort(), ['c.txt', 'link', 'sub']);
});

test('what leads out is refused', () => {
  using guest = new Guest();
  symlinkSync('/etc', join(guest.inside, 'etc'));
  for (const path of ['..', '../x', '/etc/passwd', 'etc/passwd', 'sub/../../x']) {
    assert.equal(guest.open(path).errno, 63, path);
    assert.equal(guest.open(path, 1).errno, 63, path);
  }
  assert.equal(guest.open('').errno, 44);
  assert.equal(guest.open('a\0b').errno, 28);
  assert.equal(guest.open('a.txt/').errno, 54);
  const sub = guest.open('sub', 2, ALL & ~64n).fd;
  assert.equal(guest.call('path_open', sub, 1, ...guest.put('../a.txt'), 0, ALL, ALL, 0, OUT), 63);
  guest.bytes(500, 2).set([0xff, 0xfe]);
  assert.equal(guest.call('path_create_directory', 3, 500, 2), 25);
});

test('a read-only preopen', () => {
  using guest = new Guest({}, {}, true);
  assert.equal(guest.open('a.txt', 0, ALL).errno, 63);
  assert.equal(guest.open('new', 1, 2n).errno, 63);
  const { errno, fd } = guest.open('a.txt', 0, ALL & ~64n);
  assert.equal(errno, 0);
  assert.equal(guest.read(fd), 'alpha');
  assert.equal(guest.write(fd, 'x'), 76);
  assert.equal(guest.call('fd_filestat_set_size', fd, 0n), 8);
  assert.equal(guest.call('fd_filestat_set_times', fd, 0n, 0n, 2), 63);
  assert.equal(guest.call('path_create_directory', 3, ...guest.put('x')), 63);
  const sub = guest.open('sub', 2, ALL & ~64n);
  assert.equal(sub.errno, 0);
  assert.equal(guest.call('path_create_directory', sub.fd, ...guest.put('x')), 63);
});

test('rights can be dropped and not be regained', () => {
  using guest = new Guest();
  const { fd } = guest.open('a.txt', 0, 2n | 4n);
  assert.equal(guest.call('fd_fdstat_get', fd, OUT), 0);
  assert.equal(guest.u64(OUT + 8), 6n);
  assert.equal(guest.write(fd, 'x'), 76);
  assert.equal(guest.call('fd_fdstat_set_rights', fd, 2n, 0n), 0);
  assert.equal(guest.call('fd_seek', fd, 0n, 0, OUT), 76);
  assert.equal(guest.call('fd_fdstat_set_rights', fd, 6n, 0n), 76);
  assert.equal(guest.call('fd_fdstat_set_rights', fd, 0n, 0n), 0);
  assert.equal(guest.call('fd_read', fd, ...guest.vectors([0, 1]), OUT), 76);
  assert.equal(guest.call('fd_fdstat_set_rights', 3, (1n << 13n) | 2n, 2n), 76);
  assert.equal(guest.call('fd_fdstat_set_rights', 3, 1n << 13n, 2n), 0);
  assert.equal(guest.call('path_create_directory', 3, ...guest.put('x')), 76);
  assert.equal(guest.open('new', 1).errno, 76);
  const only = guest.open('a.txt').fd;
  assert.equal(guest.write(only, 'x'), 76);
  assert.equal(guest.read(only), 'alpha');
});

test('descriptors: the lowest number, renumbering', () => {
  using guest = new Guest();
  const [a, b, c] = ['a.txt', 'sub', 'a.txt'].map((path) => guest.open(path, 0, 2n | 32n).fd) as [
    number,
    number,
    number,
  ];
  assert.deepEqual([a, b, c], [4, 5, 6]);
  assert.equal(guest.call('fd_close', b), 0);
  assert.equal(guest.open('a.txt').fd, 5);
  assert.equal(guest.call('fd_renumber', a, 99), 8);
  assert.equal(guest.read(a, 2), 'al');
  assert.equal(guest.call('fd_renumber', a, c), 0);
  assert.equal(guest.read(c), 'pha');
  assert.equal(guest.call('fd_read', a, ...guest.vectors([0, 1]), OUT), 8);
  assert.equal(guest.call('fd_renumber', 1, 1), 0);
  assert.equal(guest.call('fd_renumber', c, 1), 0);
  assert.equal(guest.call('fd_tell', 1, OUT), 0);
});

test('pointers beyond the memory are answered with fault', () => {
  using guest = new Guest();
  const { fd } = guest.open('a.txt');
  const FAR = -4;
  const END = 65_535;
  const path = guest.put('a.txt');
  const calls: readonly [string, ...(number | bigint)[]][] = [
    ['args_get', FAR, 0],
    ['args_get', 0, END],
    ['args_sizes_get', END, 0],
    ['environ_sizes_get', 0, END],
    ['clock_res_get', 0, END],
    ['clock_time_get', 0, 0n, FAR],
    ['random_get', 0, -1],
    ['random_get', END, 2],
    ['fd_fdstat_get', 1, END],
    ['fd_filestat_get', fd, END],
    ['fd_filestat_get', 1, END],
    ['fd_prestat_get', 3, END],
    ['fd_prestat_dir_name', 3, END, 5],
    ['fd_read', fd, END, 1, OUT],
    ['fd_read', fd, ...guest.vectors([FAR, 1]), OUT],
    ['fd_read', fd, ...guest.vectors([0, 1], [0, -1]), OUT],
    ['fd_read', fd, ...guest.vectors([0, 1]), END],
    ['fd_write', 1, ...guest.vectors([65_530, 10]), OUT],
    ['fd_write', 1, ...guest.vectors([0, 1]), FAR],
    ['fd_pread', fd, FAR, 1, 0n, OUT],
    ['fd_pwrite', fd, END, 1, 0n, OUT],
    ['fd_seek', fd, 0n, 0, END],
    ['fd_tell', fd, END],
    ['fd_readdir', 3, 0, -1, 0n, OUT],
    ['fd_readdir', 3, 0, 100, 0n, END],
    ['path_open', 3, 0, FAR, 1, 0, 2n, 0n, 0, OUT],
    ['path_open', 3, 0, ...path, 0, 2n, 0n, 0, FAR],
    ['path_readlink', 3, ...path, FAR, 10, OUT],
    ['path_readlink', 3, ...path, 0, 10, FAR],
    ['path_filestat_get', 3, 0, ...path, END],
    ['path_create_directory', 3, 0, -1],
    ['path_symlink', FAR, 1, 3, ...path],
    ['poll_oneoff', FAR, 0, 1, OUT],
    ['poll_oneoff', 0, FAR, 1, OUT],
    ['poll_oneoff', 0, 0, 1, FAR],
  ];
  const before = guest.open('a.txt').fd;
  for (const [name, ...args] of calls) assert.equal(guest.call(name, ...args), 21, `${name}(${args.join()})`);
  assert.equal(guest.call('fd_read', fd, 0, 5000, OUT), 28);
  assert.equal(guest.call('poll_oneoff', 0, 0, 0, OUT), 28);
  assert.equal(guest.stdout.text(), '');
  assert.equal(guest.open('a.txt').fd, before + 1, 'a failed open leaves no descriptor');
});

/** Writes a subscription at `at`. */
function subscribe(
  guest: Guest,
  at: number,
  userdata: bigint,
  tag: number,
  target: number,
  timeout = 0n,
  flags = 0,
): void {
  guest.bytes(at, 48).fill(0);
  guest.view.setBigUint64(at, userdata, true);
  guest.view.setUint8(at + 8, tag);
  guest.view.setUint32(at + 16, target, true);
  guest.view.setBigUint64(at + 24, timeout, true);
  guest.view.setUint16(at + 40, flags, true);
}

function event(guest: Guest, at: number): [userdata: bigint, error: number, type: number] {
  return [guest.u64(at), guest.view.getUint16(at + 8, true), guest.view.getUint8(at + 10)];
}

test('polling answers what is ready, and waits for time', async () => {
  using guest = new Guest();
  const { fd } = guest.open('a.txt');
  subscribe(guest, 2000, 11n, 0, 1, 3_600_000_000_000n);
  subscribe(guest, 2048, 12n, 1, fd);
  subscribe(guest, 2096, 13n, 1, 99);
  subscribe(guest, 2144, 14n, 2, 1);
  assert.equal(guest.call('poll_oneoff', 2000, 4000, 4, OUT), 0);
  assert.equal(guest.u32(), 3);
  assert.deepEqual(
    [event(guest, 4000), event(guest, 4032), event(guest, 4064)],
    [
      [12n, 0, 1],
      [13n, 8, 1],
      [14n, 0, 2],
    ],
  );
  assert.equal(guest.u64(4016), 5n);
  subscribe(guest, 2048, 15n, 0, 1, 10_000_000n);
  const start = performance.now();
  assert.equal(await guest.later('poll_oneoff', 2000, 4000, 2, OUT), 0);
  assert.ok(performance.now() - start >= 9.9);
  assert.deepEqual([guest.u32(), event(guest, 4000)], [1, [15n, 0, 0]]);
  // A time of the wall clock that has passed.
  subscribe(guest, 2000, 16n, 0, 0, 1n, 1);
  assert.equal(guest.call('poll_oneoff', 2000, 4000, 1, OUT), 0);
  subscribe(guest, 2000, 17n, 0, 9);
  assert.equal(guest.call('poll_oneoff', 2000, 4000, 1, OUT), 0);
  assert.deepEqual(event(guest, 4000), [17n, 28, 0]);
  subscribe(guest, 2000, 18n, 7, 0);
  assert.equal(guest.call('poll_oneoff', 2000, 4000, 1, OUT), 28);
});

test('a stream that has nothing is waited for, or not', async () => {
  const waiters = new Waiters();
  const chunks: Buffer[] = [];
  const stdin = {
    terminal: true,
    ready: () => chunks.length > 0,
    subscribe: (done: () => void) => waiters.add(done),
    read: () => chunks.shift() ?? new Uint8Array(0),
    close() {},
  };
  using guest = new Guest({}, { stdin });
  assert.equal(guest.call('fd_fdstat_get', 0, OUT), 0);
  assert.equal(guest.view.getUint8(OUT), 2);
  const wait = guest.later('fd_read', 0, ...guest.vectors([20_000, 2], [20_100, 50]), OUT);
  chunks.push(Buffer.from('typed'));
  waiters.wake();
  assert.equal(await wait, 0);
  assert.equal(guest.u32(), 5);
  assert.equal(guest.bytes(20_000, 2).toString() + guest.bytes(20_100, 3).toString(), 'typed');
  assert.equal(guest.call('fd_fdstat_set_flags', 0, 4), 0);
  assert.equal(guest.call('fd_read', 0, ...guest.vectors([20_000, 2]), OUT), 6);
  subscribe(guest, 2000, 1n, 1, 0);
  const poll = guest.later('poll_oneoff', 2000, 4000, 1, OUT);
  chunks.push(Buffer.from('x'));
  waiters.wake();
  assert.equal(await poll, 0);
  assert.deepEqual(event(guest, 4000), [1n, 0, 1]);
  assert.ok(['fd_read', 'poll_oneoff', 'fd_write'].every((name) => MAY_WAIT.has(name)));
});

test('ends, signals and sockets', () => {
  using guest = new Guest();
  assert.throws(
    () => guest.call('proc_exit', -1),
    (error) => error instanceof Trap && exitOf(error)?.exitCode === 4_294_967_295,
  );
  assert.equal(guest.call('proc_raise', 6), 58);
  assert.equal(guest.call('sched_yield'), 0);
  for (const name of ['sock_accept', 'sock_recv', 'sock_send', 'sock_shutdown']) {
    assert.equal(guest.call(name, 1, 0, 0, 0, 0, 0), 57);
    assert.equal(guest.call(name, 99, 0, 0, 0, 0, 0), 8);
  }
});

interface Ran {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

/** Runs a command: suspends its stack where a function waits. */
async function run(file: string, grant: GrantInput, stdin = ''): Promise<Ran> {
  const [out, err] = [memorySink(), memorySink()];
  using preview1 = createPreview1({
    host: nodeHost(),
    grant,
    stdin: bytesSource(Buffer.from(stdin)),
    stdout: out,
    stderr: err,
  });
  const bytes = readFileSync(join(corpus, file));
  const { Suspending, promising } = WebAssembly as unknown as {
    Suspending: new (fn: unknown) => WebAssembly.ImportValue;
    promising: (fn: unknown) => () => Promise<void>;
  };
  let memory: WebAssembly.Memory | undefined;
  const functions: Record<string, WebAssembly.ImportValue> = {};
  for (const [name, fn] of Object.entries(preview1.imports(() => memory!))) {
    functions[name] = MAY_WAIT.has(name) ? new Suspending(fn) : (fn as WebAssembly.ImportValue);
  }
  const { instance } = await WebAssembly.instantiate(bytes, { wasi_snapshot_preview1: functions });
  memory = instance.exports['memory'] as WebAssembly.Memory;
  let code = 0;
  try {
    await promising(instance.exports['_start'])();
  } catch (error) {
    const exit = exitOf(error);
    if (exit === undefined) throw error;
    code = exit.exitCode;
  }
  return { out: out.text(), err: err.text(), code };
}

describe('programs of the corpus', { skip: existsSync(corpus) ? false : `${corpus} is absent` }, () => {
  test('Rust: streams, files, exit', async () => {
    const dir = join(top, 'rust');
    mkdirSync(dir);
    const dirs = [{ host: dir, guest: '/data' }];
    const grant = { args: ['rust', 'fs', '/data'], env: { GREETING: 'hi' }, dirs };
    assert.deepEqual(await run('rust-hello-p1.wasm', grant, 'a b a'), {
      out: [
        'args ["fs", "/data"] env Some("hi")',
        '2 a',
        '1 b',
        'time ok true',
        'rust file',
        '["r.txt"]',
        'outside Some(Uncategorized)',
        '',
      ].join('\n'),
      err: 'done\n',
      code: 0,
    });
    assert.deepEqual(readdirSync(dir), []);
    const exited = await run('rust-hello-p1.wasm', { args: ['rust', 'exit', '7'] });
    assert.equal(exited.code, 7);
    await assert.rejects(run('rust-hello-p1.wasm', { args: ['rust', 'panic'] }), WebAssembly.RuntimeError);
  });

  test('AssemblyScript: arguments, clock, random, exit', async () => {
    const text = (args: number): string => `Hello from AssemblyScript\nargs ${args}\nclock ok\nrandom ok\nno newline|`;
    assert.deepEqual(await run('as-hello-p1.wasm', { args: ['as', 'a', 'b'] }), { out: text(2), err: '', code: 0 });
    assert.deepEqual(await run('as-hello-p1.wasm', { args: ['as', 'exit'] }), { out: text(1), err: '', code: 6 });
  });
});
