/** Components of the shared corpus with asynchronous functions, streams and futures, called through the API. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeHost } from '../../src/host/node/host.ts';
import { ComponentError, type Instance, type LinkOptions, Trap } from '../../src/index.ts';
import { createWasi } from '../../src/wasi/p2/wasi.ts';
import { fn } from '../support/component.ts';
import { corpusInstance, corpusLines, corpusMissing, Recording } from '../support/corpus.ts';
import * as types from '../support/http-types.ts';

const MODES: readonly LinkOptions[] = [
  { mode: 'generated', trapOnDeadlock: true },
  { mode: 'interpreted', trapOnDeadlock: true },
  { mode: 'generated', trapOnDeadlock: true, pool: true },
];

function nameOf({ mode, pool }: LinkOptions): string {
  return pool === true ? 'of a pool, with a tenant before' : `${mode}`;
}

const skip = corpusMissing;

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** All chunks of a stream, one after the other. */
async function chunks<T>(stream: unknown): Promise<T[]> {
  const all: T[] = [];
  for await (const chunk of stream as ReadableStream<T>) all.push(chunk);
  return all;
}

async function text(stream: unknown): Promise<string> {
  return Buffer.concat(await chunks<Uint8Array>(stream)).toString();
}

/** Gives values one by one, each after a while. */
async function* slowly<T>(...values: readonly T[]): AsyncGenerator<T> {
  for (const value of values) {
    await sleep(2);
    yield value;
  }
}

function streamOf<T>(...values: readonly T[]): ReadableStream<T> {
  return new ReadableStream({
    start(controller) {
      for (const value of values) controller.enqueue(value);
      controller.close();
    },
  });
}

type Fn = (...args: unknown[]) => Promise<unknown>;

// ---- js-p3-async-qjs: src/js/p3/ak/ak.js

interface Streams {
  upper: Fn;
  count: Fn;
  words: Fn;
  later: Fn;
  both: Fn;
}

