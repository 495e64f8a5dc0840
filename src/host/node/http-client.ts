/** Requests to others, by Node's own client. A connection goes to an address that was approved, and to none that is looked up again. */
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { LookupFunction } from 'node:net';
import { parseAddress } from '../../grants/address.ts';
import { HostError, type Sink } from '../host.ts';
import { HttpFailure, type HttpFields, type HttpOutgoingBody } from '../http.ts';
import type { HttpClient, HttpClientRequest, HttpClientResponse, HttpExchange } from '../http-client.ts';
import { Pending } from '../sockets.ts';
import { Waiters } from '../streams.ts';
import { keptAgent } from './http-agent.ts';
import { failureOf, prohibited } from './http-errors.ts';
import {
  fieldsOf,
  hasField,
  hasTooMany,
  headFields,
  incomingBody,
  KEPT_FIELDS,
  outgoingSink,
  trailerFields,
} from './http-streams.ts';
import { isNotSeen } from './http1-server.ts';

/** Bytes of all fields of an answer together. */
const MAX_HEADER_SIZE = 64 * 1024;
/** Answers of the kind 1xx before the one that counts. */
const MAX_INFORMATIONAL = 100;
/** Exchanges that a client may have under way. */
const MAX_EXCHANGES = 1024;
/** Methods whose requests have no body unless they say so. RFC 9110, section 8.6. */
const WITHOUT_BODY: ReadonlySet<string> = /* @__PURE__ */ new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

const IDEMPOTENT: ReadonlySet<string> = /* @__PURE__ */ new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

export interface HttpClientOptions {
  /** In place of the system's name look-up. */
  readonly lookup?: LookupFunction;
  /** Certificates in PEM form that are trusted, in place of Node's. */
  readonly ca?: string;
}

interface Started {
  readonly message: ClientRequest;
  readonly body: Sink;
}

class Exchange implements HttpExchange {
  readonly body: HttpOutgoingBody;
  readonly response: Pending<HttpClientResponse> = new Pending();
  readonly #request: HttpClientRequest;
  readonly #client: NodeHttpClient;
  readonly #waiters = new Waiters();
  /** The first piece of the body, until the head is sent. */
  #first: Uint8Array | undefined;
  #started: Started | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #informational = 0;
  /** Whether it has no body, so that it can be sent once more. */
  #isBare = false;
  #wasRetried = false;
  #isClosed = false;

  constructor(request: HttpClientRequest, client: NodeHttpClient) {
    this.#request = request;
    this.#client = client;
    const ready = (): boolean => this.#isClosed || (this.#started?.body.ready() ?? this.#first === undefined);
    this.body = {
      sink: {
        terminal: false,
        ready,
        subscribe: (done) => {
          if (this.#started !== undefined) return this.#started.body.subscribe(done);
          if (!ready()) return this.#waiters.add(done);
          done();
          return () => {};
        },
        check: () => this.#check(),
        write: (bytes) => this.#write(bytes),
        close() {},
      },
      finish: (trailers) => this.#finish(trailers),
      abort: () => this.#fail(new HttpFailure('internal-error', { val: 'the body of the request was not finished' })),
    };
    // A short body is sent with its length, in one packet with the head.
    setImmediate(() => {
      if (this.#started === undefined && !this.#isClosed) this.#flush();
    });
  }

  #check(): void {
    if (this.#isClosed) throw new HostError('pipe', 'nobody takes the body');
    this.#started?.body.check();
  }

  #write(bytes: Uint8Array): void {
    this.#check();
    if (bytes.length === 0) return;
    if (this.#started === undefined && this.#first === undefined) {
      this.#first = new Uint8Array(bytes);
      return;
    }
    this.#flush()?.body.write(bytes);
  }

  #finish(trailers: HttpFields | undefined): void {
    if (this.#isClosed) return;
    if (trailers !== undefined && trailers.length > 0) this.#flush()?.message.addTrailers(trailerFields(trailers));
    if (this.#started !== undefined) {
      this.#started.message.end();
      return;
    }
    const first = this.#first;
    this.#isBare = first === undefined;
    this.#start(first?.length ?? 0)?.message.end(first);
  }

  /** Sends the head of a request whose body has no end yet. */
  #flush(): Started | undefined {
    if (this.#started !== undefined) return this.#started;
    const first = this.#first;
    const started = this.#start(undefined);
    if (first === undefined) started?.message.flushHeaders();
    else started?.message.write(first);
    this.#first = undefined;
    this.#waiters.wake();
    return started;
  }

  /** The head as Node takes it. A body has a length, or comes in chunks: never neither. */
  #head(length: number | undefined): readonly string[] {
    const { authority, headers, method } = this.#request;
    const hasLength = hasField(headers, 'content-length');
    const isChunked = !hasLength && length === undefined;
    const raw = ['host', authority, ...headFields(headers, isChunked)];
    if (isChunked) raw.push('transfer-encoding', 'chunked');
    else if (!hasLength && !(length === 0 && WITHOUT_BODY.has(method))) raw.push('content-length', `${length}`);
    return raw;
  }

