import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { test } from 'node:test';
import {
  drop,
  fails,
  LOOPBACK6,
  portOf,
  ready,
  type Scene,
  scene,
  traps,
  v4,
  v6,
} from '../../../test/support/sockets.ts';
import type { WitSocketAddress } from './network.ts';
import type { IncomingDatagramStream, UdpSocket } from './udp.ts';

async function bindUdp(s: Scene, address = v4('127.0.0.1', 0)): Promise<readonly [UdpSocket, number]> {
  const socket = s.udp(address.tag);
  socket.startBind(s.network, address);
  await ready(socket);
  socket.finishBind();
  return [socket, portOf(socket.localAddress())];
}

async function receive(input: IncomingDatagramStream) {
  await ready(input);
  return input.receive(10n).map(({ data, remoteAddress }) => [Buffer.from(data).toString(), portOf(remoteAddress)]);
}

const data = (words: string): Uint8Array => Buffer.from(words);

for (const [family, local] of [
  ['ipv4', v4('127.0.0.1', 0)],
  ['ipv6', v6(LOOPBACK6, 0)],
] as const) {
  test(`datagrams over ${family}`, async () => {
    using s = scene();
    const [one, port1] = await bindUdp(s, local);
    const [two, port2] = await bindUdp(s, local);
    const at = (port: number) => ({ tag: local.tag, val: { ...local.val, port } }) as WitSocketAddress;
    assert.equal(one.addressFamily(), family);
    const [in1, out1] = one.stream(undefined);
    const [in2, out2] = two.stream(at(port1));
    fails('invalid-state', () => one.remoteAddress());
    assert.deepEqual(two.remoteAddress(), at(port1));
    assert.deepEqual(in1.receive(1n), []);
    assert.ok(out1.checkSend() >= 2n);
    await ready(out1);
    assert.equal(
      out1.send([
        { data: data('a'), remoteAddress: at(port2) },
        { data: data(''), remoteAddress: at(port2) },
      ]),
      2n,
    );
    await ready(in2);
    assert.deepEqual(in2.receive(0n), []);
    assert.deepEqual(
      in2.receive(1n).map((each) => Buffer.from(each.data).toString()),
      ['a'],
    );
    assert.deepEqual(await receive(in2), [['', port1]]);
    assert.ok(out2.checkSend() > 0n);
    assert.equal(out2.send([{ data: data('b') }]), 1n);
    out2.checkSend();
    assert.equal(out2.send([{ data: data('c'), remoteAddress: at(port1) }]), 1n);
    const got = await receive(in1);
    if (got.length < 2) got.push(...(await receive(in1)));
    assert.deepEqual(got, [
      ['b', port2],
      ['c', port2],
    ]);
    drop(in1, out1, in2, out2, one, two);
  });
}

test('datagrams that cannot be sent', async () => {
  using s = scene({ connect: ['localhost'] });
  const [socket] = await bindUdp(s);
  const [peer, port] = await bindUdp(s);
  const to = v4('127.0.0.1', port);
  {
    const [input, output] = socket.stream(undefined);
    for (const [datagram, code] of [
      [{ data: data('x') }, 'invalid-argument'],
      [{ data: data('x'), remoteAddress: v4('127.0.0.1', 0) }, 'invalid-argument'],
      [{ data: data('x'), remoteAddress: v4('0.0.0.0', port) }, 'invalid-argument'],
      [{ data: data('x'), remoteAddress: v6(LOOPBACK6, port) }, 'invalid-argument'],
      [{ data: data('x'), remoteAddress: v4('10.0.0.1', port) }, 'access-denied'],
      [{ data: new Uint8Array(65_508), remoteAddress: to }, 'datagram-too-large'],
    ] as const) {
      output.checkSend();
      fails(code, () => output.send([datagram]));
      // What goes is sent, up to what does not.
      output.checkSend();
      assert.equal(output.send([{ data: data('y'), remoteAddress: to }, datagram]), 1n);
    }
    assert.equal(output.send([]), 0n);
    traps(() => output.send([{ data: data('x'), remoteAddress: to }]), /before check-send/);
    const permit = Number(output.checkSend());
    traps(() => output.send(new Array(permit + 1).fill({ data: data('x'), remoteAddress: to })), /permitted/);
    traps(() => socket.stream(undefined), /were dropped/);
    drop(input, output);
  }
  fails('invalid-argument', () => socket.stream(v4('127.0.0.1', 0)));
  fails('invalid-argument', () => socket.stream(v4('0.0.0.0', 1)));
  fails('invalid-argument', () => socket.stream(v6(LOOPBACK6, 1)));
  fails('access-denied', () => socket.stream(v4('10.0.0.1', 1)));
  {
    const [input, output] = socket.stream(to);
    output.checkSend();
    fails('invalid-argument', () => output.send([{ data: data('x'), remoteAddress: v4('127.0.0.1', port + 1) }]));
    drop(input, output);
  }
  drop(socket, peer);
});

