/**
 * WASI 0.2 as an imports object, made from a grant: what is not granted is not there. The keys have no version, so that one
 * object serves every 0.2.x; a draft that differs from the next one has keys of its own. It holds the worlds `wasi:cli/command` and
 * `wasi:http/proxy`, and drafts.
 */
import type { Provided } from '../../runtime/world.ts';
import { makeConfig } from '../drafts/config.ts';
import { makeKeyValue } from '../drafts/keyvalue.ts';
import { makeLogging } from '../drafts/logging.ts';
import { NetworkAccess } from '../network.ts';
import { openGrant, type WasiOptions } from '../open-grant.ts';
import { makeClocks } from './clocks.ts';
import { makeEnvironment } from './environment.ts';
import { ioError } from './error.ts';
import { makeExit } from './exit.ts';
import { Descriptors, makeFilesystem } from './filesystem.ts';
import { makeHttp } from './http.ts';
import { OutgoingHandler } from './http-outgoing.ts';
import { nameLookup } from './name-lookup.ts';
import { makeNetwork } from './network.ts';
import { ioPoll } from './poll.ts';
import { makeRandom } from './random.ts';
import { makeStdio } from './stdio.ts';
import { ioStreams } from './streams.ts';
import { makeTcp } from './tcp.ts';
import { makeUdp } from './udp.ts';

/** Not an interface, which would not fit `Imports`. */
type Interfaces<Names extends string> = { readonly [Name in Names]: Provided } & { [Symbol.dispose](): void };

/** Interfaces by name. Dispose it when the program has ended: it closes what was opened for it. */
export type WasiImports = ReturnType<typeof createWasi>;

/**
 * Makes the imports of a WASI 0.2 program. Two calls share nothing but the classes of resources, so that handles may pass
 * between programs. Throws UsageError (`bad-grant`, `no-directory`, `no-proc`, `no-store`).
 */
export function createWasi(options: WasiOptions) {
  const opened = openGrant(options);
  const { host } = options;
  const { grant } = opened;
  const descriptors = new Descriptors(host.digest);
  const network = new NetworkAccess(host.sockets, opened.network, options.maxSockets);
  const outgoing = new OutgoingHandler(opened.network, host.httpClient);
  const imports = {
    'wasi:cli/environment': makeEnvironment(grant, opened.asked),
    'wasi:cli/exit': makeExit(),
    ...makeStdio(opened.stdio),
    'wasi:io/error': ioError,
    'wasi:io/poll': ioPoll,
    'wasi:io/streams': ioStreams,
    ...makeClocks(opened.clocks),
    ...makeRandom(opened.random),
    ...makeFilesystem(opened.preopens, descriptors),
    ...makeNetwork(network),
    ...makeTcp(network),
    ...makeUdp(network),
    'wasi:sockets/ip-name-lookup': nameLookup,
    ...makeHttp(outgoing),
    ...makeConfig(grant, opened.asked),
    ...makeKeyValue((identifier) => opened.stores.open(identifier)),
    ...makeLogging(grant.logging, opened.stdio.stderr, options.onLog),
  };
  // Not enumerable: nobody who lists the interfaces meets it.
  Object.defineProperty(imports, Symbol.dispose, {
    value: () => {
      descriptors.closeAll();
      network.closeAll();
      outgoing.close();
      opened[Symbol.dispose]();
    },
  });
  return imports as unknown as Interfaces<keyof typeof imports>;
}
