import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type IpAddress, parseAddress, printAddress } from './address.ts';
import { parseHost } from './host-name.ts';
import { checkNetwork, type NetworkGrantInput } from './network.ts';
import { type Denial, type HttpTarget, NetworkPolicy, type Verdict } from './network-policy.ts';

/** A row of the table in the documentation, without its decoration. */
interface Row {
  readonly grant: string;
  readonly known: string;
  readonly request: string;
  readonly decision: string;
}

function rows(): readonly Row[] {
  const text = readFileSync(new URL('../../docs/network.md', import.meta.url), 'utf8');
  const table = text
    .slice(text.indexOf('## Decisions'))
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2);
  return table.map((line) => {
    const [grant, known, request, decision] = line
      .slice(1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', ''));
    return { grant: grant!, known: known!, request: request!, decision: decision! };
  });
}

/** What the command line makes of flags, which lists take as text. */
function grantOf(flags: string): NetworkGrantInput {
  const words = flags === '' ? [] : flags.split(' ');
  if (words[0] === '--inherit-network') return 'inherit';
  const of = (name: string): string[] => words.filter((_, index) => words[index - 1] === `--${name}`);
  return { connect: of('net'), listen: of('listen'), lookup: of('lookup'), http: of('http') };
}

function address(text: string): IpAddress {
  const parsed = parseAddress(text.replace(/^\[(.*)\]$/, '$1'));
  assert.ok(parsed !== undefined, text);
  return parsed;
}

/** Looks a name up as a host does: only if it is allowed. */
function lookUp(policy: NetworkPolicy, name: string, ...found: readonly string[]): void {
  const host = parseHost(name);
  assert.equal(host?.kind, 'name');
  if (host?.kind === 'name' && policy.judge({ kind: 'lookup', name }).allowed)
    policy.remember(host.name, found.map(address));
}

function decideHttp(policy: NetworkPolicy, method: string, scheme: string, text: string): Verdict {
  const [place, peer] = text.split(' → ');
  const match = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(place!)!;
  const port = Number(match[2] ?? (scheme === 'https' ? 443 : 80));
  const target: HttpTarget = { method, scheme: scheme as 'http' | 'https', host: match[1]!, port };
  const verdict = policy.decideHttp(target);
  return verdict.allowed && peer !== undefined ? policy.decideHttpAddress(target, address(peer)) : verdict;
}

function decide(policy: NetworkPolicy, request: string): Verdict {
  const http = /^([A-Z]+) (https?):\/\/(.*)$/.exec(request);
  if (http !== null) return decideHttp(policy, http[1]!, http[2]!, http[3]!);
  const name = /^look up (.*)$/.exec(request)?.[1];
  if (name !== undefined) return policy.decide({ kind: 'lookup', name });
  const match = /^(?:(bind|listen) )?(tcp|udp) (.*):(\d+)$/.exec(request);
  assert.ok(match !== null, request);
  return policy.decide({
    kind: (match[1] ?? 'connect') as 'connect' | 'bind' | 'listen',
    protocol: match[2] as 'tcp' | 'udp',
    address: address(match[3]!),
    port: Number(match[4]),
  });
}

/** A policy that has looked up what a row says. */
function policyOf({ grant, known }: Row, flags = ''): NetworkPolicy {
  const policy = new NetworkPolicy(checkNetwork(grantOf(`${grant} ${flags}`.trim())));
  const [name, found] = known.split(' → ');
  if (found !== undefined) lookUp(policy, name!, ...found.split(', '));
  return policy;
}

test('decisions are those of the documentation', () => {
  const table = rows();
  assert.ok(table.length > 130, `${table.length} rows`);
  for (const row of table) {
    const verdict = decide(policyOf(row), row.request);
    const where = `${row.grant} | ${row.known} | ${row.request}`;
    assert.equal(verdict.allowed ? 'allowed' : verdict.grant, row.decision, where);
  }
});

test('what a denial names allows the call', () => {
  const denied = rows().filter(({ decision }) => decision.startsWith('--') && !/ NAME$/.test(decision));
  for (const row of denied) {
    // A Teredo or ISATAP address stands for two, and each denial names one.
    const policy = policyOf(row, row.decision);
    let verdict = decide(policy, row.request);
    if (!verdict.allowed && verdict.grant !== row.decision) {
      verdict = decide(policyOf(row, `${row.decision} ${verdict.grant}`), row.request);
    }
    assert.equal(verdict.allowed, true, `${row.grant} ${row.decision}: ${row.request}`);
  }
});

