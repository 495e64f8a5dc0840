import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ComponentError } from '../../error/error.ts';
import { Trap } from '../../error/trap.ts';
import { HostError, type Sink, type Source } from '../../host/host.ts';
import { bytesSource, memorySink, Waiters } from '../../host/streams.ts';
import { IoError } from './error.ts';
import { poll } from './poll.ts';
import { InputStream, OutputStream } from './streams.ts';

function answers(tag: string): (error: unknown) => boolean {
  return (error) => error instanceof ComponentError && (error.payload as { tag: string }).tag === tag;
}

function trap(message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof Trap && message.test(error.message);
}

/** A source and a sink that a test fills, drains and breaks by hand. */
class Pipe implements Source, Sink {
  readonly terminal = false;
  readonly waiters = new Waiters();
  chunks: Uint8Array[] = [];
  ended = false;
  full = false;
  error: HostError | undefined;
  closes = 0;

  ready(): boolean {
    return this.chunks.length > 0 || this.ended || this.error !== undefined;
  }
  subscribe(done: () => void): () => void {
    return this.waiters.add(done);
  }
  read(max: number): Uint8Array | undefined {
    if (this.error !== undefined) throw this.error;
    const chunk = this.chunks.shift();
    if (chunk === undefined) return this.ended ? undefined : new Uint8Array(0);
    if (chunk.length > max) this.chunks.unshift(chunk.subarray(max));
    return chunk.subarray(0, max);
  }
  check(): void {
    if (this.error !== undefined) throw this.error;
  }
  write(bytes: Uint8Array): void {
    this.check();
    this.chunks.push(bytes);
  }
  close(): void {
    this.closes++;
  }
  later(change: () => void): void {
    setTimeout(() => {
      change();
      this.waiters.wake();
    }, 1);
  }
}

