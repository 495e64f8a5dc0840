/** HTTP/1.1 for the programs that are served, by Node's own server: requests and answers. RFC 9112. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Sink } from '../host.ts';
import type { HttpFields, HttpIncomingBody, HttpOutgoingBody, HttpServerRequest } from '../http.ts';
import { type AnswerWriter, beginAnswer } from './http-answer.ts';
import { fieldsOf, hasField, headFields, incomingBody, NO_BODY, outgoingSink, trailerFields } from './http-streams.ts';

/** Fields of the connection and not of the message, which a guest neither sees nor sends; the authority it sees apart. */
const NOT_SEEN: ReadonlySet<string> = new Set([
  'connection',
  'host',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

export function isNotSeen(name: string): boolean {
  return NOT_SEEN.has(name);
}

function pathOf(url: string | undefined): string | undefined {
  if (url === undefined || url === '' || url === '*') return undefined;
  if (url.startsWith('/')) return url;
  // The absolute form, which clients send to proxies.
  const match = /^[a-z][a-z0-9+\-.]*:\/\/[^/?]*(.*)$/i.exec(url);
  return match === null ? undefined : match[1] || '/';
}

/** The value of a field in a raw list of names and values. */
function rawValue(raw: readonly string[], wanted: string): string | undefined {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!;
    if (name.length === wanted.length && name.toLowerCase() === wanted) return raw[i + 1];
  }
  return undefined;
}

/** A request has a body if it says so. RFC 9112, section 6.3. */
function hasBody(raw: readonly string[]): boolean {
  for (let i = 0; i < raw.length; i += 2) {
    const { length } = raw[i]!;
    if (length !== 14 && length !== 17) continue;
    const name = raw[i]!.toLowerCase();
    if (name === 'content-length' || name === 'transfer-encoding') return true;
  }
  return false;
}

const ignore = (): void => {};

/** A request as the layer above has it, and the writer of its answer. What is asked for is found only then. */
class Exchange implements HttpServerRequest, AnswerWriter {
  readonly scheme: 'http' | 'https';
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;
  #headers: HttpFields | undefined;
  #body: HttpIncomingBody | undefined;
  #sink: Sink | undefined;

  constructor(message: IncomingMessage, response: ServerResponse, scheme: 'http' | 'https') {
    this.#message = message;
    this.#response = response;
    this.scheme = scheme;
    // Of writes that come too late; whoever writes asks before.
    response.on('error', ignore);
  }

  get method(): string {
    return this.#message.method ?? 'GET';
  }

  get authority(): string | undefined {
    return rawValue(this.#message.rawHeaders, 'host');
  }

  get path(): string | undefined {
    return pathOf(this.#message.url);
  }

  get headers(): HttpFields {
    this.#headers ??= fieldsOf(this.#message.rawHeaders, isNotSeen);
    return this.#headers;
  }

  get body(): HttpIncomingBody {
    this.#body ??= hasBody(this.#message.rawHeaders) ? incomingBody(this.#message, 'request') : NO_BODY;
    return this.#body;
  }

  respond(status: number, fields: HttpFields): HttpOutgoingBody {
    return beginAnswer(this, status, fields);
  }

  onGone(done: () => void): void {
    const response = this.#response;
    response.on('close', () => {
      if (!response.writableFinished) done();
    });
  }

  get isGone(): boolean {
    return this.#response.destroyed || this.#response.writableEnded;
  }

  get sink(): Sink {
    this.#sink ??= outgoingSink(this.#response);
    return this.#sink;
  }

  #writeHead(status: number, fields: HttpFields, length: number | undefined, isChunked: boolean): void {
    const response = this.#response;
    if (hasField(fields, 'date')) response.sendDate = false;
    const raw = headFields(fields, isChunked);
    if (length !== undefined) raw.push('content-length', `${length}`);
    response.writeHead(status, raw);
  }

  /** Whether a body follows the head whose length the head does not say. */
  #isOpenEnded(status: number, fields: HttpFields): boolean {
    const hasBody = this.#message.method !== 'HEAD' && status !== 204 && status !== 304;
    return hasBody && !hasField(fields, 'content-length');
  }

  head(status: number, fields: HttpFields): void {
    const isChunked = this.#response.useChunkedEncodingByDefault && this.#isOpenEnded(status, fields);
    this.#writeHead(status, fields, undefined, isChunked);
    this.#response.flushHeaders();
  }

  whole(status: number, fields: HttpFields, body: string | Uint8Array): void {
    this.#writeHead(status, fields, this.#isOpenEnded(status, fields) ? body.length : undefined, false);
    if (typeof body === 'string') this.#response.end(body, 'latin1');
    else this.#response.end(body);
  }

  end(trailers: HttpFields | undefined): void {
    if (trailers !== undefined) this.#response.addTrailers(trailerFields(trailers));
    this.#response.end();
  }

  abort(): void {
    this.#response.destroy();
  }
}

/** A request as the layer above has it. */
export function serverRequest(
  message: IncomingMessage,
  response: ServerResponse,
  scheme: 'http' | 'https',
): HttpServerRequest {
  return new Exchange(message, response, scheme);
}
