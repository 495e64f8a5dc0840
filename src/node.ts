/** The package's entry point on Node: everything of `index.ts`, files, and WASI on this machine. */
import { readFile } from 'node:fs';
import { promisify } from 'node:util';
import type { GrantInput } from './grants/grant.ts';
import type { Denial } from './grants/network-policy.ts';
import { nodeHost } from './host/node/host.ts';
import { warnOfUnfinished } from './host/node/unfinished.ts';
import { startNodeWatchdog } from './host/node/watchdog.ts';
import { bytesSource } from './host/streams.ts';
import { setWatchdog } from './runtime/interruption.ts';
import { setFileReader } from './runtime/source.ts';
import type { LogEntry } from './wasi/drafts/logging.ts';
import { createWasi as createWasiOn, type WasiImports } from './wasi/p2/wasi.ts';

const read = promisify(readFile);
warnOfUnfinished();
setWatchdog(startNodeWatchdog);
setFileReader(async (path) => new Uint8Array(await read(path)));

export type { GrantInput } from './grants/grant.ts';
export type { LoggingGrant, LogLevel } from './grants/logging.ts';
export type { NetworkGrantInput } from './grants/network.ts';
export type { Denial } from './grants/network-policy.ts';
export * from './index.ts';
export type { LogEntry } from './wasi/drafts/logging.ts';
export { ExitError, exitOf } from './wasi/p2/exit.ts';
export type { WasiImports } from './wasi/p2/wasi.ts';

/** What a host may want to know of a program. */
export interface WasiHooks {
  /** Called once for each different thing that the program was denied, with the flag that would allow it. */
  readonly onDenied?: (denial: Denial) => void;
  /** Called for what the program logs by `wasi:logging`, which goes to its standard error where not given. */
  readonly onLog?: (entry: LogEntry) => void;
  /** Called when the reader of standard output or error has gone. */
  readonly onBrokenPipe?: (stream: 'stdout' | 'stderr') => void;
  /** Standard input, in place of what the grant says. */
  readonly stdin?: Uint8Array;
}

/**
 * WASI 0.2 on this machine as an imports object: a program reaches what `grant` names, and nothing else. Dispose it when the
 * program has ended.
 * @throws UsageError `bad-grant`, `no-directory`
 * @example
 * ```ts
 * import { createWasi } from 'tenon';
 *
 * using wasi = createWasi({ args: ['app'], env: { MODE: 'fast' } });
 * console.log(Object.keys(wasi).includes('wasi:cli/environment')); // prints true
 * ```
 */
export function createWasi(grant: GrantInput = {}, hooks: WasiHooks = {}): WasiImports {
  const { stdin, onDenied, onLog, ...rest } = hooks;
  return createWasiOn({
    host: nodeHost(rest),
    grant,
    ...(stdin === undefined ? {} : { stdin: bytesSource(stdin) }),
    ...(onDenied === undefined ? {} : { onDenied }),
    ...(onLog === undefined ? {} : { onLog }),
  });
}
