/**
 * Streams and futures at the host's border: a guest's stream is a `ReadableStream` there, a future a promise; a guest is given those, or
 * anything that can be iterated. docs/guide-js.md, "Streams and futures".
 *
 * Back-pressure both ways: from a guest nothing is taken before the host asks; of the host's stream one chunk is read ahead.
 */

import type { HostEnd } from '../abi/js/border.ts';
import { describeValue } from '../abi/js/check.ts';
import { ValueError } from '../error/error.ts';
import type { FutureType, StreamType } from '../types/value-type.ts';
import { ErrorContext } from './error-context.ts';
import { HostReader, readFuture } from './host-reader.ts';
import { checkValue } from './host-source.ts';
import type { HandleConversion } from './host-values.ts';
import { HostWriter, isStream, isThenable, writeFuture } from './host-writer.ts';
import type { Payload, TypeScope } from './payload.ts';
import { checkRep, repFromHost, repToHost } from './resource.ts';
import { type Shared, SharedFuture, SharedStream } from './shared.ts';

/** The streams that guests gave to the host and that it has not begun to read. */
const untouched = new WeakMap<ReadableStream, HostReader>();

const conversion: HandleConversion = {
  toHost(type, value, { scope }) {
    if (type.kind === 'stream' || type.kind === 'future') return endToHost(value as Shared);
    if (type.kind === 'error-context') return value;
    return repToHost(scope.resource(type.resource), value as number);
  },
  fromHost(type, value, { scope }, path) {
    if (type.kind === 'stream' || type.kind === 'future') return endFromHost(type, value, scope, path);
    if (type.kind === 'error-context') return errorContextFromHost(value, path);
    return repFromHost(scope.resource(type.resource), value, path);
  },
  check(type, value, { scope }, path) {
    if (type.kind === 'own' || type.kind === 'borrow') checkRep(scope.resource(type.resource), value, path);
    else checkEnd(type, value, scope, path);
  },
};

/** The host's form of a readable end. */
export function endToHost(shared: Shared): object {
  shared.readerSlot = 0;
  if (shared instanceof SharedFuture) return readFuture(shared, conversion);
  const reader = new HostReader(shared as SharedStream, conversion);
  untouched.set(reader.stream, reader);
  return reader.stream;
}

/** The readable end for a guest of a stream or future of the host's. Throws a ValueError where the value is none. */
export function endFromHost(type: StreamType | FutureType, value: unknown, types: TypeScope, path: string): Shared {
  const payload = types.payload(type.element);
  return type.kind === 'stream' ? streamFromHost(payload, value, path) : futureFromHost(payload, value, path);
}

/** Throws what {@link endFromHost} or {@link errorContextFromHost} would throw, and takes nothing. */
export function checkEnd(type: HostEnd, value: unknown, types: TypeScope, path: string): void {
  if (type.kind === 'error-context') errorContextFromHost(value, path);
  else if (type.kind === 'stream') {
    if (!isStream(value)) throw noStream(value, path);
  } else if (!isThenable(value)) checkValue(types.payload(type.element), value, path, conversion);
}

function isReadable(value: unknown): value is ReadableStream {
  try {
    return value instanceof ReadableStream;
  } catch {
    return false;
  }
}

function streamFromHost(payload: Payload, value: unknown, path: string): Shared {
  const own = isReadable(value) ? untouched.get(value) : undefined;
  const passed = own?.passOn(payload);
  if (passed !== undefined) return passed;
  const shared = new SharedStream(payload);
  let writer: HostWriter | undefined;
  try {
    writer = HostWriter.of(shared, value, path, conversion);
  } catch (error) {
    throw noStream(value, path, error);
  }
  if (writer === undefined) throw noStream(value, path);
  writer.run();
  return shared;
}

function noStream(value: unknown, path: string, cause?: unknown): ValueError {
  return new ValueError('wrong-value', `${path} does not fit its type`, {
    expected: 'a stream: a ReadableStream that is not locked, or something to iterate over, such as an async generator',
    found: isReadable(value) ? 'a ReadableStream that is locked' : describeValue(value),
    cause,
  });
}

function futureFromHost(payload: Payload, value: unknown, path: string): Shared {
  const shared = new SharedFuture(payload);
  writeFuture(shared, value, path, conversion);
  return shared;
}

/** The error context that a host gives: one of ours, or the message of an error. */
export function errorContextFromHost(value: unknown, path: string): ErrorContext {
  if (value instanceof ErrorContext) return value;
  if (value instanceof Error) return new ErrorContext(value.message.toWellFormed());
  throw new ValueError('wrong-value', `${path} does not fit its type`, {
    expected: 'an ErrorContext or an Error',
    found: describeValue(value),
  });
}