for (const options of MODES) {
  describe(`js-p3-async-qjs, ${nameOf(options)}`, () => {
    const fresh = (): Promise<Instance> => corpusInstance('js-p3-async-qjs.wasm', {}, options);
    const streams = async (): Promise<Streams> =>
      (await fresh()).promised['corpus:p3async/streams@0.1.0'] as unknown as Streams;

    test('nap: a result, and an error of the component', { skip }, async () => {
      const guest = await fresh();
      const nap = fn(guest.promised, 'nap') as Fn;
      assert.equal(await nap(0), 0);
      assert.equal(await nap(5), 5);
      assert.equal(await nap(100), 100);
      await assert.rejects(nap(101), (error) => error instanceof ComponentError && error.payload === 'too long');
      assert.equal(guest.alive, true);
    });

    test('nap: many at once, of one instance', { skip }, async () => {
      const guest = await fresh();
      const nap = fn(guest.promised, 'nap') as Fn;
      const counts = Array.from({ length: 90 }, (_, i) => (i * 37) % 101);
      assert.deepEqual(await Promise.all(counts.map(nap)), counts);
      // A function of an async type is one through both entries.
      assert.equal(await fn(guest.exports, 'nap')(3), 3);
    });

    test('upper: a stream of bytes to and fro', { skip }, async () => {
      const { upper } = await streams();
      assert.equal(await text(await upper(utf8('Hello, wörld'))), 'HELLO, WöRLD');
      assert.equal(await text(await upper(slowly(utf8('ab'), utf8(''), utf8('c')))), 'ABC');
      assert.equal(await text(await upper(streamOf(utf8('x'), utf8('yz')))), 'XYZ');
      assert.equal(await text(await upper([])), '');
      const large = new Uint8Array(300_000).map((_, i) => i % 256);
      const upperCase = large.map((b) => (b >= 97 && b <= 122 ? b - 32 : b));
      assert.deepEqual(Buffer.concat(await chunks<Uint8Array>(await upper(large))), Buffer.from(upperCase));
    });

    test('upper: its own result, and two that alternate', { skip }, async () => {
      const { upper } = await streams();
      assert.equal(await text(await upper(await upper(slowly(utf8('once'), utf8(' more'))))), 'ONCE MORE');
      const both = await Promise.all([upper(slowly(utf8('a'), utf8('b'))), upper(slowly(utf8('c'), utf8('d')))]);
      assert.deepEqual(await Promise.all(both.map(text)), ['AB', 'CD']);
    });

    test('upper: a reader that leaves ends the host’s source', { skip }, async () => {
      const { upper } = await streams();
      let ended = false;
      async function* source(): AsyncGenerator<Uint8Array> {
        try {
          for (;;) yield utf8('endless ');
        } finally {
          ended = true;
        }
      }
      const reader = ((await upper(source())) as ReadableStream<Uint8Array>).getReader();
      const { value } = await reader.read();
      assert.match(Buffer.from(value!).toString(), /^ENDLESS /);
      await reader.cancel();
      for (let turns = 0; !ended && turns < 100; turns++) await sleep(1);
      assert.equal(ended, true);
    });

    test('count: numbers, one by one and in one go', { skip }, async () => {
      const { count } = await streams();
      assert.equal(await count([1, 2, 3]), 6n);
      assert.equal(await count(new Uint32Array(10_000).fill(7)), 70_000n);
      assert.equal(await count(slowly<unknown>([1, 2], 3, new Uint32Array([4]))), 10n);
      assert.equal(await count([]), 0n);
      // This toolchain takes elements of streams for signed numbers: Wasmtime 48 answers the same.
      assert.equal(await count([1, 2, 2 ** 32 - 1]), 2n);
    });

    test('words: a stream of strings', { skip }, async () => {
      const { words } = await streams();
      assert.deepEqual((await chunks<string[]>(await words('a bb ü☃ 😀'))).flat(), ['a', 'bb', 'ü☃', '😀']);
      assert.deepEqual((await chunks<string[]>(await words(''))).flat(), ['']);
      const many = Array.from({ length: 500 }, (_, i) => `w${i}`);
      assert.deepEqual((await chunks<string[]>(await words(many.join(' ')))).flat(), many);
    });

    test('later: a future of a string', { skip }, async () => {
      const { later } = await streams();
      assert.equal(await later('größe'), 'größe');
      assert.deepEqual(await Promise.all(['a', '', 'c'].map((value) => later(value))), ['a', '', 'c']);
    });

    test('both: two futures, in any order', { skip }, async () => {
      const { both } = await streams();
      assert.equal(await both(Promise.resolve(3), Promise.resolve(4)), 7);
      assert.equal(await both(sleep(10, 3), 4), 7);
      assert.equal(await both(sleep(1, 3), sleep(10, 4)), 7);
      assert.equal(await both(sleep(10, 2 ** 31), sleep(1, 5)), 2 ** 31 + 5);
    });

    test('what does not fit ends the guest, and says what it was', { skip }, async () => {
      const { upper, both } = await streams();
      const wrong = (await upper(slowly<unknown>(utf8('ok'), 'no bytes'))) as ReadableStream;
      await assert.rejects(
        text(wrong),
        (e) => e instanceof Trap && /wrong value: element 0 of a chunk of .*#upper.*expected u8/.test(e.reason),
      );
      await assert.rejects(both(1, 2), { code: 'store-dead' });
      const late = (await streams()).both(Promise.reject(new Error('not today')), 4);
      await assert.rejects(late, (e) => e instanceof Trap && /#both failed: not today/.test(e.reason));
    });

    test('a signal cancels, and the instance lives on', { skip }, async () => {
      const { both, count } = await streams();
      const never = new Promise(() => {});
      await assert.rejects(both(never, 4, { signal: AbortSignal.abort('before') }), (why) => why === 'before');
      const between = new AbortController();
      const call = both(never, 4, { signal: between.signal });
      await sleep(5);
      between.abort('between');
      await assert.rejects(call, (why) => why === 'between');
      assert.equal(await count([1, 2]), 3n);
    });
  });
}

// ---- js-p3-http-qjs: src/js/p3/handler.js

describe('js-p3-http-qjs', () => {
  const wasi = createWasi({ host: nodeHost(), grant: { args: ['guest'] } });
  const fresh = (): Promise<Instance> =>
    corpusInstance('js-p3-http-qjs.wasm', { ...wasi, 'wasi:http/types@0.3.0': types }, { trapOnDeadlock: true });

  interface Answer {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly trailers: unknown;
    readonly consumed: unknown;
  }

  async function send(
    guest: Instance,
    method: string,
    path: string,
    body?: AsyncIterable<Uint8Array>,
  ): Promise<Answer> {
    const none = Promise.resolve({ tag: 'ok', val: undefined });
    const request = new types.Request(new types.Fields(), body, none);
    request.setPathWithQuery(path);
    request.setMethod({ tag: method });
    const handler = guest.promised['wasi:http/handler@0.3.0'] as { handle(r: unknown): Promise<types.Response> };
    const response = await handler.handle(request);
    return {
      status: response.getStatusCode(),
      headers: response.getHeaders().entries(),
      body: await text(response.body),
      trailers: await response.trailers,
      consumed: await request.consumed,
    };
  }

  const answer = (method: string, status: number, body: string, consumed?: unknown): Answer => ({
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'x-method': method, 'x-guest': 'qjs-p3' },
    body,
    trailers: { tag: 'ok', val: undefined },
    consumed,
  });

  test('answers of every path', { skip }, async () => {
    const guest = await fresh();
    assert.deepEqual(await send(guest, 'get', '/'), answer('get', 200, 'Hello, wörld from P3\n'));
    const lines = [1, 2, 3, 4, 5].map((i) => `chunk ${i}\n`).join('');
    assert.deepEqual(await send(guest, 'head', '/stream'), answer('head', 200, lines));
    assert.deepEqual(await send(guest, 'put', '/nothing'), answer('put', 404, 'not found'));
    assert.equal(guest.alive, true);
  });

  test('a body goes through unread by the guest', { skip }, async () => {
    const guest = await fresh();
    const body = slowly(utf8('hal'), utf8('lo '), new Uint8Array(100_000).fill(65));
    const echo = await send(guest, 'post', '/echo', body);
    assert.deepEqual(echo, answer('post', 200, `hallo ${'A'.repeat(100_000)}`, { tag: 'ok', val: undefined }));
  });

  test('requests at once, of one instance', { skip }, async () => {
    const guest = await fresh();
    const words = ['a', 'b', 'c', 'd', 'e'];
    const answers = await Promise.all(
      words.map((word) => send(guest, 'post', '/echo', slowly(utf8(word), utf8(word)))),
    );
    assert.deepEqual(
      answers.map(({ body }) => body),
      words.map((word) => word + word),
    );
  });
});

