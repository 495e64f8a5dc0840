/** Programs of preview 1 that try to leave their directories, by every function that takes a path. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ALL, Guest, OUT } from '../../../test/support/preview1-guest.ts';
import { HostError } from '../../host/host.ts';
import { hostError } from '../../host/node/errors.ts';
import { errnoOf } from './errno.ts';

const top = fs.mkdtempSync(join(tmpdir(), 'tenon-escape-'));
after(() => fs.rmSync(top, { recursive: true, force: true }));
const skip = process.platform === 'linux' ? false : 'needs the files of Linux';

const EXIST = 20;
const INVALID = 28;
const NAME_TOO_LONG = 37;
const NO_ENTRY = 44;
const NO_SPACE = 51;
const NOT_DIRECTORY = 54;
const NOT_PERMITTED = 63;
const CREATE = 1;
const DIRECTORY = 2;
const TRUNCATE = 8;
/** Rights to read, write, seek, and list. */
const READ = 2n | 4n | (1n << 14n) | (1n << 21n);
const WRITE = READ | 64n;

type Call = (guest: Guest, path: string, fd?: number) => number;

/** Every function that takes a path, with that path in each of its places. */
const CALLS: Readonly<Record<string, Call>> = {
  create: (guest, path, fd = 3) => guest.call('path_create_directory', fd, ...guest.put(path)),
  stat: (guest, path, fd = 3) => guest.call('path_filestat_get', fd, 1, ...guest.put(path), OUT),
  touch: (guest, path, fd = 3) => guest.call('path_filestat_set_times', fd, 1, ...guest.put(path), 0n, 0n, 2 | 8),
  linkFrom: (guest, path, fd = 3) => guest.call('path_link', fd, 0, ...guest.put(path), 3, ...guest.put('taken')),
  linkTo: (guest, path, fd = 3) => guest.call('path_link', 3, 0, ...guest.put('a.txt'), fd, ...guest.put(path)),
  open: (guest, path, fd = 3) => guest.call('path_open', fd, 1, ...guest.put(path), 0, READ, ALL, 0, OUT),
  make: (guest, path, fd = 3) =>
    guest.call('path_open', fd, 1, ...guest.put(path), CREATE | TRUNCATE, WRITE, ALL, 0, OUT),
  readlink: (guest, path, fd = 3) => guest.call('path_readlink', fd, ...guest.put(path), 20_000, 1000, OUT),
  rmdir: (guest, path, fd = 3) => guest.call('path_remove_directory', fd, ...guest.put(path)),
  renameFrom: (guest, path, fd = 3) => guest.call('path_rename', fd, ...guest.put(path), 3, ...guest.put('taken')),
  renameTo: (guest, path, fd = 3) => guest.call('path_rename', 3, ...guest.put('a.txt'), fd, ...guest.put(path)),
  symlink: (guest, path, fd = 3) => guest.call('path_symlink', ...guest.put('a.txt'), fd, ...guest.put(path)),
  unlink: (guest, path, fd = 3) => guest.call('path_unlink_file', fd, ...guest.put(path)),
};

/** All that can be seen below a directory, links not followed. */
function image(path: string): string {
  const lines = fs.readdirSync(path, { withFileTypes: true }).map((entry) => {
    const at = join(path, entry.name);
    const { mode, mtimeMs, nlink } = fs.lstatSync(at);
    if (entry.isDirectory()) return `${at} ${mode}\n${image(at)}`;
    return `${at} ${mode} ${nlink} ${mtimeMs} ${entry.isFile() ? fs.readFileSync(at) : fs.readlinkSync(at)}`;
  });
  return lines.sort().join('\n');
}

/** Directories beside that of a guest, named for the test. */
function beside(name: string): string {
  const path = join(top, name);
  fs.mkdirSync(path);
  fs.writeFileSync(join(path, 'secret'), 'secret');
  fs.mkdirSync(join(path, 'empty'));
  return path;
}

