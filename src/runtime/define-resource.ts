/** Resource types that a component defines, in one instance. Specification: Explainer, "Type definitions" (`resource`). */
import type { PlanResource } from '../link/plan.ts';
import { invariant } from '../util/invariant.ts';
import { runDtor } from './entrance.ts';
import type { Instantiation } from './instantiate.ts';
import { GuestResource } from './resource.ts';

/** Makes the identity of a resource of the plan. */
export function defineResource(run: Instantiation, { origin, name }: PlanResource): GuestResource {
  invariant(origin.kind === 'defined', 'a defined resource');
  const dtor = origin.dtor === undefined ? undefined : (run.item(origin.dtor) as (rep: number) => void);
  return new GuestResource(name ?? 'resource', run.store, run.slots[origin.instance]!, dtor, runDtor);
}