// ---- rust-flow, with a backend of the host: src/rust-flow/check.mjs

interface Tap extends Disposable {
  draw: Fn;
  drawn(): Promise<number>;
}
type Pipe = Readonly<Record<'relay' | 'relayAll' | 'race' | 'sum' | 'gather' | 'echo' | 'later' | 'syncRelay', Fn>> & {
  readonly Tap: new (prefix: string) => Tap;
};

function backend(log: string[]) {
  // Long enough that what is begun within one of them, on a busy machine, is begun together.
  const rest = (ticks: number): Promise<void> => sleep(50 * ticks);
  return {
    async fetch(key: string) {
      await rest(key.length);
      if (key.startsWith('!')) throw new ComponentError(`no ${key}`);
      return `${key}=${key.length}`;
    },
    pause: rest,
    note: (line: string) => {
      log.push(line);
    },
    words: async (prefix: string) => slowly(...['a', 'bb', 'ü☃'].map((word) => [prefix + word])),
  };
}

async function flow(options: LinkOptions): Promise<{ readonly lines: readonly string[]; readonly trap: Trap }> {
  const log: string[] = [];
  const guest = await corpusInstance('rust-flow.wasm', { 'guest:flow/backend': backend(log) }, options);
  const pipe = guest.promised['pipe'] as unknown as Pipe;
  const r = new Recording((v) => (typeof v === 'bigint' ? Number(v) : v));
  const lines: string[] = [];
  const show = async (name: string, call: () => Promise<unknown>): Promise<void> => {
    await r.call(name, call);
    lines.push(`${r.lines.at(-1)} ${JSON.stringify(log.splice(0))}`);
  };
  await show('relay', () => pipe.relay('abc'));
  await show('relay err', () => pipe.relay('!x'));
  await show('relay-all', () => pipe.relayAll(['ccccc', 'b', '!zz', '']));
  await show('race', () => pipe.race(9, 2));
  await show('race', () => pipe.race(1, 8));
  await show('two at once', () => Promise.all([pipe.relay('longer'), pipe.relay('s')]));
  await show('sum', () => pipe.sum(slowly(1, 2, 4_294_967_295)));
  await show('gather', () => pipe.gather('w-'));
  await show('echo', async () =>
    (await chunks<Uint8Array>(await pipe.echo(slowly(104, 105, 0, 255)))).flatMap((chunk) => [...chunk]),
  );
  await show('later', () => pipe.later(sleep(20, 'größe')));
  await show('tap', async () => {
    using tap = await new pipe.Tap('p/');
    return [await tap.draw('k'), await Promise.all([tap.draw('m'), tap.draw('nn')]), await tap.drawn()];
  });
  assert.equal(guest.alive, true);
  let trap: unknown;
  await pipe.syncRelay('sync').catch((error: unknown) => {
    trap = error;
  });
  assert.ok(trap instanceof Trap);
  return { lines, trap };
}

for (const options of MODES) {
  test(`rust-flow, ${nameOf(options)}: what was recorded of its calls`, { skip }, async () => {
    const { lines, trap } = await flow(options);
    // The last one waits in a synchronous function, which only the recording's runtime lets pass.
    const recorded = corpusLines('src/rust-flow/expected.txt').slice(0, -1);
    assert.equal(recorded.length, 11);
    assert.deepEqual(lines, recorded);
    assert.equal(trap.code, 'would-block');
    assert.match(trap.reason, /^cannot block a synchronous task before returning/);
  });
}
