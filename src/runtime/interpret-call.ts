/**
 * A call between components by the plain interpreter: lift from the caller, lower into the callee, and back. For calls that no
 * adapter carries (counted) and as the oracle of the adapters. Specification: CanonicalABI.md, `canon_lift`, `canon_lower`.
 *
 * A frame of JavaScript stands between the two, past which no stack can suspend: a callee that may have to wait runs on a stack of its
 * own, and the caller waits for that.
 */
import { liftValues, lowerValues } from '../abi/call.ts';
import { flattenFuncType, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS } from '../abi/flatten.ts';
import type { Flat } from '../abi/js/border.ts';
import { makeTrap } from '../error/trap.ts';
import type { ShimSource } from '../link/shims.ts';
import type { FuncType } from '../types/value-type.ts';
import { afterStarted } from './blocking.ts';
import { withFreshContext } from './context-slots.ts';
import { CLOSED, control, MAY_LEAVE, SUSPENDABLE } from './control.ts';
import { asTrap } from './failure.ts';
import { pushFrame } from './frames.ts';
import { zeroOf } from './lower.ts';
import type { TypeScope } from './payload.ts';
import { promisedEntryOf } from './promised-entry.ts';
import { scheduler } from './scheduler.ts';
import { abiContext, type Side } from './side.ts';
import { askToSuspend, Stack, suspendableStack } from './stack.ts';
import { endFrameThread, leaveFrame } from './task.ts';
import { type BorrowScope, transferHooks } from './transfer.ts';

type CoreFunction = (...args: Flat[]) => Flat | undefined;

/** What is called, and how. */
export interface InterpretedCall {
  readonly type: FuncType;
  readonly caller: Side;
  readonly callee: Side;
  readonly core: CoreFunction;
  readonly types: TypeScope;
  readonly shims: ShimSource;
  readonly path: string;
  /** Whether the callee may have to wait: then the call stands behind a shim that can. */
  readonly maySuspend: boolean;
}

function withoutLeave<T>(slot: number, body: () => T): T {
  const word = (slot + MAY_LEAVE) >> 2;
  control.i32[word] = 0;
  const value = body();
  control.i32[word] = 1;
  return value;
}

/** Traps unless the call may be made. */
function enter({ caller, callee, path }: InterpretedCall): void {
  if (control.i32[(caller.slot + MAY_LEAVE) >> 2] === 0) throw makeTrap('cannot-leave', { path });
  if (!callee.store.alive) throw callee.store.deadTrap(path);
  caller.store.interpreted++;
  if (control.i32[(callee.slot + CLOSED) >> 2] !== 0) {
    throw makeTrap('would-block', {
      reason: 'cannot block a synchronous task before returning: the called instance waits',
      path,
    });
  }
}

/** Both directions of one call. */
function translation({ type, caller, callee, types }: InterpretedCall, flat: readonly Flat[]) {
  const params = type.params.map((p) => p.type);
  const results = type.result === undefined ? [] : [type.result];
  const lent: (() => void)[] = [];
  const scope: BorrowScope = { atEnd: (undo) => void lent.push(undo), count: undefined };
  const from = abiContext(caller, transferHooks(caller.slot, types, scope));
  const to = abiContext(callee, transferHooks(callee.slot, types, scope));
  return {
    params(): readonly Flat[] {
      const lifted = liftValues(from, MAX_FLAT_PARAMS, flat, params);
      return withoutLeave(callee.slot, () => lowerValues(to, MAX_FLAT_PARAMS, lifted, params));
    },
    results(given: readonly Flat[]): Flat | undefined {
      const answer = liftValues(to, MAX_FLAT_RESULTS, given, results);
      const back = withoutLeave(caller.slot, () => lowerValues(from, MAX_FLAT_RESULTS, answer, results, flat.at(-1)));
      const post = callee.postReturn;
      if (post !== undefined) withoutLeave(callee.slot, () => post(...given));
      for (const end of lent) end();
      return back[0];
    },
  };
}

/** Makes the core function by which `caller` calls `callee`. */
export function interpretCall(call: InterpretedCall): CoreFunction {
  const { type, caller, callee, core, path } = call;
  const zero = zeroOf(flattenFuncType(type, 'lower', caller.shape).results[0]);
  const entry = promisedEntryOf(call.shims, flattenFuncType(type, 'lift', callee.shape), core);
  const inThread = <T>(body: () => T): T => (callee.usesContext ? withFreshContext(callee.slot, body) : body());
  const here = (flat: readonly Flat[]): Flat | undefined => {
    const { params, results } = translation(call, flat);
    const suspendable = control.i32[SUSPENDABLE >> 2] ?? 0;
    pushFrame(callee.slot);
    control.i32[SUSPENDABLE >> 2] = 0;
    try {
      const back = inThread(() => {
        const result = core(...params());
        return results(result === undefined ? [] : [result]);
      });
      leaveFrame();
      return back;
    } catch (error) {
      // The frame stays: whoever catches the trap ends the stores of all frames.
      throw asTrap(error, path);
    } finally {
      control.i32[SUSPENDABLE >> 2] = suspendable;
    }
  };
  const apart = (flat: readonly Flat[]): Flat | undefined => {
    const { params, results } = translation(call, flat);
    let back: Flat | undefined;
    let failure: Error | undefined;
    let goOn: ((depth: number) => void) | undefined;
    let depth = 0;
    let waiting: Stack | undefined;
    const stack = new Stack(
      (...given) => {
        back = results(given);
        depth = endFrameThread();
        goOn?.(depth);
      },
      (trap) => {
        failure = trap;
        if (waiting !== undefined) waiting.innerTrap = trap;
        goOn?.(scheduler.depth);
      },
      path,
      true,
    );
    inThread(() => stack.start(callee.slot, 0, (token) => entry(token, ...params())));
    stack.throwIfTrapped();
    if (stack.state === 'ended') return afterStarted(depth, () => back, zero);
    const after = (): Flat | undefined => {
      if (failure !== undefined) throw failure;
      return back;
    };
    const outer = askToSuspend(after, path, false);
    waiting = outer;
    goOn = (below) => scheduler.returnTo({ ready: () => true, resume: () => outer.go() }, below);
    return zero;
  };
  return (...flat) => {
    enter(call);
    return call.maySuspend && suspendableStack() !== undefined ? apart(flat) : here(flat);
  };
}
