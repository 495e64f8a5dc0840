import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { module, program } from './guests.ts';
import { corpusGuest, ended, example, guest, start, tenon } from './tenon.ts';

const data = mkdtempSync(join(tmpdir(), 'tenon-run-'));
after(() => rmSync(data, { recursive: true, force: true }));
const root = join(import.meta.dirname, '../..');
const expected = readFileSync(join(root, example('expected.txt')), 'utf8');
const input = readFileSync(join(root, example('input.txt')));

describe('components', () => {
  test('a program of four languages', () => {
    const outcome = tenon(['run', example('composed.wasm'), '--top', '7'], { input });
    assert.deepEqual(outcome, { code: 0, signal: null, stdout: expected, stderr: '' });
  });

  test('the same, linked live by --plug', () => {
    const plugs = ['style', 'stats', 'words'].flatMap((name) => ['--plug', example(`${name}.wasm`)]);
    const outcome = tenon(['run', ...plugs, '--stats', example('report.wasm'), '--top', '7'], { input });
    assert.equal(outcome.stdout, expected);
    assert.equal(outcome.code, 0);
    assert.match(outcome.stderr, /^stats: .*report\.wasm: \d+ calls/m);
  });

  test('exit codes: ok, error, trap', () => {
    assert.equal(tenon(['run', guest('ok.wasm', program('i32.const 0'))]).code, 0);
    const err = tenon(['run', guest('err.wasm', program('i32.const 1'))]);
    assert.deepEqual(err, { code: 1, signal: null, stdout: '', stderr: '' });
    const trap = tenon(['run', guest('trap.wasm', program('unreachable'))]);
    assert.equal(trap.code, 134);
    assert.equal(trap.stdout, '');
    const lines = trap.stderr.split('\n');
    assert.equal(lines[0], 'trap[unreachable]: wasm `unreachable` instruction executed');
    assert.equal(lines[1], '  in wasi:cli/run@0.2.3#run');
    assert.match(trap.stderr, /at inner \(core function 0/);
    assert.match(trap.stderr, /at outer \(core function 1/);
    assert.doesNotMatch(trap.stderr, /\.ts:\d|node:internal|file:\/\//);
  });

  test('the newest version of wasi:cli/run that Tenon has is called', () => {
    const path = guest('both.wasm', program('i32.const 0', ['wasi:cli/run@0.2.0', 'wasi:cli/run@0.2.9']));
    assert.equal(tenon(['run', path]).code, 0);
    const mixed = guest('mixed.wasm', program('unreachable', ['wasi:cli/run@0.2.4', 'wasi:cli/run@0.3.0']));
    assert.match(tenon(['run', mixed]).stderr, /in wasi:cli\/run@0\.2\.4#run/);
  });

  test('a component that needs WASI 0.3 is told so', () => {
    const { code, stdout, stderr } = tenon(['run', guest('p3.wasm', program('i32.const 0', ['wasi:cli/run@0.3.0']))]);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /^error\[wasi-version\]: .* needs wasi:cli\/run@0\.3\.0/);
  });

  test('a component without wasi:cli/run', () => {
    const { code, stderr } = tenon(['run', example('style.wasm')]);
    assert.equal(code, 1);
    assert.match(stderr, /^error\[not-a-program\]: .*demo:text\/style@0\.1\.0\n {2}next: .*tenon invoke/);
  });

  test('--max-memory below the start is refused, above it is allowed', () => {
    const path = guest(
      'memory.wasm',
      program('(i32.eq (memory.grow (i32.const 4)) (i32.const -1))', undefined, '(memory 1)'),
    );
    assert.match(tenon(['run', '--max-memory', '1K', path]).stderr, /^error\[memory-limit\]/);
    assert.equal(tenon(['run', '--max-memory', '1M', path]).code, 0);
    assert.equal(tenon(['run', '--max-memory', '128K', path]).code, 1);
  });
});

describe('core modules for preview 1', () => {
  test('output, exit code, trap', () => {
    const hello = tenon(['run', guest('hello.wasm', module('call $say'))]);
    assert.deepEqual(hello, { code: 0, signal: null, stdout: 'hello\n', stderr: '' });
    assert.equal(tenon(['run', guest('exit.wasm', module('call $say (call $exit (i32.const 42))'))]).code, 42);
    const trap = tenon([
      'run',
      guest('p1trap.wasm', module('call $say (drop (i32.div_u (i32.const 1) (i32.const 0)))')),
    ]);
    assert.equal(trap.code, 134);
    assert.equal(trap.stdout, 'hello\n');
    assert.match(
      trap.stderr,
      /^trap\[core-trap\]: integer divide by zero\n {2}in _start\n {4}at start \(core function/,
    );
  });

  test('a stack overflow is a trap', () => {
    const path = guest('deep.wasm', module('call $down', '(func $down call $down)'));
    const { code, stderr } = tenon(['run', path]);
    assert.equal(code, 134);
    assert.match(stderr, /^trap\[stack-exhausted\]/);
    assert.doesNotMatch(stderr, /\.ts:\d|node:internal/);
  });

  test('--max-memory is the limit of growth', () => {
    const grow = '(if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (call $exit (i32.const 9))))';
    const path = guest('grow.wasm', module(grow));
    assert.equal(tenon(['run', path]).code, 0);
    assert.equal(tenon(['run', '--max-memory', '128K', path]).code, 9);
    const less = tenon(['run', '--max-memory', '64K', path]);
    assert.equal(less.code, 1);
    assert.match(less.stderr, /^error\[memory-limit\]: .*131072/);
  });

  test('all imports that are not preview 1 are named in one message', () => {
    const path = guest(
      'env.wasm',
      `(module (import "env" "one" (func)) (import "env" "two" (func)) (import "wasi_snapshot_preview1" "fd_wrote" (func))
        (import "wasi_snapshot_preview1" "sched_yield" (func (result i32))) (func (export "_start")))`,
    );
    const { code, stdout, stderr } = tenon(['run', path]);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /^error\[missing-import\]: .*3 imports are not part of WASI preview 1:/);
    for (const name of ['env#one', 'env#two', 'wasi_snapshot_preview1#fd_wrote'])
      assert.ok(stderr.includes(`  ${name}:`));
    assert.ok(!stderr.includes('sched_yield'));
  });

  test('a reactor is told apart; wasi_unstable seeks by its own rules', () => {
    const reactor = tenon([
      'run',
      guest('reactor.wasm', '(module (memory (export "memory") 1) (func (export "_initialize")))'),
    ]);
    assert.equal(reactor.code, 1);
    assert.match(reactor.stderr, /^error\[not-a-program\]: .*a reactor/);
    writeFileSync(join(data, 'seek.txt'), '0123456789');
    // whence 1 is `end` in wasi_unstable: the position is the exit code.
    const path = guest(
      'unstable.wasm',
      `(module (import "wasi_unstable" "fd_seek" (func $seek (param i32 i64 i32 i32) (result i32)))
        (import "wasi_unstable" "proc_exit" (func $exit (param i32)))
        (import "wasi_unstable" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (memory (export "memory") 1) (data (i32.const 16) "seek.txt")
        (func (export "_start")
          (drop (call $open (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 8) (i32.const 0) (i64.const 6) (i64.const 0)
            (i32.const 0) (i32.const 64)))
          (drop (call $seek (i32.load (i32.const 64)) (i64.const -3) (i32.const 1) (i32.const 72)))
          (call $exit (i32.load (i32.const 72)))))`,
    );
    assert.equal(tenon(['run', '--dir', data, path]).code, 7);
  });

  const rust = corpusGuest('rust-hello-p1.wasm');
  test('a real program, with a directory and standard input', { skip: rust.skip }, () => {
    const outcome = tenon(['run', '--dir', `${data}::/data`, '--env', 'GREETING=hi', rust.path, 'fs', '/data'], {
      input: 'a b a',
    });
    assert.equal(outcome.code, 0, outcome.stderr);
    assert.match(outcome.stdout, /args \["fs", "\/data"\] env Some\("hi"\)/);
    assert.match(outcome.stdout, /^\s*2 a$/m);
  });

  const as = corpusGuest('as-hello-p1.wasm');
  test('a real program ends with its own code', { skip: as.skip }, () => {
    assert.equal(tenon(['run', as.path, 'exit']).code, 6);
  });
});

describe('a process among others', () => {
  const echo = `(loop $again
    (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 1))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (br_if $again (i32.load (i32.const 8))))`;

  test('a reader that goes away ends it quietly', async () => {
    const child = start(['run', guest('yes.wasm', module('(loop $again call $say (br $again))'))]);
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.stdout?.once('data', () => child.stdout?.destroy());
    assert.deepEqual(await ended(child), { code: 0, signal: null });
    assert.equal(stderr, '');
  });

  test('a slow reader holds the guest back', async () => {
    const child = start(['run', guest('yes.wasm', module('(loop $again call $say (br $again))'))]);
    // On a busy machine it takes its time until it has begun and then waits.
    let used = Number.POSITIVE_INFINITY;
    for (let tries = 0; used > 3 && tries < 40; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 700));
      const before = cpuTicks(child.pid!);
      await new Promise((resolve) => setTimeout(resolve, 300));
      // The guest never ends by itself: what it used while nothing was read is what it does.
      used = before === 0 ? used : cpuTicks(child.pid!) - before;
    }
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    const resident = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]);
    child.kill('SIGKILL');
    await ended(child);
    assert.ok(resident < 300_000, `${resident} kB resident`);
    assert.ok(used <= 3, `${used} ticks of processor time while it should wait`);
  });

  for (const [what, body] of [
    ['waits for standard input', `call $say ${echo}`],
    ['spins', 'call $say (loop $again (br $again))'],
  ] as const) {
    test(`an interrupt ends a guest that ${what}`, async () => {
      const child = start(['run', guest(`${what.split(' ')[0]}.wasm`, module(body))]);
      await new Promise((resolve) => child.stdout?.once('data', resolve));
      child.kill('SIGINT');
      const { code, signal } = await ended(child);
      // A shell reports either as 130.
      assert.ok(signal === 'SIGINT' || code === 130, `code ${code}, signal ${signal}`);
    });
  }
});

/** Processor time of a process in hundredths of a second. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
