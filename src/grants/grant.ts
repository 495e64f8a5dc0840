/**
 * What a program may reach, as plain data. Nothing is granted that is not named here: no environment, no directories, no network;
 * standard streams are empty and forgotten. Clocks and random numbers are on unless taken away, since they reach nothing.
 */
import { UsageError } from '../error/error.ts';
import { bad, count, fieldsOf, list, member, object, oneOf, placeOptions, size, text } from './check.ts';
import { checkLogging, type LoggingGrant } from './logging.ts';
import { checkNetwork, type NetworkGrant, type NetworkGrantInput } from './network.ts';
import { checkStores, type StoreGrant, type StoreGrantInput } from './stores.ts';
import { type ClocksGrant, checkClocks, checkRandom, type RandomGrant } from './time.ts';

/** The most that a program may add to a directory; what is undefined has no limit. */
export interface Quota {
  /** Bytes by which files grow. */
  readonly bytes: number | undefined;
  /** Names that are made: of files, directories and links. */
  readonly files: number | undefined;
}

/** A directory of the host that the program sees under a name of its own. */
export interface DirGrant {
  /** Path on the host. */
  readonly host: string;
  /** Path that the program uses. */
  readonly guest: string;
  readonly readonly: boolean;
  readonly quota: Quota | undefined;
}

/** `inherit`: the process's own; `none`: empty input, forgotten output. */
export type StdioGrant = 'inherit' | 'none';

export interface Grant {
  /** The whole list, the program's name first. */
  readonly args: readonly string[];
  readonly env: readonly (readonly [name: string, value: string])[];
  readonly dirs: readonly DirGrant[];
  readonly stdio: { readonly stdin: StdioGrant; readonly stdout: StdioGrant; readonly stderr: StdioGrant };
  /** `none`: reading a clock is a trap. */
  readonly clocks: ClocksGrant;
  /** `none`: asking for random bytes is a trap. */
  readonly random: RandomGrant;
  /** What `wasi:config` answers. */
  readonly config: readonly (readonly [name: string, value: string])[];
  readonly network: NetworkGrant;
  /** Stores of `wasi:keyvalue` by the names by which the program opens them. */
  readonly keyvalue: Readonly<Record<string, StoreGrant>>;
  /** What of `wasi:logging` is written to the program's standard error. */
  readonly logging: LoggingGrant;
}

/** Names and values as people write them. */
export type Pairs = Readonly<Record<string, string>> | readonly (readonly [name: string, value: string])[];

/** A directory as people write it. */
export interface DirGrantInput {
  readonly host: string;
  /** As `host` where not given. */
  readonly guest?: string | undefined;
  readonly readonly?: boolean | undefined;
  readonly quota?: { readonly bytes?: number | string | undefined; readonly files?: number | undefined } | undefined;
}

/** A grant as people write it: everything may be left out. */
export interface GrantInput {
  readonly args?: readonly string[] | undefined;
  readonly env?: Pairs | undefined;
  readonly dirs?: readonly DirGrantInput[] | undefined;
  readonly stdio?: { readonly [stream in 'stdin' | 'stdout' | 'stderr']?: StdioGrant } | undefined;
  readonly clocks?: ClocksGrant | undefined;
  readonly random?: RandomGrant | undefined;
  readonly config?: Pairs | undefined;
  readonly network?: NetworkGrantInput | undefined;
  /** Stores by name. */
  readonly keyvalue?: Readonly<Record<string, StoreGrantInput>> | undefined;
  /** The least level of messages that are written; all where nothing is said. */
  readonly logging?: LoggingGrant | undefined;
}

/** Pairs of names and values; of a name that is given twice the last value counts. */
function checkPairs(
  value: unknown,
  path: string,
  checkName: (name: string, path: string) => void,
): readonly (readonly [string, string])[] {
  const isList = Array.isArray(value);
  const pairs = isList ? value : Object.entries(object(value, path));
  const found = new Map<string, string>();
  for (const [index, pair] of pairs.entries()) {
    const place = `${path}[${index}]`;
    if (!Array.isArray(pair) || pair.length !== 2) throw bad(place, 'a pair of name and value', pair);
    const name = text(pair[0], place);
    checkName(name, isList ? place : member(path, name));
    found.set(name, text(pair[1], isList ? place : member(path, name)));
  }
  return [...found];
}

function checkVariable(name: string, path: string): void {
  if (name === '' || name.includes('=')) throw bad(path, 'a name that is not empty and holds no =', name);
}

function checkQuota(value: unknown, path: string): Quota | undefined {
  if (value === undefined) return undefined;
  const quota = fieldsOf(value, path, ['bytes', 'files']);
  return { bytes: size(quota['bytes'], `${path}.bytes`), files: count(quota['files'], `${path}.files`) };
}

