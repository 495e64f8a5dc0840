/** Built-ins of streams and futures. Specification: CanonicalABI.md, `canon stream.*`, `canon future.*`. */
import { BLOCKED } from './canon-task.ts';
import type { ResourceType } from './resource.ts';
import type { ComponentInstance, Store } from './state.ts';
import { Buffer, COPY, CopyEnd, type EndKind, SharedFuture, SharedStream } from './stream.ts';
import type { Blocking } from './thread.ts';
import { specifies, trap, trapIf } from './trap.ts';
import { typeKey, type ValType } from './types.ts';
import { EVENT, type EventTuple } from './waitable.ts';

/** What a built-in was made with: the end that it takes and the element type. */
export interface OfEnd {
  readonly kind: EndKind;
  readonly type: ValType | undefined;
}

/** What reads and writes were made with besides. */
export interface CopyOptions extends OfEnd {
  readonly async: boolean;
  readonly resources: ReadonlyMap<string, ResourceType>;
}

const EVENTS: Readonly<Record<EndKind, number>> = {
  'stream-read': EVENT.streamRead,
  'stream-write': EVENT.streamWrite,
  'future-read': EVENT.futureRead,
  'future-write': EVENT.futureWrite,
};

/** Answers the index of the readable end and that of the writable one. */
export function canonNew(store: Store, what: 'stream' | 'future', type: ValType | undefined): [number, number] {
  const inst = store.currentInstance;
  trapIf(!inst.mayLeave, 'cannot-leave');
  const shared = what === 'stream' ? new SharedStream(type) : new SharedFuture(type);
  const readable = inst.handles.add(new CopyEnd(`${what}-read`, shared));
  const writable = inst.handles.add(new CopyEnd(`${what}-write`, shared));
  return [readable, writable];
}

function asEnd(handle: unknown, { kind, type }: OfEnd): CopyEnd {
  if (!(handle instanceof CopyEnd) || handle.kind !== kind) trap('not-this-end');
  trapIf(typeKey(handle.shared.type) !== typeKey(type), 'element-type');
  return handle;
}

/** Specification: `stream_copy`, `future_copy`. A future has one element, whatever `count` says. */
export function* canonCopy(
  store: Store,
  options: CopyOptions,
  index: number,
  pointer: number,
  count: number,
): Blocking<number> {
  const inst = store.currentInstance;
  trapIf(!inst.mayLeave, 'cannot-leave');
  const end = asEnd(inst.handles.get(index), options);
  trapIf(end.state !== 'idle', end.busyTrap);
  trapIf(end.inWaitableSet && !options.async, 'in-set');
  start(inst, end, options, index, pointer, count);
  if (!end.hasPendingEvent) {
    if (options.async) return BLOCKED;
    yield* end.waitForPendingEvent(store);
  }
  return delivered(end);
}

function start(
  inst: ComponentInstance,
  end: CopyEnd,
  options: CopyOptions,
  index: number,
  pointer: number,
  count: number,
): void {
  const code = EVENTS[options.kind];
  const isFuture = code === EVENT.futureRead || code === EVENT.futureWrite;
  const cx = { inst, borrowScope: undefined, resources: options.resources };
  const buffer = new Buffer(options.type, cx, pointer, isFuture ? 1 : count);
  const futureEvent = (result: number): EventTuple => {
    specifies((buffer.remain === 0) === (result === COPY.completed), 'a future that completed has been copied');
    specifies(end.copying, 'an end that has an event copies');
    end.state = result === COPY.cancelled ? 'idle' : 'done';
    return [code, index, result];
  };
  const streamEvent = (result: number, reclaimBuffer: () => void): EventTuple => {
    reclaimBuffer();
    specifies(end.copying, 'an end that has an event copies');
    // See `Rules`.
    const { rules } = inst.store.choices;
    const told =
      rules === 'corrected' && end.state === 'cancelling' && result === COPY.completed ? COPY.cancelled : result;
    end.state = told === COPY.dropped ? 'done' : 'idle';
    return [code, index, told | (buffer.progress << 4)];
  };
  end.state = 'copying';
  end.copy(
    inst,
    buffer,
    (reclaimBuffer) => end.setPendingEvent(() => streamEvent(COPY.completed, reclaimBuffer)),
    (result) => end.setPendingEvent(() => (isFuture ? futureEvent(result) : streamEvent(result, () => {}))),
  );
}

function delivered(end: CopyEnd): number {
  const [, , payload] = end.getPendingEvent();
  specifies(payload !== BLOCKED, 'a copy that is done is not blocked');
  return payload;
}

/** Specification: `cancel_copy`. */
export function* canonCancelCopy(
  store: Store,
  made: OfEnd & { readonly async: boolean },
  index: number,
): Blocking<number> {
  const inst = store.currentInstance;
  trapIf(!inst.mayLeave, 'cannot-leave');
  const end = asEnd(inst.handles.get(index), made);
  trapIf(end.state !== 'copying' || end.hasSyncWaiter, 'not-copying');
  trapIf(end.inWaitableSet && !made.async, 'in-set');
  end.state = 'cancelling';
  if (!end.hasPendingEvent) {
    end.shared.cancel();
    if (!end.hasPendingEvent) {
      if (made.async) return BLOCKED;
      yield* end.waitForPendingEvent(store);
    }
  }
  return delivered(end);
}

export function canonDrop(store: Store, made: OfEnd, index: number): void {
  const inst = store.currentInstance;
  trapIf(!inst.mayLeave, 'cannot-leave');
  asEnd(inst.handles.remove(index), made).drop();
}
