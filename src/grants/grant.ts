/**
 * What a program may reach, as plain data. Nothing is granted that is not named here: no environment, no directories, no network;
 * standard streams are empty and forgotten. Clocks and random numbers are on unless taken away, since they reach nothing.
 */
import { UsageError } from '../error/error.ts';
import { checkNetwork, type NetworkGrant, type NetworkGrantInput } from './network.ts';

/** A directory of the host that the program sees under a name of its own. */
export interface DirGrant {
  /** Path on the host. */
  readonly host: string;
  /** Path that the program uses. */
  readonly guest: string;
  readonly readonly: boolean;
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
  readonly clocks: 'system' | 'none';
  /** `none`: asking for random bytes is a trap. */
  readonly random: 'system' | 'none';
  readonly network: NetworkGrant;
}

/** A grant as people write it: everything may be left out. */
export interface GrantInput {
  readonly args?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | readonly (readonly [name: string, value: string])[] | undefined;
  readonly dirs?:
    | readonly { readonly host: string; readonly guest?: string; readonly readonly?: boolean }[]
    | undefined;
  readonly stdio?: { readonly [stream in 'stdin' | 'stdout' | 'stderr']?: StdioGrant } | undefined;
  readonly clocks?: 'system' | 'none' | undefined;
  readonly random?: 'system' | 'none' | undefined;
  readonly network?: NetworkGrantInput | undefined;
}

function bad(path: string, expected: string, found: unknown): UsageError {
  return new UsageError('bad-grant', `the grant's ${path} cannot be used`, {
    expected,
    found: typeof found === 'string' ? JSON.stringify(found) : found === null ? 'null' : typeof found,
  });
}

function object(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(path, 'an object', value);
  return value as Readonly<Record<string, unknown>>;
}

function list(value: unknown, path: string): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw bad(path, 'a list', value);
  return value;
}

function known(value: Readonly<Record<string, unknown>>, path: string, names: readonly string[]): void {
  for (const name of Object.keys(value)) {
    if (!names.includes(name)) throw bad(`${path}${name}`, `one of ${names.join(', ')}`, name);
  }
}

/** Text that a program receives as a C string. */
function text(value: unknown, path: string): string {
  if (typeof value !== 'string') throw bad(path, 'a string', value);
  if (value.includes('\0')) throw bad(path, 'a string without NUL', value);
  if (!value.isWellFormed()) throw bad(path, 'a string without lone surrogates', value);
  return value;
}

function oneOf<T extends string>(value: unknown, path: string, words: readonly [T, ...T[]]): T {
  if (value === undefined) return words[0];
  const word = words.find((each) => each === value);
  if (word === undefined) throw bad(path, words.map((each) => JSON.stringify(each)).join(' or '), value);
  return word;
}

function checkEnv(value: unknown): readonly (readonly [string, string])[] {
  const pairs = Array.isArray(value) ? value : Object.entries(object(value, 'env'));
  const env = new Map<string, string>();
  for (const [index, pair] of pairs.entries()) {
    if (!Array.isArray(pair) || pair.length !== 2) throw bad(`env[${index}]`, 'a pair of name and value', pair);
    const name = text(pair[0], `env[${index}]`);
    if (name === '' || name.includes('=')) throw bad(`env[${index}]`, 'a name that is not empty and holds no =', name);
    env.set(name, text(pair[1], `env ${name}`));
  }
  return [...env];
}

function checkDirs(value: unknown): readonly DirGrant[] {
  const seen = new Set<string>();
  return list(value, 'dirs').map((each, index) => {
    const dir = object(each, `dirs[${index}]`);
    known(dir, `dirs[${index}].`, ['host', 'guest', 'readonly']);
    const host = text(dir['host'], `dirs[${index}].host`);
    const guest = dir['guest'] === undefined ? host : text(dir['guest'], `dirs[${index}].guest`);
    const readonly = dir['readonly'] ?? false;
    if (host === '') throw bad(`dirs[${index}].host`, 'a path', host);
    if (guest === '') throw bad(`dirs[${index}].guest`, 'a path', guest);
    if (typeof readonly !== 'boolean') throw bad(`dirs[${index}].readonly`, 'a boolean', readonly);
    if (seen.has(guest)) throw bad(`dirs[${index}].guest`, 'a path that no other directory has', guest);
    seen.add(guest);
    return { host, guest, readonly };
  });
}

/**
 * Checks a grant and fills in what was left out. Gives a copy: later changes of the input change nothing.
 * Throws a UsageError (`bad-grant`) that names what cannot be used.
 *
 * ```ts
 * checkGrant({ args: ['tool'], dirs: [{ host: './in', guest: '/in', readonly: true }] }).network; // 'none'
 * ```
 */
export function checkGrant(input: GrantInput = {}): Grant {
  const grant = object(input, 'whole');
  known(grant, '', ['args', 'env', 'dirs', 'stdio', 'clocks', 'random', 'network']);
  const stdio = object(grant['stdio'], 'stdio');
  known(stdio, 'stdio.', ['stdin', 'stdout', 'stderr']);
  return {
    args: list(grant['args'], 'args').map((arg, index) => text(arg, `args[${index}]`)),
    env: checkEnv(grant['env']),
    dirs: checkDirs(grant['dirs']),
    stdio: {
      stdin: oneOf(stdio['stdin'], 'stdio.stdin', ['none', 'inherit']),
      stdout: oneOf(stdio['stdout'], 'stdio.stdout', ['none', 'inherit']),
      stderr: oneOf(stdio['stderr'], 'stdio.stderr', ['none', 'inherit']),
    },
    clocks: oneOf(grant['clocks'], 'clocks', ['system', 'none']),
    random: oneOf(grant['random'], 'random', ['system', 'none']),
    network: checkNetwork(grant['network']),
  };
}

/**
 * Parses `HOST[::GUEST][:ro]`. Without `GUEST` the program sees the directory under the host's own path.
 * Throws a UsageError (`bad-dir`).
 */
export function parseDirFlag(flag: string): DirGrant {
  const readonly = flag.endsWith(':ro');
  const rest = readonly ? flag.slice(0, -':ro'.length) : flag;
  const cut = rest.indexOf('::');
  const host = cut < 0 ? rest : rest.slice(0, cut);
  const guest = cut < 0 ? rest : rest.slice(cut + 2);
  if (host === '' || guest === '' || guest.includes('::') || flag.includes('\0')) {
    throw new UsageError('bad-dir', 'a directory cannot be granted', {
      expected: 'HOST[::GUEST][:ro]',
      found: JSON.stringify(flag),
      hint: 'for example ./data::/data or /etc/ssl:ro',
    });
  }
  return { host, guest, readonly };
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
