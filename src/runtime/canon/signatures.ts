/** Core types of built-ins that depend on their operands. Specification: CanonicalABI.md, "Canonical Definitions". */
import { type FlatType, flattenType, MAX_FLAT_PARAMS, pointerSize, pointerType } from '../../abi/flatten.ts';
import type { WasmSignature } from '../../core/builder.ts';
import type { PlanCanon } from '../../link/plan.ts';

export type PlanBuiltin = Extract<PlanCanon, { readonly kind: 'builtin' }>;

/** What the core function of `task.return` is given. Specification: CanonicalABI.md, `canon_task_return`. */
export function returnedBy({ type, options }: PlanBuiltin): readonly FlatType[] {
  if (type === undefined) return [];
  const shape = options?.shape;
  const flat = flattenType(type, shape === undefined ? 4 : pointerSize(shape));
  if (flat.length <= MAX_FLAT_PARAMS) return flat;
  return [shape === undefined ? 'i32' : pointerType(shape)];
}

/** The core type of a built-in that may block. */
export function blockingSignature({ canon, options }: PlanBuiltin): WasmSignature {
  const address = options?.shape.memory === '64' ? 'i64' : 'i32';
  switch (canon.kind) {
    case 'waitable-set.wait':
    case 'future.read':
    case 'future.write':
      return { params: ['i32', address], results: ['i32'] };
    case 'stream.read':
    case 'stream.write':
      return { params: ['i32', address, address], results: [address] };
    case 'thread.yield':
    case 'thread.suspend':
      return { params: [], results: ['i32'] };
    default:
      return { params: ['i32'], results: ['i32'] };
  }
}
