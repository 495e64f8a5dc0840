/** `wasi:http/outgoing-handler`: whether a request may be sent, and where to. RFC 9110, sections 4.2 and 7.1. */
import { ComponentError } from '../../error/error.ts';
import { bracketed, type IpAddress, printAddress } from '../../grants/address.ts';
import { parseHost } from '../../grants/host-name.ts';
import type { HttpTarget, NetworkPolicy } from '../../grants/network-policy.ts';
import type { HttpErrorCode } from '../../host/http.ts';
import type { HttpClient, HttpClientRequest } from '../../host/http-client.ts';
import { FutureIncomingResponse } from './http-answers.ts';
import { Fields } from './http-fields.ts';
import { OutgoingRequest, type RequestOptions } from './http-messages.ts';

const DEFAULT_PORTS = { http: 80, https: 443 } as const;
/** Milliseconds of each kind of waiting, where a program says nothing, and at most. */
const PATIENCE = 600_000;

function refuse(tag: string, val?: unknown): never {
  throw new ComponentError(val === undefined ? { tag } : ({ tag, val } satisfies HttpErrorCode));
}

/** Host and port of an authority; whoever asks for a user's password by it is refused. */
function splitAuthority(authority: string): { readonly host: string; readonly port: number | undefined } {
  const match = /^(\[[^\]]*\]|[^:@]*)(?::(\d*))?$/.exec(authority);
  if (match === null) refuse('HTTP-request-URI-invalid');
  const port = match[2] === undefined || match[2] === '' ? undefined : Number(match[2]);
  if (port !== undefined && (port < 1 || port > 65_535)) refuse('HTTP-request-URI-invalid');
  return { host: match[1]!, port };
}

function schemeOf(request: OutgoingRequest): 'http' | 'https' {
  const scheme = request.scheme();
  if (scheme === undefined) return 'https';
  const name = scheme.tag === 'other' ? (scheme.val ?? '') : scheme.tag;
  const lower = name.toLowerCase();
  return lower === 'http' || lower === 'https' ? lower : refuse('HTTP-protocol-error');
}

/** What is not ASCII goes as a URL has it. */
function pathOf(request: OutgoingRequest, method: string): string {
  const path = request.pathWithQuery()?.replace(/[^\x21-\x7e]+/g, encodeURIComponent);
  if (path === undefined || path === '') return '/';
  if (path.startsWith('?')) return `/${path}`;
  if (path === '*' && method === 'OPTIONS') return path;
  // Anything else would say something of the host once more.
  return path.startsWith('/') ? path : refuse('HTTP-request-URI-invalid');
}

interface Told {
  readonly target: HttpTarget;
  readonly authority: string;
  readonly path: string;
}

/** What a request says of where it goes. */
function targetOf(request: OutgoingRequest): Told {
  const method = OutgoingRequest.methodName(request);
  // A tunnel to anywhere is no request over HTTP.
  if (method === 'CONNECT') refuse('HTTP-request-method-invalid');
  const scheme = schemeOf(request);
  const { host: text, port } = splitAuthority(request.authority() ?? '');
  const parsed = parseHost(text);
  if (parsed === undefined) refuse('HTTP-request-URI-invalid');
  const host = parsed.kind === 'name' ? parsed.name : printAddress(parsed.address);
  return {
    target: { method, scheme, host, port: port ?? DEFAULT_PORTS[scheme] },
    // As it is judged, in ASCII, however the program spelled it.
    authority: port === undefined ? bracketed(host) : `${bracketed(host)}:${port}`,
    path: pathOf(request, method),
  };
}

function milliseconds(duration: bigint | undefined): number {
  if (duration === undefined) return PATIENCE;
  // Rounded up: no time at all would end what has not begun.
  return Math.min(Math.max(1, Number((duration + 999_999n) / 1_000_000n)), PATIENCE);
}

function clientRequest(
  request: OutgoingRequest,
  options: RequestOptions | undefined,
  { target, authority, path }: Told,
  approves: (address: IpAddress) => boolean,
): HttpClientRequest {
  return {
    ...target,
    authority,
    path,
    headers: Fields.list(request.headers()),
    approves,
    connectTimeout: milliseconds(options?.connectTimeout()),
    firstByteTimeout: milliseconds(options?.firstByteTimeout()),
    betweenBytesTimeout: milliseconds(options?.betweenBytesTimeout()),
  };
}

/** Sends requests by a client, which is made when it is needed first, as far as a policy allows. */
export class OutgoingHandler {
  readonly #policy: NetworkPolicy;
  readonly #makeClient: (() => HttpClient) | undefined;
  #client: HttpClient | undefined;

  constructor(policy: NetworkPolicy, makeClient: (() => HttpClient) | undefined) {
    this.#policy = policy;
    this.#makeClient = makeClient;
  }

  handle(request: OutgoingRequest, options: RequestOptions | undefined): FutureIncomingResponse {
    try {
      return this.#send(request, options);
    } catch (error) {
      OutgoingRequest.forget(request);
      throw error;
    }
  }

  #send(request: OutgoingRequest, options: RequestOptions | undefined): FutureIncomingResponse {
    const told = targetOf(request);
    const { target } = told;
    if (!this.#policy.decideHttp(target).allowed) refuse('HTTP-request-denied');
    if (this.#makeClient === undefined) refuse('HTTP-request-denied');
    const approves = (address: IpAddress): boolean => this.#policy.decideHttpAddress(target, address).allowed;
    const sent = clientRequest(request, options, told, approves);
    this.#client ??= this.#makeClient();
    const exchange = this.#client.send(sent);
    OutgoingRequest.connect(request, exchange);
    return new FutureIncomingResponse(exchange);
  }

  /** Ends what is under way. */
  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }
}