test('no function takes a path that leads out', { skip }, () => {
  using guest = new Guest();
  const out = beside('out');
  fs.symlinkSync('..', join(guest.inside, 'up'));
  fs.symlinkSync('sub/../..', join(guest.inside, 'sly'));
  fs.symlinkSync(out, join(guest.inside, 'abs'));
  fs.symlinkSync('abs', join(guest.inside, 'chain'));
  fs.symlinkSync('/proc/self/cwd', join(guest.inside, 'cwd'));
  fs.symlinkSync('/proc/self/fd', join(guest.inside, 'fds'));
  const before = [image(out), image(guest.inside)];
  const named = guest.inside.split('/').at(-1);
  const paths = [
    '..',
    '../secret',
    `../${named}/a.txt`,
    'sub/../../x',
    './/..//x',
    out,
    `${out}/secret`,
    '/',
    '//etc/passwd',
  ];
  paths.push('up/x', 'sly/x', 'abs/secret', 'abs/new', 'abs/empty', 'chain/secret', 'abs/.', 'up/.', 'chain/.');
  paths.push('cwd/package.json', 'fds/0', '/proc/self/root/etc/passwd', '/proc/self/cwd/x', '/dev/null');
  for (const path of paths) {
    for (const [name, call] of Object.entries(CALLS)) assert.equal(call(guest, path), NOT_PERMITTED, `${name} ${path}`);
  }
  // Whether a link is followed whose name is to be made or removed is another matter: these all fail, and change nothing.
  for (const path of ['abs/', 'up/', 'fds/']) {
    for (const [name, call] of Object.entries(CALLS)) assert.notEqual(call(guest, path), 0, `${name} ${path}`);
  }
  assert.deepEqual([image(out), image(guest.inside)], before);
});

test('between preopens only what both of them let', { skip }, () => {
  const [one, two, fixed] = ['one', 'two', 'fixed'].map(beside) as [string, string, string];
  const dirs = [
    { host: one, guest: '/one', readonly: false },
    { host: two, guest: '/two', readonly: false },
    { host: fixed, guest: '/fixed', readonly: true },
  ];
  using guest = new Guest({ dirs });
  const move = (from: number, path: string, to: number, name: string): number =>
    guest.call('path_rename', from, ...guest.put(path), to, ...guest.put(name));
  const link = (from: number, path: string, to: number, name: string): number =>
    guest.call('path_link', from, 0, ...guest.put(path), to, ...guest.put(name));
  const before = image(fixed);
  assert.equal(move(3, 'secret', 5, 'moved'), NOT_PERMITTED);
  assert.equal(move(5, 'secret', 3, 'moved'), NOT_PERMITTED);
  assert.equal(link(5, 'secret', 3, 'linked'), NOT_PERMITTED);
  assert.equal(link(3, 'secret', 5, 'linked'), NOT_PERMITTED);
  assert.equal(image(fixed), before);
  for (const path of ['../two/secret', '/two/secret', join(two, 'secret')]) {
    assert.equal(move(3, path, 3, 'moved'), NOT_PERMITTED);
    assert.equal(move(3, 'secret', 3, path), NOT_PERMITTED);
    assert.equal(link(3, path, 3, 'linked'), NOT_PERMITTED);
  }
  assert.equal(move(3, 'secret', 4, 'empty/moved'), 0);
  assert.equal(link(4, 'secret', 3, 'linked'), 0);
  assert.deepEqual(fs.readdirSync(one).sort(), ['empty', 'linked']);
  assert.deepEqual(fs.readdirSync(two, { recursive: true }).sort(), ['empty', 'empty/moved', 'secret']);
});

