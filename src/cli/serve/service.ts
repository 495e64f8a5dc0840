/** One process that serves: the component, its instances, and the port. */
import { nodeHost } from '../../host/node/host.ts';
import { type HttpServer, listenHttp } from '../../host/node/http-server.ts';
import { LinkError, Linker } from '../../node.ts';
import type { Counts } from '../../serve/metrics.ts';
import { type Handler, HttpService, handlerExport, handlerOf } from '../../serve/serve.ts';
import { createWasi } from '../../wasi/p2/wasi.ts';
import type { Parsed } from '../args.ts';
import { grantOf } from '../grants.ts';
import { linkError, linkOptionsOf, loadFile, programName } from '../program.ts';
import { reportDenial } from '../report.ts';
import { logOf } from './log.ts';
import { type Address, listenError, type ServerOptions } from './options.ts';

/** Milliseconds in which a client must have sent its headers; a whole request may take as long as an answer. */
const HEADERS_TIMEOUT = 10_000;
/** What no handler needs, and what would end the process of all of them otherwise. */
const DEFAULT_LIMITS = { handles: 10_000, lifted: 16 * 1024 * 1024 };

/** A server that takes requests. */
export interface Serving {
  readonly url: string;
  readonly counts: Counts;
  /** Takes the file as it is now. Rejects, and goes on with what it has, where that cannot be served. */
  reload(): Promise<void>;
  /** Takes no more requests, and resolves when those under way are done. */
  drain(): Promise<void>;
}

/** Listens as the options say. Throws UsageError where the address cannot be had. */
export async function listen(
  address: Address,
  { limits, tls, maxHeaders }: Pick<ServerOptions, 'limits' | 'tls' | 'maxHeaders'>,
  handle: Parameters<typeof listenHttp>[1],
): Promise<HttpServer> {
  const requestTimeout = Math.max(limits.timeout, HEADERS_TIMEOUT);
  const times = { headersTimeout: HEADERS_TIMEOUT, requestTimeout, maxHeaderSize: maxHeaders };
  try {
    return await listenHttp({ ...address, ...times, tls }, handle);
  } catch (error) {
    throw listenError(error, address);
  }
}

/** Loads and links the component, then listens. */
export async function serveHere(path: string, args: Parsed, options: ServerOptions): Promise<Serving> {
  const { limits } = options;
  const granted = grantOf(args, [programName(path)]);
  const grant = { ...granted, stdio: { ...granted.stdio, stdin: 'none' as const } };
  const wasi = createWasi({ host: nodeHost(), grant, onDenied: reportDenial });
  const linker = new Linker();
  for (const [name, value] of Object.entries(wasi)) linker.define(name, value);
  const { limits: own, ...linkOptions } = linkOptionsOf(args);
  // A timer that should end a program has no turn while one computes.
  const written = { ...DEFAULT_LIMITS, ...own, cpu: Math.min(own?.cpu ?? limits.timeout, limits.timeout) };
  const load = async (): Promise<Handler> => {
    const { component } = await loadFile(path, args, { kept: true });
    const name = handlerExport(component, path);
    try {
      const pre = await linker.link(component, { ...linkOptions, limits: written, trapOnDeadlock: false, pool: true });
      return handlerOf(component, name, pre);
    } catch (error) {
      throw error instanceof LinkError ? linkError(path, error) : error;
    }
  };
  const service = new HttpService(await load(), limits, logOf(options));
  const server = await listen(options.address, options, (request) => void service.serve(request));
  return {
    url: server.url,
    get counts() {
      return service.meter.counts;
    },
    reload: async () => service.exchange(await load()),
    drain: async () => {
      await server.drain();
      service[Symbol.dispose]();
      wasi[Symbol.dispose]();
    },
  };
}
