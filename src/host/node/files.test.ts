import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { UsageError } from '../../error/error.ts';
import { HostError, type HostErrorCode, type OpenOptions } from '../host.ts';
import { untilAny } from '../streams.ts';
import { type Anchors, descriptorAnchors, pathAnchors } from './anchor.ts';
import type { NodeDirectory } from './directory.ts';
import type { NodeFile } from './file.ts';
import { openNodeDirectory } from './host.ts';

const top = mkdtempSync(join(tmpdir(), 'tenon-files-'));
after(() => rmSync(top, { recursive: true, force: true }));
const linux = process.platform === 'linux';

const OPEN: OpenOptions = {
  follow: true,
  create: false,
  directory: false,
  exclusive: false,
  truncate: false,
  read: true,
  write: false,
  sync: 'none',
};
const WRITE: OpenOptions = { ...OPEN, write: true };
const CREATE: OpenOptions = { ...WRITE, create: true };

function fails(code: HostErrorCode | readonly HostErrorCode[], body: () => unknown): void {
  assert.throws(body, (error) => {
    assert.ok(error instanceof HostError, `a HostError, not ${error}`);
    assert.ok([code].flat().includes(error.code), `${error.code} is not ${code}`);
    return true;
  });
}

function openFile(directory: NodeDirectory, path: string, options = OPEN): NodeFile {
  const node = directory.openAt(path, options);
  assert.equal(node.kind, 'file');
  return node as NodeFile;
}

function readAll(file: NodeFile): string {
  const target = new Uint8Array(1000);
  const text = Buffer.from(target.subarray(0, file.readInto(target, 0n))).toString();
  file.close();
  return text;
}

let count = 0;

/** A fresh directory `in` beside a directory `out` with a secret. */
function scene(anchors: Anchors, mutable = true) {
  const root = join(top, `scene${count++}`);
  mkdirSync(join(root, 'in/sub/deep'), { recursive: true });
  mkdirSync(join(root, 'out'));
  writeFileSync(join(root, 'out/secret'), 'secret');
  writeFileSync(join(root, 'in/a.txt'), 'alpha');
  writeFileSync(join(root, 'in/sub/b.txt'), 'beta');
  const directory = openNodeDirectory(join(root, 'in'), { mutable }, anchors);
  return { root, inside: join(root, 'in'), outside: join(root, 'out'), directory };
}

