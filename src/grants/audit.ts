/**
 * What a program asked for while it ran, and the smallest grant that a run like it needs. A host notes uses; what it cannot see, such as
 * which environment variables a program looks at, is noted as a whole.
 */
import { type DirGrantInput, dirFlag, type Grant, type GrantInput } from './grant.ts';
import { IN_MEMORY, type StoreQuota, storeFlag } from './stores.ts';

/** One thing that a program asked for. */
export type Use =
  | { readonly kind: 'arguments' | 'environment' | 'config' | 'clocks' | 'random' | 'stdin' | 'stdout' | 'stderr' }
  /** Something at or below a directory that was granted, by the path under which the program knows the directory. */
  | { readonly kind: 'directory'; readonly guest: string; readonly write: boolean; readonly allowed: boolean }
  /** Something outside all directories. */
  | { readonly kind: 'path'; readonly path: string; readonly write: boolean }
  /** A key-value store, by its name; granted or not. */
  | { readonly kind: 'store'; readonly name: string; readonly write: boolean; readonly allowed: boolean }
  /** `what` is as denials say it, `grant` the flag that allows it. */
  | { readonly kind: 'network'; readonly what: string; readonly grant: string; readonly allowed: boolean };

/** A line of the report: what, how often, and by which flag it is granted. */
export interface AuditEntry {
  readonly what: string;
  readonly count: number;
  readonly allowed: boolean;
  /** The flag that grants it; undefined where it needs none. */
  readonly grant: string | undefined;
}

/** Different things that are told apart, at most: a program may ask for as many as it likes. */
const MAX_ENTRIES = 4096;

interface Noted {
  readonly use: Use;
  count: number;
}

const STREAMS = ['stdin', 'stdout', 'stderr'] as const;

/** Collects what a program asks for. */
export class Audit {
  readonly #grant: Grant;
  readonly #noted = new Map<string, Noted>();
  #lost = 0;

  constructor(grant: Grant) {
    this.#grant = grant;
  }

