/** Streams of bytes between host and guest: sources, chunks, back-pressure, ends. docs/guide-js.md, "Streams and futures". */
import assert from 'node:assert/strict';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { type Instance, Trap, ValueError } from '../../src/index.ts';
import { objectCount } from '../../src/runtime/object-handles.ts';
import { suspendedCount } from '../../src/runtime/stack.ts';
import { echoGuest } from '../support/async-guest.ts';
import { BYTES } from '../support/byte-guest.ts';
import { deferred, disposeAfterEach, fn, instance, streamOf, turns } from '../support/component.ts';

disposeAfterEach();

const ECHO = echoGuest('u8', 1);

async function all(stream: unknown): Promise<Uint8Array[]> {
  assert.ok(stream instanceof ReadableStream, 'a ReadableStream');
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk as Uint8Array);
  return chunks;
}

async function bytes(stream: unknown): Promise<number[]> {
  return (await all(stream)).flatMap((chunk) => [...chunk]);
}

function call(guest: Instance, name: string, ...args: unknown[]): Promise<unknown> {
  return fn(guest.exports, name)(...args) as Promise<unknown>;
}

function now(guest: Instance, name: string, ...args: unknown[]): unknown {
  return fn(guest.exports, name)(...args);
}

const isDead = (error: unknown): boolean => error instanceof Trap && error.code === 'store-dead';

const SOURCES: Readonly<Record<string, () => unknown>> = {
  'a ReadableStream of chunks': () => streamOf([new Uint8Array([1, 2]), new Uint8Array([3])]),
  'a ReadableStream of type bytes': () =>
    new ReadableStream({
      type: 'bytes',
      start(controller) {
        controller.enqueue(new Uint8Array([1, 2, 3]));
        controller.close();
      },
    }),
  'the body of a Response': () => new Response(new Uint8Array([1, 2, 3])).body,
  'the stream of a Blob': () => new Blob([new Uint8Array([1, 2, 3])]).stream(),
  'an async generator of chunks': async function* () {
    yield new Uint8Array([1]);
    yield new Uint8Array([2, 3]);
  },
  'an async generator of single bytes and arrays': async function* () {
    yield 1;
    yield [2, 3];
  },
  'a generator': function* () {
    yield new Uint8Array([1, 2]);
    yield new Uint8Array(0);
    yield new Uint8Array([3]);
  },
  'an array of numbers': () => [1, 2, 3],
  'an array of chunks': () => [new Uint8Array([1, 2]), new Uint8Array([3])],
  'a Uint8Array': () => new Uint8Array([1, 2, 3]),
  'a Set': () => new Set([1, 2, 3]),
  'a Buffer': () => Buffer.from([1, 2, 3]),
  'a part of a larger buffer': () => new Uint8Array([0, 0, 1, 2, 3, 0]).subarray(2, 5),
  'a Node Readable': () => Readable.from([Buffer.from([1, 2]), Buffer.from([3])]),
  'a Node Readable as a web stream': () =>
    Readable.toWeb(Readable.from([Buffer.from([1, 2, 3])], { objectMode: false })),
};

for (const [name, source] of Object.entries(SOURCES)) {
  test(`to a guest and back: ${name}`, async () => {
    const guest = await instance(ECHO);
    assert.deepEqual(await bytes(await call(guest, 'echo', source())), [1, 2, 3]);
  });
}

test('what is no stream is refused before anything is called, and nothing is left behind', async () => {
  const guest = await instance(ECHO);
  const before = objectCount();
  const locked = new ReadableStream();
  locked.getReader();
  const hostile = new Proxy({}, { get: () => assert.fail('asked'), getPrototypeOf: () => assert.fail('asked') });
  for (const value of [undefined, null, 5, 'text', {}, locked, () => {}, hostile])
    await assert.rejects(
      call(guest, 'echo', value),
      (error) => error instanceof ValueError && error.code === 'wrong-value',
    );
  await turns();
  assert.equal(objectCount(), before);
  assert.deepEqual(await bytes(await call(guest, 'echo', [9])), [9]);
});

test('an empty stream, to and from', async () => {
  const guest = await instance(BYTES);
  assert.deepEqual(await all(await call(guest, 'empty')), []);
  assert.equal(await call(guest, 'drain', []), 0);
  const reader = ((await call(guest, 'empty')) as ReadableStream).getReader();
  assert.equal(await reader.closed, undefined);
});