test('operations of UDP at the wrong time say so', async () => {
  using s = scene();
  const socket = s.udp();
  fails('not-in-progress', () => socket.finishBind());
  fails('invalid-state', () => socket.stream(undefined));
  fails('invalid-state', () => socket.localAddress());
  fails('invalid-state', () => socket.remoteAddress());
  socket.startBind(s.network, v4('127.0.0.1', 0));
  fails('concurrency-conflict', () => socket.startBind(s.network, v4('127.0.0.1', 0)));
  fails('concurrency-conflict', () => socket.stream(undefined));
  await ready(socket);
  socket.finishBind();
  fails('not-in-progress', () => socket.finishBind());
  fails('invalid-state', () => socket.startBind(s.network, v4('127.0.0.1', 0)));
  const second = s.udp();
  second.startBind(s.network, socket.localAddress());
  await ready(second);
  fails('address-in-use', () => second.finishBind());
  // Dropped while it is being bound.
  const third = s.udp();
  third.startBind(s.network, v4('127.0.0.1', 0));
  drop(socket, second, third);
});

test('options of UDP', async () => {
  using s = scene();
  const early = s.udp();
  for (const zero of [
    () => early.setUnicastHopLimit(0),
    () => early.setReceiveBufferSize(0n),
    () => early.setSendBufferSize(0n),
  ]) {
    fails('invalid-argument', zero);
  }
  early.setUnicastHopLimit(9);
  early.setReceiveBufferSize(8192n);
  early.setSendBufferSize(8192n);
  assert.equal(early.receiveBufferSize(), 8192n);
  early.startBind(s.network, v4('127.0.0.1', 0));
  await ready(early);
  early.finishBind();
  assert.equal(early.unicastHopLimit(), 9);
  assert.equal(early.receiveBufferSize(), 8192n);
  assert.equal(early.sendBufferSize(), 8192n);
  early.setUnicastHopLimit(10);
  early.setSendBufferSize(2n ** 64n - 1n);
  early.setReceiveBufferSize(2n ** 64n - 1n);
  assert.ok(early.sendBufferSize() > 8192n);
  assert.ok(early.receiveBufferSize() > 8192n);
  drop(early);
});

test('without a grant to listen, only granted peers are heard', async () => {
  const stranger = createSocket('udp4');
  await new Promise<void>((go) => stranger.bind(0, '127.0.0.1', go));
  const friend = createSocket('udp4');
  await new Promise<void>((go) => friend.bind(0, '127.0.0.1', go));
  using s = scene({ connect: [`127.0.0.1:${friend.address().port}/udp`] });
  const [socket, port] = await bindUdp(s);
  const [input, output] = socket.stream(undefined);
  await new Promise((go) => stranger.send('stranger', port, '127.0.0.1', go));
  await new Promise((go) => friend.send('friend', port, '127.0.0.1', go));
  let got = await receive(input);
  while (got.length === 0) got = await receive(input);
  assert.deepEqual(got, [['friend', friend.address().port]]);
  drop(input, output, socket);
  stranger.close();
  friend.close();
});

test('datagrams that nobody fetches are kept up to a limit', async () => {
  using s = scene();
  const [socket, port] = await bindUdp(s);
  const [input, output] = socket.stream(undefined);
  const flood = createSocket('udp4');
  for (let n = 0; n < 2000; n++) await new Promise((go) => flood.send('flood', port, '127.0.0.1', go));
  flood.close();
  await ready(input);
  let count = 0;
  for (let got = input.receive(2n ** 64n - 1n); got.length > 0; got = input.receive(2n ** 64n - 1n))
    count += got.length;
  assert.ok(count > 0 && count <= 1024, String(count));
  drop(input, output, socket);
});

test('a connected UDP socket is told that nobody is there', async () => {
  using s = scene();
  const [holder, port] = await bindUdp(s);
  drop(holder);
  const [socket] = await bindUdp(s);
  const [input, output] = socket.stream(v4('127.0.0.1', port));
  output.checkSend();
  output.send([{ data: data('x') }]);
  await ready(input);
  fails('connection-refused', () => input.receive(1n));
  drop(input, output, socket);
});

test('who may listen answers those who spoke, and nobody else', async () => {
  const caller = createSocket('udp4');
  await new Promise<void>((go) => caller.bind(0, '127.0.0.1', go));
  using s = scene({ listen: ['127.0.0.1:0/udp'] });
  const [socket, port] = await bindUdp(s);
  const [input, output] = socket.stream(undefined);
  const to = v4('127.0.0.1', caller.address().port);
  output.checkSend();
  fails('access-denied', () => output.send([{ data: data('early'), remoteAddress: to }]));
  await new Promise((go) => caller.send('question', port, '127.0.0.1', go));
  assert.deepEqual(await receive(input), [['question', caller.address().port]]);
  const answer = new Promise<Buffer>((go) => caller.once('message', go));
  output.checkSend();
  assert.equal(output.send([{ data: data('answer'), remoteAddress: to }]), 1n);
  assert.equal((await answer).toString(), 'answer');
  output.checkSend();
  fails('access-denied', () => output.send([{ data: data('x'), remoteAddress: v4('127.0.0.1', port) }]));
  drop(input, output, socket);
  caller.close();
});
