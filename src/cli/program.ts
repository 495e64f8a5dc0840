/** What `run` and `invoke` share: the flags that grant something, plugs, and the linked instance. */
import { basename } from 'node:path';
import { readPreamble } from '../core/preamble.ts';
import { onUnfinished } from '../host/node/unfinished.ts';
import { Component, type Instance, type Limits, LinkError, Linker, type LinkOptions, UsageError } from '../node.ts';
import { endUnfinished } from '../runtime/deadlock.ts';
import { compatKey } from '../types/semver.ts';
import { type Flag, MisuseError, type Parsed } from './args.ts';
import { artifactCache, type FileCache } from './cache.ts';
import { explainFile, withPath } from './explain.ts';
import { FEATURES_FLAG, featuresOf } from './features.ts';
import { readBinary } from './files.ts';
import { GRANT_FLAGS } from './grants.ts';

const LIMIT_FLAGS: readonly Flag[] = [
  { name: 'max-cpu', value: 'TIME', help: 'the longest that a call may compute: seconds, or a number with ms, s or m' },
  { name: 'max-time', value: 'TIME', help: 'the longest that a call may take, with all that it waits for' },
  { name: 'fuel', value: 'N', help: 'what may be computed in all, in instructions; the same in every run' },
  { name: 'max-tables', value: 'N', help: 'limit on the elements of all tables' },
  { name: 'max-handles', value: 'N', help: 'limit on the handles that each component instance holds at once' },
  { name: 'max-lifted', value: 'BYTES', help: 'limit on the strings and lists that a call gives to the host' },
];

export const PROGRAM_FLAGS: readonly Flag[] = [
  {
    name: 'dir',
    value: 'HOST[::GUEST][:ro][:bytes=SIZE][:files=N]',
    many: true,
    help: 'let the program reach a directory, under the name GUEST; `:ro` read-only; at most SIZE bytes, N files more',
  },
  {
    name: 'env',
    value: 'NAME[=VALUE]',
    many: true,
    help: 'set an environment variable, or pass on the one of this process',
  },
  {
    name: 'net',
    value: 'HOST[=RANGE][:PORT][/tcp|/udp]',
    many: true,
    help: 'let the program connect to a host, *.HOST, an address or block; `*` is whatever is public',
  },
  {
    name: 'listen',
    value: 'ADDRESS:PORT[/tcp|/udp]',
    many: true,
    help: 'let the program listen; `*` is every address, port 0 a free one',
  },
  { name: 'lookup', value: 'NAME', many: true, help: 'let the program look up the addresses of a name, or *.NAME' },
  {
    name: 'http',
    value: '[METHODS@][SCHEME://]HOST[=RANGE][:PORT]',
    many: true,
    help: 'let the program make HTTP requests to a host',
  },
  { name: 'inherit-network', help: 'let the program use the network as this process can, private addresses included' },
  {
    name: 'plug',
    value: 'OTHER',
    many: true,
    help: 'satisfy imports from the exports of another component, linked live',
  },
  { name: 'max-memory', value: 'BYTES', help: 'limit on linear memory; suffixes K, M, G' },
  ...LIMIT_FLAGS,
  ...GRANT_FLAGS,
  FEATURES_FLAG,
  { name: 'no-cache', help: 'neither use nor keep what was found out about the components in earlier runs' },
  { name: 'stats', help: 'at the end, print on stderr how calls were carried' },
];

/** Limits that end a program. */
const TIMES: Readonly<Record<string, number>> = { ms: 1, s: 1000, '': 1000, m: 60_000 };
const LONGEST = 86_400_000;

/** The milliseconds that a flag says. */
function parseTime(name: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|)$/.exec(text);
  const time = match === null ? Number.NaN : Number(match[1]) * TIMES[match[2] ?? '']!;
  if (time > 0 && time <= LONGEST) return time;
  throw new MisuseError(
    'bad-time',
    `--${name}: "${text}" is no time that can be used`,
    'write seconds, or a number with ms, s or m, up to a day: 500ms',
  );
}

/** The count that a flag says. */
function parseCount(name: string, text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(count)) return count;
  throw new MisuseError('bad-number', `--${name}: "${text}" cannot be used`, 'write a whole number');
}

