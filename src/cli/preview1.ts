/**
 * Runs a core module for WASI preview 1: `_start` is called on a stack that may wait. Specification: WASI preview 1; the functions
 * are in `src/wasi/p1`. Reactors are not run: there is no function that is theirs to start.
 */
import { decodeModule } from '../core/decode.ts';
import { definedMemories, limitMemories } from '../core/rewrite.ts';
import type { Mismatch } from '../error/error.ts';
import { makeTrap } from '../error/trap.ts';
import type { Grant } from '../grants/grant.ts';
import { nodeHost } from '../host/node/host.ts';
import { recognise } from '../inspect/recognise.ts';
import { LinkError, type LinkOptions, UsageError, ValidationError } from '../node.ts';
import { asTrap } from '../runtime/failure.ts';
import { createPreview1, MAY_WAIT } from '../wasi/p1/preview1.ts';
import { reportDenial } from './report.ts';

type CoreFunction = (...args: never[]) => unknown;

interface Jspi {
  readonly Suspending?: new (fn: CoreFunction) => object;
  readonly promising?: (fn: CoreFunction) => () => Promise<unknown>;
}

const { Suspending, promising } = WebAssembly as unknown as Jspi;

const CURRENT = 'wasi_snapshot_preview1';
const UNSTABLE = 'wasi_unstable';

/** Functions whose layout in memory changed after `wasi_unstable`. */
const CHANGED: ReadonlySet<string> = new Set(['fd_filestat_get', 'path_filestat_get', 'poll_oneoff']);

/** `whence` of `wasi_unstable` (cur, end, set) as that of preview 1 (set, cur, end). */
const WHENCE = [1, 2, 0] as const;

function unstable(functions: Readonly<Record<string, CoreFunction>>): Record<string, CoreFunction> {
  const kept = Object.entries(functions).filter(([name]) => !CHANGED.has(name));
  const seek = functions['fd_seek'] as ((...args: unknown[]) => unknown) | undefined;
  const result: Record<string, CoreFunction> = Object.fromEntries(kept);
  if (seek !== undefined) {
    result['fd_seek'] = ((fd: number, offset: bigint, whence: number, at: number) =>
      seek(fd, offset, WHENCE[whence] ?? whence, at)) as CoreFunction;
  }
  return result;
}

function wrapped(functions: Readonly<Record<string, CoreFunction>>): WebAssembly.ModuleImports {
  const result: WebAssembly.ModuleImports = {};
  for (const [name, fn] of Object.entries(functions)) {
    const waits = MAY_WAIT.has(name) && Suspending !== undefined;
    result[name] = (waits ? new Suspending(fn) : fn) as WebAssembly.ImportValue;
  }
  return result;
}

/** Throws one LinkError that names every import that preview 1 does not have. */
function checkImports(
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
  module: WebAssembly.Module,
  offers: WebAssembly.Imports,
): void {
  const missing = WebAssembly.Module.imports(module).filter(
    ({ module: from, name, kind }) =>
      kind !== 'function' || !Object.hasOwn(offers, from) || !Object.hasOwn(offers[from] ?? {}, name),
  );
  if (missing.length === 0) return;
  const mismatches = missing.map(
    ({ module: from, name, kind }): Mismatch => ({
      path: `${from}#${name}`,
      problem: 'missing',
      expected: `a core ${kind}`,
      found: undefined,
      near: [],
      versions: Object.hasOwn(offers, from) || !from.startsWith('wasi') ? [] : [CURRENT],
    }),
  );
  const lines = mismatches.map((m) => `  ${m.path}: expected ${m.expected}, found nothing`);
  const { title, hint } = recognise(bytes, path);
  const count = missing.length === 1 ? '1 import is' : `${missing.length} imports are`;
  throw new LinkError(
    'missing-import',
    `${path} is ${title}; ${count} not part of WASI preview 1:\n${lines.join('\n')}`,
    {
      hint: title.includes('preview 1') ? 'it needs a host of its own, such as the program that it was made for' : hint,
    },
    mismatches,
  );
}

function limited(path: string, bytes: Uint8Array<ArrayBuffer>, limit: number | undefined): Uint8Array<ArrayBuffer> {
  if (limit === undefined) return bytes;
  const module = decodeModule(bytes);
  const memories = definedMemories(module);
  const page = (log: number | undefined): bigint => 1n << BigInt(log ?? 16);
  const least = memories.reduce((sum, m) => sum + m.limits.min * page(m.pageSizeLog2), 0n);
  if (least > BigInt(limit)) {
    throw new LinkError('memory-limit', `${path} starts with more memory than the limit allows`, {
      expected: `a limit of at least ${least} bytes`,
      found: `${limit}`,
      hint: `--max-memory ${least}`,
    });
  }
  const share = (BigInt(limit) - least) / BigInt(Math.max(1, memories.length));
  return limitMemories(bytes, (m) => m.limits.min + share / page(m.pageSizeLog2)).bytes;
}

async function compile(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    const why = error.message.replace(/^WebAssembly\.compile\(\): /, '');
    throw new ValidationError('core-module', `${path}: the core module is not valid: ${why}`, {
      hint: 'the file may be damaged or cut off: get it again',
      cause: error,
    });
  }
}

function checkStart(path: string, module: WebAssembly.Module): void {
  const exports = WebAssembly.Module.exports(module);
  if (exports.some((e) => e.name === '_start' && e.kind === 'function')) return;
  const reactor = exports.some((e) => e.name === '_initialize');
  throw new UsageError(
    'not-a-program',
    `${path} is a core module without the export _start${reactor ? ': a reactor, whose functions others call' : ''}`,
    {
      expected: 'a command, which exports _start',
      hint: reactor
        ? 'build it as a command, or make a component of it and call that: tenon invoke FILE "func(args)"'
        : 'see what it is: tenon inspect FILE',
    },
  );
}

/**
 * Runs the program to its end. It is read, limited and linked as a whole before anything of it runs.
 * @throws LinkError `missing-import` with all imports that are not preview 1's; `memory-limit`
 * @throws UsageError `not-a-program`
 * @throws Trap also where the program ends by `proc_exit`: the cause is an ExitError then
 */
export async function runModule(
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
  grant: Grant,
  options: LinkOptions,
): Promise<unknown> {
  const module = await compile(path, limited(path, bytes, options.limits?.memory));
  const host = nodeHost({ onBrokenPipe: () => process.exit(0) });
  using preview1 = createPreview1({ host, grant, onDenied: reportDenial });
  let memory: WebAssembly.Memory | undefined;
  const functions = preview1.imports(() => {
    if (memory !== undefined) return memory;
    throw makeTrap('host-error', { reason: 'the module exports no memory under the name "memory"' });
  }) as Readonly<Record<string, CoreFunction>>;
  const offers: WebAssembly.Imports = { [CURRENT]: wrapped(functions), [UNSTABLE]: wrapped(unstable(functions)) };
  checkImports(path, bytes, module, offers);
  checkStart(path, module);
  try {
    const { exports } = await WebAssembly.instantiate(module, offers);
    const found = exports['memory'];
    if (found instanceof WebAssembly.Memory) memory = found;
    const start = exports['_start'] as () => unknown;
    return await (promising === undefined ? start() : promising(start)());
  } catch (error) {
    throw asTrap(error, '_start');
  }
}
