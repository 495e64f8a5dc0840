/**
 * The network part of a grant, as plain data: what a program may connect to, listen on, look up, and ask over HTTP. Nothing that is
 * not named. The policy that decides on it is in `network-policy.ts`. Rules may be written as the text that flags take.
 */
import { UsageError } from '../error/error.ts';
import { blockOf, masked, parseBlock, printBlock } from './address.ts';
import { parseHost } from './host-name.ts';
import { BLOCKED_RANGES, isIpv4Form, judged } from './ranges.ts';

/** One port, `LOW-HIGH`, or `any`. */
export type Ports = number | string;
export type Protocol = 'tcp' | 'udp';

/** A peer that a program may connect to or send datagrams to. */
export interface ConnectRule {
  /**
   * `any` (whatever is public), a name, `*.` and a name (all names below it), an address, a block of addresses, `localhost` (the name
   * and loopback addresses), or a kind of addresses such as `private`.
   */
  readonly host: string;
  readonly port: Ports;
  readonly protocol: Protocol | 'any';
  /** For names: kinds, addresses and blocks that are not public and that the name may stand for. */
  readonly within: readonly string[];
}

/** Where a program may listen. */
export interface ListenRule {
  /** `any`, an address, a block, or `localhost`. */
  readonly address: string;
  /** 0 is a port that the system chooses. */
  readonly port: Ports;
  readonly protocol: Protocol | 'any';
}

/** What a program may ask over HTTP. */
export interface HttpRule {
  /** As in {@link ConnectRule}. */
  readonly host: string;
  /** `default`: the port of the scheme. */
  readonly port: Ports;
  readonly scheme: 'http' | 'https' | 'any';
  readonly methods: readonly string[] | 'any';
  readonly within: readonly string[];
}

export interface NetworkRules {
  readonly connect: readonly ConnectRule[];
  readonly listen: readonly ListenRule[];
  /** Names (`any`, `*.NAME`) that may be looked up besides those of `connect`. */
  readonly lookup: readonly string[];
  readonly http: readonly HttpRule[];
}

/** `inherit`: everything that the process itself can reach. */
export type NetworkGrant = 'none' | 'inherit' | NetworkRules;

type Written<Rule> = string | { readonly [Key in keyof Rule]?: Rule[Key] | undefined };

/** Rules as people write them. */
export interface NetworkRulesInput {
  /** Texts as `--net` takes them, or objects with `host`. */
  readonly connect?: readonly Written<ConnectRule>[] | undefined;
  /** Texts as `--listen` takes them, or objects with `address`. */
  readonly listen?: readonly Written<ListenRule>[] | undefined;
  readonly lookup?: readonly string[] | undefined;
  /** Texts as `--http` takes them, or objects with `host`. */
  readonly http?: readonly Written<HttpRule>[] | undefined;
}

export type NetworkGrantInput = 'none' | 'inherit' | NetworkRulesInput;

function bad(what: string, expected: string, found: unknown, hint?: string): UsageError {
  return new UsageError(what.startsWith('--') ? 'bad-network' : 'bad-grant', `${what} cannot be granted`, {
    expected,
    found: typeof found === 'string' ? JSON.stringify(found) : found === null ? 'null' : typeof found,
    hint,
  });
}

const HOSTS = '* (whatever is public), a name, *.NAME, an address, a block such as 10.0.0.0/8, localhost or private';

/** A kind, address or block in its one spelling; undefined where it is none. */
function checkRange(text: string, what: string): string | undefined {
  const word = BLOCKED_RANGES.find((range) => range === text.toLowerCase());
  if (word !== undefined) return word;
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  const block = parseBlock(bare);
  if (block === undefined) return undefined;
  if (printBlock({ base: masked(block), length: block.length }) !== printBlock(block)) {
    const right = printBlock({ base: masked(block), length: block.length });
    throw bad(what, `a block whose address ends in zeros: ${right}`, text);
  }
  if (!isIpv4Form(block)) return printBlock(block);
  const [one, ...others] = judged(block.base);
  if (block.length < 128 || others.length > 0) throw bad(what, 'the IPv4 addresses that it holds', text);
  return printBlock(blockOf(one!));
}