/** A guest's path as programs compare it: without slashes and dots that mean nothing. */
export function guestKey(guest: string): string {
  return guest
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

function checkDirs(value: unknown): readonly DirGrant[] {
  const seen = new Map<string, number>();
  return list(value, 'dirs').map((each, index) => {
    const path = `dirs[${index}]`;
    const dir = fieldsOf(each, path, ['host', 'guest', 'readonly', 'quota']);
    const host = text(dir['host'], `${path}.host`);
    const guest = dir['guest'] === undefined ? host : text(dir['guest'], `${path}.guest`);
    const readonly = dir['readonly'] ?? false;
    if (host === '') throw bad(`${path}.host`, 'a path', host);
    if (guest === '') throw bad(`${path}.guest`, 'a path', guest);
    if (typeof readonly !== 'boolean') throw bad(`${path}.readonly`, 'a boolean', readonly);
    const same = seen.get(guestKey(guest));
    if (same !== undefined)
      throw bad(`${path}.guest`, `a path that no other directory has; dirs[${same}] has it`, guest);
    seen.set(guestKey(guest), index);
    return { host, guest, readonly, quota: checkQuota(dir['quota'], `${path}.quota`) };
  });
}

/** The keys of a grant. */
export const GRANT_KEYS = [
  ...(['args', 'env', 'dirs', 'stdio', 'clocks', 'random', 'network'] as const),
  ...(['config', 'keyvalue', 'logging'] as const),
] as const;

/**
 * Checks a grant and fills in what was left out. Gives a copy: later changes of the input change nothing.
 * Throws a UsageError (`bad-grant`) that names what cannot be used.
 *
 * ```ts
 * checkGrant({ args: ['tool'], dirs: [{ host: './in', guest: '/in', readonly: true }] }).network; // 'none'
 * ```
 */
export function checkGrant(input: GrantInput = {}): Grant {
  const grant = fieldsOf(input, '', GRANT_KEYS);
  const stdio = fieldsOf(grant['stdio'], 'stdio', ['stdin', 'stdout', 'stderr']);
  return {
    args: list(grant['args'], 'args').map((arg, index) => text(arg, `args[${index}]`)),
    env: checkPairs(grant['env'], 'env', checkVariable),
    dirs: checkDirs(grant['dirs']),
    stdio: {
      stdin: oneOf(stdio['stdin'], 'stdio.stdin', ['none', 'inherit']),
      stdout: oneOf(stdio['stdout'], 'stdio.stdout', ['none', 'inherit']),
      stderr: oneOf(stdio['stderr'], 'stdio.stderr', ['none', 'inherit']),
    },
    clocks: checkClocks(grant['clocks'], 'clocks'),
    random: checkRandom(grant['random'], 'random'),
    network: checkNetwork(grant['network']),
    config: checkPairs(grant['config'], 'config', () => {}),
    keyvalue: checkStores(grant['keyvalue']),
    logging: checkLogging(grant['logging']),
  };
}

/** The flag that grants a directory; without its quota. */
export function dirFlag({ host, guest, readonly }: Pick<DirGrant, 'host' | 'guest' | 'readonly'>): string {
  return `--dir ${host}${host === guest ? '' : `::${guest}`}${readonly ? ':ro' : ''}`;
}

/**
 * Parses `HOST[::GUEST][:ro][:bytes=SIZE][:files=N]`. Without `GUEST` the program sees the directory under the host's own path.
 * Throws a UsageError (`bad-dir`).
 */
export function parseDirFlag(flag: string): DirGrant {
  const refused = (expected: string): UsageError =>
    new UsageError('bad-dir', 'a directory cannot be granted', {
      expected,
      found: JSON.stringify(flag),
      hint: 'for example ./data::/data, /etc/ssl:ro or ./out::/out:bytes=10M:files=100',
    });
  const { place, readonly, limits } = placeOptions(flag, 'files', refused);
  const cut = place.indexOf('::');
  const host = cut < 0 ? place : place.slice(0, cut);
  const guest = cut < 0 ? place : place.slice(cut + 2);
  if (host === '' || guest === '' || guest.includes('::') || flag.includes('\0')) {
    throw refused('HOST[::GUEST][:ro][:bytes=SIZE][:files=N]');
  }
  const { bytes, files } = limits;
  return { host, guest, readonly, quota: bytes === undefined && files === undefined ? undefined : { bytes, files } };
}

/**
 * Parses `NAME=VALUE`, or `NAME` to pass a variable of `inherit` on. Throws a UsageError (`bad-env`, or `no-env` where the
 * variable is not set).
 */
export function parseEnvFlag(
  flag: string,
  inherit: Readonly<Record<string, string | undefined>> = {},
): readonly [name: string, value: string] {
  const cut = flag.indexOf('=');
  const name = cut < 0 ? flag : flag.slice(0, cut);
  if (name === '' || flag.includes('\0')) {
    throw new UsageError('bad-env', 'a variable cannot be granted', {
      expected: 'NAME=VALUE or NAME',
      found: JSON.stringify(flag),
    });
  }
  if (cut >= 0) return [name, flag.slice(cut + 1)];
  const value = Object.hasOwn(inherit, name) ? inherit[name] : undefined;
  if (value === undefined) {
    throw new UsageError('no-env', `the variable ${name} is not set here`, { hint: `write ${name}=VALUE to set it` });
  }
  return [name, value];
}