test('links of /proc lead nowhere', { skip }, () => {
  using guest = new Guest({ dirs: [{ host: '/proc', guest: '/proc', readonly: true }] });
  const open = (path: string): number => CALLS['open']!(guest, path);
  assert.equal(open('self/status'), 0);
  const { pid } = process;
  for (const path of [
    'root/etc/passwd',
    'cwd',
    'cwd/package.json',
    'exe',
    'root',
    `task/${pid}/root/etc`,
    `task/${pid}/exe`,
  ]) {
    assert.equal(open(`self/${path}`), NOT_PERMITTED, path);
    assert.equal(open(`${pid}/${path}`), NOT_PERMITTED, path);
    assert.equal(open(`thread-self/${path.replace(/^task\/\d+\//, '')}`), NOT_PERMITTED, path);
  }
  const held = fs.openSync(beside('held'), 'r');
  assert.equal(open(`self/fd/${held}/secret`), NOT_PERMITTED);
  fs.closeSync(held);
  const [reader] = fs
    .readdirSync('/proc/self/fd')
    .filter((fd) => /^(?:pipe|socket|anon)/.test(textOf(`/proc/self/fd/${fd}`)));
  assert.ok(reader !== undefined, 'a descriptor that is no file');
  assert.equal(open(`self/fd/${reader}`), NO_ENTRY);
  const { errno } = guest.open('self/mem', 0, WRITE);
  assert.equal(errno, NOT_PERMITTED);
});

function textOf(link: string): string {
  try {
    return fs.readlinkSync(link);
  } catch {
    return '';
  }
}

test('devices answer as they do, and wait for nobody', { skip }, () => {
  using guest = new Guest({ dirs: [{ host: '/dev', guest: '/dev', readonly: false }] });
  const zero = guest.open('zero', 0, READ);
  assert.equal(guest.read(zero.fd, 4), '\0\0\0\0');
  assert.equal(guest.call('fd_filestat_get', zero.fd, OUT), 0);
  assert.equal(guest.view.getUint8(OUT + 16), 2);
  assert.equal(guest.open('zero', DIRECTORY).errno, NOT_DIRECTORY);
  assert.equal(guest.open('zero/x').errno, NOT_DIRECTORY);
  assert.equal(guest.open('null', CREATE | 4, WRITE).errno, EXIST);
  const nothing = guest.open('null', TRUNCATE, WRITE);
  assert.equal(guest.write(nothing.fd, 'gone'), 0);
  assert.equal(guest.read(nothing.fd), '');
  assert.equal(guest.write(guest.open('full', 0, WRITE).fd, 'x'), NO_SPACE);
  for (const path of ['stdin', 'fd', 'fd/0', 'stdout']) assert.equal(guest.open(path).errno, NOT_PERMITTED, path);
  using fixed = new Guest({ dirs: [{ host: '/dev', guest: '/dev', readonly: true }] });
  assert.equal(fixed.open('null', 0, WRITE).errno, NOT_PERMITTED);
});

test('names as long as the system has them, and none longer', { skip }, () => {
  const long = 'n'.repeat(256);
  const paths = [long, `sub/${long}`, `${long}/x`, `${'ü'.repeat(127)}xx`, 'sub/../'.repeat(600), 'n'.repeat(8000)];
  for (const path of paths) {
    for (const [name, call] of Object.entries(CALLS)) {
      using guest = new Guest();
      assert.equal(call(guest, path), NAME_TOO_LONG, `${name} ${path.length}`);
      assert.deepEqual(fs.readdirSync(guest.inside).sort(), ['a.txt', 'sub']);
    }
  }
  using guest = new Guest();
  assert.equal(CALLS['create']!(guest, 'n'.repeat(255)), 0);
  assert.equal(CALLS['create']!(guest, 'ü'.repeat(127)), 0);
});

test('a directory deeper than a path can say', { skip }, () => {
  using guest = new Guest();
  const name = 'd'.repeat(200);
  let fd = 3;
  for (let depth = 0; depth < 40; depth++) {
    assert.equal(CALLS['create']!(guest, name, fd), 0);
    assert.equal(guest.call('path_open', fd, 1, ...guest.put(name), DIRECTORY, ALL & ~64n, ALL, 0, OUT), 0);
    fd = guest.u32();
  }
  assert.equal(CALLS['make']!(guest, 'file', fd), 0);
  assert.equal(CALLS['open']!(guest, '../file', fd), NOT_PERMITTED);
});

