/** What the tests of `wasi:sockets` share: a program's interfaces, and short words for addresses and outcomes. */
import assert from 'node:assert/strict';
import { ComponentError } from '../../src/error/error.ts';
import { Trap } from '../../src/error/trap.ts';
import type { NetworkGrantInput } from '../../src/grants/network.ts';
import type { Denial } from '../../src/grants/network-policy.ts';
import { nodeHost } from '../../src/host/node/host.ts';
import type { HostSockets } from '../../src/host/sockets.ts';
import type { nameLookup } from '../../src/wasi/p2/name-lookup.ts';
import type { IpAddressFamily, makeNetwork, WitSocketAddress } from '../../src/wasi/p2/network.ts';
import type { Pollable } from '../../src/wasi/p2/poll.ts';
import type { makeTcp, TcpSocket } from '../../src/wasi/p2/tcp.ts';
import type { makeUdp, UdpSocket } from '../../src/wasi/p2/udp.ts';
import { createWasi } from '../../src/wasi/p2/wasi.ts';

export type Imports = ReturnType<typeof makeNetwork> &
  ReturnType<typeof makeTcp> &
  ReturnType<typeof makeUdp> & { readonly 'wasi:sockets/ip-name-lookup': typeof nameLookup } & Disposable;

export const LOCAL: NetworkGrantInput = { connect: ['localhost'], listen: ['localhost:*'] };

export interface Scene extends Disposable {
  readonly imports: Imports;
  readonly network: ReturnType<Imports['wasi:sockets/instance-network']['instanceNetwork']>;
  readonly denials: Denial[];
  tcp(family?: IpAddressFamily): TcpSocket;
  udp(family?: IpAddressFamily): UdpSocket;
}

export function scene(
  network: NetworkGrantInput = LOCAL,
  sockets: HostSockets = nodeHost().sockets,
  maxSockets?: number,
): Scene {
  const denials: Denial[] = [];
  const host = { ...nodeHost(), sockets };
  const onDenied = (denial: Denial): number => denials.push(denial);
  const imports = createWasi({ host, grant: { network }, onDenied, maxSockets }) as unknown as Imports;
  return {
    imports,
    network: imports['wasi:sockets/instance-network'].instanceNetwork(),
    denials,
    tcp: (family = 'ipv4') => imports['wasi:sockets/tcp-create-socket'].createTcpSocket(family),
    udp: (family = 'ipv4') => imports['wasi:sockets/udp-create-socket'].createUdpSocket(family),
    [Symbol.dispose]: () => imports[Symbol.dispose](),
  };
}

export function v4(text: string, port: number): WitSocketAddress {
  return { tag: 'ipv4', val: { port, address: text.split('.').map(Number) } };
}

export function v6(address: readonly number[], port: number, scopeId = 0): WitSocketAddress {
  return { tag: 'ipv6', val: { port, flowInfo: 0, address, scopeId } };
}

export const LOOPBACK6 = [0, 0, 0, 0, 0, 0, 0, 1];

export function fails(code: string, body: () => unknown): void {
  assert.throws(body, (error) => {
    assert.ok(error instanceof ComponentError, String(error));
    assert.deepEqual(error.payload, code);
    return true;
  });
}

export function traps(body: () => unknown, message: RegExp): void {
  assert.throws(body, (error) => error instanceof Trap && message.test(error.message));
}

export async function ready(thing: { subscribe(): Pollable }): Promise<void> {
  const pollable = thing.subscribe();
  await pollable.block();
  assert.equal(pollable.ready(), true);
  pollable[Symbol.dispose]();
}

export function portOf(address: WitSocketAddress): number {
  return address.val.port;
}

export function drop(...things: readonly { [Symbol.dispose](): void }[]): void {
  for (const thing of things) thing[Symbol.dispose]();
}
