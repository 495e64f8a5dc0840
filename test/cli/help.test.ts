import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tenon } from './tenon.ts';

const COMMANDS = ['run', 'invoke', 'inspect', 'types', 'build', 'validate', 'parse', 'print', 'wast'];

test('help everywhere, with examples, on stdout', () => {
  const general = tenon(['--help']);
  assert.equal(general.code, 0);
  assert.equal(general.stderr, '');
  for (const name of COMMANDS) {
    assert.match(general.stdout, new RegExp(`^ {2}${name} `, 'm'));
    const own = tenon([name, '--help']);
    assert.equal(own.code, 0, name);
    assert.match(own.stdout, new RegExp(`Usage: tenon ${name} `));
    assert.match(own.stdout, new RegExp(`Examples:\n {2}# .*\n {2}tenon ${name} `));
    assert.equal(tenon(['help', name]).stdout, own.stdout, name);
  }
});

test('no command at all is a misuse that shows the help', () => {
  const { code, stdout, stderr } = tenon([]);
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /Usage: tenon COMMAND/);
});

test('the version is that of the package', () => {
  assert.match(tenon(['--version']).stdout, /^tenon \d+\.\d+\.\d+\n$/);
});

test('misuse: exit code 2, one message, the nearest name', () => {
  const cases: readonly (readonly [readonly string[], string, RegExp])[] = [
    [['rum', 'a.wasm'], 'unknown-command', /did you mean: tenon run\?/],
    [['frobnicate'], 'unknown-command', /tenon --help/],
    [['run', '--dri', '.', 'a.wasm'], 'unknown-flag', /did you mean --dir\?/],
    [['inspect', '--wot', 'a.wasm'], 'unknown-flag', /did you mean --wit\?/],
    [['run', '--dir'], 'missing-value', /tenon run --help/],
    [['run', '--stats=yes', 'a.wasm'], 'unexpected-value', /tenon run --help/],
    [['run', '--max-memory', 'much', 'package.json'], 'is-json', /./],
    [['run'], 'missing-operand', /usage: tenon run/],
    [['invoke', 'a.wasm'], 'missing-operand', /usage: tenon invoke/],
    [['inspect', 'a.wasm', 'b.wasm'], 'extra-operand', /usage: tenon inspect/],
  ];
  for (const [words, code, hint] of cases) {
    const outcome = tenon(words);
    assert.equal(outcome.code, code.startsWith('is-') ? 1 : 2, words.join(' '));
    assert.equal(outcome.stdout, '');
    assert.ok(outcome.stderr.startsWith(`error[${code}]: `), outcome.stderr);
    assert.match(outcome.stderr, hint);
  }
});
