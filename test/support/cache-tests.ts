/** Tests of what the installed command keeps from one run to the next: that it is used, and that it is never wrong. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { assemble } from './assemble.ts';

type Env = Readonly<Record<string, string | undefined>>;

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A component whose `f` answers `answer`; `filler` bytes stand in front of its code. */
function answering(answer: number, filler: number, more = ''): Uint8Array<ArrayBuffer> {
  return assemble(`
    (component ${more}
      (core module $M
        (@custom "filler" "${'x'.repeat(filler)}")
        (func (export "f") (result i32) (i32.const ${answer})))
      (core instance $m (instantiate $M))
      (func (export "f") (result u32) (canon lift (core func $m "f"))))`);
}

/** A program that adds numbers `rounds` times, with more than a megabyte of filler. */
function program(rounds: number): Uint8Array<ArrayBuffer> {
  return assemble(`
    (component
      (core module $M
        (@custom "filler" "${'x'.repeat(1_100_000)}")
        (func (export "run") (result i32) (local $n i32)
          (local.set $n (i32.const ${rounds}))
          (loop $l (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
          (i32.const 0)))
      (core instance $m (instantiate $M))
      (func $run (result (result)) (canon lift (core func $m "run")))
      (instance $i (export "run" (func $run)))
      (export "wasi:cli/run@0.2.0" (instance $i)))`);
}

/** Where two files of one length differ. */
function differences(a: Uint8Array, b: Uint8Array): readonly number[] {
  return [...a.keys()].filter((at) => a[at] !== b[at]);
}

/** The command with folders of its own for what it keeps. */
class Kept {
  readonly #command: () => string;
  readonly #env: Env;
  readonly #folder = mkdtempSync(join(tmpdir(), 'kept-'));
  #count = 0;

