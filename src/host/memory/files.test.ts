import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  bytes,
  CREATE,
  directorySuite,
  fails,
  OPEN,
  openFile,
  readAll,
  type Scene,
  WRITE,
} from '../../../test/support/directory-suite.ts';
import { UsageError } from '../../error/error.ts';
import type { DirectoryWatch } from '../host.ts';
import type { MemoryDirectory } from './directory.ts';
import { MemoryFiles } from './files.ts';

function namesIn(directory: MemoryDirectory, path: string): string[] {
  const opened = directory.openAt(path, { ...OPEN, directory: true }) as MemoryDirectory;
  return opened.entries().map(({ name }) => name);
}

/** Every file, directory and link with its attributes. */
function imageOf(directory: MemoryDirectory, path: string): string {
  const { inode, size, links, accessed, modified, changed, type } = directory.statAt(path, false);
  const own = [path, type, inode, size, links, accessed, modified, changed].join(' ');
  if (type !== 'directory') return own;
  const below = namesIn(directory, path).map((name) => imageOf(directory, `${path}/${name}`));
  return [own, ...below].join('\n');
}

function scene(mutable = true, watch?: DirectoryWatch): Scene & { readonly files: MemoryFiles } {
  const files = new MemoryFiles({
    '/top/in/a.txt': 'alpha',
    '/top/in/sub/b.txt': bytes('beta'),
    '/top/in/sub/deep': { directory: true },
    '/top/out/secret': 'secret',
  });
  const owner = files.openDirectory('/top', { mutable: true });
  return {
    files,
    directory: files.openDirectory('/top/in', { mutable, watch }),
    openOutside: () => files.openDirectory('/top/out', { mutable: true }),
    read: (path) => files.readText(`/top/${path}`) ?? 'nothing',
    names: (path) => namesIn(owner, path),
    plant: (content, path) => files.write(`/top/${path}`, { link: content }),
    hardLink: (from, to) => owner.linkAt(from, false, owner, to),
    image: () => imageOf(owner, 'in'),
    absolute: (path) => `/top/${path}`.replace(/\/\.$/, ''),
  };
}

const DIRECTORY = { directory: true } as const;

describe('directories in memory', () => {
  directorySuite(scene);
});

describe('volumes', () => {
  test('a file that is open lives on without a name, and counts until it is closed', () => {
    const files = new MemoryFiles({ '/a': 'x'.repeat(60) }, { bytes: 100 });
    const root = files.openDirectory('/', { mutable: true });
    const open = openFile(root, 'a');
    root.unlinkFileAt('a');
    assert.equal(open.stat().links, 0n);
    assert.throws(() => files.write('/b', 'y'.repeat(60)), { code: 'cannot-write' });
    assert.equal(readAll(open), 'x'.repeat(60));
    files.write('/b', 'y'.repeat(60));
  });

  test('bytes are limited, and what is freed may be used again', () => {
    const root = new MemoryFiles({}, { bytes: 1000 }).openDirectory('/', { mutable: true });
    const one = openFile(root, 'one', CREATE);
    one.write(new Uint8Array(900), 0n);
    const two = openFile(root, 'two', CREATE);
    fails('insufficient-space', () => two.write(new Uint8Array(101), 0n));
    assert.equal(two.stat().size, 0n);
    fails('insufficient-space', () => two.setSize(1n << 50n));
    fails('insufficient-space', () => two.write(new Uint8Array(1), 1n << 50n));
    fails('insufficient-space', () => root.symlinkAt('x'.repeat(200), 'link'));
    assert.deepEqual(namesIn(root, '.'), ['one', 'two']);
    two.write(new Uint8Array(100), 0n);
    one.setSize(0n);
    two.append(new Uint8Array(900));
    root.unlinkFileAt('two');
    fails('insufficient-space', () => one.setSize(1000n));
    two.close();
    one.setSize(1000n);
  });

  test('names are limited, links among them', () => {
    const root = new MemoryFiles({}, { files: 3 }).openDirectory('/', { mutable: true });
    openFile(root, 'one', CREATE).close();
    root.createDirectoryAt('two');
    root.linkAt('one', false, root, 'two/three');
    fails('insufficient-space', () => root.linkAt('one', false, root, 'four'));
    fails('insufficient-space', () => root.createDirectoryAt('four'));
    fails('insufficient-space', () => root.openAt('four', CREATE));
    root.renameAt('one', root, 'other');
    root.unlinkFileAt('other');
    root.createDirectoryAt('four');
  });

  test('what was cut off is not there when the file grows', () => {
    const file = openFile(new MemoryFiles({ '/f': 'abcdef' }).openDirectory('/', { mutable: true }), 'f', WRITE);
    file.setSize(2n);
    file.setSize(4n);
    assert.equal(readAll(file), 'ab\0\0');
  });

  test('a directory that was removed takes nothing more', () => {
    const root = new MemoryFiles({ '/d': { directory: true }, '/f': 'x' }).openDirectory('/', { mutable: true });
    const d = root.openAt('d', OPEN) as MemoryDirectory;
    root.removeDirectoryAt('d');
    fails('no-entry', () => d.openAt('x', CREATE));
    fails('no-entry', () => d.createDirectoryAt('x'));
    fails('no-entry', () => root.renameAt('f', d, 'f'));
    assert.equal(d.stat().links, 0n);
    assert.deepEqual(d.entries(), []);
  });

  test('renames replace what they may, as rename(2) has it', () => {
    const files = new MemoryFiles({ '/a': '1', '/b': '2', '/d/x': '3', '/e': { directory: true }, '/g/h/i': '4' });
    const root = files.openDirectory('/', { mutable: true });
    root.renameAt('a', root, 'b');
    fails('is-directory', () => root.renameAt('b', root, 'd'));
    fails('not-directory', () => root.renameAt('d', root, 'b'));
    fails('not-empty', () => root.renameAt('e', root, 'd'));
    fails('invalid', () => root.renameAt('g', root, 'g/h/j'));
    fails('invalid', () => root.renameAt('g', root, 'g/h'));
    fails('not-empty', () => root.renameAt('g/h', root, 'g'));
    fails('no-entry', () => root.renameAt('none', root, 'b'));
    root.renameAt('d', root, 'e');
    root.renameAt('b', root, 'b');
    root.linkAt('b', false, root, 'c');
    // Two names of one file: nothing happens, and both stay.
    root.renameAt('b', root, 'c');
    assert.deepEqual([...files.snapshot().keys()].sort(), ['/b', '/c', '/e/x', '/g/h/i']);
    assert.equal(files.readText('/b'), '1');
  });

  test('files of two volumes are on two devices', () => {
    const [one, two] = [new MemoryFiles({ '/a': 'x' }), new MemoryFiles()].map((files) =>
      files.openDirectory('/', { mutable: true }),
    );
    assert.ok(one !== undefined && two !== undefined);
    fails('cross-device', () => one.renameAt('a', two, 'a'));
    fails('cross-device', () => one.linkAt('a', false, two, 'a'));
    assert.notEqual(one.stat().device, two.stat().device);
  });
});

