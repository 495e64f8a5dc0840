/** Opens what a grant names, for every version of WASI. */
import { checkGrant, type Grant, type GrantInput } from '../grants/grant.ts';
import { type Denial, NetworkPolicy } from '../grants/network-policy.ts';
import type { HostDirectory, HostRandom, Sink, Source } from '../host/host.ts';
import type { HttpHost } from '../host/http-client.ts';
import { bytesSource, nullSink } from '../host/streams.ts';
import { type GrantedClocks, grantedClocks, grantedRandom } from './clocks-random.ts';

export interface WasiOptions {
  readonly host: HttpHost;
  readonly grant?: GrantInput;
  /** A source in place of what the grant's `stdio` says. Stays the caller's to close; so do the two sinks. */
  readonly stdin?: Source;
  readonly stdout?: Sink;
  readonly stderr?: Sink;
  /** Sockets that may be open at once. */
  readonly maxSockets?: number | undefined;
  /** Called once for each different thing that the program was denied. */
  readonly onDenied?: (denial: Denial) => void;
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
  /** Undefined where the grant gives none. */
  readonly clocks: GrantedClocks | undefined;
  readonly random: HostRandom | undefined;
}

/** Opens the directories and standard streams of a grant. Throws UsageError (`bad-grant`, `no-directory`, `no-proc`). */
export function openGrant({ host, grant: input, stdin, stdout, stderr, onDenied }: WasiOptions): Opened {
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
    const preopens = grant.dirs.map(({ host: path, guest, readonly, quota }) => ({
      directory: own(host.openDirectory(path, { mutable: !readonly, quota })),
      guest,
    }));
    return {
      grant,
      preopens,
      network: new NetworkPolicy(grant.network, onDenied),
      clocks: grantedClocks(host, grant.clocks),
      random: grantedRandom(host, grant.random),
      stdio: {
        stdin: stdin ?? own(stdio.stdin === 'inherit' ? host.stdin() : bytesSource()),
        stdout: stdout ?? own(stdio.stdout === 'inherit' ? host.stdout() : nullSink()),
        stderr: stderr ?? own(stdio.stderr === 'inherit' ? host.stderr() : nullSink()),
      },
      [Symbol.dispose]: dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}
