/** Preview 1: arguments, environment, clocks, random bytes, processes and the sockets that are not there. */
import { makeTrap } from '../../error/trap.ts';
import { ExitError } from '../p2/exit.ts';
import { answering, type Context, type Functions } from './context.ts';
import { fail, INVAL, NOTSOCK, NOTSUP, OVERFLOW } from './errno.ts';

/** `clockid`. */
const REALTIME = 0;
const MONOTONIC = 1;
const PROCESS_CPU = 2;
const THREAD_CPU = 3;

/** The time of a clock, in nanoseconds. */
export function clockTime({ clocks }: Context, id: number): bigint {
  if (clocks === undefined) return fail(NOTSUP);
  switch (id >>> 0) {
    case REALTIME: {
      const time = clocks.wall();
      return time < 0n ? fail(OVERFLOW) : time;
    }
    case MONOTONIC:
      return clocks.monotonic();
    case PROCESS_CPU:
    case THREAD_CPU:
      return clocks.cpu() ?? fail(NOTSUP);
    default:
      return fail(INVAL);
  }
}

function clockResolution(context: Context, id: number): bigint {
  const { clocks } = context;
  if (clocks === undefined) return fail(NOTSUP);
  clockTime(context, id);
  switch (id >>> 0) {
    case REALTIME:
      return clocks.wallResolution;
    case MONOTONIC:
      return clocks.monotonicResolution;
    default:
      return 1000n;
  }
}

/** C strings and pointers to them. */
function strings({ memory, asked }: Context, kind: 'arguments' | 'environment', texts: readonly Uint8Array[]) {
  const total = texts.reduce((sum, text) => sum + text.length, 0);
  return {
    sizes: (count: number, size: number) =>
      answering(() => {
        memory.setU32(count >>> 0, texts.length);
        memory.setU32(size >>> 0, total);
      }),
    get: (pointers: number, buffer: number) =>
      answering(() => {
        asked?.(kind);
        memory.check(pointers >>> 0, texts.length * 4);
        memory.check(buffer >>> 0, total);
        let at = buffer >>> 0;
        for (const [index, text] of texts.entries()) {
          memory.setU32((pointers >>> 0) + index * 4, at);
          memory.put(at, text);
          at += text.length;
        }
      }),
  };
}

/** Functions that touch no descriptor, and those of sockets. */
export function programFunctions(context: Context): Functions {
  const { random, grant, memory, table } = context;
  const encoder = new TextEncoder();
  const args = strings(
    context,
    'arguments',
    grant.args.map((arg) => encoder.encode(`${arg}\0`)),
  );
  const environ = strings(
    context,
    'environment',
    grant.env.map(([name, value]) => encoder.encode(`${name}=${value}\0`)),
  );
  const noSocket = (fd: number) =>
    answering(() => {
      table.get(fd >>> 0);
      fail(NOTSOCK);
    });
  return {
    args_get: args.get,
    args_sizes_get: args.sizes,
    environ_get: environ.get,
    environ_sizes_get: environ.sizes,
    clock_res_get: (id: number, result: number) =>
      answering(() => memory.setU64(result >>> 0, clockResolution(context, id))),
    clock_time_get: (id: number, _precision: bigint, result: number) =>
      answering(() => memory.setU64(result >>> 0, clockTime(context, id))),
    random_get: (buffer: number, length: number) =>
      answering(() => {
        if (random === undefined) return fail(NOTSUP);
        const target = memory.view(buffer >>> 0, length >>> 0);
        // Through a buffer of our own: the guest's may be shared between threads, which generators refuse.
        for (let at = 0; at < target.length; at += 65_536) {
          const chunk = new Uint8Array(Math.min(65_536, target.length - at));
          random.fill(chunk);
          target.set(chunk, at);
        }
      }),
    proc_exit(code: number): undefined {
      // A real trap: a program's own `catch_all` does not stop it.
      const cause = new ExitError(code >>> 0);
      throw makeTrap('host-error', { reason: cause.message, path: 'wasi_snapshot_preview1#proc_exit', cause });
    },
    proc_raise: () => NOTSUP,
    sched_yield: () => 0,
    sock_accept: noSocket,
    sock_recv: noSocket,
    sock_send: noSocket,
    sock_shutdown: noSocket,
  };
}
