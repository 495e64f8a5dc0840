/** Built-ins of streams and futures. Specification: CanonicalABI.md, `canon_stream_*`, `canon_future_*`. */

import type { OptionShape } from '../../abi/context.ts';
import type { Flat } from '../../abi/js/border.ts';
import { block } from '../blocking.ts';
import { GuestBuffer } from '../buffer.ts';
import { CopyEnd, type EndType } from '../copy-end.ts';
import {
  addObject,
  getObject,
  READABLE_FUTURE,
  READABLE_STREAM,
  removeObject,
  WRITABLE_FUTURE,
  WRITABLE_STREAM,
} from '../object-handles.ts';
import type { Payload } from '../payload.ts';
import { SharedFuture, SharedStream } from '../shared.ts';
import { abiContext } from '../side.ts';
import { currentThread } from '../task.ts';
import { transferHooks } from '../transfer.ts';
import type { BuiltinEnv, CoreFunction } from './environment.ts';
import { BLOCKED } from './tasks.ts';

/** `canon stream.new`, `canon future.new` */
export function copyNew({ component }: BuiltinEnv, what: 'stream' | 'future', payload: Payload): CoreFunction {
  const [readable, writable] =
    what === 'stream' ? ([READABLE_STREAM, WRITABLE_STREAM] as const) : ([READABLE_FUTURE, WRITABLE_FUTURE] as const);
  return () => {
    component.mustLeave();
    const shared = what === 'stream' ? new SharedStream(payload) : new SharedFuture(payload);
    shared.readerSlot = component.slot;
    shared.writerSlot = component.slot;
    const r = addObject(component.slot, new CopyEnd(readable, shared));
    const w = addObject(component.slot, new CopyEnd(writable, shared));
    return BigInt(r) | (BigInt(w) << 32n);
  };
}

function unsigned(raw: Flat): number {
  return typeof raw === 'bigint' ? Number(BigInt.asUintN(64, raw)) : raw >>> 0;
}

const NO_MEMORY: OptionShape = {
  encoding: 'utf8',
  memory: undefined,
  realloc: false,
  postReturn: false,
  async: false,
  callback: false,
};

/** Waits for the event of a copy, or says that it will come. */
function finish({ component }: BuiltinEnv, end: CopyEnd, isAsync: boolean): number {
  if (end.hasPendingEvent) return end.getPendingEvent()[2];
  if (isAsync) return BLOCKED;
  const thread = currentThread(component);
  end.waitedBy(thread);
  const wait = { ready: () => end.hasPendingEvent, cancellable: false, what: end };
  return block(thread, wait, () => {
    end.waitedBy(undefined);
    return end.getPendingEvent()[2];
  }) as number;
}

/** `canon stream.read`, `canon stream.write`, `canon future.read`, `canon future.write` */
export function copyStart(env: BuiltinEnv, type: EndType, payload: Payload): CoreFunction {
  const { component, side, types } = env;
  const isAsync = side?.shape.async === true;
  const hooks = transferHooks(component.slot, types);
  const context =
    side === undefined
      ? { options: NO_MEMORY, memory: undefined, realloc: undefined, handles: hooks }
      : abiContext(side, hooks);
  return (index, pointer, count) => {
    component.mustLeave();
    const end = getObject<CopyEnd>(component.slot, index as number, type);
    end.mustCarry(payload);
    end.mustBeIdle();
    if (!isAsync) end.mustNotBeInSet();
    const length = count === undefined ? 1 : unsigned(count);
    const buffer = new GuestBuffer(payload, context, component.slot, unsigned(pointer!), length);
    end.copy(component.slot, index as number, buffer);
    return finish(env, end, isAsync);
  };
}

/** `canon stream.cancel-read` and its like */
export function copyCancel(env: BuiltinEnv, type: EndType, payload: Payload, isAsync: boolean): CoreFunction {
  const { component } = env;
  return (index) => {
    component.mustLeave();
    const end = getObject<CopyEnd>(component.slot, index as number, type);
    end.mustCarry(payload);
    end.cancel(isAsync);
    return finish(env, end, isAsync);
  };
}

/** `canon stream.drop-readable` and its like */
export function copyDrop({ component }: BuiltinEnv, type: EndType, payload: Payload): CoreFunction {
  return (index) => {
    component.mustLeave();
    // An end that may not go stays: with its store it goes all the same, and whoever waits at the other end is told.
    const end = getObject<CopyEnd>(component.slot, index as number, type);
    end.mustCarry(payload);
    end.drop();
    removeObject(component.slot, index as number, type);
    return undefined;
  };
}