test('a guest’s bytes come in chunks as large as its writes, up to a mebibyte; no one by one', async () => {
  const guest = await instance(BYTES);
  const sizes = (await all(await call(guest, 'count', 3, 1_000_000))).map((chunk) => chunk.length);
  assert.deepEqual(sizes, [1_000_000, 1_000_000, 1_000_000]);
  const large = await all(await call(guest, 'count', 1, 1_500_000));
  assert.deepEqual(
    large.map((chunk) => chunk.length),
    [1 << 20, 1_500_000 - (1 << 20)],
  );
  assert.ok(large.every((chunk) => chunk instanceof Uint8Array && chunk.byteOffset === 0));
});

test('a guest takes a large chunk of the host’s in as many reads as it likes', async () => {
  const guest = await instance(BYTES);
  const chunk = new Uint8Array(300_000).fill(2);
  assert.equal(await call(guest, 'sum', streamOf([chunk, chunk]), 2 ** 31, 1000), 1_200_000);
  assert.equal(now(guest, 'got'), 600_000);
});

test('64 MiB each way take well below a second each', async () => {
  const guest = await instance(BYTES);
  const start = performance.now();
  let length = 0;
  for (const chunk of await all(await call(guest, 'count', 64, 1 << 20))) length += chunk.length;
  const out = performance.now();
  const chunk = new Uint8Array(1 << 20);
  const give = function* () {
    for (let i = 0; i < 64; i++) yield chunk;
  };
  assert.equal(await call(guest, 'drain', give()), 64 << 20);
  assert.equal(length, 64 << 20);
  // A byte each 10 ns would be 670 ms.
  assert.ok(out - start < 2_000 && performance.now() - out < 2_000, `${out - start} ms, ${performance.now() - out} ms`);
});

test('into a Node stream with Readable.fromWeb', async () => {
  const guest = await instance(BYTES);
  let length = 0;
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      length += chunk.length;
      setImmediate(done);
    },
  });
  await pipeline(Readable.fromWeb((await call(guest, 'count', 20, 10_000)) as never), sink);
  assert.equal(length, 200_000);
  assert.equal(now(guest, 'ended'), 1);
});

test('into web pipes: pipeThrough, tee, Response', async () => {
  const guest = await instance(BYTES);
  const zipped = ((await call(guest, 'count', 4, 10_000)) as ReadableStream).pipeThrough(new CompressionStream('gzip'));
  const plain = zipped.pipeThrough(new DecompressionStream('gzip'));
  assert.equal((await bytes(plain)).length, 40_000);
  const [one, two] = ((await call(guest, 'count', 2, 10)) as ReadableStream).tee();
  assert.equal((await bytes(one)).length + (await bytes(two)).length, 40);
  assert.equal((await new Response((await call(guest, 'count', 2, 7)) as ReadableStream).bytes()).length, 14);
});

// ---- back-pressure

test('a host that never reads: the guest’s first write waits, whatever it has', async () => {
  const guest = await instance(BYTES);
  const stream = (await call(guest, 'count', 1_000_000, 1 << 20)) as ReadableStream;
  await turns();
  assert.equal(now(guest, 'written'), 0);
  assert.equal(suspendedCount(), 1);
  const reader = stream.getReader();
  for (let i = 1; i <= 3; i++) {
    await reader.read();
    await turns();
    assert.equal(now(guest, 'written'), i << 20, 'one write for one read');
  }
  await reader.cancel();
  await turns();
  assert.equal(now(guest, 'ended'), 1, 'the guest has learnt that nobody reads');
  assert.equal(now(guest, 'written'), 3 << 20);
  assert.equal(suspendedCount(), 0);
});

test('a host that never reads and lets go of the instance: disposal frees the guest’s stack and the ends', async () => {
  const before = objectCount();
  const guest = await instance(BYTES);
  const stream = (await call(guest, 'count', 5, 100)) as ReadableStream;
  await turns();
  assert.equal(objectCount(), before + 1);
  guest[Symbol.dispose]();
  await turns();
  assert.equal(objectCount(), before);
  assert.equal(suspendedCount(), 0);
  await assert.rejects(stream.getReader().read(), isDead);
});

