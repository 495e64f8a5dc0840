/**
 * Decides what a program may reach, from the network part of its grant. The address that is connected to is what is judged: who looks a
 * name up connects to an address that was allowed, and never looks it up again. Addresses that are not public are reached only where a
 * rule names them; IPv6 forms of IPv4 are judged as the IPv4 address that they hold.
 */
import { type AddressBlock, bracketed, type IpAddress, inBlock, parseBlock, printAddress } from './address.ts';
import type { Use } from './audit.ts';
import { parseHost } from './host-name.ts';
import type { NetworkGrant, NetworkRules, Ports, Protocol } from './network.ts';
import { BLOCKED_RANGES, judged, names, rangeOf } from './ranges.ts';

/** What a program wants of its sockets. */
export type NetworkRequest =
  | { readonly kind: 'lookup'; readonly name: string }
  /** Also to send a datagram. `bind` takes a local address without listening yet; a bound UDP socket listens only to its peers. */
  | {
      readonly kind: 'connect' | 'bind' | 'listen';
      readonly protocol: Protocol;
      readonly address: IpAddress;
      readonly port: number;
    };

/** What a program wants of another over HTTP. */
export interface HttpTarget {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** A name or an address, IPv6 with or without brackets. */
  readonly host: string;
  readonly port: number;
}

/** `grant` is the flag that would allow it. */
export type Verdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly why: string; readonly grant: string };

/** A call that was refused, for people. */
export interface Denial {
  /** What the program wanted, such as `connect to 10.0.0.5:5432/tcp`. */
  readonly what: string;
  readonly why: string;
  readonly grant: string;
  readonly of: 'network' | 'files' | 'keyvalue';
}

type HostMatch =
  | { readonly kind: 'any' | 'localhost' }
  | { readonly kind: 'name'; readonly name: string; readonly below: boolean }
  | { readonly kind: 'block'; readonly block: AddressBlock }
  | { readonly kind: 'range'; readonly range: string };

/** A rule as it is looked at. */
interface Rule {
  readonly host: HostMatch;
  /** Where a name may lead, besides public addresses. */
  readonly within: readonly HostMatch[];
  /** Whether a port fits. */
  readonly port: (port: number) => boolean;
  readonly protocol: Protocol | 'any';
}

const ALLOWED: Verdict = { allowed: true };
/** What is remembered of look-ups, at most; the oldest is forgotten first. */
const MAX_ADDRESSES = 4096;
const MAX_NAMES = 16;
/** Different denials that are reported, at most. */
const MAX_REPORTS = 256;

function hostMatch(host: string): HostMatch {
  if (host === 'any' || host === 'localhost') return { kind: host };
  const block = parseBlock(host);
  if (block !== undefined) return { kind: 'block', block };
  if (BLOCKED_RANGES.some((range) => range === host)) return { kind: 'range', range: host };
  const below = host.startsWith('*.');
  return { kind: 'name', name: below ? host.slice(1) : host, below };
}

function portMatch(ports: Ports): (port: number) => boolean {
  if (ports === 'any') return () => true;
  const [low = '', high = low] = String(ports).split('-');
  return (port) => port >= Number(low) && port <= Number(high);
}

function ruleOf(rule: {
  readonly host: string;
  readonly port: Ports;
  readonly protocol: Protocol | 'any';
  readonly within: readonly string[];
}): Rule {
  return {
    host: hostMatch(rule.host),
    within: rule.within.map(hostMatch),
    port: portMatch(rule.port),
    protocol: rule.protocol,
  };
}

function coversName(match: HostMatch, name: string): boolean {
  switch (match.kind) {
    case 'any':
      return true;
    case 'localhost':
      return name === 'localhost';
    case 'name':
      return match.below ? name.endsWith(match.name) : name === match.name;
    case 'block':
    case 'range':
      return false;
  }
}

/** Whether a rule names the address itself. */
function coversAddress(match: HostMatch, address: IpAddress): boolean {
  switch (match.kind) {
    case 'any':
      return rangeOf(address) === 'public';
    case 'localhost':
      return rangeOf(address) === 'loopback';
    case 'block':
      return names(match.block, address);
    case 'range':
      return rangeOf(address) === match.range;
    case 'name':
      return false;
  }
}

