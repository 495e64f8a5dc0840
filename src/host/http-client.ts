/**
 * Requests that a program makes of others, as a platform carries them, typed by resource and not by WASI version. Bodies are the sources
 * and sinks of `host.ts`. Redirects are not followed: the program sees them, and each request that it makes is judged anew.
 */
import type { IpAddress } from '../grants/address.ts';
import type { Waitable } from './host.ts';
import type { HttpFields, HttpIncomingBody, HttpOutgoingBody } from './http.ts';
import type { NetworkHost } from './sockets.ts';

export interface HttpClientRequest {
  /** A token in upper case, or what the program calls it. */
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** What the `host` field says, in ASCII. */
  readonly authority: string;
  /** With its query, in ASCII; begins with a slash, or is `*`. */
  readonly path: string;
  /** Without those of the connection; `content-length` only where it is one number. */
  readonly headers: HttpFields;
  /** Whether the address that is about to be connected to may be reached. A platform that does not see addresses never asks. */
  readonly approves: (address: IpAddress) => boolean;
  /** Milliseconds until there is a connection, until the answer begins, and between pieces of its body. */
  readonly connectTimeout: number;
  readonly firstByteTimeout: number;
  readonly betweenBytesTimeout: number;
}

export interface HttpClientResponse {
  readonly status: number;
  readonly headers: HttpFields;
  readonly body: HttpIncomingBody;
}

/** A request under way. */
export interface HttpExchange {
  readonly body: HttpOutgoingBody;
  /** Ready when the answer begins, or never will; `result` throws the HttpFailure that is the reason. */
  readonly response: Waitable & { result(): HttpClientResponse };
  /** Nobody waits for the answer any more. What is read of an answer that has come stays the reader's. */
  close(): void;
}

export interface HttpClient {
  /** Sends the head of a request; its body follows. Never throws: what goes wrong is the answer. */
  send(request: HttpClientRequest): HttpExchange;
  /** Ends what is under way, and connections that are kept. */
  close(): void;
}

/** A platform that may have HTTP. */
export interface HttpHost extends NetworkHost {
  /** Makes a client, whose connections are its own. */
  readonly httpClient?: () => HttpClient;
}
