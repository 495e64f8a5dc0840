/** Built-ins of resources and context slots. Specification: CanonicalABI.md, `canon_resource_*`, `canon_context_*`. */
import { isTrap, makeTrap } from '../../error/trap.ts';
import type { PlanCanon } from '../../link/plan.ts';
import { CLOSED, CONTEXT_0, CONTEXT_1, control, ENTRY_REP, MAY_LEAVE, SCRATCH } from '../control.ts';
import { queueDtor } from '../entrance.ts';
import { messageOf } from '../failure.ts';
import { pushFrame } from '../frames.ts';
import { dropHandle, expectHandle, type RuntimeResource } from '../resource.ts';
import { addHandle, OWN } from '../table.ts';
import type { CoreFunction } from './environment.ts';

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
    pushFrame(resource.slot);
    s[SCRATCH >> 2] = rep;
    return 1;
  };
}

/** `resource.new` */
export function resourceNew(slot: number, resource: RuntimeResource): CoreFunction {
  return (rep) => {
    mustLeave(slot);
    return addHandle(slot, resource.number, rep as number, OWN, 0);
  };
}

/** `resource.rep` */
export function resourceRep(slot: number, resource: RuntimeResource): CoreFunction {
  return (index) => control.i32[expectHandle(slot, index as number, resource) + (ENTRY_REP >> 2)] ?? 0;
}

type ContextCanon = Extract<PlanCanon, { kind: 'context.get' | 'context.set' }>;

function contextWord(slot: number, canon: ContextCanon): number {
  return (slot + (canon.slot === 0 ? CONTEXT_0 : CONTEXT_1)) >> 2;
}

/** `context.get` */
export function contextGet(slot: number, canon: ContextCanon): CoreFunction {
  const word = contextWord(slot, canon);
  if (canon.type === 'i32') return () => control.i32[word] ?? 0;
  return () => (BigInt(control.i32[word + 1] ?? 0) << 32n) | BigInt((control.i32[word] ?? 0) >>> 0);
}

/** `context.set` */
export function contextSet(slot: number, canon: ContextCanon): CoreFunction {
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
