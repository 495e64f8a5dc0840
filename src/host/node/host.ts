/** Node's host: what `createWasi` and `createPreview1` need to reach this machine. */
import { UsageError } from '../../error/error.ts';
import type { DirectoryOptions, FileStat } from '../host.ts';
import type { HttpHost } from '../http-client.ts';
import type { KeyValueHost } from '../key-value.ts';
import { Ledger } from '../quota.ts';
import type { HostSockets } from '../sockets.ts';
import { type Anchors, platformAnchors } from './anchor.ts';
import { nodeClocks, nodeRandom } from './clocks.ts';
import { NodeDirectory } from './directory.ts';
import { systemCode } from './errors.ts';
import { type HttpClientOptions, NodeHttpClient } from './http-client.ts';
import { nodeSockets } from './sockets.ts';
import { openSqlite } from './sqlite-store.ts';
import { SetTimes } from './stat.ts';
import { outputSink, stdinSource } from './stdio.ts';

export interface NodeHostOptions {
  /** Called when the reader of standard output or errors has gone: the program may end quietly. */
  readonly onBrokenPipe?: (stream: 'stdout' | 'stderr') => void;
  /** How requests to others find and trust them; as the system says where not given. */
  readonly http?: HttpClientOptions;
  /** How directories are reached; the safest way that the platform has where not given. */
  readonly anchors?: Anchors;
}

/** Opens a directory of this machine as a {@link NodeDirectory}. Throws UsageError (`no-directory`, `no-proc`). */
export function openNodeDirectory(
  path: string,
  { mutable, quota, watch }: DirectoryOptions,
  anchors: Anchors = platformAnchors(),
  times: SetTimes = new SetTimes(),
): NodeDirectory {
  try {
    return new NodeDirectory(anchors, anchors.openRoot(path), {
      mutable,
      times,
      watch,
      ledger: quota === undefined ? undefined : new Ledger(quota),
    });
  } catch (error) {
    throw new UsageError('no-directory', `the directory ${JSON.stringify(path)} cannot be opened`, {
      expected: 'a directory that exists and may be read',
      found: systemCode(error),
      cause: error,
    });
  }
}

/** Makes a host of this machine. Nothing is opened before it is asked for. */
export function nodeHost(options: NodeHostOptions = {}): HttpHost & KeyValueHost & { readonly sockets: HostSockets } {
  let key: Uint8Array | undefined;
  const times = new SetTimes();
  const broken = (stream: 'stdout' | 'stderr') => () => options.onBrokenPipe?.(stream);
  return {
    clocks: nodeClocks(),
    random: nodeRandom,
    sockets: nodeSockets(),
    httpClient: () => new NodeHttpClient(options.http),
    openSqlite,
    openDirectory: (path, how) => openNodeDirectory(path, how, options.anchors, times),
    stdin: stdinSource,
    stdout: () => outputSink(1, broken('stdout')),
    stderr: () => outputSink(2, broken('stderr')),
    digest(stat) {
      key ??= nodeCrypto().randomBytes(32);
      return digest(key, stat);
    },
  };
}

/** Loaded when it is needed first: that costs a short program a tenth of its start. */
function nodeCrypto(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto');
}

function digest(key: Uint8Array, stat: FileStat): readonly [bigint, bigint] {
  const { device, inode, size, modified, changed, type } = stat;
  const hash = nodeCrypto()
    .createHmac('sha256', key)
    .update([device, inode, size, modified, changed, type].join(':'))
    .digest();
  return [hash.readBigUInt64LE(0), hash.readBigUInt64LE(8)];
}