/** A source that counts what was asked of it. */
function counted(): { stream: AsyncGenerator<Uint8Array>; counts: { asked: number; closed: number } } {
  const counts = { asked: 0, closed: 0 };
  async function* generate() {
    try {
      for (;;) {
        counts.asked++;
        yield new Uint8Array(10);
      }
    } finally {
      counts.closed++;
    }
  }
  return { stream: generate(), counts };
}

test('of a host’s stream one chunk is read ahead, and no more until the guest reads', async () => {
  const guest = await instance(BYTES);
  const { stream, counts } = counted();
  now(guest, 'hold', stream);
  await turns();
  assert.equal(counts.asked, 1);
  assert.equal(now(guest, 'peek'), 10 << 4, 'the chunk is there');
  await turns();
  assert.equal(counts.asked, 2);
  now(guest, 'release');
  await turns();
  assert.equal(counts.closed, 1, 'the generator was closed');
});

test('a guest that has had enough: the source is told at once, though it was asked for more', async () => {
  const guest = await instance(BYTES);
  let cancelled = 0;
  let first = true;
  const endless = new ReadableStream({
    pull(controller) {
      if (first) controller.enqueue(new Uint8Array([1, 2, 3]));
      first = false;
      return first ? undefined : new Promise(() => {});
    },
    cancel() {
      cancelled++;
    },
  });
  assert.equal(await call(guest, 'sum', endless, 3, 16), 6);
  await turns();
  assert.equal(cancelled, 1);
});

test('a guest that takes a part of a chunk and drops the stream', async () => {
  const guest = await instance(BYTES);
  const { stream, counts } = counted();
  assert.equal(await call(guest, 'sum', stream, 4, 4), 0);
  await turns();
  assert.deepEqual(counts, { asked: 1, closed: 1 });
});

// ---- ends out of the ordinary

test('a host stream that fails has ended, to the guest; the listener hears why', async () => {
  const errors: unknown[] = [];
  const guest = await instance(BYTES, {}, { onStreamError: (error, path) => errors.push([error, path]) });
  const broken = new Error('the line is dead');
  const failing = async function* () {
    yield new Uint8Array([5]);
    throw broken;
  };
  assert.equal(await call(guest, 'sum', failing(), 100, 16), 5);
  assert.deepEqual(errors, [[broken, 'sum']]);
  const stream = new ReadableStream({
    start(controller) {
      controller.error(broken);
    },
  });
  assert.equal(await call(guest, 'drain', stream), 1, 'nothing more');
  assert.equal(errors.length, 2);
});

test('a wrong value in a stream ends the guest that reads, with a trap that says where', async () => {
  for (const wrong of [300, 'text', null, new Uint16Array([1]), [1, -1], { length: 3 }]) {
    const guest = await instance(BYTES);
    let closed = 0;
    const give = async function* () {
      try {
        yield new Uint8Array([1]);
        yield wrong;
        assert.fail('asked for more');
      } finally {
        closed++;
      }
    };
    await assert.rejects(
      call(guest, 'sum', give(), 100, 16),
      (error) =>
        error instanceof Trap &&
        error.code === 'host-value' &&
        error.path === 'sum' &&
        error.cause instanceof ValueError,
    );
    assert.equal(guest.alive, false);
    await turns();
    assert.equal(closed, 1);
  }
});

test('a buffer that the host gives away after it was offered', async () => {
  const guest = await instance(BYTES);
  const chunk = new Uint8Array([1, 2, 3, 4]);
  now(guest, 'hold', [chunk].values());
  await turns();
  structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
  assert.throws(
    () => now(guest, 'peek'),
    (error) => error instanceof Trap && error.code === 'host-value',
  );
  assert.equal(guest.alive, false);
});

test('a guest that traps amid its stream: the host’s reads fail, they do not just end', async () => {
  const guest = await instance(BYTES);
  const stream = (await call(guest, 'count-then-trap', 2, 5)) as ReadableStream<Uint8Array>;
  const reader = stream.getReader();
  assert.equal((await reader.read()).value?.length, 5);
  assert.equal((await reader.read()).value?.length, 5);
  await assert.rejects(reader.read(), (error) => error instanceof Trap && error.code === 'unreachable');
  await assert.rejects(reader.closed, (error) => error instanceof Trap);
});

