/** The grant that a command line spells out: a grants file, if one is named, and what the flags add to it. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { UsageError } from '../error/error.ts';
import { Audit } from '../grants/audit.ts';
import { type GrantFile, parseGrants } from '../grants/file.ts';
import { checkGrant, type Grant, type GrantInput, type Pairs, parseDirFlag, parseEnvFlag } from '../grants/grant.ts';
import type { LoggingGrant } from '../grants/logging.ts';
import {
  type NetworkGrantInput,
  parseHttpFlag,
  parseListenFlag,
  parseLookupFlag,
  parseNetFlag,
} from '../grants/network.ts';
import { parseStoreFlag, type StoreGrantInput } from '../grants/stores.ts';
import type { ClocksGrant, RandomGrant } from '../grants/time.ts';
import { printToml } from '../grants/toml-print.ts';
import { safeText } from '../util/safe-text.ts';
import type { Flag, Parsed } from './args.ts';

export const GRANT_FLAGS: readonly Flag[] = [
  { name: 'grants', value: 'FILE', help: 'read grants from a file, JSON or TOML; flags add to it' },
  {
    name: 'clocks',
    value: 'RULE',
    help: 'the clocks: system, none, fixed=TIME (it stands) or from=TIME (it goes on from there)',
  },
  { name: 'random', value: 'RULE', help: 'random numbers: system, none, or seed=NUMBER, the same in every run' },
  { name: 'config', value: 'NAME=VALUE', many: true, help: 'set a value that the program finds by wasi:config' },
  {
    name: 'keyvalue',
    value: 'NAME=STORE',
    many: true,
    help: 'let the program open a key-value store: memory or sqlite:PATH, with [:ro][:bytes=SIZE][:keys=N]',
  },
  {
    name: 'logging',
    value: 'LEVEL',
    help: 'what it logs is written to stderr from trace, debug, ..., critical on; or none',
  },
];

export const AUDIT_FLAGS: readonly Flag[] = [
  { name: 'audit', help: 'at the end, print on stderr what the program asked for, and which flag grants it' },
  { name: 'audit-json', value: 'FILE', help: 'write the same to a file, as JSON' },
  { name: 'write-grants', value: 'FILE', help: 'write the smallest grants that this run needed, JSON or TOML' },
];

/** Names of the flags of {@link GRANT_FLAGS}. */
export const GRANT_FLAG_NAMES: readonly string[] = GRANT_FLAGS.map(({ name }) => name);

function flagNetwork(args: Parsed): NetworkGrantInput | undefined {
  const values = (name: string): readonly string[] => args.values.get(name) ?? [];
  if (args.values.has('inherit-network')) return 'inherit';
  const rules = {
    connect: values('net').map(parseNetFlag),
    listen: values('listen').map(parseListenFlag),
    lookup: values('lookup').map(parseLookupFlag),
    http: values('http').map(parseHttpFlag),
  };
  return Object.values(rules).some((list) => list.length > 0) ? rules : undefined;
}

/** Rules of a file and those of flags. */
function bothNetworks(file: NetworkGrantInput | undefined, flags: NetworkGrantInput | undefined): NetworkGrantInput {
  if (file === 'inherit' || flags === 'inherit') return 'inherit';
  const rules = [file, flags].filter((each) => typeof each === 'object');
  return {
    connect: rules.flatMap((each) => each.connect ?? []),
    listen: rules.flatMap((each) => each.listen ?? []),
    lookup: rules.flatMap((each) => each.lookup ?? []),
    http: rules.flatMap((each) => each.http ?? []),
  };
}

/** Stores of a grants file, whose paths are relative to its folder. */
function storesIn(path: string, stores: GrantInput['keyvalue'] = {}): Readonly<Record<string, StoreGrantInput>> {
  const placed = (store: StoreGrantInput): StoreGrantInput =>
    store === 'memory' || store.sqlite === undefined || isAbsolute(store.sqlite)
      ? store
      : { ...store, sqlite: resolve(dirname(path), store.sqlite) };
  return Object.fromEntries(Object.entries(stores).map(([name, store]) => [name, placed(store)]));
}

/** A value that a flag sets. */
function parseConfigFlag(flag: string): readonly [name: string, value: string] {
  const cut = flag.indexOf('=');
  if (cut >= 0) return [flag.slice(0, cut), flag.slice(cut + 1)];
  throw new UsageError('bad-config', 'a value cannot be set', { expected: 'NAME=VALUE', found: JSON.stringify(flag) });
}

