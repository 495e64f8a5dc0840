/** Makes the errors of limits for code that is also built ahead of time, where none are: set where limits are given (`meter.ts`). */
import type { LimitFacts } from './limit.ts';
import type { Trap } from './trap.ts';

export const limitHook: {
  /** The error of a limit that was met. */
  met?: (facts: LimitFacts) => Trap;
  /** What `error` is if the engine had no memory. */
  outOfMemory?: (error: unknown) => Trap | undefined;
} = {};
