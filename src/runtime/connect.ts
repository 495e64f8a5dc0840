/** Makes the core functions by which one component calls another: adapters in core wasm, or the interpreter where none fits. */
import type { Flat } from '../abi/js/border.ts';
import type { PlanCanon, PlanFunc } from '../link/plan.ts';
import { invariant } from '../util/invariant.ts';
import { showPath } from './bind.ts';
import type { Instantiation, Side } from './instantiate.ts';
import { interpretCall } from './interpret-call.ts';
import type { LiveFunc } from './live.ts';
import type { PreparedCall, PreparedGroup } from './prepare.ts';

type CoreFunction = (...args: Flat[]) => Flat | undefined;

/** Both ends of one call, found in an instantiation. */
export interface Ends {
  readonly caller: Side;
  readonly callee: Side;
  readonly core: CoreFunction;
  readonly path: string;
}

function isLive(callee: Extract<PlanFunc, { kind: 'lift' }> | LiveFunc): callee is LiveFunc {
  return 'store' in callee;
}

function endsOf(run: Instantiation, call: PreparedCall, canon: Extract<PlanCanon, { kind: 'lower' }>): Ends {
  const caller = run.side(canon.options, canon.instance);
  const { callee } = call;
  if (isLive(callee)) {
    const { shape, memory, slot, store } = callee;
    const side: Side = { shape, memory, realloc: callee.realloc as CoreFunction | undefined, postReturn: callee.postReturn as CoreFunction | undefined, slot, store };
    const path = canon.func.kind === 'import' ? showPath(canon.func.path) : 'a live instance';
    return { caller, callee: side, core: callee.core as unknown as CoreFunction, path };
  }
  return { caller, callee: run.side(callee.options, callee.instance), core: run.core(callee.core), path: run.prepared.plan.instances[callee.instance]!.label };
}

/** Makes the functions of one group and hands each to `made`. */
export function connect(run: Instantiation, group: PreparedGroup, made: (canon: number, fn: CoreFunction) => void): void {
  for (const call of group.calls) {
    const canon = run.prepared.plan.canons[call.canon]!;
    invariant(canon.kind === 'lower', 'a lowered function');
    const { caller, callee, core, path } = endsOf(run, call, canon);
    made(call.canon, interpretCall(call.type, caller, callee, core, (type) => run.resource(type), path));
  }
}
