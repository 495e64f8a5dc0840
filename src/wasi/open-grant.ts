/** Opens what a grant names, for every version of WASI. */
import type { Use } from '../grants/audit.ts';
import { checkGrant, type DirGrant, dirFlag, type Grant, type GrantInput, guestKey } from '../grants/grant.ts';
import { type Denial, NetworkPolicy } from '../grants/network-policy.ts';
import type { HostDirectory, HostRandom, Sink, Source } from '../host/host.ts';
import { HostError } from '../host/host.ts';
import type { HttpHost } from '../host/http-client.ts';
import type { KeyValueHost } from '../host/key-value.ts';
import { bytesSource, nullSink } from '../host/streams.ts';
import { type GrantedClocks, grantedClocks, grantedRandom } from './clocks-random.ts';
import type { LogEntry } from './drafts/logging.ts';
import { Stores } from './drafts/stores.ts';
import { observedClocks, observedRandom, observedSink, observedSource, outside } from './observed.ts';

export interface WasiOptions {
  readonly host: HttpHost & KeyValueHost;
  readonly grant?: GrantInput;
  /** A source in place of what the grant's `stdio` says. Stays the caller's to close; so do the two sinks. */
  readonly stdin?: Source;
  readonly stdout?: Sink;
  readonly stderr?: Sink;
  /** Sockets that may be open at once. */
  readonly maxSockets?: number | undefined;
  /** Called once for each different thing that the program was denied. */
  readonly onDenied?: ((denial: Denial) => void) | undefined;
  /**
   * Called for everything that the program asks for and that a grant speaks of. A program that was given no directory `/` sees one then,
   * an empty one, so that what it looks for outside its directories is known.
   */
  readonly onUse?: ((use: Use) => void) | undefined;
  /** Called for what the program logs, which goes to its standard error where not given. */
  readonly onLog?: ((entry: LogEntry) => void) | undefined;
}

export interface Stdio {
  readonly stdin: Source;
  readonly stdout: Sink;
  readonly stderr: Sink;
}

/** A directory that the program is given, under the name by which it knows it. */
export interface Preopen {
  readonly directory: HostDirectory;
  readonly guest: string;
}

/** What a grant opens. Dispose it when the program has ended. */
export interface Opened extends Disposable {
  readonly grant: Grant;
  readonly stdio: Stdio;
  readonly preopens: readonly Preopen[];
  readonly network: NetworkPolicy;
  readonly stores: Stores;
  /** Undefined where the grant gives none. */
  readonly clocks: GrantedClocks | undefined;
  readonly random: HostRandom | undefined;
  /** Tells that the program asked for its arguments, its environment or its configuration. */
  readonly asked: ((kind: 'arguments' | 'environment' | 'config') => void) | undefined;
}

/** Is told what a program does in a directory. */
function watchOf({ host, guest }: DirGrant, { onDenied, onUse }: WasiOptions) {
  if (onDenied === undefined && onUse === undefined) return undefined;
  let said = false;
  return (write: boolean, allowed: boolean): void => {
    onUse?.({ kind: 'directory', guest, write, allowed });
    if (allowed || said) return;
    said = true;
    const grant = dirFlag({ host, guest, readonly: false });
    onDenied?.({ of: 'files', what: `write in ${guest}`, why: 'the directory was granted read-only', grant });
  };
}

function noEntry(): never {
  throw new HostError('no-entry', 'no directory with it was granted');
}

/**
 * Opens the directories, standard streams and key-value stores of a grant. `absent`: what a program's library says of a path in no directory. Throws
 * UsageError (`bad-grant`, `no-directory`, `no-proc`, `no-store`).
 */
export function openGrant(options: WasiOptions, absent: () => never = noEntry): Opened {
  const { host, grant: input, stdin, stdout, stderr, onDenied, onUse } = options;
  const grant = checkGrant(input);
  const toClose: { close(): void }[] = [];
  const own = <T extends { close(): void }>(opened: T): T => {
    toClose.push(opened);
    return opened;
  };
  const dispose = (): void => {
    for (const each of toClose.splice(0).reverse()) each.close();
  };
  const { stdio } = grant;
  try {
    const preopens = grant.dirs.map((dir) => ({
      directory: own(
        host.openDirectory(dir.host, { mutable: !dir.readonly, quota: dir.quota, watch: watchOf(dir, options) }),
      ),
      guest: dir.guest,
    }));
    const opened: Opened = {
      grant,
      preopens,
      network: new NetworkPolicy(grant.network, onDenied, onUse),
      stores: own(new Stores(grant.keyvalue, options)),
      clocks: grantedClocks(host, grant.clocks),
      random: grantedRandom(host, grant.random),
      stdio: {
        stdin: stdin ?? own(stdio.stdin === 'inherit' ? host.stdin() : bytesSource()),
        stdout: stdout ?? own(stdio.stdout === 'inherit' ? host.stdout() : nullSink()),
        stderr: stderr ?? own(stdio.stderr === 'inherit' ? host.stderr() : nullSink()),
      },
      asked: undefined,
      [Symbol.dispose]: dispose,
    };
    return onUse === undefined ? opened : observed(opened, onUse, absent);
  } catch (error) {
    dispose();
    throw error;
  }
}

/** The same, and `note` is told what is used of it. */
function observed(opened: Opened, note: (use: Use) => void, absent: () => never): Opened {
  const { clocks, random, stdio, preopens } = opened;
  const rooted = preopens.some(({ guest }) => guestKey(guest) === '');
  return {
    ...opened,
    clocks: clocks && observedClocks(clocks, note),
    random: random && observedRandom(random, note),
    stdio: {
      stdin: observedSource(stdio.stdin, note),
      stdout: observedSink(stdio.stdout, 'stdout', note),
      stderr: observedSink(stdio.stderr, 'stderr', note),
    },
    preopens: rooted ? preopens : [...preopens, { directory: outside(note, absent), guest: '/' }],
    asked: (kind) => note({ kind }),
  };
}
