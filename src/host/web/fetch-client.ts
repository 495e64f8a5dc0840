/**
 * Requests to others by a `fetch`. It sees no addresses, so that rules are kept by name and port, and by address where a request names
 * one. A body is sent when it is whole: pages can stream one over HTTP/2 only. Answers are streams. Redirects are not followed, and no
 * cookies are sent. There are no trailers.
 */
import { parseAddress } from '../../grants/address.ts';
import { HostError, type Sink } from '../host.ts';
import { HttpFailure, type HttpField, type HttpFields, type HttpOutgoingBody } from '../http.ts';
import type { HttpClient, HttpClientRequest, HttpClientResponse, HttpExchange } from '../http-client.ts';
import { Pending } from '../sockets.ts';
import { bytesSource, memorySink, READY } from '../streams.ts';
import { StreamSource } from './stream-source.ts';

/** The part of `fetch` that is used. */
export type Fetch = (request: Request) => Promise<Response>;

/** Bytes of a body that is sent. */
const MAX_BODY = 64 * 1024 * 1024;
/** Exchanges that a client may have under way. */
const MAX_EXCHANGES = 1024;

function fieldsOf(headers: Headers): HttpFields {
  // The body comes unpacked: what is said of its packed form is true no more.
  const unpacked = headers.has('content-encoding') ? ['content-encoding', 'content-length'] : [];
  const fields: HttpField[] = [];
  for (const [name, value] of headers) {
    if (!unpacked.includes(name)) fields.push([name, value]);
  }
  return fields;
}

class Exchange implements HttpExchange {
  readonly body: HttpOutgoingBody;
  readonly response: Pending<HttpClientResponse> = new Pending();
  readonly #request: HttpClientRequest;
  readonly #client: FetchClient;
  readonly #written = memorySink();
  readonly #abort = new AbortController();
  #size = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(request: HttpClientRequest, client: FetchClient) {
    this.#request = request;
    this.#client = client;
    const sink: Sink = {
      ...READY,
      terminal: false,
      check: () => this.#check(),
      write: (bytes) => this.#write(bytes),
      close() {},
    };
    this.body = {
      sink,
      finish: () => this.#send(),
      abort: () => this.fail(new HttpFailure('internal-error', { val: 'the body of the request was not finished' })),
    };
  }

  #check(): void {
    if (this.response.ready()) throw new HostError('pipe', 'nobody takes the body');
  }

  #write(bytes: Uint8Array): void {
    this.#check();
    this.#size += bytes.length;
    if (this.#size > MAX_BODY) this.fail(new HttpFailure('HTTP-request-body-size', { val: BigInt(this.#size) }));
    else this.#written.write(bytes);
  }

  #message(): Request {
    const { scheme, authority, path, method, headers } = this.#request;
    if (path === '*') throw new HttpFailure('HTTP-request-URI-invalid');
    try {
      return new Request(`${scheme}://${authority}${path}`, {
        method,
        headers: headers.map(([name, value]): [string, string] => [name, value]),
        body: this.#size === 0 ? null : new Uint8Array(this.#written.bytes()),
        redirect: 'manual',
        credentials: 'omit',
        cache: 'no-store',
        referrerPolicy: 'no-referrer',
        signal: this.#abort.signal,
      });
    } catch (error) {
      throw new HttpFailure('internal-error', { val: 'fetch cannot send such a request', cause: error });
    }
  }

  #send(): void {
    if (this.response.ready()) return;
    const { host, approves, connectTimeout, firstByteTimeout } = this.#request;
    const address = parseAddress(host);
    if (address !== undefined && !approves(address)) {
      this.fail(new HttpFailure('destination-IP-prohibited'));
      return;
    }
    const silent = (): void => this.fail(new HttpFailure('connection-read-timeout'));
    // When there is a connection is not told.
    this.#timer = setTimeout(silent, connectTimeout + firstByteTimeout);
    this.#fetch().then(
      (answer) => this.#answered(answer),
      (error: unknown) => this.fail(failureOf(error)),
    );
  }

  async #fetch(): Promise<Response> {
    return this.#client.fetch(this.#message());
  }

  #answered(answer: Response): void {
    if (this.response.ready()) return;
    if (answer.type === 'opaqueredirect') {
      this.fail(new HttpFailure('internal-error', { val: 'a redirect, which pages are not shown' }));
      return;
    }
    clearTimeout(this.#timer);
    this.response.resolve({ status: answer.status, headers: fieldsOf(answer.headers), body: this.#incoming(answer) });
  }

  #incoming({ body }: Response): HttpClientResponse['body'] {
    const over = (): void => this.#client.ended(this);
    if (body === null) {
      over();
      return { source: bytesSource(), trailers: { ...READY, result: () => undefined } };
    }
    const cut = (tag: string, cause?: unknown): HostError => {
      return new HostError('io', 'the answer is not whole', new HttpFailure(tag, { cause }));
    };
    const source = new StreamSource(body, {
      failed: (error) => cut('HTTP-response-incomplete', error),
      silence: this.#request.betweenBytesTimeout,
      silent: () => cut('connection-read-timeout'),
      over,
    });
    const result = (): undefined => {
      const failure = source.failure?.cause;
      if (failure instanceof HttpFailure) throw failure;
    };
    return { source, trailers: { ...READY, result } };
  }

  /** There will be no answer. */
  fail(failure: HttpFailure): void {
    if (this.response.ready()) return;
    this.response.reject(failure);
    this.destroy();
  }

  close(): void {
    this.fail(new HttpFailure('connection-terminated'));
  }

  /** Ends it, whatever came. */
  destroy(): void {
    this.close();
    clearTimeout(this.#timer);
    this.#abort.abort();
    this.#client.ended(this);
  }
}

/** Why is not told: pages may not know. */
function failureOf(error: unknown): HttpFailure {
  if (error instanceof HttpFailure) return error;
  const val = 'the request failed, or its answer may not be read here (CORS)';
  return new HttpFailure('internal-error', { val, cause: error });
}

export class FetchClient implements HttpClient {
  readonly fetch: Fetch;
  readonly #open = new Set<Exchange>();

  constructor(fetch: Fetch) {
    // Browsers refuse a `fetch` that is called as a method.
    this.fetch = (request) => fetch(request);
  }

  /** Exchanges under way. */
  get count(): number {
    return this.#open.size;
  }

  send(request: HttpClientRequest): HttpExchange {
    const exchange = new Exchange(request, this);
    this.#open.add(exchange);
    if (this.#open.size > MAX_EXCHANGES) exchange.fail(new HttpFailure('connection-limit-reached'));
    return exchange;
  }

  ended(exchange: Exchange): void {
    this.#open.delete(exchange);
  }

  close(): void {
    for (const exchange of [...this.#open]) exchange.destroy();
  }
}
