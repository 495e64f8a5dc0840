/** `tenon serve FILE`. */
import type { HttpServer } from '../../host/node/http-server.ts';
import { type AdminState, answerAdmin } from '../../serve/admin.ts';
import { prometheusText } from '../../serve/metrics.ts';
import { type Command, MisuseError, type Parsed } from '../args.ts';
import { GRANT_FLAG_NAMES } from '../grants.ts';
import { NETWORK_FLAGS, PROGRAM_FLAGS } from '../program.ts';
import { report } from '../report.ts';
import { SERVER_FLAGS, type ServerOptions, serverOptionsOf } from '../serve/options.ts';
import { listen, serveHere } from '../serve/service.ts';
import { watchFile } from '../serve/watch.ts';
import { isWorker, obey, ownUse, Supervisor } from '../serve/workers.ts';

const GRANTS = [
  'dir',
  'env',
  ...NETWORK_FLAGS,
  ...GRANT_FLAG_NAMES,
  'max-memory',
  'max-tables',
  'max-handles',
  'max-lifted',
  'max-cpu',
  'fuel',
  'features',
  'no-cache',
];

export const command: Command = {
  name: 'serve',
  summary: 'Serve a component that handles HTTP requests: the world wasi:http/proxy.',
  usage: '[FLAGS] FILE',
  flags: [...SERVER_FLAGS, ...PROGRAM_FLAGS.filter(({ name }) => GRANTS.includes(name))],
  details:
    'Every request is answered by an instance of its own, which sees nothing of others. A request whose instance fails is answered 500,\n' +
    'and the reason is printed on stderr; the others go on. On SIGTERM and SIGINT no more requests are taken, those under way are\n' +
    'finished, and the exit code is 0. The first line on stderr names the address, the second that of --admin.',
  examples: [
    ['serve on a free port', 'tenon serve --addr 127.0.0.1:0 app.wasm'],
    ['let it read one directory', 'tenon serve --dir ./site::/site:ro app.wasm'],
    ['instances that answer a thousand requests', 'tenon serve --reuse 1000 app.wasm'],
    ['while it is written', 'tenon serve --watch app.wasm'],
    [
      'on all cores, with counters for Prometheus',
      'tenon serve --addr 0.0.0.0:80 --workers all --admin 127.0.0.1:9090 app.wasm',
    ],
  ],
};

function pathOf(args: Parsed): string {
  const usage = `usage: tenon serve ${command.usage}`;
  const [path, ...rest] = args.operands;
  if (path === undefined) throw new MisuseError('missing-operand', 'no file was named', usage);
  if (rest.length > 0) throw new MisuseError('extra-operand', `"${rest[0]}": one file is served`, usage);
  return path;
}

/** Resolves at the first SIGTERM or SIGINT; the second ends the process. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}

/** Says where it serves, once everything is there; serves until a signal comes. */
async function serveUntilStopped(
  urls: readonly (string | undefined)[],
  drain: () => Promise<number>,
  stop: Promise<void>,
): Promise<number> {
  const [url, admin] = urls;
  process.stderr.write(`Serving HTTP on ${url}\n`);
  if (admin !== undefined) process.stderr.write(`Admin on ${admin}\n`);
  await stop;
  return drain();
}

async function serveAlone(path: string, args: Parsed, options: ServerOptions): Promise<number> {
  const stop = stopped();
  const serving = await serveHere(path, args, options);
  let isReady = true;
  const admin = await openAdmin(options, {
    isReady: () => isReady,
    metrics: async () => prometheusText(serving.counts, { workers: 1, restarts: 0, ...ownUse() }),
  });
  const unwatch = options.watch ? watchFile(path, () => void serving.reload().catch(report)) : undefined;
  const drain = async (): Promise<number> => {
    isReady = false;
    unwatch?.();
    await serving.drain();
    admin?.close();
    return 0;
  };
  return serveUntilStopped([serving.url, admin?.url], drain, stop);
}

async function serveAsWorker(path: string, args: Parsed, options: ServerOptions): Promise<number> {
  const stop = stopped();
  const serving = await serveHere(path, args, options);
  obey(serving, report);
  await stop;
  await serving.drain();
  return 0;
}

async function serveByWorkers(path: string, options: ServerOptions): Promise<number> {
  const stop = stopped();
  const { workers, limits } = options;
  const onNews = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
  const supervisor = new Supervisor({ workers, timeout: limits.timeout, onNews });
  const admin = await openAdmin(options, {
    isReady: () => supervisor.isReady,
    async metrics() {
      const { counts, processes } = await supervisor.counts();
      return prometheusText(counts, processes);
    },
  });
  const url = await supervisor.start();
  if (typeof url === 'number') {
    await supervisor.drain();
    return url;
  }
  const unwatch = options.watch ? watchFile(path, () => supervisor.reload()) : undefined;
  const drain = async (): Promise<number> => {
    unwatch?.();
    const code = await supervisor.drain();
    admin?.close();
    return code;
  };
  return serveUntilStopped([url, admin?.url], drain, stop);
}

/** The admin port, where there is one. */
async function openAdmin(options: ServerOptions, state: AdminState): Promise<HttpServer | undefined> {
  if (options.admin === undefined) return undefined;
  const { limits, maxHeaders } = options;
  return listen(options.admin, { limits, maxHeaders, tls: undefined }, (request) => answerAdmin(request, state));
}

export async function run(args: Parsed): Promise<number> {
  const path = pathOf(args);
  const options = serverOptionsOf(args);
  if (isWorker()) return serveAsWorker(path, args, options);
  return options.workers > 1 ? serveByWorkers(path, options) : serveAlone(path, args, options);
}
