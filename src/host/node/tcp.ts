/** TCP on Node: nothing is read before somebody wants it, nothing written past what the system takes. */
import type { BoundSocket, Server, Socket } from 'node:net';
import { HostError, type Sink, type Source } from '../host.ts';
import {
  type Connecting,
  type HostTcpBound,
  type HostTcpConnection,
  type HostTcpListener,
  type KeepAlive,
  Pending,
  type SocketAddress,
  SocketError,
} from '../sockets.ts';
import { Waiters } from '../streams.ts';
import { hostText, socketAddress } from './socket-address.ts';
import { socketCall, socketError, streamError } from './socket-errors.ts';
import { nodeNet } from './terminal.ts';

const NOTHING = new Uint8Array(0);
const never = (): void => {};
/** Milliseconds that a closed connection has to send what it holds. */
const LINGER = 10_000;
/** Connections that are given that time; what others hold is lost. */
const MAX_LINGERING = 1024;

/** Connections that the system holds until Node sees them, which is at once: a shorter queue loses some for seconds. */
const SYSTEM_BACKLOG = 511;

/** Connections that were closed and still send. */
export class Lingering {
  readonly #sockets = new Set<Socket>();
  #waiting: (() => void)[] = [];

  add(socket: Socket): void {
    if (this.#sockets.size >= MAX_LINGERING) socket.destroy();
    if (socket.destroyed) return;
    this.#sockets.add(socket);
    const timer = setTimeout(() => socket.destroy(), LINGER).unref();
    socket.once('close', () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
      if (this.#sockets.size === 0) for (const done of this.#waiting.splice(0)) done();
    });
  }

  drained(): Promise<void> {
    if (this.#sockets.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** An open connection of Node. */
export class TcpConnection implements HostTcpConnection {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly source: Source;
  readonly sink: Sink;
  readonly #socket: Socket;
  readonly #lingering: Lingering;
  readonly #readers = new Waiters();
  readonly #writers = new Waiters();
  /** Told once to whoever reads, and once to whoever writes. */
  #readError: unknown;
  #writeError: unknown;
  #ended = false;
  #deaf = false;
  #mute = false;

  /** Takes over a socket that is connected, allows half-open connections and is paused. */
  constructor(socket: Socket, lingering: Lingering) {
    this.#socket = socket;
    this.#lingering = lingering;
    this.local = socketAddress(socket.localAddress ?? '', socket.localPort ?? 0);
    this.remote = socketAddress(socket.remoteAddress ?? '', socket.remotePort ?? 0);
    socket.setNoDelay(true);
    socket.on('readable', () => {
      // An end that nobody asks for is not told.
      if (socket.readableLength === 0) socket.read(0);
      this.#readers.wake();
    });
    socket.once('end', () => this.#over());
    socket.on('error', (error) => {
      const told = streamError(error);
      this.#readError ??= told;
      this.#writeError ??= told;
    });
    socket.once('close', () => this.#over());
    this.source = this.#makeSource();
    this.sink = this.#makeSink();
  }

  #over(): void {
    this.#ended = true;
    this.#readers.wake();
    if (this.#socket.destroyed) this.#writers.wake();
  }

  #readable(): boolean {
    return this.#deaf || this.#ended || this.#readError !== undefined || this.#socket.readableLength > 0;
  }

  #read(max: number): Uint8Array | undefined {
    const socket = this.#socket;
    if (this.#deaf) return undefined;
    const length = Math.min(max, socket.readableLength);
    const chunk = length === 0 ? null : (socket.read(length) as Buffer | null);
    if (chunk !== null) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    if (socket.readableLength > 0) return NOTHING;
    if (this.#readError !== undefined) {
      const error = this.#readError;
      this.#readError = undefined;
      this.#deaf = true;
      throw error;
    }
    if (this.#ended) return undefined;
    // Has the system asked for more; an end is told at the next look.
    socket.read(0);
    return NOTHING;
  }

  #makeSource(): Source {
    return {
      terminal: false,
      ready: () => this.#readable(),
      subscribe: (done) => {
        if (!this.#readable()) this.#socket.read(0);
        if (!this.#readable()) return this.#readers.add(done);
        done();
        return never;
      },
      read: (max) => this.#read(max),
      close: () => this.shutdownReceive(),
    };
  }

  #makeSink(): Sink {
    const socket = this.#socket;
    const gone = (): boolean => this.#mute || socket.destroyed || socket.writableEnded;
    const ready = (): boolean => gone() || this.#writeError !== undefined || socket.writableLength === 0;
    const check = (): void => {
      if (this.#writeError !== undefined && !this.#mute) {
        const error = this.#writeError;
        this.#writeError = undefined;
        this.#mute = true;
        throw error;
      }
      if (gone()) throw new HostError('pipe', 'the connection takes nothing more');
    };
    return {
      terminal: false,
      ready,
      subscribe: (done) => {
        if (!ready()) return this.#writers.add(done);
        done();
        return never;
      },
      check,
      write: (bytes) => {
        check();
        // Kept by Node until it is sent; what came may be a view of the guest's memory.
        if (bytes.length > 0) socket.write(new Uint8Array(bytes), () => this.#writers.wake());
      },
      close: () => this.shutdownSend(),
    };
  }

  setKeepAlive({ enabled, idle, interval, count }: KeepAlive): void {
    // Node takes whole seconds.
    if (!this.#socket.destroyed) this.#socket.setKeepAlive(enabled, seconds(idle), seconds(interval), count);
  }

  shutdownReceive(): void {
    if (this.#deaf) return;
    this.#deaf = true;
    // What comes goes nowhere, so that the other side can end.
    this.#socket.removeAllListeners('readable');
    this.#socket.resume();
    this.#readers.wake();
  }

  shutdownSend(): void {
    this.#mute = true;
    if (!this.#socket.destroyed) this.#socket.end();
    this.#writers.wake();
  }

  close(): void {
    this.#deaf = true;
    this.#mute = true;
    const socket = this.#socket;
    if (!socket.destroyed && socket.writableLength > 0) this.#lingering.add(socket);
    if (!socket.destroyed) socket.destroySoon();
    this.#readers.wake();
    this.#writers.wake();
  }
}

function seconds(milliseconds: number): number {
  return Math.min(Math.max(1, Math.round(milliseconds / 1000)), 32_767) * 1000;
}

/** A local address that is taken. */
export class TcpBound implements HostTcpBound {
  readonly local: SocketAddress;
  readonly #socket: BoundSocket;
  #taken = false;

  constructor(local: SocketAddress) {
    const { BoundSocket } = nodeNet();
    if (BoundSocket === undefined) {
      throw new SocketError('not-supported', 'this version of Node cannot bind a socket before it listens or connects');
    }
    const ipv6Only = local.address.family === 6;
    this.#socket = socketCall(() => new BoundSocket({ host: hostText(local), port: local.port, ipv6Only }));
    const { address, port } = this.#socket.address() as { address: string; port: number };
    this.local = socketAddress(address, port);
  }

  /** Gives the socket away, once. */
  take(): BoundSocket {
    this.#taken = true;
    return this.#socket;
  }

  close(): void {
    if (!this.#taken) this.#socket.close();
    this.#taken = true;
  }
}

/** Starts to connect. */
export function connectTcp(remote: SocketAddress, bound: TcpBound | undefined, lingering: Lingering): Connecting {
  const pending = new Pending<TcpConnection>();
  const { Socket } = nodeNet();
  const options = { allowHalfOpen: true };
  const socket = bound === undefined ? new Socket(options) : new Socket({ ...options, handle: bound.take() });
  const failed = (error: unknown): void => {
    // An address that the system could not choose for us.
    const told = socketError(error);
    const noPort = told instanceof SocketError && told.code === 'address-not-bindable' && bound === undefined;
    pending.reject(noPort ? new SocketError('address-in-use', 'no local port is left', told) : told);
  };
  socket.once('error', failed);
  socket.once('close', () => pending.reject(new SocketError('connection-aborted')));
  socket.once('connect', () => {
    socket.off('error', failed);
    try {
      pending.resolve(new TcpConnection(socket, lingering));
    } catch (error) {
      // It has been reset already, and its ends are not known any more.
      socket.on('error', never);
      socket.destroy();
      pending.reject(socketError(error, 'connection-reset'));
    }
  });
  try {
    socket.connect({ host: hostText(remote), port: remote.port, family: remote.address.family });
  } catch (error) {
    socket.destroy();
    failed(error);
  }
  return {
    ready: () => pending.ready(),
    subscribe: (done) => pending.subscribe(done),
    result: () => pending.result(),
    close() {
      socket.on('error', never);
      socket.destroy();
    },
  };
}

/** Starts to listen. */
export function listenTcp(bound: TcpBound, backlog: number, lingering: Lingering): Pending<HostTcpListener> {
  const pending = new Pending<HostTcpListener>();
  const server = nodeNet().createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.once('error', (error) => pending.reject(socketError(error)));
  server.once('listening', () => pending.resolve(new TcpListener(server, bound.local, backlog, lingering)));
  try {
    server.listen({ handle: bound.take() }, SYSTEM_BACKLOG);
  } catch (error) {
    pending.reject(socketError(error));
  }
  return pending;
}

/** Connections that come before the guest accepts them are kept, as many as the backlog; others are reset. */
class TcpListener implements HostTcpListener {
  readonly local: SocketAddress;
  readonly #server: Server;
  readonly #lingering: Lingering;
  readonly #queue: Socket[] = [];
  readonly #waiters = new Waiters();
  #error: unknown;

  constructor(server: Server, local: SocketAddress, backlog: number, lingering: Lingering) {
    this.local = local;
    this.#server = server;
    this.#lingering = lingering;
    server.on('connection', (socket) => {
      socket.on('error', never);
      if (this.#queue.length >= backlog) socket.resetAndDestroy();
      else this.#queue.push(socket);
      this.#waiters.wake();
    });
    server.on('error', (error) => {
      this.#error = socketError(error);
      this.#waiters.wake();
    });
  }

  ready(): boolean {
    return this.#queue.length > 0 || this.#error !== undefined;
  }

  subscribe(done: () => void): () => void {
    if (!this.ready()) return this.#waiters.add(done);
    done();
    return never;
  }

  accept(): HostTcpConnection | undefined {
    const socket = this.#queue.shift();
    if (socket === undefined) {
      const error = this.#error;
      this.#error = undefined;
      if (error !== undefined) throw error;
      return undefined;
    }
    socket.off('error', never);
    if (socket.destroyed || socket.remoteAddress === undefined) {
      socket.on('error', never);
      socket.destroy();
      throw new SocketError('connection-aborted', 'the other side has gone already');
    }
    return new TcpConnection(socket, this.#lingering);
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#queue.splice(0)) socket.resetAndDestroy();
    this.#waiters.wake();
  }
}
