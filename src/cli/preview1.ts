/**
 * Runs a core module for WASI preview 1: `_start` is called on a stack that may wait. Specification: WASI preview 1; the functions
 * are in `src/wasi/p1`. Reactors are not run: there is no function that is theirs to start.
 */
import type { Mismatch } from '../error/error.ts';
import { makeTrap } from '../error/trap.ts';
import type { Audit } from '../grants/audit.ts';
import type { Grant } from '../grants/grant.ts';
import { nodeHost } from '../host/node/host.ts';
import { recognise } from '../inspect/recognise.ts';
import { type Limits, LinkError, type LinkOptions, UsageError, ValidationError } from '../node.ts';
import { asTrap } from '../runtime/failure.ts';
import { addLimitImports, limitedCores, limitingOf, Metering } from '../runtime/metering.ts';
import { Store } from '../runtime/store.ts';
import type { StoreMeter } from '../runtime/store-meter.ts';
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

/** A function that the program waits for: meanwhile it does not compute. */
function awaited(fn: CoreFunction, meter: StoreMeter | undefined): CoreFunction {
  if (meter === undefined) return fn;
  return async (...args) => {
    meter.leave();
    try {
      return await fn(...args);
    } finally {
      meter.enter();
    }
  };
}

function wrapped(
  functions: Readonly<Record<string, CoreFunction>>,
  meter: StoreMeter | undefined,
): WebAssembly.ModuleImports {
  const result: WebAssembly.ModuleImports = {};
  for (const [name, fn] of Object.entries(functions)) {
    const waits = MAY_WAIT.has(name) && Suspending !== undefined;
    result[name] = (waits ? new Suspending(awaited(fn, meter)) : fn) as WebAssembly.ImportValue;
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

/** A module with what its limits need. */
interface Ready {
  /** As it was given. */
  readonly original: WebAssembly.Module;
  readonly module: WebAssembly.Module;
  /** What it imports besides. */
  readonly imports: Record<string, Record<string, WebAssembly.ImportValue>>;
  readonly meter: StoreMeter | undefined;
  /** Rejects where the program ends amid a wait. */
  readonly ended: Promise<never>;
}

async function limited(path: string, bytes: Uint8Array<ArrayBuffer>, limits: Limits | undefined): Promise<Ready> {
  const ref = { kind: 'static', bytes, start: 0, end: bytes.length } as const;
  const plan = { steps: [{ kind: 'instantiate', core: 0, module: ref, args: [], instance: 0 }] } as const;
  const limiting = await limitingOf(plan, limits ?? {}).catch((error) => {
    if (!(error instanceof LinkError)) throw error;
    throw new LinkError(error.code, `${path}: ${error.message}`, { hint: error.details.hint, cause: error });
  });
  const module = await compile(path, bytes);
  const core = limiting === undefined ? undefined : (await limitedCores(plan, limiting)).get(ref);
  if (core === undefined)
    return { original: module, module, imports: {}, meter: undefined, ended: new Promise(() => {}) };
  const metered = limiting?.meter === undefined ? undefined : new Metering(limiting.meter).begin();
  const store = new Store();
  metered?.attach(store);
  const imports = {};
  addLimitImports(core, metered, imports);
  const ended = new Promise<never>((_, reject) => store.watch({ ended: reject }));
  ended.catch(() => {});
  return { original: module, module: core.module, imports, meter: store.meter, ended };
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
  audit?: Audit,
): Promise<unknown> {
  const { original, module, imports, meter, ended } = await limited(path, bytes, options.limits);
  const host = nodeHost({ onBrokenPipe: () => process.exit(0) });
  using preview1 = createPreview1({ host, grant, onDenied: reportDenial, onUse: audit && ((use) => audit.note(use)) });
  let memory: WebAssembly.Memory | undefined;
  const functions = preview1.imports(() => {
    if (memory !== undefined) return memory;
    throw makeTrap('host-error', { reason: 'the module exports no memory under the name "memory"' });
  }) as Readonly<Record<string, CoreFunction>>;
  const offers: WebAssembly.Imports = {
    ...imports,
    [CURRENT]: wrapped(functions, meter),
    [UNSTABLE]: wrapped(unstable(functions), meter),
  };
  checkImports(path, bytes, original, offers);
  checkStart(path, original);
  const call = meter?.callBegins();
  meter?.enter();
  try {
    const { exports } = new WebAssembly.Instance(module, offers);
    const found = exports['memory'];
    if (found instanceof WebAssembly.Memory) memory = found;
    const start = exports['_start'] as () => unknown;
    return await (promising === undefined ? start() : Promise.race([promising(start)(), ended]));
  } catch (error) {
    throw asTrap(meter?.explain(error) ?? error, '_start');
  } finally {
    meter?.leave();
    if (call !== undefined) meter?.callEnds(call);
  }
}
