/** `wasi:sockets/udp`: sockets that are bound, and their pair of datagram streams. */
import type { HostUdpSocket, Pending, SocketAddress } from '../../host/sockets.ts';
import { READY } from '../../host/streams.ts';
import type { NetworkAccess, UdpPeers } from '../network.ts';
import { violated } from './guard.ts';
import {
  checkFamily,
  checkRemote,
  checkUnicast,
  closeLater,
  coded,
  fail,
  fromWit,
  type IpAddressFamily,
  Network,
  sameAddress,
  toWit,
  type WitSocketAddress,
} from './network.ts';
import { Parent, type Pollable } from './poll.ts';

export interface IncomingDatagram {
  readonly data: Uint8Array;
  readonly remoteAddress: WitSocketAddress;
}

export interface OutgoingDatagram {
  readonly data: Uint8Array;
  readonly remoteAddress?: WitSocketAddress | undefined;
}

/** Datagrams of one `receive`, and the permit of `check-send`. */
const MAX_RECEIVE = 64;
const MAX_SEND = 16;
const DEFAULT_BUFFER = 65_536n;

/** What a bound socket and its streams know. */
interface Bound {
  readonly socket: HostUdpSocket;
  readonly peers: UdpPeers;
  readonly family: IpAddressFamily;
}

type State =
  | { readonly kind: 'unbound' | 'closed' }
  | {
      readonly kind: 'bind-started';
      readonly pending: Pending<HostUdpSocket>;
      readonly network: NetworkAccess;
      readonly asked: SocketAddress;
    }
  | { readonly kind: 'bound'; readonly bound: Bound; readonly remote: SocketAddress | undefined };

/** The resource `incoming-datagram-stream`. */
export class IncomingDatagramStream {
  readonly #bound: Bound;
  readonly #remote: SocketAddress | undefined;
  readonly #parent = new Parent();
  #dropped: (() => void) | undefined;

  constructor(bound: Bound, remote: SocketAddress | undefined, dropped: () => void) {
    this.#bound = bound;
    this.#remote = remote;
    this.#dropped = dropped;
  }

  #heard(from: SocketAddress): boolean {
    if (this.#remote !== undefined) return sameAddress(this.#remote, from);
    return this.#bound.peers.hears(from);
  }

