import assert from 'node:assert/strict';
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Quota } from '../../grants/grant.ts';
import { createPreview1 } from '../../wasi/p1/preview1.ts';
import { HostError, type HostErrorCode, type HostFile, type OpenOptions } from '../host.ts';
import { descriptorAnchors, pathAnchors } from './anchor.ts';
import type { NodeDirectory } from './directory.ts';
import type { NodeFile } from './file.ts';
import { nodeHost, openNodeDirectory } from './host.ts';

const top = mkdtempSync(join(tmpdir(), 'tenon-quota-'));
after(() => rmSync(top, { recursive: true, force: true }));

const RW: OpenOptions = {
  follow: true,
  create: false,
  directory: false,
  exclusive: false,
  truncate: false,
  read: true,
  write: true,
  sync: 'none',
};
const NEW: OpenOptions = { ...RW, create: true };
const bytes = (count: number): Uint8Array => new Uint8Array(count).fill(65);

function fails(code: HostErrorCode, body: () => unknown): void {
  assert.throws(body, (error) => error instanceof HostError && error.code === code);
}

let count = 0;

function scene(limits: Partial<Quota>, anchors = descriptorAnchors) {
  const root = join(top, `scene${count++}`);
  mkdirSync(root);
  writeFileSync(join(root, 'old'), bytes(100));
  const quota = { bytes: undefined, files: undefined, ...limits };
  const directory = openNodeDirectory(root, { mutable: true, quota }, anchors);
  const open = (path: string, how: OpenOptions = NEW, from: NodeDirectory = directory): NodeFile =>
    from.openAt(path, how) as NodeFile;
  return { root, directory, open, [Symbol.dispose]: () => directory.close() };
}

/** How many bytes may still be added, as a program finds out. */
function room({ directory, open }: ReturnType<typeof scene>): number {
  const file = open('probe');
  let found = 0;
  for (let step = 1024; step >= 1; step /= 2) {
    try {
      file.setSize(BigInt(found + step));
      found += step;
    } catch (error) {
      assert.ok(error instanceof HostError && error.code === 'quota', String(error));
    }
  }
  file.close();
  directory.unlinkFileAt('probe');
  return found;
}

const systems = process.platform === 'linux' ? [descriptorAnchors, pathAnchors] : [pathAnchors];

