import assert from 'node:assert/strict';
import { connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import {
  drop,
  fails,
  LOCAL,
  LOOPBACK6,
  portOf,
  ready,
  type Scene,
  scene,
  traps,
  v4,
  v6,
} from '../../../test/support/sockets.ts';
import { ComponentError } from '../../error/error.ts';
import { nodeHost } from '../../host/node/host.ts';
import { type HostSockets, Pending, SocketError } from '../../host/sockets.ts';
import type { WitSocketAddress } from './network.ts';
import type { InputStream, OutputStream } from './streams.ts';
import type { TcpSocket } from './tcp.ts';

function bind(s: Scene, socket: TcpSocket, address = v4('127.0.0.1', 0)): WitSocketAddress {
  socket.startBind(s.network, address);
  socket.finishBind();
  return socket.localAddress();
}

async function listen(s: Scene, address?: WitSocketAddress): Promise<readonly [TcpSocket, number]> {
  const server = s.tcp(address?.tag ?? 'ipv4');
  const port = portOf(bind(s, server, address));
  server.startListen();
  await ready(server);
  server.finishListen();
  return [server, port];
}

async function dial(s: Scene, address: WitSocketAddress): Promise<readonly [TcpSocket, InputStream, OutputStream]> {
  const socket = s.tcp(address.tag);
  socket.startConnect(s.network, address);
  await ready(socket);
  return [socket, ...socket.finishConnect()];
}

async function pair(s: Scene) {
  const [server, port] = await listen(s);
  const client = await dial(s, v4('127.0.0.1', port));
  await ready(server);
  return { server, port, client, peer: server.accept() };
}

async function text(input: InputStream): Promise<string> {
  return Buffer.from(await input.blockingRead(65_536n)).toString();
}

async function closes(input: InputStream): Promise<void> {
  await assert.rejects(
    async () => {
      for (;;) await input.blockingRead(65_536n);
    },
    (error) => error instanceof ComponentError && (error.payload as { tag: string }).tag === 'closed',
  );
}

for (const [family, local] of [
  ['ipv4', v4('127.0.0.1', 0)],
  ['ipv6', v6(LOOPBACK6, 0)],
] as const) {
  test(`a connection over ${family} carries bytes both ways, and half of it can be closed`, async () => {
    using s = scene();
    const [server, port] = await listen(s, local);
    assert.equal(server.isListening(), true);
    assert.equal(server.addressFamily(), family);
    fails('would-block', () => server.accept());
    const at = { tag: local.tag, val: { ...local.val, port } } as WitSocketAddress;
    const [client, input, output] = await dial(s, at);
    assert.deepEqual(client.remoteAddress(), at);
    await ready(server);
    const [peer, from, to] = server.accept();
    assert.deepEqual(peer.remoteAddress(), client.localAddress());
    assert.deepEqual(peer.localAddress(), at);
    assert.equal(peer.addressFamily(), family);
    await output.blockingWriteAndFlush(Buffer.from('ping'));
    assert.equal(await text(from), 'ping');
    client.shutdown('send');
    client.shutdown('send');
    assert.throws(() => output.checkWrite(), ComponentError);
    await closes(from);
    await to.blockingWriteAndFlush(Buffer.from('pong'));
    assert.equal(await text(input), 'pong');
    peer.shutdown('both');
    await closes(input);
    drop(input, output, client, from, to, peer, server);
  });
}

test('what was written before a socket was dropped arrives', async () => {
  using s = scene();
  const { server, client, peer } = await pair(s);
  const [socket, input, output] = client;
  const bytes = new Uint8Array(65_536).fill(7);
  let written = 0;
  for (;;) {
    const room = Number(output.checkWrite());
    if (room === 0) break;
    output.write(bytes.subarray(0, room));
    written += room;
  }
  assert.ok(written > 65_536, 'back-pressure comes at last, and not at once');
  drop(input, output, socket);
  let read = 0;
  try {
    for (;;) read += (await peer[1].blockingRead(65_536n)).length;
  } catch (error) {
    assert.deepEqual((error as ComponentError).payload, { tag: 'closed' });
  }
  assert.equal(read, written);
  drop(peer[1], peer[2], peer[0], server);
});

test('a guest that does not read makes its peer wait', async () => {
  using s = scene();
  const { server, client, peer } = await pair(s);
  const bytes = new Uint8Array(65_536);
  let sent = 0;
  for (let pause = 0; pause < 20; ) {
    const room = Number(peer[2].checkWrite());
    if (room === 0) {
      pause++;
      await new Promise((go) => setTimeout(go, 5));
    } else {
      peer[2].write(bytes.subarray(0, room));
      sent += room;
    }
  }
  assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were taken`);
  drop(client[1], client[2], client[0], peer[1], peer[2], peer[0], server);
});

test('shutting down what comes closes the stream and forgets', async () => {
  using s = scene();
  const { server, client, peer } = await pair(s);
  await peer[2].blockingWriteAndFlush(Buffer.from('lost'));
  client[0].shutdown('receive');
  client[0].shutdown('receive');
  assert.throws(() => client[1].read(1n), ComponentError);
  await client[2].blockingWriteAndFlush(Buffer.from('still'));
  assert.equal(await text(peer[1]), 'still');
  drop(client[1], client[2], client[0], peer[1], peer[2], peer[0], server);
});

test('operations at the wrong time say so', async () => {
  using s = scene();
  const socket = s.tcp();
  const local = v4('127.0.0.1', 0);
  fails('invalid-state', () => socket.localAddress());
  fails('invalid-state', () => socket.remoteAddress());
  fails('not-in-progress', () => socket.finishBind());
  fails('not-in-progress', () => socket.finishConnect());
  fails('not-in-progress', () => socket.finishListen());
  fails('invalid-state', () => socket.startListen());
  fails('invalid-state', () => socket.accept());
  fails('invalid-state', () => socket.shutdown('both'));
  assert.equal(socket.isListening(), false);
  await ready(socket);
  socket.startBind(s.network, local);
  fails('concurrency-conflict', () => socket.startBind(s.network, local));
  fails('concurrency-conflict', () => socket.startConnect(s.network, v4('127.0.0.1', 1)));
  fails('concurrency-conflict', () => socket.startListen());
  fails('concurrency-conflict', () => socket.localAddress());
  await ready(socket);
  socket.finishBind();
  fails('not-in-progress', () => socket.finishBind());
  fails('invalid-state', () => socket.startBind(s.network, local));
  assert.notEqual(portOf(socket.localAddress()), 0);
  socket.startListen();
  fails('concurrency-conflict', () => socket.startListen());
  fails('concurrency-conflict', () => socket.accept());
  fails('concurrency-conflict', () => socket.setListenBacklogSize(1n));
  await ready(socket);
  socket.finishListen();
  fails('invalid-state', () => socket.startListen());
  fails('invalid-state', () => socket.startConnect(s.network, v4('127.0.0.1', 1)));
  fails('invalid-state', () => socket.startBind(s.network, local));
  fails('invalid-state', () => socket.remoteAddress());
  const client = s.tcp();
  client.startConnect(s.network, socket.localAddress());
  fails('concurrency-conflict', () => client.startConnect(s.network, socket.localAddress()));
  fails('concurrency-conflict', () => client.shutdown('both'));
  fails('would-block', () => client.finishConnect());
  await ready(client);
  const [input, output] = client.finishConnect();
  fails('not-in-progress', () => client.finishConnect());
  fails('invalid-state', () => client.startConnect(s.network, socket.localAddress()));
  fails('invalid-state', () => client.setListenBacklogSize(1n));
  drop(input, output, client, socket);
});

test('addresses that cannot be meant are refused', () => {
  using s = scene('inherit');
  const mapped = v6([0, 0, 0, 0, 0, 0xffff, 0x7f00, 1], 80);
  const compatible = v6([0, 0, 0, 0, 0, 0, 0x7f00, 1], 80);
  const [four, six] = [s.tcp(), s.tcp('ipv6')];
  for (const [socket, address] of [
    [four, v6(LOOPBACK6, 80)],
    [six, v4('127.0.0.1', 80)],
    [four, v4('224.0.0.1', 80)],
    [four, v4('255.255.255.255', 80)],
    [six, v6([0xff02, 0, 0, 0, 0, 0, 0, 1], 80)],
    [six, mapped],
    [six, compatible],
  ] as const) {
    fails('invalid-argument', () => socket.startBind(s.network, address));
    fails('invalid-argument', () => socket.startConnect(s.network, address));
  }
  fails('invalid-argument', () => four.startConnect(s.network, v4('127.0.0.1', 0)));
  fails('invalid-argument', () => four.startConnect(s.network, v4('0.0.0.0', 80)));
  fails('invalid-argument', () => six.startConnect(s.network, v6([0, 0, 0, 0, 0, 0, 0, 0], 80)));
  fails('address-not-bindable', () => four.startBind(s.network, v4('192.0.2.1', 0)));
  const [one, two] = [s.udp(), s.udp('ipv6')];
  fails('invalid-argument', () => one.startBind(s.network, v6(LOOPBACK6, 0)));
  fails('invalid-argument', () => two.startBind(s.network, mapped));
});

test('failures of the network have their codes', async () => {
  using s = scene();
  const holder = s.tcp();
  const taken = bind(s, holder);
  const refused = s.tcp();
  refused.startConnect(s.network, taken);
  await ready(refused);
  fails('connection-refused', () => refused.finishConnect());
  // A socket that failed can be dropped, and nothing else.
  for (const wrong of [
    () => refused.startConnect(s.network, taken),
    () => refused.startBind(s.network, v4('127.0.0.1', 0)),
    () => refused.hopLimit(),
    () => refused.localAddress(),
  ]) {
    fails('invalid-state', wrong);
  }
  holder.startListen();
  await ready(holder);
  holder.finishListen();
  const second = s.tcp();
  fails('address-in-use', () => bind(s, second, taken));
  // A bind that failed may be tried again.
  bind(s, second);
  drop(refused, second, holder);
});

test('a bound socket connects from its address, of its own network only', async () => {
  using s = scene();
  using other = scene();
  const [server, port] = await listen(s);
  const client = s.tcp();
  const local = bind(s, client);
  fails('invalid-argument', () => client.startConnect(other.network, v4('127.0.0.1', port)));
  client.startConnect(s.network, v4('127.0.0.1', port));
  assert.deepEqual(client.localAddress(), local);
  await ready(client);
  const [input, output] = client.finishConnect();
  await ready(server);
  const [peer, from, to] = server.accept();
  assert.deepEqual(peer.remoteAddress(), local);
  drop(input, output, client, from, to, peer, server);
});

test('a reset is told, with its code', async () => {
  using s = scene();
  const server = createServer((socket) => socket.on('data', () => socket.resetAndDestroy()));
  await new Promise<void>((go) => server.listen(0, '127.0.0.1', go));
  const { port } = server.address() as { port: number };
  const [socket, input, output] = await dial(s, v4('127.0.0.1', port));
  const { networkErrorCode } = s.imports['wasi:sockets/network'];
  await output.blockingWriteAndFlush(Buffer.from('x'));
  await assert.rejects(
    async () => input.blockingRead(1n),
    (error) => {
      const { tag, val } = (error as ComponentError).payload as { tag: string; val: never };
      assert.equal(tag, 'last-operation-failed');
      assert.equal(networkErrorCode(val), 'connection-reset');
      return true;
    },
  );
  await closes(input);
  drop(input, output, socket);
  server.close();
});

test('options are kept, rounded and inherited', async () => {
  using s = scene();
  const server = s.tcp();
  for (const zero of [
    () => server.setKeepAliveIdleTime(0n),
    () => server.setKeepAliveInterval(0n),
    () => server.setKeepAliveCount(0),
    () => server.setHopLimit(0),
    () => server.setReceiveBufferSize(0n),
    () => server.setSendBufferSize(0n),
    () => server.setListenBacklogSize(0n),
  ]) {
    fails('invalid-argument', zero);
  }
  assert.equal(server.keepAliveEnabled(), false);
  server.setKeepAliveEnabled(true);
  server.setKeepAliveIdleTime(1_500_000_000n);
  server.setKeepAliveInterval(2n ** 64n - 1n);
  server.setKeepAliveCount(2 ** 32 - 1);
  server.setHopLimit(42);
  server.setReceiveBufferSize(2n ** 64n - 1n);
  server.setSendBufferSize(1n);
  server.setListenBacklogSize(2n ** 64n - 1n);
  const port = portOf(bind(s, server));
  server.startListen();
  await ready(server);
  server.finishListen();
  fails('not-supported', () => server.setListenBacklogSize(1n));
  const [client, input, output] = await dial(s, v4('127.0.0.1', port));
  await ready(server);
  const [peer, from, to] = server.accept();
  assert.equal(peer.keepAliveEnabled(), true);
  assert.equal(peer.keepAliveIdleTime(), 2_000_000_000n);
  assert.equal(peer.keepAliveInterval(), 32_767_000_000_000n);
  assert.equal(peer.keepAliveCount(), 127);
  assert.equal(peer.hopLimit(), 42);
  assert.equal(peer.receiveBufferSize(), 2n ** 64n - 1n);
  assert.equal(peer.sendBufferSize(), 1n);
  client.setKeepAliveEnabled(true);
  client.setKeepAliveCount(3);
  assert.equal(client.keepAliveCount(), 3);
  drop(input, output, client, from, to, peer, server);
});

test('children are dropped before their parents', async () => {
  using s = scene();
  const { server, client, peer } = await pair(s);
  traps(() => client[0][Symbol.dispose](), /before its streams/);
  await closes(peer[1]);
  const pollable = server.subscribe();
  traps(() => server[Symbol.dispose](), /pollables/);
  assert.equal(pollable.ready(), true);
  fails('invalid-state', () => server.accept());
  assert.throws(() => client[1].read(1n), ComponentError);
  assert.throws(() => client[2].write(new Uint8Array(0)), ComponentError);
});

test('sockets are counted, and closed when the program ends', async () => {
  const s = scene(LOCAL, nodeHost().sockets, 4);
  const [server, port] = await listen(s);
  const [client] = await dial(s, v4('127.0.0.1', port));
  const [third, fourth] = [s.tcp(), s.udp()];
  fails('new-socket-limit', () => s.tcp());
  fails('new-socket-limit', () => s.udp());
  await ready(server);
  fails('new-socket-limit', () => server.accept());
  drop(third);
  const [peer, from] = server.accept();
  assert.ok(peer !== undefined && fourth !== undefined);
  s[Symbol.dispose]();
  fails('invalid-state', () => client.remoteAddress());
  assert.throws(() => from.read(1n), ComponentError);
  await assert.rejects(new Promise((_, reject) => connect(port, '127.0.0.1').on('error', reject)), /ECONNREFUSED/);
});

test('a connection that nobody accepted is reset when its listener goes', async () => {
  using s = scene();
  const [server, port] = await listen(s);
  const outside = connect(port, '127.0.0.1');
  const gone = new Promise((go) => outside.on('error', go).on('close', go));
  await ready(server);
  drop(server);
  await gone;
});

test('connections beyond the backlog are turned away', async () => {
  using s = scene();
  const server = s.tcp();
  server.setListenBacklogSize(1n);
  const port = portOf(bind(s, server));
  server.startListen();
  await ready(server);
  server.finishListen();
  const outside: Socket[] = [];
  let gone = 0;
  for (let n = 0; n < 5; n++)
    outside.push(
      connect(port, '127.0.0.1')
        .on('error', () => {})
        .on('close', () => gone++),
    );
  while (gone < 4) await new Promise((go) => setTimeout(go, 5));
  const [peer, input, output] = server.accept();
  fails('would-block', () => server.accept());
  drop(input, output, peer, server);
  for (const socket of outside) socket.destroy();
});

test('what is not granted is denied, and said', async () => {
  using s = scene('none');
  const tcp = s.tcp();
  fails('access-denied', () => tcp.startConnect(s.network, v4('127.0.0.1', 80)));
  fails('access-denied', () => tcp.startBind(s.network, v4('127.0.0.1', 0)));
  fails('access-denied', () => s.udp().startBind(s.network, v4('0.0.0.0', 0)));
  const { resolveAddresses } = s.imports['wasi:sockets/ip-name-lookup'];
  fails('access-denied', () => resolveAddresses(s.network, 'localhost'));
  // The socket is as it was.
  fails('not-in-progress', () => tcp.finishConnect());
  fails('invalid-state', () => tcp.localAddress());
  assert.deepEqual(
    s.denials.map(({ grant }) => grant),
    ['--net 127.0.0.1:80/tcp', '--listen 127.0.0.1:0/tcp', '--listen 0.0.0.0:0/udp', '--net localhost'],
  );
  using client = scene({ connect: ['localhost/tcp'] });
  const bound = client.tcp();
  bind(client, bound);
  fails('access-denied', () => bound.startListen());
});

test('names are looked up, and what came may be connected to', async () => {
  using s = scene();
  const { resolveAddresses } = s.imports['wasi:sockets/ip-name-lookup'];
  const stream = resolveAddresses(s.network, 'LOCALHOST');
  fails('would-block', () => stream.resolveNextAddress());
  await ready(stream);
  const first = stream.resolveNextAddress();
  assert.ok(first !== undefined);
  assert.ok([127, 0].includes(first.val[0]!));
  while (stream.resolveNextAddress() !== undefined);
  assert.equal(stream.resolveNextAddress(), undefined);
  drop(stream);
  for (const [spelling, address] of [
    ['10.1.2.3', { tag: 'ipv4', val: [10, 1, 2, 3] }],
    ['0x7f.1', { tag: 'ipv4', val: [127, 0, 0, 1] }],
    ['::1', { tag: 'ipv6', val: LOOPBACK6 }],
  ] as const) {
    const literal = resolveAddresses(s.network, spelling);
    assert.deepEqual(literal.resolveNextAddress(), address);
    assert.equal(literal.resolveNextAddress(), undefined);
  }
  for (const wrong of ['', 'a b', '256.0.0.1', 'a..b', 'x'.repeat(64)]) {
    fails('invalid-argument', () => resolveAddresses(s.network, wrong));
  }
});

/** Node's sockets with look-ups that answer what a test says. */
function namesLead(answers: (name: string) => readonly (readonly number[])[]): HostSockets {
  return {
    ...nodeHost().sockets,
    lookup: (name) => {
      const found = answers(name).map((parts) => ({ family: parts.length === 4 ? 4 : 6, parts }) as const);
      return found.length === 0 ? Pending.failed(new SocketError('name-unresolvable')) : Pending.of(found);
    },
  };
}

test('a name that leads to this machine opens nothing, however it leads there', async () => {
  let answer: readonly (readonly number[])[] = [[93, 184, 215, 14]];
  using s = scene(
    { connect: ['rebind.test', 'granted.test=loopback'], listen: ['localhost:*'] },
    namesLead(() => answer),
  );
  const { resolveAddresses } = s.imports['wasi:sockets/ip-name-lookup'];
  const [server, port] = await listen(s);
  assert.deepEqual(resolveAddresses(s.network, 'rebind.test').resolveNextAddress(), {
    tag: 'ipv4',
    val: [93, 184, 215, 14],
  });
  answer = [
    [127, 0, 0, 1],
    [0, 0, 0, 0, 0, 0xffff, 0x7f00, 1],
  ];
  const again = resolveAddresses(s.network, 'rebind.test');
  assert.deepEqual(again.resolveNextAddress(), { tag: 'ipv4', val: [127, 0, 0, 1] });
  assert.equal(again.resolveNextAddress(), undefined, 'mapped addresses are left out');
  fails('access-denied', () => s.tcp().startConnect(s.network, v4('127.0.0.1', port)));
  assert.equal(s.denials.at(-1)?.grant, `--net rebind.test=127.0.0.1:${port}/tcp`);
  resolveAddresses(s.network, 'granted.test');
  const [client, input, output] = await dial(s, v4('127.0.0.1', port));
  drop(input, output, client, server);
  answer = [];
  const none = resolveAddresses(s.network, 'rebind.test');
  fails('name-unresolvable', () => none.resolveNextAddress());
  answer = [[0, 0, 0, 0, 0, 0xffff, 1, 1]];
  fails('name-unresolvable', () => resolveAddresses(s.network, 'rebind.test').resolveNextAddress());
});

test('look-ups that are under way are limited', () => {
  const asked: Pending<never>[] = [];
  const sockets: HostSockets = {
    ...nodeHost().sockets,
    lookup: () => {
      const never = new Pending<never>();
      asked.push(never);
      return never;
    },
  };
  using s = scene({ lookup: ['*'] }, sockets);
  const { resolveAddresses } = s.imports['wasi:sockets/ip-name-lookup'];
  for (let n = 0; n < 64; n++) resolveAddresses(s.network, 'slow.test');
  fails('temporary-resolver-failure', () => resolveAddresses(s.network, 'slow.test'));
  asked[0]!.reject(new SocketError('temporary-resolver-failure'));
  resolveAddresses(s.network, 'slow.test');
  assert.equal(asked.length, 65);
});
