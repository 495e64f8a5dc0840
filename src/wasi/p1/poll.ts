/** Preview 1: `poll_oneoff`. */
import { type MaybePromise, then, type Waitable } from '../../host/host.ts';
import { READY, timer, untilAny } from '../../host/streams.ts';
import { answering, type Context, type Functions } from './context.ts';
import { BADF, Errno, fail, INVAL, NOTCAPABLE, NOTSUP, SUCCESS } from './errno.ts';
import type { Entry } from './fd-table.ts';
import { clockTime } from './program.ts';
import { POLL_FD_READWRITE } from './rights.ts';

/** Layout of a subscription, 48 bytes: userdata @0, tag @8; clock: id @16, timeout @24, precision @32, flags @40; fd: @16. */
const SUBSCRIPTION = 48;
/** Layout of an event, 32 bytes: userdata @0, error (u16) @8, type @10, nbytes @16, flags (u16) @24. */
const EVENT = 32;

const CLOCK = 0;
const FD_READ = 1;
const FD_WRITE = 2;
const ABSTIME = 1;

/** Subscriptions of one call. */
const MAX_SUBSCRIPTIONS = 16_384;

interface Subscription {
  readonly userdata: bigint;
  readonly type: number;
  readonly error: number;
  readonly waitable: Waitable;
  /** How many bytes may be moved, as far as is known. */
  readonly bytes: () => MaybePromise<bigint>;
}

const none = (): bigint => 0n;

function clockSubscription(context: Context, pointer: number): Pick<Subscription, 'waitable' | 'bytes'> {
  const { memory } = context;
  const id = memory.getU32(pointer + 16);
  const timeout = memory.getU64(pointer + 24);
  const absolute = (memory.getU16(pointer + 40) & ABSTIME) !== 0;
  const now = (): bigint => clockTime(context, id);
  const { clocks } = context;
  if (clocks === undefined) return fail(NOTSUP);
  if (!clocks.stands) return { waitable: timer(now, absolute ? timeout : now() + timeout), bytes: none };
  const left = absolute ? timeout - now() : timeout;
  return { waitable: clocks.until(clocks.monotonic() + (left > 0n ? left : 0n)), bytes: none };
}

function fdSubscription(
  { memory, table }: Context,
  pointer: number,
  type: number,
): Pick<Subscription, 'waitable' | 'bytes'> {
  const entry: Entry = table.get(memory.getU32(pointer + 16), POLL_FD_READWRITE);
  switch (entry.kind) {
    case 'directory':
      return fail(NOTCAPABLE);
    case 'file': {
      if (entry.file.seekable) {
        const left = (size: bigint): bigint => (size > entry.position ? size - entry.position : 0n);
        return {
          waitable: READY,
          bytes: () => (type === FD_READ ? then(entry.file.stat(), ({ size }) => left(size)) : 65_536n),
        };
      }
      if (type === FD_READ) entry.source ??= entry.file.source(0n);
      else entry.sink ??= entry.file.sink(0n);
      return { waitable: (type === FD_READ ? entry.source : entry.sink) ?? fail(BADF), bytes: () => 1n };
    }
    case 'stream':
      return { waitable: (type === FD_READ ? entry.source : entry.sink) ?? fail(BADF), bytes: () => 1n };
  }
}

function subscription(context: Context, pointer: number): Subscription {
  const userdata = context.memory.getU64(pointer);
  const type = context.memory.getU8(pointer + 8);
  try {
    switch (type) {
      case CLOCK:
        return { userdata, type, error: SUCCESS, ...clockSubscription(context, pointer) };
      case FD_READ:
      case FD_WRITE:
        return { userdata, type, error: SUCCESS, ...fdSubscription(context, pointer, type) };
      default:
        return fail(INVAL);
    }
  } catch (error) {
    // An event of its own tells what is wrong with one subscription; a wrong tag spoils the call.
    if (!(error instanceof Errno) || type > FD_WRITE) throw error;
    return { userdata, type, error: error.errno, waitable: READY, bytes: none };
  }
}

async function waitFor(all: readonly Subscription[]): Promise<readonly Subscription[]> {
  for (;;) {
    await untilAny(all.map(({ waitable }) => waitable));
    const ready = all.filter(({ waitable }) => waitable.ready());
    if (ready.length > 0) return ready;
  }
}

/** Writes the events one after the other, and their number. */
function writeEvents(
  { memory }: Context,
  ready: readonly Subscription[],
  out: number,
  result: number,
): MaybePromise<void> {
  const step = (from: number): MaybePromise<void> => {
    for (let index = from; index < ready.length; index++) {
      const { userdata, error, type, bytes } = ready[index] ?? fail(INVAL);
      const put = (count: bigint): void => {
        const at = out + index * EVENT;
        memory.view(at, EVENT).fill(0);
        memory.setU64(at, userdata);
        memory.setU16(at + 8, error);
        memory.setU8(at + 10, type);
        memory.setU64(at + 16, count);
      };
      const count = bytes();
      if (count instanceof Promise) return count.then(put).then(() => step(index + 1));
      put(count);
    }
    memory.setU32(result, ready.length);
  };
  return step(0);
}

/** `poll_oneoff`: answers at once where something is ready. */
export function pollFunctions(context: Context): Functions {
  const { memory } = context;
  return {
    poll_oneoff: (input: number, output: number, count: number, result: number) =>
      answering(() => {
        const [list, out, total, size] = [input >>> 0, output >>> 0, count >>> 0, result >>> 0];
        if (total === 0 || total > MAX_SUBSCRIPTIONS) fail(INVAL);
        memory.check(list, total * SUBSCRIPTION);
        memory.check(out, total * EVENT);
        memory.check(size, 4);
        const all = Array.from({ length: total }, (_, index) => subscription(context, list + index * SUBSCRIPTION));
        const ready = all.filter(({ waitable }) => waitable.ready());
        return then(ready.length > 0 ? ready : waitFor(all), (events) => writeEvents(context, events, out, size));
      }),
  };
}