  /** Opens the message. What Node refuses is the answer: often nobody is there to be told of an error. */
  #start(length: number | undefined): Started | undefined {
    const { scheme, method, host, port, path, approves } = this.#request;
    let message: ClientRequest;
    try {
      message = this.#client.open(scheme, {
        method,
        host,
        port,
        path,
        headers: this.#head(length),
        setHost: false,
        maxHeaderSize: MAX_HEADER_SIZE,
        lookup: this.#client.lookupWith(approves),
      });
    } catch (error) {
      this.#fail(failureOf(error));
      return undefined;
    }
    this.#started = { message, body: outgoingSink(message) };
    this.#hear(message);
    return this.#started;
  }

  #hear(message: ClientRequest): void {
    const { scheme, connectTimeout, firstByteTimeout } = this.#request;
    message.maxHeadersCount = KEPT_FIELDS;
    this.#arm(connectTimeout, 'connection-timeout');
    message.once('socket', (socket) => {
      const connected = (): void => this.#arm(firstByteTimeout, 'connection-read-timeout');
      if (message.reusedSocket) connected();
      else socket.once(scheme === 'https' ? 'secureConnect' : 'connect', connected);
    });
    message.once('response', (answer) => this.#answered(answer));
    message.on('information', () => {
      if (++this.#informational > MAX_INFORMATIONAL)
        this.#fail(new HttpFailure('HTTP-protocol-error', { message: 'too many informational answers' }));
    });
    message.once('upgrade', (_answer, socket) => {
      socket.destroy();
      this.#fail(new HttpFailure('HTTP-upgrade-failed'));
    });
    message.on('error', (error) => this.#failed(message, error));
    message.once('close', () => {
      if (this.#started?.message === message) this.#fail(new HttpFailure('connection-terminated'));
    });
  }

  /**
   * A connection that was kept may be ended by the other side while a request is on its way: that was none of the request's doing, and one
   * that may be repeated is sent on a new connection. RFC 9110, section 9.2.2.
   */
  #failed(message: ClientRequest, error: unknown): void {
    if (this.#started?.message !== message) return;
    const again = message.reusedSocket && this.#isBare && !this.#wasRetried && !this.response.ready();
    const failure = failureOf(error);
    if (!again || failure.code.tag !== 'connection-terminated' || !IDEMPOTENT.has(this.#request.method)) {
      this.#fail(failure);
      return;
    }
    this.#wasRetried = true;
    this.#start(0)?.message.end();
  }

  #arm(milliseconds: number, tag: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fail(new HttpFailure(tag)), milliseconds);
  }

  #answered(answer: IncomingMessage): void {
    clearTimeout(this.#timer);
    if (hasTooMany(answer.rawHeaders)) {
      this.#fail(new HttpFailure('HTTP-response-header-section-size', { val: undefined }));
      return;
    }
    const { betweenBytesTimeout } = this.#request;
    this.response.resolve({
      status: answer.statusCode ?? 0,
      headers: fieldsOf(answer.rawHeaders, isNotSeen),
      body: incomingBody(answer, 'response', {
        cutShort: 'HTTP-response-incomplete',
        silence: betweenBytesTimeout,
        abandon: () => this.destroy(),
      }),
    });
    answer.once('close', () => this.#over());
  }

  /** There will be no answer; after one has begun, its body tells. */
  #fail(failure: HttpFailure): void {
    if (this.#isClosed) return;
    if (this.response.ready()) {
      // The answer came before all of the request was sent.
      if (failure.code.tag === 'internal-error') this.#started?.message.destroy();
      this.#waiters.wake();
      return;
    }
    this.response.reject(failure);
    this.#over();
    this.#started?.message.destroy();
  }

  #over(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#first = undefined;
    this.#client.ended(this);
    this.#waiters.wake();
  }

  close(): void {
    if (!this.response.ready()) this.#fail(new HttpFailure('connection-terminated'));
  }

  /** Ends it, whatever came. */
  destroy(): void {
    this.close();
    this.#over();
    this.#started?.message.destroy();
  }
}

export class NodeHttpClient implements HttpClient {
  readonly #options: HttpClientOptions;
  readonly #agents = new Map<string, Agent>();
  readonly #open = new Set<Exchange>();

  constructor(options: HttpClientOptions = {}) {
    this.#options = options;
  }

  /** Exchanges under way. */
  get count(): number {
    return this.#open.size;
  }

  send(request: HttpClientRequest): HttpExchange {
    const exchange = new Exchange(request, this);
    this.#open.add(exchange);
    if (this.#open.size > MAX_EXCHANGES) {
      exchange.response.reject(new HttpFailure('connection-limit-reached'));
      exchange.destroy();
    }
    return exchange;
  }

  open(scheme: 'http' | 'https', options: Record<string, unknown>): ClientRequest {
    const { ca } = this.#options;
    const library = scheme === 'https' ? process.getBuiltinModule('node:https') : process.getBuiltinModule('node:http');
    let agent = this.#agents.get(scheme);
    if (agent === undefined) {
      agent = keptAgent(library, ca === undefined ? {} : { ca });
      this.#agents.set(scheme, agent);
    }
    return library.request({ ...options, agent });
  }

  /** Looks a name up, and gives the addresses that may be connected to. */
  lookupWith(approves: HttpClientRequest['approves']): LookupFunction {
    const look = this.#options.lookup ?? process.getBuiltinModule('node:dns').lookup;
    return (name, options, done) => {
      look(name, { ...options, all: true }, (error, found) => {
        if (error !== null) {
          done(error, []);
          return;
        }
        const allowed = (found as { address: string; family: number }[]).filter(({ address }) => {
          const parsed = parseAddress(address.split('%')[0]!);
          return parsed !== undefined && approves(parsed);
        });
        const [first] = allowed;
        if (first === undefined) done(prohibited() as unknown as NodeJS.ErrnoException, []);
        else if (options.all === true) done(null, allowed);
        else done(null, first.address, first.family);
      });
    };
  }

  ended(exchange: Exchange): void {
    this.#open.delete(exchange);
  }

  close(): void {
    for (const exchange of [...this.#open]) exchange.destroy();
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }
}
