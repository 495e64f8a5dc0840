/** Node's streams of HTTP messages as sources and sinks: nothing is read before somebody wants it, nothing written past back-pressure. */
import type { IncomingMessage, OutgoingMessage } from 'node:http';
import { HostError, type Sink, type Source } from '../host.ts';
import { HttpFailure, type HttpFields, type HttpIncomingBody } from '../http.ts';
import { Waiters } from '../streams.ts';

const NOTHING = new Uint8Array(0);

/** The fields of a raw list of names and values. */
export function fieldsOf(raw: readonly string[]): HttpFields {
  const fields: (readonly [string, Uint8Array])[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    // Node gives the bytes of a value as Latin-1.
    fields.push([raw[i]!.toLowerCase(), Buffer.from(raw[i + 1]!, 'latin1')]);
  }
  return fields;
}

/** The same as Node takes them. */
export function rawFields(fields: HttpFields): string[] {
  return fields.flatMap(([name, value]) => [name, Buffer.from(value).toString('latin1')]);
}

/** The body of a message that comes. */
export function incomingBody(message: IncomingMessage): HttpIncomingBody {
  const waiters = new Waiters();
  let failure: HttpFailure | undefined;
  let isOver = false;
  const wake = (): void => waiters.wake();
  const over = (): void => {
    isOver = true;
    wake();
  };
  message.on('readable', wake);
  message.once('end', over);
  message.once('error', (error) => {
    failure ??= new HttpFailure('connection-terminated', { cause: error });
    over();
  });
  message.once('close', () => {
    if (!message.complete) failure ??= new HttpFailure('connection-terminated', { message: 'the body was cut short' });
    over();
  });
  const source: Source = {
    terminal: false,
    ready: () => isOver || message.readableLength > 0,
    subscribe(done) {
      if (isOver || message.readableLength > 0) {
        done();
        return () => {};
      }
      // Has the stream fetch more; an empty one ends without anybody reading.
      message.read(0);
      return waiters.add(done);
    },
    read(max) {
      if (max === 0) return isOver && message.readableLength === 0 ? ended(failure) : NOTHING;
      const chunk = message.read(Math.min(max, message.readableLength) || 0) as Buffer | null;
      if (chunk !== null) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
      return isOver ? ended(failure) : NOTHING;
    },
    close() {
      // What is left of the body goes nowhere.
      message.resume();
    },
  };
  return {
    source,
    trailers: {
      ready: () => isOver,
      subscribe(done) {
        if (isOver) {
          done();
          return () => {};
        }
        return waiters.add(done);
      },
      result() {
        if (failure !== undefined) throw failure;
        return message.rawTrailers.length === 0 ? undefined : fieldsOf(message.rawTrailers);
      },
    },
  };
}

function ended(failure: HttpFailure | undefined): undefined {
  if (failure !== undefined) throw new HostError('io', failure.message, failure);
  return undefined;
}

/** Where the body of a message goes. */
export function outgoingSink(message: OutgoingMessage): Sink {
  const waiters = new Waiters();
  const wake = (): void => waiters.wake();
  message.on('drain', wake);
  message.once('close', wake);
  message.once('error', wake);
  const isGone = (): boolean => message.destroyed || message.writableEnded;
  const ready = (): boolean => isGone() || !message.writableNeedDrain;
  const check = (): void => {
    if (isGone()) throw new HostError('pipe', 'the other side has gone');
  };
  return {
    terminal: false,
    ready,
    subscribe(done) {
      if (!ready()) return waiters.add(done);
      done();
      return () => {};
    },
    check,
    write(bytes) {
      check();
      // Kept by Node until it is sent; what came may be a view of the guest's memory.
      if (bytes.length > 0) message.write(new Uint8Array(bytes));
    },
    close() {},
  };
}
