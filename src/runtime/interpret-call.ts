/**
 * A call between components by the plain interpreter: lift from the caller, lower into the callee, and back. For calls that no
 * adapter carries (counted) and as the oracle of the adapters. Specification: CanonicalABI.md, `canon_lift`, `canon_lower`.
 */
import { liftValues, lowerValues } from '../abi/call.ts';
import type { HandleHooks } from '../abi/context.ts';
import { MAX_FLAT_PARAMS, MAX_FLAT_RESULTS } from '../abi/flatten.ts';
import type { Flat } from '../abi/js/border.ts';
import { makeTrap } from '../error/trap.ts';
import type { FuncType, ResourceType } from '../types/value-type.ts';
import { CALL_LIMIT, CALL_STACK, CALL_TOP, CLOSED, control, MAY_LEAVE } from './control.ts';
import { asTrap } from './failure.ts';
import { giveBorrow, lend, type RuntimeResource, takeOwn } from './resource.ts';
import { abiContext, type Side } from './side.ts';
import { addHandle, OWN } from './table.ts';

type CoreFunction = (...args: Flat[]) => Flat | undefined;

/** What a call holds until it ends. */
interface Lent {
  readonly ends: (() => void)[];
}

/** Transfers handles between two tables; a handle's value is its rep. */
function hooks(slot: number, resourceOf: (type: ResourceType) => RuntimeResource, lent: Lent): HandleHooks {
  const none = (): never => {
    throw makeTrap('unsupported-async');
  };
  return {
    liftOwn: (type, index) => takeOwn(slot, index, resourceOf(type)),
    liftBorrow(type, index) {
      const { rep, giveBack } = lend(slot, index, resourceOf(type));
      lent.ends.push(giveBack);
      return rep;
    },
    lowerOwn: (type, rep) => addHandle(slot, resourceOf(type).number, rep as number, OWN, 0),
    lowerBorrow(type, rep) {
      const resource = resourceOf(type);
      if (resource.kind === 'guest' && resource.slot === slot) return rep as number;
      const { index, end } = giveBorrow(slot, resource, rep as number);
      lent.ends.push(end);
      return index;
    },
    liftEnd: none,
    lowerEnd: none,
    liftErrorContext: none,
    lowerErrorContext: none,
  };
}

function withoutLeave<T>(slot: number, body: () => T): T {
  const word = (slot + MAY_LEAVE) >> 2;
  control.i32[word] = 0;
  const value = body();
  control.i32[word] = 1;
  return value;
}

/** Makes the core function by which `caller` calls `callee`. */
export function interpretCall(
  type: FuncType,
  caller: Side,
  callee: Side,
  core: CoreFunction,
  resourceOf: (type: ResourceType) => RuntimeResource,
  path: string,
): CoreFunction {
  const params = type.params.map((p) => p.type);
  const results = type.result === undefined ? [] : [type.result];
  return (...flat) => {
    if (control.i32[(caller.slot + MAY_LEAVE) >> 2] === 0) throw makeTrap('cannot-leave', { path });
    if (!callee.store.alive) throw callee.store.deadTrap(path);
    caller.store.interpreted++;
    if (control.i32[(callee.slot + CLOSED) >> 2] !== 0) {
      throw makeTrap('would-block', {
        reason: 'cannot block a synchronous task before returning: the called instance waits',
        path,
      });
    }
    const lent: Lent = { ends: [] };
    const from = abiContext(caller, hooks(caller.slot, resourceOf, lent));
    const to = abiContext(callee, hooks(callee.slot, resourceOf, lent));
    const s = control.i32;
    const top = s[CALL_TOP >> 2] ?? CALL_STACK;
    if (top >= CALL_LIMIT) throw makeTrap('stack-exhausted', { path });
    s[top >> 2] = callee.slot;
    s[CALL_TOP >> 2] = top + 4;
    try {
      const lifted = liftValues(from, MAX_FLAT_PARAMS, flat, params);
      const lowered = withoutLeave(callee.slot, () => lowerValues(to, MAX_FLAT_PARAMS, lifted, params));
      const result = core(...lowered);
      const coreResults = result === undefined ? [] : [result];
      const answer = liftValues(to, MAX_FLAT_RESULTS, coreResults, results);
      const back = withoutLeave(caller.slot, () => lowerValues(from, MAX_FLAT_RESULTS, answer, results, flat.at(-1)));
      if (callee.postReturn !== undefined) {
        const post = callee.postReturn;
        withoutLeave(callee.slot, () => post(...coreResults));
      }
      for (const end of lent.ends) end();
      control.i32[CALL_TOP >> 2] = top;
      return back[0];
    } catch (error) {
      // The frame stays: whoever catches the trap ends the stores of all frames.
      throw asTrap(error, path);
    }
  };
}
