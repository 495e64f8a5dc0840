/**
 * Sockets and name look-up as a platform gives them, typed by resource and not by WASI version. What a program may reach is not decided
 * here: addresses come in when they were allowed. Bytes of a connection are the sources and sinks of `host.ts`, so that back-pressure
 * goes from one end to the other.
 */
import type { IpAddress } from '../grants/address.ts';
import type { Host, Sink, Source, Waitable } from './host.ts';
import { Waiters } from './streams.ts';

/** Why an operation failed, in WASI's words (`wasi:sockets/network.error-code`). */
export type SocketErrorCode =
  | 'unknown'
  | 'access-denied'
  | 'not-supported'
  | 'invalid-argument'
  | 'out-of-memory'
  | 'timeout'
  | 'new-socket-limit'
  | 'address-not-bindable'
  | 'address-in-use'
  | 'remote-unreachable'
  | 'connection-refused'
  | 'connection-reset'
  | 'connection-aborted'
  | 'datagram-too-large'
  | 'name-unresolvable'
  | 'temporary-resolver-failure'
  | 'permanent-resolver-failure';

/** An operation on the network failed in a way that the guest is told about. */
export class SocketError extends Error {
  override readonly name = 'SocketError';
  readonly code: SocketErrorCode;
  constructor(code: SocketErrorCode, message: string = code, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
  }
}

export interface SocketAddress {
  readonly address: IpAddress;
  readonly port: number;
  /** IPv6 only. */
  readonly flowInfo?: number;
  /** The interface of a link-local IPv6 address; 0 or absent for others. */
  readonly scopeId?: number;
}

/** A result that comes later. `result` throws the SocketError that it failed with; it is asked only when ready. */
export class Pending<T> implements Waitable {
  readonly #waiters = new Waiters();
  #outcome: { readonly value: T } | { readonly error: unknown } | undefined;

  static of<T>(value: T): Pending<T> {
    const pending = new Pending<T>();
    pending.resolve(value);
    return pending;
  }

  static failed<T>(error: unknown): Pending<T> {
    const pending = new Pending<T>();
    pending.reject(error);
    return pending;
  }

  resolve(value: T): void {
    this.#settle({ value });
  }

  reject(error: unknown): void {
    this.#settle({ error });
  }

  #settle(outcome: { readonly value: T } | { readonly error: unknown }): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    this.#waiters.wake();
  }

  ready(): boolean {
    return this.#outcome !== undefined;
  }

  subscribe(done: () => void): () => void {
    if (this.#outcome === undefined) return this.#waiters.add(done);
    done();
    return () => {};
  }

  result(): T {
    const outcome = this.#outcome;
    if (outcome === undefined) throw new SocketError('unknown', 'the result is not there yet');
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  }
}

/** Times in milliseconds. */
export interface KeepAlive {
  readonly enabled: boolean;
  readonly idle: number;
  readonly interval: number;
  readonly count: number;
}

/** A connection. Closing it sends what was written, in the background. */
export interface HostTcpConnection {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  /** Fails with a {@link SocketError} as the cause of its HostError; so does the sink. */
  readonly source: Source;
  readonly sink: Sink;
  setKeepAlive(options: KeepAlive): void;
  /** What has come and what will come is forgotten. */
  shutdownReceive(): void;
  /** After what was written, the other side sees the end. */
  shutdownSend(): void;
  close(): void;
}

/** A local address that is taken, before it is known what for. Belongs to one connection or listener from then on. */
export interface HostTcpBound {
  readonly local: SocketAddress;
  close(): void;
}

/** Ready when a connection is there, or listening has failed. */
export interface HostTcpListener extends Waitable {
  readonly local: SocketAddress;
  /** The next connection; undefined where there is none yet. Throws SocketError. */
  accept(): HostTcpConnection | undefined;
  close(): void;
}

export interface Datagram {
  readonly data: Uint8Array;
  readonly remote: SocketAddress;
}

/** A bound UDP socket. Ready when a datagram, or a failure, is there. */
export interface HostUdpSocket extends Waitable {
  readonly local: SocketAddress;
  /** The next datagram; undefined where there is none. Throws the SocketError that an earlier datagram met. */
  receive(): Datagram | undefined;
  /** Ready while datagrams may be sent. */
  readonly room: Waitable;
  /** Sends a copy, or has it sent. Throws SocketError. `to` is left out where the socket is connected. */
  send(data: Uint8Array, to: SocketAddress | undefined): void;
  /** Hears from one peer only; undefined hears from all again. Throws SocketError. */
  connect(remote: SocketAddress | undefined): void;
  /** Where the platform sets and knows it; undefined otherwise. Bytes. */
  receiveBufferSize(set?: number): number | undefined;
  sendBufferSize(set?: number): number | undefined;
  setHopLimit(hops: number): void;
  close(): void;
}

export interface HostSockets {
  /** Takes a local address; port 0 is one that the system chooses. Throws SocketError. */
  bindTcp(local: SocketAddress): HostTcpBound;
  /** Connects, from a local address where one was taken. Closing the Pending's connection is the caller's once it is there. */
  connectTcp(remote: SocketAddress, bound: HostTcpBound | undefined): Connecting;
  listenTcp(bound: HostTcpBound, backlog: number): Pending<HostTcpListener>;
  bindUdp(local: SocketAddress): Pending<HostUdpSocket>;
  /** Asks the system for the addresses of a name, in the order of preference. Fails with SocketError. */
  lookup(name: string): Pending<readonly IpAddress[]>;
  /** Resolves when connections that were closed have sent what they had, or have been given up. */
  drained(): Promise<void>;
}

/** A platform that may have sockets. */
export interface NetworkHost extends Host {
  readonly sockets?: HostSockets;
}

/** A connection that is on its way. */
export interface Connecting extends Waitable {
  result(): HostTcpConnection;
  /** Gives it up, or closes it. */
  close(): void;
}