  constructor(command: () => string, env: Env) {
    this.#command = command;
    this.#env = env;
    after(() => rmSync(this.#folder, { recursive: true, force: true }));
  }

  /** A folder for what one test keeps; it is not there yet. */
  readonly fresh = (): string => join(this.#folder, `cache-${this.#count++}`);

  readonly file = (name: string, bytes: Uint8Array): string => {
    const path = join(this.#folder, name);
    writeFileSync(path, bytes);
    return path;
  };

  environment(cache: string): NodeJS.ProcessEnv {
    return { ...this.#env, TENON_CACHE_DIR: cache } as NodeJS.ProcessEnv;
  }

  readonly run = (words: readonly string[], cache: string, more: Env = {}): Outcome =>
    spawnSync(process.execPath, [this.#command(), ...words], {
      encoding: 'utf8',
      env: { ...this.environment(cache), ...more } as NodeJS.ProcessEnv,
    });

  readonly answers = (path: string, cache: string, expected: number, more?: Env): void => {
    const { status, stdout, stderr } = this.run(['invoke', path, 'f()'], cache, more);
    assert.equal(stderr, '');
    assert.equal(stdout.trim(), String(expected));
    assert.equal(status, 0);
  };

  /** Starts it; resolves with its exit code and output. */
  start(words: readonly string[], cache: string): Promise<string> {
    const child = spawn(process.execPath, [this.#command(), ...words], { env: this.environment(cache) });
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += String(chunk);
    });
    return new Promise((resolve) => child.once('close', (code) => resolve(`${code} ${out.trim()}`)));
  }
}

/** Files of one kind. */
function kept(cache: string, kind: string): readonly string[] {
  return existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith(kind)) : [];
}

/** Registers the tests; `command` is the installed program. */
export function cacheTests(command: () => string, env: Env): void {
  describe('what it keeps', () => {
    const all = new Kept(command, env);
    usedTests(all);
    largeTests(all);
    trustTests(all);
    othersTests(all);
  });
}

/** What it keeps is used, and nothing else. */
function usedTests({ fresh, file, answers }: Kept): void {
  test('components of a few bytes and of more than a megabyte', () => {
    for (const filler of [10, 1_100_000]) {
      const cache = fresh();
      const path = file(`c-${filler}.wasm`, answering(7, filler));
      answers(path, cache, 7);
      assert.equal(kept(cache, 'component-').length, 1);
      const [name] = kept(cache, 'component-');
      const before = statSync(join(cache, name!)).mtimeMs;
      for (let i = 0; i < 3; i++) answers(path, cache, 7);
      assert.deepEqual(kept(cache, 'component-'), [name]);
      assert.equal(statSync(join(cache, name!)).mtimeMs, before, 'it was found, not made again');
    }
  });

  test('another component of the same length, which the name of the file does not tell apart', () => {
    for (const filler of [100_000, 1_100_000]) {
      const cache = fresh();
      const [one, other] = [answering(7, filler), answering(8, filler)];
      assert.equal(differences(one, other).length, 1);
      const paths = [file('one.wasm', one), file('other.wasm', other)] as const;
      for (let i = 0; i < 2; i++) {
        answers(paths[0], cache, 7);
        answers(paths[1], cache, 8);
      }
      assert.equal(kept(cache, 'component-').length, 1, 'both have one name: what they hold must be compared');
    }
  });

  test('files that are damaged, cut off or empty are not used', () => {
    const cache = fresh();
    const path = file('damaged.wasm', answering(7, 10));
    for (let i = 0; i < 3; i++) answers(path, cache, 7);
    const names = [...kept(cache, 'component-'), ...kept(cache, 'cli-')];
    assert.equal(names.length, 3);
    const damages: readonly ((path: string, size: number) => void)[] = [
      (at, size) => truncateSync(at, Math.trunc(size / 2)),
      (at) => truncateSync(at, 0),
      (at, size) => truncateSync(at, size + 1),
      (at, size) => flip(at, Math.trunc(size / 4)),
      (at, size) => flip(at, Math.trunc((size * 3) / 4)),
      (at) => flip(at, 0),
      (at) => writeFileSync(at, 'something else'),
    ];
    for (const damage of damages) {
      for (const name of names) {
        const at = join(cache, name);
        if (existsSync(at)) damage(at, statSync(at).size);
      }
      answers(path, cache, 7);
      answers(path, cache, 7);
    }
  });
}

/** What is kept of large components besides. */
function largeTests({ fresh, file, run, answers }: Kept): void {
  test('a large file that has not changed since is not read through for its digest; one that has is', {
    skip: process.platform === 'win32' && 'no time of change that only the system sets',
  }, async () => {
    const cache = fresh();
    const [one, other] = [answering(7, 1_100_000), answering(8, 1_100_000)];
    const path = file('settled.wasm', one);
    const { atime, mtime } = statSync(path);
    // Files that have just changed may change again within one tick of the clock of files.
    answers(path, cache, 7);
    await setTimeout(2_100);
    answers(path, cache, 7);
    const [name] = kept(cache, 'component-');
    const artifact = join(cache, name!);
    const data = readFileSync(artifact);
    for (const half of [0, data.length / 2]) data[half + 8] = (data[half + 8] ?? 0) ^ 0xff;
    writeFileSync(artifact, data);
    const before = statSync(artifact).mtimeMs;
    answers(path, cache, 7);
    assert.equal(statSync(artifact).mtimeMs, before, 'without a digest that fits: the state of the file did');
    writeFileSync(path, other);
    utimesSync(path, atime, mtime);
    for (let i = 0; i < 2; i++) answers(path, cache, 8);
    assert.notEqual(statSync(artifact).mtimeMs, before);
  });

  test('whether the last run of a large program was brief', () => {
    const hint = (cache: string): string => {
      const [name] = kept(cache, 'component-').filter((each) => each.endsWith('.brief'));
      return name === undefined ? 'none' : readFileSync(join(cache, name), 'latin1');
    };
    for (const [rounds, expected] of [
      [1, 'yesyes'],
      [1_500_000_000, 'none'],
    ] as const) {
      const cache = fresh();
      const path = file(`program-${rounds}.wasm`, program(rounds));
      for (let i = 0; i < 3; i++) {
        const { status, stderr } = run(['run', path], cache);
        assert.equal(`${status} ${stderr}`, '0 ');
        assert.equal(hint(cache), expected);
      }
      if (expected !== 'none') continue;
      // What was brief once need not be the next time.
      const [name] = kept(cache, 'component-');
      writeFileSync(join(cache, `${name}.brief`), 'yesyes');
      for (let i = 0; i < 2; i++) {
        assert.equal(run(['run', path], cache).status, 0);
        assert.equal(hint(cache), 'nono');
      }
    }
  });
}

/** Where it keeps, and when it does not. */
function trustTests({ fresh, file, run, answers }: Kept): void {
  test('a folder that others can write is neither read nor written', {
    skip: process.platform === 'win32' && 'no modes',
  }, () => {
    const cache = fresh();
    mkdirSync(cache);
    chmodSync(cache, 0o777);
    const path = file('open.wasm', answering(7, 10));
    answers(path, cache, 7);
    assert.deepEqual(readdirSync(cache), []);
    chmodSync(cache, 0o700);
    answers(path, cache, 7);
    const [name] = kept(cache, 'component-');
    // What another user could have put there: an artifact that is no text at all.
    writeFileSync(join(cache, name!), Buffer.alloc(64));
    chmodSync(cache, 0o770);
    answers(path, cache, 7);
    assert.equal(statSync(join(cache, name!)).size, 64);
  });

  test('nothing, where it was asked not to', () => {
    const path = file('asked.wasm', answering(7, 10));
    const cache = fresh();
    answers(path, cache, 7, { TENON_CACHE: '0' });
    assert.ok(!existsSync(cache));
    const { stdout } = run(['invoke', '--no-cache', path, 'f()'], cache);
    assert.equal(stdout.trim(), '7');
    assert.deepEqual(kept(cache, 'component-'), []);
  });

  test('nothing, where the folder cannot be made', () => {
    const path = file('nowhere.wasm', answering(7, 10));
    answers(path, join(path, 'no-folder'), 7);
  });

  test('feature gates are kept apart, and validation is never skipped where it was asked for', () => {
    const cache = fresh();
    const path = file('map.wasm', answering(7, 10, '(type (map string u32))'));
    for (let i = 0; i < 2; i++) {
      answers(path, cache, 7);
      assert.match(run(['invoke', '--features=-map', path, 'f()'], cache).stderr, /map/);
      assert.equal(run(['validate', '--features=-map', path], cache).status, 1);
    }
  });
}

/** Who else uses the folder. */
function othersTests(all: Kept): void {
  const { fresh, file, answers } = all;
  test('many processes at once, with nothing kept yet', async () => {
    const cache = fresh();
    const path = file('many.wasm', answering(7, 50_000));
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => all.start(['invoke', path, 'f()'], cache)));
    assert.deepEqual(outcomes, new Array(8).fill('0 7'));
    assert.equal(readdirSync(cache).filter((name) => name.endsWith('.tmp')).length, 0);
    for (const name of readdirSync(cache)) {
      const data = readFileSync(join(cache, name));
      assert.ok(data.subarray(0, data.length / 2).equals(data.subarray(data.length / 2)), `${name} is whole`);
    }
  });

  test('no more than a bound; what was used longest ago goes first, and nothing of others', () => {
    const cache = fresh();
    mkdirSync(cache, { mode: 0o700 });
    const path = file('bound.wasm', answering(7, 10));
    const large = (name: string, days: number): void => {
      writeFileSync(join(cache, name), '');
      truncateSync(join(cache, name), 150 * 1024 * 1024);
      const then = Date.now() / 1000 - days * 86_400;
      utimesSync(join(cache, name), then, then);
    };
    large('component-older', 20);
    large('component-newer', 10);
    large('notes.txt', 30);
    answers(path, cache, 7);
    const left = readdirSync(cache);
    assert.ok(!left.includes('component-older'));
    assert.ok(left.includes('component-newer'));
    assert.ok(left.includes('notes.txt'));
    assert.equal(kept(cache, 'component-').length, 2);
  });
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
}
