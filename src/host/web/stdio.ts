/** Standard streams of a page or worker: what is given as bytes, text or a stream comes in; what goes out is called back. */
import type { Sink, Source } from '../host.ts';
import { bytesSource, callbackSink } from '../streams.ts';
import { StreamSource } from './stream-source.ts';

/** What a program reads. */
export type Input = string | Uint8Array | ReadableStream<Uint8Array>;
/** Called with each piece that a program writes; the bytes are the callee's own. */
export type Output = (bytes: Uint8Array) => void;

/** Makes what a program reads a source. */
export function inputSource(input: Input): Source {
  if (typeof input === 'string') return bytesSource(new TextEncoder().encode(input));
  return input instanceof Uint8Array ? bytesSource(input) : new StreamSource(input);
}

/** Writes lines to the console; the last one without an end when the sink is closed. */
export function consoleSink(print: (line: string) => void): Sink {
  const decoder = new TextDecoder();
  let rest = '';
  const sink = callbackSink((bytes) => {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) print(line);
  });
  return {
    ...sink,
    close() {
      sink.close();
      if (rest !== '') print(rest);
      rest = '';
    },
  };
}