test('a name that changes its address gains nothing', () => {
  const policy = new NetworkPolicy(checkNetwork({ connect: ['rebind.test:80'] }));
  lookUp(policy, 'rebind.test', '93.184.215.14');
  assert.equal(decide(policy, 'tcp 93.184.215.14:80').allowed, true);
  lookUp(policy, 'rebind.test', '127.0.0.1', '169.254.169.254', '::1', '::ffff:10.0.0.1');
  for (const place of ['127.0.0.1', '169.254.169.254', '[::1]', '[::ffff:10.0.0.1]', '10.0.0.1']) {
    assert.equal(decide(policy, `tcp ${place}:80`).allowed, false, place);
  }
});

test('look-ups are remembered in bounded memory, the oldest forgotten first', () => {
  const policy = new NetworkPolicy(checkNetwork({ connect: ['a.test', 'b.test'] }));
  lookUp(policy, 'a.test', '1.1.1.1');
  lookUp(policy, 'b.test', '1.1.1.2');
  for (let n = 0; n < 4095; n++) lookUp(policy, 'a.test', `2.0.${n >> 8}.${n & 255}`);
  assert.equal(decide(policy, 'tcp 1.1.1.1:80').allowed, false);
  assert.equal(decide(policy, 'tcp 1.1.1.2:80').allowed, true);
});

test('a denial is reported once for each cause', () => {
  const seen: Denial[] = [];
  const policy = new NetworkPolicy(checkNetwork(), (denial) => seen.push(denial));
  for (let n = 0; n < 3; n++) {
    decide(policy, 'tcp 10.0.0.1:80');
    decide(policy, 'look up example.com');
  }
  policy.judge({ kind: 'lookup', name: 'quiet.test' });
  assert.deepEqual(seen, [
    {
      of: 'network',
      what: 'connect to 10.0.0.1:80/tcp',
      why: '10.0.0.1 is a private address, and no rule names it',
      grant: '--net 10.0.0.1:80/tcp',
    },
    { of: 'network', what: 'look up example.com', why: 'no rule allows it', grant: '--net example.com' },
  ]);
  for (let port = 1; port < 1000; port++) decide(policy, `tcp 10.0.0.1:${port}`);
  assert.ok(seen.length <= 256, String(seen.length));
});

test('a policy without rules is empty', () => {
  assert.equal(new NetworkPolicy('none').empty, true);
  assert.equal(new NetworkPolicy(checkNetwork({})).empty, true);
  assert.equal(new NetworkPolicy(checkNetwork({ lookup: ['a.test'] })).empty, false);
  assert.equal(new NetworkPolicy('inherit').empty, false);
});

test('addresses are printed as RFC 5952 says', () => {
  // The examples of the RFC's sections 1 and 4.
  for (const [given, expected] of [
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0db8::0001', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:DB8::AAAA', '2001:db8::aaaa'],
    ['::ffff:c000:0201', '::ffff:192.0.2.1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1::', '1::'],
  ] as const) {
    assert.equal(printAddress(address(given)), expected);
  }
  for (const wrong of [
    '1.2.3',
    '01.2.3.4',
    '1.2.3.256',
    '::1::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    ':1',
    '12345::',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7::8',
    '::%1',
    '',
    ':',
    '::1%eth0',
    '::1.2.3',
  ]) {
    assert.equal(parseAddress(wrong), undefined, wrong);
  }
});

test('hosts are read as a URL reads them', () => {
  for (const odd of [
    '127.1',
    '127.0.1',
    '0x7f.0.0.1',
    '0x7f000001',
    '2130706433',
    '017700000001',
    '0177.0.0.01',
    '127.0.0.1.',
    '１２７.0.0.1',
  ]) {
    assert.deepEqual(parseHost(odd), { kind: 'address', address: address('127.0.0.1') }, odd);
  }
  for (const wrong of [
    '',
    '.',
    'a..b',
    '256.1.1.1',
    '1.2.3.4.5',
    'a b',
    'a\tb',
    'a\nb',
    'a%62',
    'u@h',
    'a/b',
    'a\\b',
    'a?b',
    'a#b',
    '[a]',
    '[127.0.0.1]',
    'a:1',
    `${'a'.repeat(64)}.test`,
    'a.'.repeat(130),
    '\ud800',
    'a\0b',

    '08.1',
  ]) {
    assert.equal(parseHost(wrong), undefined, JSON.stringify(wrong));
  }
  assert.deepEqual(parseHost('_dmarc.Example.COM.'), { kind: 'name', name: '_dmarc.example.com' });
  assert.deepEqual(parseHost('straße.example'), { kind: 'name', name: 'xn--strae-oqa.example' });
  assert.deepEqual(parseHost('[::1]'), parseHost('::1'));
});
