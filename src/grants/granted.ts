/** What a grant gives of each kind of thing that a program could ask for, in the words of the flags that would give it. */
import { dirFlag, type Grant } from './grant.ts';
import type { ConnectRule, HttpRule, ListenRule } from './network.ts';
import { storeFlag } from './stores.ts';

/** One kind of thing, named as `tenon inspect` names it. */
export interface Granted {
  /** Flags that grant it; undefined where none is needed. */
  readonly flags: string | undefined;
  /** What is granted, as flags would write it; empty where nothing is. */
  readonly granted: readonly string[];
}

const named = (host: string): string => (host === 'any' ? '*' : host);
const within = (list: readonly string[]): string => (list.length === 0 ? '' : `=${list.join(',')}`);
const port = (ports: number | string): string => (ports === 'any' || ports === 'default' ? '' : `:${ports}`);
const protocol = (name: string): string => (name === 'any' ? '' : `/${name}`);

const connect = (rule: ConnectRule): string =>
  `--net ${named(rule.host)}${within(rule.within)}${port(rule.port)}${protocol(rule.protocol)}`;
const listen = (rule: ListenRule): string => `--listen ${named(rule.address)}:${rule.port}${protocol(rule.protocol)}`;

function http(rule: HttpRule): string {
  const methods = rule.methods === 'any' ? '' : `${rule.methods.join(',')}@`;
  const scheme = rule.scheme === 'any' ? '' : `${rule.scheme}://`;
  return `--http ${methods}${scheme}${named(rule.host)}${within(rule.within)}${port(rule.port)}`;
}

type Teller = (grant: Grant) => Granted;

const TELLERS: Readonly<Record<string, Teller>> = {
  files: ({ dirs }) => ({
    flags: '--dir HOST[::GUEST][:ro]',
    granted: dirs.map(dirFlag),
  }),
  network({ network }) {
    const flags = '--net HOST, --listen ADDRESS:PORT, --lookup NAME';
    if (network === 'none') return { flags, granted: [] };
    if (network === 'inherit') return { flags, granted: ['--inherit-network'] };
    const names = network.lookup.map((name) => `--lookup ${named(name)}`);
    return { flags, granted: [...network.connect.map(connect), ...network.listen.map(listen), ...names] };
  },
  http({ network }) {
    const flags = '--http HOST';
    if (network === 'none') return { flags, granted: [] };
    return { flags, granted: network === 'inherit' ? ['--inherit-network'] : network.http.map(http) };
  },
  // Values may be secrets.
  environment: ({ env, args }) => ({
    flags: '--env NAME=VALUE',
    granted: [...env.map(([name]) => `--env ${name}`), ...(args.length > 1 ? [`${args.length - 1} arguments`] : [])],
  }),
  streams: ({ stdio }) => ({
    flags: undefined,
    granted: Object.entries(stdio).flatMap(([name, how]) => (how === 'inherit' ? [name] : [])),
  }),
  clocks: ({ clocks }) => ({ flags: '--clocks system', granted: clocks === 'none' ? [] : [`--clocks ${clocks}`] }),
  random: ({ random }) => ({ flags: '--random system', granted: random === 'none' ? [] : [`--random ${random}`] }),
  'keys and values': ({ keyvalue }) => ({
    flags: '--keyvalue NAME=memory|sqlite:PATH',
    granted: Object.entries(keyvalue).map(([name, store]) => storeFlag(name, store)),
  }),
  configuration: ({ config }) => ({
    flags: '--config NAME=VALUE',
    granted: config.map(([name]) => `--config ${name}`),
  }),
  logging: ({ logging }) => ({
    flags: '--logging LEVEL',
    granted: logging === 'none' ? [] : [`--logging ${logging}`],
  }),
};

/** What a grant gives of a kind; undefined of kinds that no grant speaks of. */
export function grantedOf(kind: string, grant: Grant): Granted | undefined {
  return Object.hasOwn(TELLERS, kind) ? TELLERS[kind]!(grant) : undefined;
}
