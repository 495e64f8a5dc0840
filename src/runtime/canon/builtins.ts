/** Built-ins of `canon` other than lift and lower: resources and context slots. Specification: CanonicalABI.md, `canon_resource_*`, `canon_context_*`. */
import type { Flat } from '../../abi/js/border.ts';
import { LinkError } from '../../error/error.ts';
import { isTrap, makeTrap } from '../../error/trap.ts';
import type { PlanCanon } from '../../link/plan.ts';
import { invariant, unreachable } from '../../util/invariant.ts';
import {
  CALL_LIMIT,
  CALL_STACK,
  CALL_TOP,
  CLOSED,
  CONTEXT_0,
  CONTEXT_1,
  control,
  ENTRY_REP,
  MAY_LEAVE,
  SCRATCH,
} from '../control.ts';
import { messageOf } from '../failure.ts';
import { dropHandle, expectHandle, type RuntimeResource } from '../resource.ts';
import { queueDtor } from '../stack.ts';
import { addHandle, OWN } from '../table.ts';

type CoreFunction = (...args: Flat[]) => Flat | undefined;

function mustLeave(slot: number): void {
  if (control.i32[(slot + MAY_LEAVE) >> 2] === 0) throw makeTrap('cannot-leave');
}

/** Runs a host object's own disposal; what it throws must not reach a guest's `catch_all`. */
function disposeHost(name: string, object: Partial<Disposable>): void {
  try {
    object[Symbol.dispose]?.();
  } catch (error) {
    if (isTrap(error)) throw error;
    const path = `the disposal of ${name}`;
    throw makeTrap('host-error', { reason: `${path} failed: ${messageOf(error)}`, path, cause: error });
  }
}

/**
 * `resource.drop`: for the shim that calls the destructor (answers 1 where it must run now), or as the whole built-in where there
 * is none.
 */
export function makeDrop(slot: number, resource: RuntimeResource): (index: number) => number {
  return (index) => {
    mustLeave(slot);
    const rep = dropHandle(slot, index, resource);
    if (rep === undefined) return 0;
    if (resource.kind === 'host') {
      disposeHost(resource.name, resource.take(rep));
      return 0;
    }
    if (resource.dtor === undefined || !resource.store.alive) return 0;
    const s = control.i32;
    if (s[(resource.slot + CLOSED) >> 2] !== 0) {
      queueDtor(resource, rep);
      return 0;
    }
    const top = s[CALL_TOP >> 2] ?? CALL_STACK;
    if (top >= CALL_LIMIT) throw makeTrap('stack-exhausted');
    s[top >> 2] = resource.slot;
    s[CALL_TOP >> 2] = top + 4;
    s[SCRATCH >> 2] = rep;
    return 1;
  };
}

/** Makes any other built-in. */
export function makeBuiltin(
  canon: Exclude<PlanCanon, { kind: 'lower' | 'resource.drop' }>,
  slot: number,
  resource: RuntimeResource | undefined,
): CoreFunction {
  switch (canon.kind) {
    case 'resource.new':
      invariant(resource !== undefined, 'a resource');
      return (rep) => {
        mustLeave(slot);
        return addHandle(slot, resource.number, rep as number, OWN, 0);
      };
    case 'resource.rep':
      invariant(resource !== undefined, 'a resource');
      return (index) => control.i32[expectHandle(slot, index as number, resource) + (ENTRY_REP >> 2)] ?? 0;
    case 'context.get':
      return contextGet(slot, canon);
    case 'context.set':
      return contextSet(slot, canon);
    case 'async':
      throw new LinkError('unsupported-async', `the component needs the asynchronous built-in ${canon.canon.kind}`, {
        hint: 'this version of Tenon runs synchronous components',
      });
    default:
      return unreachable(canon);
  }
}

type ContextCanon = Extract<PlanCanon, { kind: 'context.get' | 'context.set' }>;

function contextWord(slot: number, canon: ContextCanon): number {
  return (slot + (canon.slot === 0 ? CONTEXT_0 : CONTEXT_1)) >> 2;
}

function contextGet(slot: number, canon: ContextCanon): CoreFunction {
  const word = contextWord(slot, canon);
  if (canon.type === 'i32') return () => control.i32[word] ?? 0;
  return () => (BigInt(control.i32[word + 1] ?? 0) << 32n) | BigInt((control.i32[word] ?? 0) >>> 0);
}

function contextSet(slot: number, canon: ContextCanon): CoreFunction {
  const word = contextWord(slot, canon);
  if (canon.type === 'i32') {
    return (value) => {
      control.i32[word] = value as number;
      return undefined;
    };
  }
  return (value) => {
    control.i32[word] = Number(BigInt.asIntN(32, value as bigint));
    control.i32[word + 1] = Number(BigInt.asIntN(32, (value as bigint) >> 32n));
    return undefined;
  };
}
