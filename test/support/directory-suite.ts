/**
 * What every platform's directories and files do alike: the rules of the sandbox, and the codes that operations end with. Each platform
 * gives a scene: `in`, which is opened, beside `out` with a secret.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DirectoryWatch, HostError, type HostErrorCode, type OpenOptions } from '../../src/host/host.ts';
import type { MemoryDirectory } from '../../src/host/memory/directory.ts';
import type { MemoryFile } from '../../src/host/memory/file.ts';
import type { NodeDirectory } from '../../src/host/node/directory.ts';
import type { NodeFile } from '../../src/host/node/file.ts';

/** Directories that answer at once. */
export type SyncDirectory = NodeDirectory | MemoryDirectory;
export type SyncFile = NodeFile | MemoryFile;

/**
 * `in/a.txt` holds `alpha`, `in/sub/b.txt` holds `beta`, `in/sub/deep` is empty, `out/secret` holds `secret`. Paths begin at the
 * directory that holds both; what is done here is done by the owner, past the sandbox.
 */
export interface Scene {
  readonly directory: SyncDirectory;
  /** Opens `out` for changes. */
  openOutside(): SyncDirectory;
  read(path: string): string;
  names(path: string): string[];
  /** Makes a symbolic link of any content. */
  plant(content: string, path: string): void;
  hardLink(from: string, to: string): void;
  /** All that can be seen of `in`, as text. */
  image(): string;
  absolute(path: string): string;
}

export const OPEN: OpenOptions = {
  follow: true,
  create: false,
  directory: false,
  exclusive: false,
  truncate: false,
  read: true,
  write: false,
  sync: 'none',
};
export const WRITE: OpenOptions = { ...OPEN, write: true };
export const CREATE: OpenOptions = { ...WRITE, create: true };

const utf8 = new TextEncoder();
export const bytes = (text: string): Uint8Array => utf8.encode(text);
export const text = (found: Uint8Array | undefined): string => new TextDecoder().decode(found);

export function fails(code: HostErrorCode | readonly HostErrorCode[], body: () => unknown): void {
  assert.throws(body, (error) => {
    assert.ok(error instanceof HostError, `a HostError, not ${error}`);
    assert.ok([code].flat().includes(error.code), `${error.code} is not ${code}`);
    return true;
  });
}

export function openFile(directory: SyncDirectory, path: string, options = OPEN): SyncFile {
  const node = directory.openAt(path, options);
  assert.equal(node.kind, 'file');
  return node as SyncFile;
}

export function readAll(file: SyncFile): string {
  const target = new Uint8Array(1000);
  const found = text(target.subarray(0, file.readInto(target, 0n)));
  file.close();
  return found;
}

/** Plants links that lead out of `in`, and gives paths that do. */
function escapesOf({ plant, absolute }: Scene): readonly string[] {
  plant(absolute('out/secret'), 'in/absolute');
  plant('../out/secret', 'in/relative');
  plant('relative', 'in/chain1');
  plant('chain1', 'in/chain2');
  plant('../out', 'in/dir');
  plant(absolute('out'), 'in/dirabs');
  plant('sub/../../out', 'in/zigzag');
  plant('/proc/self/cwd', 'in/cwd');
  plant('/', 'in/root');
  return [
    '../out/secret',
    'sub/../../out/secret',
    'sub/deep/../../../out/secret',
    `../${absolute('.').split('/').at(-1)}/out/secret`,
    '..',
    '../in/a.txt',
    absolute('out/secret'),
    '/etc/passwd',
    '//etc/passwd',
    '/proc/self/root/etc/passwd',
    'absolute',
    'relative',
    'chain2',
    'dir/secret',
    'dirabs/secret',
    'zigzag/secret',
    'dir/../out/secret',
    'cwd/package.json',
    'root/etc/passwd',
    'sub/../root/etc/passwd',
  ];
}

type MakeScene = (mutable?: boolean, watch?: DirectoryWatch) => Scene;

