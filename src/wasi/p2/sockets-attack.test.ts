import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOCAL, LOOPBACK6, ready, type Scene, scene, v4, v6 } from '../../../test/support/sockets.ts';
import { ComponentError } from '../../error/error.ts';
import { Trap } from '../../error/trap.ts';
import { nodeHost } from '../../host/node/host.ts';
import type { WitSocketAddress } from './network.ts';
import type { TcpSocket } from './tcp.ts';

/** The same numbers from the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type Callable = { readonly [method: string]: (...args: unknown[]) => unknown };

/** The methods of a resource, its destructor too. */
function methodsOf(target: object): readonly (string | symbol)[] {
  const prototype = Object.getPrototypeOf(target) as object;
  return Reflect.ownKeys(prototype).filter((key) => key !== 'constructor' && key !== 'close');
}

const ADDRESSES: readonly WitSocketAddress[] = [
  v4('127.0.0.1', 0),
  v4('127.0.0.1', 1),
  v4('0.0.0.0', 0),
  v4('255.255.255.255', 65_535),
  v4('10.0.0.1', 80),
  v6(LOOPBACK6, 0),
  v6(LOOPBACK6, 1, 2 ** 32 - 1),
  v6([0, 0, 0, 0, 0, 0xffff, 0x7f00, 1], 1),
  v6([0xfe80, 0, 0, 0, 0, 0, 0, 1], 1, 77),
];

/** Arguments that fit the types of WIT, whatever the method is. */
function argumentsFor(
  method: string,
  s: Scene,
  known: readonly WitSocketAddress[],
  pick: (below: number) => number,
): readonly unknown[] {
  const address = known[pick(known.length)]!;
  if (method === 'startBind' || method === 'startConnect') return [s.network, address];
  if (method === 'stream') return [pick(2) === 0 ? undefined : address];
  if (method === 'shutdown') return [['receive', 'send', 'both'][pick(3)]];
  if (method === 'send') {
    const datagram = { data: new Uint8Array(pick(3) * 40_000), remoteAddress: pick(2) === 0 ? undefined : address };
    return [new Array(pick(40)).fill(datagram)];
  }
  if (/KeepAliveEnabled$/.test(method)) return [pick(2) === 0];
  if (/Count$|HopLimit$/.test(method)) return [pick(256)];
  if (['write', 'blockingWriteAndFlush'].includes(method)) return [new Uint8Array(pick(5000))];
  return [[0n, 1n, 4096n, 2n ** 64n - 1n][pick(4)]];
}

async function listening(s: Scene): Promise<TcpSocket> {
  const server = s.tcp();
  server.startBind(s.network, v4('127.0.0.1', 0));
  server.finishBind();
  server.startListen();
  await ready(server);
  server.finishListen();
  return server;
}

async function attack(seed: number, seen: Set<string>): Promise<number> {
  const pick = numbers(seed);
  using s = scene(LOCAL, nodeHost().sockets, 16);
  const things: object[] = [];
  let calls = 0;
  // Sockets of the guest itself are who answers.
  const known: WitSocketAddress[] = [...ADDRESSES];
  if (seed % 2 === 0) {
    const server = await listening(s);
    const client = s.tcp();
    things.push(server, client);
    known.push(...new Array<WitSocketAddress>(ADDRESSES.length).fill(server.localAddress()));
  }
  const note = (value: unknown): void => {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (typeof each === 'object' && each !== null && Symbol.dispose in each) things.push(each);
    }
  };
  for (let step = 0; step < 400; step++) {
    try {
      if (things.length === 0 || pick(8) === 0) {
        const family = pick(4) === 0 ? 'ipv6' : 'ipv4';
        note(pick(2) === 0 ? s.tcp(family) : s.udp(family));
        continue;
      }
      const own = things.filter((each) => 'startBind' in each);
      const among = pick(3) > 0 && own.length > 0 ? own : things;
      const target = among[pick(among.length)]!;
      const methods = methodsOf(target);
      const steps = methods.filter((each) =>
        /^(?:start|finish|accept|localAddress|stream|checkSend)/.test(String(each)),
      );
      const from = steps.length > 0 && pick(2) === 0 ? steps : methods;
      const method = from[pick(from.length)]!;
      // What may wait for ever is what a guest may wait for; here nobody would come.
      if (method === 'block' || String(method).startsWith('blocking')) continue;
      if (typeof method === 'symbol' && pick(10) > 0) continue;
      if (/plice$/.test(String(method))) continue;
      calls++;
      const args = typeof method === 'symbol' ? [] : argumentsFor(method, s, known, pick);
      const value = (target as Callable)[method as string]!.call(target, ...args);
      seen.add(String(method));
      if (method === 'localAddress') known.push(value as WitSocketAddress, value as WitSocketAddress);
      note(value);
    } catch (error) {
      const known = error instanceof ComponentError || error instanceof Trap;
      assert.ok(known, `seed ${seed}, step ${step}: ${error instanceof Error ? error.stack : String(error)}`);
    }
    if (pick(4) === 0) await new Promise((go) => setImmediate(go));
  }
  return calls;
}

/** What keeps the event loop busy, by kind. */
function sockets(): readonly string[] {
  return process.getActiveResourcesInfo().filter((kind) => /TCP|UDP|Pipe.*Server/.test(kind));
}

test('whatever a guest calls in whatever order ends in a code or a trap, and leaves nothing open', async () => {
  const before = sockets().length;
  const seen = new Set<string>();
  let calls = 0;
  for (let seed = 1; seed <= 100; seed++) calls += await attack(seed, seen);
  assert.ok(calls > 10_000, String(calls));
  // It came far enough to be worth something: these answered, and not with an error.
  for (const method of ['finishConnect', 'accept', 'write', 'read', 'shutdown', 'send', 'receive', 'remoteAddress']) {
    assert.ok(seen.has(method), method);
  }
  for (let n = 0; n < 200 && sockets().length > before; n++) await new Promise((go) => setTimeout(go, 5));
  assert.equal(sockets().length, before);
});