/** Whether rules let an address be reached that was looked up under `known`: each address that it stands for, by one of them. */
function reaches(rules: readonly Rule[], address: IpAddress, known: readonly string[]): boolean {
  return judged(address).every((each) => rules.some((rule) => reachesOne(rule, each, known)));
}

function reachesOne({ host, within }: Rule, address: IpAddress, known: readonly string[]): boolean {
  if (coversAddress(host, address)) return true;
  if (host.kind !== 'any' && !known.some((name) => coversName(host, name))) return false;
  // The name `localhost` gains nothing by leading elsewhere.
  if (host.kind !== 'localhost' && rangeOf(address) === 'public') return true;
  return within.some((match) => coversAddress(match, address));
}

/** The address that stands between a program and what it wants: the first that is not public, else the first. */
function obstacle(address: IpAddress): IpAddress {
  const all = judged(address);
  return all.find((each) => rangeOf(each) !== 'public') ?? all[0]!;
}

const ARTICLE = /^[aeiou]/;

function describeRange(address: IpAddress): string {
  const range = rangeOf(address);
  return `${printAddress(address)} is ${ARTICLE.test(range) ? 'an' : 'a'} ${range} address, and no rule names it`;
}

const NO_RULES: NetworkRules = { connect: [], listen: [], lookup: [], http: [] };
const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

function compile(rules: NetworkRules) {
  return {
    connect: rules.connect.map(ruleOf),
    listen: rules.listen.map((rule) => ruleOf({ ...rule, host: rule.address, within: [] })),
    lookup: [...rules.lookup, ...rules.connect.map(({ host }) => host)].map(hostMatch),
    http: rules.http.map((rule) => ({
      ...ruleOf({ ...rule, protocol: 'tcp' }),
      scheme: rule.scheme,
      methods: rule.methods,
      defaultPort: rule.port === 'default',
    })),
  };
}

type HttpMatch = ReturnType<typeof compile>['http'][number];

/**
 * One program's policy, with what it has looked up. `onDenied` is called once for each different cause.
 *
 * ```ts
 * const policy = new NetworkPolicy(checkNetwork({ connect: ['example.com:443'] }));
 * policy.decide({ kind: 'lookup', name: 'example.com' }).allowed; // true
 * ```
 */
export class NetworkPolicy {
  readonly #everything: boolean;
  readonly #rules: ReturnType<typeof compile>;
  readonly #onDenied: ((denial: Denial) => void) | undefined;
  readonly #onUse: ((use: Use) => void) | undefined;
  readonly #reported = new Set<string>();
  /** The names that led to an address. */
  readonly #names = new Map<string, readonly string[]>();

  constructor(grant: NetworkGrant, onDenied?: (denial: Denial) => void, onUse?: (use: Use) => void) {
    this.#onUse = onUse;
    this.#everything = grant === 'inherit';
    this.#rules = compile(typeof grant === 'string' ? NO_RULES : grant);
    this.#onDenied = onDenied;
  }

  /** Whether anything at all is granted. */
  get empty(): boolean {
    return !this.#everything && Object.values(this.#rules).every((rules) => rules.length === 0);
  }

  /** Decides, and reports what is denied. */
  decide(request: NetworkRequest): Verdict {
    const verdict = this.judge(request);
    if (verdict.allowed && this.#onUse === undefined) return verdict;
    const peer = request.kind === 'lookup' ? request.name : `${this.#place(request)}/${request.protocol}`;
    const verb = { lookup: 'look up', connect: 'connect to', bind: 'bind to', listen: 'listen on' }[request.kind];
    const what = `${verb} ${peer}`;
    // A client's socket is a part of its connection.
    if (verdict.allowed) return request.kind === 'bind' ? verdict : this.#allowed(what, this.#flag(request));
    return this.#report(what, verdict);
  }

  /** Notes what was allowed, with the flag that would allow no more. */
  #allowed(what: string, grant: string): Verdict {
    this.#onUse?.({ kind: 'network', what, grant, allowed: true });
    return ALLOWED;
  }

