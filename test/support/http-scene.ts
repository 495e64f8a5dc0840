/** What the tests of `wasi:http/outgoing-handler` share: a program's interfaces, requests in few words, and servers that misbehave. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createRaw, type Server, type Socket } from 'node:net';
import type { NetworkGrantInput } from '../../src/grants/network.ts';
import type { Denial } from '../../src/grants/network-policy.ts';
import { nodeHost } from '../../src/host/node/host.ts';
import { type HttpClientOptions, NodeHttpClient } from '../../src/host/node/http-client.ts';
import { until } from '../../src/host/streams.ts';
import type { makeHttp } from '../../src/wasi/p2/http.ts';
import type { FutureIncomingResponse, IncomingResponse } from '../../src/wasi/p2/http-answers.ts';
import type { IncomingBody, OutgoingBody } from '../../src/wasi/p2/http-body.ts';
import type { OutgoingRequest, RequestOptions } from '../../src/wasi/p2/http-messages.ts';
import { Pollable } from '../../src/wasi/p2/poll.ts';
import type { OutputStream } from '../../src/wasi/p2/streams.ts';
import { createWasi } from '../../src/wasi/p2/wasi.ts';

type Imports = ReturnType<typeof makeHttp> & Disposable;
type Fields = InstanceType<Imports['wasi:http/types']['Fields']>;

export interface Asked {
  readonly method?: string;
  readonly scheme?: 'HTTP' | 'HTTPS';
  readonly authority: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Only this machine, whatever is asked. */
export const LOCAL: NetworkGrantInput = { http: ['localhost:*'] };

export class HttpScene implements Disposable {
  readonly imports: Imports;
  readonly client: NodeHttpClient;
  readonly denials: Denial[] = [];

  /** `imports`: those of another platform, in place of Node's. */
  constructor(network: NetworkGrantInput = LOCAL, options: HttpClientOptions = {}, imports?: object) {
    this.client = new NodeHttpClient(options);
    const own = (): object =>
      createWasi({
        host: { ...nodeHost(), httpClient: () => this.client },
        grant: { network },
        onDenied: (denial) => this.denials.push(denial),
      });
    this.imports = (imports ?? own()) as Imports;
  }

  get types(): Imports['wasi:http/types'] {
    return this.imports['wasi:http/types'];
  }

  fields(headers: Readonly<Record<string, string>> = {}): Fields {
    const { Fields } = this.types;
    return Fields.fromList(Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)]));
  }

  request({ method = 'GET', scheme = 'HTTP', authority, path, headers }: Asked): OutgoingRequest {
    const { OutgoingRequest } = this.types;
    const request = new OutgoingRequest(this.fields(headers));
    const isOwn = /^(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH)$/.test(method);
    request.setMethod(isOwn ? { tag: method.toLowerCase() } : { tag: 'other', val: method });
    request.setScheme({ tag: scheme });
    request.setAuthority(authority);
    request.setPathWithQuery(path);
    return request;
  }

  handle(request: OutgoingRequest, options?: RequestOptions): FutureIncomingResponse {
    return this.imports['wasi:http/outgoing-handler'].handle(request, options);
  }

  /** Sends a request, with a body where there is one, and gives what came of it. */
  async ask(asked: Asked, body?: string, options?: RequestOptions): Promise<Answer> {
    const request = this.request(asked);
    const outgoing = body === undefined ? undefined : request.body();
    const future = this.handle(request, options);
    if (outgoing !== undefined) {
      await writeAll(outgoing, Buffer.from(body ?? ''));
      this.types.OutgoingBody.finish(outgoing, undefined);
    }
    return answerOf(future);
  }

  /** Reads a body to its end: text, and trailers or the code that it failed with. */
  async read(body: IncomingBody): Promise<Read> {
    const stream = body.stream();
    const chunks: Uint8Array[] = [];
    let failure: unknown;
    try {
      for (;;) chunks.push(await stream.blockingRead(65_536n));
    } catch (error) {
      const { payload } = error as { payload: { tag: string; val?: never } };
      if (payload.tag !== 'closed') failure = this.types.httpErrorCode(payload.val!);
    }
    stream[Symbol.dispose]();
    const trailers = this.types.IncomingBody.finish(body);
    await waitFor(trailers.subscribe());
    const got = trailers.get() as { val: { tag: string; val: Fields | undefined } };
    return {
      text: Buffer.concat(chunks).toString(),
      failure,
      trailers: got.val.tag === 'ok' ? entries(got.val.val) : got.val.val,
    };
  }

  [Symbol.dispose](): void {
    this.imports[Symbol.dispose]();
  }
}

export interface Read {
  readonly text: string;
  readonly failure: unknown;
  readonly trailers: unknown;
}

export type Answer =
  | { readonly tag: 'ok'; readonly val: IncomingResponse }
  | { readonly tag: 'err'; readonly val: { readonly tag: string; readonly val?: unknown } };

export function entries(fields: Fields | undefined): Record<string, string> | undefined {
  return fields === undefined
    ? undefined
    : Object.fromEntries(fields.entries().map(([name, value]) => [name, Buffer.from(value).toString('latin1')]));
}

export async function waitFor(pollable: Pollable): Promise<void> {
  await until(Pollable.waitableOf(pollable));
  pollable[Symbol.dispose]();
}

export async function answerOf(future: FutureIncomingResponse): Promise<Answer> {
  await waitFor(future.subscribe());
  const got = future.get() as { readonly val: Answer };
  return got.val;
}

/** The response, or fails with the code that came in its place. */
export function response(answer: Answer): IncomingResponse {
  if (answer.tag === 'err') throw new Error(`no answer: ${JSON.stringify(answer.val)}`);
  return answer.val;
}

/** Writes a short text at once. */
export function write(stream: OutputStream, text: string): void {
  assert.ok(stream.checkWrite() >= text.length);
  stream.write(Buffer.from(text));
}

export async function writeAll(body: OutgoingBody, bytes: Uint8Array): Promise<void> {
  const stream = body.write();
  for (let at = 0; at < bytes.length; ) {
    await waitFor(stream.subscribe());
    const room = Number(stream.checkWrite());
    const piece = bytes.subarray(at, at + room);
    stream.write(piece);
    at += piece.length;
  }
  stream[Symbol.dispose]();
}

export interface Served extends AsyncDisposable {
  readonly authority: string;
  readonly port: number;
  readonly connections: () => number;
}

/** Listens on a port of its own; counts connections, and ends them with itself. */
async function served(server: Server): Promise<Served> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    authority: `localhost:${port}`,
    port,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A server of Node. */
export function serving(listener: RequestListener): Promise<Served> {
  return served(createServer({ requireHostHeader: false }, listener));
}

/** A server that says whatever it likes: `talk` is called with each connection and all that it has heard, whenever more comes. */
export function raw(talk: (socket: Socket, heard: string) => void): Promise<Served> {
  return served(
    createRaw((socket) => {
      let heard = '';
      socket.on('data', (bytes) => {
        heard += bytes.toString('latin1');
        talk(socket, heard);
      });
      socket.on('error', () => {});
    }),
  );
}

/** All of a message's body. */
export async function bodyOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

export function echo(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200);
  request.pipe(response);
}
