/** What a canon is, for `Kit.canons`. */
import type { PlanCanon } from '../../link/plan.ts';
import type { Canon } from '../../types/definition.ts';

export type CanonKind = Exclude<PlanCanon['kind'], 'lower' | 'builtin'> | Exclude<Canon['kind'], 'lift' | 'lower'>;

/** The kind of a canon other than lower. */
export function canonKind(canon: Exclude<PlanCanon, { kind: 'lower' }>): CanonKind {
  return (canon.kind === 'builtin' ? canon.canon.kind : canon.kind) as CanonKind;
}
