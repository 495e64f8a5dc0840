/**
 * How handles pass between the tables of two component instances when values are lifted from one and lowered into the other.
 * Specification: CanonicalABI.md, `lift_own`, `lift_borrow`, `lift_async_value`, `lift_error_context` and their counterparts.
 */
import type { HandleHooks } from '../abi/context.ts';
import type { FutureType, StreamType } from '../types/value-type.ts';
import { invariant } from '../util/invariant.ts';
import { CopyEnd } from './copy-end.ts';
import type { ErrorContext } from './error-context.ts';
import {
  addObject,
  ERROR_CONTEXT,
  getObject,
  READABLE_FUTURE,
  READABLE_STREAM,
  removeObject,
} from './object-handles.ts';
import type { TypeScope } from './payload.ts';
import { giveBorrow, giveBorrowIn, lend, takeOwn } from './resource.ts';
import type { Shared } from './shared.ts';
import { addHandle, OWN } from './table.ts';

/** What a call holds until it ends. */
export interface BorrowScope {
  /** Remembers what must be done when the call ends. */
  atEnd(undo: () => void): void;
  /** Address of the count of borrows of a task; undefined where each borrow is checked at the end of the call. */
  readonly count: number | undefined;
}

/** The scope of values that cannot borrow. */
const NO_BORROWS: BorrowScope = {
  atEnd() {
    invariant(false, 'a value without borrows');
  },
  count: undefined,
};

/** Takes the readable end out of a table. */
export function liftEnd(slot: number, index: number, type: StreamType | FutureType, types: TypeScope): Shared {
  const kind = type.kind === 'stream' ? READABLE_STREAM : READABLE_FUTURE;
  // What may not be taken stays, so that it goes with its store.
  const end = getObject<CopyEnd>(slot, index, kind);
  end.mustCarry(types.payload(type.element));
  const shared = end.lift();
  removeObject(slot, index, kind);
  return shared;
}

/** Puts a readable end into a table. */
export function lowerEnd(slot: number, shared: Shared): number {
  shared.readerSlot = slot;
  return addObject(slot, new CopyEnd(shared.what === 'stream' ? READABLE_STREAM : READABLE_FUTURE, shared));
}

/** The hooks of one side. A resource's value is its rep, a stream's or future's what its ends share. */
export function transferHooks(slot: number, types: TypeScope, scope: BorrowScope = NO_BORROWS): HandleHooks {
  return {
    liftOwn: (type, index) => takeOwn(slot, index, types.resource(type)),
    liftBorrow(type, index) {
      const { rep, giveBack } = lend(slot, index, types.resource(type));
      scope.atEnd(giveBack);
      return rep;
    },
    lowerOwn: (type, rep) => addHandle(slot, types.resource(type).number, rep as number, OWN, 0),
    lowerBorrow(type, rep) {
      const resource = types.resource(type);
      if (resource.kind === 'guest' && resource.slot === slot) return rep as number;
      if (scope.count !== undefined) return giveBorrowIn(slot, resource, rep as number, scope.count);
      const { index, end } = giveBorrow(slot, resource, rep as number);
      scope.atEnd(end);
      return index;
    },
    liftEnd: (type, index) => liftEnd(slot, index, type, types),
    lowerEnd: (_type, shared) => lowerEnd(slot, shared as Shared),
    liftErrorContext: (index) => getObject<ErrorContext>(slot, index, ERROR_CONTEXT),
    lowerErrorContext: (context) => addObject(slot, context as ErrorContext),
  };
}
