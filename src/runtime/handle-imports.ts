/**
 * Functions by which adapters move handles between the tables of caller and callee, by the names of `abi/fused/adapter.ts`.
 * Specification: CanonicalABI.md, `lift_own`, `lift_borrow`, `lift_async_value`, `lift_error_context` and their counterparts.
 */
import { signatureEnds, signatureResources } from '../types/resources-of.ts';
import type { FuncType } from '../types/value-type.ts';
import { addObject, ERROR_CONTEXT, getObject } from './object-handles.ts';
import type { TypeScope } from './payload.ts';
import { type RuntimeResource, takeOwn } from './resource.ts';
import { addHandle, OWN } from './table.ts';
import { liftEnd, lowerEnd } from './transfer.ts';

type Move = (index: number) => number;

/** Lends a handle of the caller's for the call under way; gives the callee's. */
export type Borrow = (index: number, resource: RuntimeResource) => number;

/** The functions of one adapter; `from` and `to` are the slots of caller and callee. */
export function handleImports(
  type: FuncType,
  types: TypeScope,
  from: number,
  to: number,
  borrow: Borrow,
): Record<string, Move> {
  const imports: Record<string, Move> = {};
  const bothWays = (name: string, n: number | '', move: (source: number, target: number) => Move): void => {
    imports[`${name}-in${n}`] = move(from, to);
    imports[`${name}-out${n}`] = move(to, from);
  };
  for (const [n, mentioned] of signatureResources(type).entries()) {
    const resource = types.resource(mentioned);
    bothWays(
      'own',
      n,
      (source, target) => (index) => addHandle(target, resource.number, takeOwn(source, index, resource), OWN, 0),
    );
    imports[`borrow-in${n}`] = (index) => borrow(index, resource);
  }
  for (const [n, end] of signatureEnds(type).entries())
    bothWays('end', n, (source, target) => (index) => lowerEnd(target, liftEnd(source, index, end, types)));
  bothWays('error', '', (source, target) => (index) => addObject(target, getObject(source, index, ERROR_CONTEXT)));
  return imports;
}
