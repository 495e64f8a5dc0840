import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../error/error.ts';
import { checkGrant, type GrantInput, parseDirFlag, parseEnvFlag } from './grant.ts';

function refuses(code: string, body: () => unknown, message?: RegExp): void {
  assert.throws(body, (error) => {
    assert.ok(error instanceof UsageError, String(error));
    assert.equal(error.code, code);
    if (message !== undefined) assert.match(error.message, message);
    return true;
  });
}

test('nothing is granted that was not named', () => {
  assert.deepEqual(checkGrant(), {
    args: [],
    env: [],
    dirs: [],
    stdio: { stdin: 'none', stdout: 'none', stderr: 'none' },
    clocks: 'system',
    random: 'system',
    network: 'none',
  });
});

test('a grant is a checked copy', () => {
  const args = ['tool', 'x'];
  const grant = checkGrant({
    args,
    env: { A: '1', B: '' },
    dirs: [{ host: '/tmp' }, { host: '.', guest: '/work', readonly: true }],
    stdio: { stdout: 'inherit' },
    clocks: 'none',
  });
  args.push('y');
  assert.deepEqual(grant.args, ['tool', 'x']);
  assert.deepEqual(grant.env, [
    ['A', '1'],
    ['B', ''],
  ]);
  assert.deepEqual(grant.dirs, [
    { host: '/tmp', guest: '/tmp', readonly: false },
    { host: '.', guest: '/work', readonly: true },
  ]);
  assert.deepEqual(grant.stdio, { stdin: 'none', stdout: 'inherit', stderr: 'none' });
  assert.equal(grant.clocks, 'none');
});

test('of variables given twice the last one counts', () => {
  const env = [
    ['A', '1'],
    ['B', '2'],
    ['A', '3'],
  ] as const;
  assert.deepEqual(checkGrant({ env }).env, [
    ['A', '3'],
    ['B', '2'],
  ]);
  assert.deepEqual(checkGrant({ env: [] }).env, []);
});

test('what cannot be used is named', () => {
  const cases: readonly [unknown, RegExp][] = [
    [null, /whole/],
    [[], /whole/],
    [{ arg: [] }, /grant's arg .*expected one of args, env/],
    [{ args: 'x' }, /args .*expected a list/],
    [{ args: [1] }, /args\[0\]/],
    [{ args: ['a\0b'] }, /args\[0\] .*without NUL/],
    [{ args: ['\ud800'] }, /lone surrogates/],
    [{ env: { '': 'x' } }, /env/],
    [{ env: { 'a=b': 'x' } }, /holds no =/],
    [{ env: { a: 1 } }, /env a/],
    [{ env: [['a']] }, /env\[0\].*pair/],
    [{ env: 'x' }, /env/],
    [{ dirs: [{ host: '' }] }, /dirs\[0\]\.host/],
    [{ dirs: [{ host: '/a', guest: '' }] }, /dirs\[0\]\.guest/],
    [{ dirs: [{ host: '/a', readOnly: true }] }, /dirs\[0\]\.readOnly/],
    [{ dirs: [{ host: '/a', readonly: 'yes' }] }, /dirs\[0\]\.readonly .*boolean/],
    [
      {
        dirs: [
          { host: '/a', guest: '/x' },
          { host: '/b', guest: '/x' },
        ],
      },
      /dirs\[1\]\.guest/,
    ],
    [{ stdio: { stdin: 'pipe' } }, /stdio\.stdin .*"none" or "inherit", found "pipe"/],
    [{ stdio: { stdlog: 'none' } }, /stdio\.stdlog/],
    [{ clocks: true }, /clocks/],
    [{ network: 'all' }, /network/],
  ];
  for (const [grant, message] of cases) refuses('bad-grant', () => checkGrant(grant as GrantInput), message);
});

test('names that JavaScript treats specially are variables like any other', () => {
  const env = JSON.parse('{"__proto__": "a", "constructor": "b"}');
  assert.deepEqual(checkGrant({ env }).env, [
    ['__proto__', 'a'],
    ['constructor', 'b'],
  ]);
});

test('directories as flags', () => {
  assert.deepEqual(parseDirFlag('/data'), { host: '/data', guest: '/data', readonly: false });
  assert.deepEqual(parseDirFlag('./in::/in:ro'), { host: './in', guest: '/in', readonly: true });
  assert.deepEqual(parseDirFlag('/etc/ssl:ro'), { host: '/etc/ssl', guest: '/etc/ssl', readonly: true });
  assert.deepEqual(parseDirFlag('C:\\x::/x'), { host: 'C:\\x', guest: '/x', readonly: false });
  for (const flag of ['', ':ro', '::', '::/x', '/x::', '/x:::ro', 'a::b::c', 'a\0b']) {
    refuses('bad-dir', () => parseDirFlag(flag));
  }
});

test('variables as flags', () => {
  assert.deepEqual(parseEnvFlag('A=b=c'), ['A', 'b=c']);
  assert.deepEqual(parseEnvFlag('A='), ['A', '']);
  assert.deepEqual(parseEnvFlag('A', { A: 'here' }), ['A', 'here']);
  refuses('no-env', () => parseEnvFlag('A', { B: 'x' }));
  refuses('no-env', () => parseEnvFlag('constructor', {}));
  refuses('bad-env', () => parseEnvFlag('=x'));
  refuses('bad-env', () => parseEnvFlag(''));
});
