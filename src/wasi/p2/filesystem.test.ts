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
import { after, test } from 'node:test';
import { ComponentError } from '../../error/error.ts';
import { type Host, type HostDirectory, HostError } from '../../host/host.ts';
import { nodeHost } from '../../host/node/host.ts';
import { IoError } from './error.ts';
import type { Descriptor, DescriptorFlags, makeFilesystem, OpenFlags } from './filesystem.ts';
import type { InputStream, OutputStream } from './streams.ts';
import { createWasi, type WasiImports } from './wasi.ts';

const top = mkdtempSync(join(tmpdir(), 'tenon-p2-'));
after(() => rmSync(top, { recursive: true, force: true }));

const FOLLOW = { symlinkFollow: true };
const RW: DescriptorFlags = { read: true, write: true };
const NEW: OpenFlags = { create: true, truncate: true };

let count = 0;

interface Scene extends Disposable {
  readonly inside: string;
  readonly base: Descriptor;
  readonly imports: WasiImports;
}

function scene(readonly = false, host: Host = nodeHost()): Scene {
  const inside = join(top, `scene${count++}`);
  mkdirSync(join(inside, 'sub'), { recursive: true });
  writeFileSync(join(inside, 'a.txt'), 'alpha');
  const imports = createWasi({ host, grant: { dirs: [{ host: inside, guest: '/data', readonly }] } });
  const files = imports as unknown as ReturnType<typeof makeFilesystem>;
  const [[base, name] = []] = files['wasi:filesystem/preopens'].getDirectories();
  assert.equal(name, '/data');
  return { inside, base: base!, imports, [Symbol.dispose]: () => imports[Symbol.dispose]() };
}

/** All of Node's files answer at once. */
function now<T>(value: T | Promise<T>): T {
  assert.ok(!(value instanceof Promise), 'no Promise');
  return value;
}

