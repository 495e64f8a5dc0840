/** Components whose functions are asynchronous, by the command line: several calls, plugs, and programs that wait for nobody. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { SHARED } from '../support/shared.ts';
import { CALLER, callee } from '../support/waiting.ts';
import { CALC, program } from './guests.ts';
import { corpusGuest, guest, tenon } from './tenon.ts';

const calc = guest('calc.wasm', CALC);

describe('several calls', () => {
  test('are printed with what they are, and made of the same instance', () => {
    const outcome = tenon([
      'invoke',
      calc,
      'add(1, 2)',
      'nothing()',
      'demo:calc/math.half(7)',
      'demo:calc/math.half(8)',
    ]);
    const stdout =
      'add(1, 2) => 3\nnothing()\ndemo:calc/math.half(7) => err("no\\n\\u{1b}")\ndemo:calc/math.half(8) => ok(4)\n';
    assert.deepEqual(outcome, { code: 0, signal: null, stdout, stderr: '' });
    assert.equal(
      tenon(['run', '--invoke', 'add(1, 2)', '--invoke', 'add(3, 4)', calc]).stdout,
      'add(1, 2) => 3\nadd(3, 4) => 7\n',
    );
    assert.equal(tenon(['run', '--invoke=add(1, 2)', calc]).stdout, '3\n');
  });

  test('end with the first trap', () => {
    const { code, stdout, stderr } = tenon(['invoke', calc, 'add(1, 2)', 'boom()', 'add(3, 4)']);
    assert.equal(stdout, 'add(1, 2) => 3\nboom() => trap: wasm `unreachable` instruction executed\n');
    assert.match(stderr, /^trap\[unreachable\]: .*\n {2}in boom\n/);
    assert.equal(code, 134);
  });

  test('are all looked at before the first is made', () => {
    const { code, stdout, stderr } = tenon(['invoke', calc, 'add(1, 2)', 'add(1)']);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /^error\[missing-argument\]/);
  });

  test('an interface need not be named where no other has the function', () => {
    assert.equal(tenon(['invoke', calc, 'same("x")']).stdout, '"x"\n');
    const { code, stderr } = tenon(['invoke', calc, 'half(2)']);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error\[ambiguous-function\]: .*math@1\.2\.3\.half.*other@2\.0\.0\.half\n {2}next: write the interface too/,
    );
  });

  test('flags for Tenon behind FILE', () => {
    const { code, stderr } = tenon(['run', calc, '--plug', 'other.wasm']);
    assert.equal(code, 1);
    assert.match(stderr, /^error\[not-a-program\]: .*\n {2}next: write --plug before FILE/);
  });
});

describe('rust-flow and rust-backend', () => {
  const flow = corpusGuest('rust-flow.wasm');
  const backend = corpusGuest('rust-backend.wasm');
  const recorded = (): readonly [calls: readonly string[], text: string] => {
    const text = readFileSync(join(SHARED, 'corpus/src/rust-flow/composed.expected'), 'utf8');
    return [
      text
        .trimEnd()
        .split('\n')
        .map((line) => line.split(' => ')[0]!),
      text,
    ];
  };

  test('linked by --plug, answer as recorded', { skip: flow.skip }, () => {
    const [calls, stdout] = recorded();
    assert.ok(calls.length >= 7);
    const flags = calls.flatMap((call) => ['--invoke', call]);
    for (const words of [
      ['run', '--plug', backend.path, ...flags, flow.path],
      ['invoke', flow.path, '--plug', backend.path, ...calls],
    ]) {
      const outcome = tenon(words);
      assert.equal(outcome.stdout, stdout);
      // The last call traps, as the specification has it.
      assert.equal(outcome.code, 134);
      assert.match(outcome.stderr, /^trap\[would-block\]: .*\n {2}next: declare the function `async func`/);
    }
  });

  test('one call prints its result alone', { skip: flow.skip }, () => {
    const outcome = tenon(['invoke', '--plug', backend.path, flow.path, 'guest:flow/pipe.gather("w-")']);
    assert.deepEqual(outcome, { code: 0, signal: null, stdout: '["w-a", "w-bb", "w-ü☃"]\n', stderr: '' });
  });
});

describe('a plug that does not answer', () => {
  const [inner, outer] = [guest('callee.wasm', callee(true)), guest('caller.wasm', CALLER)];
  const invoke = (call: string) => tenon(['invoke', '--plug', inner, outer, call]);

  test('since it waits for nobody: a trap that says who waits for whom', () => {
    const { code, stdout, stderr } = invoke('forever()');
    assert.deepEqual([code, stdout], [134, '']);
    assert.match(stderr, /^trap\[deadlock\]: deadlock detected: event loop cannot make further progress: /);
    assert.match(
      stderr,
      /: forever waits for an event of its waitable set \(the result of test:stores\/callee#forever\)/,
    );
    assert.match(stderr, /: test:stores\/callee#forever waits for an event of its waitable set \(which is empty\)/);
    assert.match(stderr, /\n {2}in forever\n/);
  });

  test('since it has trapped: that trap is shown, not that of who waited', () => {
    const { code, stdout, stderr } = invoke('later()');
    assert.deepEqual([code, stdout], [134, '']);
    assert.match(stderr, /^trap\[unreachable\]: wasm `unreachable` instruction executed\n/);
    assert.match(stderr, /\n {2}in test:stores\/callee#later\n[\s\S]*\(core function 3 of M, offset 0x/);
  });
});

describe('WASI 0.3', () => {
  test('a component that asks for it gets one message with all of it', () => {
    const lowers = `(core func (canon lower (func $clock "wait-for") async)) (alias export $out "write-via-stream" (func $write))
      (core module $memory (memory (export "m") 1)) (core instance $memory (instantiate $memory))
      (core func (canon lower (func $write) (memory (core memory $memory "m"))))`;
    const text = program('i32.const 0').replace(
      '(component',
      `(component
        (import "wasi:cli/stdout@0.3.0" (instance $out (export "write-via-stream" (func (param "data" (stream u8))))))
        (import "wasi:clocks/monotonic-clock@0.3.0" (instance $clock (export "wait-for" (func async (param "how-long" u64)))))
        (import "demo:other/thing" (func))
        ${lowers}`,
    );
    const { code, stdout, stderr } = tenon(['run', guest('p3-imports.wasm', text)]);
    assert.deepEqual([code, stdout], [1, '']);
    assert.equal(
      stderr.replace(/ \S*p3-imports/, ' p3-imports'),
      `error[wasi-version]: p3-imports.wasm needs interfaces of WASI 0.3, which this version of Tenon does not have:
  wasi:cli/stdout@0.3.0
  wasi:clocks/monotonic-clock@0.3.0
  next: build it for WASI 0.2, or name a component that exports them: --plug OTHER.wasm
`,
    );
  });

  const http = corpusGuest('js-p3-http-qjs.wasm');
  test('a real one', { skip: http.skip }, () => {
    const { code, stderr } = tenon(['invoke', http.path, 'init("", "", none, false)']);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error\[wasi-version\]: .* needs interfaces of WASI 0\.3.*\n {2}wasi:http\/types@0\.3\.0\n {2}next: /,
    );
  });

  const command = corpusGuest('rust-cmd3.wasm');
  test('a real program', { skip: command.skip }, () => {
    const { code, stderr } = tenon(['run', command.path]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error\[wasi-version\]: .* needs wasi:cli\/run@0\.3\.2, which this version of Tenon does not have.*\n {2}next: /,
    );
  });
});