test('a NUL in a path', { skip }, () => {
  using guest = new Guest();
  const before = image(guest.inside);
  for (const path of ['\0', 'a.txt\0', 'a.txt\0.png', '\0a.txt', 'sub/\0', 'sub\0/../../x', 'new\0']) {
    for (const [name, call] of Object.entries(CALLS)) assert.equal(call(guest, path), INVALID, `${name} ${path}`);
  }
  assert.equal(guest.call('path_symlink', ...guest.put('a\0b'), 3, ...guest.put('link')), INVALID);
  assert.equal(image(guest.inside), before);
});

/** What the system itself says to the same thing; `taken` is a free name. */
const SYSTEM: Readonly<Record<string, (inside: string, path: string) => unknown>> = {
  create: (inside, path) => fs.mkdirSync(`${inside}/${path}`),
  stat: (inside, path) => fs.statSync(`${inside}/${path}`),
  linkFrom: (inside, path) => fs.linkSync(`${inside}/${path}`, `${inside}/taken`),
  linkTo: (inside, path) => fs.linkSync(`${inside}/a.txt`, `${inside}/${path}`),
  open: (inside, path) => fs.closeSync(fs.openSync(`${inside}/${path}`, 'r')),
  readlink: (inside, path) => fs.readlinkSync(`${inside}/${path}`),
  rmdir: (inside, path) => fs.rmdirSync(`${inside}/${path}`),
  renameFrom: (inside, path) => fs.renameSync(`${inside}/${path}`, `${inside}/taken`),
  renameTo: (inside, path) => fs.renameSync(`${inside}/a.txt`, `${inside}/${path}`),
  symlink: (inside, path) => fs.symlinkSync('a.txt', `${inside}/${path}`),
  unlink: (inside, path) => fs.unlinkSync(`${inside}/${path}`),
};

function errnoOfSystem(body: () => unknown): number {
  try {
    body();
    return 0;
  } catch (error) {
    const known = hostError(error);
    assert.ok(known instanceof HostError, String(error));
    return errnoOf(known.code);
  }
}

/** A guest's directory with a link to a file, one to a directory, and one to nothing. */
function linked(guest: Guest): string {
  fs.symlinkSync('a.txt', join(guest.inside, 'to-file'));
  fs.symlinkSync('sub', join(guest.inside, 'to-sub'));
  fs.symlinkSync('none', join(guest.inside, 'to-none'));
  return guest.inside;
}

test('slashes at the end mean what they mean to the system', { skip }, () => {
  const names = ['a.txt', 'sub', 'new', 'to-file', 'to-sub', 'to-none', 'sub/.', 'sub/..'];
  const differences: string[] = [];
  for (const path of names.flatMap((name) => [name, `${name}/`, `${name}//`, `${name}/.`])) {
    for (const [name, system] of Object.entries(SYSTEM)) {
      using guest = new Guest();
      using other = new Guest();
      linked(guest);
      const found = CALLS[name]!(guest, path);
      const expected = errnoOfSystem(() => system(linked(other), path));
      // Which of two mistakes is named first is nobody's rule.
      if ((found === 0) !== (expected === 0))
        differences.push(`${name} ${path}: ${found}, the system says ${expected}`);
      else assert.deepEqual(namesOf(guest), namesOf(other), `${name} ${path}`);
    }
  }
  assert.deepEqual(differences, []);
});

function namesOf(guest: Guest): readonly string[] {
  return (fs.readdirSync(guest.inside, { recursive: true }) as string[]).sort();
}

test('capitals are what they are to the system', () => {
  using guest = new Guest();
  const isOne = fs.existsSync(join(guest.inside, 'A.TXT'));
  assert.equal(CALLS['open']!(guest, 'A.TXT'), isOne ? 0 : NO_ENTRY);
  assert.equal(CALLS['open']!(guest, 'SUB/../a.txt'), isOne ? 0 : NO_ENTRY);
  assert.equal(CALLS['open']!(guest, 'SUB/../../a.txt'), isOne ? NOT_PERMITTED : NO_ENTRY);
  const made = guest.call('path_open', 3, 1, ...guest.put('A.txt'), CREATE | 4, WRITE, ALL, 0, OUT);
  assert.equal(made, isOne ? EXIST : 0);
});
