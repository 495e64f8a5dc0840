/** `tenon/wasi`: WASI on the web's own interfaces, the same in a page, a worker, Node, Deno and Bun. Files lie in memory. */
import type { GrantInput } from './grants/grant.ts';
import type { Denial } from './grants/network-policy.ts';
import { MemoryFiles } from './host/memory/files.ts';
import { callbackSink } from './host/streams.ts';
import type { Fetch } from './host/web/fetch-client.ts';
import { webHost } from './host/web/host.ts';
import { type Input, inputSource, type Output } from './host/web/stdio.ts';
import type { LogEntry } from './wasi/drafts/logging.ts';
import { createWasi as createWasiOn, type WasiImports } from './wasi/p2/wasi.ts';

export type { GrantInput } from './grants/grant.ts';
export type { LoggingGrant, LogLevel } from './grants/logging.ts';
export type { Denial } from './grants/network-policy.ts';
export { type FileContent, type FileTree, MemoryFiles, type MemoryFilesLimits } from './host/memory/files.ts';
export type { Fetch } from './host/web/fetch-client.ts';
export type { Input, Output } from './host/web/stdio.ts';
export type { LogEntry } from './wasi/drafts/logging.ts';
export { ExitError, exitOf } from './wasi/p2/exit.ts';
export type { WasiImports } from './wasi/p2/wasi.ts';

/** What a program is given besides its grant. */
export interface WebWasiOptions {
  /** Where the directories of the grant lie; programs may share them. None where not given. */
  readonly files?: MemoryFiles;
  /** Standard input; it has ended from the start where not given. */
  readonly stdin?: Input;
  /** Where standard output goes; nowhere, or to the console if the grant says `inherit`, where not given. */
  readonly stdout?: Output;
  /** As `stdout`. */
  readonly stderr?: Output;
  /** Carries requests to others, as far as the grant's `network` allows: the platform's `fetch`, say. Without one there are none. */
  readonly fetch?: Fetch;
  /** Called once for each different thing that the program was denied, with the flag that would allow it. */
  readonly onDenied?: (denial: Denial) => void;
  /** Called for what the program logs by `wasi:logging`, which goes to its standard error where not given. */
  readonly onLog?: (entry: LogEntry) => void;
}

/**
 * WASI 0.2 as an imports object, without anything of a machine: directories of the grant are those of `files`, there are no sockets, and
 * requests to others only by a `fetch` that is given. Dispose it when the program has ended.
 * @throws UsageError `bad-grant`, `no-directory`
 * @example
 * ```ts
 * import { createWasi, MemoryFiles } from 'tenon/wasi';
 *
 * const files = new MemoryFiles({ '/data/in.txt': 'hello' });
 * using wasi = createWasi({ args: ['app'], dirs: [{ host: '/data', guest: '/data' }] }, { files, stdin: 'text' });
 * console.log(Object.keys(wasi).includes('wasi:filesystem/preopens')); // prints true
 * ```
 */
export function createWasi(grant: GrantInput = {}, options: WebWasiOptions = {}): WasiImports {
  const { files = new MemoryFiles(), stdin, stdout, stderr, fetch, onDenied, onLog } = options;
  return createWasiOn({
    host: webHost(files, fetch),
    grant,
    ...(stdin === undefined ? {} : { stdin: inputSource(stdin) }),
    ...(stdout === undefined ? {} : { stdout: callbackSink(stdout) }),
    ...(stderr === undefined ? {} : { stderr: callbackSink(stderr) }),
    ...(onDenied === undefined ? {} : { onDenied }),
    ...(onLog === undefined ? {} : { onLog }),
  });
}
