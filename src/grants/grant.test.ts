import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../error/error.ts';
import { checkGrant, type GrantInput, parseDirFlag, parseEnvFlag } from './grant.ts';
import { parseStoreFlag } from './stores.ts';

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
    config: [],
    keyvalue: {},
    logging: 'trace',
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
    { host: '/tmp', guest: '/tmp', readonly: false, quota: undefined },
    { host: '.', guest: '/work', readonly: true, quota: undefined },
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
    [{ env: { a: 1 } }, /env\.a/],
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
  assert.deepEqual(parseDirFlag('/data'), { host: '/data', guest: '/data', readonly: false, quota: undefined });
  assert.deepEqual(parseDirFlag('./in::/in:ro'), { host: './in', guest: '/in', readonly: true, quota: undefined });
  assert.deepEqual(parseDirFlag('/etc/ssl:ro'), {
    host: '/etc/ssl',
    guest: '/etc/ssl',
    readonly: true,
    quota: undefined,
  });
  assert.deepEqual(parseDirFlag('C:\\x::/x'), { host: 'C:\\x', guest: '/x', readonly: false, quota: undefined });
  for (const flag of ['', ':ro', '::', '::/x', '/x::', '/x:::ro', 'a::b::c', 'a\0b']) {
    refuses('bad-dir', () => parseDirFlag(flag));
  }
});

test('directories with quotas', () => {
  const quota = (flag: string) => parseDirFlag(flag).quota;
  assert.deepEqual(parseDirFlag('./out::/out:bytes=10M:files=100'), {
    host: './out',
    guest: '/out',
    readonly: false,
    quota: { bytes: 10 * 1024 * 1024, files: 100 },
  });
  assert.deepEqual(quota('/x:bytes=1000'), { bytes: 1000, files: undefined });
  assert.deepEqual(quota('/x:files=0:ro'), { bytes: undefined, files: 0 });
  for (const flag of ['/x:bytes=', '/x:bytes=-1', '/x:bytes=1T', '/x:files=1K', '/x:files=1:files=2', ':bytes=1']) {
    refuses('bad-dir', () => parseDirFlag(flag));
  }
  const dirs = (written: object) => [{ host: '/x', quota: written }] as NonNullable<GrantInput['dirs']>;
  assert.deepEqual(checkGrant({ dirs: dirs({ bytes: '2K' }) }).dirs[0]?.quota, { bytes: 2048, files: undefined });
  refuses(
    'bad-grant',
    () => checkGrant({ dirs: dirs({ bytes: 1.5 }) }),
    /dirs\[0\]\.quota\.bytes .*whole number.*"1.5"/,
  );
  refuses('bad-grant', () => checkGrant({ dirs: dirs({ bytes: 'lots' }) }), /quota\.bytes .*K, M or G/);
  refuses('bad-grant', () => checkGrant({ dirs: dirs({ file: 1 }) }), /quota\.file .*one of bytes, files/);
});

test('guest paths that programs take for one another are the same', () => {
  for (const [one, two] of [
    ['/x', '/x/'],
    ['/x', 'x'],
    ['/x', '//x/.'],
    ['/', '.'],
  ] as const) {
    const dirs = [
      { host: '/a', guest: one },
      { host: '/b', guest: two },
    ];
    refuses('bad-grant', () => checkGrant({ dirs }), /dirs\[1\]\.guest .*no other directory has; dirs\[0\]/);
  }
});

test('clocks and random numbers', () => {
  for (const clocks of [
    'fixed=2026-01-31T12:00:00Z',
    'from=2026-01-31',
    'fixed=2026-01-31T12:00:00.5+01:00',
  ] as const) {
    assert.equal(checkGrant({ clocks }).clocks, clocks);
  }
  for (const clocks of [
    'fixed=',
    'fixed=2026-02-30',
    'fixed=1969-12-31',
    'at=2026-01-31',
    'from=2026-01-31T12:00',
    7,
  ]) {
    refuses('bad-grant', () => checkGrant({ clocks } as GrantInput), /clocks .*fixed=TIME/);
  }
  assert.equal(checkGrant({ random: 'seed=18446744073709551615' }).random, 'seed=18446744073709551615');
  for (const random of ['seed=', 'seed=x', 'seed=18446744073709551616', 'seed=-1', 4]) {
    refuses('bad-grant', () => checkGrant({ random } as GrantInput), /random .*seed=NUMBER/);
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

test('stores as a grant writes them, and as flags do', () => {
  const { keyvalue } = checkGrant({
    keyvalue: {
      default: 'memory',
      users: { sqlite: 'app.db', readonly: true },
      few: { quota: { bytes: '1K', keys: 2 } },
    },
  });
  assert.deepEqual(keyvalue, {
    default: { sqlite: undefined, readonly: false, quota: { bytes: 64 << 20, keys: 65_536 } },
    users: { sqlite: 'app.db', readonly: true, quota: { bytes: undefined, keys: undefined } },
    few: { sqlite: undefined, readonly: false, quota: { bytes: 1024, keys: 2 } },
  });
  // What is checked may be checked again.
  assert.deepEqual(checkGrant({ keyvalue }).keyvalue, keyvalue);
  assert.deepEqual(parseStoreFlag('default=memory'), ['default', { quota: {} }]);
  assert.deepEqual(parseStoreFlag('=memory:keys=3'), ['', { quota: { keys: 3 } }]);
  assert.deepEqual(parseStoreFlag('a=sqlite:./a=b:c.db:ro:bytes=10M'), [
    'a',
    { sqlite: './a=b:c.db', readonly: true, quota: { bytes: 10 << 20 } },
  ]);
  for (const flag of ['default', 'a=redis:x', 'a=memory:ro', 'a=sqlite:', 'a=memory:keys=1K', 'a=memory:keys=1:keys=2'])
    refuses('bad-store', () => parseStoreFlag(flag));
});

test('stores and levels that cannot be', () => {
  const refused = (input: unknown, message: RegExp): void =>
    refuses('bad-grant', () => checkGrant(input as GrantInput), message);
  refused({ keyvalue: [] }, /keyvalue cannot be used/);
  refused({ keyvalue: { a: 'redis' } }, /keyvalue\.a cannot be used/);
  refused({ keyvalue: { a: { sqlite: '' } } }, /keyvalue\.a\.sqlite/);
  refused({ keyvalue: { a: { path: 'x' } } }, /keyvalue\.a\.path/);
  refused({ keyvalue: { a: { readonly: true } } }, /keyvalue\.a\.readonly/);
  refused({ keyvalue: { a: { quota: { keys: -1 } } } }, /keyvalue\.a\.quota\.keys/);
  refused({ logging: 'loud' }, /logging cannot be used/);
});