describe('a tree', () => {
  test('is given, changed, and read back', () => {
    const tree = {
      '/in/a.txt': 'alpha',
      'in/b': new Uint8Array([1, 2]),
      '/in/l': { link: 'a.txt' },
      '/out': DIRECTORY,
    };
    const files = new MemoryFiles(tree);
    tree['in/b'][0] = 9;
    const root = files.openDirectory('/', { mutable: true });
    openFile(root, 'out/new', CREATE).write(bytes('new'), 0n);
    const snapshot = files.snapshot();
    assert.deepEqual(
      snapshot,
      new Map<string, unknown>([
        ['/in/a.txt', bytes('alpha')],
        ['/in/b', new Uint8Array([1, 2])],
        ['/in/l', { link: 'a.txt' }],
        ['/out/new', bytes('new')],
      ]),
    );
    assert.deepEqual(new MemoryFiles(snapshot).snapshot(), snapshot);
    assert.deepEqual([...files.snapshot('/out').keys()], ['/out/new']);
    assert.equal(files.readText('/in/l'), undefined);
    assert.equal(files.read('/in/a.txt/x'), undefined);
    assert.deepEqual(files.read('in/b'), new Uint8Array([1, 2]));
    assert.equal(files.remove('/in'), true);
    assert.equal(files.remove('/in'), false);
    files.remove('/out/new');
    assert.deepEqual(files.snapshot(), new Map([['/out', { directory: true }]]));
  });

  test('what does not fit leaves nothing behind', () => {
    const files = new MemoryFiles({ '/a': 'one' }, { bytes: 4, files: 1 });
    for (const path of ['/a', '/b']) assert.throws(() => files.write(path, 'three'), { code: 'cannot-write' });
    assert.throws(() => files.write('/b', 'x'), { code: 'cannot-write' });
    files.write('/a', 'four');
    assert.deepEqual(files.snapshot(), new Map([['/a', bytes('four')]]));
  });

  test('a link in the place of a file is replaced, not followed', () => {
    const files = new MemoryFiles({ '/secret': 'secret', '/l': { link: 'secret' } });
    files.write('/l', 'mine');
    assert.deepEqual([files.readText('/secret'), files.readText('/l')], ['secret', 'mine']);
    files.write('/d', { link: '.' });
    assert.throws(() => files.write('/d/x', ''), { code: 'cannot-write' });
  });

  test('what cannot be is a UsageError', () => {
    const refused = (code: string, body: () => unknown): void =>
      assert.throws(body, (error) => error instanceof UsageError && error.code === code);
    refused('bad-path', () => new MemoryFiles({ '/a/../b': '' }));
    refused('bad-path', () => new MemoryFiles({ 'a\0': '' }));
    refused('cannot-write', () => new MemoryFiles({ '/a': '', '/a/b': '' }));
    refused('cannot-write', () => new MemoryFiles({ '/': '' }));
    refused('cannot-write', () => new MemoryFiles({ '/a': 'xx' }, { bytes: 1 }));
    refused('no-directory', () => new MemoryFiles().openDirectory('/missing', { mutable: false }));
    refused('no-directory', () => new MemoryFiles({ '/a': '' }).openDirectory('/a', { mutable: false }));
  });
});
