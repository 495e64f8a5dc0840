/** `wasi:sockets/tcp`: the states of a socket, over the host's connections and listeners. `start-...` never waits. */
import type { Connecting, HostTcpBound, HostTcpConnection, HostTcpListener, Pending } from '../../host/sockets.ts';
import { READY } from '../../host/streams.ts';
import type { NetworkAccess } from '../network.ts';
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
  toWit,
  type WitSocketAddress,
} from './network.ts';
import { Parent, type Pollable } from './poll.ts';
import { InputStream, OutputStream } from './streams.ts';
import { TcpOptions } from './tcp-options.ts';

type State =
  | { readonly kind: 'unbound' }
  | { readonly kind: 'bind-started' | 'bound'; readonly bound: HostTcpBound; readonly at: Place }
  | { readonly kind: 'listen-started'; readonly pending: Pending<HostTcpListener>; readonly at: Place }
  | { readonly kind: 'listening'; readonly listener: HostTcpListener; readonly at: Place }
  | { readonly kind: 'connecting'; readonly connecting: Connecting; readonly at: Place }
  | { readonly kind: 'connected'; readonly connection: HostTcpConnection; readonly at: Place }
  | { readonly kind: 'closed' };

/** The network that a socket belongs to, and the address that was asked for or given. */
interface Place {
  readonly network: NetworkAccess;
  readonly local: WitSocketAddress | undefined;
}

const UNBOUND: State = { kind: 'unbound' };
const CLOSED: State = { kind: 'closed' };

export type ShutdownType = 'receive' | 'send' | 'both';

/** Answers for a state in which an operation is not possible. */
function wrong(state: State): never {
  switch (state.kind) {
    case 'bind-started':
    case 'listen-started':
    case 'connecting':
      return fail('concurrency-conflict');
    default:
      return fail('invalid-state');
  }
}

/** The resource `tcp-socket`. */
export class TcpSocket {
  readonly #access: NetworkAccess;
  readonly #family: IpAddressFamily;
  readonly #options: TcpOptions;
  readonly #parent = new Parent();
  #streams = 0;
  #state: State = UNBOUND;

  /** Throws SocketError (`new-socket-limit`). */
  constructor(access: NetworkAccess, family: IpAddressFamily, options: TcpOptions = new TcpOptions()) {
    this.#access = access;
    this.#family = family;
    this.#options = options;
    access.add(this);
  }

