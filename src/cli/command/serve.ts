/** `tenon serve FILE`. */

import { nodeHost } from '../../host/node/host.ts';
import { type HttpServer, listenHttp } from '../../host/node/http-server.ts';
import { LinkError, Linker, UsageError } from '../../node.ts';
import { HttpService, handlerExport, type Served } from '../../serve/serve.ts';
import { createWasi } from '../../wasi/p2/wasi.ts';
import { type Command, MisuseError, type Parsed } from '../args.ts';
import { GRANT_FLAG_NAMES, grantOf } from '../grants.ts';
import { linkError, linkOptionsOf, loadFile, NETWORK_FLAGS, PROGRAM_FLAGS, programName } from '../program.ts';
import { report, reportDenial, safeText } from '../report.ts';
import { TLS_FLAGS, tlsOf } from '../serve-tls.ts';

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
  flags: [
    { name: 'addr', value: 'HOST:PORT', help: 'where to listen; port 0 picks a free one; 127.0.0.1:8080 if not given' },
    { name: 'reuse', value: 'N', help: 'let an instance answer N requests, one after the other; 1 if not given' },
    {
      name: 'concurrency',
      value: 'N',
      help: 'requests under way at once; what comes then is answered 503; 512 if not given',
    },
    { name: 'timeout', value: 'SECONDS', help: 'the longest that an answer may take; 30 if not given' },
    { name: 'access-log', help: 'print a line on stdout for every request' },
    ...TLS_FLAGS,
    ...PROGRAM_FLAGS.filter(({ name }) => GRANTS.includes(name)),
  ],
  details:
    'Every request is answered by an instance of its own, which sees nothing of others. A request whose instance fails is answered 500,\n' +
    'and the reason is printed on stderr; the others go on. On SIGTERM and SIGINT no more requests are taken, those under way are\n' +
    'finished, and the exit code is 0. The first line on stderr names the address.',
  examples: [
    ['serve on a free port', 'tenon serve --addr 127.0.0.1:0 app.wasm'],
    ['let it read one directory', 'tenon serve --dir ./site::/site:ro app.wasm'],
    ['instances that answer a thousand requests', 'tenon serve --reuse 1000 app.wasm'],
  ],
};

/** Milliseconds in which a client must have sent its headers; a whole request may take as long as an answer. */
const HEADERS_TIMEOUT = 10_000;
/** What no handler needs, and what would end the process of all of them otherwise. */
const DEFAULT_LIMITS = { handles: 10_000, lifted: 16 * 1024 * 1024 };
const MAX_HEADER_SIZE = 64 * 1024;

function numberFlag(args: Parsed, name: string, fallback: number, most: number): number {
  const given = args.values.get(name)?.[0];
  if (given === undefined) return fallback;
  const value = Number(given);
  if (/^\d+(?:\.\d+)?$/.test(given) && value > 0 && value <= most) return value;
  throw new MisuseError('bad-number', `--${name}: "${given}" cannot be used`, `write a number from 1 to ${most}`);
}

function wholeFlag(args: Parsed, name: string, fallback: number, most: number): number {
  const value = numberFlag(args, name, fallback, most);
  if (Number.isInteger(value)) return value;
  throw new MisuseError('bad-number', `--${name}: ${value} is no whole number`, `write a number from 1 to ${most}`);
}

function addressOf(args: Parsed): { readonly host: string; readonly port: number } {
  const given = args.values.get('addr')?.[0] ?? '127.0.0.1:8080';
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(given);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw new MisuseError(
      'bad-address',
      `--addr: "${given}" is no address`,
      'write HOST:PORT, such as 127.0.0.1:8080 or [::1]:0',
    );
  return { host: match[1] ?? match[2]!, port };
}

function listenError(error: unknown, host: string, port: number): unknown {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  if (typeof code !== 'string') return error;
  const hints: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program listens there; choose another port, or 0 for a free one',
    EACCES: 'ports below 1024 need more rights; choose one above',
    EADDRNOTAVAIL: 'this machine has no such address',
    ENOTFOUND: 'this machine has no such address',
  };
  return new UsageError('cannot-listen', `cannot listen on ${host}:${port}`, {
    found: code,
    hint: hints[code],
    cause: error,
  });
}

function logFailure({ method, path, failure }: Served): void {
  process.stderr.write(`${safeText(`${method} ${path}`)} failed\n`);
  report(failure);
}

function logAccess({ method, path, status, milliseconds }: Served): void {
  process.stdout.write(
    `${new Date().toISOString()} ${safeText(`${method} ${path}`)} ${status} ${milliseconds.toFixed(1)} ms\n`,
  );
}

/** Resolves at the first SIGTERM or SIGINT; the second ends the process. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}

export async function run(args: Parsed): Promise<number> {
  const [path, ...rest] = args.operands;
  if (path === undefined)
    throw new MisuseError('missing-operand', 'no file was named', `usage: tenon serve ${command.usage}`);
  if (rest.length > 0)
    throw new MisuseError('extra-operand', `"${rest[0]}": one file is served`, `usage: tenon serve ${command.usage}`);
  const address = addressOf(args);
  const tls = tlsOf(args);
  const limits = {
    concurrency: wholeFlag(args, 'concurrency', 512, 100_000),
    timeout: numberFlag(args, 'timeout', 30, 86_400) * 1000,
    reuse: wholeFlag(args, 'reuse', 1, 1_000_000_000),
  };
  const { component } = await loadFile(path, args, { kept: true });
  const handler = handlerExport(component, path);
  const grant = { ...grantOf(args, [programName(path)]), stdio: OUTPUTS };
  using wasi = createWasi({ host: nodeHost(), grant, onDenied: reportDenial });
  const linker = new Linker();
  for (const [name, value] of Object.entries(wasi)) linker.define(name, value);
  const { limits: own, ...options } = linkOptionsOf(args);
  // A timer that should end a program has no turn while one computes.
  const written = { ...DEFAULT_LIMITS, ...own, cpu: Math.min(own?.cpu ?? limits.timeout, limits.timeout) };
  const pre = await linker
    .link(component, { ...options, limits: written, trapOnDeadlock: false, pool: true })
    .catch((error) => {
      throw error instanceof LinkError ? linkError(path, error) : error;
    });
  const logs = args.values.has('access-log');
  using service = new HttpService(pre, handler, limits, (served) => {
    if (served.failure !== undefined) logFailure(served);
    if (logs) logAccess(served);
  });
  let server: HttpServer;
  try {
    server = await listenHttp(
      {
        ...address,
        headersTimeout: HEADERS_TIMEOUT,
        requestTimeout: Math.max(limits.timeout, HEADERS_TIMEOUT),
        maxHeaderSize: MAX_HEADER_SIZE,
        tls,
      },
      (request) => void service.serve(request),
    );
  } catch (error) {
    throw listenError(error, address.host, address.port);
  }
  process.stderr.write(`Serving HTTP on ${server.url}\n`);
  await stopped();
  await server.drain();
  return 0;
}

const OUTPUTS = { stdin: 'none', stdout: 'inherit', stderr: 'inherit' } as const;
