/** UDP on Node. Node reads datagrams as they come: those that nobody fetches are kept up to a limit, others are lost, as UDP allows. */
import type { Socket } from 'node:dgram';
import type { Waitable } from '../host.ts';
import { type Datagram, type HostUdpSocket, Pending, type SocketAddress, SocketError } from '../sockets.ts';
import { Waiters } from '../streams.ts';
import { hostText, socketAddress } from './socket-address.ts';
import { socketCall, socketError } from './socket-errors.ts';

const never = (): void => {};
/** Datagrams and bytes that are kept for a guest. */
const MAX_QUEUE = 1024;
const MAX_BYTES = 256 * 1024;
/** Datagrams that may be on their way before a guest has to wait. */
const MAX_SENDING = 64;
/** What IP and UDP leave of 65,535 bytes. */
const MAX_DATA = { 4: 65_507, 6: 65_527 } as const;

/** Addresses are text already: nothing is looked up. */
function noLookup(host: string, ...rest: readonly unknown[]): void {
  const done = rest.at(-1) as (error: null, address: string, family: number) => void;
  done(null, host, host.includes(':') ? 6 : 4);
}

/** Binds a socket. */
export function bindUdp(local: SocketAddress): Pending<HostUdpSocket> {
  const pending = new Pending<HostUdpSocket>();
  const { createSocket } = process.getBuiltinModule('node:dgram');
  const type = local.address.family === 4 ? 'udp4' : 'udp6';
  const socket = createSocket({ type, ipv6Only: type === 'udp6', lookup: noLookup as never });
  const failed = (error: unknown): void => {
    pending.reject(socketError(error));
    socket.close();
  };
  socket.once('error', failed);
  socket.once('listening', () => {
    socket.off('error', failed);
    pending.resolve(new UdpSocket(socket, local.address.family));
  });
  try {
    socket.bind({ address: hostText(local), port: local.port, exclusive: true });
  } catch (error) {
    failed(error);
  }
  return pending;
}

class UdpSocket implements HostUdpSocket {
  readonly local: SocketAddress;
  readonly room: Waitable;
  readonly #socket: Socket;
  readonly #family: 4 | 6;
  readonly #queue: Datagram[] = [];
  readonly #readers = new Waiters();
  readonly #writers = new Waiters();
  #bytes = 0;
  #sending = 0;
  #receiveError: unknown;
  #sendError: unknown;
  #connected = false;
  #open = true;

  constructor(socket: Socket, family: 4 | 6) {
    this.#socket = socket;
    this.#family = family;
    const { address, port } = socket.address();
    this.local = socketAddress(address, port);
    const hasRoom = (): boolean => !this.#open || this.#sendError !== undefined || this.#sending < MAX_SENDING;
    this.room = {
      ready: hasRoom,
      subscribe: (done) => {
        if (!hasRoom()) return this.#writers.add(done);
        done();
        return never;
      },
    };
    socket.on('message', (data, from) => this.#push(data, socketAddress(from.address, from.port)));
    socket.on('error', (error) => {
      this.#receiveError = socketError(error);
      this.#readers.wake();
    });
  }

  #push(data: Buffer, remote: SocketAddress): void {
    if (this.#queue.length >= MAX_QUEUE || this.#bytes + data.length > MAX_BYTES) return;
    this.#bytes += data.length;
    this.#queue.push({ data: new Uint8Array(data), remote });
    this.#readers.wake();
  }

  ready(): boolean {
    return !this.#open || this.#queue.length > 0 || this.#receiveError !== undefined;
  }

  subscribe(done: () => void): () => void {
    if (!this.ready()) return this.#readers.add(done);
    done();
    return never;
  }

  receive(): Datagram | undefined {
    const datagram = this.#queue.shift();
    if (datagram !== undefined) {
      this.#bytes -= datagram.data.length;
      return datagram;
    }
    const error = this.#receiveError;
    this.#receiveError = undefined;
    if (error !== undefined) throw error;
    return undefined;
  }

  send(data: Uint8Array, to: SocketAddress | undefined): void {
    const error = this.#sendError;
    this.#sendError = undefined;
    if (error !== undefined) throw error;
    if (!this.#open) throw new SocketError('unknown', 'the socket is closed');
    if (data.length > MAX_DATA[this.#family]) throw new SocketError('datagram-too-large');
    const done = (failure: Error | null): void => {
      this.#sending--;
      if (failure !== null && failure !== undefined) this.#sendError ??= socketError(failure);
      this.#writers.wake();
    };
    // Kept by Node until it is sent; what came may be a view of the guest's memory.
    const copy = new Uint8Array(data);
    this.#sending++;
    try {
      if (to === undefined) this.#socket.send(copy, done);
      else this.#socket.send(copy, to.port, hostText(to), done);
    } catch (failure) {
      this.#sending--;
      throw socketError(failure);
    }
  }

  connect(remote: SocketAddress | undefined): void {
    if (this.#connected) this.#socket.disconnect();
    this.#connected = false;
    if (remote === undefined) return;
    // Node connects at once, and tells a failure later.
    socketCall(() => this.#socket.connect(remote.port, hostText(remote), never));
    try {
      this.#socket.remoteAddress();
    } catch (error) {
      throw new SocketError('remote-unreachable', 'there is no way to the address', error);
    }
    this.#connected = true;
    // What came of others before is none of this peer's.
    this.#queue.length = 0;
    this.#bytes = 0;
  }

  receiveBufferSize(set?: number): number | undefined {
    if (set !== undefined) socketCall(() => this.#socket.setRecvBufferSize(set));
    return socketCall(() => halved(this.#socket.getRecvBufferSize()));
  }

  sendBufferSize(set?: number): number | undefined {
    if (set !== undefined) socketCall(() => this.#socket.setSendBufferSize(set));
    return socketCall(() => halved(this.#socket.getSendBufferSize()));
  }

  setHopLimit(hops: number): void {
    socketCall(() => this.#socket.setTTL(hops));
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#queue.length = 0;
    this.#socket.close();
    this.#readers.wake();
    this.#writers.wake();
  }
}

/** Linux says twice of what was set, since it counts what it needs itself. */
function halved(size: number): number {
  return process.platform === 'linux' ? size / 2 : size;
}
