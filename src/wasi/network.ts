/**
 * A program's way to the network, for every version of WASI: the host's sockets behind the policy of its grant, and what it holds open.
 * Every address that leaves or enters here was judged; names are looked up once, and what came is what is connected to.
 */
import { type IpAddress, printAddress } from '../grants/address.ts';
import { parseHost } from '../grants/host-name.ts';
import type { NetworkPolicy, NetworkRequest } from '../grants/network-policy.ts';
import {
  type Connecting,
  type HostSockets,
  type HostTcpBound,
  type HostTcpListener,
  type HostUdpSocket,
  Pending,
  type SocketAddress,
  SocketError,
} from '../host/sockets.ts';

/** Sockets that a program may have at once, where nobody says another number. */
export const MAX_SOCKETS = 1024;

/** Look-ups of one program that may be under way: each takes a thread of the system's. */
const MAX_LOOKUPS = 64;
/** Peers that a UDP socket may answer. */
const MAX_HEARD = 1024;

const IPV4_MAPPED = [0, 0, 0, 0, 0, 0xffff].slice(1);

function isMapped({ family, parts }: IpAddress): boolean {
  return family === 6 && parts.slice(1, 6).every((part, index) => part === IPV4_MAPPED[index]) && parts[0] === 0;
}

/** What a socket of a program is, to whoever closes what is left. */
interface Open {
  close(): void;
}

/**
 * Whom a UDP socket hears, and whom it may send to. One that may listen hears everybody and may answer whom it heard last; others hear
 * those that they may send to.
 */
export class UdpPeers {
  readonly #hearsAll: boolean;
  readonly #judge: (remote: SocketAddress) => boolean;
  readonly #allow: (remote: SocketAddress) => void;
  readonly #heard = new Set<string>();

  constructor(hearsAll: boolean, judge: (remote: SocketAddress) => boolean, allow: (remote: SocketAddress) => void) {
    this.#hearsAll = hearsAll;
    this.#judge = judge;
    this.#allow = allow;
  }

  /** Whether a datagram is for the program. */
  hears(remote: SocketAddress): boolean {
    if (!this.#hearsAll) return this.#judge(remote);
    const key = keyOf(remote);
    this.#heard.delete(key);
    this.#heard.add(key);
    if (this.#heard.size > MAX_HEARD) for (const oldest of this.#heard.keys()) return this.#heard.delete(oldest);
    return true;
  }

  /** Throws SocketError (`access-denied`) where datagrams may not be sent to an address. */
  check(remote: SocketAddress): void {
    if (!this.#heard.has(keyOf(remote))) this.#allow(remote);
  }
}

function keyOf({ address, port }: SocketAddress): string {
  return `${printAddress(address)} ${port}`;
}

export class NetworkAccess {
  readonly #sockets: HostSockets | undefined;
  readonly #policy: NetworkPolicy;
  readonly #most: number;
  readonly #open = new Set<Open>();
  #lookups = 0;

  constructor(sockets: HostSockets | undefined, policy: NetworkPolicy, most: number = MAX_SOCKETS) {
    this.#sockets = sockets;
    this.#policy = policy;
    this.#most = most;
  }

  get #host(): HostSockets {
    if (this.#sockets === undefined) throw new SocketError('not-supported', 'this platform has no sockets');
    return this.#sockets;
  }

  #allow(request: NetworkRequest): void {
    const verdict = this.#policy.decide(request);
    if (!verdict.allowed) throw new SocketError('access-denied', verdict.why);
  }

  /** Counts a socket. Throws SocketError (`new-socket-limit`). */
  add(socket: Open): void {
    if (this.#open.size >= this.#most) throw new SocketError('new-socket-limit', `${this.#most} sockets are open`);
    this.#open.add(socket);
  }

  remove(socket: Open): void {
    this.#open.delete(socket);
  }

  /** Sockets that are open. */
  get count(): number {
    return this.#open.size;
  }

  bindTcp(local: SocketAddress): HostTcpBound {
    this.#allow({ kind: 'bind', protocol: 'tcp', ...local });
    return this.#host.bindTcp(local);
  }

  connectTcp(remote: SocketAddress, bound: HostTcpBound | undefined): Connecting {
    this.#allow({ kind: 'connect', protocol: 'tcp', ...remote });
    return this.#host.connectTcp(remote, bound);
  }

  /** `asked` is the address that the program bound to, whose port may be 0. */
  listenTcp(bound: HostTcpBound, asked: SocketAddress, backlog: number): Pending<HostTcpListener> {
    this.#allow({ kind: 'listen', protocol: 'tcp', ...asked });
    return this.#host.listenTcp(bound, backlog);
  }

  bindUdp(local: SocketAddress): Pending<HostUdpSocket> {
    this.#allow({ kind: 'bind', protocol: 'udp', ...local });
    return this.#host.bindUdp(local);
  }

  /** The peers of a UDP socket that was bound to `asked`. */
  peersOf(asked: SocketAddress): UdpPeers {
    const hearsAll = this.#policy.judge({ kind: 'listen', protocol: 'udp', ...asked }).allowed;
    const judge = (remote: SocketAddress): boolean =>
      this.#policy.judge({ kind: 'connect', protocol: 'udp', ...remote }).allowed;
    const allow = (remote: SocketAddress): void => this.#allow({ kind: 'connect', protocol: 'udp', ...remote });
    return new UdpPeers(hearsAll, judge, allow);
  }

  /** Looks a name up; text of an address is that address. Throws SocketError (`invalid-argument`, `access-denied`). */
  lookup(name: string): Pending<readonly IpAddress[]> {
    const host = parseHost(name);
    if (host === undefined) throw new SocketError('invalid-argument', 'it is no name');
    if (host.kind === 'address') return Pending.of([host.address]);
    this.#allow({ kind: 'lookup', name: host.name });
    if (this.#lookups >= MAX_LOOKUPS)
      throw new SocketError('temporary-resolver-failure', 'too many look-ups are under way');
    this.#lookups++;
    const answer = new Pending<readonly IpAddress[]>();
    const asked = this.#host.lookup(host.name);
    asked.subscribe(() => {
      this.#lookups--;
      try {
        const addresses = asked.result().filter((address) => !isMapped(address));
        if (addresses.length === 0) throw new SocketError('name-unresolvable', 'the name has no address');
        this.#policy.remember(host.name, addresses);
        answer.resolve(addresses);
      } catch (error) {
        answer.reject(error);
      }
    });
    return answer;
  }

  /** Closes what the program left open. */
  closeAll(): void {
    for (const socket of [...this.#open]) socket.close();
    this.#open.clear();
  }
}
