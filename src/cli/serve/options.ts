/** What the command line says of a server. */
import { availableParallelism } from 'node:os';
import { UsageError } from '../../error/error.ts';
import type { TlsIdentity } from '../../host/node/http-server.ts';
import type { ServeLimits } from '../../serve/serve.ts';
import { type Flag, MisuseError, type Parsed } from '../args.ts';
import { parseSize } from '../program.ts';
import { TLS_FLAGS, tlsOf } from './tls.ts';

export const SERVER_FLAGS: readonly Flag[] = [
  { name: 'addr', value: 'HOST:PORT', help: 'where to listen; port 0 picks a free one; 127.0.0.1:8080 if not given' },
  { name: 'reuse', value: 'N', help: 'let an instance answer N requests, one after the other; 1 if not given' },
  {
    name: 'concurrency',
    value: 'N',
    help: 'requests under way at once, in each worker; what comes then is answered 503; 512 if not given',
  },
  { name: 'timeout', value: 'SECONDS', help: 'the longest that an answer may take; 30 if not given' },
  {
    name: 'max-body',
    value: 'SIZE',
    help: 'the longest body of a request; a longer one is answered 413; no limit if not given',
  },
  { name: 'max-headers', value: 'SIZE', help: 'the most that all headers of a request take; 64K if not given' },
  { name: 'workers', value: 'N', help: 'processes that answer; `all` is one for each core; 1 if not given' },
  { name: 'watch', help: 'when the file changes, answer with the new one; what is under way is finished by the old' },
  { name: 'admin', value: 'HOST:PORT', help: 'answer /healthz, /readyz and /metrics there; port 0 picks a free one' },
  { name: 'access-log', help: 'print a line on stdout for every request' },
  { name: 'log-format', value: 'text|json', help: 'of the access log and of failures; text if not given' },
  ...TLS_FLAGS,
];

/** An address to listen on. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface ServerOptions {
  readonly address: Address;
  readonly admin: Address | undefined;
  readonly tls: TlsIdentity | undefined;
  readonly limits: ServeLimits;
  /** Bytes of all headers of a request. */
  readonly maxHeaders: number;
  readonly workers: number;
  readonly watch: boolean;
  readonly accessLog: boolean;
  readonly logFormat: 'text' | 'json';
}

const MOST_WORKERS = 1024;

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

function sizeFlag(args: Parsed, name: string): number | undefined {
  const given = args.values.get(name)?.[0];
  return given === undefined ? undefined : parseSize(name, given);
}

const [FEWEST_HEADERS, MOST_HEADERS] = [1024, 1024 * 1024];

function headersOf(args: Parsed): number {
  const size = sizeFlag(args, 'max-headers') ?? 64 * 1024;
  if (size >= FEWEST_HEADERS && size <= MOST_HEADERS) return size;
  throw new MisuseError('bad-size', `--max-headers: ${size} cannot be used`, 'write a size from 1K to 1M');
}

function addressFlag(args: Parsed, name: string): Address | undefined {
  const given = args.values.get(name)?.[0];
  if (given === undefined) return undefined;
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(given);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw new MisuseError(
      'bad-address',
      `--${name}: "${given}" is no address`,
      'write HOST:PORT, such as 127.0.0.1:8080 or [::1]:0',
    );
  return { host: match[1] ?? match[2]!, port };
}

function logFormatOf(args: Parsed): 'text' | 'json' {
  const given = args.values.get('log-format')?.[0] ?? 'text';
  if (given === 'text' || given === 'json') return given;
  throw new MisuseError('bad-format', `--log-format: there is no format "${given}"`, 'write text or json');
}

function workersOf(args: Parsed): number {
  if (args.values.get('workers')?.[0] === 'all') return availableParallelism();
  return wholeFlag(args, 'workers', 1, MOST_WORKERS);
}

export function serverOptionsOf(args: Parsed): ServerOptions {
  return {
    address: addressFlag(args, 'addr') ?? { host: '127.0.0.1', port: 8080 },
    admin: addressFlag(args, 'admin'),
    tls: tlsOf(args),
    limits: {
      concurrency: wholeFlag(args, 'concurrency', 512, 100_000),
      timeout: numberFlag(args, 'timeout', 30, 86_400) * 1000,
      reuse: wholeFlag(args, 'reuse', 1, 1_000_000_000),
      body: sizeFlag(args, 'max-body'),
    },
    maxHeaders: headersOf(args),
    workers: workersOf(args),
    watch: args.values.has('watch'),
    accessLog: args.values.has('access-log'),
    logFormat: logFormatOf(args),
  };
}

const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there; choose another port, or 0 for a free one',
  EACCES: 'ports below 1024 need more rights; choose one above',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'this machine has no such address',
};

/** What the system says where an address cannot be had, as an error for people; any other error as it is. */
export function listenError(error: unknown, { host, port }: Address): unknown {
  const { code, syscall } = (error ?? {}) as { readonly code?: unknown; readonly syscall?: unknown };
  if (typeof code !== 'string' || typeof syscall !== 'string') return error;
  return new UsageError('cannot-listen', `cannot listen on ${host}:${port}`, {
    found: code,
    hint: HINTS[code],
    cause: error,
  });
}
