/** The concurrency of component instances, as the kit has it. */
import { ComponentState } from './component-state.ts';
import type { Kit } from './kit.ts';
import { syncEnds } from './sync-end.ts';
import { leaveFrame } from './task.ts';

export const concurrency: NonNullable<Kit['concurrency']> = {
  begin(slot, store, label, usesContext) {
    return new ComponentState(slot, store, label, usesContext);
  },
  leaveFrame,
  ends: syncEnds,
};