class FullPipe extends Pipe {
  override ready(): boolean {
    return !this.full || this.error !== undefined;
  }
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test('reads give what is there, wait only when told to, and end', async () => {
  const pipe = new Pipe();
  const stream = new InputStream(pipe);
  assert.equal(stream.read(5n).length, 0);
  const wait = stream.blockingRead(5n);
  assert.ok(wait instanceof Promise);
  pipe.later(() => pipe.chunks.push(Buffer.from('abcdefg')));
  assert.equal(text(await wait), 'abcde');
  const now = stream.blockingRead(2n ** 64n - 1n);
  assert.ok(!(now instanceof Promise));
  assert.equal(text(now), 'fg');
  assert.equal((stream.blockingRead(0n) as Uint8Array).length, 0);
  const skipped = stream.blockingSkip(2n);
  pipe.later(() => pipe.chunks.push(Buffer.from('xyz')));
  assert.equal(await skipped, 2n);
  assert.equal(stream.skip(9n), 1n);
  pipe.later(() => {
    pipe.ended = true;
  });
  await assert.rejects(async () => stream.blockingRead(1n), answers('closed'));
  assert.throws(() => stream.read(0n), answers('closed'));
  assert.throws(() => stream.skip(1n), answers('closed'));
});

test('a failure is told once, then the stream is closed', () => {
  const pipe = new Pipe();
  const input = new InputStream(pipe);
  const output = new OutputStream(pipe);
  pipe.error = new HostError('io', 'the disk is on fire');
  assert.throws(
    () => input.read(1n),
    (error) => {
      const { tag, val } = (error as ComponentError).payload as { tag: string; val: IoError };
      assert.equal(tag, 'last-operation-failed');
      assert.equal(IoError.codeOf(val), 'io');
      return val.toDebugString() === 'the disk is on fire';
    },
  );
  assert.throws(() => input.read(1n), answers('closed'));
  assert.throws(() => output.checkWrite(), answers('last-operation-failed'));
  assert.throws(() => output.blockingWriteAndFlush(new Uint8Array(1)), answers('closed'));
  assert.throws(() => output.flush(), answers('closed'));
  assert.ok(input.subscribe().ready() && output.subscribe().ready());
});

test('a broken pipe is closed', () => {
  const pipe = new FullPipe();
  const output = new OutputStream(pipe);
  output.checkWrite();
  pipe.error = new HostError('pipe');
  assert.throws(() => output.write(new Uint8Array(1)), answers('closed'));
});

test('an error that is not the host’s own goes on as it is', () => {
  const pipe = new Pipe();
  pipe.error = new RangeError('a bug') as unknown as HostError;
  assert.throws(() => new InputStream(pipe).read(1n), RangeError);
});

test('writes need a permit', () => {
  const sink = memorySink();
  const stream = new OutputStream(sink);
  assert.throws(() => stream.write(new Uint8Array(1)), trap(/check-write permitted 0/));
  assert.equal(stream.checkWrite(), 65_536n);
  stream.write(Buffer.from('abc'));
  assert.throws(() => stream.write(new Uint8Array(65_536)), trap(/permitted 65533/));
  stream.writeZeroes(2n);
  assert.throws(() => stream.writeZeroes(2n ** 63n), trap(/permitted/));
  stream.flush();
  assert.equal(sink.text(), 'abc\0\0');
});

test('blocking writes take 4096 bytes and wait for room and for the flush', async () => {
  const pipe = new FullPipe();
  const stream = new OutputStream(pipe);
  assert.throws(() => stream.blockingWriteAndFlush(new Uint8Array(4097)), trap(/4096 are the most/));
  assert.throws(() => stream.blockingWriteZeroesAndFlush(2n ** 40n), trap(/4096 are the most/));
  assert.equal(stream.blockingWriteAndFlush(Buffer.from('now')), undefined);
  pipe.full = true;
  assert.equal(stream.checkWrite(), 0n);
  assert.equal(stream.subscribe().ready(), false);
  let done = false;
  const wait = Promise.resolve(stream.blockingWriteZeroesAndFlush(1n)).then(() => {
    done = true;
  });
  await new Promise((go) => setTimeout(go, 5));
  assert.equal(done, false);
  assert.equal(pipe.chunks.length, 1);
  pipe.later(() => {
    pipe.full = false;
  });
  await wait;
  assert.equal(pipe.chunks.length, 2);
  assert.equal(stream.blockingFlush(), undefined);
});

test('a failure while a blocking write waits is answered', async () => {
  const pipe = new FullPipe();
  pipe.full = true;
  const wait = new OutputStream(pipe).blockingWriteAndFlush(Buffer.from('x'));
  pipe.later(() => {
    pipe.error = new HostError('insufficient-space');
  });
  await assert.rejects(async () => wait, answers('last-operation-failed'));
});

test('splice moves what both sides allow', async () => {
  const sink = memorySink();
  const output = new OutputStream(sink);
  const input = new InputStream(bytesSource(Buffer.from('hello world')));
  assert.equal(output.splice(input, 5n), 5n);
  assert.equal(output.splice(input, 0n), 0n);
  assert.equal(output.splice(input, 2n ** 64n - 1n), 6n);
  assert.equal(sink.text(), 'hello world');
  assert.throws(() => output.splice(input, 1n), answers('closed'));
  const pipe = new Pipe();
  const slow = output.blockingSplice(new InputStream(pipe), 10n);
  pipe.later(() => pipe.chunks.push(Buffer.from('!')));
  assert.equal(await slow, 1n);
  const full = new FullPipe();
  full.full = true;
  const source = new InputStream(bytesSource(Buffer.from('kept')));
  assert.equal(new OutputStream(full).splice(source, 4n), 0n);
  assert.equal(text(source.read(4n)), 'kept');
});

test('polling several streams names the ready ones', async () => {
  const [a, b] = [new Pipe(), new Pipe()];
  const list = [new InputStream(a).subscribe(), new InputStream(b).subscribe()];
  const wait = poll(list);
  assert.ok(wait instanceof Promise);
  b.later(() => b.chunks.push(Buffer.from('x')));
  assert.deepEqual(await wait, Uint32Array.of(1));
  assert.equal(a.waiters.some, false);
  a.ended = true;
  assert.deepEqual(poll(list), Uint32Array.of(0, 1));
});

test('a stream may not be dropped before its pollables, and is closed all the same', () => {
  const pipe = new Pipe();
  const stream = new InputStream(pipe, () => pipe.close());
  const pollable = stream.subscribe();
  assert.throws(() => stream[Symbol.dispose](), trap(/input-stream was dropped before the pollables/));
  assert.equal(pipe.closes, 1);
  assert.equal(pollable.ready(), true);
  const output = new OutputStream(pipe, () => pipe.close());
  output.subscribe()[Symbol.dispose]();
  output[Symbol.dispose]();
  output[Symbol.dispose]();
  assert.equal(pipe.closes, 2);
});
