/** `wasi:sockets/network` and what its siblings share: the resource `network`, addresses in WIT's form, and errors as codes. */
import { ComponentError } from '../../error/error.ts';
import type { IpAddress } from '../../grants/address.ts';
import { judged, rangeOf } from '../../grants/ranges.ts';
import { type Pending, type SocketAddress, SocketError, type SocketErrorCode } from '../../host/sockets.ts';
import type { NetworkAccess } from '../network.ts';
import { IoError } from './error.ts';

/** `error-code`: the host's, and those that say that a call came at the wrong time. */
export type ErrorCode = SocketErrorCode | 'concurrency-conflict' | 'not-in-progress' | 'would-block' | 'invalid-state';

export type IpAddressFamily = 'ipv4' | 'ipv6';

/** `ip-address`. */
export interface WitAddress {
  readonly tag: IpAddressFamily;
  readonly val: readonly number[];
}

/** `ip-socket-address`. */
export type WitSocketAddress =
  | { readonly tag: 'ipv4'; readonly val: { readonly port: number; readonly address: readonly number[] } }
  | {
      readonly tag: 'ipv6';
      readonly val: {
        readonly port: number;
        readonly flowInfo: number;
        readonly address: readonly number[];
        readonly scopeId: number;
      };
    };

/** The resource `network`: the authority over what a grant names. */
export class Network {
  readonly #access: NetworkAccess;

  constructor(access: NetworkAccess) {
    this.#access = access;
  }

  static accessOf(network: Network): NetworkAccess {
    return network.#access;
  }
}

/** Answers with an error code. */
export function fail(code: ErrorCode): never {
  throw new ComponentError(code);
}

/** Runs an operation whose WIT type is `result<T, error-code>`. */
export function coded<T>(operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw error instanceof SocketError ? new ComponentError(error.code) : error;
  }
}

export function toWitAddress({ family, parts }: IpAddress): WitAddress {
  return { tag: family === 4 ? 'ipv4' : 'ipv6', val: [...parts] };
}

export function toWit({ address, port, flowInfo = 0, scopeId = 0 }: SocketAddress): WitSocketAddress {
  const parts = [...address.parts];
  return address.family === 4
    ? { tag: 'ipv4', val: { port, address: parts } }
    : { tag: 'ipv6', val: { port, flowInfo, address: parts, scopeId } };
}

export function fromWit(address: WitSocketAddress): SocketAddress {
  if (address.tag === 'ipv4') {
    return { address: { family: 4, parts: [...address.val.address] }, port: address.val.port };
  }
  const { port, flowInfo, scopeId } = address.val;
  return { address: { family: 6, parts: [...address.val.address] }, port, flowInfo, scopeId };
}

export function sameAddress(one: SocketAddress, other: SocketAddress): boolean {
  const { address, port, scopeId = 0 } = one;
  return (
    address.family === other.address.family &&
    port === other.port &&
    scopeId === (other.scopeId ?? 0) &&
    address.parts.every((part, index) => part === other.address.parts[index])
  );
}

/** Refuses addresses of another family, and IPv6 addresses that are IPv4 addresses in disguise. */
export function checkFamily({ address }: SocketAddress, family: IpAddressFamily): void {
  if (address.family !== (family === 'ipv4' ? 4 : 6)) fail('invalid-argument');
  const mapped = address.family === 6 && address.parts.slice(0, 5).every((part) => part === 0);
  if (mapped && (address.parts[5] === 0xffff || (address.parts[5] === 0 && judged(address)[0]?.family === 4)))
    fail('invalid-argument');
}

/** Refuses multicast and broadcast. */
export function checkUnicast({ address }: SocketAddress): void {
  const range = rangeOf(address);
  if (range === 'multicast' || range === 'broadcast') fail('invalid-argument');
}

/** Refuses what no peer can have. */
export function checkRemote({ address, port }: SocketAddress): void {
  if (port === 0 || address.parts.every((part) => part === 0)) fail('invalid-argument');
}

/** The interfaces `network` and `instance-network`. */
export function makeNetwork(access: NetworkAccess) {
  return {
    'wasi:sockets/network': {
      Network,
      networkErrorCode: (error: IoError): ErrorCode | undefined => IoError.socketCause(error)?.code,
    },
    'wasi:sockets/instance-network': { instanceNetwork: () => new Network(access) },
  };
}

/** Closes what is on its way to a socket that is gone, once it is there. */
export function closeLater(pending: Pending<{ close(): void }>): void {
  pending.subscribe(() => {
    try {
      pending.result().close();
    } catch {
      // There is nothing to close.
    }
  });
}
