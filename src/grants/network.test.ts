import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../error/error.ts';
import { checkGrant } from './grant.ts';
import {
  checkNetwork,
  type NetworkGrantInput,
  parseHttpFlag,
  parseListenFlag,
  parseLookupFlag,
  parseNetFlag,
} from './network.ts';

function refused(body: () => unknown, message = /cannot be granted/, code = 'bad-network'): void {
  assert.throws(body, (error) => {
    assert.ok(error instanceof UsageError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}

test('flags become rules in one spelling', () => {
  const any = { port: 'any', protocol: 'any', within: [] } as const;
  for (const [flag, rule] of [
    ['*', { ...any, host: 'any' }],
    ['Example.COM.', { ...any, host: 'example.com' }],
    ['*.example.com:443', { ...any, host: '*.example.com', port: 443 }],
    ['example.com:8000-8100/tcp', { ...any, host: 'example.com', port: '8000-8100', protocol: 'tcp' }],
    ['example.com:80-80/UDP', { ...any, host: 'example.com', port: 80, protocol: 'udp' }],
    ['example.com:*', { ...any, host: 'example.com' }],
    ['10.0.0.0/8', { ...any, host: '10.0.0.0/8' }],
    ['10.0.0.0/8:53/udp', { ...any, host: '10.0.0.0/8', port: 53, protocol: 'udp' }],
    ['10.0.0.1/32', { ...any, host: '10.0.0.1' }],
    ['::1', { ...any, host: '::1' }],
    ['[::1]:80', { ...any, host: '::1', port: 80 }],
    ['fd00::/8', { ...any, host: 'fd00::/8' }],
    ['[FD00::/8]:443/tcp', { ...any, host: 'fd00::/8', port: 443, protocol: 'tcp' }],
    ['Private', { ...any, host: 'private' }],
    ['db.internal=private:5432', { ...any, host: 'db.internal', within: ['private'], port: 5432 }],
    ['db.internal=[fd00::/8]', { ...any, host: 'db.internal', within: ['fd00::/8'] }],
  ] as const) {
    assert.deepEqual(parseNetFlag(flag), rule, flag);
  }
  assert.deepEqual(parseListenFlag('*:8080'), { address: 'any', port: 8080, protocol: 'any' });
  assert.deepEqual(parseListenFlag('[::]:0/udp'), { address: '::', port: 0, protocol: 'udp' });
  assert.equal(parseLookupFlag('*.Example.com'), '*.example.com');
  assert.deepEqual(parseHttpFlag('get,HEAD@https://example.com=private:8443/'), {
    host: 'example.com',
    port: 8443,
    scheme: 'https',
    methods: ['GET', 'HEAD'],
    within: ['private'],
  });
  assert.deepEqual(parseHttpFlag('example.com'), {
    host: 'example.com',
    port: 'default',
    scheme: 'any',
    methods: 'any',
    within: [],
  });
});

test('what cannot be granted says what is expected', () => {
  for (const flag of [
    '',
    ':80',
    'a b',
    'example.com:',
    'example.com:0',
    'example.com:65536',
    'example.com:90-80',
    'example.com:http',
    'example.com/sctp',
    'a.*.example',
    'exa*mple.com',
    '*.',
    '*.10.0.0.1',
    'user@example.com',
    'http://example.com',
    '[::1',
    '[::1]80',
    'fe80::1%eth0',
    'example.com=',
    'example.com=other.example',
    '1.2.3.4/33',
    '2002:a00::/24',
    '2001:0:1:2::3',
    '::ffff:0:0/96',
  ]) {
    refused(() => parseNetFlag(flag));
  }
  refused(() => parseNetFlag('10.0.0.1/8'), /expected a block whose address ends in zeros: 10\.0\.0\.0\/8/);
  for (const flag of ['8080', '127.0.0.1', 'example.com:80', 'private:80', '127.0.0.1:70000', ''])
    refused(() => parseListenFlag(flag));
  for (const flag of ['10.0.0.1', 'private', '']) refused(() => parseLookupFlag(flag));
  for (const flag of ['@example.com', 'G T@example.com', 'ftp://example.com', 'example.com/path', '', 'example.com:0'])
    refused(() => parseHttpFlag(flag));
});

test('a grant in JSON comes out the same when it is checked again', () => {
  const input: NetworkGrantInput = {
    connect: [
      'example.com:443/tcp',
      { host: '10.0.0.0/8', port: '1-1024', protocol: 'udp' },
      { host: 'a.test', within: ['private', '127.0.0.1'] },
    ],
    listen: [{ address: '*', port: 8080 }],
    lookup: ['*'],
    http: [{ host: 'example.com', methods: ['get'], scheme: 'https' }],
  };
  const once = checkNetwork(input);
  assert.deepEqual(checkNetwork(JSON.parse(JSON.stringify(once))), once);
  assert.deepEqual(checkGrant({ network: input }).network, once);
  assert.deepEqual(checkNetwork(), 'none');
  assert.deepEqual(checkNetwork({}), { connect: [], listen: [], lookup: [], http: [] });
});

test('wrong shapes are refused with their place', () => {
  for (const [input, message] of [
    ['all', /network/],
    [null, /network/],
    [{ outbound: [] }, /network\.outbound/],
    [{ connect: 'example.com' }, /network\.connect/],
    [{ connect: [7] }, /network\.connect\[0\]/],
    [{ connect: [{ hostname: 'a' }] }, /network\.connect\[0\]\.hostname/],
    [{ connect: ['a.test', { host: 'a', protocol: 'icmp' }] }, /network\.connect\[1\]/],
    [{ connect: [{ host: 'a', port: [80] }] }, /network\.connect\[0\]/],
    [{ connect: [{ host: 'a', within: ['b.test'] }] }, /network\.connect\[0\]/],
    [{ listen: [{ address: '127.0.0.1' }] }, /network\.listen\[0\]/],
    [{ http: [{ host: 'a', methods: 'GET' }] }, /network\.http\[0\]/],
    [{ lookup: [{}] }, /network\.lookup\[0\]/],
  ] as const) {
    refused(() => checkNetwork(input), message, 'bad-grant');
  }
});