/** Pairs in either form. */
function pairsOf(pairs: Pairs | undefined): readonly (readonly [string, string])[] {
  if (pairs === undefined) return [];
  return Array.isArray(pairs) ? pairs : Object.entries(pairs);
}

/** Reads a grants file. Its host paths are relative to its folder, and have to be directories. */
function readGrants(path: string): GrantFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError('no-grants', `the grants file ${path} cannot be read: ${(error as Error).message}`, {
      hint: 'name a file that is there: --grants FILE',
      cause: error,
    });
  }
  const file = parseGrants(text, path);
  const dirs = (file.input.dirs ?? []).map((dir, index) => {
    const host = isAbsolute(dir.host) ? dir.host : resolve(dirname(path), dir.host);
    if (statSync(host, { throwIfNoEntry: false })?.isDirectory() !== true) {
      const missing = new UsageError('no-directory', `the directory ${JSON.stringify(dir.host)} cannot be granted`, {
        expected: 'a directory that exists',
        hint: 'host paths are relative to the folder of the grants file',
      });
      throw file.errorAt(`dirs[${index}].host`, missing);
    }
    return { ...dir, host, guest: dir.guest ?? dir.host };
  });
  return { ...file, input: { ...file.input, dirs, keyvalue: storesIn(path, file.input.keyvalue) } };
}

/**
 * The grant of a command line.
 * @throws UsageError for flags that cannot be used; TextError for a grants file that cannot
 */
export function grantOf(args: Parsed, program: readonly string[]): Grant {
  const values = (name: string): readonly string[] => args.values.get(name) ?? [];
  const path = values('grants')[0];
  const file: GrantInput = path === undefined ? {} : readGrants(path).input;
  const inherited = { stdin: 'inherit', stdout: 'inherit', stderr: 'inherit' } as const;
  return checkGrant({
    ...file,
    args: program.length > 1 ? program : [...program, ...(file.args ?? [])],
    env: [
      ...pairsOf(file.env),
      ...values('env').flatMap((flag) => {
        const pair = parseEnvFlag(flag, process.env);
        return pair === undefined ? [] : [pair];
      }),
    ],
    dirs: [...(file.dirs ?? []), ...values('dir').map(parseDirFlag)],
    stdio: { ...inherited, ...file.stdio },
    clocks: (values('clocks')[0] as ClocksGrant | undefined) ?? file.clocks,
    random: (values('random')[0] as RandomGrant | undefined) ?? file.random,
    network: bothNetworks(file.network, flagNetwork(args)),
    config: [...pairsOf(file.config), ...values('config').map(parseConfigFlag)],
    keyvalue: { ...file.keyvalue, ...Object.fromEntries(values('keyvalue').map(parseStoreFlag)) },
    logging: (values('logging')[0] as LoggingGrant | undefined) ?? file.logging,
  });
}

/** Collects what the program asks for, if a flag wants to know it. */
export function auditOf(args: Parsed, grant: Grant): Audit | undefined {
  return AUDIT_FLAGS.some(({ name }) => args.values.has(name)) ? new Audit(grant) : undefined;
}

/** Prints and writes what the flags ask for. */
export function finishAudit(args: Parsed, audit: Audit | undefined): void {
  if (audit === undefined) return;
  const entries = audit.report();
  if (args.values.has('audit')) {
    process.stderr.write('The program asked for:\n');
    for (const { what, count, allowed, grant } of entries) {
      const how = allowed ? '' : ', denied';
      const flag = grant === undefined ? '' : `  ${grant}`;
      process.stderr.write(`  ${safeText(what)} (${count}${how})${safeText(flag)}\n`);
    }
    if (entries.length === 0) process.stderr.write('  nothing\n');
    if (audit.lost > 0) process.stderr.write(`  and ${audit.lost} times for more\n`);
  }
  const json = args.values.get('audit-json')?.[0];
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ asked: entries, lost: audit.lost }, null, 2)}\n`);
  const target = args.values.get('write-grants')?.[0];
  if (target === undefined) return;
  const hostPath = (host: string): string => relative(dirname(resolve(target)), resolve(host)) || '.';
  const smallest = audit.smallest(hostPath);
  const text = /\.toml$/i.test(target) ? printToml(smallest) : `${JSON.stringify(smallest, null, 2)}\n`;
  writeFileSync(target, text);
}