/** A host in its one spelling. */
function checkHost(value: unknown, what: string): string {
  if (typeof value !== 'string') throw bad(what, HOSTS, value);
  if (value === '*' || value === 'any') return 'any';
  const range = checkRange(value, what);
  if (range !== undefined) return range;
  const wild = value.startsWith('*.');
  const host = parseHost(wild ? value.slice(2) : value);
  // An address that only a platform reads as one is hardly meant: 8080 would be 0.0.31.144.
  if (host?.kind !== 'name' || value.includes('*', wild ? 1 : 0)) throw bad(what, HOSTS, value);
  return wild ? `*.${host.name}` : host.name;
}

function checkPorts<Word extends string>(
  value: unknown,
  what: string,
  { least, word }: { readonly least: 0 | 1; readonly word: Word },
): Ports {
  const expected = `a port from ${least} to 65535, a range such as 8000-8100, or *`;
  if (value === undefined) return word;
  if (value === '*' || value === 'any') return 'any';
  if (value === word) return word;
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(String(value));
  if (match === null || (typeof value !== 'string' && typeof value !== 'number')) throw bad(what, expected, value);
  const low = Number(match[1]);
  const high = match[2] === undefined ? low : Number(match[2]);
  if (low < least || high < low || high > 65_535) throw bad(what, expected, String(value));
  return low === high ? low : `${low}-${high}`;
}

function oneOf<Word extends string>(value: unknown, what: string, words: readonly Word[], fallback: Word): Word {
  if (value === undefined) return fallback;
  const found = words.find((word) => word === value);
  if (found === undefined) throw bad(what, words.join(', '), value);
  return found;
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw bad(what, 'a list', value);
  return value;
}

function checkWithin(value: unknown, what: string): readonly string[] {
  const expected = `a block of addresses, an address, or one of ${BLOCKED_RANGES.join(', ')}`;
  return listOf(value, what).map((each) => {
    const range = typeof each === 'string' ? checkRange(each, what) : undefined;
    if (range === undefined) throw bad(what, expected, each);
    return range;
  });
}

type Fields = Readonly<Record<string, unknown>>;

/** The fields of a rule that is written as text or as an object. */
function fields(value: unknown, what: string, parse: (text: string, what: string) => Fields, names: string[]): Fields {
  if (typeof value === 'string') return parse(value, what);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw bad(what, 'a text or an object', value);
  for (const name of Object.keys(value)) {
    if (!names.includes(name)) throw bad(`${what}.${name}`, `one of ${names.join(', ')}`, name);
  }
  return value as Fields;
}

/** `HOST`, `HOST:PORT`, `[HOST]:PORT`; IPv6 without brackets has no port. */
function splitPort(text: string): { readonly host: string; readonly port: string | undefined } {
  const bracketed = /^(\[[^\]]*\])(?::(.*))?$/s.exec(text);
  if (bracketed !== null) return { host: bracketed[1]!, port: bracketed[2] };
  const cut = text.indexOf(':');
  if (cut < 0 || text.includes(':', cut + 1)) return { host: text, port: undefined };
  return { host: text.slice(0, cut), port: text.slice(cut + 1) };
}

/** `HOST[=RANGE][:PORT]`. */
function splitTarget(text: string): Fields {
  const cut = text.indexOf('=');
  const { host, port } = splitPort(cut < 0 ? text : text.slice(cut + 1));
  return cut < 0 ? { host, port } : { host: text.slice(0, cut), within: [host], port };
}

/** `...[/tcp|/udp]`. */
function splitProtocol(text: string): { readonly rest: string; readonly protocol: string | undefined } {
  const match = /^(.*)\/(tcp|udp)$/is.exec(text);
  return match === null ? { rest: text, protocol: undefined } : { rest: match[1]!, protocol: match[2]!.toLowerCase() };
}

function parseConnect(text: string): Fields {
  const { rest, protocol } = splitProtocol(text);
  return { ...splitTarget(rest), protocol };
}

function parseListen(text: string): Fields {
  const { rest, protocol } = splitProtocol(text);
  const { host, port } = splitPort(rest);
  return { address: host, port, protocol };
}