for (const [name, anchors] of Object.entries({ descriptors: descriptorAnchors, paths: pathAnchors })) {
  describe(`directories by ${name}`, {
    skip: name === 'descriptors' && !linux ? 'needs /proc of Linux' : false,
  }, () => {
    test('files are opened, read, written, cut and appended to', () => {
      const { directory, inside } = scene(anchors);
      assert.equal(readAll(openFile(directory, 'a.txt')), 'alpha');
      assert.equal(readAll(openFile(directory, './sub/.//deep/../b.txt')), 'beta');
      const file = openFile(directory, 'new.txt', { ...CREATE, exclusive: true });
      assert.equal(file.write(Buffer.from('hello'), 2n), 5);
      assert.equal(file.append(Buffer.from(' end')), 4);
      assert.equal(readFileSync(join(inside, 'new.txt'), 'latin1'), '\0\0hello end');
      file.setSize(3n);
      assert.equal(file.stat().size, 3n);
      file.sync(true);
      file.close();
      fails('bad-descriptor', () => file.stat());
      fails('exist', () => directory.openAt('new.txt', { ...CREATE, exclusive: true }));
      openFile(directory, 'new.txt', { ...WRITE, truncate: true }).close();
      assert.equal(statSync(join(inside, 'new.txt')).size, 0);
      directory.close();
    });

    test('timestamps are read as they were set, to the nanosecond, until the file gets others', () => {
      const { directory, inside } = scene(anchors);
      const path = join(inside, 'a.txt');
      const set = 1_795_652_190_879_472_017n;
      const file = openFile(directory, 'a.txt', WRITE);
      const before = file.stat().accessed;
      file.setTimes({ kind: 'keep' }, { kind: 'at', nanoseconds: set });
      assert.deepEqual([file.stat().accessed, file.stat().modified], [before, set]);
      assert.equal(directory.statAt('a.txt', true).modified, set);
      const held = statSync(path, { bigint: true }).mtimeNs;
      assert.ok(held - set < 250n && set - held < 250n, 'the system has what Node can hand over');
      renameSync(path, join(inside, 'moved.txt'));
      assert.equal(directory.statAt('moved.txt', true).modified, set);
      file.write(Buffer.from('x'), 0n);
      assert.equal(file.stat().modified, statSync(join(inside, 'moved.txt'), { bigint: true }).mtimeNs);
      file.close();
      directory.close();
    });

    test('a file is open for what was asked for', () => {
      const { directory } = scene(anchors);
      const reader = openFile(directory, 'a.txt');
      fails('bad-descriptor', () => reader.write(Buffer.from('x'), 0n));
      fails('bad-descriptor', () => reader.setSize(0n));
      fails('bad-descriptor', () => reader.sink(0n));
      const writer = openFile(directory, 'a.txt', { ...WRITE, read: false });
      fails('bad-descriptor', () => writer.readInto(new Uint8Array(1), 0n));
      fails('bad-descriptor', () => writer.source(0n));
      fails('file-too-large', () => writer.write(Buffer.from('x'), 1n << 60n));
      reader.close();
      writer.close();
      directory.close();
    });

    test('streams keep a file open after its descriptor is closed', () => {
      const { directory, inside } = scene(anchors);
      const file = openFile(directory, 'a.txt', WRITE);
      const source = file.source(1n);
      const sink = file.sink(0n);
      const end = file.sink('end');
      file.close();
      assert.equal(Buffer.from(source.read(3) ?? []).toString(), 'lph');
      sink.write(Buffer.from('AL'));
      sink.write(Buffer.from('PH'));
      end.write(Buffer.from('!'));
      assert.equal(readFileSync(join(inside, 'a.txt'), 'utf8'), 'ALPHa!');
      for (const stream of [source, sink, end]) stream.close();
      assert.equal(source.read(1), undefined);
      fails('bad-descriptor', () => file.stat());
      directory.close();
    });

    test('directories are listed, made and removed', () => {
      const { directory, inside } = scene(anchors);
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
      assert.deepEqual(readdirSync(inside), ['sub']);
      directory.close();
    });

    test('a directory opened below is a base of its own', () => {
      const { directory } = scene(anchors);
      const sub = directory.openAt('sub', { ...OPEN, directory: true });
      assert.equal(sub.kind, 'directory');
      assert.equal(readAll(openFile(sub as NodeDirectory, 'b.txt')), 'beta');
      fails('not-permitted', () => (sub as NodeDirectory).openAt('../a.txt', OPEN));
      const self = (sub as NodeDirectory).openAt('.', OPEN);
      assert.equal(self.stat().inode, sub.stat().inode);
      fails('is-directory', () => directory.openAt('sub', WRITE));
      fails('is-directory', () => directory.openAt('sub', CREATE));
      fails('invalid', () => directory.openAt('x', { ...CREATE, directory: true }));
      self.close();
      sub.close();
      directory.close();
    });

    test('files are renamed and linked, inside only', () => {
      const { directory, inside } = scene(anchors);
      directory.renameAt('a.txt', directory, 'sub/c.txt');
      directory.linkAt('sub/c.txt', false, directory, 'again');
      assert.equal(readFileSync(join(inside, 'again'), 'utf8'), 'alpha');
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
    });

    test('symbolic links are followed inside, and told apart', () => {
      const { directory, inside } = scene(anchors);
      directory.symlinkAt('sub', 'dir');
      directory.symlinkAt('b.txt', 'sub/file');
      directory.symlinkAt('../dir/file', 'sub/deep/up');
      fails('not-permitted', () => directory.symlinkAt('../dir/file', '../up'));
      directory.symlinkAt('../../dir/file', 'sub/deep/far');
      assert.equal(readAll(openFile(directory, 'sub/deep/far')), 'beta');
      assert.equal(readlinkSync(join(inside, 'sub/deep/up')), '../dir/file');
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
      assert.ok(existsSync(join(inside, 'made')));
      directory.unlinkFileAt('dangling');
      assert.ok(existsSync(join(inside, 'made')));
      directory.close();
    });

    test('loops of links end', () => {
      const { directory } = scene(anchors);
      directory.symlinkAt('y', 'x');
      directory.symlinkAt('x', 'y');
      fails('loop', () => directory.openAt('x', OPEN));
      fails('loop', () => directory.statAt('x/z', false));
      directory.symlinkAt('.', 'here');
      assert.equal(readAll(openFile(directory, `${'here/'.repeat(40)}a.txt`)), 'alpha');
      fails('loop', () => directory.openAt(`${'here/'.repeat(41)}a.txt`, OPEN));
      directory.close();
    });

    test('timestamps are set, kept and read', () => {
      const { directory, inside } = scene(anchors);
      const at = (seconds: bigint) => ({ kind: 'at', nanoseconds: seconds * 1_000_000_000n }) as const;
      directory.setTimesAt('a.txt', true, at(1000n), at(2000n));
      assert.equal(directory.statAt('a.txt', true).accessed, 1_000_000_000_000n);
      directory.setTimesAt('a.txt', true, { kind: 'keep' }, at(3000n));
      const file = openFile(directory, 'a.txt');
      assert.equal(file.stat().accessed, 1_000_000_000_000n);
      assert.equal(file.stat().modified, 3_000_000_000_000n);
      file.setTimes({ kind: 'now' }, { kind: 'keep' });
      assert.ok(Math.abs(statSync(join(inside, 'a.txt')).atimeMs - Date.now()) < 10_000);
      assert.equal(file.stat().modified, 3_000_000_000_000n);
      file.close();
      directory.symlinkAt('a.txt', 'link');
      directory.setTimesAt('link', false, at(5n), at(5n));
      assert.equal(lstatSync(join(inside, 'link')).mtimeMs, 5000);
      assert.equal(directory.statAt('a.txt', true).modified, 3_000_000_000_000n);
      directory.setTimesAt('.', true, at(7n), at(7n));
      assert.equal(directory.stat().modified, 7_000_000_000n);
      directory.setTimes(at(8n), at(8n));
      assert.equal(directory.stat().modified, 8_000_000_000n);
      directory.close();
    });

    test('a read-only directory refuses every change', () => {
      const { root, directory, inside } = scene(anchors, false);
      const writable = openNodeDirectory(join(root, 'out'), { mutable: true }, anchors);
      const before = execFileSync('ls', ['-lR', '--full-time', inside]).toString();
      const now = { kind: 'now' } as const;
      const reader = openFile(directory, 'a.txt');
      const sub = directory.openAt('sub', OPEN) as NodeDirectory;
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
      assert.equal(execFileSync('ls', ['-lR', '--full-time', inside]).toString(), before);
      for (const node of [reader, sub, writable, directory]) node.close();
    });

    test('odd paths are refused', () => {
      const { directory } = scene(anchors);
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
    });

    test('no path leads out', () => {
      const { directory, inside, outside, root } = scene(anchors);
      symlinkSync(join(outside, 'secret'), join(inside, 'absolute'));
      symlinkSync('../out/secret', join(inside, 'relative'));
      symlinkSync('relative', join(inside, 'chain1'));
      symlinkSync('chain1', join(inside, 'chain2'));
      symlinkSync('../out', join(inside, 'dir'));
      symlinkSync(outside, join(inside, 'dirabs'));
      symlinkSync('sub/../../out', join(inside, 'zigzag'));
      symlinkSync('/proc/self/cwd', join(inside, 'cwd'));
      symlinkSync('/', join(inside, 'root'));
      const escapes = [
        '../out/secret',
        'sub/../../out/secret',
        'sub/deep/../../../out/secret',
        `../${root.split('/').at(-1)}/out/secret`,
        '..',
        '../in/a.txt',
        join(outside, 'secret'),
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
      assert.deepEqual(readdirSync(outside), ['secret']);
      assert.equal(readFileSync(join(outside, 'secret'), 'utf8'), 'secret');
      // What may be done to a link that leads out is done to the link.
      directory.unlinkFileAt('relative');
      directory.renameAt('absolute', directory, 'renamed');
      directory.linkAt('renamed', false, directory, 'second');
      assert.ok(lstatSync(join(inside, 'second')).isSymbolicLink());
      assert.equal(statSync(join(outside, 'secret')).nlink, 1);
      directory.close();
    });

    test('hard links that stand inside are files inside', () => {
      const { directory, inside, outside } = scene(anchors);
      linkSync(join(outside, 'secret'), join(inside, 'given'));
      assert.equal(readAll(openFile(directory, 'given')), 'secret');
      directory.close();
    });
  });
}

test('a missing directory is a UsageError', () => {
  assert.throws(
    () => openNodeDirectory(join(top, 'missing'), { mutable: true }),
    (error) => error instanceof UsageError && error.code === 'no-directory',
  );
  writeFileSync(join(top, 'plain'), '');
  assert.throws(() => openNodeDirectory(join(top, 'plain'), { mutable: true }), UsageError);
});

describe('on Linux', { skip: linux ? false : 'needs /proc of Linux' }, () => {
  test('a directory that was moved away is still the directory', () => {
    const { directory, inside, root } = scene(descriptorAnchors);
    execFileSync('mv', [inside, join(root, 'moved')]);
    symlinkSync(join(root, 'out'), inside);
    assert.equal(readAll(openFile(directory, 'a.txt')), 'alpha');
    fails('no-entry', () => directory.openAt('secret', OPEN));
    directory.close();
  });

  test('links of /proc are text like any other', () => {
    const proc = openNodeDirectory('/proc', { mutable: false });
    fails('not-permitted', () => proc.openAt('self/root/etc/passwd', OPEN));
    fails('not-permitted', () => proc.openAt('self/cwd/package.json', OPEN));
    fails('not-permitted', () => proc.openAt('self/exe', OPEN));
    const own = proc.openAt('self/comm', OPEN) as NodeFile;
    assert.ok(readAll(own).length > 0);
    proc.close();
  });

  test('no descriptor is left behind', () => {
    const open = (): number => readdirSync('/proc/self/fd').length;
    const { directory, inside } = scene(descriptorAnchors);
    symlinkSync('../out/secret', join(inside, 'relative'));
    const before = open();
    for (const path of ['sub/deep/../../relative/x', 'sub/deep/none', 'a.txt/x', 'sub/../../x', 'sub/deep/../b.txt/']) {
      assert.throws(() => directory.openAt(path, OPEN), HostError);
      assert.throws(() => directory.renameAt(path, directory, 'sub/none/x'), HostError);
    }
    openFile(directory, 'sub/deep/../b.txt').close();
    directory.openAt('sub/deep', OPEN).close();
    const appended = openFile(directory, 'a.txt', WRITE);
    appended.append(Buffer.from('x'));
    appended.close();
    assert.equal(open(), before);
    directory.close();
    assert.equal(open(), before - 1);
  });

  test('names that are not Unicode are left out, and links to them are refused', () => {
    const { directory, inside } = scene(descriptorAnchors);
    const odd = Buffer.concat([Buffer.from(`${inside}/`), Buffer.from([0xff, 0xfe])]);
    writeFileSync(odd, 'x');
    symlinkSync(Buffer.from([0xff, 0xfe]), join(inside, 'odd'));
    assert.deepEqual(
      directory
        .entries()
        .map(({ name }) => name)
        .sort(),
      ['a.txt', 'odd', 'sub'],
    );
    fails('illegal-byte-sequence', () => directory.openAt('odd', OPEN));
    directory.close();
  });

  test('pipes do not stop the event loop, devices answer', async () => {
    const { directory, inside } = scene(descriptorAnchors);
    execFileSync('mkfifo', [join(inside, 'pipe')]);
    const pipe = openFile(directory, 'pipe');
    assert.equal(pipe.type, 'fifo');
    fails('invalid-seek', () => pipe.readInto(new Uint8Array(1), 0n));
    const source = pipe.source(0n);
    assert.equal(source.read(10)?.length, 0);
    assert.equal(source.ready(), false);
    // Nobody reads it yet: a write would have nowhere to go. Then `source` reads.
    const writer = openFile(directory, 'pipe', { ...WRITE, read: false });
    const sink = writer.sink(0n);
    setTimeout(() => sink.write(Buffer.from('through')), 5);
    await untilAny([source]);
    assert.equal(Buffer.from(source.read(100) ?? []).toString(), 'through');
    const big = Buffer.alloc(200_000, 'x');
    sink.write(big);
    assert.equal(sink.ready(), false);
    let got = 0;
    while (got < big.length) {
      await untilAny([source]);
      got += source.read(65_536)?.length ?? 0;
    }
    await untilAny([sink]);
    sink.close();
    writer.close();
    await untilAny([source]);
    assert.equal(source.read(1), undefined);
    source.close();
    pipe.close();
    directory.close();
    const devices = openNodeDirectory('/dev', { mutable: true });
    const zero = openFile(devices, 'zero').source(0n);
    assert.deepEqual(zero.read(3), Buffer.alloc(3));
    zero.close();
    devices.close();
  });

  test('sockets are no files', async () => {
    const { directory, inside } = scene(descriptorAnchors);
    const { createServer } = await import('node:net');
    const server = createServer().listen(join(inside, 's'));
    await new Promise((resolve) => server.once('listening', resolve));
    fails('no-such-device', () => directory.openAt('s', OPEN));
    server.close();
    directory.close();
  });
});
