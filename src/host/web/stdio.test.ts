import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HostError, type Source } from '../host.ts';
import { until } from '../streams.ts';
import { consoleSink, inputSource } from './stdio.ts';

const utf8 = new TextEncoder();

function streamOf(...pieces: readonly string[]): ReadableStream<Uint8Array> {
  const left = [...pieces];
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = left.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(utf8.encode(piece));
    },
  });
}

async function readAll(source: Source, max: number): Promise<string[]> {
  const found: string[] = [];
  for (;;) {
    await until(source);
    const piece = source.read(max);
    if (piece === undefined) return found;
    found.push(new TextDecoder().decode(piece));
  }
}

describe('standard input', () => {
  test('text and bytes are there at once', async () => {
    assert.deepEqual(await readAll(inputSource('äb'), 2), ['ä', 'b']);
    assert.deepEqual(await readAll(inputSource(utf8.encode('xyz')), 9), ['xyz']);
  });

  test('a stream is read piece by piece, empty ones are waited past', async () => {
    const source = inputSource(streamOf('abc', '', 'd'));
    assert.equal(source.ready(), false);
    assert.equal(source.read(5)?.length, 0);
    assert.deepEqual(await readAll(source, 2), ['ab', 'c', 'd']);
    assert.equal(source.read(1), undefined);
  });

  test('no more is asked of a stream than is read', async () => {
    let asked = 0;
    const stream = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          asked++;
          controller.enqueue(utf8.encode('a'));
        },
      },
      { highWaterMark: 0 },
    );
    const source = inputSource(stream);
    assert.equal(asked, 0);
    await until(source);
    assert.equal(source.ready(), true);
    assert.equal(asked, 1);
    source.read(1);
    assert.equal(asked, 1);
    source.close();
  });

  test('a wish that was taken back is not fulfilled', async () => {
    const source = inputSource(streamOf('a'));
    let called = 0;
    source.subscribe(() => called++)();
    await until(source);
    assert.equal(called, 0);
  });

  test('the failure of a stream is one of input', async () => {
    const stream = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new Error('cut')) });
    const source = inputSource(stream);
    await until(source);
    assert.throws(
      () => source.read(1),
      (error) => error instanceof HostError && error.code === 'io' && (error.cause as Error).message === 'cut',
    );
  });

  test('closing cancels the stream', async () => {
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      cancel() {
        cancelled = true;
      },
    });
    const source = inputSource(stream);
    source.close();
    assert.equal(cancelled, true);
    assert.equal(source.read(1), undefined);
  });
});

test('the console gets whole lines, the last one at the end', () => {
  const lines: string[] = [];
  const sink = consoleSink((line) => lines.push(line));
  const [first, second] = [utf8.encode('one\nzwei ä').subarray(0, 10), utf8.encode('one\nzwei ä').subarray(10)];
  sink.write(first);
  assert.deepEqual(lines, ['one']);
  sink.write(second);
  sink.write(utf8.encode('\n\nend'));
  assert.deepEqual(lines, ['one', 'zwei ä', '']);
  sink.close();
  sink.close();
  assert.deepEqual(lines, ['one', 'zwei ä', '', 'end']);
});
