/** `wasi:http/types@0.3.0` in memory, as a host of tests gives it: enough for a handler, with bodies as streams that are passed on. */
import { ComponentError } from '../../src/index.ts';

type Bytes = Uint8Array;
type Entry = readonly [name: string, value: Bytes];

/** A stream or promise, in whatever form the border gave it. */
type Body = ReadableStream<Bytes> | AsyncIterable<Bytes> | readonly Bytes[] | undefined;
type Trailers = Promise<unknown>;

export class Fields {
  #entries: Entry[] = [];

  static fromList(entries: readonly Entry[]): Fields {
    const fields = new Fields();
    for (const [name, value] of entries) fields.append(name, value);
    return fields;
  }

  #is(name: string): (entry: Entry) => boolean {
    return ([key]) => key === name.toLowerCase();
  }

  get(name: string): Bytes[] {
    return this.#entries.filter(this.#is(name)).map(([, value]) => value);
  }

  has(name: string): boolean {
    return this.#entries.some(this.#is(name));
  }

  set(name: string, values: readonly Bytes[]): void {
    this.delete(name);
    for (const value of values) this.append(name, value);
  }

  delete(name: string): void {
    const is = this.#is(name);
    this.#entries = this.#entries.filter((entry) => !is(entry));
  }

  getAndDelete(name: string): Bytes[] {
    const values = this.get(name);
    this.delete(name);
    return values;
  }

  append(name: string, value: Bytes): void {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) throw new ComponentError({ tag: 'invalid-syntax' });
    this.#entries.push([name.toLowerCase(), value]);
  }

  copyAll(): Entry[] {
    return [...this.#entries];
  }

  clone(): Fields {
    return Fields.fromList(this.#entries);
  }

  /** For tests: as text. */
  entries(): Record<string, string> {
    return Object.fromEntries(this.#entries.map(([name, value]) => [name, new TextDecoder().decode(value)]));
  }
}

export class RequestOptions {
  #times = new Map<string, bigint | undefined>();

  #set(name: string, value: bigint | undefined): void {
    this.#times.set(name, value);
  }

  getConnectTimeout(): bigint | undefined {
    return this.#times.get('connect');
  }

  setConnectTimeout(value: bigint | undefined): void {
    this.#set('connect', value);
  }

  getFirstByteTimeout(): bigint | undefined {
    return this.#times.get('first');
  }

  setFirstByteTimeout(value: bigint | undefined): void {
    this.#set('first', value);
  }

  getBetweenBytesTimeout(): bigint | undefined {
    return this.#times.get('between');
  }

  setBetweenBytesTimeout(value: bigint | undefined): void {
    this.#set('between', value);
  }

  clone(): RequestOptions {
    const copy = new RequestOptions();
    copy.#times = new Map(this.#times);
    return copy;
  }
}

/** What requests and responses have in common. */
class Message {
  readonly #headers: Fields;
  readonly body: Body;
  readonly trailers: Trailers;
  /** Settles what `new` answered. */
  readonly sent = Promise.withResolvers<unknown>();
  /** What the consumer of the body says in the end. */
  consumed: Promise<unknown> | undefined;

  constructor(headers: Fields, body: Body, trailers: Trailers) {
    this.#headers = headers;
    this.body = body;
    this.trailers = trailers;
  }

  getHeaders(): Fields {
    return this.#headers;
  }

  protected consume(result: Promise<unknown>): [Body, Trailers] {
    this.consumed = result;
    return [this.body ?? [], this.trailers];
  }
}

export class Request extends Message {
  #method: unknown = { tag: 'get' };
  #path: string | undefined;
  #scheme: unknown;
  #authority: string | undefined;
  readonly #options: RequestOptions | undefined;

  constructor(headers: Fields, body: Body, trailers: Trailers, options?: RequestOptions) {
    super(headers, body, trailers);
    this.#options = options;
  }

  static new(headers: Fields, body: Body, trailers: Trailers, options?: RequestOptions): [Request, Promise<unknown>] {
    const request = new Request(headers, body, trailers, options);
    return [request, request.sent.promise];
  }

  static consumeBody(self: Request, result: Promise<unknown>): [Body, Trailers] {
    return self.consume(result);
  }

  getMethod(): unknown {
    return this.#method;
  }

  setMethod(method: unknown): void {
    this.#method = method;
  }

  getPathWithQuery(): string | undefined {
    return this.#path;
  }

  setPathWithQuery(path: string | undefined): void {
    this.#path = path;
  }

  getScheme(): unknown {
    return this.#scheme;
  }

  setScheme(scheme: unknown): void {
    this.#scheme = scheme;
  }

  getAuthority(): string | undefined {
    return this.#authority;
  }

  setAuthority(authority: string | undefined): void {
    this.#authority = authority;
  }

  getOptions(): RequestOptions | undefined {
    return this.#options;
  }
}

export class Response extends Message {
  #status = 200;

  static new(headers: Fields, body: Body, trailers: Trailers): [Response, Promise<unknown>] {
    const response = new Response(headers, body, trailers);
    return [response, response.sent.promise];
  }

  static consumeBody(self: Response, result: Promise<unknown>): [Body, Trailers] {
    return self.consume(result);
  }

  getStatusCode(): number {
    return this.#status;
  }

  setStatusCode(status: number): void {
    this.#status = status;
  }
}
