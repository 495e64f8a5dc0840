/** HTTP/1.1 for the programs that are served, by Node's own server. RFC 9112. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { HttpFields, HttpOutgoingBody, HttpServerRequest } from '../http.ts';
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

/**
 * Begins an answer. Its head waits for the first piece of the body or for the end of this turn of the event loop, whichever comes first:
 * a short answer goes out in one packet, with its length.
 */
function respond(response: ServerResponse, status: number, fields: HttpFields): HttpOutgoingBody {
  const sink = outgoingSink(response);
  let isHeadSent = false;
  let first: Uint8Array | undefined;
  const sendHead = (length?: number): void => {
    isHeadSent = true;
    response.sendDate = !fields.some(([name]) => name === 'date');
    const raw = rawFields(fields);
    if (length !== undefined) raw.push('content-length', `${length}`);
    response.writeHead(status, raw);
  };
  const flush = (): void => {
    if (isHeadSent || response.destroyed) return;
    sendHead();
    if (first === undefined) response.flushHeaders();
    else response.write(first);
  };
  setImmediate(flush);
  return {
    sink: {
      ...sink,
      write(bytes) {
        sink.check();
        if (bytes.length === 0) return;
        if (!isHeadSent && first === undefined) {
          first = new Uint8Array(bytes);
          return;
        }
        flush();
        sink.write(bytes);
      },
    },
    finish(trailers) {
      if (trailers !== undefined && trailers.length > 0) {
        flush();
        response.addTrailers(pairs(rawFields(trailers)));
      }
      if (isHeadSent || response.destroyed) {
        response.end();
        return;
      }
      const hasLength = fields.some(([name]) => name === 'content-length');
      const mayHaveLength = !hasLength && response.req.method !== 'HEAD' && status !== 204 && status !== 304;
      sendHead(mayHaveLength ? (first?.length ?? 0) : undefined);
      response.end(first);
    },
    abort() {
      response.destroy();
    },
  };
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
    respond: (status, fields) => respond(response, status, fields),
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

/** Milliseconds. */
const IDLE_CHECK = 20;

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

function listening(server: Server, { host, port }: HttpServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