function limitsOf(args: Parsed): Limits {
  const given = <T>(name: string, parse: (name: string, text: string) => T): T | undefined => {
    const text = args.values.get(name)?.[0];
    return text === undefined ? undefined : parse(name, text);
  };
  const limits = {
    memory: given('max-memory', parseSize),
    cpu: given('max-cpu', parseTime),
    time: given('max-time', parseTime),
    fuel: given('fuel', parseCount),
    tables: given('max-tables', parseCount),
    handles: given('max-handles', parseCount),
    lifted: given('max-lifted', parseSize),
  };
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

const SUFFIXES: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** The size that a flag says. */
export function parseSize(name: string, text: string): number {
  const match = /^(\d+)([KMG]?)(?:i?B)?$/i.exec(text);
  const bytes = match === null ? Number.NaN : Number(match[1]) * (SUFFIXES[(match[2] ?? '').toUpperCase()] ?? 1);
  if (!Number.isSafeInteger(bytes))
    throw new MisuseError(
      'bad-size',
      `--${name}: "${text}" is no size`,
      'write bytes, or a number with K, M or G: 64M',
    );
  return bytes;
}

/** The flags of a program's network. */
export const NETWORK_FLAGS: readonly string[] = ['net', 'listen', 'lookup', 'http', 'inherit-network'];

/** A program that waits for nobody ends: there is nobody here who could call it again. */
export function linkOptionsOf(args: Parsed): LinkOptions {
  return { trapOnDeadlock: true, limits: limitsOf(args) };
}

/** A component file with its name for messages. */
export interface Loaded {
  readonly path: string;
  readonly component: Component;
}

export interface LoadFileOptions {
  /** Of the file, where they have been read. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** Whether what is found out is kept for the next run, and used if it was kept. */
  readonly kept?: boolean;
}

/** Where what is found out about components is kept, unless a flag says that nothing is. */
export function cacheOf(args: Parsed): FileCache | undefined {
  return args.values.has('no-cache') ? undefined : artifactCache(featuresOf(args));
}

/**
 * Loads a component file.
 * @throws MalformedError `is-...` that says what the file is instead; other errors of `Component.load` with the file's name before them
 */
export async function loadFile(path: string, args: Parsed, options: LoadFileOptions = {}): Promise<Loaded> {
  const bytes = options.bytes ?? (await readBinary(path));
  if (readPreamble(bytes) !== 'component') throw await explainFile(bytes, path);
  try {
    const features = featuresOf(args);
    const cache = options.kept === true ? cacheOf(args) : undefined;
    const component = await Component.load(bytes, {
      ...(features === undefined ? {} : { features }),
      ...(cache === undefined ? {} : { cache }),
    });
    return { path, component };
  } catch (error) {
    throw withPath(error, path);
  }
}

function offered(component: Component, name: string): string | undefined {
  const key = compatKey(name);
  return component.exports.find((e) => e.name === name || compatKey(e.name) === key)?.name;
}

/** The interfaces of versions of WASI that are not there at all, among what a component could not be given. */
function unknownWasi(error: LinkError): readonly string[] {
  const names = new Set(error.mismatches.map(({ path }) => path.split('#')[0]!));
  return [...names].filter((name) => /^wasi:.*@0\.(?:[3-9]|\d\d)/.test(name));
}

export function linkError(path: string, error: LinkError): Error {
  const newer = unknownWasi(error);
  if (newer.length > 0) {
    const listed = `${path} needs interfaces of WASI 0.3, which this version of Tenon does not have:`;
    return new UsageError('wasi-version', [listed, ...newer].join('\n  '), {
      hint: 'build it for WASI 0.2, or name a component that exports them: --plug OTHER.wasm',
      cause: error,
    });
  }
  const details = { hint: linkHint(error), cause: error };
  return new LinkError(error.code, `${path}: ${error.message}`, details, error.mismatches);
}

/** Links plugs and the program, in the order of the command line; each plug may use those before it. */
export async function linkProgram(
  main: Loaded,
  plugs: readonly Loaded[],
  wasi: Readonly<Record<string, unknown>>,
  options: LinkOptions,
): Promise<{
  readonly instance: Instance;
  readonly parts: readonly { readonly path: string; readonly instance: Instance }[];
}> {
  onUnfinished(endUnfinished);
  const parts: { path: string; instance: Instance; component: Component }[] = [];
  const link = async ({ path, component }: Loaded): Promise<Instance> => {
    const linker = new Linker();
    const taken = new Set<string>();
    for (const { name } of component.imports) {
      const plug = parts.findLast((p) => offered(p.component, name) !== undefined);
      if (plug === undefined) continue;
      const key = offered(plug.component, name)!;
      linker.define(name, plug.instance.exports[key]);
      taken.add(name.split('@')[0]!);
    }
    for (const [name, value] of Object.entries(wasi)) if (!taken.has(name.split('@')[0]!)) linker.define(name, value);
    try {
      return (await linker.link(component, options)).instantiate();
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      throw linkError(path, error);
    }
  };
  for (const plug of plugs) parts.push({ path: plug.path, component: plug.component, instance: await link(plug) });
  const wanted = [main, ...plugs].flatMap(({ component }) => component.imports.map((i) => i.name));
  for (const part of parts) {
    if (wanted.some((name) => offered(part.component, name) !== undefined)) continue;
    const open = wanted.filter((name) => !name.startsWith('wasi:'));
    throw new UsageError('plug-unused', `${part.path} satisfies no import of ${main.path}`, {
      expected: open.length === 0 ? 'no plug: every import is WASI' : `one of ${open.join(', ')}`,
      found: part.component.exports.map((e) => e.name).join(', ') || 'no exports',
      hint: 'leave out this --plug, or name the component that has the interface',
    });
  }
  return { instance: await link(main), parts };
}

function linkHint(error: LinkError): string {
  const [first] = error.mismatches;
  if (first === undefined) return 'see what it is made of: tenon inspect FILE';
  if (first.path.startsWith('wasi:')) return `this version has no ${first.path.split('#')[0]}`;
  return `give a component that exports ${first.path.split('#')[0]}: --plug OTHER.wasm`;
}

/** The name that a program sees as its own. */
export function programName(path: string): string {
  return basename(path);
}

/** What `--stats` prints. */
export function printStats(
  args: Parsed,
  parts: readonly { readonly path: string; readonly instance: Instance }[],
): void {
  if (!args.values.has('stats')) return;
  for (const { path, instance } of parts)
    process.stderr.write(`stats: ${path}: ${instance.stats.interpreted} calls carried by the interpreter\n`);
}
