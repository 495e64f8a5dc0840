/** Requests and responses of `wasi:http/types`. RFC 9110. */
import { ComponentError } from '../../error/error.ts';
import type { HttpErrorCode, HttpServerRequest } from '../../host/http.ts';
import type { HttpExchange } from '../../host/http-client.ts';
import { violated } from './guard.ts';
import { hadBefore, IncomingBody, Outgoing, OutgoingBody } from './http-body.ts';
import { contentLength, Fields } from './http-fields.ts';

interface Case {
  readonly tag: string;
  readonly val?: string;
}

const METHODS = ['get', 'head', 'post', 'put', 'delete', 'connect', 'options', 'trace', 'patch'];
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const SCHEME = /^[A-Za-z][A-Za-z0-9+\-.]*$/;
/** What a path with its query may hold: no blanks, no controls, no fragment. RFC 3986, sections 3.3 and 3.4. */
/** A path, a query alone, or the asterisk of OPTIONS; a fragment is no part of either. */
const PATH = /^(?:[/?][\x21\x22\x24-\x7e\x80-\uffff]*|\*)?$/;
const AUTHORITY = /^(?:[^@/?#\s]*@)?(?:\[[0-9A-Fa-f:.]+\]|[^@:/?#\s[\]]+)(?::\d{0,5})?$/;

function methodOf(name: string): Case {
  const lower = name.toLowerCase();
  return METHODS.includes(lower) && name === name.toUpperCase() ? { tag: lower } : { tag: 'other', val: name };
}

function methodName({ tag, val }: Case): string {
  return tag === 'other' ? (val ?? '') : tag.toUpperCase();
}

function schemeOf(name: string): Case {
  if (name === 'http' || name === 'https') return { tag: name.toUpperCase() };
  return { tag: 'other', val: name };
}

function invalid(): never {
  throw new ComponentError(undefined);
}

/** What another program asks of this one. */
export class IncomingRequest {
  readonly #request: HttpServerRequest;
  #isConsumed = false;

  constructor(request: HttpServerRequest) {
    this.#request = request;
  }

  method(): Case {
    return methodOf(this.#request.method);
  }

  pathWithQuery(): string | undefined {
    return this.#request.path;
  }

  scheme(): Case | undefined {
    return schemeOf(this.#request.scheme);
  }

  authority(): string | undefined {
    return this.#request.authority;
  }

  headers(): Fields {
    return Fields.of(this.#request.headers);
  }

  consume(): IncomingBody {
    if (this.#isConsumed) hadBefore();
    this.#isConsumed = true;
    return new IncomingBody(this.#request.body);
  }

  [Symbol.dispose](): void {
    if (!this.#isConsumed) this.#request.body.source.close();
  }
}

/** What a guest asks of others. */
export class OutgoingRequest {
  readonly #headers: Fields;
  readonly #outgoing: Outgoing;
  #hasBody = false;
  #method: Case = { tag: 'get' };
  #path: string | undefined;
  #scheme: Case | undefined;
  #authority: string | undefined;

  constructor(headers: Fields) {
    this.#headers = Fields.fixed(headers);
    this.#outgoing = new Outgoing(contentLength(Fields.list(headers)), 'HTTP-request-body-size');
  }

  body(): OutgoingBody {
    if (this.#hasBody) hadBefore();
    this.#hasBody = true;
    return new OutgoingBody(this.#outgoing);
  }

  method(): Case {
    return this.#method;
  }

  setMethod(method: Case): void {
    if (!TOKEN.test(methodName(method))) invalid();
    this.#method = method;
  }

  pathWithQuery(): string | undefined {
    return this.#path;
  }

  setPathWithQuery(path: string | undefined): void {
    if (path !== undefined && !PATH.test(path)) invalid();
    this.#path = path;
  }

  scheme(): Case | undefined {
    return this.#scheme;
  }

  setScheme(scheme: Case | undefined): void {
    if (scheme?.tag === 'other' && !SCHEME.test(scheme.val ?? '')) invalid();
    this.#scheme = scheme;
  }

  authority(): string | undefined {
    return this.#authority;
  }

  setAuthority(authority: string | undefined): void {
    if (authority !== undefined && !AUTHORITY.test(authority)) invalid();
    this.#authority = authority;
  }

  headers(): Fields {
    return this.#headers;
  }

  /** It was not sent, and nobody will take its body. */
  static forget(request: OutgoingRequest): void {
    request.#outgoing.forget();
  }

  /** Its body goes to `exchange`. A request whose body was never asked for has none. */
  static connect(request: OutgoingRequest, exchange: HttpExchange): void {
    if (!request.#hasBody) request.#outgoing.finish(undefined);
    request.#outgoing.connect(exchange.body);
  }

  /** The name of its method, in upper case where it is one of HTTP's own. */
  static methodName(request: OutgoingRequest): string {
    return methodName(request.#method);
  }
}

type Duration = bigint | undefined;

export class RequestOptions {
  #connect: Duration;
  #firstByte: Duration;
  #betweenBytes: Duration;

  connectTimeout(): Duration {
    return this.#connect;
  }

  setConnectTimeout(duration: Duration): void {
    this.#connect = duration;
  }

  firstByteTimeout(): Duration {
    return this.#firstByte;
  }

  setFirstByteTimeout(duration: Duration): void {
    this.#firstByte = duration;
  }

  betweenBytesTimeout(): Duration {
    return this.#betweenBytes;
  }

  setBetweenBytesTimeout(duration: Duration): void {
    this.#betweenBytes = duration;
  }
}

/** What a guest answers. */
export class OutgoingResponse {
  readonly #headers: Fields;
  readonly #outgoing: Outgoing;
  #status = 200;
  #hasBody = false;

  constructor(headers: Fields) {
    this.#headers = Fields.fixed(headers);
    this.#outgoing = new Outgoing(contentLength(Fields.list(headers)), 'HTTP-response-body-size');
  }

  statusCode(): number {
    return this.#status;
  }

  setStatusCode(status: number): void {
    // 1xx are no final responses; RFC 9110, section 15.
    if (status < 200 || status > 999) invalid();
    this.#status = status;
  }

  headers(): Fields {
    return this.#headers;
  }

  body(): OutgoingBody {
    if (this.#hasBody) hadBefore();
    this.#hasBody = true;
    return new OutgoingBody(this.#outgoing);
  }

  /** Sends it as the answer to `request`. A response whose body was never asked for has none. */
  static send(response: OutgoingResponse, request: HttpServerRequest): void {
    const outgoing = response.#outgoing;
    if (!response.#hasBody) outgoing.finish(undefined);
    outgoing.connect(request.respond(response.#status, Fields.list(response.#headers)));
  }
}

/** How the answer to a request stands. */
export type Answer =
  | { readonly kind: 'none' }
  | { readonly kind: 'response' }
  | { readonly kind: 'error'; readonly code: HttpErrorCode };

type Outcome =
  | { readonly tag: 'ok'; readonly val: OutgoingResponse }
  | { readonly tag: 'err'; readonly val: HttpErrorCode };

/** Where the answer to a request goes; the guest's to set once. */
export class ResponseOutparam {
  readonly #request: HttpServerRequest;
  #answer: Answer = { kind: 'none' };

  constructor(request: HttpServerRequest) {
    this.#request = request;
  }

  static answerOf(param: ResponseOutparam): Answer {
    return param.#answer;
  }

  static set(param: ResponseOutparam, response: Outcome): void {
    if (param.#answer.kind !== 'none') violated('the response-outparam was set twice');
    if (response.tag === 'err') {
      param.#answer = { kind: 'error', code: response.val };
      return;
    }
    param.#answer = { kind: 'response' };
    OutgoingResponse.send(response.val, param.#request);
  }
}