  startBind(network: Network, localAddress: WitSocketAddress): void {
    const local = fromWit(localAddress);
    checkFamily(local, this.#family);
    checkUnicast(local);
    if (this.#state.kind !== 'unbound') wrong(this.#state);
    const access = Network.accessOf(network);
    const bound = coded(() => access.bindTcp(local));
    this.#state = { kind: 'bind-started', bound, at: { network: access, local: localAddress } };
  }

  finishBind(): void {
    if (this.#state.kind !== 'bind-started') fail('not-in-progress');
    this.#state = { ...this.#state, kind: 'bound' };
  }

  startConnect(network: Network, remoteAddress: WitSocketAddress): void {
    const remote = fromWit(remoteAddress);
    checkFamily(remote, this.#family);
    checkUnicast(remote);
    checkRemote(remote);
    const state = this.#state;
    if (state.kind !== 'unbound' && state.kind !== 'bound') wrong(state);
    const access = Network.accessOf(network);
    if (state.kind === 'bound' && state.at.network !== access) fail('invalid-argument');
    const connecting = coded(() => access.connectTcp(remote, state.kind === 'bound' ? state.bound : undefined));
    const local = state.kind === 'bound' ? toWit(state.bound.local) : undefined;
    this.#state = { kind: 'connecting', connecting, at: { network: access, local } };
  }

  finishConnect(): [InputStream, OutputStream] {
    const state = this.#state;
    if (state.kind !== 'connecting') return fail('not-in-progress');
    if (!state.connecting.ready()) return fail('would-block');
    this.#state = CLOSED;
    const connection = coded(() => state.connecting.result());
    return this.#connect(connection, state.at.network);
  }

  /** Enters the state `connected`. */
  #connect(connection: HostTcpConnection, network: NetworkAccess): [InputStream, OutputStream] {
    this.#state = { kind: 'connected', connection, at: { network, local: undefined } };
    if (this.#options.keepAlive.enabled) connection.setKeepAlive(this.#options.keepAlive);
    const dropped = (): void => {
      this.#streams--;
    };
    this.#streams += 2;
    return [new InputStream(connection.source, dropped), new OutputStream(connection.sink, dropped)];
  }

  startListen(): void {
    const state = this.#state;
    if (state.kind !== 'bound') wrong(state);
    const { bound, at } = state;
    const pending = coded(() => at.network.listenTcp(bound, fromWit(at.local!), this.#options.backlog));
    this.#state = { kind: 'listen-started', pending, at };
  }

  finishListen(): void {
    const state = this.#state;
    if (state.kind !== 'listen-started') fail('not-in-progress');
    if (!state.pending.ready()) fail('would-block');
    this.#state = CLOSED;
    const listener = coded(() => state.pending.result());
    this.#state = { kind: 'listening', listener, at: state.at };
  }

  accept(): [TcpSocket, InputStream, OutputStream] {
    const state = this.#state;
    if (state.kind !== 'listening') return wrong(state);
    return coded(() => {
      const socket = new TcpSocket(this.#access, this.#family, this.#options.copy());
      try {
        const connection = state.listener.accept();
        if (connection === undefined) return fail('would-block');
        return [socket, ...socket.#connect(connection, state.at.network)];
      } catch (error) {
        socket.close();
        throw error;
      }
    });
  }

  localAddress(): WitSocketAddress {
    const state = this.#state;
    switch (state.kind) {
      case 'bound':
        return toWit(state.bound.local);
      case 'listening':
        return toWit(state.listener.local);
      case 'connected':
        return toWit(state.connection.local);
      case 'connecting':
        return state.at.local ?? fail('concurrency-conflict');
      default:
        return wrong(state);
    }
  }

  remoteAddress(): WitSocketAddress {
    return this.#state.kind === 'connected' ? toWit(this.#state.connection.remote) : wrong(this.#state);
  }

  isListening(): boolean {
    return this.#state.kind === 'listening';
  }

  addressFamily(): IpAddressFamily {
    return this.#family;
  }

  setListenBacklogSize(value: bigint): void {
    if (value === 0n) fail('invalid-argument');
    const { kind } = this.#state;
    if (kind === 'listen-started') fail('concurrency-conflict');
    // A queue has its size from the start.
    if (kind === 'listening') fail('not-supported');
    if (kind === 'connecting' || kind === 'connected' || kind === 'closed') fail('invalid-state');
    this.#options.setBacklog(value);
  }

  /** The options, which a socket that is closed does not have any more. */
  #live(): TcpOptions {
    if (this.#state.kind === 'closed') fail('invalid-state');
    return this.#options;
  }

  #changed(): void {
    if (this.#state.kind === 'connected') this.#state.connection.setKeepAlive(this.#options.keepAlive);
  }

  keepAliveEnabled(): boolean {
    return this.#live().enabled;
  }

  setKeepAliveEnabled(value: boolean): void {
    this.#live().enabled = value;
    this.#changed();
  }

  keepAliveIdleTime(): bigint {
    return this.#live().idle;
  }

  setKeepAliveIdleTime(value: bigint): void {
    if (value === 0n) fail('invalid-argument');
    this.#live().idle = value;
    this.#changed();
  }

  keepAliveInterval(): bigint {
    return this.#live().interval;
  }

  setKeepAliveInterval(value: bigint): void {
    if (value === 0n) fail('invalid-argument');
    this.#live().interval = value;
    this.#changed();
  }

  keepAliveCount(): number {
    return this.#live().count;
  }

  setKeepAliveCount(value: number): void {
    if (value === 0) fail('invalid-argument');
    this.#live().count = value;
    this.#changed();
  }

  hopLimit(): number {
    return this.#live().hopLimit;
  }

  setHopLimit(value: number): void {
    if (value === 0) fail('invalid-argument');
    this.#live().hopLimit = value;
  }

  receiveBufferSize(): bigint {
    return this.#live().receiveBuffer;
  }

  setReceiveBufferSize(value: bigint): void {
    if (value === 0n) fail('invalid-argument');
    this.#live().receiveBuffer = value;
  }

  sendBufferSize(): bigint {
    return this.#live().sendBuffer;
  }

  setSendBufferSize(value: bigint): void {
    if (value === 0n) fail('invalid-argument');
    this.#live().sendBuffer = value;
  }

  /** Ready when what the socket is about can be finished. It may become about something else, so its state is asked each time. */
  subscribe(): Pollable {
    const waited = () => {
      const state = this.#state;
      switch (state.kind) {
        case 'listen-started':
          return state.pending;
        case 'listening':
          return state.listener;
        case 'connecting':
          return state.connecting;
        default:
          return READY;
      }
    };
    return this.#parent.pollable({
      ready: () => waited().ready(),
      subscribe: (done) => waited().subscribe(done),
    });
  }

  shutdown(shutdownType: ShutdownType): void {
    const state = this.#state;
    if (state.kind !== 'connected') wrong(state);
    if (shutdownType !== 'send') state.connection.shutdownReceive();
    if (shutdownType !== 'receive') state.connection.shutdownSend();
  }

  /** Gives what the socket holds back to the host. */
  close(): void {
    const state = this.#state;
    this.#state = CLOSED;
    this.#access.remove(this);
    if (state.kind === 'listen-started') closeLater(state.pending);
    else held(state)?.close();
  }

  [Symbol.dispose](): void {
    this.close();
    this.#parent.dropped('tcp-socket');
    if (this.#streams > 0) violated('the tcp-socket was dropped before its streams');
  }
}

/** What a socket holds of the host. */
function held(state: State): { close(): void } | undefined {
  switch (state.kind) {
    case 'bind-started':
    case 'bound':
      return state.bound;
    case 'listening':
      return state.listener;
    case 'connecting':
      return state.connecting;
    case 'connected':
      return state.connection;
    default:
      return undefined;
  }
}

/** The interfaces `tcp` and `tcp-create-socket`. */
export function makeTcp(access: NetworkAccess) {
  return {
    'wasi:sockets/tcp': { TcpSocket },
    'wasi:sockets/tcp-create-socket': {
      createTcpSocket: (addressFamily: IpAddressFamily): TcpSocket => coded(() => new TcpSocket(access, addressFamily)),
    },
  };
}