const TESTS: Readonly<Record<string, (scene: MakeScene) => void>> = {
  'files are opened, read, written, cut and appended to'(scene) {
    const { directory, read } = scene();
    assert.equal(readAll(openFile(directory, 'a.txt')), 'alpha');
    assert.equal(readAll(openFile(directory, './sub/.//deep/../b.txt')), 'beta');
    const file = openFile(directory, 'new.txt', { ...CREATE, exclusive: true });
    assert.equal(file.write(bytes('hello'), 2n), 5);
    assert.equal(file.append(bytes(' end')), 4);
    assert.equal(read('in/new.txt'), '\0\0hello end');
    file.setSize(3n);
    assert.equal(file.stat().size, 3n);
    file.sync(true);
    file.close();
    fails('bad-descriptor', () => file.stat());
    fails('exist', () => directory.openAt('new.txt', { ...CREATE, exclusive: true }));
    openFile(directory, 'new.txt', { ...WRITE, truncate: true }).close();
    assert.equal(read('in/new.txt'), '');
    directory.close();
  },

  'a file is open for what was asked for'(scene) {
    const { directory } = scene();
    const reader = openFile(directory, 'a.txt');
    fails('bad-descriptor', () => reader.write(bytes('x'), 0n));
    fails('bad-descriptor', () => reader.setSize(0n));
    fails('bad-descriptor', () => reader.sink(0n));
    const writer = openFile(directory, 'a.txt', { ...WRITE, read: false });
    fails('bad-descriptor', () => writer.readInto(new Uint8Array(1), 0n));
    fails('bad-descriptor', () => writer.source(0n));
    fails('file-too-large', () => writer.write(bytes('x'), 1n << 60n));
    reader.close();
    writer.close();
    directory.close();
  },

  'streams keep a file open after its descriptor is closed'(scene) {
    const { directory, read } = scene();
    const file = openFile(directory, 'a.txt', WRITE);
    const source = file.source(1n);
    const sink = file.sink(0n);
    const end = file.sink('end');
    file.close();
    assert.equal(text(source.read(3)), 'lph');
    sink.write(bytes('AL'));
    sink.write(bytes('PH'));
    end.write(bytes('!'));
    assert.equal(read('in/a.txt'), 'ALPHa!');
    for (const stream of [source, sink, end]) stream.close();
    assert.equal(source.read(1), undefined);
    fails('bad-descriptor', () => file.stat());
    directory.close();
  },

  'directories are listed, made and removed'(scene) {
    const { directory, names } = scene();
    directory.createDirectoryAt('fresh/');
    fails('exist', () => directory.createDirectoryAt('fresh'));
    assert.deepEqual(
      [...directory.entries()].sort((a, b) => a.name.localeCompare(b.name)),
      [
        { name: 'a.txt', type: 'regular-file' },
        { name: 'fresh', type: 'directory' },
        { name: 'sub', type: 'directory' },
      ],
    );
    fails('not-empty', () => directory.removeDirectoryAt('sub'));
    fails('not-directory', () => directory.removeDirectoryAt('a.txt'));
    fails('is-directory', () => directory.unlinkFileAt('fresh'));
    directory.removeDirectoryAt('fresh/');
    directory.unlinkFileAt('a.txt');
    assert.deepEqual(names('in'), ['sub']);
    directory.close();
  },

  'a directory opened below is a base of its own'(scene) {
    const { directory } = scene();
    const sub = directory.openAt('sub', { ...OPEN, directory: true });
    assert.equal(sub.kind, 'directory');
    assert.equal(readAll(openFile(sub as SyncDirectory, 'b.txt')), 'beta');
    fails('not-permitted', () => (sub as SyncDirectory).openAt('../a.txt', OPEN));
    const self = (sub as SyncDirectory).openAt('.', OPEN);
    assert.equal(self.stat().inode, sub.stat().inode);
    fails('is-directory', () => directory.openAt('sub', WRITE));
    fails('is-directory', () => directory.openAt('sub', CREATE));
    fails('invalid', () => directory.openAt('x', { ...CREATE, directory: true }));
    self.close();
    sub.close();
    directory.close();
  },

  'files are renamed and linked, inside only'(scene) {
    const { directory, read } = scene();
    directory.renameAt('a.txt', directory, 'sub/c.txt');
    directory.linkAt('sub/c.txt', false, directory, 'again');
    assert.equal(read('in/again'), 'alpha');
    assert.equal(directory.statAt('again', false).links, 2n);
    fails('exist', () => directory.linkAt('sub/c.txt', false, directory, 'again'));
    fails('not-permitted', () => directory.linkAt('sub', false, directory, 'x'));
    fails('no-entry', () => directory.linkAt('missing', false, directory, 'x'));
    fails('not-permitted', () => directory.linkAt('../out/secret', false, directory, 'x'));
    fails('not-permitted', () => directory.linkAt('again', false, directory, '../out/x'));
    fails('not-permitted', () => directory.renameAt('../out/secret', directory, 'x'));
    fails('not-permitted', () => directory.renameAt('again', directory, '../out/x'));
    fails('not-directory', () => directory.renameAt('again/', directory, 'x'));
    fails('not-directory', () => directory.renameAt('again', directory, 'x/'));
    directory.close();
  },

  'symbolic links are followed inside, and told apart'(scene) {
    const { directory, names } = scene();
    directory.symlinkAt('sub', 'dir');
    directory.symlinkAt('b.txt', 'sub/file');
    directory.symlinkAt('../dir/file', 'sub/deep/up');
    fails('not-permitted', () => directory.symlinkAt('../dir/file', '../up'));
    directory.symlinkAt('../../dir/file', 'sub/deep/far');
    assert.equal(readAll(openFile(directory, 'sub/deep/far')), 'beta');
    assert.equal(directory.readlinkAt('sub/deep/up'), '../dir/file');
    assert.equal(directory.readlinkAt('dir/deep/up'), '../dir/file');
    fails('no-entry', () => directory.openAt('sub/deep/up', OPEN));
    assert.equal(directory.statAt('dir', false).type, 'symbolic-link');
    assert.equal(directory.statAt('dir', true).type, 'directory');
    assert.equal(directory.statAt('dir/', false).type, 'directory');
    fails('loop', () => directory.openAt('dir', { ...OPEN, follow: false }));
    fails('invalid', () => directory.readlinkAt('a.txt'));
    fails('not-directory', () => directory.removeDirectoryAt('dir'));
    fails(['not-directory', 'is-directory'], () => directory.unlinkFileAt('dir/'));
    directory.symlinkAt('made', 'dangling');
    fails('exist', () => directory.openAt('dangling', { ...CREATE, exclusive: true }));
    openFile(directory, 'dangling', CREATE).close();
    assert.ok(names('in').includes('made'));
    directory.unlinkFileAt('dangling');
    assert.ok(names('in').includes('made'));
    directory.close();
  },

  'loops of links end'(scene) {
    const { directory } = scene();
    directory.symlinkAt('y', 'x');
    directory.symlinkAt('x', 'y');
    fails('loop', () => directory.openAt('x', OPEN));
    fails('loop', () => directory.statAt('x/z', false));
    directory.symlinkAt('.', 'here');
    assert.equal(readAll(openFile(directory, `${'here/'.repeat(40)}a.txt`)), 'alpha');
    fails('loop', () => directory.openAt(`${'here/'.repeat(41)}a.txt`, OPEN));
    directory.close();
  },

  'timestamps are set, kept and read'(scene) {
    const { directory } = scene();
    const at = (seconds: bigint) => ({ kind: 'at', nanoseconds: seconds * 1_000_000_000n }) as const;
    directory.setTimesAt('a.txt', true, at(1000n), at(2000n));
    assert.equal(directory.statAt('a.txt', true).accessed, 1_000_000_000_000n);
    directory.setTimesAt('a.txt', true, { kind: 'keep' }, at(3000n));
    const file = openFile(directory, 'a.txt');
    assert.equal(file.stat().accessed, 1_000_000_000_000n);
    assert.equal(file.stat().modified, 3_000_000_000_000n);
    file.setTimes({ kind: 'now' }, { kind: 'keep' });
    assert.ok(Math.abs(Number(file.stat().accessed / 1_000_000n) - Date.now()) < 10_000);
    assert.equal(file.stat().modified, 3_000_000_000_000n);
    file.close();
    directory.symlinkAt('a.txt', 'link');
    directory.setTimesAt('link', false, at(5n), at(5n));
    assert.equal(directory.statAt('link', false).modified, 5_000_000_000n);
    assert.equal(directory.statAt('a.txt', true).modified, 3_000_000_000_000n);
    directory.setTimesAt('.', true, at(7n), at(7n));
    assert.equal(directory.stat().modified, 7_000_000_000n);
    directory.setTimes(at(8n), at(8n));
    assert.equal(directory.stat().modified, 8_000_000_000n);
    directory.close();
  },

  'a read-only directory refuses every change'(scene) {
    const { directory, openOutside, image } = scene(false);
    const writable = openOutside();
    const before = image();
    const now = { kind: 'now' } as const;
    const reader = openFile(directory, 'a.txt');
    const sub = directory.openAt('sub', OPEN) as SyncDirectory;
    assert.equal(sub.mutable, false);
    const changes: readonly (() => unknown)[] = [
      () => directory.openAt('a.txt', WRITE),
      () => directory.openAt('n', CREATE),
      () => directory.openAt('n', { ...OPEN, create: true }),
      () => directory.openAt('a.txt', { ...OPEN, truncate: true }),
      () => sub.openAt('b.txt', WRITE),
      () => directory.createDirectoryAt('n'),
      () => directory.removeDirectoryAt('sub/deep'),
      () => directory.unlinkFileAt('a.txt'),
      () => directory.renameAt('a.txt', directory, 'n'),
      () => directory.renameAt('a.txt', writable, 'n'),
      () => writable.renameAt('secret', directory, 'n'),
      () => directory.linkAt('a.txt', false, directory, 'n'),
      // A second name in a directory that may be changed would be a way to write.
      () => directory.linkAt('a.txt', false, writable, 'n'),
      () => writable.linkAt('secret', false, directory, 'n'),
      () => directory.symlinkAt('a.txt', 'n'),
      () => directory.setTimes(now, now),
      () => directory.setTimesAt('a.txt', true, now, now),
      () => reader.setTimes(now, now),
    ];
    for (const change of changes) fails('not-permitted', change);
    reader.sync(false);
    directory.sync();
    assert.equal(image(), before);
    for (const node of [reader, sub, writable, directory]) node.close();
  },

  'what is done in a directory is told, and what is refused'(scene) {
    const told = new Set<string>();
    const watch: DirectoryWatch = (write, allowed) =>
      void told.add(`${write ? 'write' : 'read'} ${allowed ? 'allowed' : 'refused'}`);
    const tells = (expected: readonly string[], body: () => unknown): void => {
      told.clear();
      body();
      assert.deepEqual([...told].sort(), expected);
    };
    const { directory } = scene(true, watch);
    tells([], () => directory.stat());
    tells(['read allowed'], () => openFile(directory, 'a.txt').close());
    tells(['read allowed'], () => directory.entries());
    tells(['read allowed', 'write allowed'], () => directory.createDirectoryAt('new'));
    const sub = directory.openAt('sub', OPEN) as SyncDirectory;
    tells(['read allowed', 'write allowed'], () => sub.unlinkFileAt('b.txt'));
    const fixed = scene(false, watch).directory;
    tells(['write refused'], () => fails('not-permitted', () => fixed.unlinkFileAt('a.txt')));
    tells(['write refused'], () => fails('not-permitted', () => fixed.openAt('a.txt', WRITE)));
    for (const each of [sub, directory, fixed]) each.close();
  },

  'odd paths are refused'(scene) {
    const { directory } = scene();
    fails('no-entry', () => directory.openAt('', OPEN));
    fails('no-entry', () => directory.statAt('', true));
    fails('invalid', () => directory.openAt('a\0.txt', OPEN));
    fails('invalid', () => directory.symlinkAt('a\0', 'l'));
    fails('name-too-long', () => directory.openAt('a/'.repeat(3000), OPEN));
    fails('name-too-long', () => directory.openAt('a'.repeat(300), OPEN));
    fails('not-directory', () => directory.openAt('a.txt/', OPEN));
    fails('not-directory', () => directory.openAt('a.txt/.', OPEN));
    fails('not-directory', () => directory.openAt('a.txt/x', OPEN));
    fails('not-directory', () => directory.statAt('a.txt/', false));
    fails('not-directory', () => directory.unlinkFileAt('a.txt/'));
    fails('is-directory', () => directory.openAt('new/', CREATE));
    fails('exist', () => directory.createDirectoryAt('.'));
    fails('invalid', () => directory.removeDirectoryAt('sub/..'));
    fails('busy', () => directory.renameAt('.', directory, 'x'));
    fails('invalid', () => directory.readlinkAt('.'));
    assert.equal(directory.statAt('sub/deep/../..', true).inode, directory.stat().inode);
    directory.close();
  },

  'no path leads out'(scene) {
    const made = scene();
    const { directory, openOutside, read, names } = made;
    const escapes = escapesOf(made);
    for (const path of escapes) {
      fails('not-permitted', () => directory.openAt(path, OPEN));
      fails('not-permitted', () => directory.openAt(path, CREATE));
      fails('not-permitted', () => directory.openAt(path, { ...WRITE, truncate: true }));
      fails('not-permitted', () => directory.statAt(path, true));
      fails('not-permitted', () => directory.setTimesAt(path, true, { kind: 'now' }, { kind: 'now' }));
      fails('not-permitted', () => directory.linkAt(path, true, directory, 'stolen'));
    }
    for (const path of escapes.filter((each) => each.includes('/'))) {
      fails('not-permitted', () => directory.createDirectoryAt(`${path}/x`));
      fails('not-permitted', () => directory.unlinkFileAt(path));
      fails('not-permitted', () => directory.removeDirectoryAt(path));
      fails('not-permitted', () => directory.symlinkAt('a.txt', path));
      fails('not-permitted', () => directory.renameAt('a.txt', directory, path));
      fails('not-permitted', () => directory.renameAt(path, directory, 'stolen'));
      fails('not-permitted', () => directory.readlinkAt(path));
    }
    fails('not-permitted', () => directory.symlinkAt('/etc/passwd', 'l'));
    fails('not-permitted', () => directory.readlinkAt('absolute'));
    fails('loop', () => directory.openAt('relative', { ...OPEN, follow: false }));
    fails('loop', () => directory.openAt('relative', { ...CREATE, follow: false }));
    assert.deepEqual(names('out'), ['secret']);
    assert.equal(read('out/secret'), 'secret');
    // What may be done to a link that leads out is done to the link.
    directory.unlinkFileAt('relative');
    directory.renameAt('absolute', directory, 'renamed');
    directory.linkAt('renamed', false, directory, 'second');
    assert.equal(directory.statAt('second', false).type, 'symbolic-link');
    const outside = openOutside();
    assert.equal(outside.statAt('secret', false).links, 1n);
    outside.close();
    directory.close();
  },

  'hard links that stand inside are files inside'(scene) {
    const { directory, hardLink } = scene();
    hardLink('out/secret', 'in/given');
    assert.equal(readAll(openFile(directory, 'given')), 'secret');
    directory.close();
  },
};

/** Declares the tests, of scenes that `scene` makes. */
export function directorySuite(scene: MakeScene): void {
  for (const [name, body] of Object.entries(TESTS)) test(name, () => body(scene));
}
