/** HTTP/2 for the programs that are served, by Node's own server, stream by stream. RFC 9113. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Sink } from '../host.ts';
import type { HttpField, HttpFields, HttpIncomingBody, HttpOutgoingBody, HttpServerRequest } from '../http.ts';
import { type AnswerWriter, beginAnswer } from './http-answer.ts';
import { fieldsOf, hasField, type IncomingStream, incomingStreamBody, NO_BODY, outgoingSink } from './http-streams.ts';
import { isNotSeen } from './http1-server.ts';

/** NGHTTP2_INTERNAL_ERROR. */
const INTERNAL_ERROR = 2;

/** The program sees the fields of the message; those that begin with a colon it sees apart. */
function isLeftOut(name: string): boolean {
  return name.startsWith(':') || isNotSeen(name);
}

/** Crumbs of a cookie are one field. RFC 9113, section 8.2.3. */
function joinCookies(fields: HttpFields): HttpFields {
  const crumbs = fields.filter(([name]) => name === 'cookie');
  if (crumbs.length < 2) return fields;
  const cookie: HttpField = ['cookie', crumbs.map(([, value]) => value).join('; ')];
  return [...fields.filter(([name]) => name !== 'cookie'), cookie];
}

function text(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** Fields as Node takes them. */
function headersOf(fields: HttpFields): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of fields) {
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return headers;
}

function trailersOf(headers: IncomingHttpHeaders): HttpFields {
  const raw = Object.entries(headers).flatMap(([name, value]) => [value ?? []].flat().flatMap((each) => [name, each]));
  return fieldsOf(raw, isLeftOut);
}

const ignore = (): void => {};

/** Where the body of an answer goes that has none. */
const NOWHERE: Sink = {
  terminal: false,
  ready: () => true,
  subscribe(done) {
    done();
    return ignore;
  },
  check: ignore,
  write: ignore,
  close: ignore,
};

class Exchange implements HttpServerRequest, AnswerWriter {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly authority: string | undefined;
  readonly path: string | undefined;
  readonly #stream: ServerHttp2Stream;
  readonly #raw: readonly string[];
  #headers: HttpFields | undefined;
  #body: HttpIncomingBody | undefined;
  #sink: Sink | undefined;
  /** Whether the head was all that the client gets: of HEAD, 204 and 304. A body that the program writes is no mistake. */
  #isAnswered = false;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[]) {
    this.#stream = stream;
    this.#raw = raw;
    this.method = text(headers, ':method') ?? 'GET';
    this.scheme = text(headers, ':scheme') === 'http' ? 'http' : 'https';
    this.authority = text(headers, ':authority') ?? text(headers, 'host');
    const path = text(headers, ':path');
    this.path = path?.startsWith('/') === true ? path : undefined;
    // Why a stream ended is known by its end.
    stream.on('error', ignore);
    if (text(headers, 'expect')?.toLowerCase() === '100-continue') stream.additionalHeaders({ ':status': 100 });
  }

  get headers(): HttpFields {
    this.#headers ??= joinCookies(fieldsOf(this.#raw, isLeftOut));
    return this.#headers;
  }

  get body(): HttpIncomingBody {
    this.#body ??= this.#stream.endAfterHeaders ? NO_BODY : this.#incoming();
    return this.#body;
  }

  #incoming(): HttpIncomingBody {
    const stream = this.#stream;
    let trailers: HttpFields | undefined;
    stream.once('trailers', (headers) => {
      trailers = trailersOf(headers);
    });
    return incomingStreamBody(stream as unknown as IncomingStream, {
      isWhole: () => stream.readableEnded,
      trailers: () => trailers,
    });
  }

  respond(status: number, fields: HttpFields): HttpOutgoingBody {
    return beginAnswer(this, status, fields);
  }

  onGone(done: () => void): void {
    const stream = this.#stream;
    stream.once('close', () => {
      if (!stream.writableFinished || stream.aborted) done();
    });
  }

  get isGone(): boolean {
    if (this.#isAnswered) return false;
    const { destroyed, closed, writableEnded } = this.#stream;
    // Node ends the body of an answer to HEAD before there is any.
    return destroyed || closed || (writableEnded && this.method !== 'HEAD');
  }

  get sink(): Sink {
    if (this.#isAnswered) return NOWHERE;
    this.#sink ??= outgoingSink(this.#stream);
    return this.#sink;
  }

  /** Answers false where the protocol does not allow these fields: then there is no answer. */
  #begin(headers: OutgoingHttpHeaders, options: { readonly endStream?: boolean; readonly waitForTrailers?: boolean }) {
    try {
      this.#stream.respond(headers, options);
      return true;
    } catch {
      this.abort();
      return false;
    }
  }

  #hasNoBody(status: number): boolean {
    return this.method === 'HEAD' || status === 204 || status === 205 || status === 304;
  }

  head(status: number, fields: HttpFields): void {
    this.#isAnswered = this.#hasNoBody(status);
    const options = this.#isAnswered ? { endStream: true } : { waitForTrailers: true };
    const isBegun = this.#begin({ ...headersOf(fields), ':status': status }, options);
    if (isBegun && !this.#isAnswered) this.#stream.once('wantTrailers', () => this.#sendTrailers());
  }

  #trailers: HttpFields | undefined;

  #sendTrailers(): void {
    try {
      this.#stream.sendTrailers(headersOf(this.#trailers ?? []));
    } catch {
      this.abort();
    }
  }

  whole(status: number, fields: HttpFields, body: string | Uint8Array): void {
    const stream = this.#stream;
    const headers: OutgoingHttpHeaders = { ...headersOf(fields), ':status': status };
    if (!this.#hasNoBody(status) && !hasField(fields, 'content-length')) headers['content-length'] = body.length;
    if (!this.#begin(headers, { endStream: body.length === 0 }) || stream.writableEnded) return;
    if (typeof body === 'string') stream.end(body, 'latin1');
    else stream.end(body);
  }

  end(trailers: HttpFields | undefined): void {
    if (this.#isAnswered) return;
    this.#trailers = trailers;
    this.#stream.end();
  }

  abort(): void {
    if (!this.#stream.closed) this.#stream.close(INTERNAL_ERROR);
  }
}

/** A request as the layer above has it. */
export function streamRequest(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  raw: readonly string[],
): HttpServerRequest {
  return new Exchange(stream, headers, raw);
}