for (const anchors of systems) {
  describe(anchors === pathAnchors ? 'by paths' : 'by descriptors', () => {
    test('what is written beyond the quota fails and leaves the file as it was', () => {
      using s = scene({ bytes: 10 }, anchors);
      using file = closing(s.open('a'));
      assert.equal(file.it.write(bytes(10), 0n), 10);
      fails('quota', () => file.it.write(bytes(1), 10n));
      fails('quota', () => file.it.append(bytes(1)));
      fails('quota', () => file.it.sink('end').write(bytes(1)));
      assert.equal(file.it.write(bytes(10), 0n), 10, 'what stands there is written over');
      assert.equal(readFileSync(join(s.root, 'a')).length, 10);
    });

    test('removing, emptying and cutting give back; what was there before gives nothing', () => {
      using s = scene({ bytes: 10 }, anchors);
      using file = closing(s.open('a'));
      file.it.write(bytes(10), 0n);
      file.it.setSize(4n);
      assert.equal(room(s), 6);
      s.open('a', { ...RW, truncate: true }).close();
      assert.equal(room(s), 10);
      s.directory.unlinkFileAt('old');
      assert.equal(room(s), 10);
    });

    test('a file from before: its growth counts, and filling it again', () => {
      using s = scene({ bytes: 10 }, anchors);
      using old = closing(s.open('old', RW));
      old.it.write(bytes(10), 100n);
      fails('quota', () => old.it.write(bytes(1), 110n));
      old.it.setSize(50n);
      assert.equal(room(s), 10);
      old.it.write(bytes(10), 50n);
      fails('quota', () => old.it.write(bytes(40), 60n));
    });

    test('holes count', () => {
      using s = scene({ bytes: 1000 }, anchors);
      using file = closing(s.open('a'));
      fails('quota', () => file.it.setSize(1001n));
      fails('quota', () => file.it.write(bytes(1), 1000n));
      file.it.write(bytes(1), 999n);
      assert.equal(room(s), 0);
    });

    test('two descriptors of one file have no more room than one', () => {
      using s = scene({ bytes: 10 }, anchors);
      using one = closing(s.open('a'));
      using two = closing(s.open('a'));
      one.it.append(bytes(5));
      two.it.append(bytes(5));
      fails('quota', () => one.it.append(bytes(1)));
      fails('quota', () => two.it.append(bytes(1)));
      assert.equal(statSync(join(s.root, 'a')).size, 10);
    });

    test('a file without a name counts until it is closed', () => {
      using s = scene({ bytes: 10 }, anchors);
      const file = s.open('a');
      file.write(bytes(10), 0n);
      s.directory.unlinkFileAt('a');
      assert.equal(room(s), 0);
      file.close();
      assert.equal(room(s), 10);
    });

    test('a file of two names counts until both are gone', () => {
      using s = scene({ bytes: 10, files: 5 }, anchors);
      const file = s.open('a');
      file.write(bytes(10), 0n);
      file.close();
      s.directory.linkAt('a', false, s.directory, 'b');
      s.directory.unlinkFileAt('a');
      assert.equal(room(s), 0);
      s.directory.unlinkFileAt('b');
      assert.equal(room(s), 10);
    });

    test('renaming over a file gives back what it was; over another name of itself, nothing', () => {
      using s = scene({ bytes: 10, files: 3 }, anchors);
      for (const [name, size] of [
        ['a', 4],
        ['b', 6],
      ] as const) {
        const file = s.open(name);
        file.write(bytes(size), 0n);
        file.close();
      }
      s.directory.renameAt('a', s.directory, 'b');
      assert.equal(room(s), 6);
      s.directory.linkAt('b', false, s.directory, 'c');
      s.directory.renameAt('b', s.directory, 'c');
      s.directory.createDirectoryAt('d');
      fails('quota', () => s.directory.createDirectoryAt('e'));
      s.directory.unlinkFileAt('b');
      s.directory.createDirectoryAt('e');
    });

    test('every kind of name counts, and is given back', () => {
      using s = scene({ files: 4 }, anchors);
      s.open('a').close();
      s.directory.createDirectoryAt('b');
      s.directory.symlinkAt('a', 'c');
      s.directory.linkAt('old', false, s.directory, 'd');
      fails('quota', () => s.open('e'));
      fails('quota', () => s.directory.createDirectoryAt('e'));
      fails('quota', () => s.directory.symlinkAt('a', 'e'));
      fails('quota', () => s.directory.linkAt('a', false, s.directory, 'e'));
      fails('exist', () => s.open('a', { ...NEW, exclusive: true }));
      fails('exist', () => s.directory.createDirectoryAt('b'));
      s.open('a').close();
      s.directory.removeDirectoryAt('b');
      s.directory.unlinkFileAt('c');
      s.directory.unlinkFileAt('d');
      for (const name of ['e', 'f', 'g']) s.open(name).close();
      fails('quota', () => s.open('h'));
    });

    test('the content of a link counts', () => {
      using s = scene({ bytes: 10 }, anchors);
      fails('quota', () => s.directory.symlinkAt('x'.repeat(11), 'a'));
      s.directory.symlinkAt('x'.repeat(10), 'a');
      assert.equal(room(s), 0);
      s.directory.unlinkFileAt('a');
      assert.equal(room(s), 10);
    });

    test('directories below share the quota', () => {
      using s = scene({ bytes: 10 }, anchors);
      s.directory.createDirectoryAt('sub');
      const sub = s.directory.openAt('sub', { ...RW, write: false, directory: true }) as NodeDirectory;
      using file = closing(s.open('a', NEW, sub));
      file.it.write(bytes(10), 0n);
      assert.equal(room(s), 0);
      sub.renameAt('a', s.directory, 'a');
      assert.equal(room(s), 0);
      sub.close();
    });

    test('between directories of different quotas nothing is renamed or linked', () => {
      using s = scene({ bytes: 10 }, anchors);
      using other = scene({}, anchors);
      fails('cross-device', () => other.directory.renameAt('old', s.directory, 'new'));
      fails('cross-device', () => other.directory.linkAt('old', false, s.directory, 'new'));
      fails('cross-device', () => s.directory.renameAt('old', other.directory, 'new'));
    });

    test('hard links of others change nothing', () => {
      using s = scene({ bytes: 10 }, anchors);
      const file = s.open('a');
      file.write(bytes(10), 0n);
      linkSync(join(s.root, 'a'), join(s.root, 'theirs'));
      s.directory.unlinkFileAt('a');
      file.close();
      assert.equal(room(s), 0, 'the bytes are still there');
    });

    test('a thousand files made and removed leave nothing counted', () => {
      using s = scene({ bytes: 10, files: 1 }, anchors);
      for (let index = 0; index < 1000; index++) {
        const file = s.open(`f${index}`);
        file.write(bytes(10), 0n);
        s.directory.unlinkFileAt(`f${index}`);
        file.close();
      }
      assert.equal(room(s), 10);
    });
  });
}

test('all programs that are given the functions of one grant share its quota', () => {
  const root = join(top, 'shared');
  mkdirSync(root);
  using preview1 = createPreview1({
    host: nodeHost(),
    grant: { dirs: [{ host: root, guest: '/', quota: { bytes: 10, files: 4 } }] },
  });
  const guests = ['a', 'b', 'c'].map((name) => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const calls = preview1.imports(() => memory) as unknown as Record<string, (...args: unknown[]) => number>;
    const view = new DataView(memory.buffer);
    view.setUint8(0, name.charCodeAt(0));
    assert.equal(calls['path_open']!(3, 0, 0, 1, 1, (1n << 30n) - 1n, 0n, 1, 100), 0);
    view.setUint32(200, 0, true);
    view.setUint32(204, 1, true);
    const write = (): number => calls['fd_write']!(view.getUint32(100, true), 200, 1, 100 + 4);
    return write;
  });
  const answers = Array.from({ length: 12 }, (_, index) => guests[index % 3]!());
  const EDQUOT = 19;
  assert.deepEqual(answers, [...Array.from({ length: 10 }, () => 0), EDQUOT, EDQUOT]);
});

function closing(file: HostFile) {
  return { it: file, [Symbol.dispose]: () => file.close() };
}
