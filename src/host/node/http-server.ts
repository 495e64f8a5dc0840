/** HTTP/1.1 for the programs that are served, by Node's own server. RFC 9112. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { HttpOutgoingBody, HttpServerRequest } from '../http.ts';
import { fieldsOf, incomingBody, outgoingSink, rawFields } from './http-streams.ts';

/** Fields of the connection and not of the message, which a guest neither sees nor sends. */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

function pathOf(url: string | undefined): string | undefined {
  if (url === undefined || url === '' || url === '*') return undefined;
  if (url.startsWith('/')) return url;
  // The absolute form, which clients send to proxies.
  const match = /^[a-z][a-z0-9+\-.]*:\/\/[^/?]*(.*)$/i.exec(url);
  return match === null ? undefined : match[1] || '/';
}

/** A request as the layer above has it. */
export function serverRequest(
  message: IncomingMessage,
  response: ServerResponse,
  scheme: 'http' | 'https',
): HttpServerRequest {
  const headers = fieldsOf(message.rawHeaders).filter(([name]) => !OF_CONNECTION.has(name));
  return {
    method: message.method ?? 'GET',
    scheme,
    authority: message.headers.host,
    path: pathOf(message.url),
    headers: headers.filter(([name]) => name !== 'host'),
    body: incomingBody(message),
    respond(status, fields): HttpOutgoingBody {
      response.sendDate = !fields.some(([name]) => name === 'date');
      response.writeHead(status, rawFields(fields));
      const sink = outgoingSink(response);
      return {
        sink,
        finish(trailers) {
          if (trailers !== undefined && trailers.length > 0) response.addTrailers(pairs(rawFields(trailers)));
          response.end();
        },
        abort() {
          response.destroy();
        },
      };
    },
    onGone(done) {
      response.once('close', () => {
        if (!response.writableFinished) done();
      });
    },
  };
}

function pairs(raw: readonly string[]): [string, string][] {
  const list: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) list.push([raw[i]!, raw[i + 1]!]);
  return list;
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
}

export interface HttpServer {
  /** The address that it listens on. */
  readonly url: string;
  /** Takes no more connections, ends idle ones, and resolves when the last request is done. */
  drain(): Promise<void>;
  /** Ends every connection. */
  close(): void;
}

/** Listens, and calls `handle` for every request. Rejects with the system's error where the address cannot be had. */
export async function listenHttp(
  options: HttpServerOptions,
  handle: (request: HttpServerRequest) => void,
): Promise<HttpServer> {
  const { createServer } = await import('node:http');
  const { headersTimeout, requestTimeout, maxHeaderSize } = options;
  const server = createServer({ headersTimeout, requestTimeout, maxHeaderSize, noDelay: true }, (message, response) => {
    handle(serverRequest(message, response, 'http'));
  });
  await listening(server, options);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}/`,
    drain: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
    close: () => server.closeAllConnections(),
  };
}

function listening(server: Server, { host, port }: HttpServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
