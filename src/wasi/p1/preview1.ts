/**
 * `wasi_snapshot_preview1`, for core modules: functions on a memory. All 46 functions are there; sockets are not.
 * Specification: WASI preview 1, `wasi_snapshot_preview1.witx`.
 */
import { openGrant, type WasiOptions } from '../open-grant.ts';
import type { Context, CoreFunction, Functions } from './context.ts';
import { fail, NOTCAPABLE } from './errno.ts';
import { descriptorFunctions, transferFunctions } from './fd.ts';
import { FdTable } from './fd-table.ts';
import { GuestMemory } from './memory.ts';
import { changeFunctions, lookupFunctions } from './path.ts';
import { pollFunctions } from './poll.ts';
import { programFunctions } from './program.ts';

/**
 * Functions that may answer with a Promise of their errno, because a stream is not ready or time must pass: wrap these in
 * `WebAssembly.Suspending`, and no others, where the host's files are synchronous (Node's are).
 */
export const MAY_WAIT: ReadonlySet<string> = new Set(['fd_read', 'fd_write', 'poll_oneoff']);

/** Functions that may answer with a Promise besides {@link MAY_WAIT} where the host's files are asynchronous. */
export const FILE_FUNCTIONS: ReadonlySet<string> = new Set([
  'fd_allocate',
  'fd_datasync',
  'fd_filestat_get',
  'fd_filestat_set_size',
  'fd_filestat_set_times',
  'fd_pread',
  'fd_pwrite',
  'fd_readdir',
  'fd_seek',
  'fd_sync',
  'path_create_directory',
  'path_filestat_get',
  'path_filestat_set_times',
  'path_link',
  'path_open',
  'path_readlink',
  'path_remove_directory',
  'path_rename',
  'path_symlink',
  'path_unlink_file',
]);

export interface Preview1 extends Disposable {
  /**
   * The functions for a module whose memory `getMemory` gives; it is asked at each call, so that a memory that the module
   * exports may be given later. All modules that are given functions of one `Preview1` share its descriptors.
   */
  imports(getMemory: () => WebAssembly.Memory): Record<string, CoreFunction>;
}

/**
 * Makes preview 1 from a grant. Dispose it when the program has ended: it closes what was opened for it.
 * `proc_exit` throws a trap whose cause is an `ExitError`. Throws UsageError (`bad-grant`, `no-directory`, `no-proc`).
 */
export function createPreview1(options: WasiOptions): Preview1 {
  const opened = openGrant(options, () => fail(NOTCAPABLE));
  const table = new FdTable(opened);
  return {
    imports(getMemory) {
      const context: Context = {
        clocks: opened.clocks,
        random: opened.random,
        grant: opened.grant,
        asked: opened.asked,
        table,
        memory: new GuestMemory(getMemory),
      };
      const groups: readonly Functions[] = [
        programFunctions(context),
        transferFunctions(context),
        descriptorFunctions(context),
        lookupFunctions(context),
        changeFunctions(context),
        pollFunctions(context),
      ];
      return Object.assign({}, ...groups) as Record<string, CoreFunction>;
    },
    [Symbol.dispose]() {
      table.closeAll();
      opened[Symbol.dispose]();
    },
  };
}