function fails(code: string, body: () => unknown): void {
  assert.throws(body, (error) => {
    assert.ok(error instanceof ComponentError, String(error));
    assert.equal(error.payload, code);
    return true;
  });
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test('a file is made, written, read and described', () => {
  using s = scene();
  const file = now(s.base.openAt(FOLLOW, 'new', NEW, RW));
  assert.equal(file.getType(), 'regular-file');
  assert.deepEqual(file.getFlags(), {
    read: true,
    write: true,
    fileIntegritySync: false,
    dataIntegritySync: false,
    requestedWriteSync: false,
  });
  assert.equal(now(file.write(Buffer.from('hello'), 1n)), 5n);
  const [bytes, end] = now(file.read(100n, 3n));
  assert.deepEqual([text(bytes), end], ['llo', false]);
  assert.deepEqual(now(file.read(100n, 6n)), [new Uint8Array(0), true]);
  assert.deepEqual(now(file.read(0n, 0n)), [new Uint8Array(0), false]);
  assert.equal(now(file.read(2n ** 64n - 1n, 0n))[0].length, 6);
  assert.equal(now(file.read(2n ** 64n - 1n, 2n ** 64n - 1n))[1], true);
  now(file.setSize(2n));
  now(file.syncData());
  now(file.sync());
  now(file.advise(0n, 10n, 'sequential'));
  fails('invalid', () => file.advise(2n ** 64n - 1n, 1n, 'normal'));
  const stat = now(file.stat());
  assert.deepEqual([stat.type, stat.linkCount, stat.size], ['regular-file', 1n, 2n]);
  assert.ok(Math.abs(Number(stat.dataModificationTimestamp?.seconds) - Date.now() / 1000) < 60);
  fails('file-too-large', () => file.write(Buffer.from('x'), 2n ** 63n));
  fails('file-too-large', () => file.setSize(2n ** 63n));
  file[Symbol.dispose]();
  fails('bad-descriptor', () => file.stat());
  assert.equal(readFileSync(join(s.inside, 'new'), 'latin1'), '\0h');
});

test('streams read, write and append', () => {
  using s = scene();
  const file = now(s.base.openAt(FOLLOW, 'a.txt', {}, RW));
  const input: InputStream = now(file.readViaStream(2n));
  const output: OutputStream = now(file.writeViaStream(0n));
  const end: OutputStream = now(file.appendViaStream());
  assert.equal(text(input.read(2n)), 'ph');
  output.blockingWriteAndFlush(Buffer.from('AL'));
  output.blockingWriteAndFlush(Buffer.from('PH'));
  end.blockingWriteAndFlush(Buffer.from('!'));
  end.blockingWriteAndFlush(Buffer.from('?'));
  file[Symbol.dispose]();
  assert.equal(text(input.blockingRead(100n) as Uint8Array), 'a!?');
  assert.throws(() => input.blockingRead(1n), ComponentError);
  assert.equal(readFileSync(join(s.inside, 'a.txt'), 'utf8'), 'ALPHa!?');
  for (const stream of [input, output, end]) stream[Symbol.dispose]();
});

test('directories, links and names', () => {
  using s = scene();
  now(s.base.createDirectoryAt('made'));
  const made = now(s.base.openAt({}, 'made', { directory: true }, { read: true }));
  assert.deepEqual(made.getFlags(), { read: true, mutateDirectory: true });
  now(s.base.renameAt('a.txt', made, 'b.txt'));
  now(made.linkAt({}, 'b.txt', s.base, 'c.txt'));
  now(s.base.symlinkAt('made/b.txt', 'link'));
  assert.equal(now(s.base.readlinkAt('link')), 'made/b.txt');
  assert.equal(now(s.base.statAt({}, 'link')).type, 'symbolic-link');
  assert.equal(now(s.base.statAt(FOLLOW, 'link')).size, 5n);
  assert.equal(now(s.base.statAt(FOLLOW, 'link')).linkCount, 2n);
  const entries: (readonly [string, string])[] = [];
  const stream = now(s.base.readDirectory());
  for (let next = stream.readDirectoryEntry(); next !== undefined; next = stream.readDirectoryEntry()) {
    entries.push([next.name, next.type]);
  }
  assert.deepEqual(entries.sort(), [
    ['c.txt', 'regular-file'],
    ['link', 'symbolic-link'],
    ['made', 'directory'],
    ['sub', 'directory'],
  ]);
  assert.equal(stream.readDirectoryEntry(), undefined);
  const [one, two] = ['made/b.txt', 'link'].map((path) => now(s.base.openAt(FOLLOW, path, {}, { read: true })));
  assert.equal(now(one!.isSameObject(two!)), true);
  assert.equal(now(one!.isSameObject(s.base)), false);
  assert.deepEqual(now(one!.metadataHash()), now(s.base.metadataHashAt(FOLLOW, 'link')));
  assert.notDeepEqual(now(one!.metadataHash()), now(s.base.metadataHashAt({}, 'link')));
  fails('not-directory', () => one!.openAt({}, 'x', {}, {}));
  fails('not-directory', () => one!.readDirectory());
  fails('is-directory', () => made.readViaStream(0n));
  fails('is-directory', () => made.read(1n, 0n));
  now(s.base.unlinkFileAt('link'));
  fails('not-empty', () => s.base.removeDirectoryAt('made'));
  fails('is-directory', () => s.base.unlinkFileAt('made'));
  now(made.unlinkFileAt('b.txt'));
  now(s.base.removeDirectoryAt('made'));
});

test('timestamps', () => {
  using s = scene();
  const at = (seconds: bigint, nanoseconds = 0) => ({ tag: 'timestamp', val: { seconds, nanoseconds } }) as const;
  now(s.base.setTimesAt(FOLLOW, 'a.txt', at(10n, 500_000_000), at(20n)));
  now(s.base.setTimesAt(FOLLOW, 'a.txt', { tag: 'no-change' }, at(30n)));
  const stat = now(s.base.statAt(FOLLOW, 'a.txt'));
  assert.deepEqual(stat.dataAccessTimestamp, { seconds: 10n, nanoseconds: 500_000_000 });
  assert.deepEqual(stat.dataModificationTimestamp, { seconds: 30n, nanoseconds: 0 });
  const file = now(s.base.openAt(FOLLOW, 'a.txt', {}, { read: true }));
  now(file.setTimes(at(1n), { tag: 'now' }));
  assert.deepEqual(now(file.stat()).dataAccessTimestamp, { seconds: 1n, nanoseconds: 0 });
  fails('invalid', () => file.setTimes(at(1n, 1_000_000_000), at(1n)));
});

test('a read-only preopen', () => {
  using s = scene(true);
  assert.deepEqual(s.base.getFlags(), { read: true, mutateDirectory: false });
  fails('not-permitted', () => s.base.openAt({}, 'a.txt', {}, RW));
  fails('not-permitted', () => s.base.openAt({}, 'sub', { directory: true }, { read: true, mutateDirectory: true }));
  fails('not-permitted', () => s.base.openAt({}, 'n', NEW, RW));
  fails('not-permitted', () => s.base.createDirectoryAt('n'));
  fails('not-permitted', () => s.base.unlinkFileAt('a.txt'));
  const sub = now(s.base.openAt({}, 'sub', { directory: true }, { read: true }));
  fails('not-permitted', () => sub.symlinkAt('x', 'y'));
  const file = now(s.base.openAt({}, 'a.txt', {}, { read: true }));
  fails('bad-descriptor', () => file.write(Buffer.from('x'), 0n));
  fails('bad-descriptor', () => file.appendViaStream());
  fails('bad-descriptor', () => file.setSize(0n));
  fails('not-permitted', () => file.setTimes({ tag: 'now' }, { tag: 'now' }));
  assert.equal(text(now(file.read(9n, 0n))[0]), 'alpha');
});

test('what leads out is not permitted', () => {
  using s = scene();
  symlinkSync('/etc', join(s.inside, 'etc'));
  symlinkSync('../..', join(s.inside, 'up'));
  for (const path of ['..', '../x', '/etc/passwd', 'etc/passwd', 'up/x', 'sub/../../x', 'up']) {
    fails('not-permitted', () => s.base.openAt(FOLLOW, path, {}, { read: true }));
    fails('not-permitted', () => s.base.metadataHashAt(FOLLOW, path));
  }
  fails('not-permitted', () => s.base.readlinkAt('etc'));
  fails('not-permitted', () => s.base.symlinkAt('/etc', 'x'));
  fails('loop', () => s.base.openAt({}, 'up', {}, { read: true }));
  fails('no-entry', () => s.base.openAt({}, '', {}, { read: true }));
  fails('invalid', () => s.base.openAt({}, 'a\0', {}, { read: true }));
});

test('stream errors carry the code of the file system', () => {
  using s = scene();
  const { filesystemErrorCode } = (s.imports as unknown as ReturnType<typeof makeFilesystem>)['wasi:filesystem/types'];
  assert.equal(filesystemErrorCode(new IoError(new HostError('insufficient-space'))), 'insufficient-space');
  assert.equal(filesystemErrorCode(new IoError(new Error('other'))), undefined);
});

test('what a guest leaves open is closed with its WASI', {
  skip: existsSync('/proc/self/fd') ? false : 'needs /proc',
}, () => {
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  const s = scene();
  const file = now(s.base.openAt(FOLLOW, 'a.txt', {}, RW));
  now(file.readViaStream(0n));
  now(file.appendViaStream()).blockingWriteAndFlush(Buffer.from('x'));
  now(s.base.openAt(FOLLOW, 'sub', {}, { read: true }));
  assert.ok(open() > before + 3);
  s[Symbol.dispose]();
  assert.equal(open(), before);
});

test('a host whose files wait is waited for', async () => {
  const host = nodeHost();
  const late = async <T>(body: () => T): Promise<T> => {
    await null;
    return body();
  };
  const slow: Host = {
    ...host,
    openDirectory(path, options) {
      const directory = host.openDirectory(path, options);
      return {
        kind: 'directory',
        type: 'directory',
        mutable: true,
        retain: () => directory.retain(),
        close: () => directory.close(),
        statAt: (...args) => late(() => directory.statAt(...args)),
        openAt: (...args) => late(() => directory.openAt(...args)),
      } as HostDirectory;
    },
  };
  using s = scene(false, slow);
  assert.equal((await s.base.statAt({}, 'a.txt')).size, 5n);
  const file = await s.base.openAt({}, 'a.txt', {}, { read: true });
  assert.equal(text(now(file.read(5n, 0n))[0]), 'alpha');
  await assert.rejects(
    async () => s.base.statAt({}, 'none'),
    (error) => (error as ComponentError).payload === 'no-entry',
  );
});
