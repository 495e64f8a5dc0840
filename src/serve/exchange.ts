/** One request, its answer, and what the client is told where the guest gives none. */
import type { Sink } from '../host/host.ts';
import type { HttpFields, HttpIncomingBody, HttpOutgoingBody, HttpServerRequest } from '../host/http.ts';

const text = /* @__PURE__ */ new TextEncoder();

/** Answers in the host's own words. */
export function plain(
  request: HttpServerRequest,
  status: number,
  message: string,
  more: readonly [string, string][] = [],
): void {
  const body = text.encode(`${message}\n`);
  const fields: [string, string][] = [
    ['content-type', 'text/plain; charset=utf-8'],
    ['content-length', `${body.length}`],
    ...more,
  ];
  const out = request.respond(
    status,
    fields.map(([name, value]) => [name, text.encode(value)]),
  );
  out.sink.write(body);
  out.finish(undefined);
}

/** Status codes of what a guest answers in place of a response. */
export function statusOf(tag: string): number {
  if (tag === 'HTTP-request-denied') return 403;
  if (tag === 'HTTP-request-body-size') return 413;
  if (tag === 'HTTP-request-URI-too-long') return 414;
  if (tag === 'HTTP-request-method-invalid' || tag === 'HTTP-request-URI-invalid') return 400;
  return 500;
}

/** A request, its answer, and what has become of it. */
export class Exchange implements HttpServerRequest, HttpOutgoingBody {
  readonly #request: HttpServerRequest;
  #answer: HttpOutgoingBody | undefined;
  status = 0;
  isOver = false;
  /** Whether its answer is whole, or was cut short from here. */
  hasEnded = false;

  constructor(request: HttpServerRequest) {
    this.#request = request;
  }

  get method(): string {
    return this.#request.method;
  }

  get scheme(): string {
    return this.#request.scheme;
  }

  get authority(): string | undefined {
    return this.#request.authority;
  }

  get path(): string | undefined {
    return this.#request.path;
  }

  get headers(): HttpFields {
    return this.#request.headers;
  }

  get body(): HttpIncomingBody {
    return this.#request.body;
  }

  onGone(done: () => void): void {
    this.#request.onGone(done);
  }

  respond(status: number, headers: HttpFields): HttpOutgoingBody {
    this.status = status;
    this.#answer = this.#request.respond(status, headers);
    return this;
  }

  get sink(): Sink {
    return this.#answer!.sink;
  }

  finish(trailers: HttpFields | undefined): void {
    this.hasEnded = true;
    this.#answer!.finish(trailers);
  }

  abort(): void {
    this.hasEnded = true;
    this.status = 0;
    this.#answer!.abort();
  }

  /** The guest gives no answer, or no more of it: the client hears `status`, or that its answer is cut short. */
  fail(status: number, message: string): void {
    if (this.hasEnded) return;
    if (this.#answer !== undefined) this.abort();
    else plain(this, status, message);
  }
}
