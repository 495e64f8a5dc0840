/**
 * Refuses core types that core WebAssembly 3.0 with threads does not have: shared types, continuations, exact references, page sizes.
 * Specification: Binary, "core:deftype" (WebAssembly 3.0). Inside core modules the engine is the judge of what it can run.
 */
import type { CompositeType, CoreExternType, CoreValType, HeapType, RecType } from '../types/core-type.ts';
import { unreachable } from '../util/invariant.ts';
import { reasons } from './reasons.ts';
import type { Scope } from './scope.ts';

function refuseShared(scope: Scope, shared: boolean, what: string, offset: number): void {
  if (shared) scope.require('shared-threads', what, offset);
}

function checkHeap(scope: Scope, heap: HeapType, offset: number): void {
  if (heap.kind === 'index') {
    if (heap.exact === true) scope.fail(reasons.coreProposal('an exact reference', 'custom descriptors'), offset);
    return;
  }
  refuseShared(scope, heap.shared, 'a shared reference', offset);
  if (heap.name === 'cont' || heap.name === 'nocont')
    scope.fail(reasons.coreProposal('a continuation type', 'stack switching'), offset);
}

function checkVal(scope: Scope, type: CoreValType | 'i8' | 'i16', offset: number): void {
  if (typeof type !== 'string') checkHeap(scope, type.heap, offset);
}

function checkComposite(scope: Scope, type: CompositeType, offset: number): void {
  switch (type.kind) {
    case 'func':
      for (const one of [...type.params, ...type.results]) checkVal(scope, one, offset);
      return;
    case 'struct':
      for (const field of type.fields) checkVal(scope, field.storage, offset);
      return;
    case 'array':
      checkVal(scope, type.field.storage, offset);
      return;
    case 'cont':
      scope.fail(reasons.coreProposal('a continuation type', 'stack switching'), offset);
      break;
    default:
      unreachable(type);
  }
}

/** Checks the types of a recursion group. */
export function checkRecProposals(scope: Scope, rec: RecType, offset: number): void {
  for (const { shared, composite } of rec.types) {
    refuseShared(scope, shared, 'a shared core type', offset);
    checkComposite(scope, composite, offset);
  }
}

/** Checks a core import or export. */
export function checkExternProposals(scope: Scope, type: CoreExternType, offset: number): void {
  switch (type.kind) {
    case 'func':
      if (type.exact === true) scope.fail(reasons.coreProposal('an exact function type', 'custom descriptors'), offset);
      return;
    case 'table':
      refuseShared(scope, type.limits.shared, 'a shared table', offset);
      checkHeap(scope, type.element.heap, offset);
      return;
    case 'memory':
      if (type.pageSizeLog2 !== undefined) scope.fail(reasons.coreProposal('a page size', 'custom page sizes'), offset);
      return;
    case 'global':
      refuseShared(scope, type.shared, 'a shared global', offset);
      checkVal(scope, type.type, offset);
      return;
    case 'tag':
      return;
    default:
      unreachable(type);
  }
}
