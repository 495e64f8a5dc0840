/**
 * HTTP messages as a platform gives and takes them, typed by resource and not by WASI version. Bodies are the sources and sinks of
 * `host.ts`, so that back-pressure goes from one end to the other.
 */
import type { HostError, Sink, Source, Waitable } from './host.ts';

/** A field of a header or trailer section: its name in lower case, and its value, one character for each byte (Latin-1). */
export type HttpField = readonly [name: string, value: string];
export type HttpFields = readonly HttpField[];

/** Why an exchange failed: a case of WASI's `wasi:http/types.error-code`, with its payload where it has one. */
export interface HttpErrorCode {
  readonly tag: string;
  readonly val?: unknown;
}

/** An exchange failed in a way that the guest is told about. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  readonly code: HttpErrorCode;
  constructor(
    tag: string,
    options: { readonly val?: unknown; readonly message?: string; readonly cause?: unknown } = {},
  ) {
    super(options.message ?? tag, options.cause === undefined ? {} : { cause: options.cause });
    this.code = 'val' in options ? { tag, val: options.val } : { tag };
  }
}

/** A body as it comes. `source` fails with an {@link HttpFailure} as the cause of its {@link HostError}. */
export interface HttpIncomingBody {
  readonly source: Source;
  /** Ready when the body has ended; then `result` gives its trailers, or throws the HttpFailure that cut it short. */
  readonly trailers: Waitable & { result(): HttpFields | undefined };
}

/** A body as it goes. */
export interface HttpOutgoingBody {
  readonly sink: Sink;
  /** The body is whole. Throws HttpFailure. */
  finish(trailers: HttpFields | undefined): void;
  /** The body will never be whole: the other side is told by an end that is none. */
  abort(): void;
}

/** What another program asks of the one that is served. */
export interface HttpServerRequest {
  readonly method: string;
  /** `http` or `https`. */
  readonly scheme: string;
  readonly authority: string | undefined;
  /** With its query; undefined where the request has none (`CONNECT`, `OPTIONS *`). */
  readonly path: string | undefined;
  readonly headers: HttpFields;
  readonly body: HttpIncomingBody;
  /** Begins the answer; once. */
  respond(status: number, headers: HttpFields): HttpOutgoingBody;
  /** Called once when the other side has gone before it had its answer. */
  onGone(done: () => void): void;
}

export type { HostError };