  #flag(request: NetworkRequest): string {
    switch (request.kind) {
      case 'lookup': {
        const host = parseHost(request.name);
        return `--lookup ${host?.kind === 'name' ? host.name : 'NAME'}`;
      }
      case 'connect':
        return this.#connectFlag(request);
      default:
        return listenFlag(request);
    }
  }

  /** Decides without a report. */
  judge(request: NetworkRequest): Verdict {
    if (this.#everything) return ALLOWED;
    switch (request.kind) {
      case 'lookup':
        return this.#judgeLookup(request.name);
      case 'connect':
        return this.#judgeConnect(request);
      case 'listen':
        return this.#judgeListen(request);
      case 'bind': {
        // A client's socket: a port that nobody knows, and for UDP only the peers that it may send to are heard.
        const { protocol, port } = request;
        const client = port === 0 && this.#rules.connect.some((rule) => fits(rule.protocol, protocol));
        return client ? ALLOWED : this.#judgeListen(request);
      }
    }
  }

  /** Remembers what an allowed look-up found, so that these addresses may be connected to. `name` is as {@link parseHost} gives it. */
  remember(name: string, addresses: readonly IpAddress[]): void {
    for (const address of addresses) {
      const key = printAddress(address);
      const known = this.#names.get(key) ?? [];
      this.#names.delete(key);
      this.#names.set(key, [name, ...known.filter((each) => each !== name)].slice(0, MAX_NAMES));
    }
    for (const oldest of this.#names.keys()) {
      if (this.#names.size <= MAX_ADDRESSES) break;
      this.#names.delete(oldest);
    }
  }

  /**
   * Decides on a request over HTTP before its host is looked up. What a name leads to is decided by {@link decideHttpAddress}, for the
   * address that is then connected to.
   */
  decideHttp(target: HttpTarget): Verdict {
    const host = parseHost(target.host);
    if (this.#everything) return ALLOWED;
    if (host?.kind === 'address') return this.decideHttpAddress(target, host.address);
    const fitting = host === undefined ? [] : this.#httpRules(target);
    if (fitting.some((rule) => coversName(rule.host, host!.name))) return ALLOWED;
    const why = host === undefined ? `${JSON.stringify(target.host)} is no host` : 'no rule allows it';
    return this.#report(describeHttp(target), { allowed: false, why, grant: httpFlag(target) });
  }

  /** Decides on the address that a request over HTTP is about to connect to. */
  decideHttpAddress(target: HttpTarget, address: IpAddress): Verdict {
    const use = (): Verdict => this.#allowed(describeHttp(target), httpFlag(target, obstacle(address)));
    if (this.#everything) return use();
    const host = parseHost(target.host);
    const fitting = this.#httpRules(target);
    const known = host?.kind === 'name' ? [host.name] : [];
    // A name must be granted; then a rule that names the address serves as well as one that names both.
    const named = known.every((name) => fitting.some((rule) => coversName(rule.host, name)));
    if (named && reaches(fitting, address, known)) return use();
    const blocking = obstacle(address);
    const blocked = rangeOf(blocking) !== 'public';
    return this.#report(describeHttp(target), {
      allowed: false,
      why: blocked ? describeRange(blocking) : 'no rule allows it',
      grant: httpFlag(target, blocking),
    });
  }

  #httpRules({ method, scheme, port }: HttpTarget): readonly HttpMatch[] {
    return this.#rules.http.filter(
      (rule) =>
        (rule.scheme === 'any' || rule.scheme === scheme) &&
        (rule.methods === 'any' || rule.methods.includes(method)) &&
        (rule.defaultPort ? port === DEFAULT_PORTS[scheme] : rule.port(port)),
    );
  }

  #judgeLookup(text: string): Verdict {
    const host = parseHost(text);
    if (host?.kind === 'address') return ALLOWED;
    if (host !== undefined && this.#rules.lookup.some((match) => coversName(match, host.name))) return ALLOWED;
    const why = host === undefined ? 'it is no name' : 'no rule allows it';
    return { allowed: false, why, grant: `--net ${host?.name ?? 'NAME'}` };
  }

  #judgeConnect({
    protocol,
    address,
    port,
  }: NetworkRequest & { readonly kind: 'connect' | 'bind' | 'listen' }): Verdict {
    const known = this.#names.get(printAddress(address)) ?? [];
    const fitting = this.#rules.connect.filter((rule) => fits(rule.protocol, protocol) && rule.port(port));
    if (reaches(fitting, address, known)) return ALLOWED;
    const blocking = obstacle(address);
    const why = rangeOf(blocking) === 'public' ? 'no rule allows it' : describeRange(blocking);
    return { allowed: false, why, grant: this.#connectFlag({ protocol, address, port }) };
  }

  #connectFlag({ protocol, address, port }: Peer): string {
    const known = this.#names.get(printAddress(address)) ?? [];
    const name = known.find((each) => this.#everything || this.#rules.lookup.some((match) => coversName(match, each)));
    const blocking = obstacle(address);
    const host = name === undefined ? bracketed(printAddress(blocking)) : `${name}${rangeSuffix(name, blocking)}`;
    return `--net ${host}:${port}/${protocol}`;
  }

  #judgeListen({
    protocol,
    address,
    port,
  }: NetworkRequest & { readonly kind: 'connect' | 'bind' | 'listen' }): Verdict {
    const fitting = this.#rules.listen.filter((rule) => fits(rule.protocol, protocol) && rule.port(port));
    const [local] = judged(address);
    if (fitting.some(({ host }) => listens(host, local!))) return ALLOWED;
    return { allowed: false, why: 'no rule allows it', grant: listenFlag({ protocol, address, port }) };
  }

  #place({ address, port }: { readonly address: IpAddress; readonly port: number }): string {
    const [name] = this.#names.get(printAddress(address)) ?? [];
    const place = `${bracketed(printAddress(address))}:${port}`;
    return name === undefined ? place : `${place} (${name})`;
  }

  #report(what: string, verdict: Verdict & { readonly allowed: false }): Verdict {
    const { why, grant } = verdict;
    this.#onUse?.({ kind: 'network', what, grant, allowed: false });
    if (this.#onDenied !== undefined && !this.#reported.has(grant) && this.#reported.size < MAX_REPORTS) {
      this.#reported.add(grant);
      this.#onDenied({ of: 'network', what, why, grant });
    }
    return verdict;
  }
}

