/** Streams of bytes: between two guests, and from the host through a guest (`stream-echo.wat`) back to the host. */
import { guest, instance } from '../guest.ts';
import { asyncLoop, type Contender, loop, timed, timedAsync } from '../measure.ts';
import { type AnyFunction, type Exports, loadTenon } from '../peers/tenon.ts';
import { atMost, type Row, type Settings, TENON, times } from '../row.ts';

const COPY = 'one memory.copy';
const CHUNK = 65_536;

async function exportsOf(settings: Settings, name: string): Promise<Exports> {
  const { Component } = await loadTenon(settings.form);
  return (await (await Component.load(guest(name))).instantiate()).exports as Exports;
}

const BETWEEN = 1000;

async function between(settings: Settings): Promise<readonly Contender[]> {
  const run = (await exportsOf(settings, 'stream-between'))['run'] as AnyFunction;
  if ((await run(3)) !== 3 * CHUNK) throw new Error('bytes of a stream were lost');
  const copy = instance(new WebAssembly.Module(guest('hand/copy-chunk')))['loop'];
  return [
    {
      name: TENON,
      sample: timedAsync(asyncLoop({ run }, `x += await run(${BETWEEN});`), settings.effort, BETWEEN),
    },
    { name: COPY, sample: timed(loop({ copy }, `x += copy(${BETWEEN});`), settings.effort, BETWEEN) },
  ];
}

const ECHOED = 64;

/** Sends chunks through a guest and counts what comes back. */
function echoing(echo: AnyFunction, source: (chunks: number) => unknown): (chunks: number) => Promise<number> {
  return async (chunks) => {
    const reader = ((await echo(source(chunks))) as ReadableStream<Uint8Array>).getReader();
    let bytes = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.length;
    }
    if (bytes !== chunks * CHUNK) throw new Error('bytes of a stream were lost');
    return bytes;
  };
}

function readable(chunks: number): ReadableStream {
  const chunk = new Uint8Array(CHUNK).fill(7);
  let left = chunks;
  return new ReadableStream({
    pull(controller) {
      if (left-- > 0) controller.enqueue(chunk);
      else controller.close();
    },
  });
}

function* iterable(chunks: number): Iterable<Uint8Array> {
  const chunk = new Uint8Array(CHUNK).fill(7);
  for (let i = 0; i < chunks; i++) yield chunk;
}

async function echo(settings: Settings, source: (chunks: number) => unknown): Promise<readonly Contender[]> {
  const run = echoing((await exportsOf(settings, 'stream-echo'))['echo'] as AnyFunction, source);
  const sample = timedAsync(asyncLoop({ run }, `x += await run(${ECHOED});`), settings.effort, ECHOED * CHUNK);
  return [{ name: TENON, sample }];
}

function echoRow(how: string, source: (chunks: number) => unknown): Row {
  return {
    name: `stream<u8> from host to guest to host, ${how}, a byte`,
    unit: 'ns',
    claims: [atMost(1, 'ns')],
    contenders: (settings) => echo(settings, source),
  };
}

export const streamRows: readonly Row[] = [
  {
    name: 'stream between components, a chunk of 64 kB',
    unit: 'ns',
    claims: [times(2, COPY)],
    contenders: between,
  },
  echoRow('a ReadableStream', readable),
  echoRow('an iterable', iterable),
];