function parseHttp(text: string): Fields {
  const match = /^(?:([^@]*)@)?(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(text)!;
  const methods = match[1] === undefined || match[1] === '*' ? undefined : match[1].split(',');
  return { ...splitTarget(match[3]!.replace(/\/$/, '')), methods, scheme: match[2]?.toLowerCase() };
}

function checkConnect(value: unknown, what: string): ConnectRule {
  const rule = fields(value, what, parseConnect, ['host', 'port', 'protocol', 'within']);
  return {
    host: checkHost(rule['host'], what),
    port: checkPorts(rule['port'], what, { least: 1, word: 'any' }),
    protocol: oneOf(rule['protocol'], what, ['tcp', 'udp', 'any'], 'any'),
    within: checkWithin(rule['within'], what),
  };
}

function checkListen(value: unknown, what: string): ListenRule {
  const rule = fields(value, what, parseListen, ['address', 'port', 'protocol']);
  if (rule['port'] === undefined) throw bad(what, 'ADDRESS:PORT; a port of 0 is one that the system chooses', value);
  const address = checkHost(rule['address'], what);
  if (address !== 'any' && address !== 'localhost' && parseBlock(address) === undefined)
    throw bad(what, '* (all addresses), an address, a block of addresses, or localhost', rule['address']);
  return {
    address,
    port: checkPorts(rule['port'], what, { least: 0, word: 'any' }),
    protocol: oneOf(rule['protocol'], what, ['tcp', 'udp', 'any'], 'any'),
  };
}

function checkHttp(value: unknown, what: string): HttpRule {
  const rule = fields(value, what, parseHttp, ['host', 'port', 'scheme', 'methods', 'within']);
  const methods = rule['methods'] ?? 'any';
  const names =
    methods === 'any'
      ? methods
      : listOf(methods, what).map((method) => {
          if (typeof method !== 'string' || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(method))
            throw bad(what, 'methods such as GET,HEAD before the @', method);
          return method.toUpperCase();
        });
  return {
    host: checkHost(rule['host'], what),
    port: checkPorts(rule['port'], what, { least: 1, word: 'default' }),
    scheme: oneOf(rule['scheme'], what, ['http', 'https', 'any'], 'any'),
    methods: names,
    within: checkWithin(rule['within'], what),
  };
}

/** A name that may be looked up. */
function checkLookup(value: unknown, what: string): string {
  const host = checkHost(value, what);
  if (parseBlock(host) !== undefined || BLOCKED_RANGES.some((range) => range === host))
    throw bad(what, '*, a name, or *.NAME', value);
  return host;
}

/**
 * Checks the network part of a grant and fills in what was left out. Throws a UsageError (`bad-grant`) that names what cannot be used.
 *
 * ```ts
 * checkNetwork({ connect: ['db.example:5432/tcp'] }); // { connect: [{ host: 'db.example', port: 5432, ... }], ... }
 * ```
 */
export function checkNetwork(input: unknown = 'none'): NetworkGrant {
  if (input === 'none' || input === 'inherit') return input;
  const what = "the grant's network";
  const rules = fields(
    input,
    what,
    () => {
      throw bad(what, '"none", "inherit" or an object', input);
    },
    ['connect', 'listen', 'lookup', 'http'],
  );
  const each = <Rule>(key: string, check: (value: unknown, what: string) => Rule): readonly Rule[] =>
    listOf(rules[key], `${what}.${key}`).map((value, index) => check(value, `${what}.${key}[${index}]`));
  return {
    connect: each('connect', checkConnect),
    listen: each('listen', checkListen),
    lookup: each('lookup', checkLookup),
    http: each('http', checkHttp),
  };
}

/** Parses `--net HOST[=RANGE][:PORT][/tcp|/udp]`. Throws UsageError (`bad-network`). */
export function parseNetFlag(flag: string): ConnectRule {
  return checkConnect(flag, `--net ${JSON.stringify(flag)}`);
}

/** Parses `--listen ADDRESS:PORT[/tcp|/udp]`. Throws UsageError (`bad-network`). */
export function parseListenFlag(flag: string): ListenRule {
  return checkListen(flag, `--listen ${JSON.stringify(flag)}`);
}

/** Parses `--lookup NAME`. Throws UsageError (`bad-network`). */
export function parseLookupFlag(flag: string): string {
  return checkLookup(flag, `--lookup ${JSON.stringify(flag)}`);
}

/** Parses `--http [METHODS@][SCHEME://]HOST[=RANGE][:PORT]`. Throws UsageError (`bad-network`). */
export function parseHttpFlag(flag: string): HttpRule {
  return checkHttp(flag, `--http ${JSON.stringify(flag)}`);
}
