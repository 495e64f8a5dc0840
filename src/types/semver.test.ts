import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  compareSemver,
  compatKey,
  parseSemver,
  printSemver,
  semverCompatible,
  splitVersion,
  tryParseSemver,
} from './semver.ts';

test('versions parse and print back', () => {
  for (const text of [
    '0.0.0',
    '1.2.3',
    '123456.7890.488',
    '0.0.0+abcd-efg',
    '1.0.0-a.1+x.01',
    '1.0.0--',
    '18446744073709551615.0.0',
  ])
    assert.equal(printSemver(parseSemver(text)), text);
});

test('bad versions say why', () => {
  const cases: [string, string][] = [
    ['', 'empty string'],
    ['.', "unexpected character '.'"],
    ['1', 'unexpected end of input'],
    ['1.', 'unexpected end of input'],
    ['2.0x0', "unexpected character 'x'"],
    ['2.0.0+', 'empty identifier segment'],
    ['2.0.0-', 'empty identifier segment'],
    ['2.0.0-a..b', 'empty identifier segment'],
    ['2.0.0-01', 'leading zero'],
    ['02.0.0', 'leading zero'],
    ['1.2.3.4', "unexpected character '.'"],
    ['18446744073709551616.0.0', 'exceeds'],
  ];
  for (const [text, part] of cases) {
    const result = tryParseSemver(text);
    assert.ok(!result.ok && result.message.includes(part), `${text}: ${JSON.stringify(result, (_, v) => String(v))}`);
  }
});

test('precedence follows the standard', () => {
  const order =
    '1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.1 1.1.0 2.0.0'.split(
      ' ',
    );
  const shuffled = [...order].reverse().sort((a, b) => compareSemver(parseSemver(a), parseSemver(b)));
  assert.deepEqual(shuffled, order);
  assert.equal(compareSemver(parseSemver('1.0.0+a'), parseSemver('1.0.0+b')), 0);
});

test('compatibility keys', () => {
  assert.equal(compatKey('ns:p/i@0.2.3'), 'ns:p/i@0.2');
  assert.equal(compatKey('ns:p/i@1.4.0'), 'ns:p/i@1');
  assert.equal(compatKey('ns:p/i@1.4.0+b'), 'ns:p/i@1');
  assert.equal(compatKey('ns:p/i@0.0.7'), 'ns:p/i@0.0.7');
  assert.equal(compatKey('ns:p/i@0.2.0-rc.1'), 'ns:p/i@0.2.0-rc.1');
  assert.equal(compatKey('ns:p/i@0.2'), 'ns:p/i@0.2');
  assert.equal(compatKey('plain'), 'plain');
  assert.equal(semverCompatible('0.2.0', '0.2.9'), true);
  assert.equal(semverCompatible('0.2.0', '0.3.0'), false);
  assert.equal(semverCompatible('0.2.0', '0.2.0-rc.1'), false);
  assert.deepEqual(splitVersion('a:b/c@1.0.0'), { name: 'a:b/c', version: '1.0.0' });
});