  receive(maxResults: bigint): IncomingDatagram[] {
    const most = maxResults > MAX_RECEIVE ? MAX_RECEIVE : Number(maxResults);
    const datagrams: IncomingDatagram[] = [];
    while (datagrams.length < most) {
      // A failure is told when everything before it has been.
      if (datagrams.length > 0 && !this.#bound.socket.ready()) break;
      const next = coded(() => this.#bound.socket.receive());
      if (next === undefined) break;
      if (this.#heard(next.remote)) datagrams.push({ data: next.data, remoteAddress: toWit(next.remote) });
    }
    return datagrams;
  }

  subscribe(): Pollable {
    return this.#parent.pollable(this.#bound.socket);
  }

  [Symbol.dispose](): void {
    this.#dropped?.();
    this.#dropped = undefined;
    this.#parent.dropped('incoming-datagram-stream');
  }
}

/** The resource `outgoing-datagram-stream`. */
export class OutgoingDatagramStream {
  readonly #bound: Bound;
  readonly #remote: SocketAddress | undefined;
  readonly #parent = new Parent();
  #dropped: (() => void) | undefined;
  /** What the last `check-send` permitted; undefined where none was made since the last `send`. */
  #permit: number | undefined;

  constructor(bound: Bound, remote: SocketAddress | undefined, dropped: () => void) {
    this.#bound = bound;
    this.#remote = remote;
    this.#dropped = dropped;
  }

  checkSend(): bigint {
    this.#permit = this.#bound.socket.room.ready() ? MAX_SEND : 0;
    return BigInt(this.#permit);
  }

  /** Where a datagram goes; undefined where the socket is connected. */
  #target({ remoteAddress }: OutgoingDatagram): SocketAddress | undefined {
    const { peers, family } = this.#bound;
    if (remoteAddress === undefined) return this.#remote === undefined ? fail('invalid-argument') : undefined;
    const remote = fromWit(remoteAddress);
    checkFamily(remote, family);
    checkRemote(remote);
    if (this.#remote !== undefined) {
      if (!sameAddress(this.#remote, remote)) fail('invalid-argument');
      return undefined;
    }
    peers.check(remote);
    return remote;
  }

  send(datagrams: readonly OutgoingDatagram[]): bigint {
    if (datagrams.length === 0) return 0n;
    const permit = this.#permit;
    this.#permit = undefined;
    if (permit === undefined) violated('send was called before check-send');
    if (datagrams.length > permit)
      violated(`send of ${datagrams.length} datagrams, where check-send permitted ${permit}`);
    let sent = 0;
    try {
      for (const datagram of datagrams) {
        coded(() => this.#bound.socket.send(datagram.data, this.#target(datagram)));
        sent++;
      }
    } catch (error) {
      if (sent === 0) throw error;
    }
    return BigInt(sent);
  }

  subscribe(): Pollable {
    return this.#parent.pollable(this.#bound.socket.room);
  }

  [Symbol.dispose](): void {
    this.#dropped?.();
    this.#dropped = undefined;
    this.#parent.dropped('outgoing-datagram-stream');
  }
}

/** The resource `udp-socket`. */
export class UdpSocket {
  readonly #access: NetworkAccess;
  readonly #family: IpAddressFamily;
  readonly #parent = new Parent();
  #state: State = { kind: 'unbound' };
  #streams = 0;
  /** Set before the socket is bound, which is when the host has one. */
  #hopLimit = 64;
  #receiveBuffer: bigint | undefined;
  #sendBuffer: bigint | undefined;

  /** Throws SocketError (`new-socket-limit`). */
  constructor(access: NetworkAccess, family: IpAddressFamily) {
    this.#access = access;
    this.#family = family;
    access.add(this);
  }

  #bound(): Bound {
    const state = this.#state;
    if (state.kind === 'bind-started') return fail('concurrency-conflict');
    return state.kind === 'bound' ? state.bound : fail('invalid-state');
  }

  startBind(network: Network, localAddress: WitSocketAddress): void {
    const asked = fromWit(localAddress);
    checkFamily(asked, this.#family);
    if (this.#state.kind === 'bind-started') fail('concurrency-conflict');
    if (this.#state.kind !== 'unbound') fail('invalid-state');
    const access = Network.accessOf(network);
    this.#state = { kind: 'bind-started', pending: coded(() => access.bindUdp(asked)), network: access, asked };
  }

  finishBind(): void {
    const state = this.#state;
    if (state.kind !== 'bind-started') fail('not-in-progress');
    if (!state.pending.ready()) fail('would-block');
    this.#state = { kind: 'unbound' };
    const socket = coded(() => state.pending.result());
    const bound = { socket, peers: state.network.peersOf(state.asked), family: this.#family };
    this.#state = { kind: 'bound', bound, remote: undefined };
    coded(() => this.#apply(socket));
  }

  #apply(socket: HostUdpSocket): void {
    if (this.#hopLimit !== 64) socket.setHopLimit(this.#hopLimit);
    if (this.#receiveBuffer !== undefined) socket.receiveBufferSize(clamped(this.#receiveBuffer));
    if (this.#sendBuffer !== undefined) socket.sendBufferSize(clamped(this.#sendBuffer));
  }

  stream(remoteAddress: WitSocketAddress | undefined): [IncomingDatagramStream, OutgoingDatagramStream] {
    const bound = this.#bound();
    if (this.#streams > 0) violated('stream was called before the streams of an earlier call were dropped');
    const remote = remoteAddress === undefined ? undefined : fromWit(remoteAddress);
    if (remote !== undefined) {
      checkFamily(remote, this.#family);
      checkUnicast(remote);
      checkRemote(remote);
      coded(() => bound.peers.check(remote));
    }
    this.#state = { kind: 'bound', bound, remote: undefined };
    coded(() => bound.socket.connect(remote));
    this.#state = { kind: 'bound', bound, remote };
    const dropped = (): void => {
      this.#streams--;
    };
    this.#streams += 2;
    return [new IncomingDatagramStream(bound, remote, dropped), new OutgoingDatagramStream(bound, remote, dropped)];
  }

  localAddress(): WitSocketAddress {
    return toWit(this.#bound().socket.local);
  }

  remoteAddress(): WitSocketAddress {
    const state = this.#state;
    return state.kind === 'bound' && state.remote !== undefined ? toWit(state.remote) : fail('invalid-state');
  }

  addressFamily(): IpAddressFamily {
    return this.#family;
  }

  unicastHopLimit(): number {
    return this.#hopLimit;
  }

  setUnicastHopLimit(value: number): void {
    if (value === 0) fail('invalid-argument');
    const state = this.#state;
    if (state.kind === 'bound') coded(() => state.bound.socket.setHopLimit(value));
    this.#hopLimit = value;
  }

  receiveBufferSize(): bigint {
    const state = this.#state;
    const known = state.kind === 'bound' ? state.bound.socket.receiveBufferSize() : undefined;
    return known === undefined ? (this.#receiveBuffer ?? DEFAULT_BUFFER) : BigInt(known);
  }

  setReceiveBufferSize(value: bigint): void {
    if (value === 0n) fail('invalid-argument');
    this.#receiveBuffer = value;
    const state = this.#state;
    if (state.kind === 'bound') coded(() => state.bound.socket.receiveBufferSize(clamped(value)));
  }

  sendBufferSize(): bigint {
    const state = this.#state;
    const known = state.kind === 'bound' ? state.bound.socket.sendBufferSize() : undefined;
    return known === undefined ? (this.#sendBuffer ?? DEFAULT_BUFFER) : BigInt(known);
  }

  setSendBufferSize(value: bigint): void {
    if (value === 0n) fail('invalid-argument');
    this.#sendBuffer = value;
    const state = this.#state;
    if (state.kind === 'bound') coded(() => state.bound.socket.sendBufferSize(clamped(value)));
  }

  subscribe(): Pollable {
    const waited = () => (this.#state.kind === 'bind-started' ? this.#state.pending : READY);
    return this.#parent.pollable({
      ready: () => waited().ready(),
      subscribe: (done) => waited().subscribe(done),
    });
  }

  /** Gives what the socket holds back to the host. */
  close(): void {
    const state = this.#state;
    this.#state = { kind: 'closed' };
    this.#access.remove(this);
    if (state.kind === 'bound') state.bound.socket.close();
    if (state.kind === 'bind-started') closeLater(state.pending);
  }

  [Symbol.dispose](): void {
    this.close();
    this.#parent.dropped('udp-socket');
    if (this.#streams > 0) violated('the udp-socket was dropped before its streams');
  }
}

/** Sizes that a system takes. */
function clamped(size: bigint): number {
  return size > 0x3fff_ffffn ? 0x3fff_ffff : Number(size);
}

/** The interfaces `udp` and `udp-create-socket`. */
export function makeUdp(access: NetworkAccess) {
  return {
    'wasi:sockets/udp': { UdpSocket, IncomingDatagramStream, OutgoingDatagramStream },
    'wasi:sockets/udp-create-socket': {
      createUdpSocket: (addressFamily: IpAddressFamily): UdpSocket => coded(() => new UdpSocket(access, addressFamily)),
    },
  };
}