type Peer = Pick<NetworkRequest & { readonly kind: 'connect' }, 'protocol' | 'address' | 'port'>;

function listenFlag({ protocol, address, port }: Peer): string {
  return `--listen ${bracketed(printAddress(judged(address)[0]!))}:${port}/${protocol}`;
}

function fits(protocol: Protocol | 'any', wanted: Protocol): boolean {
  return protocol === 'any' || protocol === wanted;
}

/** Where one listens, no address is public or hidden: a block need not be of one kind. */
function listens(match: HostMatch, address: IpAddress): boolean {
  if (match.kind === 'any') return true;
  return match.kind === 'block' ? inBlock(address, match.block) : coversAddress(match, address);
}

/** `host` as a flag can hold it: the text comes from a program. */
function httpHost({ host }: HttpTarget): string {
  const parsed = parseHost(host);
  if (parsed === undefined) return 'HOST';
  return parsed.kind === 'name' ? parsed.name : bracketed(printAddress(parsed.address));
}

/** What a rule for a name says besides, so that the name may lead to an address. */
function rangeSuffix(name: string, address: IpAddress): string {
  const implied = name === 'localhost' ? 'loopback' : 'public';
  return rangeOf(address) === implied ? '' : `=${bracketed(printAddress(address))}`;
}

/** `HOST[=RANGE]` of the rule that would let `target` reach `address`. */
function httpPlace(target: HttpTarget, address: IpAddress | undefined): string {
  const name = httpHost(target);
  if (address === undefined) return name;
  return parseHost(target.host)?.kind === 'name'
    ? `${name}${rangeSuffix(name, address)}`
    : bracketed(printAddress(address));
}

function httpFlag(target: HttpTarget, address?: IpAddress): string {
  const { scheme, port } = target;
  const method = /^[A-Z]{1,20}$/.test(target.method) ? target.method : '*';
  const suffix = port === DEFAULT_PORTS[scheme] ? '' : `:${port}`;
  return `--http ${method}@${scheme}://${httpPlace(target, address)}${suffix}`;
}

function describeHttp(target: HttpTarget): string {
  return `request ${target.scheme}://${httpHost(target)}:${target.port}`;
}
