/** Listens for HTTP: version 1.1, and with a certificate also version 2. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Http2SecureServer, Http2Session, ServerHttp2Stream } from 'node:http2';
import type { HttpServerRequest } from '../http.ts';
import { hasTooMany, KEPT_FIELDS } from './http-streams.ts';
import { serverRequest } from './http1-server.ts';
import { streamRequest } from './http2-server.ts';

/** Milliseconds. */
const IDLE_CHECK = 20;
/** How often connections are looked through for those that are too slow. */
const SLOW_CHECK = 1000;
/** Streams of one HTTP/2 connection at once, and how many of them a client may take back: 100 at once, 33 a second. */
const STREAMS = { maxConcurrentStreams: 128, streamResetBurst: 100, streamResetRate: 33 };

/** A certificate with its chain, and its key, both as PEM. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
}

export interface HttpServerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Milliseconds within which a client must have sent its headers, and the whole request. */
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  /** Bytes of all headers together. */
  readonly maxHeaderSize: number;
  readonly tls?: TlsIdentity | undefined;
}

export interface HttpServer {
  /** The address that it listens on. */
  readonly url: string;
  /** Takes no more connections, ends idle ones, and resolves when the last request is done. */
  drain(): Promise<void>;
  /** Ends every connection. */
  close(): void;
}

type Handle = (request: HttpServerRequest) => void;

/** What both kinds of server have. */
interface AnyServer extends Pick<Server, 'address' | 'close' | 'closeIdleConnections' | 'closeAllConnections'> {
  listen(where: { readonly host: string; readonly port: number }, done: () => void): unknown;
  once(event: 'error', done: (error: Error) => void): unknown;
  off(event: 'error', done: (error: Error) => void): unknown;
}

/** Hands a request of version 1 on, unless it has more fields than it may have. */
function handing(handle: Handle, scheme: 'http' | 'https') {
  return (message: IncomingMessage, response: ServerResponse): void => {
    if (hasTooMany(message.rawHeaders)) response.writeHead(431, { connection: 'close' }).end();
    else handle(serverRequest(message, response, scheme));
  };
}

async function plainServer(options: HttpServerOptions, handle: Handle): Promise<AnyServer> {
  const { createServer } = await import('node:http');
  const { headersTimeout, requestTimeout, maxHeaderSize } = options;
  const limits = { headersTimeout, requestTimeout, maxHeaderSize, connectionsCheckingInterval: SLOW_CHECK };
  const server = createServer({ ...limits, noDelay: true }, handing(handle, 'http'));
  return Object.assign(server, { maxHeadersCount: KEPT_FIELDS });
}

/** Both versions on one port: a client says in its first message which it speaks. */
async function secureServer(options: HttpServerOptions, tls: TlsIdentity, handle: Handle): Promise<AnyServer> {
  const { createSecureServer } = await import('node:http2');
  const { Server: Version1 } = await import('node:http');
  const { headersTimeout, requestTimeout, maxHeaderSize } = options;
  const { maxConcurrentStreams, ...resets } = STREAMS;
  const server: Http2SecureServer = createSecureServer({
    ...tls,
    ...resets,
    allowHTTP1: true,
    settings: { maxConcurrentStreams, maxHeaderListSize: maxHeaderSize },
    handshakeTimeout: headersTimeout,
    noDelay: true,
    ...{ headersTimeout, requestTimeout, maxHeaderSize, connectionsCheckingInterval: SLOW_CHECK },
  });
  Object.assign(server, { headersTimeout, requestTimeout, maxHeadersCount: KEPT_FIELDS });
  const sessions = new Set<Http2Session>();
  server.on('request', handing(handle, 'https') as (message: unknown, response: unknown) => void);
  // Whoever hears of requests is given those of version 2, too, in the form of version 1; streams are asked for here as they are.
  server.removeAllListeners('stream');
  server.on('stream', (stream, headers, _flags, raw?: readonly string[]) => {
    handle(streamRequest(stream as ServerHttp2Stream, headers, raw ?? []));
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    // What sends nothing for so long, and has nothing under way, ends.
    session.setTimeout(requestTimeout, () => session.close());
  });
  // Connections of version 1 are kept as that server keeps them.
  const of1 = Version1.prototype;
  return Object.assign(Object.create(null) as object, {
    address: () => server.address(),
    close: (done: () => void) => {
      for (const session of sessions) session.close();
      return server.close(done);
    },
    closeIdleConnections: () => of1.closeIdleConnections.call(server as unknown as Server),
    closeAllConnections: () => {
      for (const session of sessions) session.destroy();
      of1.closeAllConnections.call(server as unknown as Server);
    },
    listen: server.listen.bind(server),
    once: server.once.bind(server),
    off: server.off.bind(server),
  }) as unknown as AnyServer;
}

/** Listens, and calls `handle` for every request. Rejects with the system's error where the address cannot be had. */
export async function listenHttp(options: HttpServerOptions, handle: Handle): Promise<HttpServer> {
  const { tls } = options;
  const server = await (tls === undefined ? plainServer(options, handle) : secureServer(options, tls, handle));
  await listening(server, options);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host}:${port}/`,
    drain: () =>
      new Promise((resolve) => {
        // Connections of requests that end from now on are idle only then.
        const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK);
        server.close(() => {
          clearInterval(idle);
          resolve();
        });
        server.closeIdleConnections();
      }),
    close: () => server.closeAllConnections(),
  };
}

function listening(server: AnyServer, { host, port }: HttpServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
