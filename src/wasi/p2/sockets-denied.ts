/**
 * `wasi:sockets` without a network: all interfaces are there, so that programs link; a socket cannot be made, a name cannot be
 * looked up. The methods of the resources are complete, though no object of them is ever given out.
 */
import { ComponentError } from '../../error/error.ts';
import { READY } from '../../host/streams.ts';
import type { IoError } from './error.ts';
import { Pollable } from './poll.ts';

function denied(): never {
  throw new ComponentError('access-denied');
}

/** The resource `network`: the authority over nothing. */
export class Network {
  readonly kind = 'network';
}

/** The resource `resolve-address-stream`. */
export class ResolveAddressStream {
  resolveNextAddress(): never {
    return denied();
  }
  subscribe(): Pollable {
    return new Pollable(READY);
  }
}

/** What `tcp-socket` and `udp-socket` have in common. */
class DeniedSocket {
  subscribe(): Pollable {
    return new Pollable(READY);
  }
  addressFamily(): 'ipv4' {
    return 'ipv4';
  }
}

const COMMON = [
  'startBind',
  'finishBind',
  'localAddress',
  'remoteAddress',
  'receiveBufferSize',
  'setReceiveBufferSize',
  'sendBufferSize',
  'setSendBufferSize',
] as const;

const TCP = [
  ...COMMON,
  'startConnect',
  'finishConnect',
  'startListen',
  'finishListen',
  'accept',
  'setListenBacklogSize',
  'keepAliveEnabled',
  'setKeepAliveEnabled',
  'keepAliveIdleTime',
  'setKeepAliveIdleTime',
  'keepAliveInterval',
  'setKeepAliveInterval',
  'keepAliveCount',
  'setKeepAliveCount',
  'hopLimit',
  'setHopLimit',
  'shutdown',
] as const;

const UDP = [...COMMON, 'stream', 'unicastHopLimit', 'setUnicastHopLimit'] as const;

/** Gives a class methods that all refuse. */
function refuseAll(target: { readonly prototype: object }, names: readonly string[]): void {
  for (const name of names) {
    Object.defineProperty(target.prototype, name, { value: () => denied(), writable: true, configurable: true });
  }
}

/** The resource `tcp-socket`. */
export class TcpSocket extends DeniedSocket {
  isListening(): boolean {
    return false;
  }
}
refuseAll(TcpSocket, TCP);

/** The resource `udp-socket`. */
export class UdpSocket extends DeniedSocket {}
refuseAll(UdpSocket, UDP);

/** The resource `incoming-datagram-stream`. */
export class IncomingDatagramStream {
  receive(): never {
    return denied();
  }
  subscribe(): Pollable {
    return new Pollable(READY);
  }
}

/** The resource `outgoing-datagram-stream`. */
export class OutgoingDatagramStream {
  checkSend(): never {
    return denied();
  }
  send(): never {
    return denied();
  }
  subscribe(): Pollable {
    return new Pollable(READY);
  }
}

/** The seven interfaces of `wasi:sockets`, denying. */
export function makeDeniedSockets() {
  return {
    'wasi:sockets/network': { Network, networkErrorCode: (_error: IoError): undefined => undefined },
    'wasi:sockets/instance-network': { instanceNetwork: () => new Network() },
    'wasi:sockets/tcp': { TcpSocket },
    'wasi:sockets/tcp-create-socket': { createTcpSocket: denied },
    'wasi:sockets/udp': { UdpSocket, IncomingDatagramStream, OutgoingDatagramStream },
    'wasi:sockets/udp-create-socket': { createUdpSocket: denied },
    'wasi:sockets/ip-name-lookup': { ResolveAddressStream, resolveAddresses: denied },
  };
}