  note(use: Use): void {
    const key = JSON.stringify(use);
    const known = this.#noted.get(key);
    if (known !== undefined) known.count++;
    else if (this.#noted.size < MAX_ENTRIES) this.#noted.set(key, { use, count: 1 });
    else this.#lost++;
  }

  /** Uses that were not told apart, since there were too many. */
  get lost(): number {
    return this.#lost;
  }

  /** What was asked for, in the order in which it was first asked for. */
  report(): readonly AuditEntry[] {
    return [...this.#noted.values()].map(({ use, count }) => ({ count, ...this.#line(use) }));
  }

  #line(use: Use): Omit<AuditEntry, 'count'> {
    switch (use.kind) {
      case 'directory': {
        const what = `${use.write ? 'write' : 'read'} in ${use.guest}`;
        return { what, allowed: use.allowed, grant: this.#dirFlag(use.guest, use.write) };
      }
      case 'path': {
        const what = `${use.write ? 'write' : 'read'} ${use.path}`;
        return { what, allowed: false, grant: `--dir HOST::${parentOf(use.path)}${use.write ? '' : ':ro'}` };
      }
      case 'network':
        return { what: use.what, allowed: use.allowed, grant: use.grant };
      case 'store': {
        const what = `${use.write ? 'write' : 'read'} the key-value store ${JSON.stringify(use.name)}`;
        return { what, allowed: use.allowed, grant: this.#storeFlag(use.name, use.write) };
      }
      case 'environment':
        return { what: 'the environment', allowed: true, grant: '--env NAME' };
      case 'config':
        return { what: 'the configuration', allowed: true, grant: '--config NAME=VALUE' };
      case 'arguments':
        return { what: 'its arguments', allowed: true, grant: undefined };
      case 'clocks':
        return { what: 'a clock', allowed: this.#grant.clocks !== 'none', grant: '--clocks system' };
      case 'random':
        return { what: 'random numbers', allowed: this.#grant.random !== 'none', grant: '--random system' };
      default:
        return { what: use.kind, allowed: true, grant: undefined };
    }
  }

  #dirFlag(guest: string, write: boolean): string {
    const host = this.#grant.dirs.find((dir) => dir.guest === guest)?.host ?? 'HOST';
    return dirFlag({ host, guest, readonly: !write });
  }

  #storeFlag(name: string, write: boolean): string {
    const { keyvalue } = this.#grant;
    const sqlite = Object.hasOwn(keyvalue, name) ? keyvalue[name]?.sqlite : undefined;
    return storeFlag(name, { sqlite, readonly: !write });
  }

  /** The smallest grant with which the run would have gone as it did. `hostPath` writes the host's paths for whoever reads it. */
  smallest(hostPath: (host: string) => string = (host) => host): GrantInput {
    const uses = [...this.#noted.values()].map(({ use }) => use);
    const has = (kind: Use['kind']): boolean => uses.some((use) => use.kind === kind);
    const { env, config, clocks, random, stdio, logging } = this.#grant;
    const keyvalue = this.#smallestStores(uses, hostPath);
    const dirs = this.#smallestDirs(uses, hostPath);
    const network = this.#smallestNetwork(uses);
    return {
      ...(has('environment') && env.length > 0 ? { env: Object.fromEntries(env) } : {}),
      ...(dirs.length > 0 ? { dirs } : {}),
      stdio: Object.fromEntries(STREAMS.map((stream) => [stream, has(stream) ? stdio[stream] : 'none'])),
      clocks: has('clocks') ? clocks : 'none',
      random: has('random') ? random : 'none',
      ...(network === undefined ? {} : { network }),
      ...(has('config') && config.length > 0 ? { config: Object.fromEntries(config) } : {}),
      ...(keyvalue === undefined ? {} : { keyvalue }),
      ...(logging === 'trace' ? {} : { logging }),
    };
  }

  #smallestDirs(uses: readonly Use[], hostPath: (host: string) => string): readonly DirGrantInput[] {
    return this.#grant.dirs.flatMap(({ host, guest, quota }) => {
      const here = uses.filter((use) => use.kind === 'directory' && use.guest === guest && use.allowed);
      if (here.length === 0) return [];
      const writes = here.some((use) => use.kind === 'directory' && use.write);
      const limits = Object.fromEntries(Object.entries(quota ?? {}).filter(([, limit]) => limit !== undefined));
      return [
        {
          host: hostPath(host),
          guest,
          ...(writes ? {} : { readonly: true }),
          ...(writes && quota !== undefined ? { quota: limits } : {}),
        },
      ];
    });
  }

  #smallestStores(uses: readonly Use[], hostPath: (host: string) => string): GrantInput['keyvalue'] {
    const kept = Object.entries(this.#grant.keyvalue).flatMap(([name, { sqlite, quota }]) => {
      const here = uses.filter((use) => use.kind === 'store' && use.name === name && use.allowed);
      if (here.length === 0) return [];
      const writes = here.some((use) => use.kind === 'store' && use.write);
      const least: StoreQuota | undefined = sqlite === undefined ? IN_MEMORY : undefined;
      const limits = Object.fromEntries(
        (['bytes', 'keys'] as const).flatMap((name) => (quota[name] === least?.[name] ? [] : [[name, quota[name]]])),
      );
      const store = {
        ...(sqlite === undefined ? {} : { sqlite: hostPath(sqlite), ...(writes ? {} : { readonly: true }) }),
        ...(writes && Object.keys(limits).length > 0 ? { quota: limits } : {}),
      };
      return [[name, Object.keys(store).length === 0 ? 'memory' : store] as const];
    });
    return kept.length === 0 ? undefined : Object.fromEntries(kept);
  }

  #smallestNetwork(uses: readonly Use[]): GrantInput['network'] {
    const flags = new Set(uses.flatMap((use) => (use.kind === 'network' && use.allowed ? [use.grant] : [])));
    const rules = (flag: string): string[] =>
      [...flags].filter((each) => each.startsWith(`--${flag} `)).map((each) => each.slice(flag.length + 3));
    const found = { connect: rules('net'), listen: rules('listen'), lookup: rules('lookup'), http: rules('http') };
    const kept = Object.entries(found).filter(([, list]) => list.length > 0);
    return kept.length === 0 ? undefined : Object.fromEntries(kept);
  }
}

function parentOf(path: string): string {
  const cut = path.replace(/\/+$/, '').lastIndexOf('/');
  return cut <= 0 ? '/' : path.slice(0, cut);
}
