import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CALC } from './guests.ts';
import { corpusGuest, example, guest, tenon } from './tenon.ts';

const calc = guest('calc.wasm', CALC);

test('the result alone, one line; nothing where there is none', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['add(1, 2)', '3\n'],
    ['nothing()', ''],
    ['demo:calc/math@1.2.3.half(8)', 'ok(4)\n'],
    ['demo:calc/math.half(8)', 'ok(4)\n'],
    ['demo:calc/math@1.0.0.half( 8, )', 'ok(4)\n'],
    ['demo:calc/math.half(7)', 'err("no\\n\\u{1b}")\n'],
    ['demo:calc/other@2.0.0.half(2)', 'ok(1)\n'],
    ['demo:calc/math.same("a(b).c")', '"a(b).c"\n'],
  ];
  for (const [call, stdout] of cases) {
    assert.deepEqual(tenon(['invoke', calc, call]), { code: 0, signal: null, stdout, stderr: '' }, call);
  }
});

test('a component of the example, with a plug', () => {
  assert.equal(
    tenon(['invoke', example('style.wasm'), 'demo:text/style.pad("wasm", 8, right)']).stdout,
    '"    wasm"\n',
  );
  const stats = tenon(['invoke', '--stats', example('stats.wasm'), 'demo:text/stats.summarize([1, 2, 3])']);
  assert.equal(stats.stdout, 'some({count: 3, least: 1, greatest: 3, mean: 2})\n');
  assert.match(stats.stderr, /^stats: /);
});

test('a trap exits with 134', () => {
  const { code, stdout, stderr } = tenon(['invoke', calc, 'boom()']);
  assert.equal(code, 134);
  assert.equal(stdout, '');
  assert.match(stderr, /^trap\[unreachable\]: .*\n {2}in boom\n/);
  assert.match(stderr, /at deep \(core function/);
});

test('what cannot be called', () => {
  const cases: readonly (readonly [string, string, string, RegExp])[] = [
    [calc, 'ad(1, 2)', 'unknown-function', /add: func\(a: u32, b: u32\) -> u32[\s\S]*next: did you mean add\?/],
    [calc, 'half(1)', 'ambiguous-function', /math@1\.2\.3\.half, demo:calc\/other@1\.2\.3\.half/],
    [calc, 'demo:calc/math@3.0.0.half(1)', 'unknown-function', /did you mean demo:calc\/math@1\.2\.3\.half\?/],
    [calc, 'demo:calc/other.half(1)', 'ambiguous-function', /other@1\.2\.3\.half, demo:calc\/other@2\.0\.0\.half/],
    [example('words.wasm'), 'demo:text/words.counter.add("a")', 'is-method', /belongs to a resource/],
    [example('words.wasm'), 'demo:text/words@0.1.0.[method]counter.add("a")', 'is-method', /belongs to a resource/],
    [calc, 'add(1)', 'missing-argument', /the argument "b" is missing/],
    [calc, 'add(1, 2, 3)', 'too-many-arguments', /takes 2 arguments/],
    [calc, 'add(1, -2)', 'out-of-range', /u32 holds 0 to 4294967295\n1 \| add\(1, -2\)\n {2}\| {8}\^/],
    [calc, 'add("1", 2)', 'wrong-type', /expected a value of type u32/],
    [calc, 'add(1, 2', 'unexpected-token', /end of the text/],
    [example('words.wasm'), 'demo:text/words.fold("a")', 'unknown-function', /it exports/],
  ];
  for (const [path, call, code, message] of cases) {
    const outcome = tenon(['invoke', path, call]);
    assert.equal(outcome.code, 1, call);
    assert.equal(outcome.stdout, '', call);
    assert.ok(outcome.stderr.startsWith(`error[${code}]: `), outcome.stderr);
    assert.match(outcome.stderr, message);
  }
  assert.equal(tenon(['invoke', calc, 'add']).code, 2);
});

const text = corpusGuest('rust-text.wasm');
test('a missing import exits with 1 and says what would help', { skip: text.skip }, () => {
  const { code, stdout, stderr } = tenon(['invoke', text.path, 'corpus:rust-text/text.divide(1, 0)']);
  assert.equal(code, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /^error\[missing-import\]: .*\n {2}corpus:rust-text\/sink@0\.1\.0#emit:.*\n {2}next: .*--plug/);
});

test('a plug may stand in place of what the command itself would give, under each of its versions', () => {
  for (const version of ['@0.2.0-draft2', '@0.2.0-draft']) {
    const name = `wasi:keyvalue/store${version}`;
    const plug = guest(
      `plug${version}.wasm`,
      `(component
        (core module $m (func (export "f") (result i32) (i32.const 7)))
        (core instance $m (instantiate $m))
        (func $f (result u32) (canon lift (core func $m "f")))
        (instance $i (export "count" (func $f)))
        (export "${name}" (instance $i)))`,
    );
    const main = guest(
      `main${version}.wasm`,
      `(component
        (import "${name}" (instance $i (export "count" (func (result u32)))))
        (core func $f (canon lower (func $i "count")))
        (core module $m (import "" "f" (func $f (result i32))) (func (export "g") (result i32) (call $f)))
        (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
        (func (export "count") (result u32) (canon lift (core func $m "g"))))`,
    );
    const { code, stdout, stderr } = tenon(['invoke', '--plug', plug, main, 'count()']);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, '7\n');
  }
});
