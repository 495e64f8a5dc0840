/** What the functions of preview 1 share, and how they answer. */
import type { Grant } from '../../grants/grant.ts';
import type { HostRandom, MaybePromise } from '../../host/host.ts';
import type { GrantedClocks } from '../clocks-random.ts';
import type { Opened } from '../open-grant.ts';
import { answer, SUCCESS } from './errno.ts';
import type { FdTable } from './fd-table.ts';
import type { GuestMemory } from './memory.ts';

export interface Context {
  /** Undefined where the grant gives none. */
  readonly clocks: GrantedClocks | undefined;
  readonly random: HostRandom | undefined;
  readonly grant: Grant;
  /** Tells that the program asked for its arguments or its environment. */
  readonly asked: Opened['asked'];
  readonly table: FdTable;
  readonly memory: GuestMemory;
}

/** A core function: i32 arrives as a signed number, i64 as a signed bigint; it answers an errno. */
export type CoreFunction = (...args: never[]) => MaybePromise<number> | undefined;

/** Functions by their names in `wasi_snapshot_preview1`. */
export type Functions = Readonly<Record<string, CoreFunction>>;

/** Runs a function's body and answers its errno. */
export function answering(body: () => MaybePromise<void>): MaybePromise<number> {
  try {
    const done = body();
    return done instanceof Promise ? done.then(() => SUCCESS, answer) : SUCCESS;
  } catch (error) {
    return answer(error);
  }
}

/** An unsigned i64. */
export function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}
