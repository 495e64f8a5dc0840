/** Makes the core functions of one step of a plan: built-ins, host functions behind borders, calls of other components. */
import { invariant } from '../util/invariant.ts';
import { showPath } from './bind.ts';
import { canonKind } from './canon/kind.ts';
import type { Instantiation } from './instantiate.ts';
import type { CoreFunction, PreparedGroup, PreparedHost } from './prepared.ts';

function hostFunction(run: Instantiation, host: PreparedHost): CoreFunction {
  const canon = run.prepared.plan.canons[host.canon]!;
  invariant(canon.kind === 'lower', 'a lowered import');
  const side = run.side(canon.options, canon.instance);
  const env = run.env(host, showPath(host.path), side, { host: host.fn, zero: host.zero });
  return host.factory(host.lends === true ? run.prepared.kit.lending!(env) : env).enter;
}

/** Makes the functions of `canons`, those of one step. */
export function makeGroup(run: Instantiation, canons: readonly number[], group: PreparedGroup): void {
  const { plan, kit } = run.prepared;
  for (const index of canons) {
    const canon = plan.canons[index]!;
    if (canon.kind !== 'lower') run.canons[index] = kit.canons![canonKind(canon)]!(run, canon as never);
  }
  for (const host of group.hosts) run.canons[host.canon] = hostFunction(run, host);
  kit.connect?.(run, group, (canon, fn) => {
    run.canons[canon] = fn;
  });
  const { shims, blocking } = group;
  if (shims === undefined) return;
  const behind = kit.wait!(
    shims,
    blocking.map((canon) => run.canons[canon]!),
  );
  for (const [i, canon] of blocking.entries()) run.canons[canon] = behind[i]!;
}
