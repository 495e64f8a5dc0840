/**
 * The end of synchronous calls whose instance has concurrency. What a blocked synchronous task let go on (a synchronous call in the same
 * instance that is blocked itself, and has switched back to it) comes before its caller: the specification's `canon_lift` returns only then.
 */
import type { ShimSource } from '../link/shims.ts';
import { afterStarted } from './blocking.ts';
import { control } from './control.ts';
import { resumed, waitImport } from './stack.ts';
import { endSyncThread, leaveFrame } from './task.ts';

const nothing = (): undefined => undefined;

export interface SyncEnds {
  /** Ends the thread of that number. */
  readonly thread: WebAssembly.ImportValue;
  /** Ends the thread of the innermost frame, if it has any, and takes the frame. */
  readonly frame: WebAssembly.ImportValue;
}

let made: SyncEnds | undefined;

/** The functions by which adapters and shims end synchronous calls; they may wait. */
export function syncEnds(shims: ShimSource): SyncEnds {
  if (made !== undefined) return made;
  const tenon = { control: control.memory, wait: waitImport as WebAssembly.ImportValue, 'go-on:': resumed };
  const host = {
    e0: (thread: number) => void afterStarted(endSyncThread(thread), nothing),
    e1: () => void afterStarted(leaveFrame(), nothing),
  };
  const { s0, s1 } = new WebAssembly.Instance(shims('ends'), { tenon, host }).exports as Record<
    's0' | 's1',
    WebAssembly.ImportValue
  >;
  made = { thread: s0, frame: s1 };
  return made;
}
