/** Node's sockets and name look-up. Modules are loaded when they are needed first. */
import { parseAddress } from '../../grants/address.ts';
import { type HostSockets, Pending, SocketError } from '../sockets.ts';
import { socketError } from './socket-errors.ts';
import { connectTcp, Lingering, listenTcp, TcpBound } from './tcp.ts';
import { bindUdp } from './udp.ts';

/** Sockets of this machine. */
export function nodeSockets(): HostSockets {
  const lingering = new Lingering();
  const own = (bound: unknown): TcpBound => {
    if (bound instanceof TcpBound) return bound;
    throw new SocketError('invalid-argument', 'the address was taken by another host');
  };
  return {
    bindTcp: (local) => new TcpBound(local),
    connectTcp: (remote, bound) => connectTcp(remote, bound === undefined ? undefined : own(bound), lingering),
    listenTcp: (bound, backlog) => listenTcp(own(bound), backlog, lingering),
    bindUdp,
    lookup,
    drained: () => lingering.drained(),
  };
}

function lookup(name: string): ReturnType<HostSockets['lookup']> {
  const pending: ReturnType<HostSockets['lookup']> = new Pending();
  const { lookup: ask } = process.getBuiltinModule('node:dns');
  ask(name, { all: true, order: 'verbatim' }, (error, found) => {
    if (error !== null) {
      pending.reject(socketError(error, 'permanent-resolver-failure'));
      return;
    }
    const addresses = found.flatMap(({ address }) => parseAddress(address.split('%')[0]!) ?? []);
    pending.resolve(addresses);
  });
  return pending;
}
