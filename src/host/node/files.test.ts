import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import {
  directorySuite,
  fails,
  OPEN,
  openFile,
  readAll,
  type Scene,
  WRITE,
} from '../../../test/support/directory-suite.ts';
import { UsageError } from '../../error/error.ts';
import { type DirectoryWatch, HostError } from '../host.ts';
import { untilAny } from '../streams.ts';
import { type Anchors, descriptorAnchors, pathAnchors } from './anchor.ts';
import type { NodeFile } from './file.ts';
import { openNodeDirectory } from './host.ts';

const top = mkdtempSync(join(tmpdir(), 'tenon-files-'));
after(() => rmSync(top, { recursive: true, force: true }));
const linux = process.platform === 'linux';

let count = 0;

/** A fresh directory `in` beside a directory `out` with a secret. */
function scene(anchors: Anchors, mutable = true, watch?: DirectoryWatch) {
  const root = join(top, `scene${count++}`);
  mkdirSync(join(root, 'in/sub/deep'), { recursive: true });
  mkdirSync(join(root, 'out'));
  writeFileSync(join(root, 'out/secret'), 'secret');
  writeFileSync(join(root, 'in/a.txt'), 'alpha');
  writeFileSync(join(root, 'in/sub/b.txt'), 'beta');
  const directory = openNodeDirectory(join(root, 'in'), { mutable, watch }, anchors);
  return { root, inside: join(root, 'in'), directory };
}

/** The same as the owner sees it. */
function commonScene(anchors: Anchors, mutable = true, watch?: DirectoryWatch): Scene {
  const { root, inside, directory } = scene(anchors, mutable, watch);
  return {
    directory,
    openOutside: () => openNodeDirectory(join(root, 'out'), { mutable: true }, anchors),
    read: (path) => readFileSync(join(root, path), 'latin1'),
    names: (path) => readdirSync(join(root, path)),
    plant: (content, path) => symlinkSync(content, join(root, path)),
    hardLink: (from, to) => linkSync(join(root, from), join(root, to)),
    image: () => execFileSync('ls', ['-lR', '--full-time', inside]).toString(),
    absolute: (path) => join(root, path),
  };
}

for (const [name, anchors] of Object.entries({ descriptors: descriptorAnchors, paths: pathAnchors })) {
  describe(`directories by ${name}`, {
    skip: name === 'descriptors' && !linux ? 'needs /proc of Linux' : false,
  }, () => {
    directorySuite((mutable, watch) => commonScene(anchors, mutable, watch));

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