test('an instance that is disposed amid a read of the host’s, and amid a read of its own', async () => {
  const guest = await instance(BYTES);
  const { stream: source, counts } = counted();
  now(guest, 'hold', source);
  const never = deferred<never>();
  let cancelled: unknown;
  const waiting = call(
    guest,
    'drain',
    new ReadableStream({
      pull: () => never.promise,
      cancel(reason) {
        cancelled = reason ?? 'without a reason';
      },
    }),
  );
  const echo = await instance(ECHO);
  const reader = (
    (await call(echo, 'echo', new ReadableStream({ pull: () => never.promise }))) as ReadableStream
  ).getReader();
  const read = reader.read();
  await turns();
  guest[Symbol.dispose]();
  echo[Symbol.dispose]();
  await assert.rejects(waiting, isDead);
  await assert.rejects(read, isDead);
  await turns();
  assert.equal(cancelled, 'without a reason');
  assert.equal(counts.closed, 1);
});

test('a read under way that the host gives up', async () => {
  const guest = await instance(ECHO);
  const stream = (await call(guest, 'echo', new ReadableStream())) as ReadableStream;
  const reader = stream.getReader();
  const read = reader.read();
  assert.equal(await reader.cancel(), undefined);
  assert.deepEqual(await read, { done: true, value: undefined });
  // It waits for what it would copy.
  assert.equal(suspendedCount(), 1);
  guest[Symbol.dispose]();
  await turns();
});

test('leaving a loop over a guest’s stream ends it for the guest', async () => {
  const guest = await instance(BYTES);
  for await (const chunk of (await call(guest, 'count', 1_000, 8)) as ReadableStream<Uint8Array>) {
    assert.equal(chunk.length, 8);
    break;
  }
  await turns();
  assert.equal(now(guest, 'ended'), 1);
  assert.equal(suspendedCount(), 0);
});

// ---- passed on

/** How often a controller of any stream was given a chunk during `body`. */
async function enqueued(body: () => Promise<void>): Promise<number> {
  const { prototype } = ReadableStreamDefaultController;
  const { enqueue } = prototype;
  let count = 0;
  prototype.enqueue = function (chunk) {
    count++;
    enqueue.call(this, chunk);
  };
  try {
    await body();
  } finally {
    prototype.enqueue = enqueue;
  }
  return count;
}

test('a guest’s stream that the host passes on unread goes from guest to guest without it', async () => {
  const from = await instance(BYTES);
  const to = await instance(BYTES);
  const chunks = await enqueued(async () => {
    const stream = (await call(from, 'count', 10, 1000)) as ReadableStream;
    assert.equal(await call(to, 'drain', stream), 10_000);
    assert.equal(stream.locked, true, 'it is not the host’s any more');
  });
  assert.equal(chunks, 0);
  assert.equal(now(from, 'ended'), 1);
});

test('one that the host has begun to read is passed on through it, the rest of it', async () => {
  const from = await instance(BYTES);
  const to = await instance(BYTES);
  const stream = (await call(from, 'count', 10, 1000)) as ReadableStream;
  const reader = stream.getReader();
  await reader.read();
  reader.releaseLock();
  assert.equal(await call(to, 'drain', stream), 9000);
});

test('a passed-on stream whose maker dies ends for the reader; whose reader dies, for the maker', async () => {
  const from = await instance(BYTES);
  const to = await instance(BYTES);
  const total = call(to, 'drain', await call(from, 'count-then-trap', 2, 100));
  assert.equal(await total, 200);
  assert.equal(to.alive, true);
  const maker = await instance(BYTES);
  const holder = await instance(BYTES);
  now(holder, 'hold', await call(maker, 'count', 5, 10));
  await turns();
  holder[Symbol.dispose]();
  await turns();
  assert.equal(now(maker, 'ended'), 1);
});

test('a host’s stream that a guest gives back is the host’s again', async () => {
  const guest = await instance(BYTES);
  now(guest, 'hold', streamOf([new Uint8Array([1, 2]), new Uint8Array([3])]));
  assert.deepEqual(await bytes(now(guest, 'give-back')), [1, 2, 3]);
});

test('a stream that the host was given and gives back to the same guest', async () => {
  const guest = await instance(BYTES);
  now(guest, 'hold', await call(guest, 'count', 2, 5));
  const back = now(guest, 'give-back') as ReadableStream;
  assert.equal((await bytes(back)).length, 10);
});
